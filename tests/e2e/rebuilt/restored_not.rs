//! Backups that are not restored: nothing is changed then, and what is wrong with them is told.

use std::fs;
use std::path::{Path, PathBuf};

use super::{back_up, restore};
use crate::replaced::Before;
use crate::support::{Case, Suite};

/// An archive, or a listing, that is shorter, longer, other or not there.
pub fn damaged_archives(suite: &Suite) {
    let case = Case::new(suite, "damaged");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let mut last = None;
    for kind in [".tar.zst", ".jsonl.zst"] {
        for (how, damage) in DAMAGES {
            let copy = copied(&case, &backup, &format!("{how}{kind}"));
            let file = fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().path());
            let file = file.into_iter().find(|file| file.to_str().unwrap().ends_with(kind));
            damage(&file.unwrap_or_else(|| panic!("no {kind} in {}", copy.display())));
            let run = case.refused(restore(&case, &copy), 3, "backup-unusable");
            run.names_in_message(kind);
            last = Some(run);
        }
    }
    before.assert_as_it_was(&last.unwrap());
}

/// Does something to a file.
type Damage = fn(&Path);

/// What can be done to one.
const DAMAGES: [(&str, Damage); 4] = [
    ("cut", |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("grown", |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, [bytes.as_slice(), b"x"].concat()).unwrap();
    }),
    ("flipped", |file| {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(file, bytes).unwrap();
    }),
    ("gone", |file| fs::remove_file(file).unwrap()),
];

/// A manifest that cannot be read is bad input.
pub fn damaged_manifests(suite: &Suite) {
    let case = Case::new(suite, "manifest");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let (picture, files) = (case.picture(), case.files());
    let mut last = None;
    for (how, damage) in DAMAGES {
        let copy = copied(&case, &backup, how);
        damage(&copy.join("manifest.json"));
        let run = restore(&case, &copy).run();
        assert_eq!(run.code(), Some(2), "{}", run.dump());
        assert!(run.stderr.contains("manifest.json"), "{}", run.dump());
        last = Some(run);
    }
    let run = last.unwrap();
    case.assert_unchanged(&picture, &run);
    assert!(files == case.files(), "a file was written\n{}", run.dump());
    before.assert_as_it_was(&run);
}

/// A backup of one kind of gateway is not put under another.
pub fn of_another_kind(suite: &Suite) {
    let case = Case::new(suite, "kind");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let other = format!("{}-two", case.gateway());
    let flags = ["--preset", "openshell-gateway", "--gateway", &other];
    let run = case.refused(restore(&case, &backup).args(&flags), 3, "other-preset");
    before.assert_as_it_was(&run);
    let advice = run.text("advice");
    assert!(advice.starts_with("nemoclaw restore ") && !advice.contains("--preset"), "{}", run.dump());
}

/// On the port of a gateway that runs: another one is advised.
pub fn on_a_port_that_is_held(suite: &Suite) {
    let case = Case::new(suite, "port");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let (other, port) = (format!("{}-two", case.gateway()), case.port().to_string());
    let run = restore(&case, &backup).args(&["--gateway", &other, "--port", &port]).run();
    run.ended(3, "refused", "port-held").names_in_message(&case.name());
    let advice = run.text("advice");
    assert!(advice.starts_with("nemoclaw restore ") && advice.contains(" --port "), "{}", run.dump());
    before.assert_as_it_was(&run);
}

#[track_caller]
fn copied(case: &Case<'_>, backup: &Path, name: &str) -> PathBuf {
    let copy = case.file(name);
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(backup).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}
