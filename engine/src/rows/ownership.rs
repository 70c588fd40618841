//! The rows that ask first whether what is seen can be relied on and is this gateway's own. None of them does anything
//! but refuse.

use crate::act::Act;
use crate::case::{Case, Waits};
use crate::container::ContainerSeen;
use crate::decide::Judged;
use crate::known::{Known, Why};
use crate::labels;
use crate::names::VolumeName;
use crate::observation::{Asked, VolumeSeen};
use crate::plan::Look;
use crate::record::RecordSeen;
use crate::refusal::Refusal;
use crate::rows::says::refuse;

/// Nothing can be said without knowing which containers there are and what the gateway's own is doing.
pub fn docker_unknown(case: &Case<'_>) -> Judged {
    case.own_status()?;
    // The first look asks for the preset's image and port. Where it shows that others are wanted, it is taken again.
    if case.seen.asked == Asked::for_spec(&case.wanted) { Ok(None) } else { Err(Waits::NotAsked(Look::default())) }
}

/// A record that cannot be used is kept, and nothing is done without it.
pub fn record_unusable(case: &Case<'_>) -> Judged {
    match &case.seen.record {
        RecordSeen::Unusable { path, aside, problem } => {
            refuse(Refusal::RecordUnusable { path: path.clone(), aside: aside.clone(), problem: problem.clone() })
        }
        RecordSeen::Present { .. } | RecordSeen::Absent => Ok(None),
    }
}

/// The daemon must be the recorded one, and the one that this run began with: its identity says so, or that it has the
/// recorded container.
pub fn other_daemon(case: &Case<'_>) -> Judged {
    case.containers()?;
    let record = case.seen.record.record();
    if record.is_some_and(|record| case.seen.host.has_container_with(&record.container, &record.volume_names())) {
        return Ok(None);
    }
    let found = case.daemon()?;
    if let Some((first, found)) = case.tried.other_daemon(&case.seen.host) {
        return refuse(Refusal::DaemonChanged { first: first.clone(), found: found.clone() });
    }
    let Some(record) = record else { return Ok(None) };
    if found.is_same_as(&record.daemon) || case.intent.accept_daemon {
        return Ok(None);
    }
    refuse(Refusal::OtherDaemon { recorded: record.daemon.clone(), found: found.clone() })
}

/// The record, the container of this name and the volumes of this name must be this gateway's, of this preset.
pub fn not_ours(case: &Case<'_>) -> Judged {
    let asked = &case.intent.spec.preset;
    let other_preset = |what: String, preset| Refusal::OtherPreset { what, preset, asked: asked.clone() };
    if let Some(record) = case.seen.record.record() {
        if record.gateway != case.intent.gateway {
            let because = format!("it names the gateway `{}`", record.gateway);
            return refuse(foreign("record", case.intent.gateway.as_str(), because));
        }
        if record.spec.preset != *asked {
            return refuse(other_preset("the gateway's record".to_owned(), record.spec.preset.clone()));
        }
    }
    if let Some(own) = case.own()? {
        if let Some(because) = not_our_container(case, own) {
            return refuse(foreign("container", own.name.as_str(), because));
        }
        if let Some(preset) = labels::preset_of(&own.labels).filter(|preset| preset != asked) {
            return refuse(other_preset(format!("the container `{}`", own.name), preset));
        }
    }
    if case.is_ready()? {
        return Ok(None);
    }
    for volume in case.volumes()?.iter().filter(|volume| is_claimed(case, volume)) {
        if let Some(owner) = labels::gateway_of(&volume.labels).filter(|owner| *owner != case.intent.gateway.as_str()) {
            return refuse(foreign("volume", volume.name.as_str(), format!("its label names the gateway `{owner}`")));
        }
        if let Some(preset) = labels::preset_of(&volume.labels).filter(|preset| preset != asked) {
            return refuse(other_preset(format!("the volume `{}`", volume.name), preset));
        }
    }
    Ok(None)
}

/// Why the container that bears the gateway's name is not the gateway's.
fn not_our_container(case: &Case<'_>, own: &ContainerSeen) -> Option<String> {
    if let Some(owner) = labels::gateway_of(&own.labels) {
        return (owner != case.intent.gateway.as_str()).then(|| format!("its label names the gateway `{owner}`"));
    }
    let same_image = own.image.repository() == case.wanted.image.repository();
    if same_image || case.is_recorded(own) || case.mounts_its_volume(own) {
        return None;
    }
    Some(format!("it runs `{}` and mounts none of the gateway's volumes where they belong", own.image))
}

/// Whether the gateway would use a volume: by its exact name, by label, or because its owner chose it.
fn is_claimed(case: &Case<'_>, volume: &VolumeSeen) -> bool {
    case.wanted.volumes().any(|(name, _)| *name == volume.name)
        || case.intent.adopt.as_ref() == Some(&volume.name)
        || labels::gateway_of(&volume.labels) == Some(case.intent.gateway.as_str())
}

/// Nothing is started or made while another container may be writing to the gateway's volumes. Beside a ready gateway
/// it is a warning.
pub fn volume_held_by_writer(case: &Case<'_>) -> Judged {
    if case.is_ready()? { Ok(None) } else { held_by_writer(case) }
}

