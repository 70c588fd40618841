//! A daemon that cannot be asked. These cases need no Docker: that it is not there is their subject.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::support::{Case, Cli, Holder, Run, Speaks, Suite};

/// No socket.
pub fn no_socket(suite: &Suite) {
    let case = Case::new(suite, "nosocket");
    let run = assert_unknown(&case, case.nemoclaw_at(&at(&case.file("docker.sock")), &onboard(&case)));
    assert!(run.text("advice").contains("start docker"), "{}", run.dump());
}

/// A socket that nobody listens on any more, as a killed daemon leaves it.
pub fn dead_socket(suite: &Suite) {
    let case = Case::new(suite, "dead");
    let socket = case.file("docker.sock");
    drop(UnixListener::bind(&socket).unwrap());
    assert_unknown(&case, case.nemoclaw_at(&at(&socket), &onboard(&case)));
}

/// A socket that this user may not use.
pub fn forbidden_socket(suite: &Suite) {
    let case = Case::new(suite, "forbidden");
    let socket = case.file("docker.sock");
    let _listening = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o600)).unwrap();
    let mut cli = case.nemoclaw_at(&at(&socket), &onboard(&case));
    if rustix::process::geteuid().is_root() {
        // To root nothing is forbidden, so somebody else runs it.
        cli = case.by_nobody(&at(&socket), &onboard(&case));
    } else {
        fs::set_permissions(&socket, Permissions::from_mode(0o000)).unwrap();
    }
    let run = assert_unknown(&case, cli);
    assert!(run.text("advice").contains("usermod -aG docker"), "{}", run.dump());
}

/// Something that listens and is not Docker.
pub fn not_docker(suite: &Suite) {
    let case = Case::new(suite, "notdocker");
    let holder = Holder::take(suite.runtime(), case.port(), Speaks::Http);
    assert_unknown(
        &case,
        case.nemoclaw_at(
            &format!("tcp://127.0.0.1:{}", case.port()),
            &["onboard", "--demo", "--gateway", case.gateway()],
        ),
    );
    drop(holder);
}

/// A demo goes on on a simulated host, says so everywhere, and finds again what an earlier run has made there.
pub fn demo_is_simulated(suite: &Suite) {
    let case = Case::new(suite, "demo");
    let at = at(&case.file("docker.sock"));
    let demo = |command| case.nemoclaw_at(&at, &[command, "--demo", "--gateway", case.gateway()]).run();
    let ends = |run: &Run, code, outcome, reason| {
        assert_eq!((run.code(), run.text("outcome"), run.text("reason")), (code, outcome, reason), "{}", run.dump());
        assert_eq!(run.json["simulated"], true, "{}", run.dump());
    };
    assert_eq!(demo("status").json["simulated"], true);
    assert!(!case.home().join("demo").exists(), "a look keeps nothing");
    ends(&demo("onboard"), Some(0), "created", "ready");
    ends(&demo("onboard"), Some(0), "reused", "ready");
    ends(&demo("stop"), Some(0), "stopped", "as-asked");
    ends(&demo("onboard"), Some(0), "recovered", "ready");
    let words = Cli::new(&case, &["onboard", "--demo", "--gateway", case.gateway(), "--host", &at]).run();
    assert!(words.stdout.starts_with("! Simulated: "), "{}", words.dump());
    assert!(words.stdout.contains("nothing answers at"), "{}", words.dump());

    // What is no demo stays refused, and so does a demo of which there is a record of a real one.
    case.nemoclaw_at(&at, &onboard(&case)).run().ended(4, "refused", "docker-unknown");
    let kept = case.home().join(format!("demo/{}.json", case.gateway()));
    let world = fs::read(&kept).unwrap();
    fs::create_dir_all(case.record().parent().unwrap()).unwrap();
    fs::write(case.record(), "a real one's, and damaged").unwrap();
    let refused = demo("onboard");
    assert_eq!(refused.json["simulated"], false, "{}", refused.dump());
    assert!(matches!(refused.code(), Some(3 | 4)), "{}", refused.dump());
    fs::remove_file(case.record()).unwrap();
    assert_eq!(fs::read(&kept).unwrap(), world);

    // What cannot be read is told, and left as it is.
    fs::write(&kept, "no world").unwrap();
    let run = demo("onboard");
    run.ended(4, "refused", "docker-unknown");
    assert!(run.stderr.contains(&kept.display().to_string()), "{}", run.dump());
    assert_eq!(fs::read(&kept).unwrap(), b"no world");
}

/// Nothing was learnt, so nothing is written but the trace, and a look does not even write that.
fn assert_unknown(case: &Case<'_>, cli: Cli) -> Run {
    let run = cli.run();
    run.ended(4, "refused", "docker-unknown");
    assert_eq!(run.json["changed"], false, "{}", run.dump());
    let written: Vec<_> = case.files().into_keys().filter(|path| !path.starts_with("traces")).collect();
    assert!(written.is_empty(), "{written:?} was written\n{}", run.dump());
    let traces = case.files().len();
    let looked = case.nemoclaw_at(&at(&case.file("nowhere.sock")), &["status", "--gateway", case.gateway()]).run();
    assert_eq!(looked.code(), Some(4), "{}", looked.dump());
    assert_eq!(case.files().len(), traces, "a look left a file\n{}", looked.dump());
    run
}

fn onboard<'a>(case: &'a Case<'_>) -> [&'a str; 3] {
    ["onboard", "--gateway", case.gateway()]
}

fn at(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}
