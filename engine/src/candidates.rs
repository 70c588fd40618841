//! Which volumes a gateway without a container is made on: those that the record names, the one that its owner chose,
//! or the only ones that bear its exact name or label. Never by prefix.

use crate::case::{Case, Waits};
use crate::labels;
use crate::names::VolumeName;
use crate::observation::VolumeSeen;
use crate::spec::{GatewaySpec, MountSource, MountSpec};

/// The volume for each path at which the gateway mounts one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Each path has its volume; some may not exist yet.
    Mounts(Vec<(String, VolumeName)>),
    /// For this path there are several, and nothing says which.
    Ambiguous {
        /// The path.
        path: String,
        /// The volumes.
        candidates: Vec<VolumeSeen>,
    },
}

/// Chooses the volumes to make a container on.
pub fn choose(case: &Case<'_>) -> Result<Chosen, Waits> {
    let spec = &case.wanted;
    let volumes = case.volumes()?;
    let mut mounts = Vec::new();
    for (index, (name, path)) in spec.volumes().enumerate() {
        let recorded = case.past().and_then(|record| record.volumes.iter().find(|volume| volume.path == path));
        let chosen = match (&case.intent.adopt, recorded) {
            (Some(adopt), _) if index == 0 => adopt.clone(),
            (_, Some(recorded)) => recorded.name.clone(),
            (_, None) => match candidates(case, spec, volumes, name, &mounts).as_slice() {
                [] => name.clone(),
                [only] if !is_restored(only) => only.name.clone(),
                several => {
                    let candidates = several.iter().map(|volume| (*volume).clone()).collect();
                    return Ok(Chosen::Ambiguous { path: path.to_owned(), candidates });
                }
            },
        };
        mounts.push((path.to_owned(), chosen));
    }
    let others = case.past().into_iter().flat_map(|record| &record.volumes);
    for recorded in others.filter(|recorded| spec.volumes().all(|(_, path)| path != recorded.path)) {
        mounts.push((recorded.path.clone(), recorded.name.clone()));
    }
    Ok(Chosen::Mounts(mounts))
}

/// The volumes that could be the one called `name`: those labelled as the gateway's, else the one of that exact name.
fn candidates<'a>(
    case: &Case<'_>,
    spec: &GatewaySpec,
    volumes: &'a [VolumeSeen],
    name: &VolumeName,
    taken: &[(String, VolumeName)],
) -> Vec<&'a VolumeSeen> {
    let gateway = case.intent.gateway.as_str();
    let another_mounts = |volume: &VolumeSeen| {
        taken.iter().any(|(_, other)| volume.name == *other)
            || volume.name != *name && spec.volumes().any(|(other, _)| volume.name == *other)
    };
    let labelled: Vec<_> = volumes
        .iter()
        .filter(|volume| labels::gateway_of(&volume.labels) == Some(gateway) && !another_mounts(volume))
        .collect();
    if labelled.is_empty() { volumes.iter().filter(|volume| volume.name == *name).collect() } else { labelled }
}

/// Whether a volume was made to be restored into. One that neither container nor record names may be unfinished, and is
/// only adopted by its name.
fn is_restored(volume: &VolumeSeen) -> bool {
    volume.labels.contains_key(labels::RESTORED)
}

/// The volumes that the record names, or that the spec does, with these in the place of those at the same path.
pub fn mounts_with(case: &Case<'_>, restored: Vec<(String, VolumeName)>) -> Vec<(String, VolumeName)> {
    let recorded = case.past().into_iter().flat_map(|past| &past.volumes);
    let mut mounts: Vec<_> = recorded.map(|volume| (volume.path.clone(), volume.name.clone())).collect();
    for (name, path) in case.wanted.volumes() {
        if mounts.iter().all(|(has, _)| has != path) {
            mounts.push((path.to_owned(), name.clone()));
        }
    }
    mounts.retain(|(path, _)| restored.iter().all(|(other, _)| other != path));
    mounts.extend(restored);
    mounts
}

/// The spec's mounts with these volumes in the place of its own, and the further ones added.
pub fn mounts_on(spec: &GatewaySpec, chosen: &[(String, VolumeName)]) -> Vec<MountSpec> {
    let mut mounts = spec.mounts.clone();
    for (path, name) in chosen {
        let source = MountSource::Volume { name: name.clone() };
        match mounts.iter_mut().find(|mount| mount.path == *path) {
            Some(mount) => mount.source = source,
            None => mounts.push(MountSpec { source, path: path.clone(), read_only: false }),
        }
    }
    mounts
}
