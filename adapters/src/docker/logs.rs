//! What a container wrote, handed on as it comes. Strictly read only. Absent on purpose: any change to the bytes, and a
//! limit on how long somebody follows.

use std::ops::ControlFlow;
use std::time::Duration;

use bollard::body_full;
use bollard::errors::Error;
use bytes::Bytes;
use engine::{ContainerId, Why};
use hyper::Method;

use super::address::Address;
use super::client::Daemon;
use super::streamed::Written;

/// How long the next part of what is there already may take to come.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// Hands everything that a container wrote to `write`, or the last `tail` lines of it, oldest first; with `follow` also
/// what it goes on to write, until it ends. Ends early where `write` breaks off.
///
/// # Errors
/// Why it could not be had, or not to its end.
pub async fn logs(
    address: &Address,
    container: &ContainerId,
    tail: Option<u32>,
    follow: bool,
    mut write: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), Why> {
    let daemon =
        Daemon::new(address.clone()).map_err(|bad| Why::NotVisible { what: format!("Docker's address {bad}") })?;
    let call = format!("GET /containers/{container}/logs");
    // Who follows waits as long as the container is silent.
    let limit = if follow { Duration::MAX } else { IDLE_LIMIT };
    let opened = daemon.ask(&call, limit, daemon.logs_of(container, tail, follow)).await;
    let mut written = opened.map_err(|no| no.into_why(&call))?;
    loop {
        match daemon.ask(&call, limit, written.next()).await.map_err(|no| no.into_why(&call))? {
            Some((_, part)) if write(&part).is_break() => return Ok(()),
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

impl Daemon {
    /// What a container wrote to both its streams, from the last `tail` lines on.
    pub(super) async fn logs_of(
        &self,
        container: &ContainerId,
        tail: Option<u32>,
        follow: bool,
    ) -> Result<Written, Error> {
        let tail = tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
        let path = format!("/containers/{container}/logs?stdout=true&stderr=true&follow={follow}&tail={tail}");
        Ok(Written::of(self.open(self.request(Method::GET, &path).body(body_full(Bytes::new()))?).await?))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    /// A part of a log, as Docker frames it: 1 is stdout, 2 is stderr.
    fn part(stream: u8, text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[stream, 0, 0, 0], length.as_slice(), text.as_bytes()].concat()
    }

    /// What is asked of a daemon that answers with this body and then closes the connection, and how that ended.
    async fn ask(status: u16, body: Vec<u8>, most: usize) -> (String, Vec<String>, Result<(), Why>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let length = body.len();
            let head_of_answer = format!(
                "HTTP/1.1 {status} X\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n\
                 Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n"
            );
            let end: &[u8] = if body.ends_with(b"cut") { b"" } else { b"\r\n0\r\n\r\n" };
            // A client that has read enough may be gone.
            let _ = stream.write_all(&[head_of_answer.as_bytes(), &body, end].concat());
            String::from_utf8_lossy(&head).lines().next().unwrap().to_owned()
        });
        let mut parts = Vec::new();
        let ended = logs(&Address::Unix { path }, &ContainerId::new("0".repeat(64)), Some(7), false, |part| {
            parts.push(String::from_utf8_lossy(part).into_owned());
            if parts.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .await;
        (served.join().unwrap(), parts, ended)
    }

    #[tokio::test]
    async fn both_streams_come_as_they_were_written_and_nothing_else_is_asked() {
        let body = [part(1, "one\n"), part(2, "\u{1b}[1mtwo"), part(1, "\u{fffd}")].concat();
        let (asked, parts, ended) = ask(200, body, 9).await;
        assert_eq!((parts.concat().as_str(), ended), ("one\n\u{1b}[1mtwo\u{fffd}", Ok(())));
        assert!(asked.starts_with(&format!("GET /containers/{}/logs?", "0".repeat(64))), "{asked}");
        assert!(asked.contains("tail=7") && asked.contains("follow=false"), "{asked}");
    }

    #[tokio::test]
    async fn who_has_read_enough_ends_well() {
        let body = [part(1, "one\n"), part(1, "two\n")].concat();
        let (_, parts, ended) = ask(200, body, 1).await;
        assert_eq!((parts.len(), ended), (1, Ok(())));
    }

    #[tokio::test]
    async fn logs_that_break_off_or_cannot_be_had_are_no_whole_ones() {
        let (_, parts, ended) = ask(200, [part(1, "one\n"), part(1, "cut")].concat(), 9).await;
        assert_eq!(parts[0], "one\n");
        assert!(matches!(ended, Err(Why::ConnectionLost { .. })), "{ended:?}");
        let (_, parts, ended) = ask(404, br#"{"message":"no such container"}"#.to_vec(), 9).await;
        assert!(parts.is_empty());
        assert!(matches!(ended, Err(Why::BadStatus { status: 404, .. })), "{ended:?}");
    }
}
