//! A simulated host: carries out the engine's commands on a [`World`], one call at a time, and breaks as its rules say.
//!
//! It plays the part of the real adapter: several calls a command, each of which may fail, be lost or have somebody act
//! before it or after it. It keeps virtual time and the run's time limit. Absent on purpose: any judgement, and any
//! knowledge of what the engine believes.

mod acts;
mod look;
mod replace;
mod volumes;
mod wait;

use std::future::pending;

use engine::{Command, Event, Failure, GatewayName, Host, Signal, Why};

use crate::act::Act;
use crate::base::Names;
use crate::fault::{CallKind, Point, Rule, Verdict};
use crate::world::World;
use crate::world::effect::{Actor, History};

/// How long a question may take, in milliseconds, as the real adapter has it.
const ASK_LIMIT_MS: u64 = 5_000;

/// How long a call takes, in milliseconds.
const CALL_MS: u64 = 1;

/// What a run may take beside two warm-ups, in milliseconds, as `nemoclaw` has it where no `--timeout` is typed.
const TIME_BESIDE_WARM_UP_MS: u64 = 60_000;

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
    first: Option<Box<World>>,
    now_ms: u64,
    ends_ms: u64,
    lock: Option<GatewayName>,
}

/// How a run ends within a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Killed,
    Interrupted,
}

/// What becomes of a call.
enum Gate {
    /// It is made, and answered.
    Through,
    /// It is answered with how things stood when the run began.
    Stale,
    /// It fails and does nothing.
    Fails(Why),
    /// Its body ends early, and it does nothing.
    Cut,
    /// It is done, and the answer is lost.
    Lost(Why),
    /// The answer is lost, and it is done later.
    Late(u64, Why),
    /// The daemon says no.
    Refused(u16),
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
        let first = stale.then(|| Box::new(world.clone()));
        let ends_ms = 2 * names.spec.warm_up_ms + TIME_BESIDE_WARM_UP_MS;
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
            ends_ms,
            lock: None,
        }
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

    /// The rules that hold at this point of the command under way, in order.
    fn breaking(&mut self, kind: CallKind, at: Point) -> Option<Verdict> {
        let of_kind = self.counts.iter().find(|(name, _)| *name == self.command).map_or(0, |(_, count)| *count);
        let holds = |rule: &Rule| {
            let nth = match &rule.when.command {
                Some(command) if command != self.command => return false,
                Some(_) => of_kind,
                None => self.all,
            };
            nth == rule.when.nth && rule.when.at == at && rule.when.call.is_none_or(|call| call == kind)
        };
        let at = (0..self.rules.len()).find(|at| !self.held[*at] && holds(&self.rules[*at]))?;
        self.held[at] = true;
        let verdict = self.rules[at].what.clone();
        self.tell(Happening::Broke(verdict.clone()));
        Some(verdict)
    }

    /// What becomes of the next call. Time passes, and others may act first.
    fn gate(&mut self, kind: CallKind) -> Result<Gate, Stop> {
        self.tell(Happening::Called(kind));
        self.pass_whatever(CALL_MS);
        let mut gate = Gate::Through;
        while let Some(verdict) = self.breaking(kind, Point::Before) {
            gate = match verdict {
                Verdict::Act { act } => {
                    self.suffer(&act)?;
                    continue;
                }
                Verdict::Slow { ms } => {
                    self.pass_whatever(ms);
                    if ms <= ASK_LIMIT_MS {
                        continue;
                    }
                    Gate::Fails(timed_out(kind))
                }
                Verdict::Killed => return Err(Stop::Killed),
                Verdict::Interrupted => return Err(Stop::Interrupted),
                Verdict::Hangs => {
                    self.pass_whatever(ASK_LIMIT_MS);
                    Gate::Fails(timed_out(kind))
                }
                Verdict::NotListening => Gate::Fails(not_listening()),
                Verdict::Forbidden => Gate::Fails(Why::PermissionDenied { address: ADDRESS.to_owned() }),
                Verdict::BadStatus { status } => Gate::Fails(bad_status(kind, status)),
                Verdict::BadBody => Gate::Fails(Why::Malformed { call: name(kind), what: "not JSON".to_owned() }),
                Verdict::CutShort => Gate::Cut,
                Verdict::AnswerLost => Gate::Lost(Why::ConnectionLost { call: name(kind) }),
                Verdict::EffectLate { in_ms } => Gate::Late(in_ms, Why::ConnectionLost { call: name(kind) }),
                Verdict::Refused { status } => Gate::Refused(status),
                Verdict::Stale => Gate::Stale,
                Verdict::DownFor { calls } => {
                    self.down_for = calls;
                    Gate::Through
                }
            };
        }
        if Self::is_of_daemon(kind) {
            if self.down_for > 0 {
                self.down_for -= 1;
                return Ok(Gate::Fails(not_listening()));
            }
            if !self.world.daemon().up {
                return Ok(Gate::Fails(not_listening()));
            }
        }
        Ok(gate)
    }

    /// Somebody acts. A power cut ends this run, too.
    fn suffer(&mut self, act: &Act) -> Result<(), Stop> {
        act.perform(self.world, self.names, self.history);
        if *act == Act::CutPower { Err(Stop::Killed) } else { Ok(()) }
    }

    fn is_of_daemon(kind: CallKind) -> bool {
        match kind {
            CallKind::Health | CallKind::Sandboxes | CallKind::File => false,
            CallKind::Info
            | CallKind::ListContainers
            | CallKind::InspectContainer
            | CallKind::ListVolumes
            | CallKind::InspectVolume
            | CallKind::InspectImage
            | CallKind::ListNetworks
            | CallKind::Changes
            | CallKind::Logs
            | CallKind::Measure
            | CallKind::ArchiveRead
            | CallKind::ArchiveWrite
            | CallKind::Change => true,
        }
    }

    /// What happens after a call was answered.
    fn after(&mut self, kind: CallKind) -> Result<(), Stop> {
        while let Some(verdict) = self.breaking(kind, Point::After) {
            match verdict {
                Verdict::Act { act } => self.suffer(&act)?,
                Verdict::Killed => return Err(Stop::Killed),
                Verdict::Interrupted => return Err(Stop::Interrupted),
                Verdict::Slow { ms } => self.pass_whatever(ms),
                Verdict::DownFor { calls } => self.down_for = calls,
                // What becomes of the answer is decided before it is given.
                Verdict::Hangs
                | Verdict::NotListening
                | Verdict::Forbidden
                | Verdict::BadStatus { .. }
                | Verdict::BadBody
                | Verdict::CutShort
                | Verdict::AnswerLost
                | Verdict::EffectLate { .. }
                | Verdict::Refused { .. }
                | Verdict::Stale => {}
            }
        }
        Ok(())
    }

    /// Makes a call that only asks, and tells whether it is answered and from which world.
    fn ask(&mut self, kind: CallKind) -> Result<Result<Told, Why>, Stop> {
        let answer = match self.gate(kind)? {
            Gate::Through => Ok(Told::Now),
            Gate::Stale => Ok(Told::First),
            Gate::Fails(why) | Gate::Lost(why) | Gate::Late(_, why) => Err(why),
            Gate::Cut => Err(cut_short(kind)),
            Gate::Refused(404) => Ok(Told::Denied),
            Gate::Refused(status) => Err(bad_status(kind, status)),
        };
        self.after(kind)?;
        Ok(answer)
    }

    fn world_of(&self, from: Told) -> &World {
        match (from, &self.first) {
            (Told::First, Some(first)) => first,
            (Told::First | Told::Now | Told::Denied, _) => self.world,
        }
    }
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// How things stand.
    Now,
    /// How they stood when the run began.
    First,
    /// Docker says that there is no such thing, which may be a lie.
    Denied,
}

