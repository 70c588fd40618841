//! What a container's start needs, what its end leaves, and what the restart policy makes of it.

use engine::{ContainerId, ContainerName, Disk, MountedSource, RestartPolicy, gateway_of};

use super::apply::{Answer, EMPTY_IMAGE};
use super::call::{ApiError, Changed};
use super::container::{Container, Life, Process};
use super::effect::{Actor, Effect, History};
use super::program::{DATA, FORM};
use super::{RESTART_AFTER_MAX_MS, RESTART_AFTER_MS, World};

/// The exit code of a container whose start failed (moby `daemon/start.go`).
const START_FAILED: i64 = 128;

impl World {
    /// Starts a container's process, or says why it cannot be. The container stays as it was then, with the error.
    pub(super) fn start_process(
        &mut self,
        daemon: usize,
        id: &ContainerId,
        by: Actor,
        history: &mut History,
    ) -> Result<(), ApiError> {
        let Some(container) = self.daemons[daemon].store.containers.get(id) else {
            return Err(ApiError::not_found("container"));
        };
        if let Err(error) = self.can_start(daemon, container) {
            self.start_failed(daemon, id, &error, by, history);
            return Err(error);
        }
        let beside = self.writers_beside(daemon, container);
        let program = self.program(&container.config.image_id);
        let writes = container.writes_to().next().cloned();
        let run = self.number();
        let found = &mut *self.daemons[daemon];
        let networks = found.networks.clone();
        let Some(container) = found.store.containers.get_mut(id) else { return Err(ApiError::not_found("container")) };
        for endpoint in &mut container.networks {
            if endpoint.id.is_none() {
                endpoint.id = networks.iter().find(|(_, one)| one.name == endpoint.network).map(|(id, _)| id.clone());
            }
        }
        container.life = Life::Running { process: Process { warm_in_ms: program.warm_up_ms, hangs: false } };
        container.run = Some(run);
        container.stopped_by_hand = false;
        container.publishes = true;
        // moby `container/state.go`, `SetRunning`
        container.exit.code = 0;
        container.exit.oom = false;
        container.exit.error.clear();
        for path in program.layer {
            container.layer.entry(path).or_insert(run);
        }
        let owner = gateway_of(&container.config.labels);
        for name in container.writes_to() {
            if let Some(volume) = found.volumes.get_mut(name) {
                volume.used |= owner.is_some() && owner == gateway_of(&volume.labels);
            }
        }
        // A gateway's own files are on its volume from its first start on.
        if let Some(volume) = writes.and_then(|volume| found.volumes.get_mut(&volume)) {
            volume.files.entry(DATA.to_owned()).or_insert(run);
            // Data of an older form is rewritten before anything else is done with it.
            if program.form > volume.files.get(FORM).copied().unwrap_or_default() {
                volume.files.insert(DATA.to_owned(), run);
                volume.files.insert(FORM.to_owned(), program.form);
            }
        }
        history.note(by, Effect::ContainerStarted { id: id.clone(), beside });
        Ok(())
    }

    /// What a start that failed leaves: the code of an earlier end stays, and a container that removes itself when it ends
    /// does so now (moby `daemon/start.go`, `containerStart`).
    fn start_failed(&mut self, daemon: usize, id: &ContainerId, error: &ApiError, by: Actor, history: &mut History) {
        let Some(container) = self.daemons[daemon].store.containers.get_mut(id) else { return };
        container.exit.error.clone_from(&error.message);
        if container.exit.code == 0 {
            container.exit.code = START_FAILED;
        }
        if matches!(container.life, Life::Restarting { .. }) {
            container.life = Life::Exited;
        }
        if container.config.auto_remove {
            self.remove_container(daemon, id, true, by, history);
        }
    }

