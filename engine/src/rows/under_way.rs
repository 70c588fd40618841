//! A replacement under way, seen from the picture alone: the next container, the one that it replaces, and which of them
//! bears the gateway's name. The run that began it goes on; any other ends it: committed where the record names the next
//! one, finished where that is ready in its place, else undone.
//!
//! | gateway's name | other name | this run began it | another run did |
//! |---|---|---|---|
//! | the old one | next: `…-next` | prepare: networks, policy, stop, carry, back up, set aside | undo |
//! | nobody | `…-next`, `…-previous` | the next one takes its place | undo |
//! | the next one | old: `…-previous` | start, wait, compare, record | finish if ready, else undo |
//! | the next one, recorded | old: `…-previous` | its policy, then the old one is removed | the same |
//! | nobody | only `…-next` | it takes its place | the same |
//! | nobody | only `…-previous` | its policy, then its name back | the same |
//! | another | `…-next`, never started | that one is removed | the same |

use crate::act::Act;
use crate::case::{Case, Waits, own_names};
use crate::command::Command;
use crate::container::{ContainerSeen, Status};
use crate::decide::Judged;
use crate::event::{Failure, WaitEnd};
use crate::intent::Purpose;
use crate::known::{Known, Why};
use crate::labels;
use crate::next::CarriedPath;
use crate::observation::Readiness;
use crate::plan::{Because, EndReplacement, Plan};
use crate::reason::Reason;
use crate::refusal::{Refusal, Trouble};
use crate::rows::backup::{self, Step};
use crate::rows::says::{keep, perform, refuse, stop, towards_a_stop};
use crate::rows::{carried, present, restore};
use crate::spec::RestartPolicy;

/// What this run asks for between making the next container and its being ready. Where one of them fails for good, all of
/// it is undone.
const ACTS: [Act; 10] = [
    Act::Connect,
    Act::Disarm,
    Act::StopOld,
    Act::Carry,
    Act::RemoveHelper,
    Act::SetAside,
    Act::TakePlace,
    Act::MakeNetwork,
    Act::Record,
    Act::Start,
];

/// A replacement that was begun is ended before anything else.
pub fn half_done(case: &Case<'_>) -> Judged {
    let Some((next, old)) = case.replacement()? else { return lone(case) };
    // One of the two is about to be stopped and removed: who they are, what they do, and at whose daemon is known.
    case.daemon()?;
    next.status.get()?;
    old.status.get()?;
    let it = UnderWay { case, next, old };
    match case.intent.purpose {
        Purpose::Look => return Ok(Some(Plan::EndReplacement { how: it.how()? })),
        Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => {
            let (next, old) = (next.name.clone(), old.name.clone());
            return refuse(Refusal::HalfDone { next, old });
        }
        Purpose::Onboard => {}
    }
    if it.is_committed() {
        return it.clear_away();
    }
    if case.tried.rolling_back.is_some() {
        return it.undo();
    }
    if case.tried.may_have(Act::CreateNext) {
        return it.go_on();
    }
    match (it.is_finished()?, case.past()) {
        // Finished by what follows: its sandboxes are compared, and it is recorded.
        (true, Some(_)) => Ok(None),
        // Where there is no record, the next one that is ready in its place is the gateway.
        (true, None) => it.clear_away(),
        (false, _) => it.roll_back(Because::LeftOver),
    }
}

struct UnderWay<'a, 'b> {
    case: &'b Case<'a>,
    next: &'a ContainerSeen,
    old: &'a ContainerSeen,
}

impl UnderWay<'_, '_> {
    /// Whether the next one bears the gateway's name.
    fn is_in_place(&self) -> bool {
        self.next.name == self.case.wanted.container
    }

    fn is_committed(&self) -> bool {
        self.is_in_place()
            && (self.case.is_recorded(self.next) || self.case.tried.committed.as_ref() == Some(&self.next.id))
    }

    /// Not to know whether it is ready is no reason to undo anything.
    fn is_finished(&self) -> Result<bool, Waits> {
        let runs_in_place = self.is_in_place() && *self.next.status.get()? == Status::Running;
        Ok(runs_in_place
            && matches!(self.case.seen.host.readiness.get()?, Readiness::Ready { .. })
            && !self.old.may_write()?)
    }

