//! Runs a check, and tells what it came to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use engine::Intent;
use serde::Serialize;
use stateright::{Checker, HasDiscoveries, Model};

use super::cases::Start;
use super::coverage::{Coverage, Reached};
use super::faults::{Faults, Kinds};
use super::found::{EXCEPTIONS, Finds, Violation};
use super::model::Check;
use super::properties::TWINS;
use crate::act::Act;
use crate::graph::{Edge, Edges};
use crate::oracle::Invariant;
use crate::seam::Seam;

/// What a check came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The form of this document.
    pub schema: u32,
    /// The rounds that it consists of.
    pub rounds: Vec<Counted>,
    /// How many states were generated, those that were known included.
    pub generated: usize,
    /// How many different ones.
    pub unique: usize,
    /// How many steps the longest way has.
    pub depth: usize,
    /// The most commands of all runs of one case, before the two undisturbed ones.
    pub most_commands: u64,
    /// How many different worlds were left alone, and onboarded twice more.
    pub settlements: u64,
    /// How many states a second.
    pub per_second: u64,
    /// How long it took.
    pub elapsed_ms: u64,
    /// Each invariant and its twin.
    pub properties: BTreeMap<&'static str, Held>,
    /// What was reached, and what not.
    pub reached: Reached,
    /// How many ends there were in which a volume was lost that no tool could have kept.
    pub unpreventable: u64,
    /// The known exceptions, and how often each was met.
    pub exceptions: Vec<Excepted>,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

/// One round.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counted {
    /// Which kinds of fault there were.
    pub kinds: Kinds,
    /// The most faults in one case.
    pub faults: u8,
    /// How many situations with what is asked for there were.
    pub cases: usize,
    /// How many states were generated, those that were known included.
    pub generated: usize,
    /// How many different ones.
    pub unique: usize,
    /// How many steps the longest way has.
    pub depth: usize,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// The verdict on one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It held in every state.
    Always,
    /// There is a state in which it does not.
    Broken,
    /// It was seen.
    Seen,
    /// It was not: what it stands beside says nothing.
    NeverSeen,
}

/// A known exception, and how often it was met.
#[derive(Clone, Debug, Serialize)]
pub struct Excepted {
    /// Its name.
    pub name: &'static str,
    /// Why it is let pass.
    pub why: &'static str,
    /// In how many states.
    pub states: u64,
}

/// Cases, and which faults may come in each.
#[derive(Clone, Debug)]
pub struct Round {
    /// The cases.
    pub starts: Vec<Arc<Start>>,
    /// The faults.
    pub faults: Faults,
}

/// What is counted over all rounds.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) coverage: Arc<Coverage>,
    pub(super) finds: Arc<Finds>,
}

impl Tally {
    /// Nothing yet; these acts of others are to be met.
    pub fn new(acts: &[Act]) -> Self {
        Self { coverage: Arc::new(Coverage::new(acts)), finds: Arc::default() }
    }

    /// The same, where every edge of the machine's graph is kept, too.
    pub fn with_edges(acts: &[Act]) -> Self {
        let mut coverage = Coverage::new(acts);
        coverage.edges = Some(Edges::default());
        Self { coverage: Arc::new(coverage), finds: Arc::default() }
    }

    /// The edges that were kept.
    pub fn edges(&self) -> Vec<Edge> {
        self.coverage.edges.as_ref().map(Edges::all).unwrap_or_default()
    }
}

/// Checks one round after the other.
pub fn check<S: Seam + Clone + Send + Sync + 'static>(
    rounds: Vec<Round>,
    tally: &Tally,
    jobs: usize,
    seam: impl Fn(&Intent) -> S + Clone + Send + Sync + 'static,
) -> Report {
    let began = Instant::now();
    let mut counted = Vec::new();
    for round in rounds {
        let began = Instant::now();
        let (faults, kinds, cases) = (round.faults.most, round.faults.kinds, round.starts.len());
        let checker = Check::new(round, tally, seam.clone()).checker().threads(jobs).spawn_dfs().join();
        counted.push(Counted {
            kinds,
            faults,
            cases,
            generated: checker.state_count(),
            unique: checker.unique_state_count(),
            depth: checker.max_depth(),
            elapsed_ms: ms_since(began),
        });
    }
    let generated = counted.iter().map(|round| round.generated).sum();
    Report {
        schema: 1,
        generated,
        unique: counted.iter().map(|round| round.unique).sum(),
        depth: counted.iter().map(|round| round.depth).max().unwrap_or_default(),
        per_second: (generated as f64 / began.elapsed().as_secs_f64().max(f64::EPSILON)) as u64,
        elapsed_ms: ms_since(began),
        rounds: counted,
        ..tally.report()
    }
}

/// How many states are looked at until one is found that breaks this invariant; none where all are looked at and none
/// does.
pub fn found_after<S: Seam + Clone + Send + Sync + 'static>(
    round: Round,
    invariant: Invariant,
    seam: impl Fn(&Intent) -> S + Send + Sync + 'static,
) -> Option<usize> {
    let name = TWINS.iter().find(|(one, ..)| *one == invariant).map(|(_, name, ..)| *name)?;
    let checker = Check::new(round, &Tally::new(&[]), seam).checker();
    let checker = checker.finish_when(HasDiscoveries::AnyOf([name].into())).spawn_dfs().join();
    let found = checker.model().finds.all().iter().any(|violation| violation.breach.invariant == invariant);
    found.then(|| checker.state_count())
}

fn ms_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Tally {
    fn report(&self) -> Report {
        let Self { coverage, finds } = self;
        let violations = finds.all();
        let mut properties = BTreeMap::new();
        for (invariant, name, sight, seen) in TWINS {
            let broken = violations.iter().any(|violation| violation.breach.invariant == invariant);
            properties.insert(name, if broken { Held::Broken } else { Held::Always });
            properties.insert(seen, if coverage.has_seen(sight) { Held::Seen } else { Held::NeverSeen });
        }
        let excepted = finds.excepted();
        let exceptions = EXCEPTIONS.iter().map(|exception| Excepted {
            name: exception.name,
            why: exception.why,
            states: excepted.get(exception.name).copied().unwrap_or_default(),
        });
        Report {
            most_commands: coverage.most_commands(),
            settlements: coverage.settlements(),
            properties,
            reached: coverage.reached(),
            unpreventable: coverage.unpreventable(),
            exceptions: exceptions.collect(),
            violations,
            ..Report::default()
        }
    }
}

impl Report {
    /// Whether everything held, and everything was reached.
    pub fn holds(&self) -> bool {
        let is_seen = |held: &Held| matches!(held, Held::Always | Held::Seen);
        self.violations.is_empty() && self.reached.missed.is_empty() && self.properties.values().all(is_seen)
    }
}
