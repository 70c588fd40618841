//! Through what volumes are read, and what is to be copied of them into a backup.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::names::{ContainerId, ContainerName, GatewayName, ImageId, ImageRef, SandboxName, VolumeName};
use crate::spec::GatewaySpec;

/// A container that is made from an empty image, is never started, and through which volumes are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct HelperContainer {
    /// Its name.
    pub name: ContainerName,
    /// The empty image.
    pub image: ImageRef,
    /// Its labels: what it was made for, and what was stopped for it.
    pub labels: BTreeMap<String, String>,
    /// The volumes that it mounts, read-only, without copying anything into them, and where.
    pub volumes: Vec<HelperMount>,
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
}
