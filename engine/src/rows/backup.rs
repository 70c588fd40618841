//! The steps to a verified backup: a helper that mounts the volumes and is never started, the gateway stopped, the copy,
//! and the helper gone again. What was stopped is written on the helper before the stop, so that whoever finds one that a
//! killed run has left knows it. Absent on purpose: how a backup is written, which is the host's.

use crate::act::Act;
use crate::as_seen::node_name_as_seen;
use crate::candidates::{Chosen, choose};
use crate::case::{Case, Waits, own_names};
use crate::command::Command;
use crate::container::{ContainerSeen, MountedSource};
use crate::decide::Judged;
use crate::event::Failure;
use crate::helper::{BackupOrder, HelperContainer, HelperMount};
use crate::intent::Purpose;
use crate::labels;
use crate::names::{ImageRef, VolumeName};
use crate::plan::Plan;
use crate::reason::Reason;
use crate::refusal::Refusal;
use crate::rows::ownership::held_by_writer;
use crate::rows::says::{keep, refuse, towards_a_stop};
use crate::rows::{carried, present};
use crate::spec::{Env, GatewaySpec, ImageSource, SandboxListing};

/// The image that helpers are made from. It holds nothing, so that Docker has nothing to copy into a volume.
const EMPTY_IMAGE: &str = "nemoclaw-empty:1";

/// What comes next on the way to a backup.
pub enum Step {
    /// This.
    Next(Box<Plan>),
    /// It was made, or there is nothing to copy.
    Done,
    /// It could not be made.
    Failed(Failure),
}

/// The next step to a backup of these volumes, each with the path at which the gateway has it, of a gateway whose container
/// is `own`, if it has one.
pub fn towards(
    case: &Case<'_>,
    own: Option<&ContainerSeen>,
    volumes: &[(VolumeName, Option<String>)],
) -> Result<Step, Waits> {
    if let Some(failure) = &case.tried.backup_failed {
        return Ok(Step::Failed(failure.clone()));
    }
    let helper = case.helper()?;
    if case.tried.has(Act::BackUp) || volumes.is_empty() {
        return Ok(match helper.filter(|_| case.tried.gave_up(&[Act::RemoveHelper]).is_none()) {
            Some(helper) => Step::Next(Box::new(remove_helper(helper))),
            None => Step::Done,
        });
    }
    let mounts: Vec<_> = volumes.iter().enumerate().map(mount).collect();
    let runs = match own {
        Some(own) => own.may_write()?,
        None => false,
    };
    let Some(helper) = helper else {
        let made = make_helper(case, own.filter(|_| runs), mounts, Through::Read)?;
        return Ok(made.map_or(Step::Done, |plan| Step::Next(Box::new(plan))));
    };
    let told = |own: &ContainerSeen| helper.labels.get(labels::STOPPED).is_some_and(|id| id == own.id.as_str());
    if !has_just(helper, &mounts) || own.is_some_and(|own| runs && !told(own)) {
        // It was made for another backup than this one.
        return Ok(Step::Next(Box::new(remove_helper(helper))));
    }
    if let Some(own) = own
        && let Some((act, step)) = towards_a_stop(case, own, *own.status.get()?, Act::StopToBackUp)
    {
        return Ok(perform(act, step));
    }
    let recorded = case.past().map_or(&case.wanted, |record| &record.spec);
    let beside = match (&recorded.sandboxes, case.past()) {
        (SandboxListing::Siblings { .. }, Some(record)) => record.sandboxes.iter().cloned().collect(),
        (_, _) => Vec::new(),
    };
    let (carried, left_out) = match own {
        Some(own) => carried::backed_up(case, own)?,
        None => (Vec::new(), Vec::new()),
    };
    let order = BackupOrder {
        gateway: case.intent.gateway.clone(),
        helper: helper.id.clone(),
        container: own.map(|own| own.id.clone()),
        image_id: own.map(|own| own.image_id.clone()),
        spec: GatewaySpec { env: Env::default(), node_name: node_name(case, own), ..recorded.clone() },
        volumes: mounts,
        beside,
        carried,
        left_out,
    };
    Ok(perform(Act::BackUp, Command::BackUp(Box::new(order))))
}

/// The volumes that a container mounts, each with where.
pub fn volumes_of(container: &ContainerSeen) -> Vec<(VolumeName, Option<String>)> {
    let of = |mount: &crate::container::MountSeen| match &mount.source {
        MountedSource::Volume { name } => Some((name.clone(), Some(mount.path.clone()))),
        MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
    };
    let mut volumes: Vec<_> = container.mounts.iter().filter_map(of).collect();
    volumes.sort();
    // One volume may be mounted twice.
    volumes.dedup_by(|one, other| one.0 == other.0);
    volumes
}

pub fn mount((index, (volume, path)): (usize, &(VolumeName, Option<String>))) -> HelperMount {
    HelperMount { volume: volume.clone(), path: path.clone(), at: format!("/v{index}") }
}

/// Whether a helper mounts these volumes and no other.
pub fn has_just(helper: &ContainerSeen, mounts: &[HelperMount]) -> bool {
    helper.mounts.len() == mounts.len()
        && mounts
            .iter()
            .all(|mount| helper.mounts.iter().any(|seen| seen.path == mount.at && seen.volume() == Some(&mount.volume)))
}

/// The node name by which the data is keyed, as far as anybody knows.
fn node_name(case: &Case<'_>, own: Option<&ContainerSeen>) -> String {
    match (own, case.past()) {
        (Some(own), _) => node_name_as_seen(&case.wanted, own),
        (None, Some(past)) => past.node_name.clone(),
        (None, None) => case.wanted.node_name.clone(),
    }
}

