//! For tests: a daemon of a test's own, at a socket of its own. What it answers is the test's.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use tempfile::TempDir;

use crate::docker::Address;

/// Hands each connection to `serve`, for as long as the process lives. The socket is in the folder.
pub fn listen(serve: impl Fn(UnixStream) + Send + 'static) -> (TempDir, Address) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
    (folder, Address::Unix { path })
}

/// A daemon that answers each request with the status and the JSON that `answer` has for its method and path, and tells
/// what it was asked.
pub fn answering(
    answer: impl Fn(&str, &str) -> (u16, String) + Send + 'static,
) -> (TempDir, Address, Receiver<String>) {
    let (asked, requests) = channel();
    let (folder, address) = listen(move |mut stream| {
        let line = read_request(&mut stream).unwrap_or_default();
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, body) = answer(method, path);
        // A test that has seen enough may be over.
        let _ = asked.send(format!("{method} {path}"));
        let body = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n\r\n{body}", body.len()) };
        let head = "Api-Version: 1.41\r\nContent-Type: application/json\r\nConnection: close\r\n";
        let end = if status == 204 { "\r\n" } else { "" };
        let _ = stream.write_all(format!("HTTP/1.1 {status} X\r\n{head}{body}{end}").as_bytes());
    });
    (folder, address, requests)
}

/// The first line of a request, which is read whole: what is left unread resets the connection. None when the client has
/// gone.
pub fn read_request(stream: &mut impl Read) -> Option<String> {
    let head = read_head(stream)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let _ = stream.read_exact(&mut vec![0; length.map_or(0, |length| length.parse().unwrap())]);
    head.lines().next().map(str::to_owned)
}

/// All of a request before its body.
pub fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
