//! A backup as it lies in nemoclaw's own folder: a value, as the gateway's volumes were when they were read.

use std::collections::BTreeMap;

use engine::{BackedUpVolume, BackupContents, ContainerId, GatewayName, PresetName, VolumeName};
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
    /// That gateway's preset.
    pub preset: PresetName,
    /// The node name that its data is keyed by.
    pub node_name: String,
    /// What each volume held.
    pub volumes: BTreeMap<VolumeName, BTreeMap<String, Content>>,
    /// Where the gateway had each of them, as far as anybody knew.
    pub paths: BTreeMap<VolumeName, String>,
    /// Whether it holds every byte that it says it does.
    pub complete: bool,
}

impl Backup {
    /// What its manifest says of it.
    pub fn contents(&self) -> BackupContents {
        let volume = |name: &VolumeName| BackedUpVolume { name: name.clone(), path: self.paths.get(name).cloned() };
        BackupContents {
            path: self.path.clone(),
            name: self.path.rsplit('/').next().unwrap_or_default().to_owned(),
            gateway: self.gateway.clone(),
            preset: self.preset.clone(),
            node_name: Some(self.node_name.clone()),
            volumes: self.volumes.keys().map(volume).collect(),
        }
    }

    /// Whether all that a volume holds now can be had from it.
    pub fn holds(&self, name: &VolumeName, volume: &Volume) -> bool {
        self.complete && self.volumes.get(name) == Some(&volume.files)
    }
}
