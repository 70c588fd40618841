//! What a restart of Docker brings up, and what starts although a part of it is gone.

use bollard::models::{ContainerUpdateBody, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::RemoveImageOptions;

use crate::dockerd::Dockerd;
use crate::power_cut::{assert_back, made};
use crate::support::{ByHand, Case, Suite};

/// With the policy `always` two stopped containers on one volume both come up: the gateway is left as it is, and its
/// owner is told of the other.
pub fn two_stopped_with_policy_always(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "two");
    let (id, work) = made(&case, "always");
    let second = case.other_name("second");
    ByHand::named(&second, suite.image()).volume(&case.name(), "/elsewhere").create(suite);
    let always = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), maximum_retry_count: None };
    let body = ContainerUpdateBody { restart_policy: Some(always), ..ContainerUpdateBody::default() };
    case.daemon().run(case.daemon().docker().update_container(&second, body)).unwrap();
    case.daemon().start(&second);
    for container in [&second, &case.name()] {
        case.daemon().stop(container);
    }
    dockerd.cut_power();
    dockerd.start();
    assert!(case.daemon().runs(&second) && case.daemon().runs(&case.name()), "both came up");

    let started = case.daemon().started_at(&second);
    let run = case.onboard().run();
    run.ended(0, "reused", "ready").warns_of(&second);
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(case.daemon().started_at(&second), started, "the other is left as it was\n{}", run.dump());
    case.assert_kept(&work);
    case.daemon().remove(&second);
    assert_back(&case, &id, &work, "reused");
}

/// A stopped gateway whose image was removed by force still starts, also after a power cut.
pub fn stopped_without_its_image(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "imageless");
    let (id, work) = made(&case, "no");
    case.daemon().stop(&case.name());
    for image in [suite.image(), suite.other_image()] {
        let options = RemoveImageOptions { force: true, ..Default::default() };
        case.daemon().run(case.daemon().docker().remove_image(image, Some(options), None)).unwrap();
    }
    dockerd.cut_power();
    dockerd.start();
    assert_back(&case, &id, &work, "recovered");
}
