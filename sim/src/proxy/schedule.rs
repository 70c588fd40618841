//! Which rule holds at which request, and which rules a proxy can play at all.

use thiserror::Error;

use super::asked::{Asked, OBSERVE, is_told};
use crate::fault::{COMMANDS, CallKind, Point, Rule, Verdict};
use crate::scenario::Scenario;

/// A scenario that a proxy cannot play.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unplayable {
    /// It breaks nothing.
    #[error("it has no rules: there is nothing for a proxy to do")]
    NoRules,
    /// A rule that is not a fault of the daemon's, or not at a request that a proxy can tell.
    #[error("rule {at} (`{kind}`): {why}")]
    Rule {
        /// Which, from 1.
        at: usize,
        /// The kind of what happens.
        kind: &'static str,
        /// Why.
        why: String,
    },
}

/// The rules, and how far the requests have come.
#[derive(Clone, Debug)]
pub struct Schedule {
    rules: Vec<Rule>,
    held: Vec<bool>,
    commands: Vec<(&'static str, u32)>,
    /// Requests of each kind.
    calls: Vec<(CallKind, u32)>,
    all: u32,
    last: &'static str,
    /// What the look under way has begun with.
    looked: Vec<CallKind>,
    down_for: u32,
}

/// A request's place in the count.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    asked: Asked,
    of_command: u32,
    of_call: u32,
    of_all: u32,
}

impl Schedule {
    /// The schedule of a scenario.
    ///
    /// # Errors
    /// The first rule that a proxy cannot play.
    pub fn of(scenario: &Scenario) -> Result<Self, Unplayable> {
        if scenario.rules.is_empty() {
            return Err(Unplayable::NoRules);
        }
        for (at, rule) in scenario.rules.iter().enumerate() {
            if let Some(why) = rule.never().or_else(|| unplayable(rule)) {
                return Err(Unplayable::Rule { at: at + 1, kind: rule.what.kind(), why });
            }
        }
        let rules = scenario.rules.clone();
        let held = vec![false; rules.len()];
        let (commands, calls, looked) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { rules, held, commands, calls, all: 0, last: "", looked, down_for: 0 })
    }

    /// Counts a request.
    pub fn enter(&mut self, asked: Asked) -> Place {
        let begins_look = matches!(asked.call, CallKind::Info | CallKind::ListContainers | CallKind::ListVolumes);
        let goes_on =
            asked.command == OBSERVE && self.last == OBSERVE && !(begins_look && self.looked.contains(&asked.call));
        if !goes_on {
            self.looked.clear();
            count(&mut self.commands, asked.command);
        }
        self.looked.push(asked.call);
        self.last = asked.command;
        self.all += 1;
        let of_command = self.commands.iter().find(|(name, _)| *name == asked.command).map_or(0, |(_, count)| *count);
        Place { asked, of_command, of_call: count(&mut self.calls, asked.call), of_all: self.all }
    }

    /// The next rule that holds there, which holds no more.
    pub fn breaking(&mut self, place: &Place, at: Point) -> Option<Verdict> {
        let holds = |rule: &Rule| {
            let nth = match (&rule.when.command, rule.when.call) {
                (Some(command), _) if command != place.asked.command => return false,
                (Some(_), _) => place.of_command,
                (None, Some(_)) => place.of_call,
                (None, None) => place.of_all,
            };
            let is_call = rule.when.call.is_none_or(|call| call == place.asked.call);
            nth == rule.when.nth && rule.when.at == at && is_call
        };
        let at = (0..self.rules.len()).find(|at| !self.held[*at] && holds(&self.rules[*at]))?;
        self.held[at] = true;
        let verdict = self.rules[at].what.clone();
        if let Verdict::DownFor { calls } = verdict {
            self.down_for = calls;
        }
        Some(verdict)
    }

    /// Whether the daemon is down for this request.
    pub fn is_down(&mut self) -> bool {
        let down = self.down_for > 0;
        self.down_for = self.down_for.saturating_sub(1);
        down
    }

    /// Whether an answer of this kind may have to be given again.
    pub fn keeps(&self, call: CallKind) -> bool {
        let of = |rule: &Rule| rule.what == Verdict::Stale && rule.when.call.is_none_or(|named| named == call);
        self.rules.iter().any(of)
    }

    /// Whether every rule has held.
    pub fn is_over(&self) -> bool {
        self.held.iter().all(|held| *held)
    }
}

/// Counts one more.
fn count<K: PartialEq>(counts: &mut Vec<(K, u32)>, key: K) -> u32 {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, count)) => {
            *count += 1;
            *count
        }
        None => {
            counts.push((key, 1));
            1
        }
    }
}

/// Why a proxy cannot play a rule.
fn unplayable(rule: &Rule) -> Option<String> {
    match &rule.what {
        Verdict::Act { .. } => return Some("somebody acts on the host, which a proxy does not".to_owned()),
        Verdict::Killed | Verdict::Interrupted => {
            return Some("it ends the run, which is not the proxy's process".to_owned());
        }
        Verdict::Forbidden => {
            return Some("who may connect is decided before a proxy sees a request".to_owned());
        }
        Verdict::BadStatus { status } | Verdict::Refused { status } if !(200..1000).contains(status) => {
            return Some(format!("{status} ends no answer of HTTP"));
        }
        Verdict::Hangs
        | Verdict::NotListening
        | Verdict::BadStatus { .. }
        | Verdict::BadBody
        | Verdict::CutShort
        | Verdict::AnswerLost
        | Verdict::EffectLate { .. }
        | Verdict::Refused { .. }
        | Verdict::Stale
        | Verdict::DownFor { .. }
        | Verdict::Slow { .. } => {}
    }
    if let Some(call @ (CallKind::Health | CallKind::Sandboxes | CallKind::File)) = rule.when.call {
        return Some(format!("`{call:?}` is no request to Docker"));
    }
    let command = rule.when.command.as_deref()?;
    let mut calls = COMMANDS.iter().filter(|(name, _)| *name == command).flat_map(|(_, calls)| *calls);
    if !calls.any(|call| is_told(command, *call)) {
        return Some(format!("`{command}` cannot be told from requests to Docker"));
    }
    let call = rule.when.call.filter(|call| !is_told(command, *call))?;
    Some(format!("a request of `{command}` of the kind `{call:?}` is like one of `{OBSERVE}` or of another command"))
}