    fn how(&self) -> Result<EndReplacement, Waits> {
        Ok(if self.is_committed() || self.case.past().is_none() && self.is_finished()? {
            EndReplacement::RemovePrevious
        } else if self.is_finished()? {
            EndReplacement::Finish
        } else {
            EndReplacement::RollBack
        })
    }

    fn roll_back(&self, because: Because) -> Judged {
        Ok(Some(Plan::RollBack { because, next: self.next.id.clone() }))
    }

    /// The next one is the gateway: its policy, and then the old one goes, with none of its volumes.
    fn clear_away(&self) -> Judged {
        let Self { case, next, old } = self;
        if case.tried.gave_up(&[Act::StopOld, Act::RemoveHelper, Act::Arm, Act::RemoveOld]).is_some() {
            return Ok(None);
        }
        if old.may_write()? {
            return perform(Act::StopOld, stop(case, old));
        }
        if let Some(helper) = case.helper()? {
            return Ok(Some(backup::remove_helper(helper)));
        }
        if let Some(arm) = arm(next, labels::restart_of(&next.labels)) {
            return Ok(Some(arm));
        }
        perform(Act::RemoveOld, remove(old))
    }

    /// The next step of the replacement that this run has begun.
    fn go_on(&self) -> Judged {
        let Self { case, next, old } = self;
        if let Some(failed) = case.tried.gave_up(&ACTS) {
            let (what, failure) = (failed.what.clone(), failed.failure.clone());
            return self.roll_back(Because::Act { what, failure });
        }
        if let Some(lost) = restore::lost(case, next)? {
            let message = format!("the volume `{lost}` was removed, and Docker has made an empty one");
            let failure = Failure::Rejected { status: None, message };
            return self.roll_back(Because::Act { what: Act::Restore.as_str().to_owned(), failure });
        }
        if self.is_in_place() {
            return self.bring_up();
        }
        let [_, previous, _] = own_names(&case.wanted.container);
        if old.name != case.wanted.container {
            if case.own()?.is_some() {
                // Somebody else has taken the name meanwhile.
                return Ok(None);
            }
            if old.name != previous {
                // It was not set aside by us, so that it need not be stopped, nor backed up.
                let message = format!("somebody has renamed it to `{}`", old.name);
                let failure = Failure::Rejected { status: None, message };
                return self
                    .roll_back(Because::Act { what: "find the old container under its name".to_owned(), failure });
            }
            return perform(Act::TakePlace, rename(next, &case.wanted.container));
        }
        if let Some(connect) = connect(next, old) {
            return Ok(Some(connect));
        }
        if let Some(disarm) = set_policy(Act::Disarm, old, RestartPolicy::No) {
            return Ok(Some(disarm));
        }
        if let Some((act, step)) = towards_a_stop(case, old, *old.status.get()?, Act::StopOld) {
            return perform(act, step);
        }
        // It could write to its own layer until it was stopped.
        if !case.intent.leave_behind
            && let Some(path) = carried::left_behind(case, old)?.first()
        {
            return self.roll_back(Because::Layer { path: path.clone() });
        }
        let paths = carried::paths(case, old)?;
        if !paths.is_empty() && !case.tried.has(Act::Carry) {
            return perform(Act::Carry, self.carry(paths));
        }
        if !case.intent.no_backup {
            match backup::towards(case, Some(old), &backup::volumes_of(old))? {
                Step::Next(plan) => return Ok(Some(*plan)),
                Step::Failed(failure) => {
                    return self.roll_back(Because::Act { what: Act::BackUp.as_str().to_owned(), failure });
                }
                Step::Done => {}
            }
        }
        perform(Act::SetAside, rename(old, &previous))
    }

    fn carry(&self, paths: Vec<CarriedPath>) -> Command {
        Command::CarryOver { from: self.old.id.clone(), to: self.next.id.clone(), paths }
    }

