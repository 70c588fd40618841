//! Files of one container's own layer, copied into another that was never started, through the archive endpoints. They
//! stream from one to the other: no more than a few pieces of 64 KiB are in memory, and nothing is written on this
//! machine. A copy that ends early is a failure, and leaves what it had copied so far.
//!
//! Owners and modes are those of the archive. `copyUIDGID`, which promises that by its name, does the opposite: it gives
//! everything to the container's user, whom Docker looks up among the users of its own host, and fails where there is
//! none (moby `daemon/archive.go`, `tarCopyOptions`). Absent on purpose: a limit on the whole, which may take as long as
//! it moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bollard::body_full;
use bollard::errors::Error;
use bytes::Bytes;
use engine::{CarriedPath, ContainerId, Event, Failure, Why};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Method, Response};
use tokio::sync::mpsc;

use super::client::Daemon;
use super::no_result::NoResult;
use super::put::{IDLE_LIMIT, archive_of, stands_still};
use crate::pipe::{PIECES, Sink, Source};
use crate::tars::renamed::{self, Ended};

/// Where a path is to be in a container.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The deepest folder above it that is there.
    pub folder: String,
    /// The folders between.
    pub missing: Vec<String>,
    /// Its name.
    pub name: String,
}

impl Daemon {
    /// Copies paths of one container into another. One that is not there is nothing to carry.
    pub async fn carry_over(&self, from: &ContainerId, to: &ContainerId, paths: &[CarriedPath]) -> Event {
        for path in paths {
            if let Err(failure) = self.carry(from, to, path).await {
                return Event::Failed { failure };
            }
        }
        Event::Done
    }

    async fn carry(&self, from: &ContainerId, to: &ContainerId, path: &CarriedPath) -> Result<(), Failure> {
        let place = self.place(to, &path.to).await?;
        match self.archive(from, &path.from).await? {
            Some(archive) => self.copy(from, archive, to, place).await,
            None => Ok(()),
        }
    }

    /// A path's files as a tar; none where there is no such path in the container.
    async fn archive(&self, container: &ContainerId, path: &str) -> Result<Option<Response<Incoming>>, Failure> {
        let (call, uri) = archive_of(container, &[("path", path)]);
        let call = format!("GET {call}");
        let request = self.request(Method::GET, &uri).body(body_full(Bytes::new()));
        let opening = async { self.open(request?).await };
        match self.ask(&call, IDLE_LIMIT, opening).await {
            Ok(answer) => Ok(Some(answer)),
            // Docker says the same of a path and of a container that is not there.
            Err(no @ NoResult::NotFound { .. }) => match self.status_if_there(container, IDLE_LIMIT).await {
                Ok(Some(_)) => Ok(None),
                Ok(None) => Err(no.into()),
                Err(why) => Err(Failure::Unknown { why }),
            },
            Err(no) => Err(no.into()),
        }
    }

    /// Looks which of the folders above a path are there: those that are stay as they are.
    ///
    /// # Errors
    /// A path that is none, or what Docker said, or that it did not.
    pub(crate) async fn place(&self, container: &ContainerId, path: &str) -> Result<Place, Failure> {
        let mut folders: Vec<_> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let is_plain = path.starts_with('/') && folders.iter().all(|part| part != "." && part != "..");
        let Some(name) = folders.pop().filter(|_| is_plain) else {
            let message = format!("`{path}` is not an absolute path of a file or folder");
            return Err(Failure::Rejected { status: None, message });
        };
        let mut missing = Vec::new();
        while !folders.is_empty() {
            // A HEAD would do, but its "no" has no body by which Docker can be known. What was opened is left unread.
            if self.archive(container, &format!("/{}", folders.join("/"))).await?.is_some() {
                break;
            }
            missing.extend(folders.pop());
        }
        missing.reverse();
        Ok(Place { folder: format!("/{}", folders.join("/")), missing, name })
    }

