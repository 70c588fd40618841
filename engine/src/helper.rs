//! Through what volumes are read and written, and what is to be copied between them and a backup.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::names::{ContainerId, ContainerName, GatewayName, ImageId, ImageRef, PresetName, SandboxName, VolumeName};
use crate::next::CarriedPath;
use crate::spec::GatewaySpec;

/// A container that is made from an empty image, is never started, and through which volumes are read or written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct HelperContainer {
    /// Its name.
    pub name: ContainerName,
    /// The empty image.
    pub image: ImageRef,
    /// Its labels: what it was made for, and what was stopped for it.
    pub labels: BTreeMap<String, String>,
    /// The volumes that it mounts, without copying anything into them, and where.
    pub volumes: Vec<HelperMount>,
    /// Whether they can only be read through it.
    pub read_only: bool,
}

/// A volume in a helper.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct HelperMount {
    /// The volume.
    pub volume: VolumeName,
    /// Where the gateway has it; none where nobody knows.
    pub path: Option<String>,
    /// Where the helper has it.
    pub at: String,
}

/// What is to be backed up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct BackupOrder {
    /// Whose.
    pub gateway: GatewayName,
    /// Through which helper.
    pub helper: ContainerId,
    /// The gateway's container, where it has one.
    pub container: Option<ContainerId>,
    /// The image that it runs, where it has one.
    pub image_id: Option<ImageId>,
    /// What the gateway looks like, without any environment value.
    pub spec: GatewaySpec,
    /// The volumes.
    pub volumes: Vec<HelperMount>,
    /// Sandboxes that are containers beside the gateway: no backup holds them.
    pub beside: Vec<SandboxName>,
    /// Paths of the container's own layer that are copied too, each with where it belongs on one of the volumes.
    pub carried: Vec<CarriedPath>,
    /// Further paths of its own layer: this backup does not hold them.
    pub left_out: Vec<String>,
}

/// What a backup holds, as its manifest says it, every archive and listing having been verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BackupContents {
    /// Its folder.
    pub path: String,
    /// By what volumes that are restored from it name it, in a label.
    pub name: String,
    /// Whose it is.
    pub gateway: GatewayName,
    /// That gateway's preset.
    pub preset: PresetName,
    /// The node name that its data is keyed by, where it says one.
    pub node_name: Option<String>,
    /// Its volumes, in the order of their names.
    pub volumes: Vec<BackedUpVolume>,
    /// What it holds of the container's own layer, each path with where it belongs on one of the volumes.
    pub carried: Vec<CarriedPath>,
}

/// A volume in a backup.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BackedUpVolume {
    /// Its name when it was backed up.
    pub name: VolumeName,
    /// Where the gateway had it; none where nobody knew.
    pub path: Option<String>,
}

/// What is to be restored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RestoreOrder {
    /// Whose volumes are written.
    pub gateway: GatewayName,
    /// Through which helper.
    pub helper: ContainerId,
    /// The backup's folder.
    pub backup: String,
    /// What goes where.
    pub volumes: Vec<RestoredVolume>,
    /// What it holds of the container's own layer, each path with where the helper is to have it. It goes on top of what
    /// the volumes hold.
    pub carried: Vec<CarriedPath>,
}

/// A volume of a backup, and the empty one that it is written into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RestoredVolume {
    /// Its name in the backup.
    pub name: VolumeName,
    /// The empty volume.
    pub into: VolumeName,
    /// Where the helper has that one.
    pub at: String,
}
