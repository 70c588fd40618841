//! Makes a scenario that breaks an invariant as small as it can: delta debugging (Zeller and Hildebrandt, 2002) over its
//! rules and acts, then one simplification after another, as long as the same invariant breaks.

use crate::fault::Rule;
use crate::oracle::Invariant;
use crate::scenario::{Again, Ask, Bases, Scenario};

/// The smallest scenario found that still breaks it.
pub fn shrink(scenario: &Scenario, breaks: impl Fn(&Scenario) -> bool) -> Scenario {
    let mut least = scenario.clone();
    loop {
        let before = least.clone();
        least.rules = ddmin(&least.rules, |rules| breaks(&Scenario { rules: rules.to_vec(), ..least.clone() }));
        if let Some(again) = least.again.clone() {
            let with = |rules: &[Rule]| Scenario { again: Some(Again { rules: rules.to_vec() }), ..least.clone() };
            let rules = ddmin(&again.rules, |rules| breaks(&with(rules)));
            least = with(&rules);
        }
        least.world.acts = ddmin(&least.world.acts, |acts| {
            let mut tried = least.clone();
            tried.world.acts = acts.to_vec();
            breaks(&tried)
        });
        for simpler in simpler(&least) {
            if breaks(&simpler) {
                least = simpler;
                break;
            }
        }
        if least == before {
            return least;
        }
    }
}

/// Whether a scenario breaks this invariant.
pub fn breaks(scenario: &Scenario, bases: &Bases, invariant: Invariant) -> bool {
    scenario.case(bases).is_ok_and(|case| case.judge().breaches.iter().any(|breach| breach.invariant == invariant))
}

/// The same with one thing simpler.
fn simpler(scenario: &Scenario) -> Vec<Scenario> {
    let with = |change: &dyn Fn(&mut Scenario)| {
        let mut simpler = scenario.clone();
        change(&mut simpler);
        simpler
    };
    let ask = |change: &dyn Fn(&mut Ask)| with(&|scenario| change(&mut scenario.ask));
    let mut all = vec![
        with(&|scenario| scenario.ask = Ask::default()),
        with(&|scenario| scenario.again = None),
        with(&|scenario| scenario.world.preset = Default::default()),
        with(&|scenario| scenario.world.base = Default::default()),
        ask(&|ask| ask.command = Default::default()),
        ask(&|ask| ask.accept_daemon = false),
        ask(&|ask| ask.reset = false),
        ask(&|ask| ask.adopt = None),
        ask(&|ask| ask.port = None),
        ask(&|ask| ask.recreate = false),
        ask(&|ask| ask.upgrade = false),
        ask(&|ask| ask.image = None),
        ask(&|ask| ask.leave_behind = false),
        ask(&|ask| ask.no_backup = false),
        ask(&|ask| ask.backup = None),
        ask(&|ask| ask.volumes = false),
        ask(&|ask| ask.set_aside = false),
        ask(&|ask| ask.confirm = false),
        ask(&|ask| ask.carry.clear()),
        ask(&|ask| ask.preset_not_typed = false),
    ];
    for at in 0..scenario.rules.len() {
        all.push(with(&|scenario| scenario.rules[at].when.call = None));
        all.push(with(&|scenario| scenario.rules[at].when.at = Default::default()));
        all.push(with(&|scenario| scenario.rules[at].when.nth = 1));
    }
    all.retain(|simpler| simpler != scenario);
    all
}

/// The smallest part of a list for which it still holds, by leaving out ever smaller pieces.
fn ddmin<T: Clone>(all: &[T], holds: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut least = all.to_vec();
    let mut pieces = 2;
    while !least.is_empty() {
        let size = least.len().div_ceil(pieces);
        let without = (0..least.len()).step_by(size).find_map(|from| {
            let to = (from + size).min(least.len());
            let rest = [&least[..from], &least[to..]].concat();
            holds(&rest).then_some(rest)
        });
        match without {
            Some(rest) => {
                least = rest;
                pieces = pieces.saturating_sub(1).max(2);
            }
            None if size <= 1 => break,
            None => pieces = (pieces * 2).min(least.len()),
        }
    }
    least
}
