//! Replacements that somebody cuts off after the old container was stopped: it runs again before the run ends, unless they
//! ask twice; then the next run puts it right.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Before;
use crate::support::{Case, Suite, until};

/// Ctrl-C.
pub fn interrupted(suite: &Suite) {
    cut_off(&Case::new(suite, "int"), Signal::INT, 130, "interrupted");
}

/// SIGTERM.
pub fn terminated(suite: &Suite) {
    cut_off(&Case::new(suite, "term"), Signal::TERM, 143, "terminated");
}

fn cut_off(case: &Case<'_>, signal: Signal, exit: i32, reason: &str) {
    let before = Before::new(case);
    let run = case.onboard().args(&["--recreate"]).spawn();
    until("the old one was stopped", || !case.daemon().runs(before.id()));
    run.signal(signal);
    let run = run.end();
    run.ended(exit, "rolled-back", reason);
    assert_eq!(run.container_id(), before.id(), "{}", run.dump());
    before.assert_as_it_was(&run);
}

/// Ctrl-C while the next one warms up, in the old one's place.
pub fn interrupted_late(suite: &Suite) {
    let case = Case::new(suite, "int-late");
    let before = Before::made(&case, &case.spec().env("NEMOCLAW_REFERENCE_WARM_UP", "2s"));
    let run = case.onboard().args(&["--recreate"]).spawn();
    until("the next one runs in its place", || {
        case.daemon().runs(&case.name()) && case.daemon().id(&case.name()) != before.id()
    });
    run.signal(Signal::INT);
    let run = run.end();
    run.ended(130, "rolled-back", "interrupted");
    before.assert_as_it_was(&run);
}

/// Ctrl-C twice: the second ends the run while it puts things back, and says what is half done.
pub fn interrupted_twice(suite: &Suite) {
    let case = Case::new(suite, "int-twice");
    let warm_up = Duration::from_secs(6);
    let before = Before::made(&case, &case.spec().env("NEMOCLAW_REFERENCE_WARM_UP", "6s").warm_up("20s"));
    let run = case.onboard().args(&["--recreate"]).spawn();
    until("the old one was stopped", || !case.daemon().runs(before.id()));
    run.signal(Signal::INT);
    until("the old one runs again", || case.daemon().runs(before.id()));
    let asked = Instant::now();
    run.signal(Signal::INT);
    let run = run.end();
    assert_eq!((run.code(), run.text("reason")), (Some(130), "interrupted"), "{}", run.dump());
    assert!(asked.elapsed() < warm_up / 2, "it went on for {:?}\n{}", asked.elapsed(), run.dump());

    let next = case.onboard().run();
    assert_eq!((next.code(), next.text("reason")), (Some(0), "ready"), "{}", next.dump());
    before.assert_as_it_was(&next);
}
