//! A simulated host: carries out the engine's commands on a [`World`], one call at a time, and breaks as its rules say.
//!
//! It plays the part of the real adapter: several calls a command, each of which may fail, be lost or have somebody act
//! before it or after it. It keeps virtual time and the run's time limit. Absent on purpose: any judgement, and any
//! knowledge of what the engine believes.

mod acts;
mod gate;
mod look;
mod replace;
mod restore;
mod volumes;
mod wait;
mod words;

use std::future::pending;
use std::sync::Arc;

use engine::{Command, Event, GatewayName, Host, Signal};

use crate::base::Names;
use crate::fault::{CallKind, Rule, Verdict};
use crate::oracle::COMMANDS_MAX;
use crate::world::World;
use crate::world::effect::{Actor, History};

/// What a run may take beside two warm-ups, in milliseconds, as `nemoclaw` has it where no `--timeout` is typed.
const TIME_BESIDE_WARM_UP_MS: u64 = 60_000;

/// How many commands a run gets: a few more than any run may give, so that who judges it sees that it gave too many.
const RUN_AWAY: u32 = COMMANDS_MAX + 8;

/// What a timeline tells of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, in milliseconds since the run began.
    pub at_ms: u64,
    /// The command under way, as a trace names it.
    pub command: &'static str,
    /// What happened.
    pub what: Happening,
}

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A call was made.
    Called(CallKind),
    /// A rule came to hold.
    Broke(Verdict),
}

/// Watches a run on a simulated host, step by step.
pub trait Witness {
    /// Something happened.
    fn saw(&mut self, _moment: &Moment) {}
    /// A command was answered, or the run ended within it; the world and its history are the truth then.
    fn answered(&mut self, _command: &Command, _event: &Event, _world: &World, _history: &History) {}
    /// A command is about to be carried out.
    fn commanded(&mut self, _command: &Command, _world: &World, _history: &History) {}
}

/// Nobody watches.
#[derive(Debug)]
pub struct Nobody;

impl Witness for Nobody {}

/// Two who watch the same run.
#[derive(Debug)]
pub struct Both<'a, A, B>(pub &'a mut A, pub &'a mut B);

impl<A: Witness, B: Witness> Witness for Both<'_, A, B> {
    fn saw(&mut self, moment: &Moment) {
        self.0.saw(moment);
        self.1.saw(moment);
    }

    fn answered(&mut self, command: &Command, event: &Event, world: &World, history: &History) {
        self.0.answered(command, event, world, history);
        self.1.answered(command, event, world, history);
    }

    fn commanded(&mut self, command: &Command, world: &World, history: &History) {
        self.0.commanded(command, world, history);
        self.1.commanded(command, world, history);
    }
}

/// A host under one run.
pub struct SimHost<'a, W> {
    /// The world.
    pub world: &'a mut World,
    /// What happens in it.
    pub history: &'a mut History,
    names: &'a Names,
    actor: Actor,
    witness: &'a mut W,
    rules: &'a [Rule],
    /// Which rules have held.
    held: Vec<bool>,
    /// How many commands there were, in all and of each kind.
    counts: Vec<(&'static str, u32)>,
    all: u32,
    command: &'static str,
    /// The command before that.
    before: &'static str,
    down_for: u32,
    /// The world as it was when the run began, where an answer may tell that.
    first: Option<Arc<World>>,
    now_ms: u64,
    ends_ms: u64,
    lock: Option<GatewayName>,
}

/// What a host keeps between two commands of a run, for one that is taken step by step and may go on in several ways.
/// How many commands there were is no part of it: the rules of each step count from its first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Between {
    command: &'static str,
    down_for: u32,
    now_ms: u64,
    ends_ms: u64,
    lock: Option<GatewayName>,
}

impl Between {
    /// Before the first command of a run.
    pub fn first(names: &Names) -> Self {
        Self { command: "", down_for: 0, now_ms: 0, ends_ms: ends_ms(names), lock: None }
    }

    /// The run's process ends, and with it its lock.
    pub fn end(self, world: &mut World) {
        if let Some(gateway) = self.lock {
            world.state.locks.remove(&gateway);
        }
    }
}

/// When a run's time is over, in milliseconds after its beginning.
fn ends_ms(names: &Names) -> u64 {
    2 * names.spec.warm_up_ms + TIME_BESIDE_WARM_UP_MS
}

/// How a run ends within a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Killed,
    Interrupted,
}

impl<'a, W: Witness> SimHost<'a, W> {
    /// A host for one run, by whom, with what goes wrong.
    pub fn new(
        world: &'a mut World,
        history: &'a mut History,
        names: &'a Names,
        actor: Actor,
        rules: &'a [Rule],
        witness: &'a mut W,
    ) -> Self {
        let stale = rules.iter().any(|rule| rule.what == Verdict::Stale);
        let first = stale.then(|| Arc::new(world.clone()));
        Self {
            world,
            history,
            names,
            actor,
            witness,
            rules,
            held: vec![false; rules.len()],
            counts: Vec::new(),
            all: 0,
            command: "",
            before: "",
            down_for: 0,
            first,
            now_ms: 0,
            ends_ms: ends_ms(names),
            lock: None,
        }
    }

