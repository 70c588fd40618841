//! `stop`, `start` and `onboard` in any order: the container stays the same one, and its sandboxes and its record stay.

use std::collections::BTreeSet;

use crate::presets::{Kind, World};
use crate::support::{Suite, Work};

/// Commands that a person types in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Typed {
    Stop,
    Start,
    Onboard,
}

const ALL: [Typed; 3] = [Typed::Stop, Typed::Start, Typed::Onboard];

/// Today's kind.
pub fn today(suite: &Suite) {
    in_any_order(&World::new(suite, Kind::Today, "channels"));
}

/// The older kind.
pub fn cluster(suite: &Suite) {
    in_any_order(&World::new(suite, Kind::Cluster, "channels"));
}

/// Every three commands in a row, each after the one before: one walk that has all twenty-seven in it.
fn in_any_order(world: &World<'_>) {
    let (made, work) = world.made();
    world.onboard().run().ended(0, "reused", "ready");
    let mut runs = true;
    let mut typed = Vec::new();
    for next in walk() {
        typed.push(next);
        runs = step(world, next, runs, made.container_id(), &work);
        let seen = world.daemon().runs(&world.container());
        assert_eq!(seen, runs, "after {typed:?}");
    }
    world.onboard().run();
    world.assert_kept(&work);
    let recorded = String::from_utf8(std::fs::read(world.record()).unwrap()).unwrap();
    assert!(recorded.contains(&work.sandbox) && recorded.contains(made.container_id()), "{recorded}");
}

/// Types one command and tells whether the gateway runs then.
#[track_caller]
fn step(world: &World<'_>, typed: Typed, runs: bool, id: &str, work: &Work) -> bool {
    let (command, outcome, reason) = match (typed, runs) {
        (Typed::Stop, _) => ("stop", "stopped", "as-asked"),
        (Typed::Start, true) => ("start", "reused", "ready"),
        (Typed::Start, false) => ("start", "recovered", "ready"),
        (Typed::Onboard, true) => ("onboard", "reused", "ready"),
        (Typed::Onboard, false) => ("onboard", "recovered", "ready"),
    };
    let run = world.nemoclaw(&[command, "--gateway", world.gateway()]).run();
    run.ended(0, outcome, reason);
    assert_eq!(run.container_id(), id, "{}", run.dump());
    let changes = runs == (typed == Typed::Stop);
    assert_eq!(run.json["changed"], changes, "{}", run.dump());
    if typed != Typed::Stop {
        assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    }
    let recorded = std::fs::read_to_string(world.record()).unwrap();
    assert!(recorded.contains(&work.sandbox) && recorded.contains(id), "{recorded}\n{}", run.dump());
    typed != Typed::Stop
}

/// A walk in which each of the twenty-seven words of three commands stands once. Greedy: of the commands that make a new
/// word the last one is taken, and the walk, begun with the first, ends only when it has them all (M. H. Martin, 1934).
fn walk() -> Vec<Typed> {
    let mut typed = vec![Typed::Stop, Typed::Stop];
    let mut words = BTreeSet::new();
    while let [.., before, last] = typed[..]
        && let Some(next) = ALL.into_iter().rev().find(|next| words.insert((before, last, *next)))
    {
        typed.push(next);
    }
    assert_eq!(words.len(), ALL.len().pow(3));
    typed
}

/// A start makes nothing: where there is no container, onboarding is named.
pub fn start_makes_nothing(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "start");
    let (_, work) = world.made();
    world.daemon().remove(&world.container());
    for command in ["start", "stop"] {
        let run = world.refused(world.nemoclaw(&[command, "--gateway", world.gateway()]), 3, "missing");
        run.names_in_message(&world.container());
        assert!(run.text("advice").starts_with("nemoclaw onboard"), "{}", run.dump());
    }
    world.onboard().run().ended(0, "adopted", "ready");
    world.assert_kept(&work);
}

/// A stop would take a container that was started with `--rm`, and its anonymous volumes: it is refused.
pub fn stop_keeps_what_it_would_lose(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "rm");
    let _theirs = world.by_hand().auto_removed().start(suite);
    world.await_ready();
    let work = world.put_work();
    let run = world.refused(world.nemoclaw(&["stop", "--gateway", world.gateway()]), 3, "auto-remove");
    run.names_in_message(&world.container());
    world.assert_kept(&work);
}

/// A paused process could not end by itself: it is woken, and then stopped.
pub fn paused_is_stopped(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "paused");
    let (made, work) = world.made();
    world.daemon().pause(&world.container());
    let run = world.nemoclaw(&["stop", "--gateway", world.gateway()]).run();
    run.ended(0, "stopped", "as-asked");
    let exit = world.daemon().inspect(&world.container()).state.and_then(|state| state.exit_code);
    assert_eq!(exit, Some(0), "it ended by itself\n{}", run.dump());
    let again = world.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    world.assert_kept(&work);
}
