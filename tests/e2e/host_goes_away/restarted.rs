//! Docker goes in the middle of a command and comes back while that still runs, as on a machine that a person works on
//! from another one. Whatever the command makes of it, the gateway is there, and the next onboarding is fine.

use crate::dockerd::Dockerd;
use crate::frozen::Moment;
use crate::power_cut::{assert_back, made};
use crate::processes::is_frozen;
use crate::support::{Case, Proxy, Suite, until};

/// Before `onboard` has started a stopped gateway.
pub fn onboard_before_its_act(suite: &Suite, dockerd: &mut Dockerd) {
    in_the_middle_of("onboard", suite, dockerd, Moment::Before);
}

/// After it has.
pub fn onboard_after_its_act(suite: &Suite, dockerd: &mut Dockerd) {
    in_the_middle_of("onboard", suite, dockerd, Moment::After);
}

/// Before `start` has.
pub fn start_before_its_act(suite: &Suite, dockerd: &mut Dockerd) {
    in_the_middle_of("start", suite, dockerd, Moment::Before);
}

/// After it has.
pub fn start_after_its_act(suite: &Suite, dockerd: &mut Dockerd) {
    in_the_middle_of("start", suite, dockerd, Moment::After);
}

/// Before `stop` has stopped a ready gateway.
pub fn stop_before_its_act(suite: &Suite, dockerd: &mut Dockerd) {
    in_the_middle_of("stop", suite, dockerd, Moment::Before);
}

/// After it has.
pub fn stop_after_its_act(suite: &Suite, dockerd: &mut Dockerd) {
    in_the_middle_of("stop", suite, dockerd, Moment::After);
}

fn in_the_middle_of(command: &str, suite: &Suite, dockerd: &mut Dockerd, moment: Moment) {
    let case = Case::new(suite, "again");
    let (id, work) = made(&case, "unless-stopped");
    if command != "stop" {
        case.daemon().stop(&case.name());
    }
    let proxy = Proxy::start(suite.runtime(), suite.socket(), moment.of_mutation(1, dockerd));
    let line = [command, "--gateway", case.gateway(), "--timeout", "20s"];
    let run = case.nemoclaw_at(&proxy.address(), &line).spawn();
    until("the daemon is at the act", || is_frozen(dockerd.pid()));
    dockerd.cut_power();
    dockerd.start();
    let run = run.end();
    assert!(matches!(run.code(), Some(0 | 4 | 5)), "{}", run.dump());

    let next = case.onboard().run();
    assert_eq!(next.code(), Some(0), "{}", next.dump());
    assert_back(&case, &id, &work, "reused");
}
