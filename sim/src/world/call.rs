//! The requests that change something at a daemon, as values, and what the daemon says to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{ContainerId, ContainerName, ImageId, ImageRef, NetworkId, NetworkName, RestartPolicy, VolumeName};
use serde::{Deserialize, Serialize};

use super::container::{Config, Content, Endpoint};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "call")]
pub enum Call {
    /// `POST /networks/create`, with the check for duplicates.
    CreateNetwork {
        /// Its name.
        name: NetworkName,
        /// Its labels.
        labels: BTreeMap<String, String>,
    },
    /// `DELETE /networks/{id}`.
    RemoveNetwork {
        /// Which.
        id: NetworkId,
    },
    /// `POST /volumes/create`.
    CreateVolume {
        /// Its name.
        name: VolumeName,
        /// Its labels.
        labels: BTreeMap<String, String>,
    },
    /// `DELETE /volumes/{name}`.
    RemoveVolume {
        /// Which.
        name: VolumeName,
    },
    /// `POST /containers/create`.
    CreateContainer {
        /// Its name.
        name: ContainerName,
        /// The reference of its image.
        image: ImageRef,
        /// All else; what depends on the image is filled in.
        config: Arc<Config>,
        /// The network it is to belong to.
        network: NetworkName,
    },
    /// The same with a network as another container has it: aliases and address, too.
    CreateContainerAt {
        /// Its name.
        name: ContainerName,
        /// The reference of its image.
        image: ImageRef,
        /// All else; what depends on the image is filled in.
        config: Arc<Config>,
        /// The network it is to belong to.
        endpoint: Endpoint,
    },
    /// `POST /containers/{id}/start`.
    Start {
        /// Which.
        id: ContainerId,
    },
    /// `POST /containers/{id}/stop`.
    Stop {
        /// Which.
        id: ContainerId,
    },
    /// `POST /containers/{id}/kill`.
    Kill {
        /// Which.
        id: ContainerId,
    },
    /// `POST /containers/{id}/restart`.
    Restart {
        /// Which.
        id: ContainerId,
    },
    /// `POST /containers/{id}/pause`.
    Pause {
        /// Which.
        id: ContainerId,
    },
    /// `POST /containers/{id}/unpause`.
    Unpause {
        /// Which.
        id: ContainerId,
    },
    /// `POST /containers/{id}/rename`.
    Rename {
        /// Which.
        id: ContainerId,
        /// The new name.
        to: ContainerName,
    },
    /// `POST /containers/{id}/update`, of the restart policy alone.
    SetRestartPolicy {
        /// Which.
        id: ContainerId,
        /// Its policy from now on.
        policy: RestartPolicy,
    },
    /// `PUT /containers/{id}/archive?path=/`.
    WriteArchive {
        /// Into which.
        id: ContainerId,
        /// The files, by their whole paths.
        files: BTreeMap<String, Content>,
    },
    /// `DELETE /containers/{id}`.
    RemoveContainer {
        /// Which.
        id: ContainerId,
        /// `force=1`: kills it first.
        force: bool,
        /// `v=1`: its anonymous volumes go with it.
        volumes: bool,
    },
    /// `POST /networks/{id}/connect`.
    Connect {
        /// The container.
        id: ContainerId,
        /// The network.
        network: NetworkId,
        /// Names under which others find the container.
        aliases: Vec<String>,
        /// The address asked for.
        ipv4: Option<String>,
    },
    /// `POST /networks/{id}/disconnect`.
    Disconnect {
        /// The container.
        id: ContainerId,
        /// The network.
        network: NetworkId,
    },
    /// `POST /images/create` or `/images/load`.
    ProvideImage {
        /// The reference.
        reference: ImageRef,
    },
    /// `POST /images/create?fromSrc=-`, of an archive that holds nothing.
    ImportEmptyImage {
        /// The reference.
        reference: ImageRef,
    },
    /// `POST /images/{id}/tag`: the reference stands for this image from now on.
    Tag {
        /// The reference.
        reference: ImageRef,
        /// The image.
        image: ImageId,
    },
    /// `DELETE /images/{name}`.
    RemoveImage {
        /// The reference.
        reference: ImageRef,
        /// `force=1`: also where a stopped container uses it.
        force: bool,
    },
    /// `POST /containers/prune`, `/networks/prune`: what `docker system prune` removes.
    Prune {
        /// Its volumes: none, the anonymous ones (`--volumes` since API 1.42) or all that nothing refers to.
        volumes: PrunedVolumes,
    },
}

/// Which volumes a prune removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrunedVolumes {
    /// None.
    None,
    /// Anonymous ones that nothing refers to.
    Anonymous,
    /// All that nothing refers to.
    All,
}

/// What a daemon says that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// 200, 201, 204: it was done.
    Done,
    /// 304: it was so already.
    WasSo,
}

/// What a daemon says that did not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// What it says.
    pub message: String,
}

impl ApiError {
    /// 404.
    pub fn not_found(what: &str) -> Self {
        Self { status: 404, message: format!("No such {what}") }
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self { status: 409, message: message.into() }
    }

    /// 500 in Docker's own form: it was tried, and not done.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { status: 500, message: message.into() }
    }
}
