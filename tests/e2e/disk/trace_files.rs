//! A trace that cannot be written is told, and ends no run.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Case, Suite, files};

/// Something else is in the place of its folder, or of the folder of all traces.
pub fn folder_in_the_way(suite: &Suite) {
    let case = Case::new(suite, "trace");
    let (made, work) = case.created();
    let all = case.home().join("traces");
    let own = all.join(case.gateway());
    for (folder, is_link) in [(&own, false), (&own, true), (&all, false), (&all, true)] {
        case.daemon().stop(&case.name());
        fs::remove_dir_all(folder).unwrap();
        if is_link {
            symlink(case.file("nowhere"), folder).unwrap()
        } else {
            fs::write(folder, "a file").unwrap()
        }
        let run = case.onboard().run();
        run.ended(0, "recovered", "ready").warns_of("trace of this run could not be written");
        run.warns_of(&folder.display().to_string());
        assert!(run.json["trace"].is_null(), "{}", run.dump());
        assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
        let told = case.in_words("onboard");
        assert_eq!(told.code(), Some(0), "{}", told.dump());
        assert!(told.stdout.contains("Warning: The trace of this run"), "{}", told.dump());
        fs::remove_file(folder).unwrap();
        fs::create_dir(folder).unwrap();
    }
    assert!(!case.file("nowhere").exists());
    let run = case.onboard().run();
    assert!(run.json["trace"].is_string(), "{}", run.dump());
    case.assert_kept(&work);
}

/// However often it is run, and killed, traces do not pile up; what is not a trace stays.
pub fn they_do_not_pile_up(suite: &Suite) {
    const KEPT_MAX: usize = 50;
    let case = Case::new(suite, "traces");
    let (_, work) = case.created();
    let folder = case.home().join("traces").join(case.gateway());
    // As killed runs leave them.
    for n in 0..70 {
        fs::write(folder.join(format!("20250101T0000{:02}.{:03}Z-7.jsonl", n % 60, n)), "").unwrap();
    }
    fs::write(folder.join("notes.txt"), "the owner's own").unwrap();
    let run = case.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(files(&folder).len(), KEPT_MAX + 1, "{}", run.dump());
    assert!(folder.join("notes.txt").exists());
    assert!(std::path::Path::new(run.text("trace")).exists(), "{}", run.dump());
    case.assert_kept(&work);
}
