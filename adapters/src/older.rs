//! What the tool before this one (NVIDIA/NemoClaw with the OpenShell CLI) left on this machine about a gateway.
//!
//! It is read where there is no record of ours, and never written. All of it may be stale, so all of it is a hint: the
//! container decides. A file that is not there says nothing; one that is there and cannot be used is told in a sentence
//! and says nothing either. The tool's own default gateway is named `nemoclaw`, as ours is, and one on another port than
//! 8080 is `nemoclaw-<port>` (NVIDIA/NemoClaw `src/lib/onboard/gateway-binding.ts`). Absent on purpose: what else stands
//! in these files (credentials, policies, models), and the system-wide folder `/etc/openshell`.

mod files;
mod metadata;
mod registry;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use engine::{GatewayName, SandboxName};

/// The gateway that the older tool makes unless told otherwise (NVIDIA/NemoClaw `src/lib/onboard/gateway-binding.ts`).
const DEFAULT_GATEWAY: &str = "nemoclaw";

/// The port of that gateway (NVIDIA/NemoClaw `src/lib/core/ports.ts`).
const DEFAULT_PORT: u16 = 8080;

/// What makes a client identity whole (NVIDIA/OpenShell `crates/openshell-bootstrap/src/mtls.rs`): the CA of the gateway,
/// the client's certificate, its key.
const IDENTITY_FILES: [&str; 3] = ["ca.crt", "tls.crt", "tls.key"];

/// Where the older tool keeps its files for this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OlderTool {
    /// NemoClaw's own folder.
    nemoclaw: Option<PathBuf>,
    /// The OpenShell CLI's folder.
    openshell: Option<PathBuf>,
}

/// What the older tool's files say of one gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Older {
    /// The port on this machine that it was published on.
    pub port: Option<u16>,
    /// The sandboxes that were made in it, stopped ones too.
    pub sandboxes: BTreeSet<SandboxName>,
    /// Whether it is the one that the OpenShell CLI talks to; none where no gateway was ever chosen.
    pub is_active: Option<bool>,
    /// The folder with `ca.crt`, `tls.crt` and `tls.key`, where all three are there.
    pub client_identity: Option<PathBuf>,
    /// One sentence for each file that is there and cannot be used. Warnings, never errors.
    pub problems: Vec<String>,
}

impl OlderTool {
    /// `.nemoclaw` in the home directory (NVIDIA/NemoClaw `src/lib/state/state-root.ts`), and `openshell` in
    /// `XDG_CONFIG_HOME`, else in `.config` in the home directory (NVIDIA/OpenShell `crates/openshell-core/src/paths.rs`).
    /// A variable that is empty or holds a relative path counts as one that is not set.
    pub fn find(env: &impl Fn(&str) -> Option<String>) -> Self {
        let folder = |variable| env(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("HOME").or_else(std::env::home_dir).filter(|home| home.is_absolute());
        let config = folder("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
        Self {
            nemoclaw: home.map(|home| home.join(".nemoclaw")),
            openshell: config.map(|config| config.join("openshell")),
        }
    }

    /// What its files say of this gateway. Writes nothing, and waits for nothing.
    pub fn read(&self, gateway: &GatewayName) -> Older {
        let mut older = Older::default();
        if let Some(openshell) = &self.openshell {
            let folder = openshell.join("gateways").join(gateway.as_str());
            older.port = older.take(metadata::port(&folder.join("metadata.json"), gateway));
            older.client_identity = older.take(client_identity(folder.join("mtls")));
            older.is_active = older.take(is_active(&openshell.join("active_gateway"), gateway));
        }
        for file in self.registries(gateway) {
            let rows = older.take(registry::rows(&file, gateway)).unwrap_or_default();
            older.port = older.port.or(rows.port);
            older.sandboxes.extend(rows.sandboxes);
            older.problems.extend(rows.problem);
        }
        older
    }

    /// The files in which it may have listed this gateway's sandboxes: one for all at first, later one more for each
    /// gateway on another port than the default (NVIDIA/NemoClaw `src/lib/state/state-root.ts`).
    fn registries(&self, gateway: &GatewayName) -> Vec<PathBuf> {
        let Some(nemoclaw) = &self.nemoclaw else { return Vec::new() };
        let port = gateway.as_str().strip_prefix(DEFAULT_GATEWAY).and_then(|rest| rest.strip_prefix('-'));
        let port = port.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let folders = [Some(nemoclaw.clone()), port.map(|port| nemoclaw.join("gateways").join(port))];
        folders.into_iter().flatten().map(|folder| folder.join("sandboxes.json")).collect()
    }
}

impl Older {
    /// What a file says; a problem with it is kept.
    fn take<T>(&mut self, said: Result<Option<T>, String>) -> Option<T> {
        said.unwrap_or_else(|problem| {
            self.problems.push(problem);
            None
        })
    }
}

/// The folder itself, where a client identity is whole. What is in the files is for who uses them.
fn client_identity(folder: PathBuf) -> Result<Option<PathBuf>, String> {
    let mut missing = Vec::new();
    for name in IDENTITY_FILES {
        let path = folder.join(name);
        match files::open(&path) {
            Ok(Some(_)) => {}
            Ok(None) => missing.push(format!("`{name}`")),
            Err(error) => return Err(files::problem(&path, &error.to_string())),
        }
    }
    match missing.len() {
        0 => Ok(Some(folder)),
        len if len == IDENTITY_FILES.len() => Ok(None),
        _ => Err(files::problem(&folder, &format!("it lacks {}", missing.join(" and ")))),
    }
}

/// Whether the file names this gateway. It holds a name and maybe white space around it
/// (NVIDIA/OpenShell `crates/openshell-bootstrap/src/metadata.rs`).
fn is_active(path: &Path, gateway: &GatewayName) -> Result<Option<bool>, String> {
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    match std::str::from_utf8(&bytes).map(str::trim) {
        Ok("") => Ok(None),
        Ok(name) if !name.contains(|c: char| c.is_control() || c.is_whitespace()) => Ok(Some(name == gateway.as_str())),
        Ok(_) | Err(_) => Err(files::problem(path, "it does not hold the name of a gateway")),
    }
}
