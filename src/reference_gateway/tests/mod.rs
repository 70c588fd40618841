//! The gateway as its clients see it, honest and hostile, each test against a server of its own on loopback.
//!
//! The client is a plain socket, because most of what is sent here no HTTP library would send.

mod files;
mod serving;
mod stand_in;

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{Server, path::Segment, settings::Settings};

const NODE: &str = "openshell-test";
const AN_HOUR: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(150);

/// A server of its own for one test; dropped, it stops.
struct Gateway {
    address: SocketAddr,
    health: Option<SocketAddr>,
    data: TempDir,
    node: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<u8>>,
}

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Gateway {
    fn start() -> Self {
        Self::start_with(|_| {})
    }

    fn start_with(adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(TempDir::new().unwrap(), adjust)
    }

    fn start_on(data: TempDir, adjust: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::read(|_| None).unwrap();
        settings.data = data.path().to_owned();
        settings.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        settings.node = Segment::checked(NODE).unwrap();
        adjust(&mut settings);
        let node = settings.node.as_str().to_owned();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::start(settings).await.unwrap();
                tell.send((server.address().unwrap(), server.health_address())).unwrap();
                let stop = async {
                    let _ = stopped.await;
                    "the test"
                };
                server.run(stop).await
            })
        });
        let (address, health) = told.recv().unwrap();
        Self { address, health, data, node, stop: Some(stop), thread: Some(thread) }
    }

    fn ask_to_stop(mut self) -> Self {
        self.stop.take().unwrap().send(()).unwrap();
        self
    }

    /// Stops the server and hands out its data.
    fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        assert_eq!(self.thread.take().unwrap().join().unwrap(), 0);
        std::mem::replace(&mut self.data, TempDir::new().unwrap())
    }

    fn folder(&self, place: &str) -> PathBuf {
        self.data.path().join("nodes").join(&self.node).join(place)
    }

    /// The files right in the workspace.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder("workspace")).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries.filter(|e| e.path().is_file()).map(|e| e.file_name().into()).collect();
        files.sort();
        files
    }

    fn wait_for_files(&self, names: &[&str]) {
        wait_until(|| self.files() == names.iter().map(PathBuf::from).collect::<Vec<_>>());
    }

    fn connect(&self) -> TcpStream {
        connect_to(self.address)
    }

    fn send(&self, method: &str, target: &str, body: &[u8]) -> Reply {
        self.send_raw(&request(method, target, body))
    }

    fn send_raw(&self, bytes: &[u8]) -> Reply {
        send_to(self.address, bytes)
    }

    /// Asks at the listener for health.
    fn send_to_health(&self, method: &str, target: &str) -> Reply {
        send_to(self.health.expect("it has a listener for health"), &request(method, target, b""))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an HTTP answer") + 4;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Self { status: head[9..12].parse().unwrap(), head, body: bytes[end..].to_vec() }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn request(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn connect_to(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

fn send_to(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect_to(address);
    stream.write_all(bytes).unwrap();
    Reply::parse(&read_all(stream))
}

/// Everything until the server closes; an answer before a reset counts.
fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => bytes,
    }
}

fn read_some(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let read = stream.read(&mut bytes).unwrap();
    bytes.truncate(read);
    bytes
}

/// Whether nothing has been answered so far.
fn is_silent(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn wait_until(holds: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < patience, "waited for a minute in vain");
        thread::sleep(Duration::from_millis(5));
    }
}
