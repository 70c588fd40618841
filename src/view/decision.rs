//! A decision in words: the row of the table that held, and what its plan would do.

use engine::{Act, Decision, Difference, EndReplacement, Plan, Row};

use super::names;

/// The plan, after "onboarding would".
pub fn would(plan: &Plan) -> String {
    match plan {
        Plan::Look(_) => "look again".to_owned(),
        Plan::Keep { .. } => "leave it as it is".to_owned(),
        Plan::Refuse { .. } => "refuse".to_owned(),
        Plan::Perform { act, step } => match act {
            Act::ProvideImage | Act::MakeNetwork | Act::MakeVolume => {
                format!("{}, then look and go on", step.describe())
            }
            Act::Create
            | Act::Adopt
            | Act::Connect
            | Act::Start
            | Act::Unpause
            | Act::Await
            | Act::Stop
            | Act::StopToRepair
            | Act::Restart
            | Act::ListBefore
            | Act::CreateNext
            | Act::Disarm
            | Act::StopOld
            | Act::Carry
            | Act::SetAside
            | Act::TakePlace
            | Act::Arm
            | Act::RemoveOld
            | Act::StopNext
            | Act::StepBack
            | Act::PutBack
            | Act::RemoveNext
            | Act::ProvideEmptyImage
            | Act::MakeHelper
            | Act::StopToBackUp
            | Act::BackUp
            | Act::RemoveHelper
            | Act::RemoveVolume
            | Act::VerifyBackup
            | Act::RemoveUnfinished
            | Act::MakeRestored
            | Act::Restore
            | Act::RemoveOwn
            | Act::RemoveNetwork
            | Act::SetRecordAside
            | Act::Record => format!("{}, then look again", step.describe()),
        },
        Plan::RollBack { .. } => "undo a replacement that was begun".to_owned(),
        Plan::Replace { .. } => "replace the container and keep its volumes".to_owned(),
        Plan::EndReplacement { how: EndReplacement::RemovePrevious } => {
            "remove the previous container of a replacement that is done".to_owned()
        }
        Plan::EndReplacement { how: EndReplacement::Finish } => "finish a replacement that was begun".to_owned(),
        Plan::EndReplacement { how: EndReplacement::RollBack } => "undo a replacement that was begun".to_owned(),
        Plan::Reset { absences } => {
            format!("remove the volumes {} and begin anew", names(absences.iter().map(|absence| absence.volume())))
        }
    }
}

/// What a replacement would change of the container, as a diff: a line with what it has, and one with what is wanted.
pub fn changes(plan: &Plan) -> Option<String> {
    let Plan::Replace { differences } = plan else { return None };
    if differences.is_empty() {
        return Some("nothing but the container itself".to_owned());
    }
    let lines = differences.iter().map(|difference| match difference {
        Difference::Image { has, wanted } => format!("- image {has}\n+ image {wanted}"),
        Difference::ImageMoved { reference, has, wanted } => {
            format!("- image {reference} ({has})\n+ image {reference} ({wanted})")
        }
        Difference::Port { has, wanted } => format!("- port {has}\n+ port {wanted}"),
        Difference::Mount { path } => format!("+ mount {path}"),
        Difference::Environment { name } => format!("- environment {name}=(hidden)\n+ environment {name}=(hidden)"),
        Difference::CommandLine => "- command line\n+ command line".to_owned(),
        Difference::Restart => "- restart policy\n+ restart policy".to_owned(),
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// The row with its stable ID and what it means.
pub fn row(decision: &Decision) -> String {
    format!("{}: {}", super::json::row_id(decision.row), says(decision.row))
}

fn says(row: Row) -> &'static str {
    match row {
        Row::DockerUnknown => "Docker did not answer with authority",
        Row::RecordUnusable => "the record cannot be used",
        Row::OtherDaemon => "the Docker daemon is not the recorded one",
        Row::NotOurs => "what bears the name is not this gateway's",
        Row::VolumeHeldByWriter => "another container may be writing to its volume",
        Row::HalfDoneReplacement => "a replacement was begun and not ended",
        Row::WrongVolume => "the container does not mount its volume",
        Row::ResetContainerExists => "a reset was asked for, but the container exists",
        Row::ImageUnavailable => "the image cannot be had",
        Row::NotReplaceable => "the container cannot be replaced by us",
        Row::LayerHoldsData => "the container's own layer holds files",
        Row::Replacement => "a replacement was asked for",
        Row::PortHeld => "somebody else holds its port",
        Row::Stopped => "the container exists and does not run",
        Row::NotRecovered => "the container cannot be started",
        Row::Disconnected => "it runs without its network or published port",
        Row::NotReady => "it runs and is not ready",
        Row::ReadinessUnknown => "it runs, and its health cannot be asked",
        Row::ReadyWithNotes => "it is ready, and there is something to tell",
        Row::Ready => "it is ready",
        Row::VolumeHeldByName => "it has no container, and one under another name has its volume",
        Row::ContainerHidden => "Docker denies its container, whose files are on the disk",
        Row::VolumesAmbiguous => "it has no container, and several volumes could be its own",
        Row::DataGone => "its container is gone, and so is its data",
        Row::VolumesLeft => "it has no container, and its volumes are there",
        Row::Reset => "it has no container, and its owner wants to begin anew",
        Row::Nothing => "there is neither a container nor a volume",
        Row::Stop => "a stop was asked for",
        Row::LeftOverHelper => "a run that was cut has left the helper of its backup",
        Row::BackUp => "a backup was asked for",
        Row::Restore => "a restore was asked for, and the container exists",
        Row::RestoreMissing => "a restore was asked for, and there is no container",
        Row::Destroy => "its destruction was asked for",
        Row::SetAside => "the removal of what restores have set aside was asked for",
    }
}
