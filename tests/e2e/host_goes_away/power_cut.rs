//! The power goes while a gateway stands, and comes back: what the tool before this one took for a missing container,
//! and answered by removing the volumes. The same container is the gateway again, with every byte and every sandbox.

use bollard::models::ContainerStateStatusEnum as Status;

use crate::dockerd::Dockerd;
use crate::presets::{Kind, World};
use crate::support::{Case, Suite, Work, until};

/// Docker does not start it again; onboarding does.
pub fn policy_no(suite: &Suite, dockerd: &mut Dockerd) {
    survives(suite, dockerd, "no", Before::Running, "recovered");
}

/// The preset's own policy: Docker has started it again.
pub fn policy_unless_stopped(suite: &Suite, dockerd: &mut Dockerd) {
    survives(suite, dockerd, "unless-stopped", Before::Running, "reused");
}

/// Docker has started it again.
pub fn policy_always(suite: &Suite, dockerd: &mut Dockerd) {
    survives(suite, dockerd, "always", Before::Running, "reused");
}

/// Nobody starts a gateway that was stopped.
pub fn stopped_by_hand_policy_no(suite: &Suite, dockerd: &mut Dockerd) {
    survives(suite, dockerd, "no", Before::StoppedByHand, "recovered");
}

/// Docker remembers the stop, which nothing in an inspect shows.
pub fn stopped_by_hand_policy_unless_stopped(suite: &Suite, dockerd: &mut Dockerd) {
    survives(suite, dockerd, "unless-stopped", Before::StoppedByHand, "recovered");
}

/// Docker does not remember it.
pub fn stopped_by_hand_policy_always(suite: &Suite, dockerd: &mut Dockerd) {
    survives(suite, dockerd, "always", Before::StoppedByHand, "reused");
}

/// The kind of gateway that is made today, with its sandboxes beside it: first as Docker starts it again, then stopped by
/// hand before the cut.
pub fn of_todays_kind(suite: &Suite, dockerd: &mut Dockerd) {
    let world = World::new(suite, Kind::Today, "today");
    let (made, work) = world.made();
    world.onboard().run().ended(0, "reused", "ready");
    for outcome in ["reused", "recovered"] {
        if outcome == "recovered" {
            world.daemon().stop(&world.container());
        }
        let started = world.daemon().started_at(&world.container());
        dockerd.cut_power();
        dockerd.start();
        let run = world.onboard().run();
        run.ended(0, outcome, "ready");
        assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
        assert_eq!(run.names("/volumes"), [world.volume()], "{}", run.dump());
        assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
        assert_ne!(world.daemon().started_at(&world.container()), started, "the power was cut");
        world.assert_kept(&work);
    }
}

/// How the gateway stood when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Running,
    StoppedByHand,
}

#[track_caller]
fn survives(suite: &Suite, dockerd: &mut Dockerd, policy: &str, before: Before, outcome: &str) {
    let case = Case::new(suite, "cut");
    let (id, work) = made(&case, policy);
    if before == Before::StoppedByHand {
        case.daemon().stop(&case.name());
    }
    let started = case.daemon().started_at(&case.name());
    dockerd.cut_power();
    dockerd.start();
    assert_back(&case, &id, &work, outcome);
    assert_ne!(case.daemon().started_at(&case.name()), started, "the power was cut");
}

/// Docker and all that it runs were killed on a machine that stays up: what they had in `/run`, and their mounts, are
/// still there.
pub fn run_files_left(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "killed");
    let (id, work) = made(&case, "no");
    dockerd.kill();
    dockerd.start();
    assert_back(&case, &id, &work, "recovered");
}

/// The power goes while onboarding waits for a gateway that it has just made.
pub fn in_the_middle_of_onboard(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "middle");
    let slow = case.spec().env("NEMOCLAW_REFERENCE_WARM_UP", "4s");
    let run = case.onboard_as(&slow).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    let id = case.daemon().id(&case.name());
    run.signal(rustix::process::Signal::KILL);
    dockerd.cut_power();
    run.end();
    dockerd.start();

    let next = case.onboard().run();
    next.ended(0, "reused", "ready");
    assert_eq!(next.container_id(), id, "{}", next.dump());
    assert_eq!(case.daemon().containers(&case.name()), [case.name()], "{}", next.dump());
    let work = case.put_work();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// A gateway with this restart policy, its container's ID, and work in it that its record knows of.
#[track_caller]
pub fn made(case: &Case<'_>, policy: &str) -> (String, Work) {
    let (made, work) = case.created_as(&case.spec().restart(policy));
    case.onboard().run().ended(0, "reused", "ready");
    (made.container_id().to_owned(), work)
}

/// Onboarding ends well, and everything is as it was.
#[track_caller]
pub fn assert_back(case: &Case<'_>, id: &str, work: &Work, outcome: &str) {
    let run = case.onboard().run();
    run.ended(0, outcome, "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(case.daemon().status(&case.name()), Status::RUNNING, "{}", run.dump());
    assert_eq!(run.names("/volumes"), [case.name()], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    case.assert_kept(work);
    let again = case.onboard().run();
    again.ended(0, "reused", "ready");
    assert_eq!(again.container_id(), id, "{}", again.dump());
}
