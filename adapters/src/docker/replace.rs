//! The acts on the containers of a replacement, the helper through which volumes are read and written, and the removals.
//! What is so already counts as done. Absent on purpose: force, and the removal of a volume with a container.

use std::time::Duration;

use bollard::models::RestartPolicy as DockerRestartPolicy;
use bollard::query_parameters::{RemoveVolumeOptions, RenameContainerOptions};
use engine::{
    Absence, ContainerId, ContainerName, Event, Failure, HelperContainer, HelperMount, ImageRef, Known, MountSource,
    MountSpec, NetworkId, RestartPolicy,
};
use hyper::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::acts::{done, failed, mount, restart_policy};
use super::client::Daemon;
use super::no_result::NoResult;

/// What a helper would run, were it started; Docker makes no container without a command.
const NEVER_RUN: &str = "/never-started";

/// An empty tar: its two end blocks.
const EMPTY_TAR: [u8; 1024] = [0; 1024];

impl Daemon {
    /// Gives a container another name. Docker refuses the name that it bears already with the same status as one that
    /// cannot be: which it is, the container itself tells.
    pub async fn rename(&self, container: &ContainerId, name: &ContainerName, limit: Duration) -> Event {
        let call = format!("POST /containers/{container}/rename");
        let options = RenameContainerOptions { name: name.as_str().to_owned() };
        let answer = self.docker().rename_container(container.as_str(), options);
        match self.ask(&call, limit, answer).await {
            Ok(()) => Event::Done,
            Err(no @ NoResult::Rejected { .. }) => match self.name_of(container, limit).await {
                Ok(Some(borne)) if borne == *name => Event::Done,
                Ok(_) | Err(_) => failed(no),
            },
            Err(no) => failed(no),
        }
    }

    /// Sets a container's restart policy, and nothing else about it.
    pub async fn set_restart_policy(&self, container: &ContainerId, policy: RestartPolicy, limit: Duration) -> Event {
        let path = format!("/containers/{container}/update");
        // A policy without a count allows no other number (moby `daemon/container.go`, `validateRestartPolicy`).
        let policy = DockerRestartPolicy { maximum_retry_count: Some(0), ..restart_policy(policy) };
        let body = json!({ "RestartPolicy": policy });
        let answer = self.send::<IgnoredAny>(Method::POST, &path, Some(&body));
        done(self.ask(&format!("POST {path}"), limit, answer).await)
    }

    /// Removes a container that does not run, and nothing with it. One that is gone was removed.
    ///
    /// Docker says 409 both of one that runs and of one whose removal is under way. Which it is, the container's own
    /// status tells: gone by now is done, `removing` is unknown, all else is a "no". A 500 says nothing: the container may
    /// be removed in part.
    pub async fn remove_container(&self, container: &ContainerId, limit: Duration) -> Event {
        let call = format!("DELETE /containers/{container}");
        // No options: `v` and `force` are false.
        let answer = self.docker().remove_container(container.as_str(), None);
        match self.ask(&call, limit, answer).await {
            Ok(()) | Err(NoResult::NotFound { .. }) => Event::Done,
            Err(NoResult::Rejected { status: 409, message }) => self.why_not_removed(container, message, limit).await,
            Err(no) => failed(no),
        }
    }

    async fn why_not_removed(&self, container: &ContainerId, message: String, limit: Duration) -> Event {
        match self.status_if_there(container, limit).await {
            Ok(None) => Event::Done,
            Ok(Some(Known::Known(_))) => failed(NoResult::Rejected { status: 409, message }),
            Ok(Some(Known::Unknown(why))) | Err(why) => Event::Failed { failure: Failure::Unknown { why } },
        }
    }

    /// Creates a helper and does not start it. Nothing is copied into its volumes, and none is born of it.
    pub async fn create_helper(&self, helper: &HelperContainer, limit: Duration) -> Event {
        let volumes = helper.volumes.iter().map(|mount| mount.volume.clone()).collect();
        if let Err(failure) = self.need_volumes(&volumes, limit).await {
            return Event::Failed { failure };
        }
        let path = format!("/containers/create?name={}", helper.name);
        let body = body_of_helper(helper);
        let answer = self.send::<IgnoredAny>(Method::POST, &path, Some(&body));
        done(self.ask_to("POST /containers/create", limit, answer).await)
    }

    /// Imports an image that holds nothing.
    ///
    /// # Errors
    /// What the daemon said, or that it gave no answer to rely on.
    pub(crate) async fn import_empty(&self, reference: &ImageRef) -> Result<(), Failure> {
        self.import(reference, EMPTY_TAR.to_vec().into()).await
    }

    /// Removes a volume, after it was proved again at the daemon that no container has it. Never forced, so
    /// that Docker's own "volume is in use" is the last guard. A 500 says nothing: its files may be removed in part.
    pub async fn remove_volume(&self, absence: &Absence, ask_limit: Duration, limit: Duration) -> Event {
        if let Err(failure) = self.prove_again(absence, ask_limit).await {
            return Event::Failed { failure };
        }
        let name = absence.volume();
        let call = format!("DELETE /volumes/{name}");
        let answer = self.docker().remove_volume(name.as_str(), None::<RemoveVolumeOptions>);
        match self.ask(&call, limit, answer).await {
            Ok(()) | Err(NoResult::NotFound { .. }) => Event::Done,
            Err(no) => failed(no),
        }
    }

    /// Removes a network. One that is gone was removed; one that something running is connected to Docker keeps, with
    /// a 403. A 500 says nothing: it may be removed in part.
    pub async fn remove_network(&self, network: &NetworkId, limit: Duration) -> Event {
        let call = format!("DELETE /networks/{network}");
        match self.ask(&call, limit, self.docker().remove_network(network.as_str())).await {
            Ok(()) | Err(NoResult::NotFound { .. }) => Event::Done,
            Err(no) => failed(no),
        }
    }
}

fn body_of_helper(helper: &HelperContainer) -> Value {
    json!({
        "Image": helper.image.as_str(),
        "Cmd": [NEVER_RUN],
        "Labels": helper.labels,
        "HostConfig": {
            "Mounts": helper.volumes.iter().map(|helped| mount(&helped_mount(helped, helper.read_only))).collect::<Vec<_>>(),
            "NetworkMode": "none",
            "RestartPolicy": restart_policy(RestartPolicy::No),
        },
    })
}

fn helped_mount(helped: &HelperMount, read_only: bool) -> MountSpec {
    let source = MountSource::Volume { name: helped.volume.clone() };
    MountSpec { source, path: helped.at.clone(), read_only }
}

#[cfg(test)]
mod tests;
