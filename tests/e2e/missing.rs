//! A gateway whose container is missing: its volumes are adopted where they are, and never made anew where they
//! should be.

use crate::support::{Case, Suite, follow};

/// `docker rm -f`, with the record there.
pub fn removed_with_record(suite: &Suite) {
    let case = Case::new(suite, "rm-rec");
    let (made, work) = case.created();
    let node_name = case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME");
    case.daemon().remove(&case.name());

    let run = case.onboard().run();
    run.ended(0, "adopted", "ready");
    assert_ne!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(run.names("/volumes"), [case.name()], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    assert_eq!(case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME"), node_name);
    case.assert_kept(&work);
    case.onboard().run().ended(0, "reused", "ready");
}

/// `docker rm -f`, with the record gone too: the volume's label tells what stood there.
pub fn removed_without_record(suite: &Suite) {
    let case = Case::new(suite, "rm-norec");
    let (_, work) = case.created();
    let node_name = case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME");
    case.daemon().remove(&case.name());
    std::fs::remove_file(case.record()).unwrap();

    let run = case.onboard().run();
    run.ended(0, "adopted", "ready");
    assert_eq!(run.names("/volumes"), [case.name()], "{}", run.dump());
    assert_eq!(case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME"), node_name);
    assert_eq!(run.json["image"]["reference"], suite.image(), "{}", run.dump());
    case.assert_kept(&work);
}

/// The volume of somebody else's gateway, by its exact name alone.
pub fn removed_by_others(suite: &Suite) {
    let case = Case::new(suite, "rm-theirs");
    let theirs = case.gateway_by_hand().start(suite);
    case.await_ready();
    let work = case.put_work();
    case.daemon().stop(&case.name());
    drop(theirs);
    assert!(case.daemon().has_volume(&case.name()), "only the container went");

    let run = case.onboard_as(&case.spec()).run();
    run.ended(0, "adopted", "ready");
    assert_eq!(case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME"), Some(case.node_name()));
    case.assert_kept(&work);
}

/// Container and volume are both gone, and the record says that there was something: nothing empty takes its place
/// unasked. Asked as advised, it does, and the old record is kept.
pub fn data_gone(suite: &Suite) {
    let case = Case::new(suite, "gone");
    case.created();
    // One more run, so that the record has the sandbox, which nobody misses after a reset.
    case.onboard().run().ended(0, "reused", "ready");
    case.daemon().remove(&case.name());
    case.daemon().remove_volume(&case.name());
    let record = std::fs::read(case.record()).unwrap();

    let run = case.refused(case.onboard(), 3, "data-gone");
    run.names_in_message(&case.name());
    assert!(!case.daemon().has_volume(&case.name()), "no empty volume was put in its place");

    let followed = follow(&case, &run).expect("a command of nemoclaw's");
    followed.ended(0, "created", "ready");
    assert!(case.keeps_beside_its_record(&record), "the old record is kept\n{}", followed.dump());
    let work = case.put_work();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// Two volumes say that they are the gateway's. Its owner chooses.
pub fn several_volumes(suite: &Suite) {
    let case = Case::new(suite, "several");
    let (_, work) = case.created();
    case.onboard().run().ended(0, "reused", "ready");
    case.daemon().remove(&case.name());
    std::fs::remove_file(case.record()).unwrap();
    let second = case.other_name("second");
    case.daemon().create_volume(&second, &[("io.nemoclaw.gateway", case.gateway())]);

    let run = case.refused(case.onboard_as(&case.spec()), 3, "volumes-ambiguous");
    let text = format!("{}{}", run.text("message"), run.stderr);
    assert!(text.contains(&case.name()) && text.contains(&second), "both are named\n{}", run.dump());
    assert!(run.text("advice").contains("--adopt"), "{}", run.dump());

    let chosen = case.onboard_as(&case.spec()).args(&["--adopt", &case.name()]).run();
    chosen.ended(0, "adopted", "ready");
    assert_eq!(chosen.names("/volumes"), [case.name()], "{}", chosen.dump());
    assert!(case.daemon().has_volume(&second), "the other one is left as it was");
    case.assert_kept(&work);
    case.onboard().run().ended(0, "reused", "ready");
}

/// The advice of several volumes names the first: a command as good as any, and it leads out.
pub fn several_volumes_advice(suite: &Suite) {
    let case = Case::new(suite, "advised");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    std::fs::remove_file(case.record()).unwrap();
    // Its name comes after the other's, whether by age or by alphabet.
    case.daemon().create_volume(&format!("{}-zz", case.name()), &[("io.nemoclaw.gateway", case.gateway())]);

    let run = case.refused(case.onboard(), 3, "volumes-ambiguous");
    follow(&case, &run).expect("a command of nemoclaw's").ended(0, "adopted", "ready");
    case.assert_kept(&work);
}

/// Docker refuses to make the container: nothing is lost, and once the cause is gone the advice leads out.
pub fn not_created(suite: &Suite) {
    let case = Case::new(suite, "unmade");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    let nowhere = case.file("nowhere").display().to_string();
    let run = case.refused(case.onboard_as(&case.spec().bind(&nowhere, "/extra")), 5, "not-created");
    assert!(!case.file("nowhere").exists(), "no empty folder was made in its place");

    std::fs::create_dir(case.file("nowhere")).unwrap();
    follow(&case, &run).expect("a command of nemoclaw's").ended(0, "adopted", "ready");
    case.assert_kept(&work);
}

/// A volume chosen that is not there.
pub fn no_such_volume(suite: &Suite) {
    let case = Case::new(suite, "nosuch");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    let chosen = case.other_name("nowhere");
    let run = case.refused(case.onboard().args(&["--adopt", &chosen]), 3, "no-such-volume");
    run.names_in_message(&chosen);
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&work);
}
