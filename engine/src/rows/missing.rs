//! The rows about a gateway whose container is missing. Volumes that outlived it are adopted; they are removed only
//! with their owner's consent and a proof that no container has them.

use crate::act::Act;
use crate::candidates::{Chosen, choose};
use crate::case::{Case, Waits};
use crate::command::Command;
use crate::container::ContainerSeen;
use crate::decide::Judged;
use crate::event::{Failure, MeasuredVolume};
use crate::evidence::{Absence, NotProved};
use crate::intent::{Consent, Purpose};
use crate::known::Why;
use crate::make::next_step;
use crate::names::VolumeName;
use crate::observation::Remains;
use crate::plan::{Look, Plan};
use crate::refusal::Refusal;
use crate::rows::backup::{self, Step};
use crate::rows::ownership::volume_held;
use crate::rows::says::refuse;

/// A container under another name has the volume: it was renamed, or is a stranger's. Its owner may choose to share a
/// stranger's volume by naming it.
pub fn volume_held_by_name(case: &Case<'_>) -> Judged {
    if case.own()?.is_some() {
        return Ok(None);
    }
    let shares = |stranger: &ContainerSeen| {
        let chosen = case.intent.adopt.as_ref();
        !case.is_ours(stranger) && chosen.is_some_and(|chosen| stranger.mount_of(chosen).is_some())
    };
    let held = case.strangers()?.into_iter().find(|(stranger, _)| !shares(stranger));
    match held {
        Some((stranger, volume)) => refuse(volume_held(case, stranger, volume, false)?),
        None => Ok(None),
    }
}

/// A daemon that denies a container whose files lie in its data root has lost its configuration, not the container; or it
/// shows another store than the one that the container is in, which nobody's accepting it for another daemon changes.
pub fn container_hidden(case: &Case<'_>) -> Judged {
    let Some(record) = case.seen.record.record() else { return Ok(None) };
    if case.past().is_none() && case.daemon()?.data_root != record.daemon.data_root {
        return Ok(None);
    }
    if case.own()?.is_some() || case.containers()?.iter().any(|container| container.id == record.container) {
        return Ok(None);
    }
    match case.seen.host.remains {
        Some(Remains::There) => refuse(Refusal::ContainerHidden {
            data_root: record.daemon.data_root.clone(),
            container: record.container.clone(),
        }),
        Some(Remains::Gone | Remains::NotVisible) => Ok(None),
        None => {
            let what = "nothing is said of the recorded container's folder".to_owned();
            Err(Waits::Unknown(Why::Malformed { call: "the look".to_owned(), what }))
        }
    }
}

/// Nothing says which of several volumes is the gateway's, or the one that its owner named is not there.
pub fn volumes_ambiguous(case: &Case<'_>) -> Judged {
    if case.own()?.is_some() {
        return Ok(None);
    }
    if let Some(adopt) = &case.intent.adopt
        && !case.has_volume(adopt)?
    {
        return refuse(Refusal::NoSuchVolume { volume: adopt.clone() });
    }
    match choose(case)? {
        Chosen::Mounts(_) => Ok(None),
        Chosen::Ambiguous { path, candidates } => {
            let unmeasured = |volume: crate::observation::VolumeSeen| MeasuredVolume {
                name: volume.name,
                created: volume.created,
                size_bytes: None,
            };
            refuse(Refusal::VolumesAmbiguous { path, candidates: candidates.into_iter().map(unmeasured).collect() })
        }
    }
}

/// Volumes that the record names are gone: making new ones in their place would look like an empty gateway.
pub fn data_gone(case: &Case<'_>) -> Judged {
    let Some(record) = case.past() else { return Ok(None) };
    let begun = case.tried.may_have(Act::MakeVolume);
    if case.own()?.is_some() || case.intent.adopt.is_some() || case.intent.reset.is_some() || begun {
        return Ok(None);
    }
    let mut recorded = record.volume_names();
    if recorded.is_empty() && record.was_ready {
        recorded = record.spec.volumes().map(|(name, _)| name.clone()).collect();
    }
    let (left, gone) = split_by_existence(case, recorded)?;
    if gone.is_empty() { Ok(None) } else { refuse(Refusal::DataGone { gone, left }) }
}

fn split_by_existence(case: &Case<'_>, names: Vec<VolumeName>) -> Result<(Vec<VolumeName>, Vec<VolumeName>), Waits> {
    let there = case.volumes()?;
    Ok(names.into_iter().partition(|name| there.iter().any(|volume| volume.name == *name)))
}

/// Its volumes outlived it: a new container is made on them.
pub fn volumes_left(case: &Case<'_>) -> Judged {
    if case.own()?.is_some() || case.intent.reset.is_some() || case.tried.may_have(Act::MakeVolume) {
        return Ok(None);
    }
    let mounts = mounts(case)?;
    let (left, _) = split_by_existence(case, mounts.iter().map(|(_, name)| name.clone()).collect())?;
    if left.is_empty() { Ok(None) } else { next_step(case, Act::Adopt, &mounts).map(Some) }
}

/// Its owner wants to begin anew, and that can be: exactly the volumes whose absence of a container is proved go.
pub fn reset(case: &Case<'_>) -> Judged {
    let Some(consent) = &case.intent.reset else { return Ok(None) };
    if case.own()?.is_some() || case.tried.may_have(Act::MakeVolume) {
        return Ok(None);
    }
    let volumes = volumes_there(case)?;
    if !volumes.is_empty() && case.helper()?.is_none() && !case.wanted.from_nothing {
        return refuse(preset_legacy(case));
    }
    // What a run has bereaved itself it does not remove, whoever removed the other container meanwhile.
    if let Some((volume, _)) = volumes.first().filter(|_| case.tried.has_removed_a_container()) {
        return refuse(Refusal::NotProved { volume: volume.clone(), lacks: NotProved::Bereaved });
    }
    give_up(case, consent, &volumes)
}

