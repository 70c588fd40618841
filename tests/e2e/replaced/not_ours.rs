//! Containers that are not ours to replace: nothing of them is touched, and whose they are is told.

use crate::support::{Case, Suite};

/// One that Docker removes by itself as soon as it stops.
pub fn auto_removed(suite: &Suite) {
    let case = Case::new(suite, "rm");
    let _theirs = case.auto_removed_by_hand().start(suite);
    case.await_ready();
    let work = case.put_work();
    case.onboard_by_preset().run().ended(0, "reused", "auto-removed");
    let run = case.refused(case.onboard().args(&["--recreate"]), 3, "auto-remove");
    run.names_in_message(&case.name());
    case.refused(case.nemoclaw(&["backup", "--gateway", case.gateway()]), 3, "auto-remove");
    case.assert_kept(&work);
}

/// One that docker-compose has made.
pub fn composed(suite: &Suite) {
    let case = Case::new(suite, "composed");
    let theirs = case.gateway_by_hand().label("com.docker.compose.project", "shop");
    let _theirs = theirs.label("com.docker.compose.service", "gateway").start(suite);
    case.await_ready();
    let work = case.put_work();
    case.onboard_by_preset().run().ended(0, "reused", "managed");
    let run = case.refused(case.onboard().args(&["--recreate"]), 3, "managed-elsewhere");
    assert!(run.text("advice").contains("shop"), "{}", run.dump());
    case.assert_kept(&work);
}
