//! Replacements that do not come to a ready gateway: each is undone, and the old container runs under its name again with
//! all that it had. What stood in the way, and what the next container wrote of it, is told.

use super::{Before, OtherImage};
use crate::support::{Case, Cli, Holder, Run, Speaks, Suite, until};

/// The new image's program ends at once.
pub fn ends_at_once(suite: &Suite) {
    let case = Case::new(suite, "crash");
    let newer = OtherImage::new(&case, "newer", &[("NEMOCLAW_REFERENCE_CRASH", "3")]);
    let run = assert_undone(&case, &newer);
    told(&run, &["ended after it was started", "ends at its start with exit code 3, as it was told"]);
}

/// It ends before it is ready, after a second.
pub fn ends_before_it_is_ready(suite: &Suite) {
    let case = Case::new(suite, "loop");
    let env = [("NEMOCLAW_REFERENCE_EXIT_EVERY", "1:1"), ("NEMOCLAW_REFERENCE_WARM_UP", "60s")];
    let newer = OtherImage::new(&case, "newer", &env);
    let run = assert_undone(&case, &newer);
    told(&run, &["listens on"]);
}

/// It runs, and is not ready within its warm-up.
pub fn is_never_ready(suite: &Suite) {
    let case = Case::new(suite, "unready");
    let newer = OtherImage::new(&case, "newer", &[("NEMOCLAW_REFERENCE_WARM_UP", "60s")]);
    let run = assert_undone(&case, &newer);
    told(&run, &["did not become ready", "listens on"]);
}

/// It is ready, and does not list a sandbox that was there before.
pub fn lacks_a_sandbox(suite: &Suite) {
    let case = Case::new(suite, "lacks");
    let newer = OtherImage::new(&case, "newer", &[("NEMOCLAW_REFERENCE_DATA", "/")]);
    let run = assert_undone(&case, &newer);
    told(&run, &["agent-"]);
}

/// A process takes the port that it is to have, after the old one was stopped.
pub fn port_is_taken_meanwhile(suite: &Suite) {
    let case = Case::new(suite, "taken");
    let before = Before::new(&case);
    let port = case.port() + 1;
    let run = in_words(&case, &["--port", &port.to_string()]).spawn();
    until("the old one was stopped", || !case.daemon().runs(before.id()));
    let holder = Holder::take(suite.runtime(), port, Speaks::SomethingElse);
    let run = run.end();
    assert_rolled_back(&run);
    told(&run, &[&port.to_string()]);
    drop(holder);
    before.assert_as_it_was(&run);
}

/// A process takes the gateway's own port while it is stopped, so that the old one cannot come back either: both are kept,
/// and the next run with the port free puts it right.
pub fn own_port_is_taken_meanwhile(suite: &Suite) {
    let case = Case::new(suite, "own-taken");
    let before = Before::new(&case);
    let run = case.onboard().args(&["--recreate"]).spawn();
    until("the old one was stopped", || !case.daemon().runs(before.id()));
    let holder = Holder::take(suite.runtime(), case.port(), Speaks::SomethingElse);
    let run = run.end();
    run.ended(5, "refused", "not-put-back").names_in_message(&case.port().to_string());
    drop(holder);
    let next = case.onboard().run();
    next.ended(0, "recovered", "ready");
    before.assert_as_it_was(&next);
}

/// An image that nobody has is refused before anything is stopped.
pub fn image_cannot_be_had(suite: &Suite) {
    let case = Case::new(suite, "no-image");
    let before = Before::made(&case, &case.spec().pulled());
    let run = case.refused(case.onboard().args(&["--image", "127.0.0.1:1/nobody/has:it"]), 3, "image-unavailable");
    run.names_in_message("127.0.0.1:1/nobody/has:it");
    before.assert_as_it_was(&run);
}

/// A replacement by this image is undone.
#[track_caller]
fn assert_undone(case: &Case<'_>, newer: &OtherImage<'_>) -> Run {
    // What the image says of its warm-up is not to be overruled, and nobody has to wait for long.
    let spec = case.spec().without_env("NEMOCLAW_REFERENCE_WARM_UP").warm_up("3s");
    let before = Before::made(case, &spec);
    let run = in_words(case, &["--image", newer.reference()]).run();
    assert_rolled_back(&run);
    before.assert_as_it_was(&run);
    run
}

fn in_words(case: &Case<'_>, flags: &[&str]) -> Cli {
    let address = case.suite().address();
    Cli::new(case, &["onboard", "--gateway", case.gateway(), "--host", &address]).args(flags)
}

#[track_caller]
fn assert_rolled_back(run: &Run) {
    assert_eq!(run.code(), Some(5), "{}", run.dump());
    told(run, &["(rolled-back)", "Backup"]);
}

#[track_caller]
fn told(run: &Run, all: &[&str]) {
    for text in all {
        assert!(run.stdout.contains(text), "`{text}` is not told\n{}", run.dump());
    }
}
