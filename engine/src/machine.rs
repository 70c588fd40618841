//! One onboarding run: which event moves which state, and the next command.
//!
//! Phases: preflight → gateway → sandboxes → verify → complete, or refused. Nothing here waits, retries by a clock or
//! remembers anything of an earlier run: every decision is [`decide`]'s, from the latest observation. The states
//! implement statig's traits by hand rather than through its macro, so that the compiler sees every state handled.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event that does not answer a state's command goes to the superstate, whichever it is"
)]

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use statig::Outcome as Moved;
use statig::blocking::{self, InitializedStateMachine, IntoStateMachine, IntoStateMachineExt};

use crate::act::Act;
use crate::command::Command;
use crate::decide::decide;
use crate::event::Event;
use crate::intent::{Intent, Purpose};
use crate::outcome::Outcome;
use crate::plan::{Because, Decision, Look, Plan, Row};
use crate::refusal::Refusal;
use crate::run::Run;
use crate::shared::Shared;
use crate::tried::LOOKS_MAX;

/// One run, driven by hand: it names a command, takes the event that answers it, and names the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onboarding(InitializedStateMachine<Run>);

/// What comes next.
#[derive(Debug)]
pub enum Then {
    /// Carry this out and tell the answer.
    Perform(Command),
    /// The run is over.
    Finish(Box<Outcome>),
}

impl Onboarding {
    /// The states of a run by name, each behind its phase; none for the one in which it is over.
    pub const STATES: [(&'static str, &'static str); 10] = [
        ("preflight", "taking-lock"),
        ("preflight", "reading-record"),
        ("preflight", "finding-preset"),
        ("gateway", "observing"),
        ("gateway", "acting"),
        ("gateway", "beginning-roll-back"),
        ("gateway", "explaining"),
        ("sandboxes", "listing-sandboxes"),
        ("verify", "recording"),
        ("", "finished"),
    ];

    /// Begins a run. Only a run that may change something takes the lock.
    pub fn new(intent: impl Into<Shared<Intent>>) -> (Self, Command) {
        let intent = intent.into();
        let gateway = intent.gateway.clone();
        let (state, first) = match intent.purpose {
            Purpose::Onboard | Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => {
                (State::TakingLock, Command::TakeLock { gateway, wait: intent.wait_for_lock })
            }
            Purpose::Look => (State::ReadingRecord, Command::ReadRecord { gateway }),
        };
        let mut machine = Run::new(intent).uninitialized_state_machine();
        *machine.state_mut() = state;
        (Self(machine.init_with_context(&mut None)), first)
    }

    /// The state that waits for an answer, as the trace names it.
    pub fn state_name(&self) -> &'static str {
        self.0.state().name()
    }

    /// The row of the decision table that decided last, if one did by now.
    pub fn row(&self) -> Option<Row> {
        self.0.inner().row
    }

    /// Takes the answer to the last command.
    ///
    /// # Panics
    /// On an event that is no answer to that command, or after the run has finished: both are bugs of the host.
    pub fn handle(&mut self, event: &Event) -> Then {
        let Some(then) = self.answer(event) else {
            panic!("`{}` named nothing to do after {event:?}", self.state_name())
        };
        then
    }

    /// The same for an event of which nobody knows whether it answers the last command, such as a trace's; none where it
    /// does not. The run has come to its end then.
    pub fn answer(&mut self, event: &Event) -> Option<Then> {
        let mut then = None;
        self.0.handle_with_context(event, &mut then);
        then
    }
}

