//! A folder of a container as a tar, read piece by piece as it comes. Strictly read only.
//! Absent on purpose: any judgement of what is in it. Docker ends the answer well also where the tar in it breaks off
//! (moby `pkg/archive/archive.go`: what goes wrong while a file is added is logged, and no more).

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::body_full;
use bytes::Bytes;
use engine::ContainerId;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use serde::Deserialize;

use super::client::Daemon;
use super::images::query;
use super::no_result::NoResult;

/// How long the daemon may take to say what a container mounts.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// How long the tar may take to begin, and each piece of it to come: Docker mounts the volumes first, and a slow disk has
/// to find the next file.
const PIECE_LIMIT: Duration = Duration::from_secs(60);

/// A tar that comes.
pub(crate) struct Archive {
    daemon: Daemon,
    call: String,
    body: Incoming,
}

impl Daemon {
    /// The tar of a folder of a container, whether that runs or not.
    ///
    /// # Errors
    /// What Docker said, or that it did not.
    pub(crate) async fn archive_of(&self, container: &ContainerId, folder: &str) -> Result<Archive, NoResult> {
        let call = format!("GET /containers/{container}/archive");
        let path = format!("/containers/{container}/archive?{}", query(&[("path", folder)]));
        let opening = async { self.open(self.request(Method::GET, &path).body(body_full(Bytes::new()))?).await };
        let answer = self.ask(&call, PIECE_LIMIT, opening).await?;
        Ok(Archive { daemon: self.clone(), call, body: answer.into_body() })
    }

    /// The volumes that a container mounts, by the paths at which it has them.
    ///
    /// # Errors
    /// What Docker said, or that it did not.
    pub(crate) async fn volumes_of(&self, container: &ContainerId) -> Result<BTreeMap<String, String>, NoResult> {
        let path = format!("/containers/{container}/json");
        let call = format!("GET {path}");
        let inspected: Inspected = self.ask(&call, ASK_LIMIT, self.send(Method::GET, &path, None)).await?;
        let volumes = inspected.mounts.into_iter().filter(|mount| mount.kind == "volume");
        Ok(volumes.filter_map(|mount| Some((mount.destination, mount.name?))).collect())
    }
}

impl Archive {
    /// What was asked.
    pub(crate) fn call(&self) -> &str {
        &self.call
    }

    /// The next piece; none at the end of the answer.
    ///
    /// # Errors
    /// That the answer broke off, or that nothing more came.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, NoResult> {
        let Self { daemon, call, body } = self;
        let piece = async {
            while let Some(frame) = body.frame().await {
                // What is no data is a trailer, which means nothing here.
                if let Ok(piece) = frame?.into_data() {
                    return Ok(Some(piece));
                }
            }
            Ok(None)
        };
        daemon.ask(call, PIECE_LIMIT, piece).await
    }
}

#[derive(Deserialize)]
struct Inspected {
    #[serde(rename = "Mounts")]
    mounts: Vec<Mount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mount {
    #[serde(rename = "Type")]
    kind: String,
    /// Of a volume; a bind has none.
    name: Option<String>,
    destination: String,
}
