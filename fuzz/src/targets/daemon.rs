//! Servers that answer as they are told: a daemon at its socket, a gateway at a port. They live in the runtime of the
//! one who asks, and need no time of their own.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};

use super::scene::Scene;

/// What is sent.
pub struct Answer {
    /// Head and body, to the byte.
    pub bytes: Vec<u8>,
    /// Whether that was all.
    pub closes: bool,
}

impl Answer {
    /// An answer in Docker's own form.
    pub fn from_docker(status: u16, body: &[u8]) -> Self {
        let headers = "Api-Version: 1.41\r\nContent-Type: application/json";
        let head = format!("HTTP/1.1 {status} X\r\n{headers}\r\nContent-Length: {}\r\n\r\n", body.len());
        Self { bytes: [head.as_bytes(), body].concat(), closes: false }
    }
}

/// A server, and what it is to answer.
#[derive(Clone)]
pub struct Server(Arc<Mutex<Box<Script>>>);

/// What is answered to a request, by its head.
type Script = dyn FnMut(&str) -> Answer + Send;

impl Server {
    /// A daemon where the scene's host looks for one.
    pub fn daemon(scene: &Scene) -> Self {
        let server = Self::silent();
        let (asked, _inside) = (server.clone(), scene.runtime.enter());
        let listener = UnixListener::bind(scene.home.join("docker.sock")).expect("nobody else knows this folder");
        scene.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(asked.clone().converse(stream));
            }
        });
        server
    }

    /// A gateway at a port of its own.
    pub fn gateway(scene: &Scene) -> (Self, u16) {
        let server = Self::silent();
        let asked = server.clone();
        let listener = scene.runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        scene.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(asked.clone().converse(stream));
            }
        });
        (server, port)
    }

    /// What it answers from now on.
    pub fn answers(&self, script: impl FnMut(&str) -> Answer + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    fn silent() -> Self {
        Self(Arc::new(Mutex::new(Box::new(|_| Answer { bytes: Vec::new(), closes: true }))))
    }

    async fn converse(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(head) = request(&mut stream).await {
            let answer = (self.0.lock().unwrap_or_else(PoisonError::into_inner))(&head);
            if stream.write_all(&answer.bytes).await.is_err() || answer.closes {
                break;
            }
        }
        // A client that has heard enough may be gone.
        let _ = stream.shutdown().await;
    }
}

/// The head of a request, once its body is there, too; none where the client has gone.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            if read.len() - end - 4 >= body_bytes(&head) {
                return Some(head);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

fn body_bytes(head: &str) -> usize {
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let length = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, length)| length.parse().ok());
    length.unwrap_or(0)
}
