//! `status` and `--dry-run`: they send nothing that could change anything, and write no file at all.

use crate::support::{Case, Changes, Proxy, Run, Suite};

/// On a host with nothing on it.
pub fn nothing_there(suite: &Suite) {
    let case = Case::new(suite, "ro-none");
    case.spec().write(&case.file("spec.toml"));
    let [status, dry_run] = looks(&case);
    status.ended(3, "missing", "missing");
    dry_run.ended(0, "planned", "planned");
    assert!(!dry_run.json["plan"].is_null(), "{}", dry_run.dump());
    assert!(!case.home().exists(), "not even the state directory was made");
}

/// On a ready gateway.
pub fn ready(suite: &Suite) {
    let case = Case::new(suite, "ro-ready");
    let (made, work) = case.created();
    let [status, dry_run] = looks(&case);
    status.ended(0, "ready", "ready");
    assert_eq!(status.container_id(), made.container_id(), "{}", status.dump());
    dry_run.ended(0, "planned", "planned");
    assert!(status.json.get("steps").is_none() && status.json.get("trace").is_none(), "{}", status.dump());
    case.assert_kept(&work);
}

/// On a stopped one: what is planned is what is then done.
pub fn stopped(suite: &Suite) {
    let case = Case::new(suite, "ro-stopped");
    let (made, work) = case.created();
    case.daemon().stop(&case.name());
    let [status, dry_run] = looks(&case);
    status.ended(5, "stopped", "stopped");
    dry_run.ended(0, "planned", "planned");
    assert!(!case.daemon().runs(&case.name()), "it was only looked at");
    let done = case.onboard().run();
    done.ended(0, "recovered", "ready");
    assert_eq!(done.container_id(), made.container_id(), "{}", done.dump());
    case.assert_kept(&work);
}

/// On one whose container is missing.
pub fn missing(suite: &Suite) {
    let case = Case::new(suite, "ro-missing");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    let [status, dry_run] = looks(&case);
    status.ended(3, "missing", "missing");
    dry_run.ended(0, "planned", "planned");
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&work);
}

/// Looks in both ways, through a proxy that counts.
fn looks(case: &Case<'_>) -> [Run; 2] {
    let (picture, files) = (case.picture(), case.files());
    let proxy = Proxy::start(case.suite().runtime(), case.suite().socket(), Changes::Nothing);
    let look = |args: &[&str]| {
        let run = case.nemoclaw_at(&proxy.address(), args).args(&["--gateway", case.gateway()]).run();
        assert!(proxy.mutating().is_empty(), "{:?}\n{}", proxy.mutating(), run.dump());
        case.assert_unchanged(&picture, &run);
        assert_eq!(case.files(), files, "a file was written\n{}", run.dump());
        run
    };
    let runs = [look(&["status"]), look(&["onboard", "--dry-run"])];
    assert!(!proxy.requests().is_empty(), "the proxy was asked");
    runs
}