    /// The next one has its place: it is started, and has its warm-up to become ready.
    fn bring_up(&self) -> Judged {
        let Self { case, next, old } = self;
        if let Some(disarm) = set_policy(Act::Disarm, old, RestartPolicy::No) {
            return Ok(Some(disarm));
        }
        if old.may_write()? {
            return perform(Act::StopOld, stop(case, old));
        }
        let trouble = |trouble| self.roll_back(Because::Trouble { trouble });
        if let Some((_, status)) = case.stopped()? {
            if let Some(Plan::Refuse { refusal: Refusal::PortHeld { port, .. } }) = present::port_held(case)? {
                return self.roll_back(Because::PortHeld { port: port.host });
            }
            if let Some(record) = restore::record_before_start(case, next) {
                return Ok(Some(record));
            }
            let ended = if status == Status::Paused { Trouble::PausedAgain } else { Trouble::Ended };
            return match present::stopped(case)? {
                Some(start) => Ok(Some(start)),
                None => trouble(ended),
            };
        }
        match &case.seen.host.readiness {
            Known::Known(Readiness::Ready { .. }) if *next.status.get()? == Status::Running => {
                return keep(Reason::Ready);
            }
            Known::Known(_) => {}
            Known::Unknown(why @ Why::NotVisible { .. }) => {
                let failure = Failure::Unknown { why: why.clone() };
                return self.roll_back(Because::Act { what: "ask whether it is ready".to_owned(), failure });
            }
            Known::Unknown(why) => return Err(why.into()),
        }
        match case.tried.waited {
            None | Some(WaitEnd::Ready) => {
                let (container, probe) = (next.id.clone(), case.probe(next));
                perform(Act::Await, Command::AwaitReady { container, probe, limit_ms: case.wanted.warm_up_ms })
            }
            Some(WaitEnd::NotReady) => trouble(Trouble::NotReady { restarted: false }),
            Some(WaitEnd::Ended) => trouble(Trouble::CrashLoop),
            Some(WaitEnd::OutOfTime) => trouble(Trouble::OutOfTime),
        }
    }

    /// The next step back. The old one has its name again, runs and is ready before the next one goes.
    fn undo(&self) -> Judged {
        let Self { case, next, old } = self;
        let back = [Act::StopNext, Act::Disarm, Act::StepBack, Act::PutBack, Act::RemoveHelper];
        if let Some(failed) = case.tried.gave_up(&back) {
            let trouble = Trouble::Act { what: failed.what.clone(), failure: failed.failure.clone() };
            return refuse(self.not_put_back(trouble));
        }
        if next.may_write()? {
            return perform(Act::StopNext, stop(case, next));
        }
        if let Some(disarm) = set_policy(Act::Disarm, next, RestartPolicy::No) {
            return Ok(Some(disarm));
        }
        let [next_name, ..] = own_names(&case.wanted.container);
        if self.is_in_place() {
            return perform(Act::StepBack, rename(next, &next_name));
        }
        if old.name != case.wanted.container {
            return if case.own()?.is_some() {
                Ok(None)
            } else {
                perform(Act::PutBack, rename(old, &case.wanted.container))
            };
        }
        if let Some(helper) = case.helper()? {
            return Ok(Some(backup::remove_helper(helper)));
        }
        if !self.gives_way()? && !case.is_ready()? {
            // Started and waited for as any gateway is.
            return Ok(None);
        }
        if case.tried.gave_up(&[Act::Arm, Act::RemoveNext]).is_none() {
            if let Some(arm) = arm(old, labels::restart_of(&next.labels)) {
                return Ok(Some(arm));
            }
            return perform(Act::RemoveNext, remove(next));
        }
        rolled_back(case)
    }

    /// Whether the old one, which another run has put back and which does not become ready, is to be replaced by what a backup
    /// holds: that is the way out where the next one has changed the data.
    fn gives_way(&self) -> Result<bool, Waits> {
        let tried = self.case.tried;
        if self.case.intent.restore.is_none() || tried.may_have(Act::CreateNext) {
            return Ok(false);
        }
        let waited_in_vain = tried.waited.is_some_and(|end| end != WaitEnd::Ready);
        let ended = tried.has(Act::Start) && self.case.stopped()?.is_some();
        Ok(waited_in_vain || ended || tried.gave_up(&[Act::Start]).is_some())
    }

    fn not_put_back(&self, trouble: Trouble) -> Refusal {
        let container = self.old.name.clone();
        Refusal::NotRecovered { container, trouble, exit: self.old.exit.clone(), log: Vec::new() }
    }
}

