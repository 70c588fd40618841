//! The reference gateway: a small HTTP server that keeps bytes on a volume, inside nemoclaw's own executable.
//!
//! It stands in for a real gateway in demos and tests, and behaves like one where it matters to onboarding: it warms up,
//! keeps everything on its volume, and keys its data by node name, as k3s does: under another name it shows an empty
//! world although the files are there. As process 1 of its container it ends on SIGTERM by itself. Switches in its
//! environment make it fail on purpose. Absent on purpose: TLS, accounts, and any state besides the files.
//!
//! | request | answer |
//! |---|---|
//! | `GET /healthz` | 503 while warming up, then 200 |
//! | `PUT`, `GET`, `DELETE /workspace/<path>` | 201 or 200, 200, 204; 404 where nothing is |
//! | `PUT`, `GET`, `DELETE /sandboxes/<name>` | the same |
//! | `GET /sandboxes` | the names as a sorted JSON array |
//!
//! So that it can stand in for gateways whose health has a port of its own, or whose sandboxes a program inside prints:
//! a second listener, where one is asked for, answers `GET /readyz` with 503, then 200, and nothing else; and
//! `nemoclaw reference-sandboxes`, run beside it, prints the names as a Kubernetes list.

mod path;
mod places;
mod requests;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    future::pending,
    io::{self, Write},
    net::SocketAddr,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

use self::{
    places::{Place, Places, affordable},
    requests::Requests,
    settings::{Limits, Settings},
    store::Store,
};

/// Bytes of a connection that are in memory at once, in each direction.
const CONNECTION_BUFFER: usize = 64 << 10;
/// Bytes of one request's head.
const MAX_HEAD: usize = 16 << 10;
/// How long no connection is accepted after the system refused one, for want of file descriptors say: there is nothing
/// to wait for that would announce the next one.
const AFTER_REFUSED_ACCEPT: Duration = Duration::from_millis(100);

/// Runs the gateway as its environment says (see `Settings`) until it is asked to stop, then answers 0. It answers 2
/// when a setting is bad, 1 when it cannot start, and the code that a switch asks for.
pub async fn serve() -> ExitCode {
    let settings = match Settings::read(|name| std::env::var_os(name)) {
        Ok(settings) => settings,
        Err(why) => {
            log(&why);
            return ExitCode::from(2);
        }
    };
    if let Some(code) = settings.crash {
        log(&format!("ends at its start with exit code {code}, as it was told"));
        return ExitCode::from(code);
    }
    let ignore_term = settings.ignore_term;
    let started = async { io::Result::Ok((Signals::install()?, Server::start(settings).await?)) };
    match started.await {
        Ok((signals, server)) => ExitCode::from(server.run(signals.stop(ignore_term)).await),
        Err(error) => {
            log(&format!("cannot start: {error}"));
            ExitCode::from(1)
        }
    }
}

/// Prints the sandboxes of the gateway in whose container this runs as a Kubernetes list (`items[].metadata.name`), as
/// `kubectl get … -o json` does. It changes nothing; it answers 1 when they cannot be read, and 2 when a setting is bad.
pub fn print_sandboxes() -> ExitCode {
    let listed = Settings::read(|name| std::env::var_os(name)).map(|settings| sandbox_list(&settings));
    match listed {
        Ok(Ok(list)) => match writeln!(io::stdout(), "{list}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(1),
        },
        Ok(Err(error)) => {
            log(&format!("cannot list the sandboxes: {error}"));
            ExitCode::from(1)
        }
        Err(why) => {
            log(&why);
            ExitCode::from(2)
        }
    }
}

fn sandbox_list(settings: &Settings) -> io::Result<serde_json::Value> {
    let names = store::sandboxes_of(&settings.data, &settings.node)?;
    let items: Vec<_> = names.iter().map(|name| json!({ "metadata": { "name": name.as_str() } })).collect();
    Ok(json!({ "apiVersion": "v1", "kind": "List", "items": items }))
}

/// A gateway that listens and is not served yet.
struct Server {
    listener: TcpListener,
    /// For health alone.
    health: Option<TcpListener>,
    requests: Arc<Requests>,
    settings: Settings,
}

impl Server {
    /// Opens the data and the port.
    async fn start(settings: Settings) -> io::Result<Self> {
        let (data, node) = (settings.data.display(), settings.node.as_str());
        let store = Store::open(&settings.data, &settings.node)
            .map_err(|error| io::Error::new(error.kind(), format!("data folder `{data}`: {error}")))?;
        let listener = listen(settings.listen).await?;
        let health = match settings.health_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        log(&format!("listens on {}, data of node `{node}` in `{data}`", listener.local_addr()?));
        Ok(Self { listener, health, requests: Arc::new(Requests::new(store, settings.clone())), settings })
    }

    /// The address it listens on.
    #[cfg(test)]
    fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address at which only health is answered.
    #[cfg(test)]
    fn health_address(&self) -> Option<SocketAddr> {
        self.health.as_ref()?.local_addr().ok()
    }

