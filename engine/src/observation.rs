//! One whole, timestamp-free picture of a gateway and all that bears on it, gathered in one look. Each part is known
//! or says why it is not. The parts are gathered concurrently, so others may have acted between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::container::{ContainerSeen, MountedSource};
use crate::known::Known;
use crate::names::{ContainerId, ContainerName, ImageId, ImageRef, NetworkId, NetworkName, VolumeName};
use crate::record::RecordSeen;
use crate::spec::{GatewaySpec, PortSpec};

/// What the record says, and what the host shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Observation {
    /// The registry's record of this gateway, as read at the start of the run.
    pub record: RecordSeen,
    /// What the latest look asked for by name.
    pub asked: Asked,
    /// What the host showed in the latest look.
    pub host: HostSeen,
}

/// The image and the port that a look asked for: what it shows of them says nothing of others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Asked {
    /// The image.
    pub image: ImageRef,
    /// The port.
    pub port: PortSpec,
}

impl Asked {
    /// What a look asks for on behalf of a spec.
    pub fn for_spec(spec: &GatewaySpec) -> Self {
        Self { image: spec.image.clone(), port: spec.port.clone() }
    }
}

/// What one look at the host showed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HostSeen {
    /// Who the daemon is; none where the look did not ask (it takes some 4 ms, all else 1 ms).
    pub daemon: Option<Known<DaemonIdentity>>,
    /// Every container, in any state, that bears one of the gateway's names or its recorded ID, is labelled as its own,
    /// or has one of its volumes, by mount or by a bind into the volume's folder.
    pub containers: Known<Vec<ContainerSeen>>,
    /// Every volume that bears a name looked for or is labelled as this gateway's.
    pub volumes: Known<Vec<VolumeSeen>>,
    /// The wanted image, if the daemon has it.
    pub image: Known<Option<ImageSeen>>,
    /// Those of the further images looked for that the daemon does not have.
    pub lacking: Known<Vec<ImageRef>>,
    /// Every network that bears the name looked for, or one that the gateway's container refers to.
    pub networks: Known<Vec<NetworkSeen>>,
    /// Who holds the gateway's port.
    pub port: Known<PortHolder>,
    /// Who holds the port of its health endpoint, where it has one of its own.
    pub health_port: Option<Known<PortHolder>>,
    /// Who holds the port that was asked for, where the gateway's container has another one.
    #[serde(default)]
    pub wanted_port: Option<Known<PortHolder>>,
    /// What the gateway's health endpoint answers.
    pub readiness: Known<Readiness>,
    /// Whether the disk that holds Docker's data has room.
    pub disk: Known<Disk>,
    /// Whether the recorded container's folder is still there under the daemon's data root; none where the daemon
    /// found that container, or no record names one.
    pub remains: Option<Remains>,
    /// Paths that exist only in the gateway's container (`docker diff`, added and changed); none where the look did
    /// not ask.
    pub layer: Option<Known<Vec<String>>>,
    /// How the daemon gives GPUs to containers, if it has any; none where the look did not ask.
    pub gpu: Option<Known<Option<Gpu>>>,
    /// The node name written on the gateway's volume; none where the look did not ask.
    pub node_name: Option<Known<String>>,
}

/// How a daemon gives its host's GPUs to containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gpu {
    /// By the container device interface.
    Cdi,
    /// By the `nvidia` runtime.
    Nvidia,
}

/// Which daemon it is. Two daemons on one host may share the engine ID, and the same daemon with another storage
/// driver shows another set of containers; a host's name changes and only explains.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DaemonIdentity {
    /// The engine ID (`/info` `ID`).
    pub id: String,
    /// The data root (`/info` `DockerRootDir`).
    pub data_root: String,
    /// The storage driver (`/info` `Driver`).
    pub storage_driver: String,
    /// The host's name: no part of the identity.
    pub name: String,
}

impl DaemonIdentity {
    /// Whether both are the same daemon with the same store.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.id == other.id && self.data_root == other.data_root && self.storage_driver == other.storage_driver
    }
}

/// One volume.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VolumeSeen {
    /// Its name.
    pub name: VolumeName,
    /// Its labels, fixed at its birth.
    pub labels: BTreeMap<String, String>,
    /// When it was made, as Docker says it; only for people.
    pub created: Option<String>,
}

/// An image that the daemon has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageSeen {
    /// The reference asked for.
    pub reference: ImageRef,
    /// What the reference stands for now.
    pub id: ImageId,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NetworkSeen {
    /// Its name, which is not unique on a daemon.
    pub name: NetworkName,
    /// Its ID.
    pub id: NetworkId,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// Who holds a port of the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum PortHolder {
    /// Nobody.
    Free,
    /// The gateway's own container.
    Gateway,
    /// Another container.
    Container {
        /// Its name.
        name: ContainerName,
        /// Its ID.
        id: ContainerId,
    },
    /// A process of the host.
    Process {
        /// Its process ID, where the system shows it.
        pid: Option<u32>,
        /// Its command line, where the system shows it.
        command: Option<String>,
    },
    /// Host processes cannot be seen from here (a remote daemon, a system that does not show them); no container
    /// holds it.
    NotVisible,
}

/// What the health endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Readiness {
    /// It answers with a status that means ready.
    Ready {
        /// Whether the answer also bears the preset's own mark. False where the preset has none.
        marked: bool,
    },
    /// Something answers, but not ready: another status, or the mark is absent where the preset has one.
    NotReady {
        /// The HTTP status.
        status: u16,
    },
    /// Nobody accepts connections, or nobody answers.
    Unreachable,
}

/// Room on the disk that holds Docker's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disk {
    /// There is room.
    Room,
    /// There is none: starting again cannot help.
    Full,
    /// It cannot be seen from here (a remote daemon).
    NotVisible,
}

/// What is left of a container under the daemon's data root, where a daemon keeps one folder a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remains {
    /// Its folder is gone, as after a removal.
    Gone,
    /// Its folder is there although the daemon denies the container: its configuration was lost, not the container.
    There,
    /// The data root cannot be read from here.
    NotVisible,
}

impl HostSeen {
    /// Whether the container found under this ID has just these mounts.
    pub fn has_container_with(&self, id: &ContainerId, volumes: &[VolumeName]) -> bool {
        let Some(containers) = self.containers.known() else { return false };
        containers.iter().any(|container| {
            container.id == *id
                && volumes.iter().all(|volume| {
                    container
                        .mounts
                        .iter()
                        .any(|mount| matches!(&mount.source, MountedSource::Volume { name } if name == volume))
                })
        })
    }
}
