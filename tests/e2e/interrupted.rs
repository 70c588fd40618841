//! Runs that are cut off, and runs at the same time: the next one finds its way, and never two are at it.

use rustix::process::Signal;

use crate::support::{Case, Spec, Suite, follow, until};

/// Ctrl-C in the middle of the warm-up.
pub fn interrupted(suite: &Suite) {
    cut_off(&Case::new(suite, "int"), Signal::INT, 130, "interrupted");
}

/// SIGTERM in the middle of the warm-up.
pub fn terminated(suite: &Suite) {
    cut_off(&Case::new(suite, "term"), Signal::TERM, 143, "terminated");
}

/// Ctrl-C twice, as impatient people type it: the first ends the run, and the second takes nothing of its last words.
pub fn interrupted_twice(suite: &Suite) {
    let case = Case::new(suite, "int-twice");
    let run = case.onboard_as(&slow(&case)).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    run.signal(Signal::INT);
    run.signal(Signal::INT);
    run.end().ended(130, "interrupted", "interrupted");
    assert_next_is_fine(&case);
}

/// Ctrl-C while it waits for another run, which goes on.
pub fn interrupted_while_waiting(suite: &Suite) {
    let case = Case::new(suite, "int-waiting");
    let first = case.onboard_as(&slow(&case)).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    let second = case.onboard().spawn();
    until("it waits for the lock", || waits_for_a_lock(second.pid()));
    second.signal(Signal::INT);
    let second = second.end();
    second.ended(130, "interrupted", "interrupted");
    assert_eq!(second.json["changed"], false, "{}", second.dump());
    first.end().ended(0, "created", "ready");
    assert_next_is_fine(&case);
}

/// Whether a process waits for a lock on a file: those that do are marked by an arrow (proc(5), `/proc/locks`).
fn waits_for_a_lock(pid: u32) -> bool {
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let mut waiting = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    waiting.any(|fields| fields.contains(&"->") && fields.contains(&pid.to_string().as_str()))
}

/// SIGKILL in the middle of the warm-up: no last words, and no harm either.
pub fn killed(suite: &Suite) {
    let case = Case::new(suite, "kill");
    let run = case.onboard_as(&slow(&case)).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    run.signal(Signal::KILL);
    assert_eq!(run.end().code(), None);
    assert_next_is_fine(&case);
}

fn cut_off(case: &Case<'_>, signal: Signal, exit: i32, reason: &str) {
    let run = case.onboard_as(&slow(case)).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    run.signal(signal);
    let id = case.daemon().id(&case.name());
    let cut = run.end();
    cut.ended(exit, "interrupted", reason);
    let followed = follow(case, &cut).expect("a command of nemoclaw's");
    followed.ended(0, "reused", "ready");
    assert_eq!(followed.container_id(), id, "{}", followed.dump());
    assert_next_is_fine(case);
}

fn assert_next_is_fine(case: &Case<'_>) {
    let id = case.daemon().id(&case.name());
    let next = case.onboard().run();
    next.ended(0, "reused", "ready");
    assert_eq!(next.container_id(), id, "{}", next.dump());
    let work = case.put_work();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// Two at once on a fresh host: the second waits, and finds what the first made.
pub fn two_at_once(suite: &Suite) {
    let case = Case::new(suite, "twice");
    let first = case.onboard_as(&slow(&case)).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    let second = case.onboard().spawn();
    let (first, second) = (first.end(), second.end());
    first.ended(0, "created", "ready");
    second.ended(0, "reused", "ready");
    assert_eq!(first.container_id(), second.container_id(), "{}{}", first.dump(), second.dump());
    let work = case.put_work();
    case.assert_kept(&work);
}

/// A run that shall not wait says who is at it. Its advice leads out once that one has ended.
pub fn no_wait(suite: &Suite) {
    let case = Case::new(suite, "nowait");
    let first = case.onboard_as(&slow(&case)).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    let second = case.onboard().args(&["--no-wait"]).run();
    second.ended(6, "refused", "locked");
    second.names_in_message(&first.pid().to_string());
    let followed = follow(&case, &second).expect("a command of nemoclaw's");
    followed.ended(0, "reused", "ready");
    first.end().ended(0, "created", "ready");
    let work = case.put_work();
    case.assert_kept(&work);
}

/// A gateway that takes its time.
fn slow(case: &Case<'_>) -> Spec {
    case.spec().env("NEMOCLAW_REFERENCE_WARM_UP", "4s")
}
