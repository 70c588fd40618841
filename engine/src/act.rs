//! What a run does to the host, one by one, under names that the rows, the trace and people share.

use serde::Serialize;

/// What a command is for. A run remembers which it has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Have the image at hand.
    ProvideImage,
    /// Make a new gateway's network, or re-create one that is gone.
    MakeNetwork,
    /// Make a new gateway's volume.
    MakeVolume,
    /// Make a new gateway's container.
    Create,
    /// Make a container on volumes that outlived theirs.
    Adopt,
    /// Connect the stopped container to its re-created network.
    Connect,
    /// Start the stopped container.
    Start,
    /// Unfreeze the paused container.
    Unpause,
    /// Wait for readiness.
    Await,
    /// Stop the container, as asked.
    Stop,
    /// Stop a container that runs without its networks or ports.
    StopToRepair,
    /// Restart a container that does not become ready.
    Restart,
    /// List the sandboxes of a gateway that is about to be replaced.
    ListBefore,
    /// Make the container that is to take the gateway's place.
    CreateNext,
    /// Take the old container's restart policy, so that a power cut cannot bring up both.
    Disarm,
    /// Stop the old container.
    StopOld,
    /// Copy what lives only in the old container into the next.
    Carry,
    /// Give the old container another name.
    SetAside,
    /// Give the next container the gateway's name.
    TakePlace,
    /// Give the gateway's container its restart policy.
    Arm,
    /// Remove the old container.
    RemoveOld,
    /// Stop the next container, to go back to the old one.
    StopNext,
    /// Give the next container its own name back.
    StepBack,
    /// Give the old container the gateway's name back.
    PutBack,
    /// Remove the next container, which did not take the gateway's place.
    RemoveNext,
    /// Have the empty image for a helper at hand.
    ProvideEmptyImage,
    /// Make the helper through which volumes are read.
    MakeHelper,
    /// Stop the gateway while its volumes are copied.
    StopToBackUp,
    /// Copy the volumes.
    BackUp,
    /// Remove the helper.
    RemoveHelper,
    /// Remove a volume whose owner gave it up.
    RemoveVolume,
    /// Verify the backup that is to be restored.
    VerifyBackup,
    /// Remove a volume that a restore has begun to write.
    RemoveUnfinished,
    /// Make an empty volume to restore into.
    MakeRestored,
    /// Write the backup's volumes.
    Restore,
    /// Remove the gateway's container, as asked.
    RemoveOwn,
    /// Remove the gateway's network, as asked.
    RemoveNetwork,
    /// Set the record of what has gone aside.
    SetRecordAside,
    /// Write down what is about to be destroyed, or what has gone.
    Record,
}

impl Act {
    /// As a person reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProvideImage => "provide the image",
            Self::MakeNetwork => "make the network",
            Self::MakeVolume => "make the volume",
            Self::Create => "create the container",
            Self::Adopt => "create the container on the volumes that are there",
            Self::Connect => "connect the container to its network",
            Self::Start => "start the container",
            Self::Unpause => "unpause the container",
            Self::Await => "wait until it is ready",
            Self::Stop => "stop the container",
            Self::StopToRepair => "stop the container to repair its network",
            Self::Restart => "restart the container",
            Self::ListBefore => "list the sandboxes",
            Self::CreateNext => "create the next container",
            Self::Disarm => "take the old container's restart policy",
            Self::StopOld => "stop the old container",
            Self::Carry => "copy files into the next container",
            Self::SetAside => "rename the old container",
            Self::TakePlace => "give the next container the gateway's name",
            Self::Arm => "set the restart policy",
            Self::RemoveOld => "remove the old container",
            Self::StopNext => "stop the next container",
            Self::StepBack => "give the next container its own name back",
            Self::PutBack => "give the old container the gateway's name back",
            Self::RemoveNext => "remove the next container",
            Self::ProvideEmptyImage => "make the empty image",
            Self::MakeHelper => "create the helper that reads the volumes",
            Self::StopToBackUp => "stop the container to back its volumes up",
            Self::BackUp => "back the volumes up",
            Self::RemoveHelper => "remove the helper",
            Self::RemoveVolume => "remove the volume",
            Self::VerifyBackup => "verify the backup",
            Self::RemoveUnfinished => "remove the volume that an earlier restore left unfinished",
            Self::MakeRestored => "make the volume to restore into",
            Self::Restore => "write the volumes from the backup",
            Self::RemoveOwn => "remove the container",
            Self::RemoveNetwork => "remove the network",
            Self::SetRecordAside => "set the record aside",
            Self::Record => "write the record",
        }
    }

    /// Whether it stops a container: where its answer was lost, it may take effect as long as the grace lasts.
    pub fn stops(self) -> bool {
        match self {
            Self::Stop | Self::StopToRepair | Self::Restart | Self::StopOld | Self::StopNext | Self::StopToBackUp => {
                true
            }
            Self::ProvideImage
            | Self::MakeNetwork
            | Self::MakeVolume
            | Self::Create
            | Self::Adopt
            | Self::Connect
            | Self::Start
            | Self::Unpause
            | Self::Await
            | Self::ListBefore
            | Self::CreateNext
            | Self::Disarm
            | Self::Carry
            | Self::SetAside
            | Self::TakePlace
            | Self::Arm
            | Self::RemoveOld
            | Self::StepBack
            | Self::PutBack
            | Self::RemoveNext
            | Self::ProvideEmptyImage
            | Self::MakeHelper
            | Self::BackUp
            | Self::RemoveHelper
            | Self::RemoveVolume
            | Self::VerifyBackup
            | Self::RemoveUnfinished
            | Self::MakeRestored
            | Self::Restore
            | Self::RemoveOwn
            | Self::RemoveNetwork
            | Self::SetRecordAside
            | Self::Record => false,
        }
    }
}
