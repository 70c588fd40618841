//! The exhaustive check at a small bound: every kind of fault at every call of a few cases. What the whole of it shows is in
//! docs/model.md.

use std::collections::BTreeSet;

use sim::check::{Faults, Held, Kinds, Round, Tally, acts, cases, check, own_cases, shipped};
use sim::fault::Verdict;
use sim::graph::diagram;
use sim::scenario::Bases;
use sim::seam::Open;

/// What the mission is about: the gateway is stopped, its host restarts, its container is gone, its image has drifted.
const CASES: [&str; 4] =
    ["reboot-stopped-is-not-missing", "power-cut-and-back", "container-removed-volume-left", "cluster-from-nothing"];

fn small(most: u8) -> Result<Round, String> {
    let scenarios = shipped()?;
    let bases = Bases::new().map_err(|error| error.to_string())?;
    let few: Vec<_> = scenarios.iter().filter(|(name, _)| CASES.contains(name)).cloned().collect();
    assert_eq!(few.len(), CASES.len());
    let starts = own_cases(&few, &bases).map_err(|error| error.to_string())?;
    Ok(Round { starts, faults: Faults::new(Kinds::All, most, &acts(&scenarios)) })
}

#[test]
fn one_fault_of_any_kind_anywhere_breaks_nothing() {
    let tally = Tally::new(&acts(&shipped().expect("they parse")));
    let report = check(vec![small(1).expect("it can be checked")], &tally, 2, |_| Open);
    let told: Vec<_> = report.violations.iter().map(|one| (&one.breach, one.scenario.to_toml())).collect();
    assert!(told.is_empty(), "{told:#?}");
    assert!(report.properties.values().all(|held| *held != Held::Broken), "{:?}", report.properties);
    assert!(report.generated > report.unique && report.unique > 1_000, "{report:?}");
}

#[test]
fn what_is_counted_does_not_depend_on_the_threads() {
    let counted = |jobs| {
        let report = check(vec![small(1).expect("it can be checked")], &Tally::new(&[]), jobs, |_| Open);
        (report.generated, report.unique)
    };
    assert_eq!(counted(1), counted(2));
}

#[test]
fn every_situation_is_checked_with_everything_that_is_asked_for() {
    let scenarios = shipped().expect("they parse");
    let bases = Bases::new().expect("the built-in presets resolve");
    let all = cases(&scenarios, &bases).expect("they can be run");
    let asks: BTreeSet<_> = all.iter().map(|start| format!("{:?}", start.scenario.ask)).collect();
    let situations: BTreeSet<_> = all.iter().map(|start| format!("{:?}", start.scenario.world)).collect();
    assert!(all.len() > 1_000, "{} cases, {} situations, {} asks", all.len(), situations.len(), asks.len());
    for (name, scenario) in &scenarios {
        assert!(asks.contains(&format!("{:?}", scenario.ask)), "what `{name}` asks for is not checked");
    }
    // Faults of every kind that a scenario writes down are among those that are placed.
    for rule in scenarios.iter().flat_map(|(_, scenario)| &scenario.rules) {
        let kind = rule.what.kind();
        assert!(sim::check::KINDS.contains(&kind), "`{kind}` is not placed");
        if let Verdict::Act { act } = &rule.what {
            assert!(acts(&scenarios).contains(act), "{act:?} is not placed");
        }
    }
}

#[test]
fn the_page_about_the_model_shows_the_states_as_they_are() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/model.md");
    let text = std::fs::read_to_string(page).expect("the page is there");
    let drawn = diagram(&Bases::new().expect("the built-in presets resolve")).expect("they parse");
    assert!(text.contains(&format!("```mermaid\n{drawn}```")), "`nemoclaw-sim graph` prints another one:\n{drawn}");
}