impl Hash for Onboarding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.state().hash(state);
        self.0.inner().hash(state);
    }
}

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The lock.
    TakingLock,
    /// The record, as it is on disk.
    ReadingRecord,
    /// Which kind of gateway is there.
    FindingPreset,
    /// A picture of the host.
    Observing,
    /// The answer to the one act that was decided.
    Acting {
        /// Which.
        act: Act,
        /// What it is, as a person reads it.
        what: String,
    },
    /// What the next container of a replacement wrote last, before that is undone.
    BeginningRollBack {
        /// Why it is undone.
        because: Because,
    },
    /// What a refusal tells besides what was seen: log lines, sizes.
    Explaining {
        /// The decision to refuse.
        decision: Arc<Decision>,
    },
    /// The list of sandboxes of a ready gateway.
    ListingSandboxes {
        /// The decision to keep it.
        decision: Arc<Decision>,
    },
    /// The record's being written.
    Recording {
        /// The decision to say afterwards that it is ready; none where the run goes on.
        ready: Option<Arc<Decision>>,
    },
    /// Nothing: the run is over.
    Finished,
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::TakingLock => "taking-lock",
            Self::ReadingRecord => "reading-record",
            Self::FindingPreset => "finding-preset",
            Self::Observing => "observing",
            Self::Acting { .. } => "acting",
            Self::BeginningRollBack { .. } => "beginning-roll-back",
            Self::Explaining { .. } => "explaining",
            Self::ListingSandboxes { .. } => "listing-sandboxes",
            Self::Recording { .. } => "recording",
            Self::Finished => "finished",
        }
    }
}

/// The phases, and the run as a whole, which takes what no phase does.
#[derive(Clone, Copy, Debug)]
pub enum Phase {
    /// The lock and the record.
    Preflight,
    /// Look, decide, act, look again, until the gateway is ready or nothing more is to be done.
    Gateway,
    /// Which sandboxes there are, compared with those recorded.
    Sandboxes,
    /// What was seen goes into the record.
    Verify,
    /// Any of them.
    Underway,
}

impl IntoStateMachine for Run {
    type Event<'evt> = Event;
    type Context<'ctx> = Option<Then>;
    type State = State;
    type Superstate<'sub> = Phase;

    fn initial() -> State {
        State::TakingLock
    }
}

impl blocking::State<Run> for State {
    fn call_handler(&mut self, run: &mut Run, event: &Event, then: &mut Option<Then>) -> Moved<State> {
        match self {
            Self::TakingLock => taking_lock(run, event, then),
            Self::ReadingRecord => reading_record(run, event, then),
            Self::FindingPreset => finding_preset(run, event, then),
            Self::Observing => observing(run, event, then),
            Self::Acting { act, what } => acting(run, *act, what, event, then),
            Self::BeginningRollBack { because } => beginning_roll_back(run, because, event, then),
            Self::Explaining { decision } => explaining(run, decision, event, then),
            Self::ListingSandboxes { decision } => listing_sandboxes(run, decision, event, then),
            Self::Recording { ready } => recording(run, ready.as_ref(), event, then),
            Self::Finished => Moved::Handled,
        }
    }

    fn superstate(&mut self) -> Option<Phase> {
        match self {
            Self::TakingLock | Self::ReadingRecord | Self::FindingPreset => Some(Phase::Preflight),
            Self::Observing | Self::Acting { .. } | Self::BeginningRollBack { .. } | Self::Explaining { .. } => {
                Some(Phase::Gateway)
            }
            Self::ListingSandboxes { .. } => Some(Phase::Sandboxes),
            Self::Recording { .. } => Some(Phase::Verify),
            Self::Finished => None,
        }
    }
}

impl blocking::Superstate<Run> for Phase {
    fn call_handler(&mut self, run: &mut Run, event: &Event, then: &mut Option<Then>) -> Moved<State> {
        match (self, event) {
            // A gateway that this run has taken apart is put together again. Whoever asks twice does not wait for it.
            (Self::Gateway | Self::Sandboxes, Event::Interrupted { signal })
                if let Some(next) = run.to_undo_when_interrupted() =>
            {
                begin_roll_back(run, then, Because::Interrupted { signal: *signal }, next)
            }
            (Self::Underway, Event::Interrupted { signal }) => {
                finish(then, run.refused(Refusal::Interrupted { signal: *signal }))
            }
            // Whatever does not answer the command names nothing to do, and `Onboarding::handle` says so.
            (Self::Underway, _) => Moved::Handled,
            (Self::Preflight | Self::Gateway | Self::Sandboxes | Self::Verify, _) => Moved::Super,
        }
    }

