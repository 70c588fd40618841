//! Our own death: the binary killed, or asked to end, at each point of each Docker request that it makes, for every plan
//! that it carries out; and several runs at once. The next run ends where an undisturbed one does, with nothing left over.
//!
//! The deaths are generated from what undisturbed runs ask of Docker. Every kill at a request that can change something,
//! once where two plans have it in common, is run, and of the others a sample, always the same; all of them by
//! `NEMOCLAW_OWN_DEATH=all cargo test --test own_death`, and one by its name behind `-- --exact`. What a run does beside
//! Docker, such as writing the record, is not cut here. Where no daemon answers, or none that can run the image packed
//! from this build, the suite is reported as ignored with the reason; with `NEMOCLAW_REQUIRE_DOCKER=1` it fails instead.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]

mod at_once;
mod blow;
mod death;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suites use all of it")]
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Trial};

use blow::{By, Point};
use death::{Death, deaths};
use support::{Situation, Suite, Worlds, docker_socket, is_mutating, sweep_repacked};

/// How many cases run at once: most of them wait.
const AT_ONCE: usize = 6;

/// What a run may find: one situation for each plan, and its requests are the plan's.
const SITUATIONS: [Situation; 15] = [
    Situation::Nothing,
    Situation::Unpacked,
    Situation::Healthy,
    Situation::Stopped,
    Situation::Paused,
    Situation::Removed,
    Situation::Foreign,
    Situation::PortTaken,
    Situation::NetworkGone,
    Situation::ToStop,
    Situation::ToStart,
    Situation::Hung,
    Situation::ToAccept,
    Situation::ToReplace,
    Situation::ToBackUp,
];

/// Of how many deaths one is in the sample, for those by SIGKILL and those by the signals that ask, at requests that change
/// something of their plan's own and at others: all kills at the former, and some of the rest.
const ONE_OF: [(bool, bool, usize); 4] = [(true, true, 1), (true, false, 12), (false, true, 3), (false, false, 40)];

/// Of how many kills at a request that can change something one is in the sample where a run takes long: a replacement has
/// a backup in it. It has no common divisor with the three points of a request, so that each point is met.
const ONE_OF_LONG: usize = 4;

/// What a case of several runs at once does. It panics where the product, or the world, is not as it says.
type Body = fn(&Suite);

/// Several runs at once.
const RUNS_AT_ONCE: &[(&str, Body)] = &[
    ("two on a fresh host", at_once::two_on_a_fresh_host),
    ("five on a fresh host", at_once::five_on_a_fresh_host),
    ("five on a stopped gateway", at_once::five_on_a_stopped_gateway),
    ("five that do not wait", at_once::five_that_do_not_wait),
    ("five on five gateways", at_once::five_on_five_gateways),
    ("two state directories, fresh host", at_once::two_state_directories_on_a_fresh_host),
    ("two state directories, removed gateway", at_once::two_state_directories_on_a_removed_gateway),
    ("two state directories, stopped gateway", at_once::two_state_directories_on_a_stopped_gateway),
    ("two state directories, no network", at_once::two_state_directories_on_a_gateway_without_its_network),
];

