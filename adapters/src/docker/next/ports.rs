//! The next container's published ports: the old one's, with one in the place of another where that is asked.

use engine::{PortChange, PortSpec};
use serde_json::{Value, json};

use super::json::{Object, Part};
use crate::docker::acts::published;
use crate::docker::look::field::Unreadable;

/// `HostConfig.PortBindings` of the next container. `exposed` (`Config.ExposedPorts`) follows.
pub fn bindings(host: &Part<'_>, exposed: &mut Object, change: Option<&PortChange>) -> Result<Object, Unreadable> {
    let mut bindings = host.part_or_null("PortBindings")?.map(|part| part.fields().clone()).unwrap_or_default();
    let Some(PortChange { from, to }) = change else { return Ok(bindings) };
    for (container, host) in pairs(from) {
        let key = format!("{container}/tcp");
        take_out(&mut bindings, &key, &from.host_ip, host)?;
        if !bindings.contains_key(&key) {
            exposed.remove(&key);
        }
    }
    for (key, added) in published(to) {
        let mut all = listed(&bindings, &key)?;
        all.extend(added.into_iter().flatten().map(|binding| json!(binding)));
        exposed.insert(key.clone(), json!({}));
        bindings.insert(key, Value::Array(all));
    }
    Ok(bindings)
}

/// The container's ports and the host's, of the gateway and of its health endpoint.
fn pairs(port: &PortSpec) -> impl Iterator<Item = (u16, u16)> {
    std::iter::once((port.container, port.host)).chain(port.health.zip(port.health_on_host()))
}

/// Takes out the binding of a container's port that is just this one, so that another which its owner gave it stays;
/// where none is just this one, as where Docker chooses the host's port, all of them.
fn take_out(bindings: &mut Object, key: &str, ip: &str, host: u16) -> Result<(), Unreadable> {
    let all = listed(bindings, key)?;
    let is_it = |binding: &Value| {
        let text = |field| binding.get(field).and_then(Value::as_str);
        text("HostPort") == Some(host.to_string().as_str()) && text("HostIp") == Some(ip)
    };
    let others: Vec<_> = all.iter().filter(|binding| !is_it(binding)).cloned().collect();
    if others.is_empty() || others.len() == all.len() {
        bindings.remove(key);
    } else {
        bindings.insert(key.to_owned(), Value::Array(others));
    }
    Ok(())
}

/// The bindings of one port of the container.
fn listed(bindings: &Object, key: &str) -> Result<Vec<Value>, Unreadable> {
    match bindings.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => Ok(all.clone()),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            Err(Unreadable::new(format!("`HostConfig.PortBindings.{key}` is not a list")))
        }
    }
}
