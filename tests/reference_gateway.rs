//! The reference gateway as a process: how it starts, fails on purpose, is stopped, and what outlives it.
//!
//! What it answers is tested beside its code; here only what takes a process of its own.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[test]
fn sigterm_and_sigint_end_it_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let data = TempDir::new().unwrap();
        let mut gateway = Gateway::start(data.path(), &[]);
        assert_eq!(gateway.send("GET /healthz", b"").0, 200);
        gateway.signal(signal);
        assert_eq!(gateway.exit_code(), Some(0));
    }
}

#[test]
fn told_to_ignore_sigterm_it_goes_on() {
    let data = TempDir::new().unwrap();
    let mut gateway = Gateway::start(data.path(), &[("NEMOCLAW_REFERENCE_IGNORE_TERM", "1")]);
    gateway.signal(Signal::TERM);
    assert!(gateway.next_line().contains("ignores SIGTERM"));
    assert_eq!(gateway.send("GET /healthz", b"").0, 200);
    gateway.signal(Signal::INT);
    assert_eq!(gateway.exit_code(), Some(0));
}

#[test]
fn hanging_it_still_ends_on_sigterm() {
    let data = TempDir::new().unwrap();
    let mut gateway = Gateway::start(data.path(), &[("NEMOCLAW_REFERENCE_HANG", "1")]);
    let mut connection = TcpStream::connect(&gateway.address).unwrap();
    connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    gateway.signal(Signal::TERM);
    assert_eq!(gateway.exit_code(), Some(0));
}

#[test]
fn it_crashes_as_told() {
    for (code, data) in [("0", "/nowhere"), ("3", "/nowhere"), ("255", "/nowhere")] {
        let mut child = spawn(Path::new(data), &[("NEMOCLAW_REFERENCE_CRASH", code)]);
        assert_eq!(child.wait().unwrap().code(), code.parse().ok());
    }
    let data = TempDir::new().unwrap();
    let mut gateway = Gateway::start(data.path(), &[("NEMOCLAW_REFERENCE_EXIT_EVERY", "7:1")]);
    assert_eq!(gateway.exit_code(), Some(7));
}

#[test]
fn bad_settings_end_it_with_2_and_a_missing_volume_with_1() {
    let ended = |data: &Path, environment: &[(&str, &str)]| {
        let output = spawn(data, environment).wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let data = TempDir::new().unwrap();
    let (code, log) = ended(data.path(), &[("NEMOCLAW_REFERENCE_WARM_UP", "soon")]);
    assert_eq!(code, Some(2));
    assert!(log.contains("`NEMOCLAW_REFERENCE_WARM_UP` is `soon`"), "{log}");
    assert_eq!(ended(data.path(), &[("OPENSHELL_NODE_NAME", "../up")]).0, Some(2));
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing was written");

    let absent = data.path().join("absent");
    let (code, log) = ended(&absent, &[]);
    assert_eq!(code, Some(1));
    assert!(log.contains("absent") && log.lines().count() == 1, "{log}");
    assert!(!absent.exists());
}

#[test]
fn killed_it_has_kept_every_byte_that_it_acknowledged() {
    let data = TempDir::new().unwrap();
    let body: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let mut gateway = Gateway::start(data.path(), &[]);
    assert_eq!(gateway.send("PUT /workspace/a/b", &body).0, 201);
    assert_eq!(gateway.send("PUT /sandboxes/dev", b"{}").0, 201);
    gateway.signal(Signal::KILL);
    assert_eq!(gateway.exit_code(), None);

    let gateway = Gateway::start(data.path(), &[]);
    assert!(gateway.send("GET /workspace/a/b", b"") == (200, body));
    assert_eq!(gateway.send("GET /sandboxes", b""), (200, b"[\"dev\"]\n".to_vec()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_file_passes_through_little_memory() {
    let data = TempDir::new().unwrap();
    let gateway = Gateway::start(data.path(), &[]);
    let body = vec![7; 64 << 20];
    assert_eq!(gateway.send("PUT /workspace/big", &body).0, 201);
    assert!(gateway.send("GET /workspace/big", b"") == (200, body));
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kib < 48 << 10, "{peak_kib} KiB were resident");
}

/// A gateway on a free port; dropped, it is killed.
struct Gateway {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    address: String,
}

impl Gateway {
    fn start(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = spawn(data, environment);
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut gateway = Self { child, log, address: String::new() };
        let line = gateway.next_line();
        let (_, rest) = line.split_once("listens on ").unwrap_or_else(|| panic!("it did not start: {line}"));
        gateway.address = rest.split(',').next().unwrap().to_owned();
        gateway
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        line
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    fn send(&self, request: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        let end = reply.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let status = std::str::from_utf8(&reply[9..12]).unwrap().parse().unwrap();
        (status, reply.split_off(end))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(data: &Path, environment: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_nemoclaw"))
        .arg("reference-gateway")
        .env("NEMOCLAW_REFERENCE_DATA", data)
        .env("NEMOCLAW_REFERENCE_LISTEN", "127.0.0.1:0")
        .env("OPENSHELL_NODE_NAME", "openshell-test")
        .envs(environment.iter().copied())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