/// The worlds, and how many runs ended where they were struck.
struct Shared {
    worlds: Worlds,
    ended_there: AtomicUsize,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    // It lives as long as the process, so that worlds can go from one case to another.
    let suite: &'static Suite = Box::leak(Box::new(Suite::new(docker_socket())));
    let shared = Arc::new(Shared { worlds: Worlds::new(suite), ended_there: AtomicUsize::new(0) });
    let (mut generated, mut chosen) = (0, 0);
    let trials = match suite.ready() {
        Ok(()) => {
            let at_once = RUNS_AT_ONCE.iter().map(|(name, body)| at_once_trial(&shared, suite, name, *body));
            let cases = cases(&shared).map_or_else(
                || vec![Trial::test("undisturbed runs", || Err("one of them did not end as it should".into()))],
                |all| {
                    generated = all.len();
                    let cases = if is_all_asked_for() { all } else { sample(&all) };
                    chosen = cases.len();
                    cases.into_iter().map(|case| trial(&shared, case)).collect()
                },
            );
            cases.into_iter().chain(at_once).collect()
        }
        Err(unready) => vec![Trial::ignorable_test("our own death", move || unready.ends_case())],
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    shared.worlds.clear();
    if let Ok(()) = suite.ready() {
        sweep_repacked(suite);
    }
    suite.end();
    let ended_there = shared.ended_there.load(Ordering::Relaxed);
    println!("{generated} deaths, {chosen} of them chosen; {ended_there} runs ended at their point, not by themselves");
    conclusion.exit_code()
}

/// All deaths, in the order of their situations; none where an undisturbed run does not end as it should.
fn cases(shared: &Shared) -> Option<Vec<Death>> {
    let mut kinds = SITUATIONS.map(Situation::kind).to_vec();
    kinds.dedup();
    // They wait most of the time: those of one kind in one world, and the kinds at once.
    let of_kind = |kind| {
        let situations = SITUATIONS.into_iter().filter(move |situation| situation.kind() == kind);
        situations.flat_map(|situation| shared.worlds.with(situation, deaths)).collect::<Vec<_>>()
    };
    let kills: Vec<Vec<_>> = std::thread::scope(|scope| {
        let begun: Vec<_> = kinds.into_iter().map(|kind| scope.spawn(move || of_kind(kind))).collect();
        // Each is waited for, also after one that failed.
        let ended: Vec<_> = begun.into_iter().map(|thread| thread.join().ok()).collect();
        ended.into_iter().collect::<Option<_>>()
    })?;
    let kills: Vec<_> = kills.into_iter().flatten().collect();
    let asked = kills.iter().filter_map(asked_to_end);
    let mut all: Vec<_> = kills.iter().cloned().chain(asked).collect();
    all.sort_by_key(|death| death.situation);
    Some(all)
}

fn is_all_asked_for() -> bool {
    std::env::var_os("NEMOCLAW_OWN_DEATH") == Some("all".into())
}

/// Some of them, in the same order.
fn sample(all: &[Death]) -> Vec<Death> {
    let sample = ONE_OF.into_iter().flat_map(|(kills, changes, one_of)| {
        let of_these = move |death: &&Death| {
            let is_of_these = (death.blow.by == By::Kill) == kills && changes_something_of_its_own(death) == changes;
            is_of_these && !(takes_long(death) && changes)
        };
        all.iter().filter(of_these).step_by(one_of).cloned().collect::<Vec<_>>()
    });
    let long = all.iter().filter(|death| takes_long(death) && changes_something_of_its_own(death));
    let mut sample: Vec<_> = sample.chain(long.step_by(ONE_OF_LONG).cloned()).collect();
    sample.sort_by_key(|death| death.situation);
    sample
}

/// Whether its request can change something that no other plan changes in the same way. Once the image is packed, the rest of
/// a first run is that of one with the image there, and packing takes longer than all of it.
fn changes_something_of_its_own(death: &Death) -> bool {
    let shape = &death.blow.shape;
    is_mutating(shape) && (death.situation != Situation::Unpacked || shape.starts_with("POST /images/"))
}

fn takes_long(death: &Death) -> bool {
    death.situation.is_asked_once()
}

/// The same death by a signal that asks: while Docker is asked by SIGTERM, when it has done what it was asked by SIGINT.
fn asked_to_end(kill: &Death) -> Option<Death> {
    if takes_long(kill) {
        // It is undone before the run ends, for which Docker is needed: see `replaced/cut_off.rs` of the suite beside.
        return None;
    }
    let by = match kill.blow.point {
        Point::Before => By::Terminate,
        Point::Done => By::Interrupt,
        Point::Answered if !is_mutating(&kill.blow.shape) => By::Interrupt,
        Point::Answered => return None,
    };
    let mut asked = kill.clone();
    asked.blow.by = by;
    Some(asked)
}

fn trial(shared: &Arc<Shared>, case: Death) -> Trial {
    let shared = Arc::clone(shared);
    Trial::test(case.name(), move || {
        shared.worlds.clear_before(case.situation);
        if shared.worlds.with(case.situation, |world| case.run(world)) {
            shared.ended_there.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })
}

fn at_once_trial(shared: &Arc<Shared>, suite: &'static Suite, name: &str, body: Body) -> Trial {
    let shared = Arc::clone(shared);
    Trial::test(format!("at once: {name}"), move || {
        shared.worlds.clear();
        body(suite);
        Ok(())
    })
}
