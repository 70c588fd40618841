//! NemoClaw's `sandboxes.json`: the sandboxes of all gateways, or of one.
//!
//! Its form (NVIDIA/NemoClaw `src/lib/state/registry/types.ts`, at first `src/lib/registry.ts`) is one JSON object whose
//! `sandboxes` maps each name to a row, which repeats the `name`. A row names its gateway by `gatewayPort`, by
//! `gatewayName`, or, when it is from before there could be two, not at all; the port outweighs the name
//! (`src/lib/onboard/gateway-binding.ts`).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::path::Path;

use engine::{GatewayName, SandboxName};
use serde::Deserialize;
use serde_json::Value;

use super::{DEFAULT_GATEWAY, DEFAULT_PORT, files};

/// The longest name of a sandbox (NVIDIA/NemoClaw `src/lib/name-validation.ts`).
const NAME_MAX_BYTES: usize = 63;

/// What the rows of one gateway say.
#[derive(Default)]
pub(super) struct Rows {
    /// The gateway's port, where a row tells it.
    pub port: Option<u16>,
    /// The sandboxes that were made.
    pub sandboxes: BTreeSet<SandboxName>,
    /// Rows that are unreadable: the others count all the same.
    pub problem: Option<String>,
}

/// The file, as far as it concerns us.
#[derive(Deserialize)]
struct Document {
    sandboxes: BTreeMap<String, Value>,
}

/// A row, as far as it concerns us.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    gateway_name: Option<String>,
    gateway_port: Option<NonZeroU16>,
    /// The sandbox is about to be made: whether it ever was, the row does not say.
    #[serde(default)]
    pending_route_reservation: bool,
}

/// The rows of this gateway; none where the file is not there.
pub(super) fn rows(path: &Path, gateway: &GatewayName) -> Result<Option<Rows>, String> {
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    // What serde says of a wrong value is left out, since it may quote a secret.
    let document: Document = serde_json::from_slice(&bytes)
        .map_err(|error| files::problem(path, &format!("line {} is not what NemoClaw writes", error.line())))?;
    let mut rows = Rows::default();
    let mut unreadable = 0;
    for (name, value) in document.sandboxes {
        match serde_json::from_value::<Row>(value) {
            Ok(row) if row.name == name && is_name(&name) => rows.add(row, gateway),
            Ok(_) | Err(_) => unreadable += 1,
        }
    }
    if unreadable > 0 {
        // The names are left out, since they may be anything.
        let what = format!("{unreadable} of its rows, as they do not describe a sandbox");
        rows.problem = Some(format!("the older tool's `{}` is used without {what}", path.display()));
    }
    Ok(Some(rows))
}

impl Rows {
    fn add(&mut self, row: Row, gateway: &GatewayName) {
        if row.gateway() != gateway.as_str() {
            return;
        }
        self.port = self.port.or(row.gateway_port.map(NonZeroU16::get));
        if !row.pending_route_reservation {
            self.sandboxes.insert(SandboxName::new(row.name));
        }
    }
}

impl Row {
    /// The name of its gateway.
    fn gateway(&self) -> String {
        match (self.gateway_port.map(NonZeroU16::get), &self.gateway_name) {
            (Some(DEFAULT_PORT), _) | (None, None) => DEFAULT_GATEWAY.to_owned(),
            (Some(port), _) => format!("{DEFAULT_GATEWAY}-{port}"),
            (None, Some(name)) => name.clone(),
        }
    }
}

/// Whether a text could name a sandbox. Which letters are allowed has changed over time; none was ever one that a
/// terminal or a path would take for something else.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_MAX_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}
