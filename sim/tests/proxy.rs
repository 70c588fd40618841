//! `nemoclaw-sim proxy` before a small daemon that counts: what a client sees of each fault, whether the daemon was asked,
//! and how the proxy comes and goes.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without fails it")]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sim::proxy::{Ended, Proxy, Schedule, Unplayable};
use sim::scenario::Scenario;
use tempfile::TempDir;

const LINGER: Duration = Duration::from_millis(300);

fn schedule(rules: &str) -> Result<Schedule, Unplayable> {
    Schedule::of(&Scenario::parse(&format!("story = \"A test.\"\n{rules}")).unwrap())
}

fn rule(when: &str, what: &str) -> String {
    format!("[[rules]]\nwhen = {{ {when} }}\nwhat = {{ {what} }}\n")
}

/// A daemon that answers everything with how often it was asked.
fn daemon(folder: &Path) -> (PathBuf, Arc<AtomicU32>) {
    let (path, asked) = (folder.join("docker.sock"), Arc::new(AtomicU32::new(0)));
    let (listener, count) = (UnixListener::bind(&path).unwrap(), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            if stream.read(&mut head).unwrap_or(0) == 0 {
                continue;
            }
            let body = format!("answer {}", count.fetch_add(1, Ordering::SeqCst) + 1);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    (path, asked)
}

/// Asks once; what came until the end, or within a while.
fn ask(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answers to these requests, how often the daemon was asked, and how the proxy ended.
fn played(rules: &str, requests: &[&str]) -> (Vec<String>, u32, Ended) {
    let folder = TempDir::new().unwrap();
    let (docker, asked) = daemon(folder.path());
    let socket = folder.path().join("proxy.sock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let schedule = schedule(rules).unwrap();
    let proxy = runtime.block_on(async { Proxy::listen(&socket, docker, schedule, None) }).unwrap();
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let serving = std::thread::spawn(move || runtime.block_on(proxy.serve(Duration::from_secs(5), LINGER)).unwrap());
    let answers = requests.iter().map(|request| ask(&socket, request)).collect();
    let ended = serving.join().unwrap();
    assert!(!socket.exists(), "its socket is left over");
    (answers, asked.load(Ordering::SeqCst), ended)
}

#[test]
fn the_nth_call_meets_its_fault_and_no_other() {
    let rules =
        rule("command = \"observe\", nth = 2, call = \"list-containers\"", "kind = \"bad-status\", status = 503");
    let (answers, asked, ended) = played(&rules, &["GET /v1.44/containers/json"; 3]);
    assert!(answers[0].ends_with("answer 1") && answers[1].starts_with("HTTP/1.1 503"), "{answers:?}");
    assert!(answers[2].ends_with("answer 2"), "{answers:?}");
    assert_eq!((asked, ended), (2, Ended::ScheduleOver));
}

#[test]
fn each_fault_is_seen_and_reaches_the_daemon_or_not() {
    let start = "command = \"start-container\"";
    for (what, begins, is_asked) in [
        ("kind = \"hangs\"", "", 0),
        ("kind = \"not-listening\"", "", 0),
        ("kind = \"down-for\", calls = 1", "", 0),
        ("kind = \"bad-body\"", "HTTP/1.1 200", 0),
        ("kind = \"refused\", status = 409", "HTTP/1.1 409", 0),
        ("kind = \"answer-lost\"", "", 1),
        ("kind = \"effect-late\", in-ms = 200", "", 1),
        ("kind = \"slow\", ms = 100", "HTTP/1.1 200", 1),
    ] {
        let (answers, asked, ended) = played(&rule(start, what), &["POST /v1.44/containers/c/start"]);
        assert!(answers[0].starts_with(begins) && answers[0].is_empty() == begins.is_empty(), "{what}: {answers:?}");
        assert_eq!((asked, ended), (is_asked, Ended::ScheduleOver), "{what}");
    }
}

#[test]
fn a_stale_answer_is_the_first_one_and_a_cut_one_ends_early() {
    let stale = rule("command = \"observe\", nth = 2, call = \"list-containers\"", "kind = \"stale\"");
    let (answers, asked, _) = played(&stale, &["GET /containers/json"; 2]);
    assert!(answers[1].ends_with("answer 1"), "{answers:?}");
    assert_eq!(asked, 1);
    let cut = rule("command = \"back-up\", call = \"archive-read\"", "kind = \"cut-short\"");
    let (answers, asked, _) = played(&cut, &["GET /containers/c/archive?path=/d"]);
    assert!(answers[0].starts_with("HTTP/1.1 200") && answers[0].ends_with("\r\nansw"), "{answers:?}");
    assert_eq!(asked, 1);
}

#[test]
fn a_rule_that_never_holds_ends_with_the_time() {
    let (_, _, ended) = played(&rule("command = \"remove-volume\"", "kind = \"hangs\""), &[]);
    assert_eq!(ended, Ended::TimeOver);
}

#[test]
fn what_no_proxy_can_do_is_refused_by_name() {
    for (when, what) in [
        ("command = \"observe\"", "kind = \"killed\""),
        ("command = \"observe\"", "kind = \"act\", act = { act = \"cut-power\" }"),
        ("command = \"observe\"", "kind = \"forbidden\""),
        ("command = \"write-record\"", "kind = \"hangs\""),
        ("command = \"observe\", call = \"health\"", "kind = \"hangs\""),
    ] {
        let why = schedule(&rule(when, what)).unwrap_err().to_string();
        assert!(why.starts_with("rule 1 (`"), "{why}");
    }
    assert_eq!(schedule("").unwrap_err(), Unplayable::NoRules);
}
