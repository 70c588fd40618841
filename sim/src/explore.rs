//! Random exploration: scenarios drawn from a seed, each judged whole. What a seed finds does not depend on how many
//! threads look.

use std::collections::BTreeMap;

use engine::Row;
use serde::Serialize;

use crate::draw::{Seeded, Swarm, scenario};
use crate::judge::{Case, Judged};
use crate::oracle::Breach;
use crate::scenario::{Bases, Scenario};

/// What an exploration has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many scenarios were run.
    pub runs: u64,
    /// How many commands the runs that met faults gave.
    pub commands: u64,
    /// How often a rule came to hold, by its kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often a row decided the end of the first run.
    pub rows: BTreeMap<String, u64>,
    /// How often the first run ended so.
    pub reasons: BTreeMap<String, u64>,
}

impl Totals {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.commands += other.commands;
        add(&mut self.faults, &other.faults);
        add(&mut self.rows, &other.rows);
        add(&mut self.reasons, &other.reasons);
    }
}

fn add<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (name, count) in other {
        *to.entry(name.clone()).or_default() += count;
    }
}

/// A run of an exploration that broke an invariant.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which run.
    pub run: u64,
    /// What was drawn.
    pub scenario: Scenario,
    /// What did not hold.
    pub breaches: Vec<Breach>,
}

/// The scenario of one run of an exploration.
fn drawn(seed: u64, run: u64) -> Scenario {
    let mut choices = Seeded::new(seed, run);
    let swarm = Swarm::draw(&mut choices);
    scenario(&mut choices, swarm)
}

/// Runs these runs of a seed's exploration, up to the first that breaks an invariant.
pub fn explore(bases: &Bases, seed: u64, runs: impl Iterator<Item = u64>, totals: &mut Totals) -> Option<Found> {
    explore_by(Case::judge, bases, seed, runs, totals)
}

/// The same, where each case is judged so.
pub fn explore_by(
    judge: impl Fn(&Case) -> Judged,
    bases: &Bases,
    seed: u64,
    runs: impl Iterator<Item = u64>,
    totals: &mut Totals,
) -> Option<Found> {
    for run in runs {
        let scenario = drawn(seed, run);
        let Ok(case) = scenario.case(bases) else { continue };
        let judged = judge(&case);
        totals.runs += 1;
        totals.commands += u64::from(judged.first.commands);
        for (rule, held) in scenario.rules.iter().zip(&judged.first.held) {
            if *held {
                *totals.faults.entry(rule.what.kind()).or_default() += 1;
            }
        }
        if let Some(outcome) = &judged.first.outcome {
            let row = outcome.row.map_or_else(|| "none".to_owned(), name_of);
            *totals.rows.entry(row).or_default() += 1;
            *totals.reasons.entry(outcome.reason().id().to_owned()).or_default() += 1;
        }
        if !judged.breaches.is_empty() {
            return Some(Found { run, scenario, breaches: judged.breaches });
        }
    }
    None
}

fn name_of(row: Row) -> String {
    format!("{row:?}")
}