/// The refusal that names a stranger who may be writing to a volume of the gateway.
pub fn held_by_writer(case: &Case<'_>) -> Judged {
    for (stranger, volume) in case.strangers()? {
        if may_write_to(stranger, &volume)? {
            return refuse(volume_held(case, stranger, volume, true)?);
        }
    }
    Ok(None)
}

/// Whether a container may be writing to a volume.
pub fn may_write_to(container: &ContainerSeen, volume: &VolumeName) -> Result<bool, Waits> {
    let writable = container.mounts.iter().any(|mount| mount.volume() == Some(volume) && mount.writable);
    Ok(writable && container.may_write()?)
}

/// The refusal that names who has the volume, and, where it is the gateway's own container under another name, the
/// name to give it back.
pub fn volume_held(
    case: &Case<'_>,
    stranger: &ContainerSeen,
    volume: VolumeName,
    writing: bool,
) -> Result<Refusal, Waits> {
    let renamed = case.own()?.is_none() && case.is_ours(stranger);
    let status = match &stranger.status {
        Known::Known(status) => status.as_str().to_owned(),
        Known::Unknown(Why::Unsettled { status }) => status.clone(),
        Known::Unknown(_) => "unknown".to_owned(),
    };
    Ok(Refusal::VolumeHeld {
        container: stranger.name.clone(),
        status,
        by_folder: stranger.mount_of(&volume).and_then(|mount| mount.folder().map(str::to_owned)),
        volume,
        rename_to: renamed.then(|| case.wanted.container.clone()),
        writing,
    })
}

/// The container must mount the recorded volumes, or, without a record, the ones there that bear the exact name.
pub fn wrong_volume(case: &Case<'_>) -> Judged {
    let Some(own) = case.own()? else { return Ok(None) };
    let is_replaced = case.intent.replace == Some(crate::intent::Replace::Recreate) || case.intent.restore.is_some();
    if is_replaced || is_successor(case, own) {
        return Ok(None);
    }
    // A run that was cut after it made the container on the volume that its owner chose goes on from there.
    if case.intent.adopt.as_ref().is_some_and(|chosen| own.mount_of(chosen).is_some()) {
        return Ok(None);
    }
    let mounts = |name: &VolumeName, path: &str| {
        own.mounts.iter().any(|mount| mount.path == path && mount.volume() == Some(name))
    };
    match expected_volumes(case, own)?.into_iter().find(|(name, path)| !mounts(name, path)) {
        Some((expected, path)) => {
            let found = own.mounts.iter().filter_map(|mount| mount.volume().cloned()).collect();
            refuse(Refusal::WrongVolume { container: own.name.clone(), expected, path, found })
        }
        None => Ok(None),
    }
}

/// Whether a container was made to take the place of the recorded one and is not recorded yet: a restore gives it other
/// volumes than that one has, or had.
fn is_successor(case: &Case<'_>, own: &ContainerSeen) -> bool {
    let Some(past) = case.past().filter(|past| past.container != own.id) else { return false };
    let replaces = own.labels.get(labels::REPLACES).is_some_and(|replaced| *replaced == past.container.as_str());
    let is_restored = own.labels.contains_key(labels::RESTORED);
    let is_there = |containers: &[ContainerSeen]| containers.iter().any(|container| container.id == past.container);
    replaces || is_restored && !case.seen.host.containers.known().is_some_and(|all| is_there(all))
}

/// The volumes that the gateway's container is to mount, and where: those that are recorded or, without a record, the ones
/// there that bear the exact name.
pub fn expected_volumes(case: &Case<'_>, own: &ContainerSeen) -> Result<Vec<(VolumeName, String)>, Waits> {
    Ok(match case.past() {
        Some(record) => record.volumes.iter().map(|volume| (volume.name.clone(), volume.path.clone())).collect(),
        None => {
            let there = case.volumes()?;
            let exists = |name: &VolumeName| there.iter().any(|volume| volume.name == *name);
            let gateway = case.intent.gateway.as_str();
            // A volume that is labelled as the gateway's is as good as one of its name: it was adopted.
            let adopted = |path: &str| {
                let mounted = own.mounts.iter().find(|mount| mount.path == path).and_then(|mount| mount.volume());
                there
                    .iter()
                    .any(|volume| Some(&volume.name) == mounted && labels::gateway_of(&volume.labels) == Some(gateway))
            };
            case.wanted
                .volumes()
                .filter(|(name, path)| exists(name) && !adopted(path))
                .map(|(name, path)| (name.clone(), path.to_owned()))
                .collect()
        }
    })
}

/// A reset is for volumes without a container; the one that this run has made since is what was asked for.
pub fn reset_container_exists(case: &Case<'_>) -> Judged {
    if case.tried.may_have(Act::Create) {
        return Ok(None);
    }
    match (case.own()?, &case.intent.reset) {
        (Some(own), Some(_)) => refuse(Refusal::ResetContainerExists { container: own.name.clone() }),
        (Some(_), None) | (None, _) => Ok(None),
    }
}

fn foreign(what: &str, name: &str, because: String) -> Refusal {
    Refusal::ForeignContainer { what: what.to_owned(), name: name.to_owned(), because }
}
