//! Gateways that are destroyed and come back: from the volumes that were kept, or from a backup. Every byte and every
//! sandbox is there afterwards; what is given up is just what was named, and only after its owner's word. The suite that the
//! older tool calls *rebuild* is the first case.

pub mod destroyed;
pub mod destroyed_not;
pub mod restored;
pub mod restored_not;
pub mod round;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::replaced::before::assert_backed_up;
use crate::replaced::odd_files::listing;
use crate::support::{ByHand, Case, Cli, Run, Work};

/// `nemoclaw destroy --gateway NAME`, with more flags.
fn destroy(case: &Case<'_>, flags: &[&str]) -> Cli {
    case.nemoclaw(&["destroy", "--gateway", case.gateway()]).args(flags)
}

/// The same with consent to the removal of what that flag names.
fn give_up(case: &Case<'_>, flag: &str) -> Cli {
    destroy(case, &[flag, "--confirm", case.gateway()])
}

/// `nemoclaw restore BACKUP`.
fn restore(case: &Case<'_>, backup: &Path) -> Cli {
    case.nemoclaw(&["restore", &backup.display().to_string()])
}

/// A backup of the gateway as it stands, which is whole.
#[track_caller]
fn back_up(case: &Case<'_>) -> PathBuf {
    let run = case.nemoclaw(&["backup", "--gateway", case.gateway()]).run();
    run.ended(0, "backed-up", "as-asked");
    assert_backed_up(case, &run).to_owned()
}

/// All that a backup lists, but for when folders were last written to: a gateway that starts does that.
#[track_caller]
fn contents(backup: &Path) -> Vec<Value> {
    let mut rows = listing(backup);
    for row in rows.iter_mut().filter(|row| row["type"] == "dir") {
        row.as_object_mut().unwrap().remove("mtime");
    }
    rows
}

/// Asserts that the gateway holds what a backup lists.
#[track_caller]
fn assert_holds(case: &Case<'_>, backup: &Path) {
    let (before, after) = (contents(backup), contents(&back_up(case)));
    for row in &before {
        assert!(
            after.contains(row),
            "{row} did not come back: {:#?}",
            after.iter().find(|it| it["path"] == row["path"])
        );
    }
    assert_eq!(before.len(), after.len(), "there is more than there was");
}

/// Asserts that Docker has these containers, volumes and networks of the case's, and no others.
#[track_caller]
fn assert_there(case: &Case<'_>, run: &Run, there: [&[String]; 3]) {
    let (daemon, token) = (case.daemon(), case.other_name(""));
    let found = [daemon.containers(&token), daemon.volumes(&token), daemon.networks(&token)];
    assert_eq!(found.each_ref().map(Vec::as_slice), there, "{}", run.dump());
}

/// Asserts that a further run finds nothing to do.
#[track_caller]
fn assert_stays(case: &Case<'_>, run: &Run) {
    case.onboard().run().ended(0, "reused", "ready");
    let before = case.picture();
    let last = case.onboard().run();
    last.ended(0, "reused", "ready");
    assert_eq!(last.json["changed"], false, "{}\nafter\n{}", last.dump(), run.dump());
    case.assert_unchanged(&before, &last);
}

/// Asserts that a volume which no gateway mounts holds the file of some work.
#[track_caller]
fn assert_holds_file(case: &Case<'_>, volume: &str, work: &Work) {
    let reader = case.other_name("reader");
    ByHand::named(&reader, case.suite().other_image()).volume(volume, "/data").create(case.suite());
    let files = crate::replaced::layer::found(case, &reader, "/data");
    case.daemon().remove(&reader);
    assert!(files.keys().any(|path| path.ends_with(work.file())), "{:?}", files.keys());
}
