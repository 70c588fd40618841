//! What people work in: recorded when seen, rebuilt when the record is lost, and missed by name when gone.

use crate::support::{Case, Suite};

/// The record's file is deleted under a running gateway: onboarding writes it again from what is there.
pub fn record_is_rebuilt(suite: &Suite) {
    let case = Case::new(suite, "rebuilt");
    let (made, work) = case.created();
    case.onboard().run().ended(0, "reused", "ready");
    std::fs::remove_file(case.record()).unwrap();

    let run = case.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    let record = std::fs::read_to_string(case.record()).unwrap();
    assert!(record.contains(&work.sandbox) && record.contains(made.container_id()), "{record}");
    case.assert_kept(&work);
}

/// The container is killed: the next command says so, and what a prune would take.
pub fn killed_is_told(suite: &Suite) {
    let case = Case::new(suite, "told");
    let (made, work) = case.created();
    case.status().run().ended(0, "ready", "ready");
    case.daemon().kill(&case.name());

    let run = case.status().run();
    run.ended(5, "stopped", "stopped");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    let told = case.in_words("status");
    assert_eq!(told.code(), Some(5), "{}", told.dump());
    assert!(told.stdout.contains("prune") && told.stdout.contains(&case.name()), "{}", told.dump());

    case.onboard().run().ended(0, "recovered", "ready");
    case.assert_kept(&work);
}

/// A sandbox that was recorded is not there after a start: the gateway is ready, and the sandbox is named.
pub fn missing_is_named(suite: &Suite) {
    let case = Case::new(suite, "missed");
    let (made, work) = case.created();
    let other = case.put_work();
    let run = case.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.names("/sandboxes/found").len(), 2, "{}", run.dump());
    other.remove_sandbox(suite.runtime(), case.port());
    case.daemon().stop(&case.name());

    let run = case.onboard().run();
    run.ended(7, "recovered", "sandboxes-missing");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(run.names("/sandboxes/missing"), [&other.sandbox], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    run.names_in_message(&other.sandbox);
    let record = std::fs::read_to_string(case.record()).unwrap();
    assert!(record.contains(&other.sandbox), "it stays recorded: {record}");
    case.assert_kept(&work);
}
