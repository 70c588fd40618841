//! `nemoclaw backup` and `nemoclaw backups`: a gateway stands still only while it is copied, and nothing of anybody else's
//! is in the copy.

use bollard::models::ContainerStateStatusEnum as Status;

use super::Before;
use super::before::assert_backed_up;
use super::odd_files::listing;
use crate::support::{Case, Neighbour, Run, Suite};

/// Of a running gateway: it is the same one that runs again.
pub fn of_a_running_gateway(suite: &Suite) {
    let case = Case::new(suite, "backup");
    let before = Before::new(&case);
    let run = backup(&case);
    let path = assert_backed_up(&case, &run).to_owned();
    assert!(path.starts_with(case.home().join("backups").join(case.gateway())), "{}", run.dump());
    let listing = listing(&path);
    let is_work = |row: &serde_json::Value| row["path"].as_str().is_some_and(|path| path.ends_with(before.work.file()));
    assert!(listing.iter().any(is_work), "{listing:#?}");
    before.assert_as_it_was(&run);

    // A second one lies beside it.
    let again = backup(&case);
    assert_ne!(assert_backed_up(&case, &again), path);
    let listed = case.nemoclaw(&["backups"]).run();
    assert_eq!(listed.json["backups"].as_array().map(Vec::len), Some(2), "{}", listed.dump());
}

/// Of a stopped one: it stays stopped.
pub fn of_a_stopped_gateway(suite: &Suite) {
    let case = Case::new(suite, "backup-st");
    let before = Before::new(&case);
    case.daemon().stop(&case.name());
    let since = case.daemon().started_at(&case.name());
    let run = backup(&case);
    assert_backed_up(&case, &run);
    assert_eq!(case.daemon().status(&case.name()), Status::EXITED, "{}", run.dump());
    assert_eq!(case.daemon().started_at(&case.name()), since, "it was started\n{}", run.dump());
    before.assert_nothing_else(&run);
    case.onboard().run().ended(0, "recovered", "ready");
    before.assert_as_it_was(&run);
}

/// Of a gateway whose container was removed: its volume is all there is.
pub fn of_a_removed_gateway(suite: &Suite) {
    let case = Case::new(suite, "backup-rm");
    let before = Before::new(&case);
    case.daemon().remove(&case.name());
    let run = backup(&case);
    let listing = listing(assert_backed_up(&case, &run));
    let is_work = |row: &serde_json::Value| row["path"].as_str().is_some_and(|path| path.ends_with(before.work.file()));
    assert!(listing.iter().any(is_work), "{listing:#?}");
    assert!(case.daemon().containers(&case.other_name("")).is_empty(), "a helper is left\n{}", run.dump());
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&before.work);
}

/// Of one of two gateways, of which the other's name begins with its own: the other runs on, and is not in it.
pub fn prod_and_prod_eu(suite: &Suite) {
    let case = Case::new(suite, "prod");
    case.created();
    let neighbour = Neighbour::of(&case);

    let run = backup(&case);
    let path = assert_backed_up(&case, &run);
    neighbour.assert_as_it_was(&run);
    let manifest = std::fs::read_to_string(path.join("manifest.json")).unwrap();
    assert!(manifest.contains(&case.name()) && !manifest.contains(neighbour.name()), "{manifest}");
    let listing = listing(path);
    let file = neighbour.work().file();
    let is_theirs = |row: &serde_json::Value| row["path"].as_str().is_some_and(|path| path.ends_with(file));
    assert!(!listing.iter().any(is_theirs), "{listing:#?}");
    let run = case.onboard().args(&["--recreate"]).run();
    run.ended(0, "upgraded", "ready");
    neighbour.assert_as_it_was(&run);
}

#[track_caller]
fn backup(case: &Case<'_>) -> Run {
    let run = case.nemoclaw(&["backup", "--gateway", case.gateway()]).run();
    run.ended(0, "backed-up", "as-asked");
    run
}
