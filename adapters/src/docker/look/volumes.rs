//! Volumes: which are the gateway's, and where on the host their files lie.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use engine::{GatewayName, Target, VolumeName, VolumeSeen, gateway_of};

use serde::Deserialize;

use super::field::text_or_none;

/// The answer to `GET /volumes`. Not bollard's model: its date is text or a parsed one by the features of whoever else
/// uses bollard in the same build, and ours is only for people.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VolumeList {
    /// The volumes.
    pub volumes: Option<Vec<Volume>>,
}

/// A volume in that answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Volume {
    name: String,
    mountpoint: PathBuf,
    /// Null where it has none.
    labels: Option<BTreeMap<String, String>>,
    /// Null where it has none.
    options: Option<BTreeMap<String, String>>,
    /// Absent with drivers that do not tell.
    created_at: Option<String>,
}

/// A volume as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVolume {
    /// What the engine sees of it.
    pub seen: VolumeSeen,
    /// The folder that Docker mounts.
    pub folder: PathBuf,
    /// The folder of the host that Docker's own driver shows there, where the volume was made as a bind
    /// (`--opt o=bind --opt device=FOLDER`).
    pub device: Option<PathBuf>,
}

/// Takes over a volume of the list.
pub fn listed(volume: Volume) -> ListedVolume {
    let options = volume.options.unwrap_or_default();
    let is_bind = options.get("o").is_some_and(|o| o.split(',').any(|word| word == "bind" || word == "rbind"));
    ListedVolume {
        seen: VolumeSeen {
            name: VolumeName::new(volume.name),
            labels: volume.labels.unwrap_or_default(),
            created: text_or_none(volume.created_at),
        },
        folder: volume.mountpoint,
        device: options.get("device").filter(|_| is_bind).map(PathBuf::from),
    }
}

/// The names of the gateway's volumes: those looked for, those labelled as its own, those that its container mounts.
pub fn ours(target: &Target, all: &[ListedVolume], mounted: BTreeSet<VolumeName>) -> BTreeSet<VolumeName> {
    let labelled = all.iter().filter(|volume| is_labelled(volume, &target.gateway)).map(|volume| &volume.seen.name);
    target.volumes.iter().chain(labelled).cloned().chain(mounted).collect()
}

fn is_labelled(volume: &ListedVolume, gateway: &GatewayName) -> bool {
    gateway_of(&volume.seen.labels) == Some(gateway.as_str())
}

/// Those of these names, ordered by name.
pub fn named(all: Vec<ListedVolume>, names: &BTreeSet<VolumeName>) -> Vec<VolumeSeen> {
    let mut found: Vec<_> =
        all.into_iter().map(|volume| volume.seen).filter(|volume| names.contains(&volume.name)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::look::fixtures::{target, volumes_listed};

    #[test]
    fn a_volume_is_ours_by_its_whole_name_or_label_and_has_no_labels_where_docker_sends_null() {
        let all = volumes_listed();
        assert_eq!(ours(&target("h-b-gw"), &all, BTreeSet::new()), BTreeSet::from([VolumeName::new("h-b-data")]));
        assert!(ours(&target("h-b"), &all, BTreeSet::new()).is_empty());
        let found = named(all, &["h-b-plain", "h-b-plai", "h-b-plain2"].map(VolumeName::new).into());
        assert_eq!(found.len(), 1);
        assert!(found[0].labels.is_empty());
    }
}
