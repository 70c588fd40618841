//! A proxy on a unix socket of its own before Docker's, that notes every request.
//! It shows what a run asks of the daemon. What it changes on the way is one thing at most, and only where asked to.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What the proxy changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Nothing.
    Nothing,
    /// The API version in a path is left out, which the daemon reads as its own newest: so a client that insists on
    /// a newer one can talk to it.
    Version,
    /// The daemon's identity: it looks like another daemon with the same things in it.
    Identity,
    /// The process `daemon` is stopped right before it gets the request of this number that could change something.
    FreezesBefore { number: usize, daemon: i32 },
    /// The process `daemon` is stopped right after it answered that request.
    FreezesAfter { number: usize, daemon: i32 },
    /// The process `daemon` is stopped right before it gets the request of this number, counted from one, among those
    /// that cannot change anything and come after so many that could.
    FreezesAtRead { after: usize, number: usize, daemon: i32 },
}

/// One proxy; it ends with this value.
pub struct Proxy {
    folder: TempDir,
    noted: Arc<Mutex<Vec<Noted>>>,
    accepting: JoinHandle<()>,
}

/// One request.
#[derive(Clone, Debug)]
struct Noted {
    method: Method,
    path: String,
}

impl Noted {
    fn could_change(&self) -> bool {
        self.method != Method::GET && self.method != Method::HEAD
    }
}

type Body = BoxBody<Bytes, hyper::Error>;
type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Proxy {
    /// Begins to listen.
    pub fn start(runtime: &Handle, docker: &Path, changes: Changes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let noted = Arc::new(Mutex::new(Vec::new()));
        let listener = {
            let _context = runtime.enter();
            UnixListener::bind(socket_in(&folder)).unwrap()
        };
        let accepting = runtime.spawn(accept(listener, docker.to_owned(), changes, Arc::clone(&noted)));
        Self { folder, noted, accepting }
    }

    /// Its address, as `DOCKER_HOST` has it.
    pub fn address(&self) -> String {
        format!("unix://{}", socket_in(&self.folder).display())
    }

    /// Every request so far, as `GET /path`.
    pub fn requests(&self) -> Vec<String> {
        self.noted.lock().unwrap().iter().map(|noted| format!("{} {}", noted.method, noted.path)).collect()
    }

    /// The requests that could have changed something.
    pub fn mutating(&self) -> Vec<String> {
        let noted = self.noted.lock().unwrap();
        let mutating = noted.iter().filter(|noted| noted.could_change());
        mutating.map(|noted| format!("{} {}", noted.method, noted.path)).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("docker.sock")
}

async fn accept(listener: UnixListener, docker: PathBuf, changes: Changes, noted: Arc<Mutex<Vec<Noted>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (docker, noted) = (docker.clone(), Arc::clone(&noted));
        tokio::spawn(async move {
            let service = service_fn(move |request| relay(request, docker.clone(), changes, Arc::clone(&noted)));
            // A client that goes away in the middle is no concern of the proxy's.
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

async fn relay(
    mut request: Request<Incoming>,
    docker: PathBuf,
    changes: Changes,
    noted: Arc<Mutex<Vec<Noted>>>,
) -> Result<Response<Body>, Infallible> {
    let plain = without_version(request.uri());
    let at = note(&noted, Noted { method: request.method().clone(), path: plain.to_string() });
    match changes {
        Changes::FreezesBefore { number, daemon } if at == At::Mutation(number) => stop(daemon),
        Changes::FreezesAtRead { after, number, daemon } if at == At::Read { after, number } => stop(daemon),
        Changes::FreezesBefore { .. }
        | Changes::FreezesAtRead { .. }
        | Changes::FreezesAfter { .. }
        | Changes::Identity
        | Changes::Version
        | Changes::Nothing => {}
    }
    let disguised = changes == Changes::Identity && plain.path() == "/info";
    if changes == Changes::Version {
        *request.uri_mut() = plain;
    }
    let client = hyper::upgrade::on(&mut request);
    let answer = ask(request, &docker).await;
    if let Changes::FreezesAfter { number, daemon } = changes
        && at == At::Mutation(number)
    {
        stop(daemon);
    }
    let answer = match answer {
        Ok(mut answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
            tokio::spawn(join(client, hyper::upgrade::on(&mut answer)));
            Ok(answer.map(BodyExt::boxed))
        }
        Ok(answer) if disguised => disguise(answer).await,
        Ok(answer) => Ok(answer.map(BodyExt::boxed)),
        Err(problem) => Err(problem),
    };
    Ok(answer.unwrap_or_else(|problem| {
        let mut answer = Response::new(whole(problem.to_string()));
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
        answer
    }))
}

/// Which request it is, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Of those that could change something.
    Mutation(usize),
    /// Of those that cannot, and come after so many that could.
    Read { after: usize, number: usize },
}

/// Notes a request.
fn note(all: &Mutex<Vec<Noted>>, request: Noted) -> At {
    let could_change = request.could_change();
    let mut all = all.lock().unwrap();
    all.push(request);
    let mutations = all.iter().filter(|noted| noted.could_change()).count();
    if could_change {
        return At::Mutation(mutations);
    }
    At::Read { after: mutations, number: all.iter().rev().take_while(|noted| !noted.could_change()).count() }
}

/// Stops a process, and waits until it has stopped: on a busy machine a thread of it may go on for a while.
fn stop(process: i32) {
    let pid = rustix::process::Pid::from_raw(process).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it runs");
    super::until("every thread of the process has stopped", || {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
        let stat = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("stat")).ok();
        // The name is in parentheses, and its state follows.
        threads.flatten().filter_map(stat).all(|stat| stat.rsplit_once(") ").is_some_and(|(_, it)| it.starts_with('T')))
    });
}

/// Passes on what a program in a container prints, until both sides have ended.
async fn join(client: OnUpgrade, docker: OnUpgrade) {
    if let (Ok(client), Ok(docker)) = (client.await, docker.await) {
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(docker)).await;
    }
}

/// The same answer with another ID in it.
async fn disguise(answer: Response<Incoming>) -> Result<Response<Body>, Problem> {
    let (mut head, body) = answer.into_parts();
    let mut info: serde_json::Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    info["ID"] = "another daemon".into();
    head.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(head, whole(info.to_string())))
}

fn whole(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed()
}

/// Every request has a connection of its own to the daemon, so that none finds one that was closed meanwhile.
async fn ask(request: Request<Incoming>, docker: &Path) -> Result<Response<Incoming>, Problem> {
    let stream = UnixStream::connect(docker).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    Ok(sender.send_request(request).await?)
}

fn without_version(uri: &Uri) -> Uri {
    let text = uri.to_string();
    let rest = text.strip_prefix("/v1.").and_then(|rest| rest.find('/').map(|slash| rest[slash..].to_owned()));
    rest.and_then(|path| path.parse().ok()).unwrap_or_else(|| uri.clone())
}
