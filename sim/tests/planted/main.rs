//! Planted bugs prove the net: each of them is found by random exploration, for the reason that it is wrong, and shrunk
//! to a few faults. Where a type forbids a bug, `engine/tests/evidence.rs` shows that it does not compile, and the bug
//! stands on the simulated host's side.

mod acts;
mod bug;
mod pictures;
mod replaced;
mod restored;
mod table;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use sim::check::{Faults, Kinds, Round, acts, found_after, own_cases, shipped};
use sim::explore::{Found, Totals, explore_by};
use sim::host::Nobody;
use sim::judge::{Case, Judged};
use sim::scenario::{Bases, Scenario};
use sim::shrink::shrink;

use bug::{Bug, Planted};
use table::BUGS;

/// Within how many runs each is found.
const RUNS: u64 = 20_000;

/// What they are drawn from.
const SEED: u64 = 6;

/// How many faults a shrunk scenario has at most: acts before the run, and rules within it.
const FAULTS_MAX: usize = 3;

/// How a bug was caught.
struct Caught {
    run: u64,
    took_ms: u128,
    small: Scenario,
}

fn judge(case: &Case, bug: Bug) -> Judged {
    let mut judged = case.judge_through(&|intent| Planted::new(bug, intent), &mut Nobody);
    judged.breaches.retain(|breach| breach.invariant == bug.breaks);
    judged
}

fn catch(bases: &Bases, bug: Bug) -> Option<Caught> {
    let began = Instant::now();
    let judge = |case: &Case| judge(case, bug);
    let Found { run, scenario, .. } = explore_by(judge, bases, SEED, 0..RUNS, &mut Totals::default())?;
    let took_ms = began.elapsed().as_millis();
    let small = shrink(&scenario, |tried| tried.case(bases).is_ok_and(|case| !judge(&case).breaches.is_empty()));
    Some(Caught { run, took_ms, small })
}

/// Bugs that the exhaustive check finds on the cases of a few scenarios, so that this stays quick: the original one first.
const CHECKED: [&str; 7] = [
    "stopped read as missing",
    "unknown read as missing",
    "readiness assumed",
    "lost metadata removes the volumes",
    "drift removes the volumes",
    "paused read as exited",
    "v=1 on a container's removal",
];

/// The scenarios whose cases they are looked for in.
const CASES: [&str; 6] = [
    "reboot-stopped-is-not-missing",
    "paused-is-not-missing",
    "stopped-and-the-record-is-lost",
    "container-removed-volume-left",
    "started-again-with-a-newer-image-about",
    "crash-loop-with-exit-0",
];

#[test]
fn the_exhaustive_check_catches_planted_bugs() {
    let bases = Bases::new().expect("the built-in presets resolve");
    let scenarios = shipped().expect("they parse");
    let few: Vec<_> = scenarios.iter().filter(|(name, _)| CASES.contains(name)).cloned().collect();
    let mut wrong = Vec::new();
    for name in CHECKED {
        let bug = *BUGS.iter().find(|bug| bug.name == name).expect("it is in the table");
        let found = [0, 1].into_iter().find_map(|most| {
            let starts = own_cases(&few, &bases).expect("they can be run");
            let round = Round { starts, faults: Faults::new(Kinds::All, most, &acts(&scenarios)) };
            let states = found_after(round, bug.breaks, move |intent| Planted::new(bug, intent))?;
            Some((most, states))
        });
        match found {
            Some((most, states)) => println!("{name:<46} {most} faults, {states} states"),
            None => wrong.push(name),
        }
    }
    assert!(wrong.is_empty(), "not found: {wrong:?}");
}

fn faults(scenario: &Scenario) -> usize {
    scenario.world.acts.len() + scenario.rules.len()
}

#[test]
fn random_exploration_catches_every_planted_bug() {
    let bases = Bases::new().expect("the built-in presets resolve");
    let (next, caught) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(bug) = BUGS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = catch(&bases, *bug);
                    caught.lock().expect("nobody panics with it").push((bug, found));
                }
            });
        }
    });
    let mut caught = caught.into_inner().expect("nobody panicked with it");
    caught.sort_by_key(|(bug, _)| BUGS.iter().position(|other| other.name == bug.name));
    let mut wrong = Vec::new();
    println!("{:<46} {:>6} {:>6} {:<21} {:>6}  from", "bug", "runs", "ms", "invariant", "faults");
    for (bug, found) in &caught {
        let Bug { name, from, breaks, exact, .. } = bug;
        let breaks = breaks.name();
        match found {
            Some(Caught { run, took_ms, small }) => {
                let faults = faults(small);
                println!("{name:<46} {:>6} {took_ms:>6} {breaks:<21} {faults:>6}  {from}", run + 1);
                if faults > FAULTS_MAX && exact.is_none() {
                    wrong.push(format!("`{name}` was shrunk to {faults} faults:\n{}", small.to_toml()));
                }
            }
            None if exact.is_some() => println!("{name:<46} {:>6} {:>6} {breaks:<21}  exact  {from}", "-", "-"),
            None => wrong.push(format!("`{name}` was not found in {RUNS} runs")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn exactly_placed_faults_catch_the_bugs_that_need_them() {
    let bases = Bases::new().expect("the built-in presets resolve");
    for bug in BUGS {
        let Some(placed) = bug.exact else { continue };
        let case = placed().case(&bases).expect("it can be run");
        assert!(case.judge().breaches.is_empty(), "`{}`, where the bug is not: {:?}", bug.name, case.judge().breaches);
        assert!(!judge(&case, *bug).breaches.is_empty(), "`{}` was not caught", bug.name);
    }
}

#[test]
fn the_table_is_of_the_size_that_was_asked_for() {
    assert!(BUGS.len() >= 24, "there are {}", BUGS.len());
}