/// The gateway's volumes that outlived its container, each with the path at which the gateway has it.
pub fn volumes_there(case: &Case<'_>) -> Result<Vec<(VolumeName, Option<String>)>, Waits> {
    let there = case.volumes()?;
    let exists = |name: &VolumeName| there.iter().any(|volume| volume.name == *name);
    Ok(mounts(case)?.into_iter().filter(|(_, name)| exists(name)).map(|(path, name)| (name, Some(path))).collect())
}

/// The next step to these volumes' being gone, a backup of them included; none where there are none.
pub fn give_up(case: &Case<'_>, consent: &Consent, volumes: &[(VolumeName, Option<String>)]) -> Judged {
    if case.helper()?.is_some() {
        // The helper of this run's backup: what it mounts is not proved to be without a container as long as it is there.
        return backed_up(case, volumes);
    }
    let mut absences = Vec::new();
    for (volume, _) in volumes {
        let absence = Absence::prove(case.seen, consent, &case.intent.gateway, &case.wanted, volume);
        match settled(absence)? {
            Ok(absence) => absences.push(absence),
            Err(lacks) => return refuse(Refusal::NotProved { volume: volume.clone(), lacks }),
        }
    }
    if absences.is_empty() || case.intent.purpose == Purpose::Look {
        return Ok((!absences.is_empty()).then_some(Plan::Reset { absences }));
    }
    // Where it cannot be seen whether the recorded container is on the disk, the backup cannot be waived.
    let waived = case.intent.no_backup && case.seen.host.remains != Some(Remains::NotVisible);
    if !waived && !case.tried.has(Act::BackUp) {
        return backed_up(case, volumes);
    }
    // Another may have been taken for its own since, where a record or those that bore its label have gone.
    if let Some((other, _)) = volumes.iter().find(|(name, _)| !waived && !case.tried.backed_up.contains(name)) {
        let message = format!("the volume `{other}` is not in the backup that was made");
        return refuse(Refusal::NotBackedUp { failure: Failure::Rejected { status: None, message }, reset: true });
    }
    if let Some(failed) = case.tried.gave_up(&[Act::RemoveVolume]) {
        let (what, failure) = (failed.what.clone(), failed.failure.clone());
        return refuse(Refusal::NotRemoved { what, failure });
    }
    let absence = absences.swap_remove(0);
    Ok(Some(Plan::Perform { act: Act::RemoveVolume, step: Command::RemoveVolume { absence } }))
}

/// A proof that is lacking: what has to be asked, or looked at again, is no answer.
pub fn settled(absence: Result<Absence, NotProved>) -> Result<Result<Absence, NotProved>, Waits> {
    match absence {
        Ok(absence) => Ok(Ok(absence)),
        Err(NotProved::Unknown { why }) => Err(Waits::Unknown(why)),
        Err(NotProved::DaemonNotAsked) => Err(Waits::NotAsked(Look { identity: true, ..Look::default() })),
        Err(
            lacks @ (NotProved::NoConsent
            | NotProved::OtherDaemon
            | NotProved::Container { .. }
            | NotProved::Remains
            | NotProved::NotItsVolume
            | NotProved::Record
            | NotProved::Bereaved),
        ) => Ok(Err(lacks)),
    }
}

/// The next step to a backup of what is about to be removed.
fn backed_up(case: &Case<'_>, volumes: &[(VolumeName, Option<String>)]) -> Judged {
    if let (Some(_), Some(helper)) = (&case.tried.backup_failed, case.helper()?)
        && case.tried.gave_up(&[Act::RemoveHelper]).is_none()
    {
        return Ok(Some(backup::remove_helper(helper)));
    }
    match backup::towards(case, None, volumes)? {
        Step::Next(plan) => Ok(Some(*plan)),
        Step::Failed(failure) => refuse(Refusal::NotBackedUp { failure, reset: true }),
        // What holds the volume is the helper, which could not be removed.
        Step::Done => {
            let failed = case.tried.failed.as_ref();
            let failure = failed.map_or_else(gone_again, |failed| failed.failure.clone());
            refuse(Refusal::NotRemoved { what: Act::RemoveHelper.as_str().to_owned(), failure })
        }
    }
}

fn gone_again() -> Failure {
    Failure::Rejected { status: None, message: "others keep undoing what this run does".to_owned() }
}

/// There is nothing: make it.
pub fn nothing(case: &Case<'_>) -> Judged {
    if !case.wanted.from_nothing {
        return refuse(preset_legacy(case));
    }
    next_step(case, Act::Create, &mounts(case)?).map(Some)
}

fn preset_legacy(case: &Case<'_>) -> Refusal {
    Refusal::PresetLegacy { preset: case.wanted.preset.clone(), recorded: case.seen.record.record().is_some() }
}

/// The volume for each path; the row of several candidates comes before all that ask.
fn mounts(case: &Case<'_>) -> Result<Vec<(String, VolumeName)>, Waits> {
    match choose(case)? {
        Chosen::Mounts(mounts) => Ok(mounts),
        Chosen::Ambiguous { path, .. } => unreachable!("several volumes for `{path}` are refused by a row above"),
    }
}