    /// Serves until `stop` is ready or a switch ends it; answers the exit code.
    async fn run(self, stop: impl Future<Output = &'static str>) -> u8 {
        let Self { listener, health, requests, settings } = self;
        let limits = &settings.limits;
        let seats = affordable(limits.connections, getrlimit(Resource::Nofile).current);
        let mut places = Places::new(limits.patience);
        let mut next = None;
        let mut connections = JoinSet::new();
        let (stopping, stopped) = watch::channel(false);
        let mut stop = pin!(stop);
        let mut fall = pin!(fall(settings.exit_every));
        let why = loop {
            if connections.len() < seats
                && let Some((door, stream)) = next.take()
            {
                let (place, stopped) = (places.take(), stopped.clone());
                if settings.hang {
                    connections.spawn(hang(stream, place, stopped));
                } else {
                    let (requests, limits) = (Arc::clone(&requests), limits.clone());
                    connections.spawn(serve_connection(stream, door, place, requests, limits, stopped));
                }
            }
            tokio::select! {
                why = &mut stop => break why,
                code = &mut fall => {
                    log(&format!("ends with exit code {code}, as it was told"));
                    return code;
                }
                Some(ended) = connections.join_next() => tell_panic(ended),
                () = places.make_room(), if next.is_some() => {}
                (door, accepted) = accept(&listener, health.as_ref()), if next.is_none() => match accepted {
                    Ok(stream) => next = Some((door, stream)),
                    Err(error) => {
                        log(&format!("cannot accept a connection: {error}"));
                        sleep(AFTER_REFUSED_ACCEPT).await;
                    }
                },
            }
        };
        drop((listener, health, next));
        stopping.send_replace(true);
        let drained = timeout(limits.drain, async {
            while let Some(ended) = connections.join_next().await {
                tell_panic(ended);
            }
        });
        match drained.await {
            Ok(()) => log(&format!("stopped by {why}")),
            Err(_) => log(&format!("stopped by {why}, with {} connections broken off", connections.len())),
        }
        0
    }
}

async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| io::Error::new(error.kind(), format!("address `{address}`: {error}")))
}

/// By which listener a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// Everything is answered.
    Main,
    /// Only health is.
    Health,
}

async fn accept(main: &TcpListener, health: Option<&TcpListener>) -> (Door, io::Result<TcpStream>) {
    let on_health = async {
        match health {
            Some(listener) => listener.accept().await,
            None => pending().await,
        }
    };
    tokio::select! {
        accepted = main.accept() => (Door::Main, accepted.map(|(stream, _)| stream)),
        accepted = on_health => (Door::Health, accepted.map(|(stream, _)| stream)),
    }
}

/// Answers on one connection until it ends or somebody else needs its place.
async fn serve_connection(
    stream: TcpStream,
    door: Door,
    place: Arc<Place>,
    requests: Arc<Requests>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) {
    tokio::select! {
        () = converse(stream, door, &place, requests, limits, stopped) => {}
        busy = place.wanted() => if busy {
            log("a connection was broken off: its request took long, and others waited");
        }
    }
}

/// Answers on one connection until it ends, grows old, or the gateway stops; then the request under way is finished.
async fn converse(
    stream: TcpStream,
    door: Door,
    place: &Arc<Place>,
    requests: Arc<Requests>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| {
        let (requests, busy) = (Arc::clone(&requests), place.begin());
        async move {
            Ok::<_, Infallible>(match door {
                Door::Main => requests.answer(request, busy).await,
                Door::Health => requests.answer_health(&request).await,
            })
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Who has said all and stops sending is answered still.
        .half_close(true)
        .header_read_timeout(limits.head)
        .max_buf_size(CONNECTION_BUFFER)
        .max_header_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = until(stopped) => None,
        () = sleep(limits.connection) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            match timeout(limits.request, connection).await {
                Ok(ended) => ended,
                Err(_) => return log("a connection was broken off: its request took too long"),
            }
        }
    };
    match ended {
        Ok(()) => {}
        // Idle connections end so, too; no news.
        Err(error) if error.is_timeout() => {}
        Err(error) => log(&format!("a connection failed: {error}")),
    }
}

/// Holds a connection and answers nothing.
async fn hang(stream: TcpStream, place: Arc<Place>, stopped: watch::Receiver<bool>) {
    tokio::select! {
        () = until(stopped) => {}
        _ = place.wanted() => {}
    }
    drop(stream);
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the server itself is gone, which is as good a reason to stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn fall(exit_every: Option<(u8, Duration)>) -> u8 {
    match exit_every {
        Some((code, after)) => {
            sleep(after).await;
            code
        }
        None => pending().await,
    }
}

fn tell_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        log(&format!("a connection ended in a bug: {error}"));
    }
}

/// The signals that ask the gateway to stop. The kernel delivers to process 1 only what it handles.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn stop(mut self, ignore_term: bool) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => match ignore_term {
                    true => log("ignores SIGTERM, as it was told"),
                    false => return "SIGTERM",
                },
                _ = self.interrupt.recv() => return "SIGINT",
            }
        }
    }
}

/// Writes one line to stderr. That nobody reads it any more is no reason to fail.
fn log(line: &str) {
    let _ = writeln!(io::stderr(), "reference-gateway: {line}");
}
