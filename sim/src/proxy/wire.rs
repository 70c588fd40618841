//! What becomes of one request: it is handed on untouched, or meets a fault. An error of a request is a connection that
//! ends without an answer.

use std::collections::BTreeMap;
use std::future::pending;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::copy_bidirectional;
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::sleep;

use super::asked::Asked;
use super::schedule::{Place, Schedule};
use crate::fault::{CallKind, Point, Verdict};

/// What is sent in an answer.
pub type Body = BoxBody<Bytes, io::Error>;

/// What all connections have in common.
pub struct Wire {
    docker: PathBuf,
    state: Mutex<State>,
    began: Instant,
    /// Counts what is under way: each connection, tunnel and late effect holds a receiver.
    live: watch::Sender<()>,
}

struct State {
    schedule: Schedule,
    record: Option<Box<dyn Write + Send>>,
    kept: BTreeMap<String, (StatusCode, HeaderMap, Bytes)>,
}

/// One request as it is recorded. Bodies and queries are not: they may hold secrets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Passed<'a> {
    at_ms: u128,
    method: &'a str,
    path: &'a str,
    command: Option<&'static str>,
    call: Option<CallKind>,
    /// What it met.
    fault: Option<&'static str>,
    /// Whether Docker was asked, or will be.
    asked_docker: bool,
    /// The answer's status; none where there was no answer.
    status: Option<u16>,
}

impl Wire {
    /// Before a daemon, by a schedule, with a place for the record.
    pub fn new(docker: PathBuf, schedule: Schedule, record: Option<Box<dyn Write + Send>>) -> Self {
        let state = Mutex::new(State { schedule, record, kept: BTreeMap::new() });
        Self { docker, state, began: Instant::now(), live: watch::channel(()).0 }
    }

    /// What is held by whatever is under way.
    pub fn live(&self) -> watch::Receiver<()> {
        self.live.subscribe()
    }

    /// Comes back when nothing is under way.
    pub async fn idle(&self) {
        self.live.closed().await;
    }

    /// Whether anything is under way.
    pub fn is_idle(&self) -> bool {
        self.live.receiver_count() == 0
    }

    /// Whether every rule has held.
    pub fn is_over(&self) -> bool {
        self.state().schedule.is_over()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request.
    pub async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let Some(asked) = Asked::of(&method, &path, request.uri().query()) else {
            let answer = self.forward(request).await;
            self.note(&method, &path, None, None, true, &answer);
            return answer;
        };
        let place = self.state().schedule.enter(asked);
        let mut fault = None;
        loop {
            let Some(verdict) = self.state().schedule.breaking(&place, Point::Before) else { break };
            if let Verdict::Slow { ms } = verdict {
                sleep(Duration::from_millis(ms)).await;
                self.note(&method, &path, Some(asked), Some("slow"), false, &Err(nothing()));
            } else {
                fault = Some(verdict);
            }
        }
        if self.state().schedule.is_down() {
            fault = Some(Verdict::NotListening);
        }
        let kind = fault.as_ref().map(Verdict::kind);
        if matches!(fault, Some(Verdict::Hangs)) {
            self.note(&method, &path, Some(asked), kind, false, &Err(nothing()));
            return pending().await;
        }
        let asks_docker = match &fault {
            None => true,
            Some(fault) => asks_docker(fault),
        };
        let answer = match fault {
            None => self.through(request, asked).await,
            Some(fault) => self.play(fault, request, asked).await,
        };
        self.note(&method, &path, Some(asked), kind, asks_docker, &answer);
        self.after(&place).await;
        answer
    }

    /// What happens after it was answered.
    async fn after(&self, place: &Place) {
        loop {
            let Some(verdict) = self.state().schedule.breaking(place, Point::After) else { return };
            if let Verdict::Slow { ms } = verdict {
                sleep(Duration::from_millis(ms)).await;
            }
        }
    }

    async fn play(
        self: &Arc<Self>,
        fault: Verdict,
        request: Request<Incoming>,
        asked: Asked,
    ) -> io::Result<Response<Body>> {
        match fault {
            Verdict::BadStatus { status } => said(status, "text/html", "<html>no answer of Docker's</html>", false),
            Verdict::BadBody => said(200, "text/html", "<html>no answer of Docker's</html>", false),
            Verdict::Refused { status } => {
                said(status, "application/json", "{\"message\":\"refused by nemoclaw-sim proxy\"}", true)
            }
            Verdict::CutShort => match request.method() == Method::GET {
                true => cut(self.forward(request).await?).await,
                false => said(200, "application/json", "", true),
            },
            Verdict::AnswerLost => {
                drop(self.forward(request).await?.into_body().collect().await?);
                Err(nothing())
            }
            Verdict::EffectLate { in_ms } => {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                let (wire, live) = (Arc::clone(self), self.live());
                tokio::spawn(async move {
                    sleep(Duration::from_millis(in_ms)).await;
                    if let Ok(answer) = wire.forward(Request::from_parts(head, Full::new(body))).await {
                        drop(answer.into_body().collect().await);
                    }
                    drop(live);
                });
                Err(nothing())
            }
            Verdict::Stale => {
                let kept = self.state().kept.get(request.uri().path()).cloned();
                match kept {
                    Some((status, headers, body)) => {
                        let mut answer = Response::new(full(body));
                        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
                        Ok(answer)
                    }
                    None => self.through(request, asked).await,
                }
            }
            Verdict::NotListening => Err(nothing()),
            Verdict::DownFor { .. } => self.through(request, asked).await,
            Verdict::Hangs
            | Verdict::Slow { .. }
            | Verdict::Forbidden
            | Verdict::Act { .. }
            | Verdict::Killed
            | Verdict::Interrupted => Err(nothing()),
        }
    }

