//! What to think of before following an advice: the usual cause of a refusal, where it has one.

use engine::{Effect, Refusal, Trouble, Why};

use super::{Asked, Report};

/// A sentence or two, where they help.
pub fn hint(report: &Report, refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::DockerUnknown { why: Why::NotListening { .. } }
        | Refusal::DockerLost { why: Why::NotListening { .. }, .. } => {
            "Is Docker running? Is it another context or DOCKER_HOST?"
        }
        Refusal::DockerUnknown { why: Why::PermissionDenied { .. } }
        | Refusal::DockerLost { why: Why::PermissionDenied { .. }, .. } => {
            "Your user is not in the group that may use Docker."
        }
        Refusal::RecordUnusable { aside: Some(_), .. } => {
            "The record only says what was last seen. Without it the gateway is found by its name, and where nothing of \
             it is left a new one is made."
        }
        Refusal::RecordUnusable { aside: None, .. } | Refusal::StateUnusable { .. } => {
            "Is a disk full, read-only or not mounted, or is it somebody else's folder?"
        }
        Refusal::OtherDaemon { .. } => {
            "Is another Docker context or DOCKER_HOST set? Was Docker's data root or storage driver changed? The data \
             is where the record says, until somebody moves it."
        }
        Refusal::DaemonChanged { .. } => {
            "Was Docker restarted with other settings, or did another one take its place? What was made so far is on the \
             first one. Settle which is meant: the next run looks anew."
        }
        Refusal::WrongVolume { .. } => {
            "Its work is in the volume that it does not mount: started like this, it looks empty."
        }
        Refusal::ContainerHidden { .. } => "Was Docker's storage driver switched, or did a power cut damage its files?",
        Refusal::VolumesAmbiguous { .. } => "Any of them can be named. The others stay as they are.",
        Refusal::NodeNameUnknown { .. } => {
            "The name given here is the usual one. A gateway made before node names were fixed had the first 12 digits \
             of its container's ID. Under a wrong one it looks empty, and its data stays where it is."
        }
        Refusal::PresetLegacy { .. } => {
            "Where the older tool has made one, this takes it over; another kind can be made from nothing."
        }
        Refusal::PresetAmbiguous { .. } => "Any of them can be named. The others stay as they are.",
        Refusal::DataGone { .. } if !report.backups.is_empty() => {
            "Is a disk not mounted? Then mount it first. Otherwise this brings back what the newest backup holds; \
             `onboard --reset` makes a new, empty gateway instead."
        }
        Refusal::DataGone { .. } => {
            "Is a disk not mounted? Then mount it first. Otherwise this makes a new, empty gateway, and keeps the old \
             record beside the new one."
        }
        Refusal::ResetContainerExists { .. } => {
            "A gateway whose container exists is not lost: `nemoclaw onboard` starts it."
        }
        Refusal::VolumeHeld { writing: false, rename_to: None, .. } if matches!(report.asked, Asked::Destroy(_)) => {
            "Somebody else's container would lose it too: whoever that is has to remove it first."
        }
        Refusal::VolumeHeld { writing: true, .. } => "Two containers that write to one volume damage what is in it.",
        Refusal::LayerHoldsData { .. } if matches!(report.asked, Asked::Destroy(_)) => {
            "No backup would hold it. `nemoclaw onboard --recreate` takes along what the preset carries onto a volume, and \
             `docker cp` copies anything; `--leave-behind` gives it up."
        }
        Refusal::LayerHoldsData { .. } => {
            "`--carry PATH` takes a path along, as often as it is typed; `--leave-behind` gives up what is left."
        }
        Refusal::RolledBack { .. } => {
            "Its volumes were never anywhere else. The trace has what the next container wrote."
        }
        Refusal::NotPutBack { trouble: Trouble::PortHeld { .. }, .. } => {
            "Once the port is free, `nemoclaw onboard` starts it."
        }
        Refusal::NotPutBack { .. } if report.outcome.backup.is_none() => {
            "Has the new image changed the data so that the old one cannot run on it?"
        }
        Refusal::NotPutBack { .. } => {
            "Has the new image changed the data so that the old one cannot run on it? The backup that was made before \
             holds it as it was."
        }
        Refusal::NotBackedUp { reset: true, .. } => {
            "Nothing is given up without a backup, unless `--no-backup` is typed."
        }
        Refusal::OtherPreset { what, .. } if what == "the backup" => {
            "A backup is restored into a gateway of its own kind: one that was of that kind before, or a new one."
        }
        Refusal::NotRestored { .. } => {
            "Is there space for the data a second time? The old volumes are kept beside the new."
        }
        Refusal::SetAsideLeft { .. } => "Once the gateway's record is gone, nothing would name them any more.",
        Refusal::NotCreated { .. } => "Remove the cause first. What was made so far is used again.",
        Refusal::DockerUnknown { .. }
        | Refusal::DockerLost { .. }
        | Refusal::Locked { .. }
        | Refusal::OtherPreset { .. }
        | Refusal::ForeignContainer { .. }
        | Refusal::VolumeHeld { writing: false, .. }
        | Refusal::ImageUnavailable { .. }
        | Refusal::ImageUnfit { .. }
        | Refusal::ManagedElsewhere { .. }
        | Refusal::AutoRemove { .. }
        | Refusal::PortHeld { .. }
        | Refusal::NotRecovered { .. }
        | Refusal::NotStopped { .. }
        | Refusal::NoContainer { .. }
        | Refusal::ReadinessUnknown { .. }
        | Refusal::NoSuchVolume { .. }
        | Refusal::NotProved { .. }
        | Refusal::BackupUnusable { .. }
        | Refusal::NothingToBackUp { .. }
        | Refusal::NotRemoved { .. }
        | Refusal::NotBackedUp { reset: false, .. }
        | Refusal::HalfDone { .. }
        | Refusal::Interrupted { .. } => return None,
    })
}

/// What following an advice does, where that is not to lead out by itself.
pub fn effect(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::LeadsOut => None,
        Effect::OnTheMachine => Some("then the same command again"),
    }
}
