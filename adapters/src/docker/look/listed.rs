//! Containers as the list shows them: enough to say which of them bear on the gateway, and who publishes a port. What a
//! container is in detail is told by inspect alone.

use std::collections::BTreeSet;

use bollard::models::{ContainerSummary, MountPoint, PortSummary, PortSummaryTypeEnum};
use engine::{ContainerId, ContainerName, LABEL_GATEWAY, Target, VolumeName};
use serde_json::Value;

use super::field::{Unreadable, need, need_text};
use super::mounts::{self, Folders};

/// One container of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its ID.
    pub id: ContainerId,
    /// Its names, each with the slash that the API puts before it: its own, and those by which links see it
    /// (`/other/alias`).
    pub names: Vec<String>,
    /// The gateway that its label names.
    pub gateway: Option<String>,
    /// What it mounts.
    pub mounts: Vec<MountPoint>,
    /// The TCP ports of the host that it publishes now.
    pub published: Vec<Published>,
}

/// A port of the host, published now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The address it is bound to; empty is any.
    pub ip: String,
    /// The port.
    pub port: u16,
}

/// Reads an entry of the list. Its status is not looked at, and taken out first: bollard's model knows no other words
/// than Docker's of today, and one strange container would make the whole list unreadable.
pub fn read(mut entry: Value) -> Result<Listed, Unreadable> {
    if let Some(fields) = entry.as_object_mut() {
        fields.remove("State");
    }
    listed(serde_json::from_value(entry).map_err(|error| Unreadable::new(error.to_string()))?)
}

fn listed(entry: ContainerSummary) -> Result<Listed, Unreadable> {
    Ok(Listed {
        id: ContainerId::new(need_text(entry.id, "Id")?),
        names: need(entry.names, "Names")?,
        // Null where neither container nor image has any.
        gateway: entry.labels.unwrap_or_default().remove(LABEL_GATEWAY),
        mounts: need(entry.mounts, "Mounts")?,
        published: need(entry.ports, "Ports")?.into_iter().filter_map(published).collect(),
    })
}

/// The host's port where there is one: Docker lists exposed ports, too, and those of other protocols.
fn published(port: PortSummary) -> Option<Published> {
    let is_tcp = match port.typ {
        Some(PortSummaryTypeEnum::TCP | PortSummaryTypeEnum::EMPTY) | None => true,
        Some(PortSummaryTypeEnum::UDP | PortSummaryTypeEnum::SCTP) => false,
    };
    // An address that is not told is any: Podman leaves it empty.
    let ip = port.ip.unwrap_or_default();
    port.public_port.filter(|_| is_tcp).map(|port| Published { ip, port })
}

impl Listed {
    /// Whether it bears exactly this name.
    pub fn is_named(&self, name: &ContainerName) -> bool {
        self.names.iter().any(|listed| listed.strip_prefix('/') == Some(name.as_str()))
    }

    /// Its own name, which no link's has a slash in.
    pub fn name(&self) -> Option<ContainerName> {
        let own = |name: &&str| !name.contains('/');
        self.names.iter().filter_map(|name| name.strip_prefix('/')).find(own).map(ContainerName::new)
    }

    /// Whether it bears on the gateway: by one of its names, its recorded ID, its label or one of its volumes.
    pub fn bears_on(
        &self,
        target: &Target,
        ours: &BTreeSet<VolumeName>,
        folders: &Folders,
    ) -> Result<bool, Unreadable> {
        let mounts = mounts::seen(&self.mounts, folders)?;
        Ok(self.is_named(&target.container)
            || target.replacement.iter().any(|name| self.is_named(name))
            || target.recorded.as_ref() == Some(&self.id)
            || self.gateway.as_deref() == Some(target.gateway.as_str())
            || mounts.iter().any(|mount| mount.volume().is_some_and(|volume| ours.contains(volume))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::look::fixtures::{list, target, volumes_listed};

    fn bearing(target: &Target, ours: &[&str]) -> Vec<String> {
        let ours = ours.iter().map(|name| VolumeName::new(*name)).collect();
        let folders = Folders::of(&volumes_listed(), &ours);
        let bears = |listed: &Listed| listed.bears_on(target, &ours, &folders).unwrap();
        let mut names: Vec<_> =
            list().into_iter().filter(bears).filter_map(|listed| listed.name()).map(|n| n.to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn names_and_labels_are_compared_whole() {
        assert_eq!(bearing(&target("h-b-gw"), &[]), ["h-b-gw"]);
        for part in ["h-b", "h-b-g", "b-gw", "h-b-gw2"] {
            assert!(bearing(&target(part), &[]).is_empty(), "{part}");
        }
    }

    #[test]
    fn a_container_bears_on_the_gateway_by_mount_and_by_bind_of_its_volume() {
        assert_eq!(bearing(&target("none-such"), &["h-b-data"]), ["h-b-gw", "h-b-host", "h-b-loop"]);
        assert_eq!(bearing(&target("none-such"), &["h-b-plain"]), ["h-b-created", "h-b-loop"]);
        assert!(bearing(&target("none-such"), &["h-b-dat"]).is_empty());
    }

    #[test]
    fn a_container_is_found_by_each_name_of_a_replacement() {
        for name in ["h-b-next", "h-b-previous", "h-b-nemoclaw-helper"] {
            let mut entry = list().remove(0);
            entry.names = vec![format!("/{name}")];
            let mut target = target("h-b");
            let bears = |target: &Target| entry.bears_on(target, &BTreeSet::new(), &Folders::default()).unwrap();
            assert!(!bears(&target), "{name}");
            target.replacement = ["h-b-next", "h-b-previous", "h-b-nemoclaw-helper"].map(ContainerName::new).into();
            assert!(bears(&target), "{name}");
        }
    }

    #[test]
    fn a_container_is_found_by_its_recorded_id_under_any_name() {
        let created = list().into_iter().find(|l| l.is_named(&ContainerName::new("h-b-created"))).unwrap();
        let mut target = target("none-such");
        target.recorded = Some(created.id);
        assert_eq!(bearing(&target, &[]), ["h-b-created"]);
    }

    #[test]
    fn only_tcp_ports_of_the_host_are_published() {
        let of = |name: &str| list().into_iter().find(|l| l.is_named(&ContainerName::new(name))).unwrap().published;
        assert_eq!(of("h-b-gw"), [Published { ip: "127.0.0.1".into(), port: 18931 }]);
        assert!(of("h-b-udp").is_empty());
    }

    #[test]
    fn a_stranger_in_a_status_of_another_engine_hides_nothing() {
        let list: Value = serde_json::from_str(include_str!("fixtures/list.json")).unwrap();
        let mut entry = list[0].clone();
        entry["State"] = "stopped".into();
        assert!(read(entry).is_ok());
    }

    #[test]
    fn an_entry_that_lacks_a_field_that_docker_always_sends_is_none_of_dockers() {
        let list: Value = serde_json::from_str(include_str!("fixtures/list.json")).unwrap();
        for field in ["Id", "Names", "Mounts", "Ports"] {
            let mut entry = list[0].clone();
            entry.as_object_mut().unwrap().remove(field);
            assert_eq!(read(entry), Err(Unreadable::new(format!("`{field}` is missing"))));
        }
    }
}
