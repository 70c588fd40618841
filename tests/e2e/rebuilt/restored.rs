//! Restores: into new volumes always; what held the data before is kept until its owner gives it up.

use super::{assert_holds, assert_holds_file, assert_stays, assert_there, back_up, give_up, restore};
use crate::replaced::{Before, OtherImage};
use crate::support::{Case, Run, Suite, Work, assert_same, follow, until};

/// The gateway runs, and has newer work: that stays in the volume that is set aside.
pub fn into_a_running_gateway(suite: &Suite) {
    let case = Case::new(suite, "into");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let newer = case.put_work();
    let run = restore(&case, &backup).run();
    assert_restored(&case, &before, &newer, &run);
    assert!(run.json["backup"]["path"].is_string(), "{}", run.dump());
    assert_eq!(run.text("restored_from"), backup.canonicalize().unwrap().to_str().unwrap(), "{}", run.dump());
    assert_holds(&case, &backup);

    let status = case.status().run();
    assert_eq!(status.names("/set_aside"), [case.name()], "{}", status.dump());
    let refused = case.refused(give_up(&case, "--volumes"), 3, "set-aside-left");
    refused.names_in_message(&case.name());
    let id = case.daemon().id(&case.name());
    let gone = follow(&case, &refused).expect("a command of nemoclaw's");
    gone.ended(0, "destroyed", "as-asked");
    assert_eq!(gone.names("/removed"), [case.name()], "{}", gone.dump());
    assert_there(&case, &gone, [&[case.name()], &[restored(&case)], &[case.name()]]);
    assert_eq!(case.daemon().id(&case.name()), id, "{}", gone.dump());
    case.assert_kept(&before.work);
    assert_stays(&case, &gone);
    assert!(case.status().run().names("/set_aside").is_empty());
}

/// Its container is missing, and its volume is there.
pub fn without_a_container(suite: &Suite) {
    let case = Case::new(suite, "without");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let newer = case.put_work();
    case.daemon().remove(&case.name());
    let run = restore(&case, &backup).run();
    assert_restored(&case, &before, &newer, &run);
}

/// Under another name and on another port: both run, and the first is not touched.
pub fn as_another_gateway(suite: &Suite) {
    let case = Case::new(suite, "one");
    let before = Before::new(&case);
    let backup = back_up(&case);
    let mut picture = case.picture();
    let (other, port) = (format!("{}-two", case.gateway()), case.port() + 1);
    let run = restore(&case, &backup).args(&["--gateway", &other, "--port", &port.to_string()]).run();
    run.ended(0, "restored", "ready");
    assert_eq!(run.text("gateway"), other, "{}", run.dump());
    before.work.assert_kept(suite.runtime(), port);
    let mut now = case.picture();
    for picture in [&mut picture, &mut now] {
        picture.retain(|object, _| object.ends_with(&case.name()) || object == "record");
    }
    assert_same(&picture, &now, &run.dump());
    case.assert_kept(&before.work);
}

/// Container and volume are gone: what is said names the newest backup, and leads back.
pub fn where_the_data_is_gone(suite: &Suite) {
    let case = Case::new(suite, "gone");
    let before = Before::new(&case);
    let _older = back_up(&case);
    // Their times are told in seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let newer = back_up(&case);
    case.daemon().remove(&case.name());
    case.daemon().remove_volume(&case.name());
    let refused = case.refused(case.onboard(), 3, "data-gone");
    assert_eq!(refused.json["backups"][0]["path"].as_str(), newer.to_str(), "{}", refused.dump());
    assert_eq!(refused.json["backups"].as_array().map(Vec::len), Some(2), "{}", refused.dump());
    let run = follow(&case, &refused).expect("a command of nemoclaw's");
    run.ended(0, "restored", "ready");
    case.assert_kept(&before.work);
    assert_stays(&case, &run);
}

/// The next container has changed the data so that the old one cannot run on it any more: what is said names the backup from
/// before, and leads back.
pub fn what_a_newer_image_changed(suite: &Suite) {
    let case = Case::new(suite, "changed");
    let newer = OtherImage::new(&case, "newer", &[("NEMOCLAW_REFERENCE_WARM_UP", "60s")]);
    let before = Before::made(&case, &case.spec().without_env("NEMOCLAW_REFERENCE_WARM_UP").warm_up("5s"));
    let run = case.onboard().args(&["--image", newer.reference()]).spawn();
    until("the next one runs", || case.daemon().runs(&case.name()) && case.daemon().id(&case.name()) != before.id());
    let folder = std::path::PathBuf::from(case.daemon().folder_of_volume(&case.name()));
    std::fs::rename(folder.join("nodes"), folder.join("nodes-v2")).unwrap();
    std::fs::write(folder.join("nodes"), "moved").unwrap();

    let run = run.end();
    run.ended(5, "refused", "not-put-back");
    let backup = run.json["backup"]["path"].as_str().unwrap();
    assert!(run.text("advice").contains(backup), "{}", run.dump());
    let back = follow(&case, &run).expect("a command of nemoclaw's");
    back.ended(0, "restored", "ready");
    case.assert_kept(&before.work);
    assert_stays(&case, &back);
    let left = case.daemon().containers(&case.other_name(""));
    assert_eq!(left, [case.name()], "{}", back.dump());
}

/// The gateway has its work as of the backup, and the newer work lies where it was.
#[track_caller]
fn assert_restored(case: &Case<'_>, before: &Before<'_>, newer: &Work, run: &Run) {
    run.ended(0, "restored", "ready");
    assert_eq!(run.names("/volumes"), [restored(case)], "{}", run.dump());
    assert_eq!(run.names("/set_aside"), [case.name()], "{}", run.dump());
    assert_there(case, run, [&[case.name()], &[case.name(), restored(case)], &[case.name()]]);
    let found = run.names("/sandboxes/found");
    assert!(found.contains(&before.work.sandbox.as_str()), "{}", run.dump());
    assert!(!found.contains(&newer.sandbox.as_str()), "{}", run.dump());
    case.assert_kept(&before.work);
    assert_holds_file(case, &case.name(), newer);
    assert_stays(case, run);
}

fn restored(case: &Case<'_>) -> String {
    format!("{}-restored-1", case.name())
}
