//! What becomes of each call: the rules that hold about it, who acts before it and after it, and where its answer comes
//! from.

use engine::Why;

use super::words::{ADDRESS, bad_status, cut_short, name, not_listening, timed_out};
use super::{Happening, SimHost, Stop, Witness};
use crate::act::Act;
use crate::fault::{CallKind, Point, Rule, Verdict};
use crate::world::World;

/// How long a question may take, in milliseconds, as the real adapter has it.
const ASK_LIMIT_MS: u64 = 5_000;

/// How long a call takes, in milliseconds.
const CALL_MS: u64 = 1;

/// What becomes of a call.
pub(super) enum Gate {
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

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// How things stand.
    Now,
    /// How they stood when the run began.
    First,
    /// Docker says that there is no such thing, which may be a lie.
    Denied,
}

impl<W: Witness> SimHost<'_, W> {
    /// The rules that hold at this point of the command under way, in order.
    pub(super) fn breaking(&mut self, kind: CallKind, at: Point) -> Option<Verdict> {
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
    pub(super) fn gate(&mut self, kind: CallKind) -> Result<Gate, Stop> {
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
    pub(super) fn suffer(&mut self, act: &Act) -> Result<(), Stop> {
        act.perform(self.world, self.names, self.history);
        if *act == Act::CutPower { Err(Stop::Killed) } else { Ok(()) }
    }

    pub(super) fn is_of_daemon(kind: CallKind) -> bool {
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
    pub(super) fn after(&mut self, kind: CallKind) -> Result<(), Stop> {
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
    pub(super) fn ask(&mut self, kind: CallKind) -> Result<Result<Told, Why>, Stop> {
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

    pub(super) fn world_of(&self, from: Told) -> &World {
        match (from, &self.first) {
            (Told::First, Some(first)) => first,
            (Told::First | Told::Now | Told::Denied, _) => self.world,
        }
    }
}
