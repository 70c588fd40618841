//! A tar that is unpacked in a folder of a container, piece by piece as it comes from a thread. Owners and modes are those
//! of the tar: see [`carry`](super::carry). Absent on purpose: a limit on the whole, which may take as long as it moves.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bollard::body_try_stream;
use bollard::errors::Error;
use bytes::Bytes;
use engine::{ContainerId, Why};
use futures_util::TryFutureExt;
use http_body_util::BodyExt;
use hyper::Method;
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

use super::client::Daemon;
use super::images::query;
use super::no_result::NoResult;
use crate::pipe::stream;

/// How long a copy may stand still, and how long the daemon may take to begin with it.
pub(super) const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// How often a person is told how far it has come.
const TELL_EVERY: Duration = Duration::from_millis(100);

impl Daemon {
    /// Unpacks a tar in a folder of a container, as long as it moves, and tells on the way how many bytes have. They are
    /// added to `moved`.
    ///
    /// # Errors
    /// What Docker said, or that it did not. Some of it may have been unpacked.
    pub(crate) async fn fill(
        &self,
        container: &ContainerId,
        folder: &str,
        coming: Receiver<io::Result<Bytes>>,
        moved: &Arc<AtomicU64>,
        tell: &dyn Fn(u64),
    ) -> Result<(), NoResult> {
        let call = format!("PUT {}", archive_of(container, &[]).0);
        let answer = tokio::select! {
            answer = self.put(container, folder, coming, moved) => answer,
            () = stands_still(moved) => Err(NoResult::Unknown { why: Why::TimedOut { call } }),
            never = keep_telling(moved, tell) => match never {},
        };
        tell(moved.load(Ordering::Relaxed));
        answer
    }

    /// The same, however long it stands still.
    pub(super) async fn put(
        &self,
        container: &ContainerId,
        folder: &str,
        coming: Receiver<io::Result<Bytes>>,
        moved: &Arc<AtomicU64>,
    ) -> Result<(), NoResult> {
        // What is a folder in the container is not to become a file.
        let (call, uri) = archive_of(container, &[("path", folder), ("noOverwriteDirNonDir", "true")]);
        let body = body_try_stream(stream(coming, Arc::clone(moved)));
        let request = self.request(Method::PUT, &uri).body(body);
        let put = async { self.open(request?).await?.into_body().collect().map_err(Error::from).await };
        self.ask_to(&format!("PUT {call}"), Duration::MAX, put).await.map(|_| ())
    }
}

/// The call, as it is told, and the path with its query.
pub(super) fn archive_of(container: &ContainerId, parts: &[(&str, &str)]) -> (String, String) {
    let call = format!("/containers/{container}/archive");
    let uri = format!("{call}?{}", query(parts));
    (call, uri)
}

/// Ends when nothing has moved for that long.
pub(super) async fn stands_still(moved: &AtomicU64) {
    let mut before = moved.load(Ordering::Relaxed);
    loop {
        sleep(IDLE_LIMIT).await;
        let now = moved.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

async fn keep_telling(moved: &AtomicU64, tell: &dyn Fn(u64)) -> Infallible {
    loop {
        sleep(TELL_EVERY).await;
        tell(moved.load(Ordering::Relaxed));
    }
}
