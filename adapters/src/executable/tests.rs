//! What is sent to a daemon, and what its answers come to, with a socket that plays the daemon.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::{self, JoinHandle};

use engine::Why;

use super::*;
use crate::docker::Address;

/// A daemon that answers one request a connection, as told, and hands over what it was asked.
struct Answering {
    daemon: Daemon,
    asked: JoinHandle<Vec<Vec<u8>>>,
    _folder: tempfile::TempDir,
}

fn daemon(answers: &[(u16, &str)]) -> Answering {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let answers: Vec<_> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let asked = thread::spawn(move || {
        let answer = |(status, body): (u16, String)| {
            let mut stream = listener.accept().unwrap().0;
            let request = read_request(&mut stream);
            let len = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} x\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\
                 Connection: close\r\n\r\n{body}"
            )
            .unwrap();
            request
        };
        answers.into_iter().map(answer).collect()
    });
    let daemon = Daemon::new(Address::Unix { path: socket }).unwrap();
    Answering { daemon, asked, _folder: folder }
}

/// A request and its body.
fn read_request(stream: &mut UnixStream) -> Vec<u8> {
    let (mut request, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
    loop {
        if let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let lines = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = lines.lines().find_map(|line| line.strip_prefix("content-length: "));
            if request.len() == head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap()) {
                return request;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request was cut off");
        request.extend_from_slice(&buffer[..read]);
    }
}

fn version() -> String {
    let arch = Running::look().unwrap().architecture;
    format!(r#"{{"Os":"linux","Arch":"{arch}"}}"#)
}

async fn provide_from(answering: &Answering) -> Result<(), Failure> {
    provide(&answering.daemon, &ImageRef::new("localhost:5000/packed:1")).await
}

#[tokio::test]
async fn the_packed_executable_is_imported_under_the_reference() {
    let daemon = daemon(&[(200, &version()), (200, "{\"status\":\"sha256:00\"}\r\n"), (200, r#"{"Id":"sha256:00"}"#)]);
    assert_eq!(provide_from(&daemon).await, Ok(()));
    let asked = daemon.asked.join().unwrap();
    let head = String::from_utf8_lossy(&asked[1][..200]).into_owned();
    let line = head.lines().next().unwrap();
    for part in ["POST ", "/images/create?", "fromSrc=-", "repo=localhost%3A5000%2Fpacked", "tag=1"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(asked[1].len() > 100_000);
}

#[tokio::test]
async fn a_daemon_for_other_programs_is_sent_nothing() {
    for version in [r#"{"Os":"linux","Arch":"pdp11"}"#, r#"{"Os":"windows","Arch":"amd64"}"#] {
        let daemon = daemon(&[(200, version)]);
        let Err(Failure::NotForThisDaemon { message }) = provide_from(&daemon).await else { panic!("{version}") };
        assert!(message.contains("pdp11") || message.contains("windows"), "{message}");
        assert_eq!(daemon.asked.join().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_daemon_that_does_not_say_what_it_runs_is_unknown() {
    let daemon = daemon(&[(200, r#"{"Os":"linux"}"#)]);
    let Err(Failure::Unknown { why: Why::Malformed { what, .. } }) = provide_from(&daemon).await else { panic!() };
    assert_eq!(what, "Arch");
}

#[tokio::test]
async fn an_error_in_the_progress_is_what_the_daemon_said() {
    let progress = concat!(
        "{\"status\":\"Importing\"}\r\n",
        "{\"errorDetail\":{\"message\":\"no space left on device\"},\"error\":\"no space left on device\"}\r\n"
    );
    let daemon = daemon(&[(200, &version()), (200, progress)]);
    let message = "no space left on device".to_owned();
    assert_eq!(provide_from(&daemon).await, Err(Failure::Rejected { status: None, message }));
}

#[tokio::test]
async fn refusals_and_failures_of_the_daemon_are_told_apart() {
    let said = r#"{"message":"no"}"#;
    let refusing = daemon(&[(200, &version()), (400, said)]);
    let message = "no".to_owned();
    assert_eq!(provide_from(&refusing).await, Err(Failure::Rejected { status: Some(400), message }));
    let failing = daemon(&[(200, &version()), (503, said)]);
    let Err(Failure::Unknown { why: Why::BadStatus { status: 503, .. } }) = provide_from(&failing).await else {
        panic!()
    };
}

#[tokio::test]
async fn an_import_that_left_no_image_is_not_done() {
    let daemon = daemon(&[(200, &version()), (200, ""), (404, r#"{"message":"No such image"}"#)]);
    let Err(Failure::Unknown { why: Why::Contradiction { .. } }) = provide_from(&daemon).await else { panic!() };
}

#[tokio::test]
async fn a_reference_by_digest_is_refused_before_anything_is_sent() {
    let daemon = daemon(&[(200, &version())]);
    let digest = ImageRef::new(format!("a:1@sha256:{}", "0".repeat(64)));
    let refused = provide(&daemon.daemon, &digest).await;
    assert!(matches!(refused, Err(Failure::Rejected { status: None, .. })), "{refused:?}");
}
