//! Where a case has come: a run between two commands, its end, or what everything has come to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use engine::{Command, Onboarding};
use rustc_hash::FxHasher;

use super::cases::Start;
use crate::fault::Rule;
use crate::host::Between;
use crate::judge::Disturbed;
use crate::oracle::{Acts, Invariant, Oracle};
use crate::world::World;
use crate::world::effect::History;

/// One state. Two are the same where all that can come of them is the same.
#[derive(Clone)]
pub struct State<S> {
    /// A hash of all that matters of it, made once.
    print: u64,
    pub(super) way: Way,
    pub(super) at: At<S>,
}

/// On which way a case came to where it is.
#[derive(Clone)]
pub(super) struct Way {
    pub start: Arc<Start>,
    /// Whether the run is the first one.
    pub is_first: bool,
    /// How many more faults may come.
    pub left: u8,
    pub disturbed: Disturbed,
    /// What earlier runs did.
    pub acts: Acts,
    /// How many commands earlier runs gave.
    pub commands: u32,
    /// Whether an earlier run was killed. Not a part of what makes two states the same.
    pub died: bool,
    /// The faults so far. Not a part of what makes two states the same.
    pub trail: Option<Arc<Trail>>,
}

/// The faults of a case so far, as a scenario has them.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    pub rules: Vec<Rule>,
    pub again: Option<Vec<Rule>>,
}

#[derive(Clone)]
pub(super) enum At<S> {
    /// Between two commands of a run.
    Running(Box<Running<S>>),
    /// A run has ended, or was killed; whoever was to see to it may run it again.
    Over(Arc<World>),
    /// Two undisturbed runs ended as they should.
    Settled,
    /// These invariants did not hold.
    Broken(Vec<Invariant>),
    /// One did not hold, in a way that is known and told of.
    Excepted,
}

/// A run between two commands.
#[derive(Clone)]
pub(super) struct Running<S> {
    pub machine: Onboarding,
    pub command: Arc<Command>,
    pub host: Between,
    pub oracle: Oracle<'static>,
    pub history: History,
    pub world: Arc<World>,
    /// The world when the run began, which a stale answer tells.
    pub first: Arc<World>,
    pub seam: S,
}

impl<S> State<S> {
    pub(super) fn running(way: Way, running: Running<S>) -> Self {
        let mut hasher = FxHasher::default();
        (0_u8, way.is_first, way.left).hash(&mut hasher);
        way.hash(&mut hasher);
        // What a stale answer tells is the same for all runs of a start that began at the same world.
        if way.left > 0 && !way.is_first {
            running.first.hash(&mut hasher);
        }
        (&running.machine, &running.command, &running.host).hash(&mut hasher);
        (&running.oracle, &running.history, &running.world).hash(&mut hasher);
        Self { print: mixed(&hasher), way, at: At::Running(Box::new(running)) }
    }

    pub(super) fn over(way: Way, world: World) -> Self {
        let mut hasher = FxHasher::default();
        (1_u8, way.is_first, way.left).hash(&mut hasher);
        way.hash(&mut hasher);
        world.hash(&mut hasher);
        Self { print: mixed(&hasher), way, at: At::Over(Arc::new(world)) }
    }

    /// An end, as one word and what makes it another one than others.
    pub(super) fn end(way: Way, at: At<S>, what: &impl Hash) -> Self {
        let kind = match at {
            At::Running(_) | At::Over(_) | At::Settled => 2_u8,
            At::Broken(_) => 3,
            At::Excepted => 4,
        };
        let mut hasher = FxHasher::default();
        (kind, what).hash(&mut hasher);
        Self { print: mixed(&hasher), way, at }
    }
}

impl Way {
    /// The same with one more fault, at the how-manieth command of the run.
    pub fn disturbed_by(&self, rules: &[Rule], nth: u32) -> Self {
        let mut trail = self.trail.as_deref().cloned().unwrap_or_default();
        let list = if self.is_first { &mut trail.rules } else { trail.again.get_or_insert_default() };
        list.extend(rules.iter().cloned().map(|mut rule| {
            rule.when.nth = nth;
            rule
        }));
        let disturbed = self.disturbed.and(Disturbed::by(rules.iter()));
        Self { left: self.left - 1, disturbed, trail: Some(Arc::new(trail)), ..self.clone() }
    }

    /// The same once the run is over that did so much.
    pub fn over(&self, acts: Acts, commands: u32) -> Self {
        let mut all = self.acts;
        all += acts;
        Self { acts: all, commands: self.commands + commands, ..self.clone() }
    }
}

impl Hash for Way {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.start.nth, self.disturbed, self.acts).hash(state);
    }
}

/// Spreads what a fast hash leaves in a few bits over all of them; never zero.
fn mixed(hasher: &FxHasher) -> u64 {
    let mut z = hasher.finish();
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).max(1)
}

impl<S> Hash for State<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print.hash(state);
    }
}

impl<S> PartialEq for State<S> {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

impl<S> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = match &self.at {
            At::Running(running) => running.machine.state_name(),
            At::Over(_) => "over",
            At::Settled => "settled",
            At::Broken(_) => "broken",
            At::Excepted => "excepted",
        };
        write!(f, "{at} ({:016x})", self.print)
    }
}
