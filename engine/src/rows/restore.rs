//! The steps from a backup to volumes that read back as it lists them: the backup is verified, empty volumes are made, and
//! a helper that is never started has them written through it. Then they take the place of the ones that are in use, which
//! stay under their own names, set aside in the record. Absent on purpose: anything that is written into a volume that is
//! in use, or that has ever been.

use crate::act::Act;
use crate::candidates::mounts_with;
use crate::case::{Case, Waits};
use crate::command::Command;
use crate::container::ContainerSeen;
use crate::decide::Judged;
use crate::event::Failure;
use crate::evidence::Absence;
use crate::helper::{BackedUpVolume, BackupContents, HelperMount, RestoreOrder, RestoredVolume};
use crate::known::{Known, Why};
use crate::labels;
use crate::make::{next_step, provide_images};
use crate::names::VolumeName;
use crate::next::CarriedPath;
use crate::observation::VolumeSeen;
use crate::plan::Plan;
use crate::record::GatewayRecord;
use crate::refusal::Refusal;
use crate::rows::backup::{Through, has_just, make_helper, mount, remove_helper};
use crate::rows::carried::lies_in;
use crate::rows::replacement::to_replace;
use crate::rows::says::{perform, refuse, write_down};

/// How many digits a volume's name has that Docker gives by itself.
const ANONYMOUS_DIGITS: usize = 64;

/// A restore was asked for, and the gateway's container is there: what is restored is ready before it is replaced.
pub fn beside(case: &Case<'_>) -> Judged {
    if case.intent.restore.is_none() {
        return Ok(None);
    }
    if let (Some(own), Some(backup)) = (case.own()?, &case.intent.restore)
        && case.tried.may_have(Act::Adopt)
        && let Some(lost) = lost(case, own)?
    {
        let failure = rejected(format!("the volume `{lost}` was removed, and Docker has made an empty one"));
        let refusal = Refusal::NotRestored { backup: backup.clone(), failure };
        return refuse(refusal);
    }
    let Some((own, _)) = to_replace(case)? else { return Ok(None) };
    if let Known::Unknown(why @ Why::NotVisible { .. }) = &case.seen.host.readiness {
        // Nobody could say whether the next one is ready: nothing is written for it.
        let refusal = Refusal::ReadinessUnknown { container: own.name.clone(), why: why.clone() };
        return refuse(refusal);
    }
    towards(case)
}

/// A restore was asked for, and there is no container: one is made on what is restored.
pub fn anew(case: &Case<'_>) -> Judged {
    if case.intent.restore.is_none() || case.own()?.is_some() {
        return Ok(None);
    }
    match towards(case)? {
        Some(plan) => Ok(Some(plan)),
        None => next_step(case, Act::Adopt, &mounts_with(case, restored(case)?)).map(Some),
    }
}

/// The next step to the restored volumes; none where they are as the backup lists them.
fn towards(case: &Case<'_>) -> Judged {
    let Some(backup) = &case.intent.restore else { return Ok(None) };
    case.daemon()?;
    if let Some(failed) = case.tried.gave_up(&[Act::VerifyBackup]) {
        return unusable(backup, failed.failure.clone());
    }
    let Some(contents) = &case.tried.restoring else {
        return perform(Act::VerifyBackup, Command::VerifyBackup { backup: backup.clone() });
    };
    if contents.preset != case.wanted.preset {
        let (preset, asked) = (contents.preset.clone(), case.wanted.preset.clone());
        return refuse(Refusal::OtherPreset { what: "the backup".to_owned(), preset, asked });
    }
    if let Some(volume) = contents.volumes.iter().find(|volume| path_of(case, contents, volume).is_none()) {
        return unusable(
            backup,
            rejected(format!("it does not say where the gateway has the volume `{}`", volume.name)),
        );
    }
    if let Some(failure) = &case.tried.restore_failed {
        let refusal = Refusal::NotRestored { backup: backup.clone(), failure: failure.clone() };
        return Ok(Some(remove_left_helper(case)?.unwrap_or(Plan::Refuse { refusal })));
    }
    if case.tried.has(Act::Restore) {
        return match remove_left_helper(case)? {
            Some(remove) => Ok(Some(remove)),
            None => taken(case, backup, contents),
        };
    }
    if let Some(provide) = provide_images(case)? {
        return Ok(Some(provide));
    }
    if !case.tried.may_have(Act::MakeRestored)
        && let Some(plan) = remove_unfinished(case)?
    {
        return Ok(Some(plan));
    }
    fill(case, contents)
}

