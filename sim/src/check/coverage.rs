//! What was reached: states, rows, kinds of fault at each call, acts of others. What was not, and is not impossible, is
//! named, and fails the check.

use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Event, Onboarding, Row, rows};
use serde::Serialize;

use super::faults::impossible;
use super::properties::Sight;
use crate::act::Act;
use crate::fault::{COMMANDS, CallKind, Verdict};
use crate::graph::Edges;

/// The kinds of fault, as [`Verdict::kind`] names them.
pub const KINDS: [&str; 15] = [
    "hangs",
    "not-listening",
    "forbidden",
    "bad-status",
    "bad-body",
    "cut-short",
    "answer-lost",
    "effect-late",
    "refused",
    "stale",
    "down-for",
    "act",
    "killed",
    "interrupted",
    "slow",
];

/// How many kinds of calls there are.
const CALLS: usize = 16;

/// Counters for everything that is to be reached.
#[derive(Debug)]
pub struct Coverage {
    states: Vec<(&'static str, AtomicU64)>,
    rows: Vec<(Row, AtomicU64)>,
    /// By command, call and kind of fault.
    pairs: Vec<AtomicU64>,
    acts: Vec<(Act, AtomicU64)>,
    sights: Vec<(Sight, AtomicU64)>,
    /// The most commands of all runs of one case.
    most_commands: AtomicU64,
    /// Cases in which a volume was lost that no tool could have kept.
    unpreventable: AtomicU64,
    settlements: AtomicU64,
    /// What led from which state to which, where somebody wants to know.
    pub(super) edges: Option<Edges>,
}

/// What was reached and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// How many states of the machine, of how many.
    pub states: (usize, usize),
    /// How many rows of the decision table.
    pub rows: (usize, usize),
    /// How many pairs of a command's call and a kind of fault.
    pub pairs: (usize, usize),
    /// How many acts of others.
    pub acts: (usize, usize),
    /// What was not reached, by name.
    pub missed: Vec<String>,
    /// Pairs that cannot be, each with why.
    pub impossible: Vec<(String, &'static str)>,
}

impl Coverage {
    /// Nothing is reached yet.
    pub fn new(acts: &[Act]) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            states: Onboarding::STATES.iter().map(|(_, name)| (*name, zero())).collect(),
            rows: rows().map(|row| (row, zero())).collect(),
            pairs: (0..COMMANDS.len() * CALLS * KINDS.len()).map(|_| zero()).collect(),
            acts: acts.iter().map(|act| (act.clone(), zero())).collect(),
            sights: Sight::ALL.iter().map(|sight| (*sight, zero())).collect(),
            most_commands: zero(),
            unpreventable: zero(),
            settlements: zero(),
            edges: None,
        }
    }

    pub(super) fn entered(&self, state: &'static str) {
        count(&self.states, state);
    }

    pub(super) fn went(&self, from: &'static str, event: &Event, to: &'static str) {
        self.entered(to);
        if let Some(edges) = &self.edges {
            edges.note(from, event, to);
        }
    }

    pub(super) fn decided(&self, row: Option<Row>) {
        row.iter().for_each(|row| count(&self.rows, *row));
    }

    pub(super) fn placed(&self, command: &str, call: CallKind, what: &Verdict) {
        if let Some(at) = pair(command, call, what.kind()) {
            self.pairs[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn acted(&self, nth: usize) {
        // Where no acts are to be met, none are counted.
        if let Some((_, count)) = self.acts.get(nth) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn saw(&self, sight: Sight) {
        count(&self.sights, sight);
    }

    pub(super) fn ended(&self, commands: u32, unpreventable: bool) {
        self.most_commands.fetch_max(u64::from(commands), Ordering::Relaxed);
        self.unpreventable.fetch_add(u64::from(unpreventable), Ordering::Relaxed);
    }

    pub(super) fn settled(&self) {
        self.settlements.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether that was seen.
    pub fn has_seen(&self, sight: Sight) -> bool {
        self.sights.iter().any(|(one, count)| *one == sight && count.load(Ordering::Relaxed) > 0)
    }

    /// The most commands that all runs of one case gave, the undisturbed ones in the end aside.
    pub fn most_commands(&self) -> u64 {
        self.most_commands.load(Ordering::Relaxed)
    }

    /// How many ends there were in which a volume was lost that nothing could have kept.
    pub fn unpreventable(&self) -> u64 {
        self.unpreventable.load(Ordering::Relaxed)
    }

    /// How many different worlds two undisturbed runs were made in.
    pub fn settlements(&self) -> u64 {
        self.settlements.load(Ordering::Relaxed)
    }

    /// What was reached and what was not.
    pub fn reached(&self) -> Reached {
        let mut reached = Reached::default();
        let Reached { missed, impossible: cannot, .. } = &mut reached;
        let mut part = |all: Vec<(String, u64)>| {
            let hit = all.iter().filter(|(_, count)| *count > 0).count();
            missed.extend(all.iter().filter(|(_, count)| *count == 0).map(|(name, _)| name.clone()));
            (hit, all.len())
        };
        let states = part(named(&self.states, |state| format!("state {state}")));
        let rows = part(named(&self.rows, |row| format!("row {row:?}")));
        let acts = part(named(&self.acts, |act| format!("act {}", serde_json::to_string(act).unwrap_or_default())));
        let mut pairs = Vec::new();
        for (command, calls) in COMMANDS {
            for call in calls {
                for kind in KINDS {
                    let name = format!("`{kind}` at {call:?} of {command}");
                    let count = pair(command, *call, kind).map_or(0, |at| self.pairs[at].load(Ordering::Relaxed));
                    match impossible(command, *call, kind) {
                        Some(why) => cannot.push((name, why)),
                        None => pairs.push((name, count)),
                    }
                }
            }
        }
        let pairs = part(pairs);
        Reached { states, rows, pairs, acts, ..reached }
    }
}

fn named<T>(counters: &[(T, AtomicU64)], name: impl Fn(&T) -> String) -> Vec<(String, u64)> {
    counters.iter().map(|(what, count)| (name(what), count.load(Ordering::Relaxed))).collect()
}

fn count<T: PartialEq>(counters: &[(T, AtomicU64)], what: T) {
    if let Some((_, count)) = counters.iter().find(|(one, _)| *one == what) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn pair(command: &str, call: CallKind, kind: &str) -> Option<usize> {
    let command = COMMANDS.iter().position(|(name, _)| *name == command)?;
    let kind = KINDS.iter().position(|name| *name == kind)?;
    Some((command * CALLS + call as usize) * KINDS.len() + kind)
}
