//! What a person does with a gateway: puts work into it, and finds it again. Plain HTTP to a port of this machine,
//! through no proxy.

use std::io::Read;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::until;

/// The work of one case: a file of random bytes and a sandbox.
#[derive(Clone, Debug)]
pub struct Work {
    path: String,
    bytes: Vec<u8>,
    /// The sandbox's name.
    pub sandbox: String,
}

/// How much random work there is, in bytes: more than one page, one packet or one buffer.
const WORK_BYTES: usize = 200_000;

impl Work {
    /// Puts new work into the gateway at a port.
    ///
    /// # Panics
    /// When the gateway does not take it.
    #[track_caller]
    pub fn put(runtime: &Handle, port: u16) -> Self {
        let bytes = random(WORK_BYTES);
        let mark: String = random(4).iter().map(|byte| format!("{byte:02x}")).collect();
        let work = Self { path: format!("/workspace/notes/{mark}.bin"), bytes, sandbox: format!("agent-{mark}") };
        for (path, body) in [(work.path.clone(), work.bytes.clone()), (work.sandbox_path(), Vec::new())] {
            let answer = send(runtime, port, Method::PUT, &path, body);
            assert!(matches!(answer, Some((200..=204, _))), "PUT {path} was answered with {answer:?}");
        }
        work
    }

    /// Reads the work back.
    ///
    /// # Panics
    /// When a byte differs or the sandbox is not listed.
    #[track_caller]
    pub fn assert_kept(&self, runtime: &Handle, port: u16) {
        let (status, bytes) = send(runtime, port, Method::GET, &self.path, Vec::new()).expect("the gateway answers");
        assert_eq!(status, 200, "the work at {} is gone", self.path);
        assert!(bytes == self.bytes, "the work at {} came back changed ({} bytes)", self.path, bytes.len());
        let sandboxes = list(runtime, port);
        assert!(sandboxes.contains(&self.sandbox), "{} is not among the sandboxes {sandboxes:?}", self.sandbox);
    }

    /// The name of the file that it is in.
    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().expect("a path has a last part")
    }

    /// Removes the sandbox by the gateway's own means, as a person does.
    ///
    /// # Panics
    /// When the gateway refuses.
    #[track_caller]
    pub fn remove_sandbox(&self, runtime: &Handle, port: u16) {
        let answer = send(runtime, port, Method::DELETE, &self.sandbox_path(), Vec::new());
        assert!(matches!(answer, Some((200..=204, _))), "DELETE was answered with {answer:?}");
    }

    fn sandbox_path(&self) -> String {
        format!("/sandboxes/{}", self.sandbox)
    }
}

/// Waits until the gateway at a port says that it is ready.
#[track_caller]
pub fn await_ready(runtime: &Handle, port: u16) {
    until("the gateway is ready", || {
        matches!(send(runtime, port, Method::GET, "/healthz", Vec::new()), Some((200, _)))
    });
}

fn list(runtime: &Handle, port: u16) -> Vec<String> {
    let (_, body) = send(runtime, port, Method::GET, "/sandboxes", Vec::new()).expect("the gateway answers");
    serde_json::from_slice(&body).expect("a JSON array of names")
}

/// Random bytes of the system's.
pub fn random(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}

/// How long one answer is waited for: Docker's proxy accepts for a container that may never answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// One request; none where nothing answers in HTTP.
fn send(runtime: &Handle, port: u16, method: Method, path: &str, body: Vec<u8>) -> Option<(u16, Vec<u8>)> {
    let answer = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("127.0.0.1:{port}"))
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.into_body().collect().await.ok()?.to_bytes().to_vec()))
    };
    runtime.block_on(async { tokio::time::timeout(ANSWER_LIMIT, answer).await.ok().flatten() })
}
