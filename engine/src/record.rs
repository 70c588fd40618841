//! What the registry says of a gateway: what its owner wants, and what was last seen. Never how far a run got.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::known::Why;
use crate::names::{ContainerId, GatewayName, Instance, SandboxName, VolumeName};
use crate::observation::DaemonIdentity;
use crate::spec::GatewaySpec;

/// One gateway's record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayRecord {
    /// Whose record it is.
    pub gateway: GatewayName,
    /// What its owner wants, as of when the gateway was made or last changed on request.
    pub spec: GatewaySpec,
    /// The daemon that holds it.
    pub daemon: DaemonIdentity,
    /// Its container, as last seen.
    pub container: ContainerId,
    /// The volumes mounted into its container, as last seen, anonymous ones by name too.
    pub volumes: Vec<RecordedVolume>,
    /// Volumes that held its data before a restore. They are kept until their owner gives them up.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub set_aside: BTreeSet<VolumeName>,
    /// The node name its data is keyed by.
    pub node_name: String,
    /// Its sandboxes, as last seen.
    pub sandboxes: BTreeSet<SandboxName>,
    /// Sandboxes that did not survive from an earlier running of the container. They stay recorded until they are
    /// listed again.
    pub missing: BTreeSet<SandboxName>,
    /// The running of the container during which the sandboxes were last compared: after another start they are
    /// compared again, whoever started it.
    pub compared_in: Option<Instance>,
    /// Whether it was ever seen ready.
    pub was_ready: bool,
}

impl GatewayRecord {
    /// The names of its volumes.
    pub fn volume_names(&self) -> Vec<VolumeName> {
        self.volumes.iter().map(|volume| volume.name.clone()).collect()
    }
}

/// A volume of a gateway and where it was mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedVolume {
    /// Its name.
    pub name: VolumeName,
    /// Where the gateway saw it.
    pub path: String,
}

/// What reading the registry gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum RecordSeen {
    /// There is no record of this gateway.
    Absent,
    /// There is one.
    Present {
        /// What it says.
        record: Arc<GatewayRecord>,
    },
    /// There is a file that cannot be used. It is never read as an absent one, and never overwritten.
    Unusable {
        /// The file.
        path: String,
        /// A free name beside it; none where the file itself cannot be looked at.
        aside: Option<String>,
        /// What is wrong with it.
        problem: RecordProblem,
    },
}

impl RecordSeen {
    /// The record, where there is one.
    pub fn record(&self) -> Option<&GatewayRecord> {
        match self {
            Self::Present { record } => Some(record),
            Self::Absent | Self::Unusable { .. } => None,
        }
    }
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum RecordProblem {
    /// Its text is not a record, or its checksum does not fit.
    Corrupt {
        /// What is wrong.
        what: String,
    },
    /// It was written by a newer version.
    Newer {
        /// Its schema version.
        schema: u64,
    },
    /// It cannot be read.
    Unreadable {
        /// Why.
        why: Why,
    },
}
