//! The everyday acts, `stop` and `start`: each is the one act that was asked for, under the guards of the table.

use crate::act::Act;
use crate::case::Case;
use crate::decide::Judged;
use crate::intent::Purpose;
use crate::reason::Reason;
use crate::refusal::{Refusal, Trouble};
use crate::rows::ownership::held_by_writer;
use crate::rows::says::{keep, perform, refuse, towards_a_stop};

/// A stop was asked: what it would lose is refused, what does not run is left, and a paused process is woken first,
/// because it could not end by itself: unless that would make it a second writer.
pub fn stop(case: &Case<'_>) -> Judged {
    let Some((own, status)) = case.own_status()? else {
        return refuse(Refusal::NoContainer { container: case.wanted.container.clone() });
    };
    let Some((act, step)) = towards_a_stop(case, own, status, Act::Stop) else { return keep(Reason::AsAsked) };
    if own.auto_remove {
        return refuse(Refusal::AutoRemove { container: own.name.clone() });
    }
    if let Some(failed) = case.tried.gave_up(&[Act::Stop, Act::Unpause]) {
        let (container, failure) = (own.name.clone(), failed.failure.clone());
        return refuse(Refusal::NotStopped { container, failure });
    }
    if act == Act::Unpause
        && let Some(held) = held_by_writer(case)?
    {
        return Ok(Some(held));
    }
    perform(act, step)
}

/// Why an act is not carried out where only a start was asked for.
pub fn more_than_a_start(case: &Case<'_>, act: Act) -> Option<Refusal> {
    if case.intent.purpose != Purpose::Start {
        return None;
    }
    let Ok(Some(own)) = case.own() else {
        return Some(Refusal::NoContainer { container: case.wanted.container.clone() });
    };
    let trouble = match act {
        Act::Restart => Trouble::NotReady { restarted: false },
        Act::StopToRepair => Trouble::Disconnected { repaired: false },
        Act::ProvideImage
        | Act::MakeNetwork
        | Act::MakeVolume
        | Act::Create
        | Act::Adopt
        | Act::Connect
        | Act::Start
        | Act::Unpause
        | Act::Await
        | Act::Stop
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
        | Act::Record => return None,
    };
    Some(Refusal::NotRecovered { container: own.name.clone(), trouble, exit: own.exit.clone(), log: Vec::new() })
}
