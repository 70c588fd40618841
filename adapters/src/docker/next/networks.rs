//! The network that the next container is created on. Docker before API 1.44 takes one at a container's creation;
//! further ones are connected afterwards.
//!
//! Not taken along: the name that Docker makes of the old container's ID, addresses and MAC addresses that Docker chose,
//! and the ID of the network, which is another one where it was made anew.

use engine::ContainerId;
use serde_json::{Value, json};

use super::json::{Object, Part};
use crate::docker::look::field::Unreadable;

/// What a person asked for at one network; all else in such an entry is what came of it (moby
/// `api/types/network/endpoint.go`).
const ASKED_FOR: [&str; 4] = ["IPAMConfig", "Links", "DriverOpts", "GwPriority"];

/// Where the next container is created.
#[derive(Debug, PartialEq, Eq)]
pub struct FirstNetwork {
    /// `HostConfig.NetworkMode`.
    pub mode: String,
    /// `NetworkingConfig.EndpointsConfig`, where there is anything to say.
    pub endpoints: Option<Object>,
}

/// The first network of a container: the one that its mode names, or, where it was taken from that one, the first of
/// those that it has.
pub fn first(id: &ContainerId, host: &Part<'_>, settings: &Part<'_>) -> Result<FirstNetwork, Unreadable> {
    let mode = host.text("NetworkMode")?;
    let networks = settings.part("Networks")?;
    let as_it_is = || FirstNetwork { mode: mode.to_owned(), endpoints: None };
    if matches!(mode, "host" | "none") || mode.starts_with("container:") {
        return Ok(as_it_is());
    }
    let names = networks.fields();
    // Docker's word for the one that it takes where none is named.
    let key = if mode == "default" { "bridge" } else { mode };
    let name = match names.keys().find(|name| *name == key) {
        Some(name) => name,
        None => {
            let Some(first) = named_by_id(&networks, mode)?.or_else(|| names.keys().next()) else {
                return Ok(as_it_is());
            };
            first
        }
    };
    let asked = asked_for(id, &networks.part(name)?)?;
    let endpoints = (!asked.is_empty()).then(|| Object::from_iter([(name.clone(), Value::Object(asked))]));
    let mode = if name == key { mode } else { name };
    Ok(FirstNetwork { mode: mode.to_owned(), endpoints })
}

/// The name of the network whose ID, or the beginning of it, the mode is.
fn named_by_id<'a>(networks: &Part<'a>, mode: &str) -> Result<Option<&'a String>, Unreadable> {
    if mode.is_empty() {
        return Ok(None);
    }
    for name in networks.fields().keys() {
        // Empty before the first start.
        if networks.part(name)?.text("NetworkID")?.starts_with(mode) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn asked_for(id: &ContainerId, endpoint: &Part<'_>) -> Result<Object, Unreadable> {
    let short = id.as_str().get(..12).unwrap_or(id.as_str());
    let aliases: Vec<_> = endpoint.texts_if_any("Aliases")?.into_iter().filter(|alias| *alias != short).collect();
    let mut asked = Object::new();
    if !aliases.is_empty() {
        asked.insert("Aliases".to_owned(), json!(aliases));
    }
    for field in ASKED_FOR {
        if let Some(value) = endpoint.fields().get(field).filter(|value| says_something(value)) {
            asked.insert(field.to_owned(), value.clone());
        }
    }
    Ok(asked)
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
