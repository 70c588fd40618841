//! The rows about what an owner does not want any more: the container and its network; with consent the volumes too, under
//! the same evidence as a reset; or what restores have set aside. What goes is backed up before, unless that was waived. The
//! owner's order is the consent for a container that this run itself removes; no other run removes what it has bereaved.

use std::collections::BTreeSet;

use crate::act::Act;
use crate::case::{Case, Waits};
use crate::command::Command;
use crate::container::ContainerSeen;
use crate::decide::Judged;
use crate::evidence::{Absence, NotProved};
use crate::intent::{Discard, Purpose};
use crate::labels;
use crate::names::VolumeName;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::record::GatewayRecord;
use crate::recording::{Listed, record_after};
use crate::refusal::Refusal;
use crate::rows::backup::{self, Step};
use crate::rows::missing::{container_hidden, give_up, settled, volume_held_by_name, volumes_ambiguous, volumes_there};
use crate::rows::ownership::{held_by_writer, volume_held};
use crate::rows::replacement::would_lose;
use crate::rows::says::{keep, perform, refuse, towards_a_stop, write_down};
use crate::rows::{carried, restore};

/// The container goes, and what its owner gives up with it.
pub fn destroy(case: &Case<'_>) -> Judged {
    case.daemon()?;
    let gives_up_volumes = case.intent.purpose == Purpose::Destroy(Discard::Volumes);
    if let Some(left) = set_aside_left(case)?.filter(|_| gives_up_volumes) {
        return Ok(Some(left));
    }
    match case.own()? {
        Some(own) => container(case, own, gives_up_volumes),
        None => rest(case, gives_up_volumes),
    }
}

/// Once the record is gone nobody knows any more what was set aside.
fn set_aside_left(case: &Case<'_>) -> Result<Option<Plan>, Waits> {
    let volumes: Vec<_> = set_aside_there(case)?.into_iter().collect();
    Ok((!volumes.is_empty()).then_some(Plan::Refuse { refusal: Refusal::SetAsideLeft { volumes } }))
}

/// The next step to there being no container.
fn container(case: &Case<'_>, own: &ContainerSeen, gives_up_volumes: bool) -> Judged {
    let status = *own.status.get()?;
    if own.auto_remove && own.may_write()? {
        return refuse(Refusal::AutoRemove { container: own.name.clone() });
    }
    if let Some(manager) = labels::manager_of(&own.labels) {
        let (container, command) = (own.name.clone(), manager.removes);
        return refuse(Refusal::ManagedElsewhere { container, manager: manager.name.to_owned(), command });
    }
    if let Some(held) = held_by_writer(case)? {
        return Ok(Some(held));
    }
    // What has a volume besides, and does not run, keeps it from being removed: better found before anything is stopped.
    if gives_up_volumes && let Some((stranger, volume)) = case.strangers()?.into_iter().next() {
        return refuse(volume_held(case, stranger, volume, false)?);
    }
    if gives_up_volumes && case.intent.consent.is_none() {
        return no_consent(case, own.mounts.iter().find_map(|mount| mount.volume()));
    }
    let lost = match (case.intent.leave_behind, case.intent.no_backup) {
        (true, _) => Vec::new(),
        (false, true) => carried::only_there(case, own)?,
        (false, false) => carried::backed_up(case, own)?.1,
    };
    if let Some(refused) = would_lose(own, &lost)? {
        return Ok(Some(refused));
    }
    if let Some(failed) = case.tried.gave_up(&[Act::Record]) {
        return refuse(Refusal::StateUnusable { failure: failed.failure.clone() });
    }
    if let Some(record) = record_due(case, own) {
        return Ok(Some(record));
    }
    if !case.intent.no_backup {
        match backup::towards(case, Some(own), &backup::volumes_of(own))? {
            Step::Next(plan) => return Ok(Some(*plan)),
            Step::Failed(failure) => return not_backed_up(case, failure),
            Step::Done => {}
        }
    }
    let removal = || (Act::RemoveOwn, Command::RemoveContainer { container: own.id.clone() });
    let (act, step) = towards_a_stop(case, own, status, Act::Stop).unwrap_or_else(removal);
    if let Some(failed) = case.tried.gave_up(&[Act::Unpause, Act::Stop]) {
        let (container, failure) = (own.name.clone(), failed.failure.clone());
        return refuse(Refusal::NotStopped { container, failure });
    }
    if let Some(failed) = case.tried.gave_up(&[Act::RemoveOwn]) {
        return refuse(Refusal::NotRemoved { what: act.as_str().to_owned(), failure: failed.failure.clone() });
    }
    perform(act, step)
}

/// A backup that failed leaves what it has stopped as it was, and its helper with what is written on it.
fn not_backed_up(case: &Case<'_>, failure: crate::event::Failure) -> Judged {
    match backup::put_back(case)? {
        Some(plan) => Ok(Some(plan)),
        None => refuse(Refusal::NotBackedUp { failure, reset: true }),
    }
}

/// What the container had is written down before it goes: nothing else would name its volumes.
fn record_due(case: &Case<'_>, own: &ContainerSeen) -> Option<Plan> {
    let mounted = |name: &VolumeName| own.mounts.iter().any(|mount| mount.volume() == Some(name));
    let is_known = case.past().is_some_and(|past| {
        let all = own.mounts.iter().filter_map(|mount| mount.volume());
        past.container == own.id
            && past.volumes.iter().all(|volume| mounted(&volume.name))
            && all.into_iter().all(|name| past.volumes.iter().any(|volume| volume.name == *name))
    });
    if is_known || case.tried.has(Act::Record) {
        return None;
    }
    let daemon = case.seen.host.daemon.as_ref()?.known();
    let listed = Listed { names: None, older: &BTreeSet::new() };
    let record = record_after(case, own, daemon, false, &listed)?;
    Some(write_down(record))
}

