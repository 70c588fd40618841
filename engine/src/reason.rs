//! Every way a run can end, in one table: a stable ID, the exit code, and what it means. `docs/reasons.md` is made from
//! it. The advice for each refusal is in [`Refusal::advice`](crate::Refusal::advice).

use serde::Serialize;

/// The stable ID of how a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The gateway is ready.
    Ready,
    /// The gateway answers, but Docker could not be asked.
    Unverified,
    /// The gateway is ready, and differs from what its owner wants.
    Drifted,
    /// The gateway is ready, and Docker removes it as soon as it stops.
    AutoRemoved,
    /// The gateway is ready, and another program owns its container.
    Managed,
    /// The gateway is ready, and sandboxes recorded earlier were not found.
    SandboxesMissing,
    /// A look only: the container exists and does not run.
    Stopped,
    /// A look only: the container runs, and the gateway is not ready.
    NotReady,
    /// A look only: there is no container.
    Missing,
    /// A look only: what onboarding would do, which is not refused.
    Planned,
    /// Docker could not be asked.
    DockerUnknown,
    /// Docker could not be asked any more after this run had changed something.
    DockerLost,
    /// The record cannot be used.
    RecordUnusable,
    /// The state directory cannot be used.
    StateUnusable,
    /// Another run holds the lock.
    Locked,
    /// The daemon is not the recorded one.
    OtherDaemon,
    /// The gateway belongs to another preset.
    OtherPreset,
    /// The name belongs to a stranger.
    ForeignContainer,
    /// Another container has the gateway's volume.
    VolumeHeld,
    /// The gateway does not mount its volume.
    WrongVolume,
    /// A reset was asked, but the container exists.
    ResetContainerExists,
    /// The image cannot be had.
    ImageUnavailable,
    /// The image that would be packed from this executable cannot run at this daemon.
    ImageUnfit,
    /// Another program owns the container.
    ManagedElsewhere,
    /// Docker removes the container as soon as it stops.
    AutoRemove,
    /// The container's own layer holds files that would be lost.
    LayerHoldsData,
    /// Somebody else holds the port.
    PortHeld,
    /// The gateway does not become ready.
    NotRecovered,
    /// What was asked is so.
    AsAsked,
    /// The gateway could not be stopped.
    NotStopped,
    /// A new gateway could not be made.
    NotCreated,
    /// The gateway's health cannot be asked from here.
    ReadinessUnknown,
    /// The daemon denies a container whose files are there.
    ContainerHidden,
    /// Several volumes could be the gateway's.
    VolumesAmbiguous,
    /// Nothing says by which node name the data is keyed.
    NodeNameUnknown,
    /// Such a gateway cannot be made from nothing.
    PresetLegacy,
    /// Several presets could be meant.
    PresetAmbiguous,
    /// The chosen volume is not there.
    NoSuchVolume,
    /// The gateway's data, or a part of it, is gone.
    DataGone,
    /// It is not proved that a volume has no container.
    NotProved,
    /// A replacement was undone, and the gateway is as it was.
    RolledBack,
    /// A replacement was undone, and the gateway does not become ready again.
    NotPutBack,
    /// A replacement was begun and not ended.
    HalfDone,
    /// No backup could be made.
    NotBackedUp,
    /// The backup cannot be used.
    BackupUnusable,
    /// The backup could not be written into new volumes.
    NotRestored,
    /// Volumes that restores have set aside come first.
    SetAsideLeft,
    /// There is nothing of which a backup could be made.
    NothingToBackUp,
    /// A backup that is there cannot be used.
    BadBackup,
    /// Something that was to go could not be removed.
    NotRemoved,
    /// Interrupted (SIGINT).
    Interrupted,
    /// Terminated (SIGTERM).
    Terminated,
}

/// One row of the table of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonRow {
    /// Which.
    pub reason: Reason,
    /// Its stable ID, as in JSON.
    pub id: &'static str,
    /// The process's exit code.
    pub exit: u8,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

macro_rules! reasons {
    ($($reason:ident $id:literal $exit:literal $meaning:literal;)*) => {
        /// The table, in the order of the documentation.
        pub const REASONS: &[ReasonRow] = &[
            $(ReasonRow { reason: Reason::$reason, id: $id, exit: $exit, meaning: $meaning },)*
        ];

        impl Reason {
            /// Its row.
            pub fn row(self) -> ReasonRow {
                match self {
                    $(Self::$reason => ReasonRow { reason: self, id: $id, exit: $exit, meaning: $meaning },)*
                }
            }
        }
    };
}

