//! The state directory on a disk that is full, fills up, or is read-only: the gateway comes up or is left alone, what is on
//! record stays whole, and what could not be written is told.

use std::fs;

use super::small_disk::SmallDisk;
use crate::support::{Case, Run, Suite, until};

/// Not a byte has room: the gateway comes up without record and trace, and the next run with room writes them.
pub fn from_the_start(suite: &Suite) {
    let case = Case::new(suite, "full");
    let disk = SmallDisk::new(&case, "size=64k");
    disk.fill();
    let made = disk.onboard_as(&case.spec()).run();
    made.ended(0, "created", "ready");
    made.warns_of("trace of this run").warns_of("the record").warns_of("No space left");
    assert_eq!(disk.beside_the_record(), Vec::<String>::new(), "half a record is left\n{}", made.dump());
    let work = case.put_work();

    disk.free();
    assert_on_record_again(&case, &disk, &made);
    case.assert_kept(&work);
}

/// It is full when a stopped gateway is started: the record that is there stays whole.
pub fn while_stopped(suite: &Suite) {
    let case = Case::new(suite, "fullstop");
    let disk = SmallDisk::new(&case, "size=4m");
    let made = disk.onboard_as(&case.spec()).run();
    made.ended(0, "created", "ready");
    let work = case.put_work();
    disk.onboard().run().ended(0, "reused", "ready");
    let record = fs::read(disk.record()).unwrap();
    case.daemon().stop(&case.name());

    disk.fill();
    let run = disk.onboard().run();
    run.ended(0, "recovered", "ready").warns_of("the record").warns_of("No space left");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert!(fs::read(disk.record()).unwrap() == record, "the old record is gone\n{}", run.dump());
    assert_eq!(disk.beside_the_record().len(), 1, "{}", run.dump());

    disk.free();
    assert_on_record_again(&case, &disk, &made);
    assert!(fs::read(disk.record()).unwrap() != record, "the new one was never written");
    case.assert_kept(&work);
}

/// It fills up between the first record of a new gateway and its being ready.
pub fn under_way(suite: &Suite) {
    let case = Case::new(suite, "fills");
    let disk = SmallDisk::new(&case, "size=4m");
    let run = disk.onboard_as(&case.spec().env("NEMOCLAW_REFERENCE_WARM_UP", "8s").warm_up("60s")).spawn();
    until("the container runs", || case.daemon().runs(&case.name()));
    disk.fill();
    let made = run.end();
    made.ended(0, "created", "ready").warns_of("the record").warns_of("trace of this run");
    let trace = fs::read_to_string(disk.path(&trace_of(&case, &disk))).unwrap();
    let whole = trace.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    assert!(whole && trace.ends_with('\n'), "half a line is left: {trace}");
    let work = case.put_work();
    disk.free();
    assert_on_record_again(&case, &disk, &made);
    case.assert_kept(&work);
}

/// Not even a lock can be made: nothing is done.
pub fn no_file_more(suite: &Suite) {
    let case = Case::new(suite, "inodes");
    let disk = SmallDisk::new(&case, "nr_inodes=2");
    let run = case.refused(disk.onboard_as(&case.spec()), 3, "state");
    run.names_in_message("No space left").names_in_message(&case.home().display().to_string());
    disk.remount("nr_inodes=1000");
    disk.onboard_as(&case.spec()).run().ended(0, "created", "ready");
}

/// Read-only: looks work, acts are refused, and nothing is changed.
pub fn read_only(suite: &Suite) {
    let case = Case::new(suite, "readonly");
    let disk = SmallDisk::new(&case, "size=4m");
    let made = disk.onboard_as(&case.spec()).run();
    made.ended(0, "created", "ready");
    let work = case.put_work();
    case.daemon().stop(&case.name());

    disk.remount("ro");
    for act in ["onboard", "start", "stop"] {
        let run = case.refused(disk.nemoclaw(&[act, "--gateway", case.gateway()]), 3, "state");
        run.names_in_message("Read-only file system").names_in_message(&case.home().display().to_string());
    }
    disk.nemoclaw(&["status", "--gateway", case.gateway()]).run().ended(5, "stopped", "stopped");
    disk.onboard().args(&["--dry-run"]).run().ended(0, "planned", "planned");

    disk.remount("rw");
    let run = disk.onboard().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    case.assert_kept(&work);
}

/// The next run finds the same gateway, and writes what the one before could not.
#[track_caller]
fn assert_on_record_again(case: &Case<'_>, disk: &SmallDisk<'_>, made: &Run) {
    let next = disk.onboard().run();
    next.ended(0, "reused", "ready");
    assert_eq!(next.container_id(), made.container_id(), "{}", next.dump());
    assert!(!next.names("/warnings").iter().any(|warning| warning.contains("No space")), "{}", next.dump());
    let record = fs::read_to_string(disk.record()).unwrap();
    assert!(record.contains(made.container_id()), "{record}");
    assert_eq!(disk.beside_the_record(), [format!("{}.json", case.gateway())], "{}", next.dump());
}

/// The one trace there is.
#[track_caller]
fn trace_of(case: &Case<'_>, disk: &SmallDisk<'_>) -> String {
    let folder = format!("traces/{}", case.gateway());
    let mut traces = fs::read_dir(disk.path(&folder)).unwrap();
    format!("{folder}/{}", traces.next().unwrap().unwrap().file_name().into_string().unwrap())
}
