//! A relay that strikes its client at one point of one request: kills it, or asks it to end.
//! What comes after the blow does not reach Docker, so that what is done then is done by the next run.

use std::collections::BTreeMap;
use std::fmt;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use rustix::process::Signal;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::support::{Body, Client, Conduct, Relay, World, forward, is_mutating, shape};

/// Where and how the client is struck.
#[derive(Clone, Debug)]
pub struct Blow {
    /// The request, as [`Executioner::requests`] names it.
    pub shape: String,
    /// Which of those: the first is 1.
    pub nth: usize,
    /// At which point of it.
    pub point: Point,
    /// By what.
    pub by: By,
}

/// A point of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// It does not reach Docker.
    Before,
    /// It took effect, and the client never learns of it.
    Done,
    /// It was answered, and the next one does not reach Docker.
    Answered,
}

/// What strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// SIGKILL.
    Kill,
    /// SIGINT, as by Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// How long after an answer the next request is waited for, so that the client does with the answer what it can.
const AFTER_ANSWER: Duration = Duration::from_millis(20);

/// One such relay.
pub struct Executioner(Relay<Striking>);

struct Striking {
    docker: PathBuf,
    signs: Vec<(String, &'static str)>,
    blow: Option<Blow>,
    state: Mutex<State>,
    /// Told of each request that comes when no more is forwarded.
    came_late: Notify,
}

#[derive(Default)]
struct State {
    asked: BTreeMap<String, usize>,
    /// Whether no more is forwarded.
    closed: bool,
    struck: bool,
    acted: bool,
}

/// What becomes of a request.
enum Fate {
    Passes,
    ComesLate,
    Meets(Blow),
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, nth, point, by } = self;
        write!(f, "{shape} #{nth}: {by:?} {point:?}")
    }
}

impl By {
    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Interrupt => Signal::INT,
            Self::Terminate => Signal::TERM,
        }
    }
}

impl Executioner {
    /// Begins to listen before the daemon of a world.
    pub fn start(world: &World, blow: Option<Blow>) -> Self {
        let suite = world.case.suite();
        let striking = Striking {
            docker: suite.socket().to_owned(),
            signs: world.signs(),
            blow,
            state: Mutex::default(),
            came_late: Notify::new(),
        };
        Self(Relay::start(suite.runtime(), |_| striking))
    }

    /// Its address, as `--host` takes it.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// Every request so far, and how often it came.
    pub fn requests(&self) -> BTreeMap<String, usize> {
        self.0.conduct().state().asked.clone()
    }

    /// Whether the client was struck.
    pub fn has_struck(&self) -> bool {
        self.0.conduct().state().struck
    }

    /// Whether a request reached Docker that can change something.
    pub fn has_acted(&self) -> bool {
        self.0.conduct().state().acted
    }
}

impl Conduct for Striking {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let shape = shape(&request, &self.signs);
        let client = request.extensions().get::<Client>().cloned();
        match self.note(&shape) {
            Fate::Passes => self.forward(&shape, request).await,
            Fate::ComesLate => {
                self.came_late.notify_one();
                pending().await
            }
            Fate::Meets(blow) => {
                if blow.point == Point::Before {
                    self.strike(client, blow.by);
                    return pending().await;
                }
                let answer = whole(self.forward(&shape, request).await?).await?;
                self.state().closed = true;
                if blow.point == Point::Done {
                    self.strike(client, blow.by);
                    return pending().await;
                }
                tokio::spawn(async move {
                    // Whether one comes or not, it is time.
                    let _ = timeout(AFTER_ANSWER, self.came_late.notified()).await;
                    self.strike(client, blow.by);
                });
                Ok(answer)
            }
        }
    }
}

impl Striking {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn note(&self, shape: &str) -> Fate {
        let mut state = self.state();
        if state.closed {
            return Fate::ComesLate;
        }
        let asked = state.asked.entry(shape.to_owned()).or_default();
        *asked += 1;
        let asked = *asked;
        match self.blow.as_ref().filter(|blow| blow.shape == shape && blow.nth == asked) {
            Some(blow) => Fate::Meets(blow.clone()),
            None => Fate::Passes,
        }
    }

    async fn forward(&self, shape: &str, request: Request<Incoming>) -> io::Result<Response<Body>> {
        self.state().acted |= is_mutating(shape);
        forward(&self.docker, request).await
    }

    fn strike(&self, client: Option<Client>, by: By) {
        let mut state = self.state();
        state.closed = true;
        if let Some(client) = client {
            state.struck = true;
            client.signal(by.signal());
        }
    }
}

/// An answer that has come to its end.
async fn whole(answer: Response<Body>) -> io::Result<Response<Body>> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, Full::new(body).map_err(|never| match never {}).boxed()))
}
