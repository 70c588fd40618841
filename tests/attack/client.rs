//! A client that sends any bytes and takes whatever comes back. Absent on purpose: HTTP on the way out.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long anything that is sure to come is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
pub fn connect(address: &str) -> TcpStream {
    let address = address.to_socket_addrs().unwrap().next().unwrap();
    let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes on a connection of their own, then nothing more: the answers, as far as they are whole. None says that the
/// connection was closed without one.
pub fn exchange(address: &str, bytes: &[u8]) -> Vec<Answer> {
    let mut stream = connect(address);
    // Who is answered early may be cut off while it still sends.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    answers(&mut stream)
}

/// All answers that come until the other end closes.
pub fn answers(stream: &mut TcpStream) -> Vec<Answer> {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        let cut_off = matches!(error.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe);
        assert!(cut_off, "after {} bytes: {error}", bytes.len());
    }
    let mut left = bytes.as_slice();
    std::iter::from_fn(|| Answer::take(&mut left)).collect()
}

/// The first answer that comes; none where the connection is closed before it is whole.
pub fn answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = Answer::take(&mut bytes.as_slice()) {
            return Some(answer);
        }
        let mut some = [0; 4096];
        match stream.read(&mut some) {
            Ok(0) => return None,
            Ok(read) => bytes.extend_from_slice(&some[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&bytes[..end]).unwrap().to_lowercase();
        let status = head.strip_prefix("http/1.").unwrap()[2..5].parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let body = bytes.get(end..end + length)?.to_vec();
        *bytes = &bytes[end + length..];
        Some(Self { status, body })
    }
}

/// A request with these further lines in its head.
pub fn request(method: &str, target: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    [format!("{method} {target} HTTP/1.1\r\nHost: x\r\n{lines}\r\n").as_bytes(), body].concat()
}

/// A request with a body of its own length.
pub fn whole(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    request(method, target, &["Connection: close", &format!("Content-Length: {}", body.len())], body)
}

/// Sends one request and takes its answer.
pub fn send(address: &str, method: &str, target: &str, body: &[u8]) -> Answer {
    let mut answers = exchange(address, &whole(method, target, body));
    assert_eq!(answers.len(), 1, "{method} {target:.200}: {answers:?}");
    answers.remove(0)
}
