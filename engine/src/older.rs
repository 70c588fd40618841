//! What the tool before this one left behind about a gateway. It is read where there is no record of ours, and whatever
//! it says, the container decides.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::names::SandboxName;

/// What the older tool's files say of one gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Older {
    /// The port that the gateway had on this host.
    pub port: Option<u16>,
    /// The sandboxes recorded.
    pub sandboxes: BTreeSet<SandboxName>,
    /// Files that are there and could not be used.
    pub problems: Vec<String>,
}