/// Empty volumes, the helper, and what is written through it.
fn fill(case: &Case<'_>, contents: &BackupContents) -> Judged {
    let mut into = Vec::new();
    for volume in &contents.volumes {
        match born_for(case, contents, volume)? {
            Some(born) => into.push((volume, born.name.clone())),
            None => return make(case, contents, volume),
        }
    }
    let place = |(index, (_, into)): (usize, &(&BackedUpVolume, VolumeName))| mount((index, &(into.clone(), None)));
    let mounts: Vec<_> = into.iter().enumerate().map(place).collect();
    let Some(helper) = case.helper()? else { return make_helper(case, None, mounts, Through::ReadAndWritten) };
    if !has_just(helper, &mounts) {
        return Ok(Some(remove_helper(helper)));
    }
    let Some(carried) = carried_to(case, contents, &mounts) else {
        let what = "it holds files of the container's own layer that belong on none of its volumes".to_owned();
        return unusable(&contents.path, rejected(what));
    };
    let restored = |((volume, into), mount): (&(&BackedUpVolume, VolumeName), &HelperMount)| RestoredVolume {
        name: volume.name.clone(),
        into: into.clone(),
        at: mount.at.clone(),
    };
    let order = RestoreOrder {
        gateway: case.intent.gateway.clone(),
        helper: helper.id.clone(),
        backup: contents.path.clone(),
        volumes: into.iter().zip(&mounts).map(restored).collect(),
        carried,
    };
    perform(Act::Restore, Command::Restore(Box::new(order)))
}

/// Where the helper is to have what lived in the container's own layer: each path lies on one of the volumes.
fn carried_to(case: &Case<'_>, contents: &BackupContents, mounts: &[HelperMount]) -> Option<Vec<CarriedPath>> {
    let at = |path: &CarriedPath| {
        let places = contents.volumes.iter().zip(mounts);
        let mut places = places.filter_map(|(volume, mount)| Some((path_of(case, contents, volume)?, &mount.at)));
        let (folder, at) = places.find(|(folder, _)| lies_in(&path.to, folder))?;
        Some(CarriedPath { from: path.from.clone(), to: format!("{at}{}", path.to.strip_prefix(&folder)?) })
    };
    contents.carried.iter().map(at).collect()
}

/// Makes an empty volume, under a name that no volume of the gateway has.
fn make(case: &Case<'_>, contents: &BackupContents, volume: &BackedUpVolume) -> Judged {
    let there = case.volumes()?;
    let base = base_of(case, &volume.name);
    let named = |number: u32| VolumeName::new(format!("{base}-restored-{number}"));
    let is_free = |name: &VolumeName| there.iter().all(|seen| seen.name != *name) && !case.tried.taken.contains(name);
    let Some(name) = (1_u32..).map(named).find(is_free) else { unreachable!("there are not that many volumes") };
    let node_name = contents.node_name.as_ref().unwrap_or(&case.wanted.node_name);
    let mut labels = labels::labels(&case.intent.gateway, &case.wanted, node_name);
    labels.insert(labels::RESTORED.to_owned(), contents.name.clone());
    labels.insert(labels::RESTORED_AS.to_owned(), volume.name.to_string());
    perform(Act::MakeRestored, Command::CreateVolume { name, labels })
}

/// What a restored volume's name begins with: the one of the volume that was backed up, without what an earlier restore has
/// put behind it. Docker's own names say nothing.
fn base_of(case: &Case<'_>, name: &VolumeName) -> String {
    let name = name.as_str();
    if name.len() == ANONYMOUS_DIGITS && name.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return case.wanted.container.to_string();
    }
    match name.rsplit_once("-restored-") {
        Some((base, number)) if !base.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()) => {
            base.to_owned()
        }
        Some(_) | None => name.to_owned(),
    }
}

/// The volume that this run has made for one of the backup's: no container of the gateway has it yet.
fn born_for<'a>(
    case: &Case<'a>,
    contents: &BackupContents,
    volume: &BackedUpVolume,
) -> Result<Option<&'a VolumeSeen>, Waits> {
    let Some(name) = case.tried.restored_into.get(&volume.name) else { return Ok(None) };
    let is_born_for = |seen: &&VolumeSeen| {
        seen.name == *name && seen.labels.get(labels::RESTORED).is_some_and(|from| *from == contents.name)
    };
    match case.volumes()?.iter().find(is_born_for) {
        Some(born) if !is_in_use(case, &born.name)? => Ok(Some(born)),
        Some(_) | None => Ok(None),
    }
}

/// Whether the record names a volume, or a container other than a helper has it.
fn is_in_use(case: &Case<'_>, name: &VolumeName) -> Result<bool, Waits> {
    let is_recorded = case
        .seen
        .record
        .record()
        .is_some_and(|record| record.set_aside.contains(name) || record.volume_names().contains(name));
    let helper = case.helper()?.map(|helper| &helper.id);
    let has = |container: &ContainerSeen| Some(&container.id) != helper && container.mount_of(name).is_some();
    Ok(is_recorded || case.containers()?.iter().any(has))
}

