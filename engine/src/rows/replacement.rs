//! The rows about replacing the container: one that was begun, and one that is asked for. A replacement keeps every
//! volume; what it could lose is what lives only in the container's own layer.

use crate::case::{Case, Waits};
use crate::container::{ContainerSeen, Status};
use crate::decide::Judged;
use crate::drift::{differences, image_difference, port_difference};
use crate::event::Failure;
use crate::labels;
use crate::observation::Readiness;
use crate::plan::{Act, Difference, EndReplacement, Look, Plan};
use crate::refusal::Refusal;
use crate::rows::ownership::{held_by_writer, refuse};

/// How many paths of a container's layer a refusal lists.
const PATHS_SHOWN: usize = 10;

/// A replacement that was begun is ended before anything else: committed where the record names the next, else
/// finished where the next is ready under the gateway's name, else undone.
pub fn half_done(case: &Case<'_>) -> Judged {
    let Some((next, previous)) = case.replacement()? else { return Ok(None) };
    // One of the two is about to be stopped and removed: who they are, what they do, and at whose daemon is known.
    case.daemon()?;
    let status = *next.status.get()?;
    previous.status.get()?;
    let in_place = next.name == case.wanted.container;
    let how = if in_place && case.is_recorded(next) {
        EndReplacement::RemovePrevious
    } else if in_place && status == Status::Running && is_ready(case)? {
        EndReplacement::Finish
    } else {
        EndReplacement::RollBack
    };
    Ok(Some(Plan::EndReplacement { how }))
}

/// Whether the health endpoint says ready. Not to know is no reason to undo anything.
fn is_ready(case: &Case<'_>) -> Result<bool, Waits> {
    Ok(matches!(case.seen.host.readiness.get()?, Readiness::Ready { .. }))
}

/// An image that is needed and cannot be had ends the run before anything is changed for it.
pub fn image_unavailable(case: &Case<'_>) -> Judged {
    let Some(failed) = case.tried.gave_up(&[Act::ProvideImage]) else { return Ok(None) };
    // The gateway's own image comes first.
    let image = match (case.seen.host.image.known(), case.seen.host.lacking.known().map(Vec::as_slice)) {
        (Some(Some(_)), Some([])) => return Ok(None),
        (Some(Some(_)), Some([lacking, ..])) => lacking.clone(),
        (Some(None) | None, _) | (_, None) => case.wanted.image.clone(),
    };
    refuse(match &failed.failure {
        // Where the image went while the gateway was being made, it is no longer so that nothing was changed.
        Failure::NotForThisDaemon { message } if !case.tried.may_have_changed() => {
            Refusal::ImageUnfit { image, because: message.clone() }
        }
        failure @ (Failure::NotForThisDaemon { .. } | Failure::Rejected { .. } | Failure::Unknown { .. }) => {
            Refusal::ImageUnavailable { image, failure: failure.clone() }
        }
    })
}

/// Another program's container, and one that Docker removes by itself, are not ours to replace.
pub fn not_replaceable(case: &Case<'_>) -> Judged {
    let Some((own, _)) = to_replace(case)? else { return Ok(None) };
    if own.auto_remove {
        return refuse(Refusal::AutoRemove { container: own.name.clone() });
    }
    match labels::manager_of(&own.labels) {
        Some((manager, command)) => {
            refuse(Refusal::ManagedElsewhere { container: own.name.clone(), manager: manager.to_owned(), command })
        }
        // Beside a ready gateway a writer is a warning, but the next container would be a second one.
        None => held_by_writer(case),
    }
}

/// Files that live only in the old container are left behind only when their owner says so.
pub fn layer_holds_data(case: &Case<'_>) -> Judged {
    let Some((own, _)) = to_replace(case)? else { return Ok(None) };
    if case.intent.leave_behind {
        return Ok(None);
    }
    let paths = match &case.seen.host.layer {
        Some(layer) => layer.get()?,
        None => return Err(Waits::NotAsked(Look { layer: true, ..Look::default() })),
    };
    let left: Vec<&String> = paths.iter().filter(|path| !is_taken_along(case, own, path)).collect();
    if left.is_empty() {
        return Ok(None);
    }
    refuse(Refusal::LayerHoldsData {
        container: own.name.clone(),
        paths: left.iter().take(PATHS_SHOWN).map(|path| (*path).clone()).collect(),
        count: left.len(),
    })
}

/// Whether a path of the container's layer goes along, is worth nothing, or is only where something is mounted.
fn is_taken_along(case: &Case<'_>, own: &ContainerSeen, path: &str) -> bool {
    let lies_in = |folder: &str| {
        path == folder || !folder.is_empty() && path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    let holds = |inner: &str| inner.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let kept = case.wanted.carry.iter().chain(&case.intent.carry).chain(&case.wanted.noise);
    kept.into_iter().any(|folder| lies_in(folder) || holds(folder))
        || own.mounts.iter().any(|mount| lies_in(&mount.path) || holds(&mount.path))
}

/// Drift by flag or spec file, an upgrade, a re-creation: only when somebody asks.
pub fn asked_for(case: &Case<'_>) -> Judged {
    let Some((_, differences)) = to_replace(case)? else { return Ok(None) };
    // A container that is found proves its daemon for every act but removal, and a replacement ends in one.
    case.daemon()?;
    Ok(Some(Plan::Replace { differences }))
}

/// The container that is to be replaced and how it differs, where a replacement is asked for.
fn to_replace<'a>(case: &Case<'a>) -> Result<Option<(&'a ContainerSeen, Vec<Difference>)>, Waits> {
    let Some(own) = case.own()? else { return Ok(None) };
    let typed = case.intent.typed;
    if case.intent.replace.is_none() && !typed.spec && !typed.image && !typed.port {
        return Ok(None);
    }
    let image = case.seen.host.image.get()?.as_ref();
    let asked = if case.intent.replace.is_some() || typed.spec {
        differences(own, &case.wanted, image)
    } else {
        let by_image = typed.image.then(|| image_difference(own, &case.wanted, image)).flatten();
        let by_port = typed.port.then(|| port_difference(own, &case.wanted)).flatten();
        by_image.into_iter().chain(by_port).collect()
    };
    Ok((case.intent.replace.is_some() || !asked.is_empty()).then_some((own, asked)))
}
