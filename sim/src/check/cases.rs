//! What is checked: every situation that a shipped scenario begins with, and in each of them everything that any of them
//! asks for. What two of them have in common is checked once.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use engine::{Intent, Shared};

use super::faults::is_of_the_mission;
use crate::act::{Act, Which};
use crate::base::Names;
use crate::fault::Verdict;
use crate::judge::{Case, Reference};
use crate::scenario::{Ask, BadScenario, Bases, Before, Scenario};
use crate::shipped::SHIPPED;
use crate::world::World;

/// The containers beside a gateway's own, by the words that an act has for them.
const BESIDE: [&str; 3] = ["next", "previous", "helper"];

/// One case to begin with: a situation, and what is asked for in it.
#[derive(Debug)]
pub struct Start {
    /// The how-manieth it is.
    pub nth: u32,
    /// The same as a scenario without faults.
    pub scenario: Scenario,
    /// The same as a case without faults.
    pub case: Case,
    pub(super) names: Shared<Names>,
    pub(super) world: Arc<World>,
    pub(super) intent: Shared<Intent>,
    /// What is asked for afterwards.
    pub(super) plain: Shared<Intent>,
    pub(super) reference: OnceLock<Reference>,
}

impl Start {
    fn new(nth: usize, scenario: Scenario, case: Case) -> Self {
        Self {
            nth: u32::try_from(nth).unwrap_or(u32::MAX),
            names: Shared::new(case.names.clone()),
            world: Arc::new(case.world.clone()),
            intent: Shared::new(case.intent.clone()),
            plain: Shared::new(case.plain()),
            reference: OnceLock::new(),
            scenario,
            case,
        }
    }

    /// What this run is to achieve, the first or a later one.
    pub(super) fn intent(&self, is_first: bool) -> &Shared<Intent> {
        if is_first { &self.intent } else { &self.plain }
    }
}

/// The scenarios that ship, parsed.
///
/// # Errors
/// One that cannot be read, by its name.
pub fn shipped() -> Result<Vec<(&'static str, Scenario)>, String> {
    let parsed = SHIPPED.iter().map(|(name, text)| match Scenario::parse(text) {
        Ok(scenario) => Ok((*name, scenario)),
        Err(bad) => Err(format!("the shipped scenario `{name}`: {bad}")),
    });
    parsed.collect()
}

/// The cases of these scenarios: each of their situations with everything that any of them asks for.
///
/// # Errors
/// A scenario that cannot be run.
pub fn cases(scenarios: &[(&'static str, Scenario)], bases: &Bases) -> Result<Vec<Arc<Start>>, BadScenario> {
    let (mut situations, mut asks): (Vec<&Before>, Vec<&Ask>) = (Vec::new(), Vec::new());
    for (_, scenario) in scenarios {
        if !situations.contains(&&scenario.world) {
            situations.push(&scenario.world);
        }
        if !asks.contains(&&scenario.ask) {
            asks.push(&scenario.ask);
        }
    }
    starts(situations.into_iter().flat_map(|world| asks.iter().map(move |ask| (world, *ask))), bases)
}

/// The cases of these scenarios as they are: each situation with what is asked for in it.
///
/// # Errors
/// A scenario that cannot be run.
pub fn own_cases(scenarios: &[(&'static str, Scenario)], bases: &Bases) -> Result<Vec<Arc<Start>>, BadScenario> {
    starts(scenarios.iter().map(|(_, scenario)| (&scenario.world, &scenario.ask)), bases)
}

/// Of the cases of these scenarios as they are those that the mission names: nothing but what it names has happened.
///
/// # Errors
/// A scenario that cannot be run.
pub fn mission_cases(scenarios: &[(&'static str, Scenario)], bases: &Bases) -> Result<Vec<Arc<Start>>, BadScenario> {
    let named = scenarios.iter().filter(|(_, scenario)| scenario.world.acts.iter().all(is_of_the_mission));
    starts(named.map(|(_, scenario)| (&scenario.world, &scenario.ask)), bases)
}

/// Those that differ in what there is, or in what is asked for.
fn starts<'a>(all: impl Iterator<Item = (&'a Before, &'a Ask)>, bases: &Bases) -> Result<Vec<Arc<Start>>, BadScenario> {
    let (mut starts, mut known) = (Vec::new(), BTreeSet::new());
    for (world, ask) in all {
        let story = "Found by `nemoclaw-sim check`.".to_owned();
        let scenario = Scenario { story, world: world.clone(), ask: ask.clone(), ..Scenario::default() };
        let case = scenario.case(bases)?;
        if known.insert(print_of(&(&case.names, &case.world, &case.intent))) {
            starts.push(Arc::new(Start::new(starts.len(), scenario, case)));
        }
    }
    Ok(starts)
}

/// Everything that others do in a shipped scenario, before a run or meanwhile.
pub fn acts(scenarios: &[(&'static str, Scenario)]) -> Vec<Act> {
    let mut all = Vec::new();
    for (_, scenario) in scenarios {
        let meanwhile = scenario
            .rules
            .iter()
            .filter_map(|rule| if let Verdict::Act { act } = &rule.what { Some(act) } else { None });
        for act in scenario.world.acts.iter().chain(meanwhile) {
            // A container that one scenario makes under a name of its own is in no other situation.
            let names_another =
                matches!(act, Act::Stop(Which { container: Some(name) }) if !BESIDE.contains(&name.as_str()));
            if !names_another && !all.contains(act) {
                all.push(act.clone());
            }
        }
    }
    all
}

fn print_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
