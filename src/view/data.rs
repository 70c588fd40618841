//! Where the data is: the last line of every end, and what a refusal left untouched. Said with no more certainty than
//! the run had.

use engine::{Refusal, Status, VolumeName};

use super::{Report, Simulated, names};

/// The line that every end closes with.
pub fn line(report: &Report) -> String {
    if let Some(Simulated { kept_in, .. }) = &report.simulated {
        return format!("Your data: none of it is real; the simulated host is kept in {}.", kept_in.display());
    }
    let docker = docker(report);
    format!(
        "Your data: {}.",
        report.outcome.refusal().and_then(|refusal| refused(refusal, &docker)).unwrap_or_else(|| {
            match report.outcome.seen.volumes.as_slice() {
                [] if !report.removed.is_empty() => given_up(report),
                [] if docker_was_seen(report) => {
                    format!("no volume of this gateway was seen at {docker}; this run removed none")
                }
                [] => as_it_was(report.outcome.changed, &docker),
                there => format!("{} at {docker}{}", volumes(there), set_aside(report)),
            }
        })
    )
}

/// Where it is once its volumes are removed, as their owner asked.
fn given_up(report: &Report) -> String {
    let given_up = volumes(&report.removed);
    match &report.outcome.backup {
        Some(backup) => format!("in the backup {}; {given_up} removed, as asked", backup.path),
        None => format!("given up: {given_up} removed, as asked; this run made no backup"),
    }
}

/// The volumes that held it before a restore.
fn set_aside(report: &Report) -> String {
    match report.outcome.seen.set_aside.as_slice() {
        [] => String::new(),
        there => format!("; as it was before a restore: {}", volumes(there)),
    }
}

/// Where it is after a refusal that knows better than the list of volumes that was seen: those may be a stranger's.
fn refused(refusal: &Refusal, docker: &str) -> Option<String> {
    Some(match refusal {
        Refusal::DataGone { gone, left } => {
            let are = if gone.len() == 1 { "is" } else { "are" };
            let still = if left.is_empty() { String::new() } else { format!("; still there: {}", volumes(left)) };
            format!("{} {are} not at {docker}; this run removed nothing{still}", volumes(gone))
        }
        Refusal::VolumesAmbiguous { candidates, .. } => {
            let candidates = names(candidates.iter().map(|candidate| &candidate.name));
            format!("untouched, in one of the volumes {candidates} at {docker}")
        }
        Refusal::OtherDaemon { recorded, .. } => format!(
            "where the record says, at the daemon `{}` (data root {}); this run changed nothing",
            recorded.name, recorded.data_root
        ),
        Refusal::DaemonChanged { first, .. } => format!(
            "as it was, at the daemon `{}` (data root {}); this run removed nothing",
            first.name, first.data_root
        ),
        Refusal::NodeNameUnknown { volume: Some(volume), .. }
        | Refusal::WrongVolume { expected: volume, .. }
        | Refusal::VolumeHeld { volume, .. }
        | Refusal::NotProved { volume, .. } => format!("volume `{volume}` at {docker}"),
        Refusal::OtherPreset { .. } | Refusal::ForeignContainer { .. } | Refusal::PresetAmbiguous { .. } => {
            as_it_was(false, docker)
        }
        Refusal::DockerUnknown { .. }
        | Refusal::DockerLost { .. }
        | Refusal::RecordUnusable { .. }
        | Refusal::StateUnusable { .. }
        | Refusal::Locked { .. }
        | Refusal::ResetContainerExists { .. }
        | Refusal::ImageUnavailable { .. }
        | Refusal::ImageUnfit { .. }
        | Refusal::ManagedElsewhere { .. }
        | Refusal::AutoRemove { .. }
        | Refusal::LayerHoldsData { .. }
        | Refusal::PortHeld { .. }
        | Refusal::NotRecovered { .. }
        | Refusal::NotStopped { .. }
        | Refusal::NodeNameUnknown { volume: None, .. }
        | Refusal::PresetLegacy { .. }
        | Refusal::NoContainer { .. }
        | Refusal::NotCreated { .. }
        | Refusal::ReadinessUnknown { .. }
        | Refusal::ContainerHidden { .. }
        | Refusal::NoSuchVolume { .. }
        | Refusal::RolledBack { .. }
        | Refusal::NotPutBack { .. }
        | Refusal::HalfDone { .. }
        | Refusal::NotBackedUp { .. }
        | Refusal::BackupUnusable { .. }
        | Refusal::NotRestored { .. }
        | Refusal::SetAsideLeft { .. }
        | Refusal::NothingToBackUp { .. }
        | Refusal::NotRemoved { .. }
        | Refusal::Interrupted { .. } => return None,
    })
}

fn as_it_was(changed: bool, docker: &str) -> String {
    format!("as it was; this run {} nothing at {docker}", if changed { "removed" } else { "changed" })
}

/// What a refused run left as it was, under the word for it: what was acted on is kept, and no longer untouched.
pub fn untouched(report: &Report) -> (&'static str, String) {
    let seen = &report.outcome.seen;
    let container = seen.container.as_ref().map(|(_, name, status)| match status.map(Status::as_str) {
        Some(status) => format!("the container `{name}` ({status})"),
        None => format!("the container `{name}`"),
    });
    let mut there = seen.volumes.clone();
    if let Some(Refusal::DataGone { gone, .. }) = report.outcome.refusal() {
        there.retain(|volume| !gone.contains(volume));
    }
    let there = (!there.is_empty()).then(|| format!("the {}", volumes(&there)));
    let things: Vec<_> = container.into_iter().chain(there).collect();
    if let Some(Refusal::NotRemoved { .. }) = report.outcome.refusal() {
        return ("Kept", "whatever is not named as removed below".to_owned());
    }
    if !report.removed.is_empty() {
        return ("Kept", format!("whatever is not named as removed below (the {})", volumes(&report.removed)));
    }
    match (report.outcome.changed, things.as_slice()) {
        (false, []) => ("Untouched", "everything; nothing was changed".to_owned()),
        (false, things) => ("Untouched", format!("everything: {}", things.join(", "))),
        (true, []) => ("Kept", "every volume; none was removed".to_owned()),
        (true, things) => ("Kept", format!("{}; no volume was removed", things.join(", "))),
    }
}

/// Docker, as a place.
fn docker(report: &Report) -> String {
    match &report.outcome.seen.daemon {
        Some(daemon) => format!("Docker ({}, data root {})", report.address, daemon.data_root),
        None => format!("Docker ({})", report.address),
    }
}

/// Whether Docker was seen to the end, so that an empty list of volumes means something.
fn docker_was_seen(report: &Report) -> bool {
    let seen = &report.outcome.seen;
    let silent = matches!(report.outcome.refusal(), Some(Refusal::DockerUnknown { .. } | Refusal::DockerLost { .. }));
    !silent && (seen.daemon.is_some() || seen.container.is_some())
}

fn volumes(volumes: &[VolumeName]) -> String {
    format!("{} {}", if volumes.len() == 1 { "volume" } else { "volumes" }, names(volumes))
}