/// What is done with volumes through a helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// They are read.
    Read,
    /// They are written and read back.
    ReadAndWritten,
}

/// Makes the helper, and before it, where Docker says that it lacks it, its image.
pub fn make_helper(
    case: &Case<'_>,
    stops: Option<&ContainerSeen>,
    volumes: Vec<HelperMount>,
    through: Through,
) -> Judged {
    let image = ImageRef::new(EMPTY_IMAGE);
    let lacks_image = case.tried.failed.as_ref().is_some_and(|failed| {
        failed.act == Act::MakeHelper && matches!(failed.failure, Failure::Rejected { status: Some(404), .. })
    });
    if lacks_image {
        let step = Command::ProvideImage { reference: image, source: ImageSource::Empty };
        return Ok(Some(Plan::Perform { act: Act::ProvideEmptyImage, step }));
    }
    let [_, _, name] = own_names(&case.wanted.container);
    let mut labels = labels::owner(&case.intent.gateway, &case.wanted);
    labels.insert(labels::ROLE.to_owned(), labels::ROLE_HELPER.to_owned());
    if let Some(own) = stops {
        labels.insert(labels::STOPPED.to_owned(), own.id.to_string());
    }
    let read_only = through == Through::Read;
    let helper = HelperContainer { name, image, labels, volumes, read_only };
    Ok(Some(Plan::Perform { act: Act::MakeHelper, step: Command::CreateHelper(Box::new(helper)) }))
}

/// The helper has done its part, or is left over.
pub fn remove_helper(helper: &ContainerSeen) -> Plan {
    Plan::Perform { act: Act::RemoveHelper, step: Command::RemoveContainer { container: helper.id.clone() } }
}

fn perform(act: Act, step: Command) -> Step {
    Step::Next(Box::new(Plan::Perform { act, step }))
}

/// A helper that another run has left holds volumes for nothing. What was stopped for it is brought up by the rows below.
pub fn left_over_helper(case: &Case<'_>) -> Judged {
    let ours = case.tried.may_have(Act::MakeHelper) || case.intent.purpose == Purpose::BackUp;
    let Some(helper) = case.helper()?.filter(|_| !ours) else { return Ok(None) };
    if case.tried.gave_up(&[Act::RemoveHelper]).is_some() || case.intent.purpose == Purpose::Look {
        return Ok(None);
    }
    case.daemon()?;
    if helper.may_write()? {
        // It is never started by us.
        return Ok(None);
    }
    Ok(Some(remove_helper(helper)))
}

/// A backup was asked: what runs is stopped for that time and runs again afterwards.
pub fn asked_for(case: &Case<'_>) -> Judged {
    case.daemon()?;
    if let Some(held) = held_by_writer(case)? {
        return Ok(Some(held));
    }
    let own = case.own()?;
    if let Some(own) = own
        && own.auto_remove
        && own.may_write()?
    {
        return refuse(Refusal::AutoRemove { container: own.name.clone() });
    }
    let volumes = match own {
        Some(own) => volumes_of(own),
        None => volumes_left(case)?,
    };
    if volumes.is_empty() {
        return refuse(Refusal::NothingToBackUp { container: case.wanted.container.clone() });
    }
    let is_over = case.tried.has(Act::BackUp) || case.tried.backup_failed.is_some();
    if let Some(own) = own.filter(|_| !is_over) {
        // What cannot be known is no reason to have stopped it.
        carried::backed_up(case, own)?;
    }
    if !is_over && let Step::Next(plan) = towards(case, own, &volumes)? {
        return Ok(Some(*plan));
    }
    if let Some(plan) = put_back(case)? {
        return Ok(Some(plan));
    }
    match &case.tried.backup_failed {
        Some(failure) => refuse(Refusal::NotBackedUp { failure: failure.clone(), reset: false }),
        None => keep(Reason::AsAsked),
    }
}

/// What was stopped for a backup runs again and the helper goes; none where all is as it was before.
pub fn put_back(case: &Case<'_>) -> Judged {
    let own = case.own()?;
    let helper = case.helper()?;
    let stopped_by_us = own.is_some_and(|own| {
        let said = |helper: &ContainerSeen| helper.labels.get(labels::STOPPED).is_some_and(|id| id == own.id.as_str());
        case.tried.may_have(Act::StopToBackUp) || helper.is_some_and(said)
    });
    if stopped_by_us {
        // It is to run again before the helper goes, on which it is written that it is to.
        if let Some(start) = present::stopped(case)? {
            return Ok(Some(start));
        }
    }
    if let Some(helper) = helper.filter(|_| case.tried.gave_up(&[Act::RemoveHelper]).is_none()) {
        return Ok(Some(remove_helper(helper)));
    }
    if stopped_by_us {
        if let Some(down) = present::not_recovered(case)? {
            return Ok(Some(down));
        }
        if let Some(not_ready) = present::not_ready(case)?
            && case.tried.waited.is_none()
        {
            return Ok(Some(not_ready));
        }
    }
    Ok(None)
}

/// The volumes that outlived the gateway's container.
fn volumes_left(case: &Case<'_>) -> Result<Vec<(VolumeName, Option<String>)>, Waits> {
    let there = case.volumes()?;
    let chosen: Vec<_> = match choose(case)? {
        Chosen::Mounts(mounts) => mounts.into_iter().map(|(path, name)| (name, Some(path))).collect(),
        // Whichever is the gateway's: none is lost.
        Chosen::Ambiguous { candidates, .. } => candidates.into_iter().map(|volume| (volume.name, None)).collect(),
    };
    Ok(chosen.into_iter().filter(|(name, _)| there.iter().any(|volume| volume.name == *name)).collect())
}