    /// Hands a request on; keeps the first answer where a stale one may be asked for.
    async fn through(&self, request: Request<Incoming>, asked: Asked) -> io::Result<Response<Body>> {
        let path = request.uri().path().to_owned();
        let keeps = request.method() == Method::GET && self.state().schedule.keeps(asked.call);
        let answer = self.forward(request).await?;
        if !keeps || self.state().kept.contains_key(&path) {
            return Ok(answer);
        }
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut headers = head.headers.clone();
        headers.remove(TRANSFER_ENCODING);
        self.state().kept.insert(path, (head.status, headers, body.clone()));
        Ok(Response::from_parts(head, full(body)))
    }

    /// Asks the daemon, each request on a connection of its own. What becomes a tunnel is copied both ways.
    async fn forward<B>(&self, mut request: Request<B>) -> io::Result<Response<Body>>
    where
        B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let client = request.headers().contains_key(UPGRADE).then(|| hyper::upgrade::on(&mut request));
        let stream = UnixStream::connect(&self.docker).await?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(io::Error::other)?;
        tokio::spawn(connection.with_upgrades());
        let mut answer = sender.send_request(request).await.map_err(io::Error::other)?;
        if let Some(client) = client.filter(|_| answer.status() == StatusCode::SWITCHING_PROTOCOLS) {
            let (daemon, live) = (hyper::upgrade::on(&mut answer), self.live());
            tokio::spawn(async move {
                if let (Ok(client), Ok(daemon)) = tokio::join!(client, daemon) {
                    drop(copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(daemon)).await);
                }
                drop(live);
            });
        }
        Ok(answer.map(|body| body.map_err(io::Error::other).boxed()))
    }

    fn note(
        &self,
        method: &Method,
        path: &str,
        asked: Option<Asked>,
        fault: Option<&'static str>,
        asked_docker: bool,
        answer: &io::Result<Response<Body>>,
    ) {
        let passed = Passed {
            at_ms: self.began.elapsed().as_millis(),
            method: method.as_str(),
            path,
            command: asked.map(|asked| asked.command),
            call: asked.map(|asked| asked.call),
            fault,
            asked_docker,
            status: answer.as_ref().ok().map(|answer| answer.status().as_u16()),
        };
        let mut state = self.state();
        let (Some(record), Ok(line)) = (state.record.as_mut(), serde_json::to_string(&passed)) else { return };
        if let Err(error) = writeln!(record, "{line}") {
            eprintln!("warning: the record cannot be written: {error}");
            state.record = None;
        }
    }
}

/// Whether the daemon gets to know of a request that meets this.
fn asks_docker(fault: &Verdict) -> bool {
    match fault {
        Verdict::CutShort | Verdict::AnswerLost | Verdict::EffectLate { .. } | Verdict::DownFor { .. } => true,
        Verdict::Hangs
        | Verdict::NotListening
        | Verdict::Forbidden
        | Verdict::BadStatus { .. }
        | Verdict::BadBody
        | Verdict::Refused { .. }
        | Verdict::Stale
        | Verdict::Act { .. }
        | Verdict::Killed
        | Verdict::Interrupted
        | Verdict::Slow { .. } => false,
    }
}

/// The connection ends without an answer.
fn nothing() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionAborted)
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed()
}

fn said(status: u16, form: &'static str, body: &'static str, is_docker: bool) -> io::Result<Response<Body>> {
    let mut answer = Response::builder().status(status).header(CONTENT_TYPE, form);
    if is_docker {
        answer = answer.header("Api-Version", "1.44").header("Server", "Docker");
    }
    answer.body(full(body)).map_err(io::Error::other)
}

/// Half of an answer's first piece, as if it were all.
async fn cut(answer: Response<Body>) -> io::Result<Response<Body>> {
    let (mut head, mut body) = answer.into_parts();
    let first = match body.frame().await {
        Some(frame) => frame?.into_data().unwrap_or_default(),
        None => Bytes::new(),
    };
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(TRANSFER_ENCODING);
    Ok(Response::from_parts(head, full(first.slice(..first.len() / 2))))
}
