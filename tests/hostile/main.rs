//! Daemons that lie, stall or break: the binary before a server that forwards to a real Docker daemon and fails at one
//! certain request, in every way there is.
//!
//! The cases are generated: each situation × each request that an undisturbed run makes in it × each fault, once and
//! lasting; where a situation differs from another in some requests only, those. A sample of them, always the same, is
//! run; all of them by `NEMOCLAW_HOSTILE=all cargo test --test hostile`, and one by its name behind `-- --exact`. Where no
//! daemon answers, or none that can run the image packed from this build, the suite is reported as ignored with the
//! reason; with `NEMOCLAW_REQUIRE_DOCKER=1` it fails instead.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]

mod fault;
mod hostility;
mod server;
mod situations;
#[path = "../e2e/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite uses all of it")]
mod support;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Trial};
use rustix::thread::CapabilitySet;

use fault::FAULTS;
use hostility::{Became, Hostility, undisturbed};
use server::Trap;
use situations::{SITUATIONS, has_of_its_own};
use support::{Situation, Suite, Worlds, docker_socket, is_mutating, sweep_repacked};

/// How many cases run at once: most of them wait.
const AT_ONCE: usize = 6;

/// Of how many cases with the same fault one is in the sample, where the request can change something and where it
/// cannot.
const ONE_OF: [(bool, usize); 2] = [(true, 11), (false, 83)];

/// The worlds, and what became of the cases so far.
struct Shared {
    worlds: Worlds,
    became: Mutex<Vec<Became>>,
}

fn main() -> ExitCode {
    if rustix::process::geteuid().is_root() {
        // To root no socket is forbidden: what is run from here on has no such privilege.
        rustix::thread::remove_capability_from_bounding_set(CapabilitySet::DAC_OVERRIDE).unwrap();
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    // It lives as long as the process, so that worlds can go from one case to another.
    let suite: &'static Suite = Box::leak(Box::new(Suite::new(docker_socket())));
    let shared = Arc::new(Shared { worlds: Worlds::new(suite), became: Mutex::default() });
    let trials = match suite.ready() {
        Ok(()) => {
            let cases = cases(&shared, arguments.filter.as_deref());
            cases.into_iter().map(|case| trial(&shared, case)).collect()
        }
        Err(unready) => vec![Trial::ignorable_test("daemons that lie, stall or break", move || unready.ends_case())],
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    shared.worlds.clear();
    if let Ok(()) = suite.ready() {
        sweep_repacked(suite);
    }
    suite.end();
    let became = shared.became.lock().unwrap();
    let unreached = became.iter().filter(|became| !became.sprung).count();
    let peak_mib = became.iter().map(|became| became.peak_kib).max().unwrap_or_default() / 1024;
    let count = conclusion.num_passed + conclusion.num_failed;
    println!("{count} cases; {unreached} did not come to their request; {peak_mib} MiB at most");
    conclusion.exit_code()
}

/// The cases to run. Where the filter names a situation, those of others are not looked for.
fn cases(shared: &Shared, filter: Option<&str>) -> Vec<Hostility> {
    let of_a_case = |situation: &Situation| format!("{situation:?}: ");
    let named = |situation: &Situation| filter.is_some_and(|filter| filter.starts_with(&of_a_case(situation)));
    let only = SITUATIONS.into_iter().find(named);
    let situations = SITUATIONS.into_iter().filter(|situation| only.is_none_or(|only| only == *situation));
    let all = situations.flat_map(|situation| {
        let requests = shared.worlds.with(situation, undisturbed);
        let points = requests.into_iter().flat_map(|(shape, times)| (1..=times).map(move |nth| (shape.clone(), nth)));
        let points = points.filter(move |(shape, nth)| has_of_its_own(situation, shape, *nth));
        points.flat_map(|point| faults_at(&point)).map(move |trap| Hostility { situation, trap }).collect::<Vec<_>>()
    });
    let all: Vec<_> = all.collect();
    if std::env::var_os("NEMOCLAW_HOSTILE") == Some("all".into()) { all } else { sample(&all) }
}

/// Some of them: each fault, at requests that differ from fault to fault, in the order of the situations.
fn sample(all: &[Hostility]) -> Vec<Hostility> {
    let mut sample = Vec::new();
    for (at, fault) in FAULTS.iter().enumerate() {
        for (mutating, one_of) in ONE_OF {
            let met: Vec<_> = all
                .iter()
                .filter(|case| case.trap.fault == *fault && is_mutating(&case.trap.shape) == mutating)
                .collect();
            let first = (at * one_of / FAULTS.len()) % met.len().max(1);
            sample.extend(met.into_iter().skip(first).step_by(one_of).cloned());
        }
    }
    sample.sort_by_key(|case| case.situation);
    sample
}

fn faults_at((shape, nth): &(String, usize)) -> Vec<Trap> {
    let trap = |fault, lasting| Trap { shape: shape.clone(), nth: *nth, lasting, fault };
    let both = FAULTS.iter().flat_map(|fault| [(*fault, false), (*fault, true)]);
    both.filter(|(fault, lasting)| fault.can_meet(shape, *lasting))
        .map(|(fault, lasting)| trap(fault, lasting))
        .collect()
}

fn trial(shared: &Arc<Shared>, case: Hostility) -> Trial {
    let shared = Arc::clone(shared);
    Trial::test(case.name(), move || {
        shared.worlds.clear_before(case.situation);
        let became = shared.worlds.with(case.situation, |world| case.run(world));
        shared.became.lock().unwrap().push(became);
        Ok(())
    })
}
