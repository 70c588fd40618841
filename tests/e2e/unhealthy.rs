//! Gateways that run and are not well: what is wrong is told with their own last words, and they are kept.

use crate::support::{ByHand, Case, Run, Suite, Work};

/// A process that ends with an error again and again.
pub fn crash_loop(suite: &Suite) {
    let case = Case::new(suite, "crash");
    assert_kept_in_loop(&case, "7:1", "exit code 7");
}

/// One that ends with success again and again is as little a gateway.
pub fn exit_0_loop(suite: &Suite) {
    let case = Case::new(suite, "exit0");
    assert_kept_in_loop(&case, "0:1", "exit code 0");
}

fn assert_kept_in_loop(case: &Case<'_>, exit_every: &str, code: &str) {
    // Within 10 seconds Docker restarts it often enough to tell a loop from a stumble.
    let told = assert_not_recovered(case, "10s", |by_hand| {
        by_hand.env("NEMOCLAW_REFERENCE_WARM_UP", "60s").env("NEMOCLAW_REFERENCE_EXIT_EVERY", exit_every)
    });
    assert!(told.stdout.contains(code), "{}", told.dump());
}

/// A process that takes connections and never answers: restarted once, then left.
pub fn health_never_answers(suite: &Suite) {
    let case = Case::new(suite, "hang");
    assert_not_recovered(&case, "4s", |by_hand| by_hand.env("NEMOCLAW_REFERENCE_HANG", "1"));
}

/// The gateway's container was replaced by hand by one that does not get well, on the same volume. It is kept, however
/// often it is tried; what is told to people is handed back.
fn assert_not_recovered(case: &Case<'_>, warm_up: &str, ill: impl Fn(ByHand) -> ByHand) -> Run {
    let (_, work) = case.created_as(&case.spec().warm_up(warm_up));
    case.daemon().remove(&case.name());
    let patient = ill(case.gateway_by_hand().network(&case.name())).start(case.suite());
    let id = case.daemon().id(&case.name());

    let run = case.onboard().run();
    run.ended(5, "refused", "not-recovered");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(case.daemon().id(&case.name()), id, "the container is kept");
    let told = case.in_words("onboard");
    assert_eq!(told.code(), Some(5), "{}", told.dump());
    assert_eq!(case.daemon().id(&case.name()), id, "the container is kept, also the second time");
    let log = case.daemon().log_lines(&case.name());
    assert!(log.iter().any(|line| told.stdout.contains(line)), "none of {log:?} is shown\n{}", told.dump());

    drop(patient);
    assert_adopted(case, &work);
    told
}

fn assert_adopted(case: &Case<'_>, work: &Work) {
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(work);
}

/// Health that answers late, but within the limit, is no reason to restart anything.
pub fn late_health_is_waited_for(suite: &Suite) {
    assert_waited_for(&Case::new(suite, "late"), "2s");
}

/// Nor is health that takes half of the time that the gateway may take to become ready.
pub fn very_late_health_is_waited_for(suite: &Suite) {
    assert_waited_for(&Case::new(suite, "later"), "5s");
}

fn assert_waited_for(case: &Case<'_>, delay: &str) {
    let (made, work) = case.created_as(&case.spec().env("NEMOCLAW_REFERENCE_HEALTH_DELAY", delay));
    let started_at = case.daemon().started_at(&case.name());
    let run = case.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(case.daemon().started_at(&case.name()), started_at, "it was not restarted\n{}", run.dump());
    case.assert_kept(&work);
}

/// A gateway that is still warming up is waited for, and is not restarted either.
pub fn warming_is_waited_for(suite: &Suite) {
    let case = Case::new(suite, "warming");
    let (made, work) = case.created_as(&case.spec().env("NEMOCLAW_REFERENCE_WARM_UP", "3s"));
    case.daemon().stop(&case.name());
    case.daemon().start(&case.name());
    let started_at = case.daemon().started_at(&case.name());
    let run = case.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(case.daemon().started_at(&case.name()), started_at, "it was not restarted\n{}", run.dump());
    case.assert_kept(&work);
}
