//! Tests of the registry: whatever happened to a record's file, it is never read as another record nor as none, and
//! never overwritten.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use super::super::testing::{SECRET, changed, files, name, record, state};
use super::*;

fn registry() -> (tempfile::TempDir, Registry) {
    let (folder, state) = state();
    (folder, Registry::new(&state))
}

/// A registry with a record of `prod`, and that record's file.
fn written() -> (tempfile::TempDir, Registry, PathBuf) {
    let (folder, registry) = registry();
    assert_eq!(registry.write(&record("prod"), false), Ok(true));
    let file = registry.folder.join("prod.json");
    (folder, registry, file)
}

#[track_caller]
fn problem(registry: &Registry, gateway: &str) -> RecordProblem {
    match registry.read(&name(gateway)) {
        RecordSeen::Unusable { path, problem, .. } => {
            assert!(path.ends_with(&format!("/gateways/{gateway}.json")), "{path}");
            problem
        }
        seen @ (RecordSeen::Absent | RecordSeen::Present { .. }) => panic!("{seen:?}"),
    }
}

fn rejected(written: Result<bool, Failure>) -> bool {
    matches!(written, Err(Failure::Rejected { status: None, .. }))
}

fn stamp(path: &Path) -> (u64, SystemTime) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.ino(), metadata.modified().unwrap())
}

