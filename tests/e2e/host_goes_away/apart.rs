//! Where private daemons run: in a network, mount and process namespace of this run, out of the reach of the machine's own
//! daemon.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Set for the process that runs the cases, in namespaces of its own.
const APART: &str = "NEMOCLAW_HOST_GOES_AWAY";

/// Whether this machine lets a private daemon run.
pub fn possible() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("a private Docker daemon needs root".to_owned());
    }
    let needed: [&[&str]; 3] =
        [&["dockerd", "--version"], &["ip", "-Version"], &["unshare", "--net", "--mount", "--pid", "--fork", "true"]];
    for words in needed {
        let line = words.join(" ");
        let output = Command::new(words[0]).args(&words[1..]).output().map_err(|error| format!("`{line}`: {error}"))?;
        if !output.status.success() {
            return Err(format!("`{line}`: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
    }
    Ok(())
}

/// The first process in there is a shell, which collects the orphans that a power cut leaves. Shims have their sockets in
/// a folder that all daemons of a machine share: in there it is another one.
const FIRST: &str = r#"
    ip link set lo up && mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd || exit 1
    "$0" "$@"
    exit $?
"#;

/// Whether this is the process that runs the cases.
pub fn is_so() -> bool {
    std::env::var_os(APART).is_some()
}

/// Goes on as this program once more, in namespaces of its own: whoever ends this process ends all in there.
pub fn go() -> ExitCode {
    let error = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", FIRST])
        .arg(std::env::current_exe().unwrap())
        .args(std::env::args_os().skip(1))
        .env(APART, "1")
        .exec();
    panic!("`unshare`: {error}");
}
