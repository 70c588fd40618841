//! For tests: a daemon of a test's own, at a socket of its own. What it answers is the test's.

use std::io::Read;
use std::os::unix::net::{UnixListener, UnixStream};
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

/// The first line of a request, which is read whole: what is left unread resets the connection. None when the client has
/// gone.
pub fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let _ = stream.read_exact(&mut vec![0; length.map_or(0, |length| length.parse().unwrap())]);
    head.lines().next().map(str::to_owned)
}