/// What is left of a replacement of which one of the two is gone.
fn lone(case: &Case<'_>) -> Judged {
    if case.tried.rolling_back.is_some() && case.is_ready()? {
        return rolled_back(case);
    }
    let begun =
        case.tried.has(Act::CreateNext) && case.tried.committed.is_none() && !case.tried.may_have(Act::RemoveOld);
    if begun && case.tried.rolling_back.is_none() && case.intent.purpose == Purpose::Onboard {
        let what = "the next container was made, and is not shown".to_owned();
        return Err(Waits::Unknown(Why::Contradiction { what }));
    }
    let (own, next, old) = (case.own()?, case.named_next()?, case.named_previous()?);
    let left = [Act::TakePlace, Act::PutBack, Act::Arm, Act::RemoveNext];
    match case.intent.purpose {
        Purpose::Onboard if case.tried.gave_up(&left).is_none() => {}
        Purpose::Onboard => return Ok(None),
        Purpose::Look | Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) if own.is_some() => {
            return Ok(None);
        }
        Purpose::Look => {
            let how = if next.is_some() { EndReplacement::Finish } else { EndReplacement::RollBack };
            return Ok((next.is_some() || old.is_some()).then_some(Plan::EndReplacement { how }));
        }
        Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => {
            let [next_name, old_name, _] = own_names(&case.wanted.container);
            return if next.is_some() || old.is_some() {
                refuse(Refusal::HalfDone { next: next_name, old: old_name })
            } else {
                Ok(None)
            };
        }
    }
    match (own, next, old) {
        (None, Some(next), None) => {
            case.daemon()?;
            next.status.get()?;
            perform(Act::TakePlace, rename(next, &case.wanted.container))
        }
        (None, None, Some(old)) => {
            case.daemon()?;
            old.status.get()?;
            match arm(old, Some(case.wanted.restart)) {
                Some(arm) => Ok(Some(arm)),
                None => perform(Act::PutBack, rename(old, &case.wanted.container)),
            }
        }
        // It is nobody's next any more, and holds nothing that is not the gateway's.
        (Some(_), Some(next), _) if *next.status.get()? == Status::Created => {
            case.daemon()?;
            perform(Act::RemoveNext, remove(next))
        }
        // It took the gateway's place and was not recorded, or this run has taken its policy.
        (Some(own), None, None) => {
            let policy = if labels::role_in(own, &case.intent.gateway) == Some(labels::ROLE_NEXT) {
                labels::restart_of(&own.labels).filter(|_| !case.is_recorded(own))
            } else {
                Some(case.wanted.restart).filter(|_| case.tried.may_have(Act::Disarm))
            };
            Ok(arm(own, policy))
        }
        (None | Some(_), _, _) => Ok(None),
    }
}

/// The end of a run whose replacement was undone.
fn rolled_back(case: &Case<'_>) -> Judged {
    let Some(undone) = case.tried.rolling_back.as_ref().filter(|_| case.tried.may_have(Act::CreateNext)) else {
        return Ok(None);
    };
    refuse(Refusal::RolledBack {
        container: case.wanted.container.clone(),
        because: undone.because.clone(),
        log: undone.log.clone(),
    })
}

/// Connects the next container to a network of the old one's that it lacks: a daemon before API 1.44 takes one network
/// at a container's creation.
fn connect(next: &ContainerSeen, old: &ContainerSeen) -> Option<Plan> {
    let lacks = |network: &&crate::container::Attachment| {
        network.exists && next.networks.iter().all(|has| has.network != network.network)
    };
    let lacking = old.networks.iter().find(lacks)?;
    let step = Command::ConnectNetwork {
        container: next.id.clone(),
        network: lacking.id.clone()?,
        aliases: lacking.aliases.clone(),
        ipv4: lacking.ipv4.clone(),
    };
    Some(Plan::Perform { act: Act::Connect, step })
}

/// Gives a container whose policy was taken the one that it is to have.
fn arm(container: &ContainerSeen, policy: Option<RestartPolicy>) -> Option<Plan> {
    // Docker gives none to one that it removes as soon as it ends.
    let policy = policy.filter(|_| container.restart == RestartPolicy::No && !container.auto_remove)?;
    set_policy(Act::Arm, container, policy)
}

fn set_policy(act: Act, container: &ContainerSeen, policy: RestartPolicy) -> Option<Plan> {
    let step = Command::SetRestartPolicy { container: container.id.clone(), policy };
    (container.restart != policy).then_some(Plan::Perform { act, step })
}

fn remove(container: &ContainerSeen) -> Command {
    Command::RemoveContainer { container: container.id.clone() }
}

fn rename(container: &ContainerSeen, name: &crate::names::ContainerName) -> Command {
    Command::RenameContainer { container: container.id.clone(), name: name.clone() }
}