    async fn copy(
        &self,
        from: &ContainerId,
        archive: Response<Incoming>,
        to: &ContainerId,
        place: Place,
    ) -> Result<(), Failure> {
        let ((reading, _), (writing, _)) = (archive_of(from, &[]), archive_of(to, &[]));
        let (reading, writing) = (format!("GET {reading}"), format!("PUT {writing}"));
        let (came, coming) = mpsc::channel(PIECES);
        let (goes, going) = mpsc::channel(PIECES);
        let moved = Arc::new(AtomicU64::new(0));
        let Place { folder, missing, name } = place;
        let renaming = tokio::task::spawn_blocking(move || {
            let mut sink = Sink::to(goes);
            let ended = renamed::copy(Source::of(coming), &mut sink, &missing, &name);
            sink.close(ended.is_ok());
            ended
        });
        let copying = async {
            let fed = self.ask(&reading, Duration::MAX, feed(archive, came, &moved));
            tokio::join!(fed, self.put(to, &folder, going, &moved), renaming)
        };
        let (fed, put, renamed) = tokio::select! {
            all = copying => all,
            () = stands_still(&moved) => return Err(Failure::Unknown { why: Why::TimedOut { call: writing } }),
        };
        // What broke first says why; the rest broke of it.
        fed?;
        match renamed {
            Ok(Err(Ended::Flaw(flaw))) => {
                Err(Failure::Unknown { why: Why::Malformed { call: reading, what: format!("it {flaw}") } })
            }
            Ok(Ok(()) | Err(Ended::NotTaken)) => put.map_err(Failure::from),
            Err(_) => Err(Failure::Unknown { why: Why::ConnectionLost { call: writing } }),
        }
    }
}

/// Hands on what comes, for as long as somebody takes it.
async fn feed(archive: Response<Incoming>, to: mpsc::Sender<Bytes>, moved: &AtomicU64) -> Result<(), Error> {
    let mut body = archive.into_body();
    while let Some(frame) = body.frame().await {
        // What is no data is a trailer, which means nothing here.
        let Ok(piece) = frame?.into_data() else { continue };
        moved.fetch_add(piece.len() as u64, Ordering::Relaxed);
        if to.send(piece).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_daemon::answering;

    fn id(digit: &str) -> ContainerId {
        ContainerId::new(digit.repeat(64))
    }

    /// What came of a copy where the one container is there or not, and the path in neither.
    async fn carried(to: &str, there: bool) -> (Event, Vec<String>) {
        let inspect: serde_json::Value = serde_json::from_str(include_str!("look/fixtures/gateway.json")).unwrap();
        let (_folder, address, asked) = answering(move |_, path| {
            let id = path.split('/').nth(2).unwrap_or_default();
            if there && path.ends_with("/json") {
                let mut inspect = inspect.clone();
                inspect["Id"] = id.into();
                return (200, inspect.to_string());
            }
            (404, r#"{"message":"no"}"#.to_owned())
        });
        let paths = [CarriedPath { from: "/home/a b/state".to_owned(), to: to.to_owned() }];
        let event = Daemon::new(address).unwrap().carry_over(&id("a"), &id("b"), &paths).await;
        let asked = asked.try_iter().map(|asked| asked.replace(id("a").as_str(), "A").replace(id("b").as_str(), "B"));
        (event, asked.collect())
    }

    #[tokio::test]
    async fn a_path_that_is_not_there_is_nothing_to_carry_and_a_container_that_is_not_there_is_a_no() {
        let archive = "GET /containers/A/archive?path=%2Fhome%2Fa%20b%2Fstate".to_owned();
        let inspect = "GET /containers/A/json".to_owned();
        assert_eq!(carried("/state", true).await, (Event::Done, vec![archive.clone(), inspect.clone()]));
        let no = Event::Failed { failure: Failure::Rejected { status: Some(404), message: "no".to_owned() } };
        assert_eq!(carried("/state", false).await, (no, vec![archive, inspect]));
    }

    #[tokio::test]
    async fn folders_above_are_looked_for_from_the_deepest_on() {
        let (event, asked) = carried("/data/deep/state", true).await;
        assert_eq!(event, Event::Done);
        let folders: Vec<_> = asked.iter().filter(|asked| asked.contains("/B/archive")).collect();
        let of = |path: &str| format!("GET /containers/B/archive?path={path}");
        assert_eq!(folders, [&of("%2Fdata%2Fdeep"), &of("%2Fdata")]);
    }

    #[tokio::test]
    async fn a_place_that_is_none_is_refused_and_nobody_asked() {
        for to in ["", "/", "state", "/data/../etc/x", "/data/./x"] {
            let (event, asked) = carried(to, true).await;
            assert!(matches!(event, Event::Failed { failure: Failure::Rejected { status: None, .. } }), "{to}");
            assert!(asked.is_empty(), "{to}");
        }
    }
}
