//! What rows say in common: to refuse, to act, to keep, to bring a container to a stop, to write down.

use crate::act::Act;
use crate::case::Case;
use crate::command::Command;
use crate::container::{ContainerSeen, Status};
use crate::decide::Judged;
use crate::plan::{Plan, Verdict};
use crate::reason::Reason;
use crate::record::GatewayRecord;
use crate::refusal::Refusal;

/// A row that holds and says no.
pub fn refuse(refusal: Refusal) -> Judged {
    Ok(Some(Plan::Refuse { refusal }))
}

/// A row that holds and names the one act.
pub fn perform(act: Act, step: Command) -> Judged {
    Ok(Some(Plan::Perform { act, step }))
}

/// A row that holds and leaves everything as it is, with nothing more to tell.
pub fn keep(reason: Reason) -> Judged {
    Ok(Some(Plan::Keep { verdict: Verdict { reason, notes: Vec::new() } }))
}

/// What stops a container, with the grace that its owner wants.
pub fn stop(case: &Case<'_>, container: &ContainerSeen) -> Command {
    Command::StopContainer { container: container.id.clone(), grace_s: case.wanted.stop_grace_s }
}

/// The next act to a container's not running, for what is to be done with it then; none where it does not run. One that is
/// paused could not end by itself.
pub fn towards_a_stop(
    case: &Case<'_>,
    container: &ContainerSeen,
    status: Status,
    stops: Act,
) -> Option<(Act, Command)> {
    match status {
        Status::Paused => Some((Act::Unpause, Command::UnpauseContainer { container: container.id.clone() })),
        Status::Running | Status::Restarting => Some((stops, stop(case, container))),
        Status::Created | Status::Exited | Status::Dead => None,
    }
}

/// What writes the record of what there is, or is not any more, in a run that is not for a ready gateway's.
pub fn write_down(record: GatewayRecord) -> Plan {
    Plan::Perform { act: Act::Record, step: Command::WriteRecord { record: record.into(), keep_old: false } }
}
