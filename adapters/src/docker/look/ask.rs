//! The questions of a look, one method each. An answer is a fact, an authoritative "there is none", or the reason why
//! nothing is known: a refusal to answer is the last one.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{Network, Volume};
use engine::{
    ContainerId, ContainerName, DaemonIdentity, Gpu, ImageRef, ImageSeen, Known, NetworkSeen, VolumeName, Why,
};
use futures_util::future::join_all;
use hyper::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::field::{Unreadable, need};
use super::inspect::Inspected;
use super::listed::{self, Listed};
use super::volumes::{self, ListedVolume, VolumeList};
use super::{gpu, identity, image, layer, networks};
use crate::docker::{Daemon, NoResult};

/// The call that lists containers.
pub const LIST: &str = "GET /containers/json?all=1";

/// A daemon, and how long it may take for each answer.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// The daemon.
    pub daemon: &'a Daemon,
    /// The limit of each call.
    pub limit: Duration,
}

impl Asker<'_> {
    /// Every container in any state. No filter: Docker's own match substrings, and a filter could hide one.
    pub async fn containers(self) -> Result<Vec<Listed>, Why> {
        let answer: Vec<Value> = self.all(LIST, self.get("/containers/json?all=1")).await?;
        read(LIST, answer.into_iter().map(listed::read).collect())
    }

    /// The container that bears exactly this name. Docker also takes the beginning of an ID for a name.
    pub async fn container_named(self, name: &ContainerName) -> Result<Option<Inspected>, Why> {
        Ok(self.container(name.as_str()).await?.filter(|found| found.name == *name))
    }

    /// The container that bears exactly this ID.
    pub async fn container_with(self, id: &ContainerId) -> Result<Option<Inspected>, Why> {
        Ok(self.container(id.as_str()).await?.filter(|found| found.id == *id))
    }

    async fn container(self, key: &str) -> Result<Option<Inspected>, Why> {
        let call = format!("GET /containers/{key}/json");
        let path = format!("/containers/{key}/json");
        match self.one::<Value>(&call, self.get(&path)).await? {
            Some(answer) => Inspected::read(call, answer).map(Some),
            None => Ok(None),
        }
    }

    /// Every volume.
    ///
    /// Warnings in the answer are passed over: they tell of a volume driver that does not answer. What we look for by
    /// name is asked by name when the list lacks it, and what bears our label was made with Docker's own driver.
    pub async fn volumes(self) -> Result<Vec<ListedVolume>, Why> {
        let call = "GET /volumes";
        let answer: VolumeList = self.all(call, self.get("/volumes")).await?;
        let volumes = read(call, need(answer.volumes, "Volumes"))?;
        Ok(volumes.into_iter().map(volumes::listed).collect())
    }

    /// Whether there is a volume of this name.
    pub async fn has_volume(self, name: &VolumeName) -> Result<bool, Why> {
        let call = format!("GET /volumes/{name}");
        Ok(self.one::<Volume>(&call, self.get(&format!("/volumes/{name}"))).await?.is_some())
    }

    /// The image that a reference stands for.
    pub async fn image(self, reference: &ImageRef) -> Result<Option<ImageSeen>, Why> {
        let call = format!("GET /images/{reference}/json");
        match self.one(&call, self.get(&format!("/images/{reference}/json"))).await? {
            Some(answer) => read(&call, image::seen(reference, answer)).map(Some),
            None => Ok(None),
        }
    }

    /// Every network.
    pub async fn networks(self) -> Result<Vec<NetworkSeen>, Why> {
        let call = "GET /networks";
        let answer: Vec<Network> = self.all(call, self.get("/networks")).await?;
        read(call, answer.into_iter().map(networks::seen).collect())
    }

    /// Who the daemon is, and how it gives GPUs to containers.
    pub async fn info(self) -> (Known<DaemonIdentity>, Known<Option<Gpu>>) {
        let call = "GET /info";
        match self.all(call, self.get("/info")).await {
            Ok(info) => {
                let gpu = gpu::seen(&info, self.daemon.address().is_local());
                (known(read(call, identity::seen(info))), Known::Known(gpu))
            }
            Err(why) => (Known::Unknown(why.clone()), Known::Unknown(why)),
        }
    }

    /// Those of these images that the daemon does not have.
    pub async fn lacking(self, images: &[ImageRef]) -> Result<Vec<ImageRef>, Why> {
        let seen = join_all(images.iter().map(|image| self.image(image))).await;
        let mut lacking = Vec::new();
        for (image, seen) in images.iter().zip(seen) {
            if seen?.is_none() {
                lacking.push(image.clone());
            }
        }
        Ok(lacking)
    }

    /// The paths that exist only in a container's own layer.
    pub async fn layer(self, id: &ContainerId) -> Known<Vec<String>> {
        let call = format!("GET /containers/{id}/changes");
        let answer = self.one(&call, self.get(&format!("/containers/{id}/changes"))).await;
        known(answer.and_then(|answer| match answer {
            Some(changes) => Ok(layer::paths(changes)),
            None => {
                Err(Why::Contradiction { what: format!("container `{id}` was there, and its changes are not found") })
            }
        }))
    }

    /// Reads JSON, and no more of it than an answer may have, whatever the daemon sends.
    async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T, Error> {
        self.daemon.send(Method::GET, path, None).await
    }

    /// The answer about one thing; none where Docker says that there is no such thing.
    async fn one<T>(self, call: &str, future: impl Future<Output = Result<T, Error>>) -> Result<Option<T>, Why> {
        match self.daemon.ask(call, self.limit, future).await {
            Ok(answer) => Ok(Some(answer)),
            Err(NoResult::NotFound { .. }) => Ok(None),
            Err(no) => Err(no.into_why(call)),
        }
    }

    /// The answer to a question that always has one.
    async fn all<T>(self, call: &str, future: impl Future<Output = Result<T, Error>>) -> Result<T, Why> {
        let not_found = || Why::BadStatus { call: call.to_owned(), status: 404, message: String::new() };
        self.one(call, future).await?.ok_or_else(not_found)
    }
}

/// What an answer says, or that it is not one of Docker's.
pub fn read<T>(call: &str, fields: Result<T, Unreadable>) -> Result<T, Why> {
    fields.map_err(|unreadable| unreadable.in_answer_to(call))
}

/// A fact, or why it is unknown.
pub fn known<T>(answer: Result<T, Why>) -> Known<T> {
    match answer {
        Ok(fact) => Known::Known(fact),
        Err(why) => Known::Unknown(why),
    }
}
