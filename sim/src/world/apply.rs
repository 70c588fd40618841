//! What each request does, and what it does to containers. Statuses are those of Docker 20.10 to 28 (moby `api/swagger.yaml`, `daemon/`).

use engine::{ContainerId, ContainerName, Disk, ImageId, NetworkId};

use super::World;
use super::call::{ApiError, Call, Changed, PrunedVolumes};
use super::container::{Container, Endpoint, Life, Mounted};
use super::effect::{Actor, Effect, History};

/// What a daemon says to a request.
pub(super) type Answer = Result<Changed, ApiError>;

/// The exit codes of a process that ends when it is asked to, and of one that is killed.
const TERMINATED: i64 = 0;
const KILLED: i64 = 137;

/// The image that holds nothing: as often as it is made from the same archive, it is the same.
pub(super) const EMPTY_IMAGE: &str = "sha256:empty";

impl World {
    /// Carries a request out at the daemon that the run's address leads to.
    ///
    /// # Errors
    /// What the daemon says instead.
    pub fn apply(&mut self, by: Actor, call: &Call, history: &mut History) -> Answer {
        self.apply_at(self.at_address, by, call, history)
    }

    /// Carries a request out at one of the daemons.
    ///
    /// # Errors
    /// What the daemon says instead.
    pub fn apply_at(&mut self, at: usize, by: Actor, call: &Call, history: &mut History) -> Answer {
        match call {
            Call::CreateNetwork { name, labels } => self.create_network(at, name, labels, by, history),
            Call::RemoveNetwork { id } => self.remove_network(at, id, by, history),
            Call::CreateVolume { name, labels } => self.create_volume(at, name, labels, false, by, history),
            Call::RemoveVolume { name } => self.remove_volume(at, name, by, history),
            Call::CreateContainer { name, image, config, network } => {
                let endpoint = Endpoint { network: network.clone(), id: None, aliases: Vec::new(), ipv4: None };
                self.create_container(at, name, image, config, endpoint, by, history)
            }
            Call::CreateContainerAt { name, image, config, endpoint } => {
                self.create_container(at, name, image, config, endpoint.clone(), by, history)
            }
            Call::Start { id } => self.start(at, id, by, history),
            Call::Stop { id } => self.stop(at, id, TERMINATED, by, history),
            Call::Kill { id } => self.kill(at, id, by, history),
            Call::Restart { id } => self.restart(at, id, by, history),
            Call::Pause { id } => self.freeze(at, id, true, by, history),
            Call::Unpause { id } => self.freeze(at, id, false, by, history),
            Call::Rename { id, to } => self.rename(at, id, to, by, history),
            Call::SetRestartPolicy { id, policy } => self.set_restart_policy(at, id, *policy, by, history),
            Call::WriteArchive { id, files } => self.write_archive(at, id, files, by, history),
            Call::RemoveContainer { id, force, volumes } => {
                let runs = self.container(at, id)?.may_write();
                if runs && !force {
                    return Err(ApiError::conflict("You cannot remove a running container"));
                }
                self.remove_container(at, id, *volumes, by, history);
                Ok(Changed::Done)
            }
            Call::Connect { id, network, aliases, ipv4 } => {
                self.connect(at, id, network, aliases, ipv4.as_ref(), by, history)
            }
            Call::Disconnect { id, network } => self.disconnect(at, id, network, by, history),
            Call::ProvideImage { reference } => match self.published.get(reference).cloned() {
                Some(_) if self.disk == Disk::Full => Err(ApiError::failed("no space left on device")),
                Some(image) => self.tag(at, reference, &image, by, history),
                None => Err(ApiError::not_found("image in the registry")),
            },
            Call::ImportEmptyImage { .. } if self.disk == Disk::Full => {
                Err(ApiError::failed("no space left on device"))
            }
            Call::ImportEmptyImage { reference } => self.tag(at, reference, &ImageId::new(EMPTY_IMAGE), by, history),
            Call::Tag { reference, image } => self.tag(at, reference, image, by, history),
            Call::RemoveImage { reference, force } => self.remove_image(at, reference, *force, by, history),
            Call::Prune { volumes } => self.prune(at, *volumes, by, history),
        }
    }

    pub(super) fn container(&self, at: usize, id: &ContainerId) -> Result<&Container, ApiError> {
        self.daemons[at].store.containers.get(id).ok_or_else(|| ApiError::not_found("container"))
    }

    pub(super) fn container_mut(&mut self, at: usize, id: &ContainerId) -> Result<&mut Container, ApiError> {
        self.daemons[at].store.containers.get_mut(id).ok_or_else(|| ApiError::not_found("container"))
    }

