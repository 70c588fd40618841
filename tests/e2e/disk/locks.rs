//! A lock's file that is none: without a lock nothing is done, and looks need none.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::{Path, PathBuf};

use super::{At, Nobody, give_away, make_fifo, make_huge};
use crate::support::{Case, Suite};

/// Puts something in a lock's place.
type Makes<'a> = &'a dyn Fn(&Path);

/// Something else is in its place: refused by its name, neither followed nor waited on nor written.
pub fn not_a_file(suite: &Suite) {
    let case = Case::new(suite, "lock");
    let (_, work) = case.created();
    let (lock, target) = (lock(&case), case.file("target"));
    let in_its_place: [(&str, Makes<'_>); 4] = [
        ("a folder", &|path| fs::create_dir(path).unwrap()),
        ("a fifo", &|path| make_fifo(path)),
        ("a link to a file", &|path| {
            fs::write(&target, "somebody's own").unwrap();
            symlink(&target, path).unwrap();
        }),
        ("a link to nowhere", &|path| symlink(case.file("nowhere"), path).unwrap()),
    ];
    for (what, make) in in_its_place {
        let _at = At(what);
        fs::remove_file(&lock).unwrap();
        make(&lock);
        let run = case.refused(case.onboard(), 3, "state");
        run.names_in_message(&lock.display().to_string());
        case.status().run().ended(0, "ready", "ready");
        if lock.is_dir() {
            fs::remove_dir(&lock).unwrap()
        } else {
            fs::remove_file(&lock).unwrap()
        }
        case.onboard().run().ended(0, "reused", "ready");
    }
    assert_eq!(fs::read_to_string(target).unwrap(), "somebody's own");
    assert!(!case.file("nowhere").exists());
    case.assert_kept(&work);
}

/// Left over by a run that was killed, or written by who knows whom: what it says holds nobody up.
pub fn left_over(suite: &Suite) {
    let case = Case::new(suite, "leftlock");
    let (_, work) = case.created();
    let note = r#"{"pid":1,"command":"nemoclaw onboard","since":"2026-01-01T00:00:00Z"}"#;
    for text in [note, "{", "\u{0}\u{0}\u{0}"] {
        fs::write(lock(&case), text).unwrap();
        case.onboard().args(&["--no-wait"]).run().ended(0, "reused", "ready");
    }
    make_huge(&lock(&case));
    case.onboard().run().ended(0, "reused", "ready");
    assert_eq!(fs::metadata(lock(&case)).unwrap().len(), 0);
    case.assert_kept(&work);
}

/// One of root's, in the folder of whoever types.
pub fn of_another_user(suite: &Suite) {
    let case = Case::new(suite, "rootlock");
    let (_, work) = case.created();
    let nobody = Nobody::new(&case);
    give_away(&case.home());
    chown(lock(&case), Some(0), Some(0)).unwrap();
    let run = case.refused(nobody.onboard(), 3, "state");
    run.names_in_message("Permission denied").names_in_message(&lock(&case).display().to_string());
    nobody.nemoclaw(&["status", "--gateway", case.gateway()]).run().ended(0, "ready", "ready");
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

fn lock(case: &Case<'_>) -> PathBuf {
    case.home().join(format!("locks/{}.lock", case.gateway()))
}
