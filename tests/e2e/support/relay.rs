//! A server on a unix socket of its own before Docker's, and what every such server does: it listens, it knows who asks,
//! it hands requests on. What becomes of a request is the [`Conduct`] of whoever starts it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What is sent in an answer.
pub type Body = BoxBody<Bytes, io::Error>;

/// What becomes of the requests that come.
pub trait Conduct: Send + Sync + 'static {
    /// Whether a connection is served at all; else it is closed at once.
    fn admits(&self) -> bool {
        true
    }

    /// Answers a request. An error is a connection that ends without an answer.
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> impl Future<Output = io::Result<Response<Body>>> + Send;
}

/// The process that asks, in the extensions of each of its requests.
#[derive(Clone, Debug)]
pub struct Client(Arc<OwnedFd>);

/// One server; it ends with this value.
pub struct Relay<C> {
    folder: TempDir,
    conduct: Arc<C>,
    accepting: JoinHandle<()>,
}

impl<C: Conduct> Relay<C> {
    /// Begins to listen. The conduct may need to know the socket.
    pub fn start(runtime: &Handle, conduct: impl FnOnce(PathBuf) -> C) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = {
            let _context = runtime.enter();
            UnixListener::bind(socket_in(&folder)).unwrap()
        };
        let conduct = Arc::new(conduct(socket_in(&folder)));
        let accepting = runtime.spawn(accept(listener, Arc::clone(&conduct)));
        Self { folder, conduct, accepting }
    }

    /// Its address, as `DOCKER_HOST` and `--host` have it.
    pub fn address(&self) -> String {
        format!("unix://{}", socket_in(&self.folder).display())
    }

    /// Its conduct.
    pub fn conduct(&self) -> &Arc<C> {
        &self.conduct
    }
}

impl<C> Drop for Relay<C> {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Client {
    /// Whoever is at the other end, if it still is there.
    fn of(stream: &UnixStream) -> Option<Self> {
        let pid = Pid::from_raw(stream.peer_cred().ok()?.pid()?)?;
        Some(Self(Arc::new(pidfd_open(pid, PidfdFlags::empty()).ok()?)))
    }

    /// Sends it a signal. One that has ended gets none, and nobody else does.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.0, signal);
    }
}

/// Asks the daemon. Every request has a connection of its own, so that none finds one that was closed meanwhile.
pub async fn forward<B>(docker: &Path, request: Request<B>) -> io::Result<Response<Body>>
where
    B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = UnixStream::connect(docker).await?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection.with_upgrades());
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    Ok(answer.map(|body| body.map_err(io::Error::other).boxed()))
}

/// A request's method and path, with signs in the place of names and IDs: the same in every run.
pub fn shape<B>(request: &Request<B>, signs: &[(String, &'static str)]) -> String {
    let path = signs.iter().fold(request.uri().path().to_owned(), |path, (name, sign)| path.replace(name, sign));
    let is_id = |part: &str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<_> = path.split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect();
    format!("{} {}", request.method(), parts.join("/"))
}

/// Whether a request can change something.
pub fn is_mutating(shape: &str) -> bool {
    !shape.starts_with("GET ") && !shape.starts_with("HEAD ")
}

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("docker.sock")
}

async fn accept<C: Conduct>(listener: UnixListener, conduct: Arc<C>) {
    while let Ok((stream, _)) = listener.accept().await {
        if !conduct.admits() {
            continue;
        }
        let conduct = Arc::clone(&conduct);
        let client = Client::of(&stream);
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                client.clone().map(|client| request.extensions_mut().insert(client));
                Arc::clone(&conduct).answer(request)
            });
            // An error is a client that goes away, or a connection that is to end without an answer.
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}
