//! A backup as it lies in nemoclaw's own folder: a value, as the gateway's volumes were when they were read.

use std::collections::BTreeMap;

use engine::{ContainerId, GatewayName, VolumeName};
use serde::{Deserialize, Serialize};

use super::container::Content;
use super::daemon::Volume;

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Backup {
    /// Its folder.
    pub path: String,
    /// Whose it is.
    pub gateway: GatewayName,
    /// The gateway's container, where it had one.
    pub container: Option<ContainerId>,
    /// What each volume held.
    pub volumes: BTreeMap<VolumeName, BTreeMap<String, Content>>,
    /// Whether it holds every byte that it says it does.
    pub complete: bool,
}

impl Backup {
    /// Whether all that a volume holds now can be had from it.
    pub fn holds(&self, name: &VolumeName, volume: &Volume) -> bool {
        self.complete && self.volumes.get(name) == Some(&volume.files)
    }
}
