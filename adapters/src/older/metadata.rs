//! The OpenShell CLI's `metadata.json`: how a gateway is reached.
//!
//! Its form (NVIDIA/OpenShell `crates/openshell-bootstrap/src/metadata.rs`) is one JSON object; always there are `name`,
//! `gateway_endpoint` (a URL), `is_remote` and `gateway_port`. Only those that a port comes from are read.

use std::path::Path;

use engine::GatewayName;
use hyper::Uri;
use serde::Deserialize;

use super::files;

/// The file, as far as it concerns us.
#[derive(Deserialize)]
struct Metadata {
    name: String,
    gateway_endpoint: String,
    is_remote: bool,
    /// The CLI writes 0 for a gateway that it was only told of (`gateway add`, in `crates/openshell-cli/src/run.rs`).
    gateway_port: u16,
}

/// The port that the gateway has on this machine; none where it is on another one, or no file is there.
pub(super) fn port(path: &Path, gateway: &GatewayName) -> Result<Option<u16>, String> {
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    // What serde says of a wrong value is left out, since it may quote a secret.
    let metadata: Metadata = serde_json::from_slice(&bytes)
        .map_err(|error| files::problem(path, &format!("line {} is not what OpenShell writes", error.line())))?;
    if metadata.name != gateway.as_str() {
        return Err(files::problem(path, "it is about a gateway of another name"));
    }
    if metadata.is_remote {
        return Ok(None);
    }
    let told = || metadata.gateway_endpoint.parse::<Uri>().ok().and_then(|endpoint| endpoint.port_u16());
    Ok(Some(metadata.gateway_port).filter(|port| *port != 0).or_else(told).filter(|port| *port != 0))
}