    fn superstate(&mut self) -> Option<Phase> {
        match self {
            Self::Preflight | Self::Gateway | Self::Sandboxes | Self::Verify => Some(Self::Underway),
            Self::Underway => None,
        }
    }
}

fn taking_lock(run: &mut Run, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    match event {
        Event::LockTaken => {
            perform(then, Command::ReadRecord { gateway: run.intent.gateway.clone() }, State::ReadingRecord)
        }
        Event::LockHeld { holder } => finish(then, run.refused(Refusal::Locked { holder: holder.clone() })),
        Event::Failed { failure } => finish(then, run.refused(Refusal::StateUnusable { failure: failure.clone() })),
        _ => Moved::Super,
    }
}

fn reading_record(run: &mut Run, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    let Event::RecordRead { record, older } = event else { return Moved::Super };
    run.note_record(record, older.as_ref());
    match run.question_about_preset(0) {
        Some(question) => perform(then, question, State::FindingPreset),
        None => observe(run, then, 0),
    }
}

fn finding_preset(run: &mut Run, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    let Event::NamesFound { found } = event else { return Moved::Super };
    match run.choose_preset(found) {
        Ok(None) => observe(run, then, 0),
        Ok(Some(again)) => perform(then, again, State::FindingPreset),
        Err(refusal) => finish(then, run.refused(*refusal)),
    }
}

fn observing(run: &mut Run, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    let Event::Observed { host } = event else { return Moved::Super };
    run.note_seen(host);
    if let Some(record) = run.record_of_new_container() {
        return record_it(run, then, record, None);
    }
    decide_and_go_on(run, then)
}

/// The one place where a decision becomes what happens next.
fn decide_and_go_on(run: &mut Run, then: &mut Option<Then>) -> Moved<State> {
    let decision = decide(run.seen(), &run.intent, &run.tried);
    run.row = Some(decision.row);
    match (decision.plan, run.intent.purpose) {
        (Plan::Look(look), _) => {
            run.tried.note_look(look);
            observe(run, then, look.wait_ms)
        }
        (plan @ Plan::Keep { .. }, _) => {
            let decision = Arc::new(Decision { plan, ..decision });
            match run.intent.purpose {
                Purpose::Stop => return finish(then, run.stopped()),
                Purpose::BackUp => return finish(then, run.backed_up()),
                Purpose::Destroy(what) => return finish(then, run.destroyed(what)),
                Purpose::Onboard | Purpose::Look | Purpose::Start => {}
            }
            match run.list_sandboxes() {
                Some(command) => perform(then, command, State::ListingSandboxes { decision }),
                // Docker could not be asked: of this gateway no more is known than that it answers.
                None => finish(then, run.ready_or_looked(&decision)),
            }
        }
        (plan @ Plan::Refuse { .. }, _) => explain(run, then, Decision { plan, ..decision }),
        (plan, Purpose::Look) => finish(then, run.looked(Decision { plan, ..decision })),
        (Plan::Perform { act, step }, _) => {
            run.note_planned(act, &step);
            let what = step.describe();
            perform(then, step, State::Acting { act, what })
        }
        (Plan::RollBack { because, next }, _) => begin_roll_back(run, then, because, next),
        // They are only looked at.
        (plan @ (Plan::Replace { .. } | Plan::EndReplacement { .. } | Plan::Reset { .. }), _) => {
            finish(then, run.looked(Decision { plan, ..decision }))
        }
    }
}

fn acting(run: &mut Run, act: Act, what: &str, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    let wait_ms = match event {
        Event::Done => {
            run.note_done(act);
            0
        }
        Event::Waited { end } => {
            run.tried.note_done(act);
            run.tried.waited = Some(*end);
            0
        }
        Event::BackedUp { backup } => {
            run.tried.note_done(act);
            run.tried.backup = Some(backup.clone());
            0
        }
        Event::BackupVerified { contents } => {
            run.tried.note_done(act);
            run.tried.restoring = Some(*contents.clone());
            0
        }
        Event::SandboxesListed { sandboxes } => {
            run.tried.note_done(act);
            if let Some(record) = run.note_sandboxes_before(sandboxes) {
                return record_it(run, then, record, None);
            }
            0
        }
        Event::Failed { failure } => run.note_failed(act, what, failure),
        Event::Interrupted { .. } => {
            run.tried.unsure.insert(act);
            return Moved::Super;
        }
        _ => return Moved::Super,
    };
    observe(run, then, wait_ms)
}

