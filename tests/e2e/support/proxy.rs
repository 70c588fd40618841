//! A proxy on a unix socket of its own before Docker's, that notes every request.
//! It shows what a run asks of the daemon. What it changes on the way is one thing at most, and only where asked to.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::runtime::Handle;

use super::relay::{Body, Conduct, Relay, forward};

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
pub struct Proxy(Relay<Relaying>);

/// What all its connections have in common.
struct Relaying {
    docker: PathBuf,
    changes: Changes,
    noted: Mutex<Vec<Noted>>,
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

impl Proxy {
    /// Begins to listen.
    pub fn start(runtime: &Handle, docker: &Path, changes: Changes) -> Self {
        Self(Relay::start(runtime, |_| Relaying { docker: docker.to_owned(), changes, noted: Mutex::default() }))
    }

    /// Its address, as `DOCKER_HOST` has it.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// Every request so far, as `GET /path`.
    pub fn requests(&self) -> Vec<String> {
        self.0.conduct().noted.lock().unwrap().iter().map(|noted| format!("{} {}", noted.method, noted.path)).collect()
    }

    /// The requests that could have changed something.
    pub fn mutating(&self) -> Vec<String> {
        let noted = self.0.conduct().noted.lock().unwrap();
        let mutating = noted.iter().filter(|noted| noted.could_change());
        mutating.map(|noted| format!("{} {}", noted.method, noted.path)).collect()
    }
}

impl Conduct for Relaying {
    async fn answer(self: Arc<Self>, mut request: Request<Incoming>) -> io::Result<Response<Body>> {
        let plain = without_version(request.uri());
        let at = note(&self.noted, Noted { method: request.method().clone(), path: plain.to_string() });
        match self.changes {
            Changes::FreezesBefore { number, daemon } if at == At::Mutation(number) => stop(daemon),
            Changes::FreezesAtRead { after, number, daemon } if at == At::Read { after, number } => stop(daemon),
            Changes::FreezesBefore { .. }
            | Changes::FreezesAtRead { .. }
            | Changes::FreezesAfter { .. }
            | Changes::Identity
            | Changes::Version
            | Changes::Nothing => {}
        }
        let disguised = self.changes == Changes::Identity && plain.path() == "/info";
        if self.changes == Changes::Version {
            *request.uri_mut() = plain;
        }
        let client = hyper::upgrade::on(&mut request);
        let answer = forward(&self.docker, request).await;
        if let Changes::FreezesAfter { number, daemon } = self.changes
            && at == At::Mutation(number)
        {
            stop(daemon);
        }
        let answer = match answer {
            Ok(mut answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                tokio::spawn(join(client, hyper::upgrade::on(&mut answer)));
                Ok(answer)
            }
            Ok(answer) if disguised => disguise(answer).await,
            answer => answer,
        };
        Ok(answer.unwrap_or_else(|problem| {
            let mut answer = Response::new(whole(problem.to_string()));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }))
    }
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
        // One that was killed meanwhile has none.
        let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return true };
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
async fn disguise(answer: Response<Body>) -> io::Result<Response<Body>> {
    let (mut head, body) = answer.into_parts();
    let mut info: serde_json::Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    info["ID"] = "another daemon".into();
    head.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(head, whole(info.to_string())))
}

fn whole(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed()
}

fn without_version(uri: &Uri) -> Uri {
    let text = uri.to_string();
    let rest = text.strip_prefix("/v1.").and_then(|rest| rest.find('/').map(|slash| rest[slash..].to_owned()));
    rest.and_then(|path| path.parse().ok()).unwrap_or_else(|| uri.clone())
}
