//! A decision in words: the row of the table that held, and what its plan would do.

use engine::{Act, Decision, EndReplacement, Plan, Row};

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
            | Act::Restart => format!("{}, then look again", step.describe()),
        },
        Plan::Replace { differences } => {
            let differences: Vec<_> = differences.iter().map(ToString::to_string).collect();
            let why = if differences.is_empty() { String::new() } else { format!(" ({})", differences.join("; ")) };
            format!("replace the container and keep its volumes{why}")
        }
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
    }
}