    fn can_start(&self, daemon: usize, container: &Container) -> Result<(), ApiError> {
        let found = &self.daemons[daemon];
        if self.disk == Disk::Full {
            return Err(ApiError::failed("no space left on device"));
        }
        // It holds no program (Docker answers 400, moby `daemon/start.go`, `translateContainerdStartErr`).
        if container.config.image_id.as_str() == EMPTY_IMAGE {
            return Err(ApiError { status: 400, message: "exec: no such file or directory".to_owned() });
        }
        for mount in &container.config.mounts {
            match &mount.source {
                MountedSource::Volume { name } if !found.volumes.contains_key(name) => {
                    return Err(ApiError::failed(format!("get {name}: no such volume")));
                }
                MountedSource::Bind { folder } if self.gone_folders.contains(folder) => {
                    return Err(ApiError {
                        status: 400,
                        message: format!("bind source path does not exist: {folder}"),
                    });
                }
                MountedSource::Volume { .. }
                | MountedSource::Bind { .. }
                | MountedSource::FolderOfVolume { .. }
                | MountedSource::Other { .. } => {}
            }
        }
        if let Some(endpoint) = container.networks.iter().find(|endpoint| !found.has_network_of(endpoint)) {
            let id = endpoint.id.as_ref().map_or(endpoint.network.as_str(), |id| id.as_str());
            return Err(ApiError::not_found(&format!("network: {id}")));
        }
        let taken = |port: u16| {
            self.held_ports.contains_key(&port)
                || self.publisher(port).is_some_and(|(_, holder)| holder.id != container.id)
        };
        // Without a network no port is asked for.
        let ports = if container.networks.is_empty() { &[] } else { container.config.ports.as_slice() };
        match ports.iter().find(|port| taken(port.host)) {
            Some(port) => Err(ApiError::failed(format!("port {} is already allocated", port.host))),
            None => Ok(()),
        }
    }

    /// The other containers whose processes may write to a volume that this one writes to.
    fn writers_beside(&self, daemon: usize, container: &Container) -> Vec<ContainerName> {
        let shares = |other: &&Container| {
            other.id != container.id
                && other.may_write()
                && other.writes_to().any(|volume| container.writes_to().any(|own| own == volume))
        };
        self.daemons[daemon].store.containers.values().filter(shares).map(|other| other.name.clone()).collect()
    }

    /// The policy holds from the next end and the next start of the daemon on; whether it was stopped by hand stays
    /// remembered, and a start that is already waited for comes. A container that is removed as soon as it ends takes
    /// none but `no` (moby `daemon/update.go`, `container/container_unix.go` `UpdateContainer`, `restartmanager`
    /// `SetPolicy`).
    pub(super) fn set_restart_policy(
        &mut self,
        at: usize,
        id: &ContainerId,
        policy: RestartPolicy,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        let container = self.container_mut(at, id)?;
        if container.life == Life::Dead {
            return Err(ApiError::failed("container is marked for removal and cannot be \"update\""));
        }
        if container.config.auto_remove && policy != RestartPolicy::No {
            let why = "Restart policy cannot be updated because AutoRemove is enabled for the container";
            return Err(ApiError::conflict(why));
        }
        container.given_restart = Some(policy);
        history.note(by, Effect::RestartPolicySet { id: id.clone(), policy });
        Ok(Changed::Done)
    }

    /// A container's process ends, and Docker does what its policy says.
    pub(super) fn end(
        &mut self,
        daemon: usize,
        id: &ContainerId,
        code: i64,
        oom: bool,
        by: Actor,
        history: &mut History,
    ) {
        let Some(container) = self.daemons[daemon].store.containers.get_mut(id) else { return };
        container.exit.code = code;
        container.exit.oom = oom;
        let again = match container.restart() {
            RestartPolicy::No => false,
            RestartPolicy::Always | RestartPolicy::UnlessStopped => !container.stopped_by_hand,
            RestartPolicy::OnFailure => code != 0 && !container.stopped_by_hand,
        };
        history.note(by, Effect::ContainerEnded { id: id.clone() });
        if container.config.auto_remove {
            // Its anonymous volumes go with it (moby `AutoRemove`: `RemoveVolume: true`).
            self.remove_container(daemon, id, true, by, history);
        } else if again {
            let times = u32::try_from(container.exit.restarts.min(20)).unwrap_or_default();
            let in_ms = (RESTART_AFTER_MS << times).min(RESTART_AFTER_MAX_MS);
            container.exit.restarts += 1;
            container.life = Life::Restarting { in_ms };
        } else {
            container.life = Life::Exited;
        }
    }
}
