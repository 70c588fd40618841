//! Backup, destruction, restore: what comes back is what was there.

use super::{assert_holds, assert_stays, assert_there, back_up, give_up, restore};
use crate::replaced::layer::{FileFound, Files, found};
use crate::replaced::{Before, odd_files};
use crate::support::{Case, Run, Suite, follow};

/// How many small files there are.
const SMALL_FILES: usize = 1000;

/// With links, owners, modes, a pipe, holes, a name that is not UTF-8, and many small files.
pub fn every_kind_of_file(suite: &Suite) {
    let case = Case::new(suite, "round");
    let before = Before::new(&case);
    odd_files::put(&case);
    let small = (0..SMALL_FILES).fold(Files::new(), |files, number| {
        let path = format!("data/many/{}/{number:04}", number % 10);
        files.file(path.as_bytes(), number.to_string().as_bytes(), 1000, 0o600)
    });
    small.put(&case, &case.name());
    let backup = back_up(&case);

    let run = destroy(&case);
    assert_eq!(run.names("/removed"), [case.name()], "{}", run.dump());
    assert_eq!(run.json["advice"].as_str().map(|advice| advice.starts_with("nemoclaw restore ")), Some(true));
    let run = follow(&case, &run).expect("a command of nemoclaw's");
    assert_back(&case, &before, &run);
    assert_holds(&case, &backup);
}

/// Of a stopped gateway, and by the backup's name.
pub fn stopped_gateway(suite: &Suite) {
    let case = Case::new(suite, "round-st");
    let before = Before::new(&case);
    case.daemon().stop(&case.name());
    let run = destroy(&case);
    let backup = run.json["backup"]["path"].as_str().unwrap();
    let name = backup.rsplit('/').next().unwrap();
    let run = case.nemoclaw(&["restore", name]).run();
    assert_back(&case, &before, &run);
}

/// On a machine that has only the backup.
pub fn without_its_record(suite: &Suite) {
    let case = Case::new(suite, "round-re");
    let before = Before::new(&case);
    let run = destroy(&case);
    let elsewhere = case.file("elsewhere");
    std::fs::rename(run.json["backup"]["path"].as_str().unwrap(), &elsewhere).unwrap();
    std::fs::remove_dir_all(case.home()).unwrap();
    let run = restore(&case, &elsewhere).run();
    assert_back(&case, &before, &run);
}

/// With a key that lives only in the container, in its home: the backup holds it and puts it onto the volume, where such a
/// gateway's home is by now. What else lives only there is named.
pub fn with_what_lives_only_in_the_container(suite: &Suite) {
    let case = Case::new(suite, "round-key");
    let home = |path: &str| case.spec().env("HOME", path).carry(&["~/.local/state/openshell"]);
    let (_, work) = case.created_as(&home("/root"));
    let files = Files::new().file(b"root/.local/state/openshell/key", b"key", 1234, 0o600);
    files.file(b"opt/mine", b"x", 0, 0o600).put(&case, &case.name());
    let spec = case.file("home.toml");
    home("/data/home").write(&spec);
    let spec = ["--spec", &spec.display().to_string()];

    let run = case.nemoclaw(&["backup", "--gateway", case.gateway()]).args(&spec).run();
    run.ended(0, "backed-up", "as-asked");
    let lacks = run.json["backup"]["lacks"].to_string();
    assert!(lacks.contains("/opt/mine") && !lacks.contains("openshell/key"), "{}", run.dump());
    let backup = run.json["backup"]["path"].as_str().unwrap().to_owned();
    case.nemoclaw(&["backups", "--verify", "--gateway", case.gateway()]).run();
    case.daemon().remove(&case.name());

    let run = case.nemoclaw(&["restore", &backup]).args(&spec).run();
    run.ended(0, "restored", "ready");
    case.assert_kept(&work);
    let there = found(&case, &case.name(), "/data/home/.local/state/openshell");
    let key = FileFound { bytes: b"key".to_vec(), uid: 1234, mode: 0o600 };
    assert_eq!(there.get("openshell/key"), Some(&key), "{}", run.dump());
}

/// All of it is removed, and nothing is left but files.
#[track_caller]
fn destroy(case: &Case<'_>) -> Run {
    let run = give_up(case, "--volumes").run();
    run.ended(0, "destroyed", "as-asked");
    assert!(run.json["backup"]["path"].is_string(), "{}", run.dump());
    assert_there(case, &run, [&[], &[], &[]]);
    assert!(!case.record().exists(), "{}", run.dump());
    run
}

/// The gateway is there again, on one new volume, with its work and its names.
#[track_caller]
fn assert_back(case: &Case<'_>, before: &Before<'_>, run: &Run) {
    run.ended(0, "restored", "ready");
    let volume = format!("{}-restored-1", case.name());
    assert_there(case, run, [&[case.name()], std::slice::from_ref(&volume), &[case.name()]]);
    assert_eq!((run.names("/volumes"), run.names("/set_aside")), (vec![volume.as_str()], vec![]), "{}", run.dump());
    assert!(run.names("/sandboxes/found").contains(&before.work.sandbox.as_str()), "{}", run.dump());
    let node = case.daemon().env(&case.name(), "OPENSHELL_NODE_NAME");
    assert_eq!(node.as_deref(), Some(case.node_name().as_str()), "{}", run.dump());
    case.assert_kept(&before.work);
    assert_stays(case, run);
}
