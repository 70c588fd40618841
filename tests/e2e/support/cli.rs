//! The binary, run as a person or a script runs it: an environment of its own, JSON read back.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::case::Case;

/// A command line in the making.
pub struct Cli {
    command: Command,
}

/// Variables of the developer's own environment that would change what the binary does.
const FOREIGN: [&str; 15] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "RUST_LOG",
    "XDG_CONFIG_HOME",
];

/// How long a run may take: longer than any is given by what it was asked for.
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

impl Cli {
    /// `nemoclaw ARGS…`, with the case's own state directory.
    pub fn new(case: &Case<'_>, args: &[&str]) -> Self {
        Self::of(case, Path::new(env!("CARGO_BIN_EXE_nemoclaw")), args)
    }

    /// The same from a copy of the binary.
    pub fn of(case: &Case<'_>, binary: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(binary);
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        command.args(args).env("NEMOCLAW_HOME", case.home()).env("HOME", case.user());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command }
    }

    /// With more arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// With a variable set.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The command itself, for what has no word here.
    pub fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Run {
        self.spawn().end()
    }

    /// Begins to run it.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let line = format!("{:?}", self.command);
        let child = self.command.spawn().expect("the binary runs");
        Running { line, child: Some(child) }
    }
}

/// A run under way. It is killed when this value goes.
pub struct Running {
    line: String,
    child: Option<Child>,
}

impl Running {
    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let child = self.child.as_ref().expect("it was not waited for");
        rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).expect("it still runs");
    }

    /// Its process's ID.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it was not waited for").id()
    }

    /// Waits for its end. One that has none is aborted, so that the case fails and says what was printed until then.
    pub fn end(mut self) -> Run {
        let child = self.child.take().expect("it was not waited for");
        let pid = rustix::process::Pid::from_child(&child);
        let (ended, end) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            if end.recv_timeout(RUN_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::ABORT);
            }
        });
        let output = child.wait_with_output().expect("the binary runs");
        drop(ended);
        watch.join().expect("it waits or kills");
        Run::of(self.line.clone(), output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A run that has ended.
pub struct Run {
    line: String,
    code: Option<i32>,
    /// The document on standard output; null where there is none.
    pub json: Value,
    /// All that went to standard output.
    pub stdout: String,
    /// All that went to standard error.
    pub stderr: String,
}

impl Run {
    fn of(line: String, output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        Self {
            line,
            code: output.status.code(),
            json: serde_json::from_str(&stdout).unwrap_or_default(),
            stdout,
            stderr,
        }
    }

    /// Asserts how it ended, by exit code, outcome and reason.
    #[track_caller]
    pub fn ended(&self, exit: i32, outcome: &str, reason: &str) -> &Self {
        let ended = (self.code, self.text("outcome"), self.text("reason"));
        assert_eq!(ended, (Some(exit), outcome, reason), "{}", self.dump());
        assert_eq!(self.json["schema"], 1, "{}", self.dump());
        assert_eq!(self.json["simulated"], false, "{}", self.dump());
        self
    }

    /// The process's exit code; none where a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// A text at the top of the document; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_default()
    }

    /// The ID of the container that it tells of.
    #[track_caller]
    pub fn container_id(&self) -> &str {
        self.json["container"]["id"].as_str().unwrap_or_else(|| panic!("no container is told of\n{}", self.dump()))
    }

    /// The names in an array of the document.
    pub fn names(&self, pointer: &str) -> Vec<&str> {
        let names = self.json.pointer(pointer).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Asserts that what it says names something.
    #[track_caller]
    pub fn names_in_message(&self, name: &str) -> &Self {
        assert!(self.text("message").contains(name), "the message does not name `{name}`\n{}", self.dump());
        self
    }

    /// Asserts that a warning names something.
    #[track_caller]
    pub fn warns_of(&self, name: &str) -> &Self {
        let warned = self.names("/warnings").iter().any(|warning| warning.contains(name));
        assert!(warned, "no warning names `{name}`\n{}", self.dump());
        self
    }

    /// All that is known of it, for a failed assertion.
    pub fn dump(&self) -> String {
        format!("{}\nexit {:?}\nstdout:\n{}\nstderr:\n{}", self.line, self.code, self.stdout, self.stderr)
    }
}
