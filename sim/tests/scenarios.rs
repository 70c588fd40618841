//! Every shipped scenario holds: the invariants, and what its file says.

use std::collections::BTreeSet;
use std::path::Path;

use sim::fault::{COMMANDS, CallKind};
use sim::host::{Happening, Moment, Witness};
use sim::scenario::{Bases, Scenario};
use sim::shipped::SHIPPED;

#[test]
fn every_shipped_scenario_holds() {
    let bases = Bases::new().expect("the built-in presets resolve");
    let mut wrong = Vec::new();
    for (name, text) in SHIPPED {
        let scenario = match Scenario::parse(text) {
            Ok(scenario) => scenario,
            Err(bad) => {
                wrong.push(format!("{name}: {bad}"));
                continue;
            }
        };
        let case = scenario.case(&bases).expect("it parsed");
        let judged = case.judge();
        let broken = judged.breaches.iter().map(|breach| format!("{}: {}", breach.invariant, breach.what));
        let all: Vec<_> = broken.chain(scenario.unfulfilled(&case, &judged)).collect();
        if !all.is_empty() {
            wrong.push(format!("{name}: {}\n  replay: nemoclaw-sim run {name}", all.join("\n  ")));
        }
        // A rule that never holds says nothing.
        for (rule, held) in scenario.rules.iter().zip(&judged.first.held) {
            if !held {
                wrong.push(format!("{name}: this rule never comes to hold: {rule:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_scenario_file_is_shipped_under_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: BTreeSet<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    let shipped: BTreeSet<_> = SHIPPED.iter().map(|(name, _)| format!("{name}.toml")).collect();
    assert_eq!(files, shipped);
}

/// Which calls the commands made.
#[derive(Default)]
struct Calls(BTreeSet<(&'static str, CallKind)>);

impl Witness for Calls {
    fn saw(&mut self, moment: &Moment) {
        if let Happening::Called(call) = moment.what {
            self.0.insert((moment.command, call));
        }
    }
}

/// What `Rule::never` says of a trigger rests on this table.
#[test]
fn commands_make_the_calls_that_the_table_of_them_says() {
    let bases = Bases::new().expect("the built-in presets resolve");
    let mut calls = Calls::default();
    for (_, text) in SHIPPED {
        let scenario = Scenario::parse(text).expect("another test says where it does not parse");
        scenario.case(&bases).expect("it parsed").judge_watched(&mut calls);
    }
    // `tests/commands.rs` gives those that no shipped scenario comes to.
    let given: BTreeSet<_> = calls.0.iter().map(|(command, _)| *command).collect();
    let told = COMMANDS.iter().filter(|(command, _)| given.contains(command));
    let told = told.flat_map(|(command, calls)| calls.iter().map(|call| (*command, *call)));
    assert_eq!(calls.0, told.collect());
}
