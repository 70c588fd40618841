//! The decision table, as one pure function.
//!
//! Rows are tried from the top and the first that holds wins, so their order is behaviour. A row that would need to
//! know what is unknown stops the search: nothing below it is judged by a guess. Absent on purpose: time, retries, and
//! any way to a volume's removal that does not carry an [`Absence`](crate::Absence).

use crate::act::Act;
use crate::case::{Case, Waits};
use crate::container::Exit;
use crate::event::Failure;
use crate::intent::{Discard, Intent, Purpose};
use crate::known::{Known, Why};
use crate::observation::{Observation, Readiness};
use crate::plan::{Because, Decision, Look, Note, Plan, Row, Verdict};
use crate::reason::Reason;
use crate::refusal::{Refusal, Trouble};
use crate::rows::{backup, destroy, missing, ownership, present, replacement, restore, stop, under_way};
use crate::tried::{LOOKS_MAX, Tried};

/// What a row says: its plan where it holds, nothing where it does not, or what it waits on.
pub type Judged = Result<Option<Plan>, Waits>;

/// How a row judges a case.
type Judge = fn(&Case<'_>) -> Judged;

/// The table of DESIGN section 4.
const TABLE: [(Row, Judge); 30] = [
    (Row::DockerUnknown, ownership::docker_unknown),
    (Row::RecordUnusable, ownership::record_unusable),
    (Row::OtherDaemon, ownership::other_daemon),
    (Row::NotOurs, ownership::not_ours),
    (Row::VolumeHeldByWriter, ownership::volume_held_by_writer),
    (Row::LeftOverHelper, backup::left_over_helper),
    (Row::HalfDoneReplacement, under_way::half_done),
    (Row::WrongVolume, ownership::wrong_volume),
    (Row::ResetContainerExists, ownership::reset_container_exists),
    (Row::ImageUnavailable, replacement::image_unavailable),
    (Row::NotReplaceable, replacement::not_replaceable),
    (Row::LayerHoldsData, replacement::layer_holds_data),
    (Row::Restore, restore::beside),
    (Row::Replacement, replacement::asked_for),
    (Row::PortHeld, present::port_held),
    (Row::Stopped, present::stopped),
    (Row::NotRecovered, present::not_recovered),
    (Row::Disconnected, present::disconnected),
    (Row::NotReady, present::not_ready),
    (Row::ReadinessUnknown, present::readiness_unknown),
    (Row::ReadyWithNotes, present::ready_with_notes),
    (Row::Ready, present::ready),
    (Row::VolumeHeldByName, missing::volume_held_by_name),
    (Row::ContainerHidden, missing::container_hidden),
    (Row::RestoreMissing, restore::anew),
    (Row::VolumesAmbiguous, missing::volumes_ambiguous),
    (Row::DataGone, missing::data_gone),
    (Row::VolumesLeft, missing::volumes_left),
    (Row::Reset, missing::reset),
    (Row::Nothing, missing::nothing),
];

/// What is asked before a stop.
const STOP_TABLE: [(Row, Judge); 7] = [
    (Row::DockerUnknown, ownership::docker_unknown),
    (Row::RecordUnusable, ownership::record_unusable),
    (Row::OtherDaemon, ownership::other_daemon),
    (Row::NotOurs, ownership::not_ours),
    (Row::LeftOverHelper, backup::left_over_helper),
    (Row::HalfDoneReplacement, under_way::half_done),
    (Row::Stop, stop::stop),
];

/// What is asked before a backup.
const BACKUP_TABLE: [(Row, Judge); 6] = [
    (Row::DockerUnknown, ownership::docker_unknown),
    (Row::RecordUnusable, ownership::record_unusable),
    (Row::OtherDaemon, ownership::other_daemon),
    (Row::NotOurs, ownership::not_ours),
    (Row::HalfDoneReplacement, under_way::half_done),
    (Row::BackUp, backup::asked_for),
];

/// What is asked before a gateway, or a part of it, is destroyed.
const DESTROY_TABLE: [(Row, Judge); 6] = [
    (Row::DockerUnknown, ownership::docker_unknown),
    (Row::RecordUnusable, ownership::record_unusable),
    (Row::OtherDaemon, ownership::other_daemon),
    (Row::NotOurs, ownership::not_ours),
    (Row::HalfDoneReplacement, under_way::half_done),
    (Row::Destroy, destroy::destroy),
];

/// What is asked before that goes which restores have set aside.
const SET_ASIDE_TABLE: [(Row, Judge); 5] = [
    (Row::DockerUnknown, ownership::docker_unknown),
    (Row::RecordUnusable, ownership::record_unusable),
    (Row::OtherDaemon, ownership::other_daemon),
    (Row::NotOurs, ownership::not_ours),
    (Row::SetAside, destroy::set_aside),
];

/// The rows of all tables, from the top.
pub fn rows() -> impl Iterator<Item = Row> {
    TABLE.iter().map(|(row, _)| *row).chain([Row::Stop, Row::BackUp, Row::Destroy, Row::SetAside])
}

/// Decides what to do about an observation. Total: every picture has a decision.
pub fn decide(seen: &Observation, intent: &Intent, tried: &Tried) -> Decision {
    let case = Case::new(seen, intent, tried);
    let table: &[(Row, Judge)] = match intent.purpose {
        Purpose::Onboard | Purpose::Look | Purpose::Start => &TABLE,
        Purpose::Stop => &STOP_TABLE,
        Purpose::BackUp => &BACKUP_TABLE,
        Purpose::Destroy(Discard::Container | Discard::Volumes) => &DESTROY_TABLE,
        Purpose::Destroy(Discard::SetAside) => &SET_ASIDE_TABLE,
    };
    for &(row, judge) in table {
        match judge(&case) {
            Ok(None) => {}
            Ok(Some(Plan::Perform { act, .. })) if let Some(refusal) = stop::more_than_a_start(&case, act) => {
                return refuse(row, refusal);
            }
            Ok(Some(Plan::Perform { act, .. })) if tried.acts_are_used_up() => {
                return refuse(row, used_up(&case, act));
            }
            Ok(Some(Plan::Refuse { refusal })) => {
                return match restore::clean_up(&case) {
                    Some(plan) => Decision { row, plan, waits_on: None },
                    None => refuse(row, put_back(&case, refusal)),
                };
            }
            Ok(Some(plan)) => return Decision { row, plan, waits_on: None },
            Err(Waits::NotAsked(look)) if tried.looks < LOOKS_MAX => {
                return Decision { row, plan: Plan::Look(look), waits_on: None };
            }
            Err(Waits::NotAsked(_)) => {
                let what = "what is to be asked for changes with every look".to_owned();
                return give_up(&case, row, Why::Contradiction { what });
            }
            Err(Waits::Unknown(why)) if tried.looks < LOOKS_MAX => {
                let look = Look { wait_ms: tried.pause_ms(), ..Look::default() };
                return Decision { row, plan: Plan::Look(look), waits_on: Some(why) };
            }
            Err(Waits::Unknown(why)) => return give_up(&case, row, why),
        }
    }
    unreachable!("the last row holds for every picture for which no other does")
}

/// What is decided when repeated looks did not tell what `row` needs.
fn give_up(case: &Case<'_>, row: Row, why: Why) -> Decision {
    if row == Row::ReadinessUnknown {
        return refuse(row, Refusal::ReadinessUnknown { container: case.wanted.container.clone(), why });
    }
    if row == Row::DockerUnknown && answers_as_recorded(case) {
        let verdict = Verdict { reason: Reason::Unverified, notes: vec![Note::Unverified] };
        return Decision { row, plan: Plan::Keep { verdict }, waits_on: Some(why) };
    }
    let tried = case.tried;
    if !tried.may_have_changed() {
        return refuse(row, Refusal::DockerUnknown { why });
    }
    let done = tried.done.iter().copied().filter(|act| *act != Act::Await).collect();
    let unsure = tried.unsure.difference(&tried.done).copied().collect();
    refuse(row, Refusal::DockerLost { done, unsure, why })
}

/// Whether the gateway's own mark is answered on the port on which its record says it was ready before, and no more was
/// asked for than that. To a stop it is no answer at all.
fn answers_as_recorded(case: &Case<'_>) -> bool {
    let intent = case.intent;
    let asked_for_more = intent.replace.is_some()
        || intent.reset.is_some()
        || intent.restore.is_some()
        || intent.adopt.is_some()
        || !intent.is_for_ready();
    let recorded = case.seen.record.record().is_some_and(|record| {
        record.was_ready
            && record.gateway == intent.gateway
            && record.spec.preset == intent.spec.preset
            && record.spec == case.wanted
    });
    recorded && !asked_for_more && case.seen.host.readiness == Known::Known(Readiness::Ready { marked: true })
}

/// What is said when a run has done as much as one may and is no further.
fn used_up(case: &Case<'_>, act: Act) -> Refusal {
    if let Ok(Some(own)) = case.own() {
        let container = own.name.clone();
        return Refusal::NotRecovered { container, trouble: Trouble::Undone, exit: own.exit.clone(), log: Vec::new() };
    }
    let message = "others keep undoing what this run does".to_owned();
    Refusal::NotCreated { what: act.as_str().to_owned(), failure: Failure::Rejected { status: None, message } }
}

/// A gateway that is to be put back and does not become ready: both containers are kept, and it is said why.
fn put_back(case: &Case<'_>, refusal: Refusal) -> Refusal {
    match (refusal, &case.tried.rolling_back) {
        (Refusal::NotRecovered { container, trouble, exit, log }, Some(undone))
            if undone.because != Because::LeftOver =>
        {
            let (because, next_log) = (undone.because.clone(), undone.log.clone());
            Refusal::NotPutBack { container, trouble, exit, log, because, next_log }
        }
        // This run has stopped it: that it cannot be started again is not as if nothing had been done.
        (Refusal::PortHeld { port, holder, container_has_it: true }, Some(undone))
            if undone.because != Because::LeftOver =>
        {
            let container = case.wanted.container.clone();
            let exit = case.own().ok().flatten().map_or_else(Exit::default, |own| own.exit.clone());
            let (because, next_log) = (undone.because.clone(), undone.log.clone());
            let trouble = Trouble::PortHeld { port, holder };
            Refusal::NotPutBack { container, trouble, exit, log: Vec::new(), because, next_log }
        }
        (refusal, _) => refusal,
    }
}

fn refuse(row: Row, refusal: Refusal) -> Decision {
    Decision { row, plan: Plan::Refuse { refusal }, waits_on: None }
}