    /// One that is about to be started again counts as running (moby `container/state.go`, `SetRestarting`).
    fn start(&mut self, at: usize, id: &ContainerId, by: Actor, history: &mut History) -> Answer {
        let container = self.container_mut(at, id)?;
        match container.life {
            Life::Running { .. } | Life::Restarting { .. } => Ok(Changed::WasSo),
            Life::Paused { .. } => Err(ApiError::conflict("cannot start a paused container, try unpause instead")),
            Life::Dead => Err(ApiError::conflict("container is marked for removal and cannot be started")),
            Life::Created | Life::Exited => {
                container.exit.restarts = 0;
                self.start_process(at, id, by, history).map(|()| Changed::Done)
            }
        }
    }

    fn stop(&mut self, at: usize, id: &ContainerId, code: i64, by: Actor, history: &mut History) -> Answer {
        let container = self.container_mut(at, id)?;
        container.stopped_by_hand = true;
        match container.life {
            Life::Created | Life::Exited | Life::Dead => Ok(Changed::WasSo),
            // Its process has ended already, with a code of its own.
            Life::Restarting { .. } => {
                container.life = Life::Exited;
                Ok(Changed::Done)
            }
            Life::Running { .. } | Life::Paused { .. } => {
                self.end(at, id, code, false, by, history);
                Ok(Changed::Done)
            }
        }
    }

    /// A container that removes itself when it ends is kept, and a start that fails is a 500 whatever the reason (moby
    /// `daemon/restart.go`, `containerRestart`, `ContainerRestart`).
    fn restart(&mut self, at: usize, id: &ContainerId, by: Actor, history: &mut History) -> Answer {
        let container = self.container_mut(at, id)?;
        match container.life {
            Life::Running { .. } | Life::Paused { .. } => {
                container.exit.code = TERMINATED;
                container.life = Life::Exited;
                history.note(by, Effect::ContainerEnded { id: id.clone() });
            }
            Life::Restarting { .. } => container.life = Life::Exited,
            Life::Created | Life::Exited | Life::Dead => {}
        }
        match self.start(at, id, by, history) {
            Ok(_) => Ok(Changed::Done),
            Err(why) => Err(ApiError::failed(format!("Cannot restart container: {}", why.message))),
        }
    }

    /// A kill counts as a manual stop as well (moby `daemon/kill.go`).
    fn kill(&mut self, at: usize, id: &ContainerId, by: Actor, history: &mut History) -> Answer {
        match self.container(at, id)?.life {
            Life::Created | Life::Exited | Life::Dead => Err(ApiError::conflict("container is not running")),
            Life::Running { .. } | Life::Paused { .. } | Life::Restarting { .. } => {
                self.stop(at, id, KILLED, by, history)
            }
        }
    }

    fn freeze(&mut self, at: usize, id: &ContainerId, frozen: bool, by: Actor, history: &mut History) -> Answer {
        let container = self.container_mut(at, id)?;
        container.life = match (container.life.clone(), frozen) {
            (Life::Running { process }, true) => Life::Paused { process },
            (Life::Paused { process }, false) => Life::Running { process },
            (Life::Paused { .. }, true) => return Err(ApiError::conflict("container is already paused")),
            // Whatever else it does (moby `daemon/unpause.go`).
            (Life::Running { .. } | Life::Created | Life::Exited | Life::Dead | Life::Restarting { .. }, false) => {
                return Err(ApiError::failed("container is not paused"));
            }
            (Life::Created | Life::Exited | Life::Dead | Life::Restarting { .. }, true) => {
                return Err(ApiError::conflict("container is not running"));
            }
        };
        history.note(by, Effect::ContainerFrozen { id: id.clone(), frozen });
        Ok(Changed::Done)
    }

    fn rename(&mut self, at: usize, id: &ContainerId, to: &ContainerName, by: Actor, history: &mut History) -> Answer {
        if self.container(at, id)?.name == *to {
            // moby `daemon/rename.go`
            let message = "renaming a container with the same name as its current name".to_owned();
            return Err(ApiError { status: 400, message });
        }
        if let Some(holder) = self.daemons[at].named(to) {
            let message = format!("the container name \"/{to}\" is already in use by {}", holder.id);
            return Err(ApiError::conflict(message));
        }
        self.container_mut(at, id)?.name = to.clone();
        history.note(by, Effect::ContainerRenamed { id: id.clone(), to: to.clone() });
        Ok(Changed::Done)
    }

