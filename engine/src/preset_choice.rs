//! Which preset is meant where nobody says so: the record's, else the one of which something is there, by exact names,
//! else the default. Presets may share names, so what is there tells by its label, else by its image.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::intent::Intent;
use crate::names::{ContainerName, ImageRef, PresetName, VolumeName};
use crate::record::GatewayRecord;
use crate::spec::{GatewaySpec, ImageSource};

/// Something that bears a name that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Named {
    /// What it is.
    pub what: NamedThing,
    /// The preset that its label names.
    pub preset: Option<PresetName>,
}

/// A thing with a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NamedThing {
    /// A container, and the reference it was created from.
    Container {
        /// Its name.
        name: ContainerName,
        /// Its image.
        image: ImageRef,
    },
    /// A volume.
    Volume {
        /// Its name.
        name: VolumeName,
    },
}

/// The spec that a record speaks of: the preset's of that name, else the record's own.
pub fn of_record(intent: &Intent, record: &GatewayRecord) -> GatewaySpec {
    let known = specs(intent).find(|spec| spec.preset == record.spec.preset);
    known.unwrap_or(&record.spec).clone()
}

/// What looks for anything of each preset that could be meant.
pub fn question(intent: &Intent, wait_ms: u64) -> Command {
    let containers: BTreeSet<_> = specs(intent).map(|spec| spec.container.clone()).collect();
    let volumes: BTreeSet<_> = specs(intent).flat_map(GatewaySpec::volumes).map(|(name, _)| name.clone()).collect();
    Command::FindNames { containers: containers.into_iter().collect(), volumes: volumes.into_iter().collect(), wait_ms }
}

/// The specs of which something is there.
pub fn found<'a>(intent: &'a Intent, found: &[Named]) -> Vec<&'a GatewaySpec> {
    specs(intent).filter(|spec| found.iter().any(|named| speaks_for(named, spec, intent, found))).collect()
}

fn specs(intent: &Intent) -> impl Iterator<Item = &GatewaySpec> {
    std::iter::once(&intent.spec).chain(&intent.alternatives)
}

/// Whether a thing shows that a gateway of this kind is there, by what it says of itself. A name alone shows it only for
/// kinds that others make, too: of a volume that says nothing, the container speaks that such a volume belongs to.
fn speaks_for(named: &Named, spec: &GatewaySpec, intent: &Intent, found: &[Named]) -> bool {
    if !bears_name_of(named, spec) {
        return false;
    }
    let mut speaking = vec![named];
    if let (NamedThing::Volume { .. }, None) = (&named.what, &named.preset) {
        let shares =
            |other: &&Named| specs(intent).any(|spec| bears_name_of(named, spec) && bears_name_of(other, spec));
        speaking.extend(found.iter().filter(|other| matches!(other.what, NamedThing::Container { .. })).filter(shares));
    }
    let kinds: Vec<_> = specs(intent).filter(|spec| speaking.iter().any(|named| says_kind(named, spec))).collect();
    if kinds.is_empty() {
        let says_another = speaking.iter().any(|named| named.preset.is_some());
        return !says_another && spec.image_source == ImageSource::Registry;
    }
    kinds.contains(&spec)
}

fn bears_name_of(named: &Named, spec: &GatewaySpec) -> bool {
    match &named.what {
        NamedThing::Container { name, .. } => *name == spec.container,
        NamedThing::Volume { name } => spec.volumes().any(|(own, _)| own == name),
    }
}

/// Whether its label, or where it has none its image, names this kind.
fn says_kind(named: &Named, spec: &GatewaySpec) -> bool {
    match (&named.preset, &named.what) {
        (Some(preset), _) => *preset == spec.preset,
        (None, NamedThing::Container { image, .. }) => image.repository() == spec.image.repository(),
        (None, NamedThing::Volume { .. }) => false,
    }
}
