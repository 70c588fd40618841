//! A server on a unix socket of its own that forwards to the real daemon, notes every request and every answer, and
//! springs one trap: a fault in the answer to a certain request, once or from then on.
//! Absent on purpose: upgrades, which no run here asks for, and any judgement.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::fault::{Break, Fault, Lie, Says};
use crate::support::{Body, Conduct, Relay, World, forward, shape};

/// Where and how often a fault happens.
#[derive(Clone, Debug)]
pub struct Trap {
    /// The request, as [`Server::requests`] names it.
    pub shape: String,
    /// Which of those: the first is 1.
    pub nth: usize,
    /// Whether it goes on from there.
    pub lasting: bool,
    /// What happens.
    pub fault: Fault,
}

/// What the server saw, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A request came.
    Asked {
        /// Its method and path, with signs in the place of names and IDs.
        shape: String,
    },
    /// It was answered, or never will be.
    Answered {
        /// Its method and path.
        shape: String,
        /// What that tells.
        says: Says,
    },
}

/// One server; it ends with this value.
pub struct Server(Relay<Wire>);

/// What all connections have in common.
pub struct Wire {
    docker: PathBuf,
    socket: PathBuf,
    /// Names, and what stands for them in shapes.
    signs: Vec<(String, &'static str)>,
    trap: Option<Trap>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    moments: Vec<Moment>,
    asked: BTreeMap<String, usize>,
    sprung: bool,
    /// Requests that reach the daemon later.
    late: Vec<JoinHandle<()>>,
}

impl Server {
    /// Begins to listen before the daemon of a world.
    pub fn start(world: &World, trap: Option<Trap>) -> Self {
        let suite = world.case.suite();
        let (docker, signs) = (suite.socket().to_owned(), world.signs());
        Self(Relay::start(suite.runtime(), |socket| Wire { docker, socket, signs, trap, state: Mutex::default() }))
    }

    /// Its address, as `--host` takes it.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// Every request so far, and how often it came.
    pub fn requests(&self) -> BTreeMap<String, usize> {
        self.0.conduct().state().asked.clone()
    }

    /// Everything so far.
    pub fn moments(&self) -> Vec<Moment> {
        self.0.conduct().state().moments.clone()
    }

    /// Whether the trap was sprung.
    pub fn has_sprung(&self) -> bool {
        self.0.conduct().state().sprung
    }

    /// Waits until what comes late has come.
    pub fn settle(&self, runtime: &Handle) {
        let late = std::mem::take(&mut self.0.conduct().state().late);
        for effect in late {
            let _ = runtime.block_on(effect);
        }
    }
}

impl Conduct for Wire {
    fn admits(&self) -> bool {
        self.fault_of_all() != Some(Fault::Breaks(Break::ClosesBefore))
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let shape = shape(&request, &self.signs);
        let Some(fault) = self.note(&shape) else {
            let answer = self.forward(request).await;
            let says = match &answer {
                Ok(answer) if answer.status().as_u16() < 400 => Says::Truth,
                Ok(_) => Says::No,
                Err(_) => Says::Nothing,
            };
            self.note_answered(shape, says);
            return answer;
        };
        if fault == Fault::Lies(Lie::UnknownStatus) {
            let answer = fault.play(&self, request).await;
            // Of a container that is not there no status is told, and so none is changed.
            let is_no = answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND);
            self.note_answered(shape.clone(), if is_no { Says::No } else { fault.says(&shape) });
            return answer;
        }
        self.note_answered(shape.clone(), fault.says(&shape));
        fault.play(&self, request).await
    }
}

impl Wire {
    /// Asks the daemon.
    pub async fn forward<B>(&self, request: Request<B>) -> io::Result<Response<Body>>
    where
        B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        forward(&self.docker, request).await
    }

    /// Is found nowhere from now on.
    pub fn leave(&self) {
        let _ = std::fs::remove_file(&self.socket);
    }

    /// May be connected to by nobody from now on.
    pub fn forbid(&self) {
        let _ = std::fs::set_permissions(&self.socket, Permissions::from_mode(0o000));
    }

    /// Sends the request when `after` is over, whoever waits for it.
    pub async fn forward_late(self: &Arc<Self>, request: Request<Incoming>, after: Duration) -> io::Result<()> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?;
        let request = Request::from_parts(head, Full::new(body.to_bytes()));
        let wire = Arc::clone(self);
        let effect = tokio::spawn(async move {
            sleep(after).await;
            if let Ok(answer) = wire.forward(request).await {
                let _ = answer.into_body().collect().await;
            }
        });
        self.state().late.push(effect);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The fault that every request meets by now.
    fn fault_of_all(&self) -> Option<Fault> {
        let trap = self.trap.as_ref()?;
        (trap.lasting && trap.fault.is_of_the_daemon() && self.state().sprung).then_some(trap.fault)
    }

    /// Notes a request and tells the fault that it meets.
    fn note(&self, shape: &str) -> Option<Fault> {
        let of_all = self.fault_of_all();
        let mut state = self.state();
        state.moments.push(Moment::Asked { shape: shape.to_owned() });
        let asked = state.asked.entry(shape.to_owned()).or_default();
        *asked += 1;
        let asked = *asked;
        let met = self
            .trap
            .as_ref()
            .filter(|trap| trap.shape == shape && (asked == trap.nth || (trap.lasting && asked > trap.nth)));
        state.sprung |= met.is_some();
        met.map(|trap| trap.fault).or(of_all)
    }

    fn note_answered(&self, shape: String, says: Says) {
        self.state().moments.push(Moment::Answered { shape, says });
    }
}
