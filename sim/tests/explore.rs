//! Drawn scenarios, judged by every invariant.

use sim::explore::{Totals, explore};
use sim::scenario::Bases;
use sim::shrink::{breaks, shrink};

/// How many are drawn.
const RUNS: u64 = 2_000;

#[test]
fn no_drawn_scenario_breaks_an_invariant() {
    let bases = Bases::new().expect("the built-in presets resolve");
    let mut totals = Totals::default();
    let runs = std::env::var("NEMOCLAW_SIM_RUNS").map_or(RUNS, |runs| runs.parse().expect("a number"));
    let Some(found) = explore(&bases, 1, 0..runs, &mut totals) else { return };
    let invariant = found.breaches[0].invariant;
    let small = shrink(&found.scenario, |scenario| breaks(scenario, &bases, invariant));
    let judged = small.case(&bases).expect("it was run before").judge();
    panic!(
        "run {}: {}\n{:?}\n{}\nfirst {:?}\nthen {:?}",
        found.run,
        invariant.sentence(),
        judged.breaches,
        toml::to_string(&small).expect("a scenario has a TOML form"),
        judged.first.outcome,
        judged.converged,
    );
}
