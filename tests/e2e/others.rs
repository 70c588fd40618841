//! Gateways that somebody else made, without labels and without a record; and what bears a gateway's name and is none.

use crate::support::{ByHand, Case, Changes, Proxy, Suite, follow};

/// A running gateway of somebody else's is taken as it is.
pub fn running_is_reused(suite: &Suite) {
    let case = Case::new(suite, "theirs");
    let _theirs = case.gateway_by_hand().start(suite);
    case.await_ready();
    let work = case.put_work();
    let id = case.daemon().id(&case.name());

    let run = case.onboard_by_preset().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(run.names("/volumes"), [case.name()], "{}", run.dump());
    assert!(case.record().exists(), "it is recorded from now on");
    case.assert_kept(&work);
}

/// A stopped one is started.
pub fn stopped_is_recovered(suite: &Suite) {
    let case = Case::new(suite, "theirs");
    let _theirs = case.gateway_by_hand().start(suite);
    case.await_ready();
    let work = case.put_work();
    let id = case.daemon().id(&case.name());
    case.daemon().stop(&case.name());

    let run = case.onboard_by_preset().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    case.assert_kept(&work);
}

/// Started with `--rm`: it is ready, and its owner is told what a stop would take.
pub fn auto_removed_is_reused_with_a_warning(suite: &Suite) {
    let case = Case::new(suite, "rm");
    let _theirs = case.auto_removed_by_hand().start(suite);
    case.await_ready();
    let work = case.put_work();
    let id = case.daemon().id(&case.name());

    let run = case.onboard_by_preset().run();
    run.ended(0, "reused", "auto-removed");
    assert!(!run.names("/warnings").is_empty(), "{}", run.dump());
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(case.daemon().id(&case.name()), id);
    case.assert_kept(&work);
}

/// A container of another image that only bears the name. Moved out of the way as advised, it is not in the way.
pub fn foreign_container(suite: &Suite) {
    let case = Case::new(suite, "foreign");
    let _theirs = ByHand::named(&case.name(), suite.other_image()).start(suite);
    let id = case.daemon().id(&case.name());

    let run = case.refused(case.onboard_as(&case.spec()), 3, "foreign-container");
    run.names_in_message(&case.name());

    follow(&case, &run);
    let (made, work) = case.created();
    assert_ne!(made.container_id(), id, "{}", made.dump());
    assert!(case.daemon().runs(&id), "the stranger is left as it was");
    case.assert_kept(&work);
}

/// A gateway of one preset is not touched as one of another. The advice names its own.
pub fn other_preset(suite: &Suite) {
    let case = Case::new(suite, "preset");
    let (made, work) = case.created();
    let run = case.refused(case.onboard_as(&case.spec().named("another")), 3, "other-preset");

    let followed = follow(&case, &run).expect("a command of nemoclaw's");
    followed.ended(0, "reused", "ready");
    assert_eq!(followed.container_id(), made.container_id(), "{}", followed.dump());
    case.assert_kept(&work);
}

/// The container is missing on a daemon that is not the recorded one: perhaps it only was looked for in the wrong place.
pub fn other_daemon(suite: &Suite) {
    let case = Case::new(suite, "daemon");
    let (made, work) = case.created();
    let proxy = Proxy::start(suite.runtime(), suite.socket(), Changes::Identity);
    let onboard = ["onboard", "--gateway", case.gateway()];
    // The container under its recorded ID proves the daemon, whatever that says of itself.
    case.nemoclaw_at(&proxy.address(), &onboard).run().ended(0, "reused", "ready");

    case.daemon().remove(made.container_id());
    let record = std::fs::read(case.record()).unwrap();
    let run = case.refused(case.nemoclaw_at(&proxy.address(), &onboard), 3, "other-daemon");
    let followed = follow(&case, &run).expect("a command of nemoclaw's");
    followed.ended(0, "adopted", "ready");
    assert!(case.keeps_beside_its_record(&record), "the old record is kept\n{}", followed.dump());
    case.assert_kept(&work);
}
