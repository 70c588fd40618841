//! The state directory itself: not there yet, behind a link, hidden, somebody else's, something else in its place, lost.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::Nobody;
use crate::presets::{Kind, World};
use crate::support::{Case, Cli, Run, Suite};

/// It is made with all above it, for its owner only, however open the person's own mask is.
pub fn made_for_its_owner(suite: &Suite) {
    let case = Case::new(suite, "mode");
    let home = case.home().join("not/there/yet");
    let line = [r#"umask 0; exec "$0" "$@""#, env!("CARGO_BIN_EXE_nemoclaw"), "onboard"];
    let spec = case.file("spec.toml");
    case.spec().write(&spec);
    let shell = Cli::of(&case, Path::new("sh"), &["-c"]).args(&line).args(&["--gateway", case.gateway()]);
    let made = shell
        .args(&["--spec", &spec.display().to_string(), "--host", &suite.address(), "--output", "json"])
        .env("NEMOCLAW_HOME", &home.display().to_string())
        .run();
    made.ended(0, "created", "ready");
    assert_closed(&case.home());
    assert!(home.join(format!("gateways/{}.json", case.gateway())).exists());
}

/// Asserts that all of a folder is for its owner only.
fn assert_closed(path: &Path) {
    let seen = fs::symlink_metadata(path).unwrap();
    let mode = seen.permissions().mode() & 0o777;
    assert_eq!(mode, if seen.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    if seen.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| assert_closed(&entry.unwrap().path()));
    }
}

/// A path that would mean another folder in another place is refused before anything is asked.
pub fn relative(suite: &Suite) {
    let case = Case::new(suite, "relative");
    for command in ["onboard", "status", "list", "start", "stop", "logs"] {
        let mut cli = Cli::new(&case, &[command]).env("NEMOCLAW_HOME", "state");
        cli.command().current_dir(case.file(""));
        assert_bad_input(&cli.run(), "NEMOCLAW_HOME");
    }
    assert!(!case.file("state").exists());
}

/// One that is not UTF-8 is not taken for one that is not set: then another state would be read.
pub fn not_utf8(suite: &Suite) {
    let case = Case::new(suite, "bytes");
    for variable in ["NEMOCLAW_HOME", "XDG_STATE_HOME", "HOME", "DOCKER_HOST"] {
        for command in ["onboard", "status", "list"] {
            let mut cli = Cli::new(&case, &[command]);
            cli.command().env(variable, OsStr::from_bytes(b"/tmp/\xff"));
            assert_bad_input(&cli.run(), variable);
        }
    }
    assert!(!case.home().exists() && !case.user().exists());
}

fn assert_bad_input(run: &Run, variable: &str) {
    assert_eq!(run.code(), Some(2), "{}", run.dump());
    assert!(run.stderr.contains(variable) && run.stderr.contains("Nothing was asked"), "{}", run.dump());
}

/// A link to a folder is its owner's way of having it elsewhere.
pub fn link_to_a_folder(suite: &Suite) {
    let case = Case::new(suite, "link");
    let elsewhere = case.file("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, case.home()).unwrap();
    let (made, work) = case.created();
    assert!(case.home().is_symlink() && elsewhere.join("gateways").is_dir(), "{}", made.dump());
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// A link whose disk is not mounted hides what is on record: nothing is done, and nobody says that there is none.
pub fn link_to_nowhere(suite: &Suite) {
    let case = Case::new(suite, "nowhere");
    let elsewhere = case.file("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, case.home()).unwrap();
    let (_, work) = case.created();
    case.daemon().stop(&case.name());
    fs::rename(&elsewhere, case.file("not mounted")).unwrap();
    assert_hidden(&case, "is a link that leads to no folder");
    assert!(!elsewhere.exists(), "it was made on the wrong disk");

    fs::rename(case.file("not mounted"), &elsewhere).unwrap();
    case.onboard().run().ended(0, "recovered", "ready");
    case.assert_kept(&work);
}

/// A file is in its place, or a link to one.
pub fn file_in_its_place(suite: &Suite) {
    let case = Case::new(suite, "file");
    let (_, work) = case.created();
    let (home, kept) = (case.home(), case.file("kept"));
    fs::rename(&home, &kept).unwrap();
    fs::write(&home, "a file").unwrap();
    assert_hidden(&case, "Not a directory");
    assert_eq!(fs::read_to_string(&home).unwrap(), "a file");
    fs::rename(&home, case.file("file")).unwrap();
    symlink(case.file("file"), &home).unwrap();
    assert_hidden(&case, "Not a directory");
    fs::remove_file(&home).unwrap();
    fs::rename(&kept, &home).unwrap();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// Acts are refused, looks say what they cannot see, and none of them says that there is no gateway.
#[track_caller]
fn assert_hidden(case: &Case<'_>, why: &str) {
    let home = case.home().display().to_string();
    for act in ["onboard", "start", "stop"] {
        case.refused(case.nemoclaw(&[act, "--gateway", case.gateway()]), 3, "state").names_in_message(&home);
    }
    for look in [&["status"][..], &["onboard", "--dry-run"]] {
        let run = case.nemoclaw(look).args(&["--gateway", case.gateway()]).run();
        assert_eq!((run.code(), run.text("reason")), (Some(3), "record"), "{}", run.dump());
        run.names_in_message(&home).names_in_message(why);
        // There is nothing to set aside.
        assert!(run.text("advice").starts_with("ls -ld "), "{}", run.dump());
    }
    let list = case.nemoclaw(&["list"]).run();
    assert_eq!((list.code(), list.text("reason")), (Some(3), "state"), "{}", list.dump());
    list.names_in_message("There may be more").warns_of(why);
}

/// It is closed to whoever types: what is in it is neither read as nothing nor made anew.
pub fn of_another_user(suite: &Suite) {
    let case = Case::new(suite, "theirs");
    let (_, work) = case.created();
    let files = case.files();
    let nobody = Nobody::new(&case);
    let run = case.refused(nobody.onboard(), 3, "state");
    run.names_in_message("Permission denied").names_in_message(&case.home().display().to_string());
    let status = nobody.nemoclaw(&["status", "--gateway", case.gateway()]).run();
    status.ended(3, "refused", "record").names_in_message("Permission denied");
    assert!(status.text("advice").starts_with("ls -ld "), "{}", status.dump());
    let list = nobody.nemoclaw(&["list"]).run();
    assert_eq!((list.code(), list.text("reason")), (Some(3), "state"), "{}", list.dump());
    list.warns_of("Permission denied").names_in_message("There may be more");

    // It may be looked into, and nothing may be written there.
    for folder in ["", "gateways", "locks"] {
        fs::set_permissions(case.home().join(folder), Permissions::from_mode(0o755)).unwrap();
    }
    case.refused(nobody.onboard(), 3, "state").names_in_message("Permission denied");
    assert_eq!(case.files(), files);
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// All of it is lost, and with it the files that the stopped gateway reads: it comes back all the same.
pub fn lost(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "lost");
    let (made, work) = world.made();
    world.daemon().stop(&world.container());
    let read = world.home().join(format!("files/{}/gateway.toml", world.gateway()));
    let said = fs::read_to_string(&read).unwrap();
    fs::remove_dir_all(world.home()).unwrap();

    let run = world.onboard().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(fs::read_to_string(&read).unwrap(), said, "{}", run.dump());
    world.assert_kept(&work);
    world.onboard().run().ended(0, "reused", "ready");
}