    /// Removes a container, running or not; its anonymous volumes with it where that was asked for and nothing else
    /// refers to them.
    pub(super) fn remove_container(
        &mut self,
        at: usize,
        id: &ContainerId,
        volumes: bool,
        by: Actor,
        history: &mut History,
    ) {
        let Some(container) = self.daemons[at].store.containers.remove(id) else { return };
        if container.may_write() {
            history.note(by, Effect::ContainerEnded { id: id.clone() });
        }
        let effect =
            Effect::ContainerRemoved { id: id.clone(), name: container.name.clone(), files: container.layer.len() };
        history.note(by, effect);
        if !volumes {
            return;
        }
        for name in container.config.mounts.iter().filter_map(Mounted::refers_to) {
            let daemon = &self.daemons[at];
            if daemon.volumes.get(name).is_some_and(|volume| volume.anonymous) && !daemon.refers_to(name) {
                self.drop_volume(at, name, by, history);
            }
        }
    }

    /// The entry of a stopped container for a network of the same name that is gone is replaced; one that leads to a network
    /// is left as it is (moby `daemon/container_operations.go`, `ConnectToNetwork`, `updateNetworkSettings`).
    #[expect(clippy::too_many_arguments, reason = "they are the request's")]
    fn connect(
        &mut self,
        at: usize,
        id: &ContainerId,
        network: &NetworkId,
        aliases: &[String],
        ipv4: Option<&String>,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        let Some(name) = self.daemons[at].networks.get(network).map(|network| network.name.clone()) else {
            return Err(ApiError::not_found("network"));
        };
        let daemon = &self.daemons[at];
        let container = self.container(at, id)?;
        let leads_there = |endpoint: &Endpoint| endpoint.network == name && daemon.has_network_of(endpoint);
        if container.networks.iter().any(leads_there) {
            return if container.may_write() {
                Err(ApiError { status: 403, message: "the container is already in that network".to_owned() })
            } else {
                Ok(Changed::Done)
            };
        }
        let container = self.container_mut(at, id)?;
        container.networks.retain(|endpoint| endpoint.network != name);
        container.networks.push(Endpoint {
            network: name.clone(),
            id: Some(network.clone()),
            aliases: aliases.to_vec(),
            ipv4: ipv4.cloned(),
        });
        history.note(by, Effect::ContainerConnected { id: id.clone(), network: name, connected: true });
        Ok(Changed::Done)
    }

    fn disconnect(
        &mut self,
        at: usize,
        id: &ContainerId,
        network: &NetworkId,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        let found = self.daemons[at].networks.get(network).map(|network| network.name.clone());
        let container = self.container_mut(at, id)?;
        let Some(name) = found else {
            // Of one that does not run only its own entries are looked through (moby `daemon/container_operations.go`,
            // `DisconnectFromNetwork`).
            return Err(if container.may_write() {
                ApiError::not_found("network")
            } else {
                ApiError::failed("the container is not in that network")
            });
        };
        let before = container.networks.len();
        container.networks.retain(|endpoint| endpoint.id.as_ref() != Some(network) && endpoint.network != name);
        if container.networks.len() == before {
            return Err(ApiError::failed("the container is not in that network"));
        }
        history.note(by, Effect::ContainerConnected { id: id.clone(), network: name, connected: false });
        Ok(Changed::Done)
    }

    /// `docker system prune`: takes every stopped container and every network that none uses, a stopped gateway's
    /// included.
    fn prune(&mut self, at: usize, volumes: PrunedVolumes, by: Actor, history: &mut History) -> Answer {
        let containers = &self.daemons[at].store.containers;
        let stopped: Vec<_> =
            containers.values().filter(|container| !container.may_write()).map(|one| one.id.clone()).collect();
        for id in &stopped {
            self.remove_container(at, id, false, by, history);
        }
        let daemon = &self.daemons[at];
        let used = |id: &NetworkId| {
            daemon
                .store
                .containers
                .values()
                .any(|container| container.networks.iter().any(|endpoint| endpoint.id.as_ref() == Some(id)))
        };
        let idle: Vec<_> = daemon.networks.keys().filter(|id| !used(id)).cloned().collect();
        for id in &idle {
            let _kept_where_in_use = self.remove_network(at, id, by, history);
        }
        let daemon = &self.daemons[at];
        let unused: Vec<_> = daemon
            .volumes
            .iter()
            .filter(|(name, volume)| {
                let meant = match volumes {
                    PrunedVolumes::None => false,
                    PrunedVolumes::Anonymous => volume.anonymous,
                    PrunedVolumes::All => true,
                };
                meant && !daemon.refers_to(name)
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in &unused {
            self.drop_volume(at, name, by, history);
        }
        Ok(Changed::Done)
    }
}
