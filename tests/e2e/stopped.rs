//! A gateway whose container exists and does not run, however that came: it is started again, and is the same one.

use bollard::models::ContainerStateStatusEnum as Status;

use crate::support::{Case, Suite, Work};

/// `docker stop`
pub fn stopped(suite: &Suite) {
    let case = Case::new(suite, "stopped");
    let (_, work) = case.created();
    case.daemon().stop(&case.name());
    assert_recovers(&case, &work);
}

/// `docker kill`
pub fn killed(suite: &Suite) {
    let case = Case::new(suite, "killed");
    let (_, work) = case.created();
    case.daemon().kill(&case.name());
    assert_recovers(&case, &work);
}

/// `docker pause`
pub fn paused(suite: &Suite) {
    let case = Case::new(suite, "paused");
    let (_, work) = case.created();
    case.daemon().pause(&case.name());
    assert_recovers(&case, &work);
}

/// `docker create` on the volume of a container that was removed: never started, all the same a gateway.
pub fn created_never_started(suite: &Suite) {
    let case = Case::new(suite, "unstarted");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    case.gateway_by_hand().network(&case.name()).create(suite);
    assert_eq!(case.daemon().status(&case.name()), Status::CREATED);
    assert_recovers(&case, &work);
}

/// Stopped, and its network removed, as `docker system prune` leaves it where it takes no containers.
pub fn stopped_without_its_network(suite: &Suite) {
    let case = Case::new(suite, "netless");
    let (_, work) = case.created();
    case.daemon().stop(&case.name());
    case.daemon().remove_network(&case.name());
    assert_recovers(&case, &work);
    let networks = case.daemon().networks(&case.name());
    assert_eq!(networks, [case.name()], "one network, made again under its name");
}

/// Created on a network whose name another one bears too: Docker could not tell which is meant.
pub fn created_with_two_networks_of_its_name(suite: &Suite) {
    let case = Case::new(suite, "two-nets");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    case.daemon().create_another_network(&case.name());
    case.gateway_by_hand().network(&case.name()).create(suite);
    assert_recovers(&case, &work);
}

/// Stopped while its record is gone: the container speaks for itself.
pub fn stopped_without_a_record(suite: &Suite) {
    let case = Case::new(suite, "unrecorded");
    let (_, work) = case.created();
    case.daemon().stop(&case.name());
    std::fs::remove_file(case.record()).unwrap();
    assert_recovers(&case, &work);
    assert!(case.record().exists(), "the record is written again");
}

#[track_caller]
fn assert_recovers(case: &Case<'_>, work: &Work) {
    let id = case.daemon().id(&case.name());
    let run = case.onboard().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(case.daemon().id(&case.name()), id, "{}", run.dump());
    assert_eq!(case.daemon().status(&case.name()), Status::RUNNING);
    assert_eq!(run.names("/volumes"), [case.name()], "{}", run.dump());
    assert!(run.names("/sandboxes/found").contains(&work.sandbox.as_str()), "{}", run.dump());
    case.assert_kept(work);
    case.onboard().run().ended(0, "reused", "ready");
}
