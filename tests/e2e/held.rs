//! The gateway's volume in other hands: a container renamed, a second one on the same volume, a gateway made again
//! without it. Nothing is started beside a possible writer, and nothing empty is taken for the gateway.

use crate::support::{ByHand, Case, Suite, follow};

/// Renamed by hand while it runs. The advice gives it its name back.
pub fn renamed_running(suite: &Suite) {
    let case = Case::new(suite, "renamed");
    let (made, work) = case.created();
    let renamed = case.other_name("renamed");
    case.daemon().rename(&case.name(), &renamed);

    let run = case.refused(case.onboard(), 3, "volume-held");
    run.names_in_message(&renamed);
    follow(&case, &run);
    let again = case.onboard().run();
    again.ended(0, "reused", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    case.assert_kept(&work);
}

/// Renamed by hand after a stop, with the record gone too.
pub fn renamed_stopped(suite: &Suite) {
    let case = Case::new(suite, "renamed-st");
    let (made, work) = case.created();
    let renamed = case.other_name("renamed");
    case.daemon().stop(&case.name());
    case.daemon().rename(&case.name(), &renamed);
    std::fs::remove_file(case.record()).unwrap();

    let run = case.refused(case.onboard_as(&case.spec()), 3, "volume-held");
    run.names_in_message(&renamed);
    follow(&case, &run);
    let again = case.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    case.assert_kept(&work);
}

/// A second, running container mounts the volume of the stopped gateway.
pub fn second_container_by_mount(suite: &Suite) {
    let case = Case::new(suite, "second");
    let second = ByHand::named(&case.other_name("second"), suite.other_image()).volume(&case.name(), "/elsewhere");
    refused_until_stopped(&case, second);
}

/// The same by a bind of the volume's folder, which Docker does not count as a use of the volume.
pub fn second_container_by_bind(suite: &Suite) {
    let case = Case::new(suite, "bound");
    case.daemon().create_volume(&case.name(), &[]);
    let folder = case.daemon().folder_of_volume(&case.name());
    case.daemon().remove_volume(&case.name());
    let second = ByHand::named(&case.other_name("second"), suite.other_image()).bind(&folder, "/elsewhere");
    refused_until_stopped(&case, second);
}

fn refused_until_stopped(case: &Case<'_>, second: ByHand) {
    let (made, work) = case.created();
    case.daemon().stop(&case.name());
    let name = case.other_name("second");
    let _second = second.start(case.suite());
    assert!(case.daemon().runs(&name), "the second container runs");

    let run = case.refused(case.onboard(), 3, "volume-held");
    run.names_in_message(&name).names_in_message(&case.name());
    follow(case, &run);
    assert!(!case.daemon().runs(&name), "the advice was to stop it");
    let again = case.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    case.assert_kept(&work);
}

/// Beside a ready gateway a second writer is told, and nothing else.
pub fn second_container_beside_a_ready_gateway(suite: &Suite) {
    let case = Case::new(suite, "beside");
    let (made, work) = case.created();
    let second = case.other_name("second");
    let _second = ByHand::named(&second, suite.other_image()).volume(&case.name(), "/elsewhere").start(suite);

    let run = case.onboard().run();
    run.ended(0, "reused", "ready").warns_of(&second);
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert!(case.daemon().runs(&second), "the second is left as it was");
    case.assert_kept(&work);
}

/// The gateway's container is missing, and a stranger's stopped one has its volume. Named by its owner, it is shared.
pub fn stopped_stranger(suite: &Suite) {
    let case = Case::new(suite, "stranger");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    let stranger = case.other_name("stranger");
    ByHand::named(&stranger, suite.other_image()).volume(&case.name(), "/elsewhere").create(suite);

    let run = case.refused(case.onboard(), 3, "volume-held");
    run.names_in_message(&stranger);
    follow(&case, &run).expect("a command of nemoclaw's").ended(0, "adopted", "ready");
    case.assert_kept(&work);
}

/// Made again by hand, without the volume: an empty gateway that would pass for the real one.
pub fn made_again_without_the_volume(suite: &Suite) {
    let case = Case::new(suite, "wrong");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    let empty = ByHand::named(&case.name(), suite.image()).env("OPENSHELL_NODE_NAME", &case.node_name());
    let empty = empty.publish(case.port()).start(suite);
    case.await_ready();

    let run = case.refused(case.onboard(), 3, "wrong-volume");
    run.names_in_message(&case.name());
    assert!(run.text("advice").contains("--recreate"), "{}", run.dump());
    // Without a record the volume of the exact name says as much.
    std::fs::rename(case.record(), case.file("record")).unwrap();
    case.refused(case.onboard_as(&case.spec()), 3, "wrong-volume");
    std::fs::rename(case.file("record"), case.record()).unwrap();

    drop(empty);
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&work);
}