/// What is left without the container: the network and, where they are given up, the volumes and then their record.
fn rest(case: &Case<'_>, gives_up_volumes: bool) -> Judged {
    if gives_up_volumes {
        if let Some(refused) = volume_held_by_name(case)? {
            return Ok(Some(refused));
        }
    } else if let Some((renamed, volume)) = case.strangers()?.into_iter().find(|(one, _)| case.is_ours(one)) {
        // Where its volumes stay, only its own container under another name is in the way: whoever else has one keeps it.
        return refuse(volume_held(case, renamed, volume, false)?);
    }
    if let Some(refused) = container_hidden(case)? {
        return Ok(Some(refused));
    }
    // Without its record others that bear its label would be taken for its own.
    if gives_up_volumes && !case.tried.may_have(Act::SetRecordAside) {
        if let Some(refused) = volumes_ambiguous(case)? {
            return Ok(Some(refused));
        }
        let volumes = volumes_there(case)?;
        if let Some((first, _)) = volumes.first() {
            let Some(consent) = &case.intent.consent else { return no_consent(case, Some(first)) };
            return give_up(case, consent, &volumes);
        }
        if let Some(failed) = case.tried.gave_up(&[Act::RemoveUnfinished]) {
            let (what, failure) = (failed.what.clone(), failed.failure.clone());
            return refuse(Refusal::NotRemoved { what, failure });
        }
        if let Some(unfinished) = restore::remove_unfinished(case)?.filter(|_| case.intent.consent.is_some()) {
            return Ok(Some(unfinished));
        }
    }
    if let Some(helper) = case.helper()?.filter(|_| case.tried.gave_up(&[Act::RemoveHelper]).is_none()) {
        return Ok(Some(backup::remove_helper(helper)));
    }
    if let Some(network) = network(case)? {
        return Ok(Some(network));
    }
    let is_recorded = case.past().is_some() && !case.tried.may_have(Act::SetRecordAside);
    if let Some(failed) = case.tried.gave_up(&[Act::SetRecordAside]) {
        return refuse(Refusal::StateUnusable { failure: failed.failure.clone() });
    }
    if gives_up_volumes && is_recorded {
        return perform(Act::SetRecordAside, Command::SetRecordAside { gateway: case.intent.gateway.clone() });
    }
    keep(Reason::AsAsked)
}

/// The gateway's own network, by its name and label: others may be connected to one that it only uses.
fn network(case: &Case<'_>) -> Result<Option<Plan>, Waits> {
    let Some(name) = &case.wanted.network else { return Ok(None) };
    let owner = case.intent.gateway.as_str();
    let networks = case.seen.host.networks.get()?;
    let ours = networks
        .iter()
        .find(|network| network.name == *name && labels::gateway_of(&network.labels) == Some(owner))
        .filter(|_| case.tried.gave_up(&[Act::RemoveNetwork]).is_none());
    Ok(ours.map(|network| Plan::Perform {
        act: Act::RemoveNetwork,
        step: Command::RemoveNetwork { network: network.id.clone() },
    }))
}

/// What restores have set aside goes, one volume at a time; the gateway itself is left alone.
pub fn set_aside(case: &Case<'_>) -> Judged {
    case.daemon()?;
    if let Some(first) = set_aside_there(case)?.first() {
        let Some(consent) = &case.intent.consent else { return no_consent(case, Some(first)) };
        if let Some(failed) = case.tried.gave_up(&[Act::RemoveVolume]) {
            return refuse(Refusal::NotRemoved { what: failed.what.clone(), failure: failed.failure.clone() });
        }
        let absence = Absence::prove_set_aside(case.seen, consent, &case.intent.gateway, first);
        return match settled(absence)? {
            Ok(absence) => perform(Act::RemoveVolume, Command::RemoveVolume { absence }),
            Err(lacks) => refuse(Refusal::NotProved { volume: first.clone(), lacks }),
        };
    }
    if let Some(failed) = case.tried.gave_up(&[Act::Record]) {
        return refuse(Refusal::StateUnusable { failure: failed.failure.clone() });
    }
    let Some(record) = case.past().filter(|past| !past.set_aside.is_empty()) else { return keep(Reason::AsAsked) };
    if case.tried.has(Act::Record) {
        return keep(Reason::AsAsked);
    }
    Ok(Some(write_down(GatewayRecord { set_aside: BTreeSet::new(), ..record.clone() })))
}

/// The volumes that the record says are set aside, as far as they are there.
fn set_aside_there(case: &Case<'_>) -> Result<BTreeSet<VolumeName>, Waits> {
    let Some(past) = case.past().filter(|past| !past.set_aside.is_empty()) else { return Ok(BTreeSet::new()) };
    let there = case.volumes()?;
    Ok(past.set_aside.iter().filter(|name| there.iter().any(|volume| volume.name == **name)).cloned().collect())
}

fn no_consent(case: &Case<'_>, volume: Option<&VolumeName>) -> Judged {
    let own = || VolumeName::new(case.wanted.container.as_str());
    refuse(Refusal::NotProved { volume: volume.cloned().unwrap_or_else(own), lacks: NotProved::NoConsent })
}