reasons! {
    Ready "ready" 0 "The gateway is ready.";
    Unverified "unverified" 0 "The gateway answers with its own mark, but Docker could not be asked.";
    Drifted "drifted" 0 "The gateway is ready. It differs from what its record says its owner wants; nothing was changed.";
    AutoRemoved "auto-removed" 0 "The gateway is ready. Docker removes its container, and anonymous volumes, as soon as it stops.";
    Managed "managed" 0 "The gateway is ready. Another program owns its container.";
    SandboxesMissing "sandboxes-missing" 7 "The gateway is ready, but does not list sandboxes that were recorded earlier.";
    Stopped "stopped" 5 "The gateway's container exists and does not run. Its volumes are there.";
    NotReady "not-ready" 5 "The gateway's container runs, and the gateway is not ready.";
    Missing "missing" 3 "The gateway has no container.";
    Planned "planned" 0 "Only a look was taken. This is what onboarding would do.";
    DockerUnknown "docker-unknown" 4 "Docker did not give an answer that can be relied on. No answer is never taken for \"not there\".";
    DockerLost "docker-lost" 5 "This run had changed something when Docker stopped giving answers that can be relied on. The gateway is kept, with its data.";
    RecordUnusable "record" 3 "The gateway's record is corrupt, newer than this version, or unreadable. It is kept as it is.";
    StateUnusable "state" 3 "The state directory cannot be used, so no run can be told from another.";
    Locked "locked" 6 "Another run on this gateway is under way.";
    OtherDaemon "other-daemon" 3 "This Docker daemon, or its store, is not the one that the gateway's record names, or that this run began with.";
    OtherPreset "other-preset" 3 "What bears this gateway's name belongs to another preset.";
    ForeignContainer "foreign-container" 3 "What bears this gateway's name belongs to somebody else.";
    VolumeHeld "volume-held" 3 "A container that is not this gateway has its volume.";
    WrongVolume "wrong-volume" 3 "The gateway's container does not mount the gateway's volume.";
    ResetContainerExists "reset-container-exists" 3 "A reset is only for a gateway whose container is missing.";
    ImageUnavailable "image-unavailable" 3 "The image is not at hand and could not be had.";
    ImageUnfit "image-unfit" 4 "The image is packed from this executable, which cannot run at this Docker daemon. Nothing was changed.";
    ManagedElsewhere "managed-elsewhere" 3 "Another program owns the container, so only that program may replace or remove it.";
    AutoRemove "auto-remove" 3 "Docker removes the container, with all that lives only in it, as soon as it stops.";
    LayerHoldsData "layer-holds-data" 3 "Files that live only in the container would be lost with it.";
    PortHeld "port-held" 3 "Somebody else holds the gateway's port.";
    NotRecovered "not-recovered" 5 "The gateway does not become ready. Its container and volumes are kept.";
    AsAsked "as-asked" 0 "What was asked is so.";
    NotStopped "not-stopped" 5 "The gateway could not be stopped. Its container and volumes are kept.";
    NotCreated "not-created" 5 "A part of the gateway could not be made. Nothing was removed.";
    ReadinessUnknown "readiness-unknown" 3 "The gateway runs, but its health cannot be asked from here, so it is left alone.";
    ContainerHidden "container-hidden" 3 "Docker denies the recorded container, but the container's files are on the disk: it is not truly missing.";
    VolumesAmbiguous "volumes-ambiguous" 3 "Several volumes could be the gateway's, and nothing says which.";
    NodeNameUnknown "node-name-unknown" 3 "Such a gateway keys its data by its node name, and nothing says which one: under another it would look empty.";
    PresetLegacy "preset-legacy" 3 "Such a gateway is recovered and adopted, but only the older tool can make it from nothing.";
    PresetAmbiguous "preset-ambiguous" 3 "Gateways of several kinds bear this name, and nothing says which is meant.";
    NoSuchVolume "no-such-volume" 3 "The volume named with `--adopt` is not there.";
    DataGone "data-gone" 3 "The gateway's data, or a part of it, is gone along with its container.";
    NotProved "not-proved" 3 "It is not proved that the volume has no container, so it is not removed.";
    RolledBack "rolled-back" 5 "The gateway was to be replaced; that did not succeed and was undone. It is ready, as it was before.";
    NotPutBack "not-put-back" 5 "The gateway was to be replaced; that was undone, and the gateway does not become ready again. Both containers and all volumes are kept.";
    HalfDone "half-done" 3 "A replacement of the gateway was begun and not ended. `onboard` ends it.";
    NotBackedUp "not-backed-up" 3 "No complete backup could be made, so nothing was given up.";
    BackupUnusable "backup-unusable" 3 "The backup that was to be restored is damaged, incomplete, newer or not one of such a gateway. Nothing was changed.";
    NotRestored "not-restored" 3 "The backup could not be written into new volumes whole. The gateway is as it was, and so are its volumes.";
    SetAsideLeft "set-aside-left" 3 "Volumes that a restore has set aside are still there, and their record was to go. `destroy --set-aside` comes first.";
    NothingToBackUp "nothing-to-back-up" 3 "The gateway has no volumes, so there is nothing of which a backup could be made.";
    BadBackup "bad-backup" 3 "A backup that is there cannot be used: it is not complete, was changed, or is of a newer version.";
    NotRemoved "not-removed" 3 "Something that its owner gave up could not be removed. Nothing else was.";
    Interrupted "interrupted" 130 "The run was interrupted.";
    Terminated "terminated" 143 "The run was terminated.";
}

impl Reason {
    /// Its stable ID.
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// The process's exit code.
    pub fn exit(self) -> u8 {
        self.row().exit
    }

    /// What it means, in one sentence.
    pub fn meaning(self) -> &'static str {
        self.row().meaning
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_exit_codes_are_those_of_the_design() {
        let mut ids: Vec<_> = REASONS.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), REASONS.len());
        assert!(REASONS.iter().all(|row| [0, 3, 4, 5, 6, 7, 130, 143].contains(&row.exit)));
    }
}