/// The restored volumes, each with the path at which the gateway has it.
pub fn restored(case: &Case<'_>) -> Result<Vec<(String, VolumeName)>, Waits> {
    let Some(contents) = case.tried.restoring.as_ref().filter(|_| case.tried.has(Act::Restore)) else {
        return Ok(Vec::new());
    };
    let mut mounts = Vec::new();
    for volume in &contents.volumes {
        if let (Some(path), Some(born)) = (path_of(case, contents, volume), born_for(case, contents, volume)?) {
            mounts.push((path, born.name.clone()));
        }
    }
    Ok(mounts)
}

/// Where the gateway has a volume of the backup: as it says or, where it has one and does not say, as the preset does.
fn path_of(case: &Case<'_>, contents: &BackupContents, volume: &BackedUpVolume) -> Option<String> {
    let only = || match (contents.volumes.as_slice(), case.wanted.volumes().collect::<Vec<_>>().as_slice()) {
        ([_], [(_, path)]) => Some((*path).to_owned()),
        (_, _) => None,
    };
    volume.path.clone().or_else(only)
}

/// Somebody else has taken, or removed, a volume that was restored before the gateway was made on it.
fn taken(case: &Case<'_>, backup: &str, contents: &BackupContents) -> Judged {
    for volume in contents.volumes.iter().filter(|_| !case.tried.may_have(Act::Adopt)) {
        if born_for(case, contents, volume)?.is_none() {
            let failure =
                rejected(format!("what was restored of `{}` is gone, or another container has it", volume.name));
            let refusal = Refusal::NotRestored { backup: backup.to_owned(), failure };
            return refuse(refusal);
        }
    }
    Ok(None)
}

/// A restored volume that somebody removed right before a container was made on it: Docker has made an empty one of that name
/// along with the container.
pub fn lost(case: &Case<'_>, on: &ContainerSeen) -> Result<Option<VolumeName>, Waits> {
    let mut mounted = case.tried.restored_into.values().filter(|name| on.mount_of(name).is_some());
    let there = case.volumes()?;
    let is_restored =
        |name: &VolumeName| there.iter().any(|seen| seen.name == *name && seen.labels.contains_key(labels::RESTORED));
    Ok(mounted.find(|name| !is_restored(name)).cloned())
}

/// A helper that is left holds volumes for nothing.
fn remove_left_helper(case: &Case<'_>) -> Judged {
    let gave_up = case.tried.gave_up(&[Act::RemoveHelper]).is_some();
    Ok(case.helper()?.filter(|_| !gave_up).map(remove_helper))
}

/// Removes a volume that an earlier restore has begun to write, one at a time.
pub fn remove_unfinished(case: &Case<'_>) -> Judged {
    if case.tried.gave_up(&[Act::RemoveUnfinished]).is_some() {
        return Ok(None);
    }
    for volume in case.volumes()? {
        if let Ok(absence) = Absence::prove_unfinished(case.seen, &case.intent.gateway, &volume.name) {
            return perform(Act::RemoveUnfinished, Command::RemoveVolume { absence });
        }
    }
    Ok(None)
}

/// Before anything runs on what was restored, the record names it: what is killed from there on may have been worked with,
/// and only an owner gives that up.
pub fn record_before_start(case: &Case<'_>, next: &ContainerSeen) -> Option<Plan> {
    let past = case.past()?;
    let is_new = |name: &&VolumeName| !past.set_aside.contains(*name) && next.mount_of(name).is_some();
    let new: Vec<_> = case.tried.restored_into.values().filter(is_new).cloned().collect();
    if new.is_empty() || case.tried.committed.is_some() {
        return None;
    }
    let set_aside = past.set_aside.iter().cloned().chain(new).collect();
    Some(write_down(GatewayRecord { set_aside, ..past.clone() }))
}

/// Before a run that has restored says no: what it has made and nobody has used goes again. What it has started on that
/// itself, and undone, is nobody's work.
pub fn clean_up(case: &Case<'_>) -> Option<Plan> {
    if !case.tried.may_have(Act::MakeRestored) {
        return None;
    }
    if let (Some(past), Ok(containers)) = (case.past(), case.containers())
        && case.tried.gave_up(&[Act::Record, Act::RemoveUnfinished]).is_none()
    {
        let is_left = |name: &&VolumeName| {
            past.set_aside.contains(*name) && containers.iter().all(|container| container.mount_of(name).is_none())
        };
        let left: Vec<_> = case.tried.restored_into.values().filter(is_left).collect();
        if !left.is_empty() {
            let set_aside = past.set_aside.iter().filter(|name| !left.contains(name)).cloned().collect();
            return Some(write_down(GatewayRecord { set_aside, ..past.clone() }));
        }
    }
    remove_unfinished(case).ok().flatten()
}

fn unusable(backup: &str, failure: Failure) -> Judged {
    refuse(Refusal::BackupUnusable { backup: backup.to_owned(), failure })
}

fn rejected(message: String) -> Failure {
    Failure::Rejected { status: None, message }
}
