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
    specs(intent).filter(|spec| found.iter().any(|named| speaks_for(named, spec, found, intent))).collect()
}

fn specs(intent: &Intent) -> impl Iterator<Item = &GatewaySpec> {
    std::iter::once(&intent.spec).chain(&intent.alternatives)
}

/// Whether a thing shows that a gateway of this kind is there. A name alone shows it only for kinds that others make,
/// too, and only where no container of that name has the image of another kind.
fn speaks_for(named: &Named, spec: &GatewaySpec, found: &[Named], intent: &Intent) -> bool {
    let bears_name = match &named.what {
        NamedThing::Container { name, .. } => *name == spec.container,
        NamedThing::Volume { name } => spec.volumes().any(|(own, _)| own == name),
    };
    if !bears_name {
        return false;
    }
    if let Some(preset) = &named.preset {
        return *preset == spec.preset;
    }
    let image = found.iter().find_map(|other| match &other.what {
        NamedThing::Container { name, image } if *name == spec.container => Some(image.repository()),
        NamedThing::Container { .. } | NamedThing::Volume { .. } => None,
    });
    let is_of = |other: &GatewaySpec| image == Some(other.image.repository());
    is_of(spec) || spec.image_source == ImageSource::Registry && !specs(intent).any(is_of)
}
