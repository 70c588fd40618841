//! No room for a backup: there is none then, and the gateway runs as before; what needs one is not done.

use super::Before;
use crate::disk::SmallDisk;
use crate::support::{Case, Suite};

/// At a backup, and at a replacement.
pub fn at_a_backup(suite: &Suite) {
    let case = Case::new(suite, "full");
    let disk = SmallDisk::new(&case, "size=4m");
    disk.onboard_as(&case.spec()).run().ended(0, "created", "ready");
    let work = case.put_work();
    disk.onboard().run().ended(0, "reused", "ready");
    let before = Before::of(&case, work);
    disk.fill();

    let run = disk.nemoclaw(&["backup", "--gateway", case.gateway()]).run();
    run.ended(3, "refused", "not-backed-up").names_in_message("No space left");
    assert!(run.json["backup"].is_null(), "{}", run.dump());
    assert_as_it_was(&case, &disk, &before, &run);

    let run = disk.onboard().args(&["--recreate"]).run();
    run.ended(5, "rolled-back", "rolled-back").names_in_message("No space left");
    assert_as_it_was(&case, &disk, &before, &run);

    disk.free();
    let run = disk.onboard().args(&["--recreate"]).run();
    run.ended(0, "upgraded", "ready");
    before.assert_nothing_else(&run);
    case.assert_kept(&before.work);
}

/// The gateway runs, and there is no backup, not even a part of one.
#[track_caller]
fn assert_as_it_was(case: &Case<'_>, disk: &SmallDisk<'_>, before: &Before<'_>, run: &crate::support::Run) {
    assert_eq!(case.daemon().id(&case.name()), before.id(), "{}", run.dump());
    assert_eq!(case.daemon().inspect(&case.name()).host_config, before.container.host_config, "{}", run.dump());
    before.assert_nothing_else(run);
    let next = disk.onboard().run();
    next.ended(0, "reused", "ready");
    case.assert_kept(&before.work);
    let left = std::fs::read_dir(disk.path("backups").join(case.gateway()));
    let left: Vec<_> = left.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?} is left\n{}", run.dump());
}