/// What every simulated run finds Docker at.
const ADDRESS: &str = "unix:///var/run/docker.sock";

fn not_listening() -> Why {
    Why::NotListening { address: ADDRESS.to_owned() }
}

fn timed_out(kind: CallKind) -> Why {
    Why::TimedOut { call: name(kind) }
}

fn bad_status(kind: CallKind, status: u16) -> Why {
    Why::BadStatus { call: name(kind), status, message: String::new() }
}

/// A call as an answer's failure names it.
fn name(kind: CallKind) -> String {
    let path = match kind {
        CallKind::Info => "GET /info",
        CallKind::ListContainers => "GET /containers/json?all=1",
        CallKind::InspectContainer => "GET /containers/{id}/json",
        CallKind::ListVolumes => "GET /volumes",
        CallKind::InspectVolume => "GET /volumes/{name}",
        CallKind::InspectImage => "GET /images/{name}/json",
        CallKind::ListNetworks => "GET /networks",
        CallKind::Changes => "GET /containers/{id}/changes",
        CallKind::Health => "GET health",
        CallKind::Sandboxes => "GET sandboxes",
        CallKind::Logs => "GET /containers/{id}/logs",
        CallKind::Measure => "GET /system/df",
        CallKind::ArchiveRead => "GET /containers/{id}/archive",
        CallKind::ArchiveWrite => "PUT /containers/{id}/archive",
        CallKind::Change => "a request",
        CallKind::File => "a file",
    };
    path.to_owned()
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
        Command::BeginRollBack { .. } => "begin-roll-back",
        Command::WriteRecord { .. } => "write-record",
    }
}

fn cut_short(kind: CallKind) -> Why {
    Why::Malformed { call: name(kind), what: "it ends early".to_owned() }
}

/// Nobody knows whether it was done.
fn unknown(why: Why) -> Event {
    Event::Failed { failure: Failure::Unknown { why } }
}

/// It was not done, and it was not Docker that said so.
fn rejected(message: impl Into<String>) -> Event {
    Event::Failed { failure: Failure::Rejected { status: None, message: message.into() } }
}

/// Docker's own "no", or that nobody knows.
fn failed(status: u16, message: String, server_error_says_no: bool) -> Event {
    let unknown = match status {
        401 | 407 | 408 | 429 => true,
        500 => !server_error_says_no,
        400..=499 => false,
        _ => true,
    };
    let failure = if unknown {
        Failure::Unknown { why: Why::BadStatus { call: name(CallKind::Change), status, message } }
    } else {
        Failure::Rejected { status: Some(status), message }
    };
    Event::Failed { failure }
}
