//! A Docker daemon's own state: what it holds, and what it says of itself.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    ContainerId, ContainerName, DaemonIdentity, GatewayName, ImageId, ImageRef, LABEL_RESTORED, NetworkId, NetworkName,
    Shared, VolumeName, gateway_of,
};
use serde::{Deserialize, Serialize};

use super::container::{Container, Content, Endpoint};

/// The networks that every daemon has, and that nobody removes. A container finds them by name, whatever their ID (moby
/// `daemon/container_operations.go`, `getNetworkID`).
pub const DEFAULT_NETWORKS: [&str; 3] = ["bridge", "host", "none"];

/// A daemon.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Daemon {
    /// Who it is.
    pub identity: DaemonIdentity,
    /// Whether it runs.
    pub up: bool,
    /// What it shows, with the storage driver that it uses now.
    pub store: Shared<Store>,
    /// What it holds with other storage drivers, and does not show: it denies those containers, and would let go of
    /// their volumes.
    pub other_stores: BTreeMap<String, Shared<Store>>,
    /// Containers whose configuration file was lost: their folders are there, and it denies them.
    pub lost: BTreeMap<ContainerId, Container>,
    /// Its volumes.
    pub volumes: Shared<BTreeMap<VolumeName, Volume>>,
    /// Its networks.
    pub networks: Shared<BTreeMap<NetworkId, Network>>,
    /// Whether it has forgotten which containers refer to which volumes, as after a restart with live-restore
    /// (moby #41686).
    pub forgot_references: bool,
}

/// What a storage driver holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Store {
    /// Containers.
    pub containers: BTreeMap<ContainerId, Container>,
    /// What references stand for.
    pub images: BTreeMap<ImageRef, ImageId>,
    /// Images that no reference stands for any more, and that containers still use.
    pub untagged: BTreeSet<ImageId>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Volume {
    /// Its labels, fixed at its birth.
    pub labels: BTreeMap<String, String>,
    /// The how-manieth birth in this world it was.
    pub born: u64,
    /// Whether Docker named it.
    pub anonymous: bool,
    /// What it holds.
    pub files: BTreeMap<String, Content>,
    /// Whether its gateway was ever started on it.
    #[serde(default)]
    pub used: bool,
}

impl Volume {
    /// Whether it was made to restore a backup of this gateway into.
    pub fn is_restored_of(&self, gateway: &GatewayName) -> bool {
        self.labels.contains_key(LABEL_RESTORED) && gateway_of(&self.labels) == Some(gateway.as_str())
    }
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Network {
    /// Its name, which others may bear as well.
    pub name: NetworkName,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Daemon {
    /// A fresh one.
    pub fn new(identity: DaemonIdentity) -> Self {
        let network = |name: &str| Network { name: NetworkName::new(name), labels: BTreeMap::new() };
        Self {
            identity,
            up: true,
            store: Shared::default(),
            other_stores: BTreeMap::new(),
            lost: BTreeMap::new(),
            volumes: Shared::default(),
            networks: Shared::new(DEFAULT_NETWORKS.iter().map(|name| (NetworkId::new(*name), network(name))).collect()),
            forgot_references: false,
        }
    }

    /// The container of that name, as the daemon shows it.
    pub fn named(&self, name: &ContainerName) -> Option<&Container> {
        self.store.containers.values().find(|container| container.name == *name)
    }

    /// Every container that exists, whether the daemon shows it or not.
    pub fn all_containers(&self) -> impl Iterator<Item = &Container> {
        let others = self.other_stores.values().flat_map(|store| store.containers.values());
        self.store.containers.values().chain(others).chain(self.lost.values())
    }

    /// Whether a container that the daemon may deny still has its folder under the data root.
    pub fn has_folder_of(&self, id: &ContainerId) -> bool {
        self.all_containers().any(|container| container.id == *id)
    }

    /// Whether the network of an endpoint is there.
    pub fn has_network_of(&self, endpoint: &Endpoint) -> bool {
        match &endpoint.id {
            _ if DEFAULT_NETWORKS.contains(&endpoint.network.as_str()) => true,
            Some(id) => self.networks.contains_key(id),
            None => self.networks.values().any(|network| network.name == endpoint.network),
        }
    }

    /// The containers that have a volume, whether the daemon shows them or not.
    pub fn having<'a>(&'a self, volume: &'a VolumeName) -> impl Iterator<Item = &'a Container> {
        self.all_containers().filter(move |container| container.has(volume))
    }

    /// Whether the daemon knows of a container that refers to the volume.
    pub fn refers_to(&self, volume: &VolumeName) -> bool {
        !self.forgot_references
            && self
                .store
                .containers
                .values()
                .any(|container| container.config.mounts.iter().any(|mount| mount.refers_to() == Some(volume)))
    }
}
