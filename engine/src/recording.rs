//! What the record says after a run: its owner's wish, where the gateway is, and the sandboxes last seen. Absent on
//! purpose: how far the run got.

use std::collections::BTreeSet;

use crate::act::Act;
use crate::as_seen::{node_name_as_seen, spec_as_seen};
use crate::case::{Case, named_volumes};
use crate::container::{ContainerSeen, MountedSource};
use crate::labels;
use crate::names::{Instance, SandboxName, VolumeName};
use crate::observation::{DaemonIdentity, VolumeSeen};

use crate::record::{GatewayRecord, RecordedVolume};
use crate::spec::{GatewaySpec, RestartPolicy};

/// The sandboxes of a record after a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Those that are there.
    pub sandboxes: BTreeSet<SandboxName>,
    /// Those that were recorded and are not.
    pub missing: BTreeSet<SandboxName>,
    /// The running of the container during which that was seen.
    pub compared_in: Option<Instance>,
}

/// The sandboxes of a gateway, by itself and by the older tool.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Those that it lists; none where the list could not be had.
    pub names: Option<&'a BTreeSet<SandboxName>>,
    /// Those that the older tool recorded, where there is no record of ours.
    pub older: &'a BTreeSet<SandboxName>,
}

/// The record of a container that is there. None where nobody said which daemon holds it.
pub fn record_after(
    case: &Case<'_>,
    own: &ContainerSeen,
    daemon: Option<&DaemonIdentity>,
    ready: bool,
    listed: &Listed<'_>,
) -> Option<GatewayRecord> {
    let intent = case.intent;
    let past = life_of(case, own);
    let spec = match case.past() {
        // Another run's next container: what its owner wants is written on it, and not in the record.
        Some(past) if took_place_for_another(case, own) => wish_behind(case, &past.spec, own),
        Some(_) => case.wanted.clone(),
        None => wish_behind(case, &intent.spec, own),
    };
    let mut volumes: Vec<_> = own
        .mounts
        .iter()
        .filter_map(|mount| match &mount.source {
            MountedSource::Volume { name } => Some(RecordedVolume { name: name.clone(), path: mount.path.clone() }),
            MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
        })
        .collect();
    volumes.sort();
    let Compared { sandboxes, missing, compared_in } = compare(case, own, listed);
    let set_aside = set_aside(case, &volumes);
    Some(GatewayRecord {
        gateway: intent.gateway.clone(),
        daemon: daemon.or_else(|| case.past().map(|past| &past.daemon))?.clone(),
        container: own.id.clone(),
        volumes,
        set_aside,
        node_name: node_name_as_seen(&spec, own),
        spec,
        sandboxes,
        missing,
        compared_in,
        was_ready: ready || past.is_some_and(|past| past.was_ready),
    })
}

/// The volumes that held the gateway's data and that it does not mount any more: those that its record or the container
/// that it replaces names and, where there was no record, those that bear its label. One that is gone is forgotten.
fn set_aside(case: &Case<'_>, mounted: &[RecordedVolume]) -> BTreeSet<VolumeName> {
    let mut before: BTreeSet<_> = match case.past() {
        Some(past) => past.volume_names().into_iter().chain(past.set_aside.clone()).collect(),
        None => {
            let labelled =
                |volume: &&VolumeSeen| labels::gateway_of(&volume.labels) == Some(case.intent.gateway.as_str());
            let there = case.volumes().unwrap_or_default();
            there.iter().filter(labelled).map(|volume| volume.name.clone()).collect()
        }
    };
    if let (true, Ok(Some((_, old)))) = (case.tried.has(Act::Restore), case.replacement()) {
        before.extend(named_volumes(old).cloned());
    }
    if let Ok(there) = case.volumes() {
        before.retain(|name| there.iter().any(|volume| volume.name == *name));
    }
    before.retain(|name| mounted.iter().all(|volume| volume.name != *name));
    before
}

/// What its owner wants, as it can be seen of the container. One that has just taken another's place gets its restart
/// policy after it is on record; until then that stands in its label.
fn wish_behind(case: &Case<'_>, preset: &GatewaySpec, own: &ContainerSeen) -> GatewaySpec {
    let spec = spec_as_seen(&case.intent.gateway, preset, own);
    let waits = took_place_for_another(case, own) && own.restart == RestartPolicy::No;
    match labels::restart_of(&own.labels).filter(|_| waits) {
        Some(restart) => GatewaySpec { restart, ..spec },
        None => spec,
    }
}

/// Whether it is the next container of a replacement that another run has begun, and that no record names yet.
fn took_place_for_another(case: &Case<'_>, own: &ContainerSeen) -> bool {
    let is_next = labels::role_in(own, &case.intent.gateway) == Some(labels::ROLE_NEXT);
    is_next && !case.is_recorded(own) && !case.tried.may_have(Act::CreateNext)
}

/// The record as far as it speaks of this container's life: its owner gave up all that was before a reset,
/// and what is restored is as old as its backup.
fn life_of<'a>(case: &Case<'a>, own: &ContainerSeen) -> Option<&'a GatewayRecord> {
    let anew = case.intent.reset.is_some() || case.tried.has(Act::Restore);
    case.past().filter(|past| !anew || past.container == own.id)
}

/// Compares a list with what was recorded. Within one running of the container a sandbox that is no longer listed was
/// removed by its user; one that did not survive from an earlier running is missing, and stays so until it is listed
/// again. A list that could not be had leaves everything as it was.
pub fn compare(case: &Case<'_>, own: &ContainerSeen, listed: &Listed<'_>) -> Compared {
    let nothing = BTreeSet::new();
    let (recorded, missing, compared_in) = match life_of(case, own) {
        Some(past) => (&past.sandboxes, &past.missing, past.compared_in.clone()),
        None => (listed.older, &nothing, None),
    };
    let Some(listed) = listed.names else {
        return Compared { sandboxes: recorded.clone(), missing: missing.clone(), compared_in };
    };
    let expected: BTreeSet<_> = if compared_in.as_ref() == Some(&own.instance) {
        missing.clone()
    } else {
        recorded.union(missing).cloned().collect()
    };
    Compared {
        sandboxes: listed.clone(),
        missing: expected.difference(listed).cloned().collect(),
        compared_in: Some(own.instance.clone()),
    }
}
