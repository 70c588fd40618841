//! The container that is to take another's place, made from what the daemon tells of that one, as the JSON that it is:
//! a model would lose what it does not know.
//!
//! Promises that every mount goes along and that no volume is born of it: each is looked for before, since a creation
//! would make an empty one in the place of one that is gone. Absent on purpose: starting it, connecting further networks,
//! and any choice of what to change.

mod config;
mod json;
mod mounts;
mod networks;
mod ports;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use engine::{ContainerId, Event, Failure, NextContainer, VolumeName};
use hyper::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use self::json::Part;
use super::acts::done;
use super::client::Daemon;
use super::look::field::{Unreadable, need_text};
use super::no_result::NoResult;

/// The old container as it stands: inspect's answer, of which only what is needed is looked at.
struct Old<'a> {
    answer: Part<'a>,
    host: Part<'a>,
    image_id: String,
}

/// A creation's body, and the volumes that must be there.
#[derive(Debug)]
struct Creation {
    body: Value,
    volumes: BTreeSet<VolumeName>,
}

impl Daemon {
    /// Creates the container that is to take another's place, and does not start it.
    pub async fn create_next(&self, next: &NextContainer, limit: Duration) -> Event {
        let body = match self.body_of_next(next, limit).await {
            Ok(body) => body,
            Err(failure) => return Event::Failed { failure },
        };
        let path = format!("/containers/create?name={}", next.name);
        let answer = self.send::<IgnoredAny>(Method::POST, &path, Some(&body));
        done(self.ask_to("POST /containers/create", limit, answer).await)
    }

    async fn body_of_next(&self, next: &NextContainer, limit: Duration) -> Result<Value, Failure> {
        let path = format!("/containers/{}/json", next.replaces);
        let call = format!("GET {path}");
        let malformed = |unreadable: Unreadable| Failure::Unknown { why: unreadable.in_answer_to(&call) };
        let answer = self.ask(&call, limit, self.send::<Value>(Method::GET, &path, None)).await?;
        let old = Old::read(&answer, &next.replaces).map_err(malformed)?;
        if old.host.flag("AutoRemove").map_err(malformed)? {
            let message = "Docker removes the container as soon as it stops".to_owned();
            return Err(Failure::Rejected { status: None, message });
        }
        let image = self.config_of_image(&old.image_id, limit).await?;
        let creation = creation(&old, image.as_ref(), next).map_err(malformed)?;
        self.need_volumes(&creation.volumes, limit).await?;
        Ok(creation.body)
    }

    /// The configuration of an image; none where the daemon does not have it any more, or it says nothing. A container
    /// whose image was removed still is what it was.
    async fn config_of_image(&self, id: &str, limit: Duration) -> Result<Option<Value>, Failure> {
        let path = format!("/images/{id}/json");
        let call = format!("GET {path}");
        let malformed = |unreadable: Unreadable| Failure::Unknown { why: unreadable.in_answer_to(&call) };
        let answer = match self.ask(&call, limit, self.send::<Value>(Method::GET, &path, None)).await {
            Ok(answer) => answer,
            Err(NoResult::NotFound { .. }) => return Ok(None),
            Err(no) => return Err(Failure::Unknown { why: no.into_why(&call) }),
        };
        let image = Part::of(&answer, "").map_err(malformed)?;
        if image.text("Id").map_err(malformed)? != id {
            return Err(malformed(Unreadable::new("it is about no such image")));
        }
        let config = image.part_if_any("Config").map_err(malformed)?;
        Ok(config.map(|config| Value::Object(config.fields().clone())))
    }

    /// Sees that volumes are there which a creation would otherwise make, empty.
    pub(super) async fn need_volumes(&self, volumes: &BTreeSet<VolumeName>, limit: Duration) -> Result<(), Failure> {
        for volume in volumes {
            let path = format!("/volumes/{volume}");
            let call = format!("GET {path}");
            match self.ask(&call, limit, self.send::<IgnoredAny>(Method::GET, &path, None)).await {
                Ok(_) => {}
                Err(NoResult::NotFound { .. }) => {
                    let message = format!("volume `{volume}` is not there, and would be made anew, empty");
                    return Err(Failure::Rejected { status: Some(404), message });
                }
                Err(no) => return Err(Failure::Unknown { why: no.into_why(&call) }),
            }
        }
        Ok(())
    }
}

impl<'a> Old<'a> {
    fn read(answer: &'a Value, id: &ContainerId) -> Result<Self, Unreadable> {
        let answer = Part::of(answer, "")?;
        if answer.text("Id")? != id.as_str() {
            return Err(Unreadable::new("it is about no such container"));
        }
        let host = answer.part("HostConfig")?;
        let image_id = need_text(Some(answer.text("Image")?.to_owned()), "Image")?;
        Ok(Self { answer, host, image_id })
    }
}

/// The body that makes the next container.
fn creation(old: &Old<'_>, image: Option<&Value>, next: &NextContainer) -> Result<Creation, Unreadable> {
    let image = image.map(|image| Part::of(image, "Config")).transpose()?;
    let mut body = config::config(&old.answer.part("Config")?, image.as_ref(), next)?;
    let mut exposed = body.get("ExposedPorts").and_then(Value::as_object).cloned().unwrap_or_default();
    let bindings = ports::bindings(&old.host, &mut exposed, next.port.as_ref())?;
    body.insert("ExposedPorts".to_owned(), Value::Object(exposed));
    let mounts = mounts::all(&old.host, &old.answer.parts("Mounts")?, &next.mounts)?;
    let network = networks::first(&next.replaces, &old.host, &old.answer.part("NetworkSettings")?)?;
    if shares_host_name(&old.host)? || next.hostname.is_empty() {
        body.remove("Hostname");
    } else {
        body.insert("Hostname".to_owned(), json!(next.hostname));
    }
    let mut host = old.host.fields().clone();
    for (field, value) in [
        ("Binds", json!(mounts.binds)),
        ("Mounts", json!(mounts.mounts)),
        ("Tmpfs", Value::Object(mounts.tmpfs)),
        ("VolumesFrom", Value::Null),
        ("PortBindings", Value::Object(bindings)),
        ("NetworkMode", json!(network.mode)),
        // Until it has taken its place: with two that Docker starts, a power cut would bring up both.
        ("RestartPolicy", json!({ "Name": "no", "MaximumRetryCount": 0 })),
    ] {
        host.insert(field.to_owned(), value);
    }
    body.insert("HostConfig".to_owned(), Value::Object(host));
    if let Some(endpoints) = network.endpoints {
        body.insert("NetworkingConfig".to_owned(), json!({ "EndpointsConfig": endpoints }));
    }
    Ok(Creation { body: Value::Object(body), volumes: mounts.volumes })
}

/// Whether it has the host name of the host or of another container; Docker then refuses one of its own (moby
/// `runconfig/hostconfig_unix.go`, `errors.go`).
fn shares_host_name(host: &Part<'_>) -> Result<bool, Unreadable> {
    Ok(host.text("UTSMode")? == "host" || host.text("NetworkMode")?.starts_with("container:"))
}
