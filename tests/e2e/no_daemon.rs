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