#[test]
fn what_is_written_is_read_and_looking_creates_nothing() {
    let (_folder, registry) = registry();
    assert_eq!(registry.read(&name("prod")), RecordSeen::Absent);
    assert!(!registry.folder.parent().unwrap().exists());

    assert_eq!(registry.write(&record("prod"), true), Ok(true));
    assert_eq!(registry.read(&name("prod")).record(), Some(&record("prod")));
    assert_eq!(registry.read(&name("prod-eu")), RecordSeen::Absent);
    assert_eq!(Vec::from_iter(files(&registry.folder).into_keys()), ["prod.json"]);
    for (path, mode) in [(".", 0o700), ("..", 0o700), ("prod.json", 0o600)] {
        assert_eq!(registry.folder.join(path).metadata().unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[test]
fn a_record_that_says_the_same_is_not_written_again() {
    let (_folder, registry, file) = written();
    let before = (stamp(&file), stamp(&registry.folder));
    assert_eq!(registry.write(&record("prod"), false), Ok(false));
    assert_eq!(registry.write(&record("prod"), true), Ok(false));
    assert_eq!((stamp(&file), stamp(&registry.folder)), before);
    assert_eq!(registry.write(&changed(record("prod")), false), Ok(true));
    assert_ne!(stamp(&file), before.0);
    assert_eq!(registry.read(&name("prod")).record(), Some(&changed(record("prod"))));
    assert_eq!(files(&registry.folder).len(), 1);
}

#[test]
fn every_changed_bit_is_seen() {
    let (_folder, registry, file) = written();
    let good = fs::read(&file).unwrap();
    let mut newer = 0;
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            match parse(&name("prod"), &bad) {
                Err(RecordProblem::Newer { .. }) => newer += 1,
                Err(RecordProblem::Corrupt { what }) => assert!(!what.contains(SECRET), "{what}"),
                other => panic!("bit {bit} of byte {at}: {other:?}"),
            }
        }
        if at % 100 == 0 {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            assert!(matches!(problem(&registry, "prod"), RecordProblem::Corrupt { .. }), "byte {at}");
            assert!(rejected(registry.write(&record("prod"), true)));
            assert_eq!(fs::read(&file).unwrap(), bad);
        }
    }
    assert!(newer < 8, "bits of the version alone can make it a newer one");
}

#[test]
fn every_truncation_and_every_addition_is_seen() {
    let (_folder, registry, file) = written();
    let good = fs::read(&file).unwrap();
    for length in 0..good.len() {
        fs::write(&file, &good[..length]).unwrap();
        assert!(matches!(problem(&registry, "prod"), RecordProblem::Corrupt { .. }), "the first {length} bytes");
    }
    for more in [&b"\n"[..], b" ", b"\0", b"{}", &good] {
        fs::write(&file, [&good, more].concat()).unwrap();
        assert!(matches!(problem(&registry, "prod"), RecordProblem::Corrupt { .. }), "{more:?} after it");
    }
    fs::write(&file, vec![b' '; SIZE_MAX_BYTES + 2]).unwrap();
    assert!(matches!(problem(&registry, "prod"), RecordProblem::Corrupt { .. }));
    assert!(rejected(registry.write(&record("prod"), false)));
}

#[test]
fn the_record_of_another_gateway_is_corrupt() {
    let (_folder, registry, file) = written();
    fs::copy(&file, registry.folder.join("test.json")).unwrap();
    assert_eq!(problem(&registry, "test"), RecordProblem::Corrupt { what: "it is the record of `prod`".to_owned() });
}

#[test]
fn a_newer_file_is_named_and_kept() {
    let (_folder, registry, file) = written();
    let newer = r#"{ "schema": 7, "whatever": [] }"#;
    fs::write(&file, newer).unwrap();
    assert_eq!(problem(&registry, "prod"), RecordProblem::Newer { schema: 7 });
    assert!(rejected(registry.write(&record("prod"), true)));
    assert_eq!(files(&registry.folder), [("prod.json".to_owned(), newer.to_owned())].into());
}

#[test]
fn what_cannot_be_read_is_not_absent_and_not_overwritten() {
    let (folder, registry, file) = written();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    let refused = || {
        assert!(matches!(problem(&registry, "prod"), RecordProblem::Unreadable { .. }));
        assert!(rejected(registry.write(&changed(record("prod")), true)));
    };
    symlink(&elsewhere, &file).unwrap();
    refused();
    fs::remove_file(&file).unwrap();
    symlink(folder.path().join("nowhere"), &file).unwrap();
    refused();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused();
    fs::remove_dir(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    refused();
    fs::remove_file(&file).unwrap();

    // To set the record aside leads nowhere from here.
    let hidden = || {
        refused();
        assert!(matches!(registry.read(&name("prod")), RecordSeen::Unusable { aside: None, .. }));
    };
    fs::remove_dir(&registry.folder).unwrap();
    fs::write(&registry.folder, "a file in the folder's place").unwrap();
    hidden();
    fs::remove_file(&registry.folder).unwrap();
    symlink(folder.path().join("a disk that is not mounted"), &registry.folder).unwrap();
    hidden();
    fs::remove_file(&registry.folder).unwrap();
    assert_eq!(registry.read(&name("prod")), RecordSeen::Absent);
}

#[test]
fn a_record_is_set_aside_under_a_name_that_nothing_has() {
    let (_folder, registry, file) = written();
    let aside = |registry: &Registry| match registry.read(&name("prod")) {
        RecordSeen::Unusable { aside, .. } => aside.unwrap(),
        seen @ (RecordSeen::Absent | RecordSeen::Present { .. }) => panic!("{seen:?}"),
    };
    for (times, text) in ["one", "two", "three"].into_iter().enumerate() {
        fs::write(&file, text).unwrap();
        fs::rename(&file, aside(&registry)).unwrap();
        assert_eq!(files(&registry.folder).len(), times + 1, "one was overwritten");
    }
    symlink("nowhere", file.with_file_name("prod.json.set-aside-4")).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(aside(&registry).ends_with("/prod.json.set-aside-5"));
}

#[test]
fn old_records_are_kept_one_beside_the_other_also_after_a_crash() {
    let (_folder, registry, file) = written();
    let first = fs::read_to_string(&file).unwrap();
    registry.keep(&name("prod")).unwrap(); // and then it was killed
    assert_eq!(registry.write(&changed(record("prod")), true), Ok(true));
    let second = fs::read_to_string(&file).unwrap();
    assert_eq!(registry.write(&record("prod"), true), Ok(true));
    let expected = [("prod.json", &first), ("prod.json.1-kept", &first), ("prod.json.2-kept", &second)];
    assert_eq!(files(&registry.folder), expected.map(|(name, text)| (name.to_owned(), text.clone())).into());
}

#[test]
fn a_record_that_is_set_aside_is_absent_and_kept_also_after_a_crash() {
    let (_folder, registry, file) = written();
    let first = fs::read_to_string(&file).unwrap();
    assert_eq!(registry.set_aside(&name("prod-eu")), Ok(()), "there is none");
    registry.keep(&name("prod")).unwrap(); // and then it was killed
    assert_eq!(registry.set_aside(&name("prod")), Ok(()));
    assert_eq!(registry.read(&name("prod")), RecordSeen::Absent);
    assert_eq!(registry.set_aside(&name("prod")), Ok(()));
    assert_eq!(registry.write(&changed(record("prod")), false), Ok(true));
    let second = fs::read_to_string(&file).unwrap();
    assert_eq!(registry.set_aside(&name("prod")), Ok(()));
    let expected = [("prod.json.1-kept", &first), ("prod.json.2-kept", &second)];
    assert_eq!(files(&registry.folder), expected.map(|(name, text)| (name.to_owned(), text.clone())).into());
}

#[test]
fn a_record_that_cannot_be_used_is_not_set_aside() {
    let (_folder, registry, file) = written();
    for text in ["", "no record", r#"{ "schema": 7 }"#] {
        fs::write(&file, text).unwrap();
        let Err(Failure::Rejected { status: None, message }) = registry.set_aside(&name("prod")) else {
            panic!("{text}")
        };
        assert!(message.contains("was not set aside"), "{message}");
        assert_eq!(files(&registry.folder), [("prod.json".to_owned(), text.to_owned())].into());
    }
    fs::remove_file(&file).unwrap();
    symlink("nowhere", &file).unwrap();
    assert!(matches!(registry.set_aside(&name("prod")), Err(Failure::Rejected { status: None, .. })));
}

#[test]
fn what_a_killed_run_left_goes_and_nothing_of_other_gateways_does() {
    let (_folder, registry) = registry();
    let gateways = ["aa", "aa.json", "aa.json.b", "aa.json.1-kept"];
    for gateway in gateways {
        assert!(registry.prepare(&name(gateway), "half a reco").unwrap().killed().exists());
    }
    assert_eq!(files(&registry.folder).len(), gateways.len());
    for (index, gateway) in gateways.iter().enumerate() {
        assert_eq!(registry.read(&name(gateway)), RecordSeen::Absent);
        assert_eq!(registry.write(&record(gateway), false), Ok(true));
        let unfinished = files(&registry.folder).into_keys().filter(|file| file.ends_with("-new")).count();
        assert_eq!(unfinished, gateways.len() - index - 1, "after {gateway}");
    }
    for gateway in gateways {
        assert_eq!(registry.write(&changed(record(gateway)), true), Ok(true));
    }
    for gateway in gateways {
        assert_eq!(registry.read(&name(gateway)).record(), Some(&changed(record(gateway))));
    }
    assert_eq!(files(&registry.folder).len(), 2 * gateways.len());
}

#[test]
fn a_record_too_large_to_be_read_again_is_not_written() {
    let (_folder, registry, file) = written();
    let mut large = record("prod");
    large.sandboxes = (0..100_000).map(|n| engine::SandboxName::new(format!("sandbox-{n}"))).collect();
    assert!(rejected(registry.write(&large, false)));
    assert_eq!(registry.read(&name("prod")).record(), Some(&record("prod")));
    assert_eq!(file.metadata().unwrap().nlink(), 1);
}
