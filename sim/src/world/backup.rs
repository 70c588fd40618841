//! A backup as it lies in nemoclaw's own folder: a value, as the gateway's volumes were when they were read.

use std::collections::BTreeMap;

use engine::{BackedUpVolume, BackupContents, CarriedPath, ContainerId, GatewayName, PresetName, VolumeName};
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
    /// What it holds of the container's own layer: each path with where it belongs, and the files there by what follows it.
    pub carried: Vec<(CarriedPath, BTreeMap<String, Content>)>,
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
            carried: self.carried.iter().map(|(path, _)| path.clone()).collect(),
        }
    }

    /// What a volume is to hold that is restored from it, where these paths of the layer belong: on top of what it held
    /// lies what lived in the container's own layer, below the volume's folder.
    pub fn restored(
        &self,
        name: &VolumeName,
        folder: &str,
        carried: &[CarriedPath],
    ) -> Option<BTreeMap<String, Content>> {
        let mut files = self.volumes.get(name)?.clone();
        for path in carried {
            let Some(below) = path.to.strip_prefix(folder.trim_end_matches('/')) else { continue };
            let found = self.carried.iter().filter(|(own, _)| own.from == path.from);
            for (rest, content) in found.flat_map(|(_, files)| files) {
                files.insert(format!("{below}{rest}").trim_start_matches('/').to_owned(), *content);
            }
        }
        Some(files)
    }

    /// Whether all that a volume holds now can be had from it.
    pub fn holds(&self, name: &VolumeName, volume: &Volume) -> bool {
        self.complete && self.volumes.get(name) == Some(&volume.files)
    }
}
