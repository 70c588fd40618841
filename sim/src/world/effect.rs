//! What happened in a world, as the truth of it: the only thing that the oracle judges by. Nothing here is what a run
//! was told.

use engine::{ContainerId, ContainerName, ImageRef, NetworkName, RestartPolicy, VolumeName};
use serde::{Deserialize, Serialize};

/// Who made something happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The run that is judged, also where an effect of its request comes later.
    Run,
    /// Another run of nemoclaw.
    OtherRun,
    /// A person with a docker CLI, or any other tool.
    Person,
    /// The daemon by itself: a restart policy, a container that ends.
    Daemon,
    /// The machine: power, disk.
    Machine,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
pub enum Effect {
    /// A container was made.
    ContainerCreated {
        /// Its ID.
        id: ContainerId,
        /// Its name.
        name: ContainerName,
    },
    /// Its process began.
    ContainerStarted {
        /// Its ID.
        id: ContainerId,
        /// Others whose processes may write to one of its volumes at that moment.
        beside: Vec<ContainerName>,
    },
    /// Its process is frozen, or goes on.
    ContainerFrozen {
        /// Its ID.
        id: ContainerId,
        /// Whether it is frozen now.
        frozen: bool,
    },
    /// Its process ended.
    ContainerEnded {
        /// Its ID.
        id: ContainerId,
    },
    /// It bears another name.
    ContainerRenamed {
        /// Its ID.
        id: ContainerId,
        /// The new name.
        to: ContainerName,
    },
    /// It has another restart policy.
    RestartPolicySet {
        /// Its ID.
        id: ContainerId,
        /// The policy.
        policy: RestartPolicy,
    },
    /// Files were written into it, or through it into a volume.
    FilesWritten {
        /// Its ID.
        id: ContainerId,
        /// How many.
        files: usize,
    },
    /// It is gone.
    ContainerRemoved {
        /// Its ID.
        id: ContainerId,
        /// Its name.
        name: ContainerName,
        /// How many files lived in its own layer.
        files: usize,
    },
    /// It belongs to a network, or no more.
    ContainerConnected {
        /// Its ID.
        id: ContainerId,
        /// The network.
        network: NetworkName,
        /// Whether it belongs to it now.
        connected: bool,
    },
    /// A volume was made.
    VolumeCreated {
        /// Its name.
        name: VolumeName,
    },
    /// A volume's removal was asked for, whatever the daemon says to it.
    VolumeRemovalAsked {
        /// Its name.
        name: VolumeName,
        /// The gateway that its label names.
        owner: Option<String>,
        /// The containers that had it, in any state, whether the daemon remembered them or not.
        of: Vec<ContainerName>,
    },
    /// A volume is gone.
    VolumeRemoved {
        /// Its name.
        name: VolumeName,
        /// How many files were on it.
        files: usize,
        /// The containers that had it, in any state, whether the daemon remembered them or not.
        of: Vec<ContainerName>,
    },
    /// A network was made or is gone.
    Network {
        /// Its name.
        name: NetworkName,
        /// Whether it is there now.
        exists: bool,
    },
    /// A reference stands for an image, or for none.
    Image {
        /// The reference.
        reference: ImageRef,
        /// Whether it stands for one now.
        exists: bool,
    },
    /// A backup of a gateway was made.
    BackedUp {
        /// Of which gateway.
        gateway: String,
        /// The volumes that it holds.
        volumes: Vec<VolumeName>,
    },
    /// The registry's record of a gateway was written.
    RecordWritten {
        /// Of which gateway.
        gateway: String,
        /// What was there before: whether it was a file that cannot be used.
        over_unusable: bool,
    },
    /// It is gone, or kept under another name.
    RecordRemoved {
        /// Of which gateway.
        gateway: String,
        /// The container that it named.
        of: Option<ContainerId>,
        /// The volumes that it named, those that were set aside included.
        volumes: Vec<VolumeName>,
    },
}

/// A change, and who made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Happened {
    /// Who.
    pub by: Actor,
    /// What.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What happened, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History(Vec<Happened>);

impl History {
    /// Notes a change.
    pub fn note(&mut self, by: Actor, effect: Effect) {
        self.0.push(Happened { by, effect });
    }

    /// What happened from a certain point on.
    pub fn since(&self, point: usize) -> &[Happened] {
        self.0.get(point..).unwrap_or_default()
    }

    /// Forgets what happened before a certain point: from then on that point is the first.
    pub fn forget_before(&mut self, point: usize) {
        self.0.drain(..point.min(self.0.len()));
    }

    /// The point reached.
    pub fn point(&self) -> usize {
        self.0.len()
    }
}
