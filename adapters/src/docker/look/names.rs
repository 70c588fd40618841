//! Which of some exact names are there, and what their labels and images say: enough to tell which kind of gateway is
//! meant.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{ContainerName, ImageRef, Known, LABEL_PRESET, Named, NamedThing, PresetName, VolumeName};
use hyper::Method;
use serde::Deserialize;

use super::ask::{Asker, LIST, known};
use crate::docker::Daemon;

/// A container of the list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    names: Vec<String>,
    image: String,
    labels: Option<BTreeMap<String, String>>,
}

impl Daemon {
    /// Looks for these names; the answer takes `limit` at most.
    pub async fn find_names(
        &self,
        containers: &[ContainerName],
        volumes: &[VolumeName],
        limit: Duration,
    ) -> Known<Vec<Named>> {
        let ask = Asker { daemon: self, limit };
        let list = self.ask(LIST, limit, self.send::<Vec<Entry>>(Method::GET, "/containers/json?all=1", None));
        let (listed, there) = tokio::join!(list, ask.volumes());
        known(listed.map_err(|no| no.into_why(LIST)).and_then(|listed| {
            let of_containers = listed.into_iter().filter_map(|entry| container(entry, containers));
            let of_volumes = there?.into_iter().filter(|volume| volumes.contains(&volume.seen.name)).map(|volume| {
                Named { preset: preset(&volume.seen.labels), what: NamedThing::Volume { name: volume.seen.name } }
            });
            Ok(of_containers.chain(of_volumes).collect())
        }))
    }
}

fn container(entry: Entry, names: &[ContainerName]) -> Option<Named> {
    let name = names.iter().find(|name| entry.names.iter().any(|it| it.strip_prefix('/') == Some(name.as_str())))?;
    let image = ImageRef::new(entry.image);
    Some(Named {
        preset: preset(&entry.labels.unwrap_or_default()),
        what: NamedThing::Container { name: name.clone(), image },
    })
}

fn preset(labels: &BTreeMap<String, String>) -> Option<PresetName> {
    labels.get(LABEL_PRESET).map(|name| PresetName::new(name.as_str()))
}
