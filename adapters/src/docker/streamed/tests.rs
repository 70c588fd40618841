//! Daemons that send without end, and the bounds that end it. Each would fill the memory or never be done where there is
//! none.

use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use engine::{ContainerId, Event, Failure, ImageRef, Known, Why};
use tempfile::TempDir;

use crate::docker::{Credentials, Daemon};
use crate::fake_daemon::{listen, read_request};

const LIMIT: Duration = Duration::from_secs(600);

/// More than any bound.
const MANY: usize = 1 << 30;

/// A daemon that answers each request by its first line, on a connection of its own.
fn daemon(answer: impl Fn(&str, &mut UnixStream) + Send + 'static) -> (TempDir, Daemon) {
    let (folder, address) = listen(move |mut stream| {
        let line = read_request(&mut stream).unwrap_or_default();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n\r\n");
        answer(&line, &mut stream);
    });
    (folder, Daemon::new(address).unwrap())
}

fn id() -> ContainerId {
    ContainerId::new("0".repeat(64))
}

fn frame_head(stream: u8, length: u32) -> Vec<u8> {
    [&[stream, 0, 0, 0], length.to_be_bytes().as_slice()].concat()
}

/// Sends the same until nobody reads it, and how much that was.
fn on_and_on(stream: &mut UnixStream, bytes: &[u8]) -> usize {
    let mut sent = 0;
    while sent < MANY && stream.write_all(bytes).is_ok() {
        sent += bytes.len();
    }
    sent
}

/// Waits for it where connections are closed meanwhile.
async fn received(sent: Receiver<usize>) -> usize {
    tokio::task::spawn_blocking(move || sent.recv().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_line_of_a_pull_without_an_end_is_malformed() {
    let (told, sent) = channel();
    let (_folder, daemon) = daemon(move |_, stream| told.send(on_and_on(stream, &[b' '; 4096])).unwrap());
    let pulled = daemon.pull(&ImageRef::new("one.example/a"), &Credentials::default(), &|_| {}).await;
    assert!(matches!(pulled, Err(Failure::Unknown { why: Why::Malformed { .. } })), "{pulled:?}");
    assert!(received(sent).await < 8 << 20);
}

#[tokio::test]
async fn what_a_program_prints_without_an_end_is_malformed() {
    let (told, sent) = channel();
    let (_folder, daemon) = daemon(move |line, stream| {
        if line.contains("/start") {
            stream.write_all(&frame_head(1, u32::MAX)).unwrap();
            told.send(on_and_on(stream, &[b' '; 4096])).unwrap();
        } else {
            stream.write_all(br#"{"Id":"1"}"#).unwrap();
        }
    });
    let printed = daemon.printed(&id(), &["list".to_owned()], LIMIT).await;
    assert!(matches!(printed, Known::Unknown(Why::Malformed { .. })), "{printed:?}");
    assert!(received(sent).await < 32 << 20);
}

#[tokio::test]
async fn what_a_program_prints_is_its_output_alone() {
    let list = r#"{"items":[{"metadata":{"name":"one"}}]}"#;
    let (_folder, daemon) = daemon(move |line, stream| {
        let (half, rest) = list.split_at(7);
        let frame = |of: u8, text: &str| {
            [frame_head(of, u32::try_from(text.len()).unwrap()).as_slice(), text.as_bytes()].concat()
        };
        let answer = match line {
            line if line.contains("/start") => [frame(1, half), frame(2, "oh"), frame(1, ""), frame(1, rest)].concat(),
            line if line.starts_with("GET") => br#"{"ExitCode":0}"#.to_vec(),
            _ => br#"{"Id":"1"}"#.to_vec(),
        };
        stream.write_all(&answer).unwrap();
    });
    let Known::Known(names) = daemon.printed(&id(), &["list".to_owned()], LIMIT).await else { panic!() };
    assert_eq!(names.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["one"]);
}

#[tokio::test]
async fn a_frame_is_handed_on_as_it_comes_however_long_it_says_it_is() {
    let (_folder, daemon) = daemon(|_, stream| {
        stream.write_all(&frame_head(1, u32::MAX)).unwrap();
        on_and_on(stream, &[b'x'; 4096]);
    });
    let (mut read, mut longest) = (0, 0);
    let ended = crate::docker::logs(daemon.address(), &id(), None, false, |part| {
        (read, longest) = (read + part.len(), longest.max(part.len()));
        if read > 64 << 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await;
    assert_eq!(ended, Ok(()));
    assert!(longest <= 1 << 20, "{longest} bytes were held");
}

#[tokio::test]
async fn what_comes_is_a_terminals_or_in_frames_and_nothing_between() {
    for (body, expected, is_whole) in [
        ("a terminal's line\r\n\u{1}", "a terminal's line\r\n\u{1}", true),
        ("few", "few", true),
        ("", "", true),
        ("\u{1}\0\0\0\0\0\0\u{3}one\u{2}\0\0\0\0\0\0\u{3}two", "onetwo", true),
        ("\u{1}\0\0\0\0\0\0\u{3}onetwo three", "one", false),
        ("\u{1}\0\0\0\0\0\0\u{3}on", "on", false),
        ("\u{1}\0\0\0\0\0\0\u{3}one\u{2}\0", "one", false),
    ] {
        let (_folder, daemon) = daemon(move |_, stream| stream.write_all(body.as_bytes()).unwrap());
        let mut read = String::new();
        let ended = crate::docker::logs(daemon.address(), &id(), None, false, |part| {
            read.push_str(std::str::from_utf8(part).unwrap());
            ControlFlow::Continue(())
        })
        .await;
        assert_eq!((read.as_str(), ended.is_ok()), (expected, is_whole), "{body:?}: {ended:?}");
    }
}

#[tokio::test]
async fn of_logs_of_any_length_the_last_lines_are_kept() {
    let (_folder, daemon) = daemon(|_, stream| {
        for number in 0..200_000 {
            let line = format!("line {number} {}\n", "x".repeat(30));
            let head = frame_head(1, u32::try_from(line.len()).unwrap());
            stream.write_all(&[head.as_slice(), line.as_bytes()].concat()).unwrap();
        }
    });
    let Event::LogsRead { lines } = daemon.read_logs(&id(), 2, LIMIT).await else { panic!() };
    let numbers: Vec<_> = lines.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(numbers, ["199998", "199999"]);
}
