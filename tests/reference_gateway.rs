//! The reference gateway as a process: how it starts, fails on purpose, is stopped, and what outlives it.
//!
//! What it answers is tested beside its code; here only what takes a process of its own.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

#[path = "attack/gateway.rs"]
#[expect(dead_code, reason = "the attack uses the rest")]
mod gateway;

use std::{io::Write, net::TcpStream, path::Path};

use rustix::process::Signal;
use tempfile::TempDir;

use gateway::{Gateway, command, spawn};

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
        let mut child = spawn(command(Path::new(data), &[("NEMOCLAW_REFERENCE_CRASH", code)]));
        assert_eq!(child.wait().unwrap().code(), code.parse().ok());
    }
    let data = TempDir::new().unwrap();
    let mut gateway = Gateway::start(data.path(), &[("NEMOCLAW_REFERENCE_EXIT_EVERY", "7:1")]);
    assert_eq!(gateway.exit_code(), Some(7));
}

#[test]
fn bad_settings_end_it_with_2_and_a_missing_volume_with_1() {
    let ended = |data: &Path, environment: &[(&str, &str)]| {
        let output = spawn(command(data, environment)).wait_with_output().unwrap();
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
    let peak_kib = gateway.peak_kib();
    assert!(peak_kib < 48 << 10, "{peak_kib} KiB were resident");
}
