//! A container as the daemon shows it. Nothing here is a default: a field that could not be read makes the whole
//! container unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::known::Known;
use crate::names::{ContainerId, ContainerName, ImageId, ImageRef, Instance, NetworkId, NetworkName, VolumeName};
use crate::spec::{Env, RestartPolicy};

/// One container, as list and inspect agree on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContainerSeen {
    /// Its 64-digit ID.
    pub id: ContainerId,
    /// Its name.
    pub name: ContainerName,
    /// Its status; unknown while it is being removed, or when Docker's word for it is new to us.
    pub status: Known<Status>,
    /// How it ended last, and how often Docker has restarted it.
    pub exit: Exit,
    /// Which of its runs this is.
    pub instance: Instance,
    /// The reference it was created from.
    pub image: ImageRef,
    /// The image it runs.
    pub image_id: ImageId,
    /// Its whole command line, entry point first.
    pub command: Vec<String>,
    /// Its environment, the image's part included.
    pub env: Env,
    /// Its labels, the image's included.
    pub labels: BTreeMap<String, String>,
    /// What is mounted into it.
    pub mounts: Vec<MountSeen>,
    /// The networks it belongs to.
    pub networks: Vec<Attachment>,
    /// The ports it publishes, or would publish when started.
    pub ports: Vec<PortBinding>,
    /// Its restart policy.
    pub restart: RestartPolicy,
    /// Whether Docker removes it, and its anonymous volumes, as soon as it stops (`docker run --rm`).
    pub auto_remove: bool,
    /// Its host name.
    pub hostname: String,
}

impl ContainerSeen {
    /// Whether it is running, paused or restarting: whether its process may write.
    pub fn may_write(&self) -> Result<bool, &crate::known::Why> {
        self.status.get().map(|status| match status {
            Status::Running | Status::Paused | Status::Restarting => true,
            Status::Created | Status::Exited | Status::Dead => false,
        })
    }

    /// The mount of that volume, if it has one.
    pub fn mount_of(&self, volume: &VolumeName) -> Option<&MountSeen> {
        self.mounts.iter().find(|mount| mount.volume() == Some(volume))
    }

    /// Whether a port that it should publish is not published although it runs.
    pub fn lacks_ports(&self) -> bool {
        self.ports.iter().any(|port| !port.published)
    }
}

/// Docker's word for what a container is doing (`State.Status`; `State.Running` is also true for a paused one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Made and never started, or its start failed.
    Created,
    /// Its process runs.
    Running,
    /// Its process is frozen.
    Paused,
    /// It ended, and Docker is about to start it again.
    Restarting,
    /// Its process ended.
    Exited,
    /// Docker could not remove it whole.
    Dead,
}

impl Status {
    /// Docker's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

/// How a container ended last. After a reboot the code (255, 137, 143, even 0) says nothing about its health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code.
    pub code: i64,
    /// Whether the kernel killed it for want of memory.
    pub oom: bool,
    /// What Docker says went wrong.
    pub error: String,
    /// How often Docker has restarted it since somebody started it.
    pub restarts: u64,
}

/// One mount of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MountSeen {
    /// What is mounted.
    pub source: MountedSource,
    /// Where it is seen inside.
    pub path: String,
    /// Whether it may be written through.
    pub writable: bool,
}

impl MountSeen {
    /// The volume's name: the mounted one, or the one whose folder is bound.
    pub fn volume(&self) -> Option<&VolumeName> {
        match &self.source {
            MountedSource::Volume { name } | MountedSource::FolderOfVolume { name, .. } => Some(name),
            MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
        }
    }

    /// The folder of the host, where it is one that shows a volume's files.
    pub fn folder(&self) -> Option<&str> {
        match &self.source {
            MountedSource::FolderOfVolume { folder, .. } => Some(folder),
            MountedSource::Volume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
        }
    }
}

/// What a mount of a container shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum MountedSource {
    /// A volume, named or anonymous.
    Volume {
        /// Its name.
        name: VolumeName,
    },
    /// A folder of the host that lies in (or holds) a volume's own folder: it shows that volume's files.
    FolderOfVolume {
        /// The volume's name.
        name: VolumeName,
        /// The folder on the host.
        folder: String,
    },
    /// A folder or file of the host.
    Bind {
        /// Its path on the host.
        folder: String,
    },
    /// Anything that holds nothing of ours: tmpfs, npipe.
    Other {
        /// Docker's word for it.
        word: String,
    },
}

/// One network that a container belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name.
    pub network: NetworkName,
    /// The network's ID as the container has it; none before the first start.
    pub id: Option<NetworkId>,
    /// Whether the daemon still has a network of that ID (or, without one, of that name).
    pub exists: bool,
    /// Names under which others on the network find it, less the short ID that Docker adds.
    pub aliases: Vec<String>,
    /// The address that was asked for, if one was.
    pub ipv4: Option<String>,
}

/// One port that a container publishes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PortBinding {
    /// The container's port.
    pub container: u16,
    /// The host's address it is bound to.
    pub host_ip: String,
    /// The host's port; none where Docker chooses one at each start.
    pub host: Option<u16>,
    /// Whether it is published now. A daemon with live-restore can bring a container back without its mapping.
    pub published: bool,
}