fn begin_roll_back(
    run: &Run,
    then: &mut Option<Then>,
    because: Because,
    next: crate::names::ContainerId,
) -> Moved<State> {
    perform(then, run.begin_roll_back(next), State::BeginningRollBack { because })
}

fn beginning_roll_back(run: &mut Run, because: &Because, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    let Event::LogsRead { lines } = event else { return Moved::Super };
    run.tried.note_rolling_back(because.clone(), lines.clone());
    observe(run, then, 0)
}

/// Refuses, after asking for what a person needs in order to understand.
fn explain(run: &mut Run, then: &mut Option<Then>, decision: Decision) -> Moved<State> {
    match run.question_about(&decision) {
        Some(command) => perform(then, command, State::Explaining { decision: Arc::new(decision) }),
        None => finish(then, run.refused_by(decision)),
    }
}

fn explaining(run: &mut Run, decision: &Arc<Decision>, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    match run.explained(decision, event) {
        Some(explained) => finish(then, run.refused_by(explained)),
        None => Moved::Super,
    }
}

fn listing_sandboxes(run: &mut Run, decision: &Arc<Decision>, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    let Event::SandboxesListed { sandboxes } = event else { return Moved::Super };
    let next = run.uncommitted().map(|next| next.id.clone());
    if let (Some(because), Some(next)) = (run.sandboxes_lost(sandboxes), next) {
        // A list that could not be had once is asked for again before a replacement is undone for it.
        if matches!(because, Because::SandboxesUnknown { .. }) && run.tried.looks < LOOKS_MAX {
            let wait_ms = run.tried.pause_ms();
            run.tried.note_look(Look::default());
            return observe(run, then, wait_ms);
        }
        return begin_roll_back(run, then, because, next);
    }
    match run.note_sandboxes(sandboxes) {
        Some(record) if run.intent.purpose != Purpose::Look => record_it(run, then, record, Some(decision.clone())),
        Some(_) | None => finish(then, run.ready_or_looked(decision)),
    }
}

fn recording(run: &mut Run, ready: Option<&Arc<Decision>>, event: &Event, then: &mut Option<Then>) -> Moved<State> {
    match event {
        Event::Done => run.note_recorded(),
        Event::Failed { failure } => {
            run.note_not_recorded(failure);
            if let (Some(next), Some(_)) = (run.uncommitted().map(|next| next.id.clone()), ready) {
                if run.record.record().is_some() {
                    return begin_roll_back(run, then, Because::NotRecorded { failure: failure.clone() }, next);
                }
                // There is no record that names another one.
                run.tried.committed = Some(next);
            }
        }
        _ => return Moved::Super,
    }
    match ready {
        Some(_) if run.is_under_way() => observe(run, then, 0),
        Some(decision) => finish(then, run.ready_or_looked(decision)),
        None => decide_and_go_on(run, then),
    }
}

fn observe(run: &Run, then: &mut Option<Then>, wait_ms: u64) -> Moved<State> {
    perform(then, Command::Observe(Box::new(run.target(wait_ms))), State::Observing)
}

fn record_it(
    run: &mut Run,
    then: &mut Option<Then>,
    record: crate::record::GatewayRecord,
    ready: Option<Arc<Decision>>,
) -> Moved<State> {
    let command = run.write_record(record);
    perform(then, command, State::Recording { ready })
}

fn perform(then: &mut Option<Then>, command: Command, state: State) -> Moved<State> {
    *then = Some(Then::Perform(command));
    Moved::Transition(state)
}

fn finish(then: &mut Option<Then>, outcome: Outcome) -> Moved<State> {
    *then = Some(Then::Finish(Box::new(outcome)));
    Moved::Transition(State::Finished)
}
