//! What runs in a container, as far as it can be seen from outside: how long it warms up, what it answers, when it ends,
//! and where on its volume it keeps its sandboxes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::container::Content;

/// What an image's program does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Program {
    /// How long it takes from its start until it serves, in milliseconds.
    pub warm_up_ms: u64,
    /// What it does once it is warm.
    pub does: Does,
    /// The environment variable that tells it its node name, where its sandboxes are keyed by that.
    pub node_name_env: Option<String>,
    /// Paths that its image declares as volumes.
    pub volumes: Vec<String>,
    /// The entry point that its image has.
    pub entry_point: Vec<String>,
    /// The environment that its image has.
    pub env: BTreeMap<String, String>,
    /// What it writes into its container's own layer at its first start.
    pub layer: Vec<String>,
    /// Which form of data it keeps. It rewrites an older one when it starts, and ends where it finds a newer one, as
    /// programs do that migrate the schema of their database.
    pub form: Content,
}

/// The file that holds a gateway's data.
pub const DATA: &str = "gateway.db";

/// The file that tells the form of it, where that is not the first.
pub const FORM: &str = "gateway.form";

/// What a program does once it is warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Does {
    /// It serves, and says that it is ready.
    Serves,
    /// It answers, with a status that does not mean ready.
    Answers {
        /// The HTTP status.
        status: u16,
    },
    /// It takes connections and never answers.
    Hangs,
    /// It ends, each time.
    Ends {
        /// The exit code.
        code: i64,
    },
    /// The kernel kills it for want of memory, each time.
    RunsOutOfMemory,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            warm_up_ms: 100,
            does: Does::Serves,
            node_name_env: None,
            volumes: Vec::new(),
            entry_point: vec!["/bin/entry".to_owned()],
            env: BTreeMap::new(),
            layer: Vec::new(),
            form: 0,
        }
    }
}
