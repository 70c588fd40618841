//! A proxy for Docker's socket that plays a scenario's daemon faults to real traffic, and records what passed.
//!
//! It plays a scenario's `rules` only: the world before the run is brought about by whoever uses it. A command is told
//! from its requests, and counted as the simulated host counts it. Where the real `nemoclaw` differs from the simulated
//! one, and so does the count:
//! - Its looks ask concurrently: which request of a look comes first is not sure, so that a rule should name its call. A
//!   look begins where the list of containers, of volumes or the daemon's `info` is asked for again, or after an act; the
//!   questions that an act asks for itself (before a volume's removal, for example) count as one.
//! - Without `command` a rule counts the requests of its `call`, or all, for commands that ask Docker nothing are not seen.
//! - Each archive that is read counts as one `back-up`, each that is unpacked as one `carry-over`; each image that is
//!   loaded or pulled as one `provide-image`. `GET /version`, `/_ping`, execs and the like are counted nowhere, and pass.
//! - `not-listening` and `down-for` close a connection that was taken; of an act, a client cannot know then that it was
//!   not done. `stale` gives again what was first answered to the same path; where nothing was, it is the truth.
//! - `hangs` lasts until the client goes away, and `slow` is in real time.
//!
//! Deliberately absent: power cuts, acts of others, our own death, the gateway's HTTP, and `forbidden`, which is decided
//! where a client connects. They are refused before anything listens.

mod asked;
mod schedule;
mod wire;

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use wire::Wire;

pub use schedule::{Schedule, Unplayable};

/// For how long nobody must be connected after the last rule has held. A run has no connection while it waits for a
/// gateway, or between two of them.
pub const LINGER: Duration = Duration::from_secs(10);

/// How often it looks whether that is so.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A proxy that listens. Its socket goes with it.
pub struct Proxy {
    listener: UnixListener,
    socket: Socket,
    wire: Arc<Wire>,
}

/// Why a proxy has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every rule has held, and the last connection has ended.
    ScheduleOver,
    /// Its time was over.
    TimeOver,
}

/// A socket's file, which goes with this value, if it still is the one that was made.
struct Socket {
    path: PathBuf,
    inode: u64,
}

impl Proxy {
    /// Listens at a path where nothing is yet, with mode 0600 from the first moment. It needs a tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn listen(
        path: &Path,
        docker: PathBuf,
        schedule: Schedule,
        record: Option<Box<dyn Write + Send>>,
    ) -> io::Result<Self> {
        let (listener, socket) = bind(path)?;
        Ok(Self { listener, socket, wire: Arc::new(Wire::new(docker, schedule, record)) })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.socket.path
    }

    /// Serves until the schedule is over and nobody has been connected for `linger`, or the time is over.
    ///
    /// # Errors
    /// Connections can no longer be taken.
    pub async fn serve(self, limit: Duration, linger: Duration) -> io::Result<Ended> {
        let serving = async {
            tokio::select! {
                error = accept(&self.listener, &self.wire) => Err(error),
                () = over(&self.wire, linger) => Ok(Ended::ScheduleOver),
            }
        };
        timeout(limit, serving).await.unwrap_or(Ok(Ended::TimeOver))
    }
}

/// Takes connections; they end with this future.
async fn accept(listener: &UnixListener, wire: &Arc<Wire>) -> io::Error {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return error,
        };
        let (wire, live) = (Arc::clone(wire), wire.live());
        connections.spawn(async move {
            let service = service_fn(move |request| Arc::clone(&wire).answer(request));
            // An error is a client that goes away, or a connection that is to end without an answer.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await);
            drop(live);
        });
    }
}

/// Comes back when every rule has held and nothing has been under way for a while.
async fn over(wire: &Wire, linger: Duration) {
    let mut quiet = Duration::ZERO;
    loop {
        wire.idle().await;
        sleep(LOOK_EVERY).await;
        quiet = if wire.is_over() && wire.is_idle() { quiet + LOOK_EVERY } else { Duration::ZERO };
        if quiet >= linger {
            return;
        }
    }
}

/// Makes the socket in a folder that nobody else may enter, and links it to its place once its mode is right.
fn bind(path: &Path) -> io::Result<(UnixListener, Socket)> {
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    DirBuilder::new().mode(0o700).create(&beside)?;
    let made = beside.join("s");
    let bound = (|| {
        let listener = UnixListener::bind(&made)?;
        fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        let inode = fs::metadata(&made)?.ino();
        fs::hard_link(&made, path)?;
        Ok((listener, Socket { path: path.to_owned(), inode }))
    })();
    let _ = fs::remove_file(&made);
    let _ = fs::remove_dir(&beside);
    bound
}

impl Drop for Socket {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