    /// Goes on with a run from where it stood between two commands; the rules hold for what comes. What a stale answer
    /// tells is `first`, the world as it was when the run began.
    pub fn going_on(mut self, between: Between, first: Option<Arc<World>>) -> Self {
        let Between { command, down_for, now_ms, ends_ms, lock } = between;
        self.first = first;
        (self.command, self.down_for, self.now_ms, self.ends_ms, self.lock) =
            (command, down_for, now_ms, ends_ms, lock);
        self
    }

    /// Where the run stands, between two commands.
    pub fn between(self) -> Between {
        let Self { command, down_for, now_ms, ends_ms, lock, .. } = self;
        Between { command, down_for, now_ms, ends_ms, lock }
    }

    /// What the gateway's parts are called.
    pub fn names(&self) -> &'a Names {
        self.names
    }

    /// How many commands the run gave.
    pub fn commands(&self) -> u32 {
        self.all
    }

    /// How long the run took, in milliseconds.
    pub fn took_ms(&self) -> u64 {
        self.now_ms
    }

    /// Which rules have held.
    pub fn held(&self) -> &[bool] {
        &self.held
    }

    /// The run's process ends, and with it its lock.
    pub fn end(&mut self) {
        if let Some(gateway) = self.lock.take() {
            self.world.state.locks.remove(&gateway);
        }
    }

    /// Lets time pass, no further than the run's time limit.
    fn pass(&mut self, ms: u64) {
        let ms = ms.min(self.left_ms());
        self.pass_whatever(ms);
    }

    fn pass_whatever(&mut self, ms: u64) {
        self.now_ms += ms;
        self.world.pass(ms, self.history);
    }

    /// What is left of the run's time; a little is left for saying how things stand.
    fn left_ms(&self) -> u64 {
        self.ends_ms.saturating_sub(self.now_ms)
    }

    fn tell(&mut self, what: Happening) {
        self.witness.saw(&Moment { at_ms: self.now_ms, command: self.command, what });
    }
}

impl<W: Witness> Host for SimHost<'_, W> {
    async fn perform(&mut self, command: &Command) -> Event {
        self.before = std::mem::replace(&mut self.command, kind_of(command));
        self.all += 1;
        match self.counts.iter_mut().find(|(name, _)| *name == self.command) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((self.command, 1)),
        }
        self.witness.commanded(command, self.world, self.history);
        if self.all > RUN_AWAY {
            // Whoever asks for so much never ends; for who judges it, it is as one that was killed.
            return pending().await;
        }
        let event = match self.carry_out(command) {
            Ok(event) => event,
            Err(Stop::Interrupted) => Event::Interrupted { signal: Signal::Interrupt },
            Err(Stop::Killed) => return pending().await,
        };
        self.witness.answered(command, &event, self.world, self.history);
        event
    }
}

/// A command's kind, as a trace names it.
pub fn kind_of(command: &Command) -> &'static str {
    match command {
        Command::TakeLock { .. } => "take-lock",
        Command::ReadRecord { .. } => "read-record",
        Command::FindNames { .. } => "find-names",
        Command::Observe(_) => "observe",
        Command::ProvideImage { .. } => "provide-image",
        Command::CreateNetwork { .. } => "create-network",
        Command::CreateVolume { .. } => "create-volume",
        Command::CreateContainer(_) => "create-container",
        Command::ConnectNetwork { .. } => "connect-network",
        Command::StartContainer { .. } => "start-container",
        Command::UnpauseContainer { .. } => "unpause-container",
        Command::StopContainer { .. } => "stop-container",
        Command::RestartContainer { .. } => "restart-container",
        Command::AwaitReady { .. } => "await-ready",
        Command::ListSandboxes { .. } => "list-sandboxes",
        Command::ReadLogs { .. } => "read-logs",
        Command::MeasureVolumes { .. } => "measure-volumes",
        Command::CreateNext(_) => "create-next",
        Command::CarryOver { .. } => "carry-over",
        Command::RenameContainer { .. } => "rename-container",
        Command::SetRestartPolicy { .. } => "set-restart-policy",
        Command::RemoveContainer { .. } => "remove-container",
        Command::CreateHelper(_) => "create-helper",
        Command::BackUp(_) => "back-up",
        Command::RemoveVolume { .. } => "remove-volume",
        Command::VerifyBackup { .. } => "verify-backup",
        Command::Restore(_) => "restore",
        Command::RemoveNetwork { .. } => "remove-network",
        Command::SetRecordAside { .. } => "set-record-aside",
        Command::BeginRollBack { .. } => "begin-roll-back",
        Command::WriteRecord { .. } => "write-record",
    }
}
