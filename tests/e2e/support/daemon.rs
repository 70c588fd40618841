//! What a person does to containers, volumes and networks behind nemoclaw's back, as blocking calls.
//! Absent on purpose: any command-line client of Docker, which a machine need not have.

use std::collections::HashMap;
use std::path::Path;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, NetworkCreateRequest, NetworkDisconnectRequest,
    VolumeCreateRequest,
};
use bollard::query_parameters as query;
use futures_util::TryStreamExt;
use tokio::runtime::Handle;

/// The real daemon.
pub struct Daemon {
    docker: Docker,
    runtime: Handle,
}

/// How long a call may take, in seconds.
const CALL_S: u64 = 120;

impl Daemon {
    /// Connects to the daemon behind a socket and agrees on a version of its API.
    pub fn connect(runtime: &Handle, socket: &Path) -> Result<Self, Error> {
        let socket = socket.display().to_string();
        let docker = runtime.block_on(async {
            Docker::connect_with_unix(&socket, CALL_S, bollard::API_DEFAULT_VERSION)?.negotiate_version().await
        })?;
        Ok(Self { docker, runtime: runtime.clone() })
    }

    /// The client itself, for what has no word here.
    pub fn docker(&self) -> &Docker {
        &self.docker
    }

    /// Carries out calls.
    pub fn run<T>(&self, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.runtime.block_on(future)
    }

    /// What Docker says of a container.
    #[track_caller]
    pub fn inspect(&self, name: &str) -> ContainerInspectResponse {
        self.run(self.docker.inspect_container(name, None)).unwrap_or_else(|error| panic!("inspect {name}: {error}"))
    }

    /// A container's ID.
    #[track_caller]
    pub fn id(&self, name: &str) -> String {
        self.inspect(name).id.expect("a container has an ID")
    }

    /// A container's status.
    #[track_caller]
    pub fn status(&self, name: &str) -> ContainerStateStatusEnum {
        self.inspect(name).state.and_then(|state| state.status).expect("a container has a status")
    }

    /// Whether a container of this name exists and its process runs.
    pub fn runs(&self, name: &str) -> bool {
        let seen = self.run(self.docker.inspect_container(name, None));
        seen.is_ok_and(|seen| seen.state.and_then(|state| state.running) == Some(true))
    }

    /// When a container was started last.
    #[track_caller]
    pub fn started_at(&self, name: &str) -> String {
        self.inspect(name).state.and_then(|state| state.started_at).expect("a container was started at some time")
    }

    /// The value of a variable in a container's environment.
    #[track_caller]
    pub fn env(&self, name: &str, variable: &str) -> Option<String> {
        let env = self.inspect(name).config.and_then(|config| config.env).unwrap_or_default();
        env.iter().find_map(|pair| pair.strip_prefix(variable)?.strip_prefix('=').map(str::to_owned))
    }

    /// Every line that a container wrote, as `docker logs` shows it.
    #[track_caller]
    pub fn log_lines(&self, name: &str) -> Vec<String> {
        let options = query::LogsOptions { stdout: true, stderr: true, ..Default::default() };
        let lines = self.runtime.block_on(self.docker.logs(name, Some(options)).try_collect::<Vec<_>>()).unwrap();
        lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect()
    }

    /// `docker start`
    #[track_caller]
    pub fn start(&self, name: &str) {
        self.run(self.docker.start_container(name, None)).unwrap();
    }

    /// `docker stop`
    #[track_caller]
    pub fn stop(&self, name: &str) {
        self.run(self.docker.stop_container(name, None)).unwrap();
    }

    /// `docker kill`
    #[track_caller]
    pub fn kill(&self, name: &str) {
        self.run(self.docker.kill_container(name, None)).unwrap();
        super::until("the killed container has ended", || !self.runs(name));
    }

    /// `docker kill --signal STOP`: it goes on running, and does nothing any more.
    #[track_caller]
    pub fn hang(&self, name: &str) {
        let options = query::KillContainerOptions { signal: "STOP".to_owned() };
        self.run(self.docker.kill_container(name, Some(options))).unwrap();
    }

    /// `docker pause`
    #[track_caller]
    pub fn pause(&self, name: &str) {
        self.run(self.docker.pause_container(name)).unwrap();
    }

    /// `docker rename`
    #[track_caller]
    pub fn rename(&self, name: &str, to: &str) {
        let options = query::RenameContainerOptions { name: to.to_owned() };
        self.run(self.docker.rename_container(name, options)).unwrap();
    }

    /// `docker rm -f`
    #[track_caller]
    pub fn remove(&self, name: &str) {
        let options = query::RemoveContainerOptions { force: true, ..Default::default() };
        self.run(self.docker.remove_container(name, Some(options))).unwrap();
    }

    /// Whether a volume of this name exists.
    pub fn has_volume(&self, name: &str) -> bool {
        self.run(self.docker.inspect_volume(name)).is_ok()
    }

    /// `docker volume create`
    #[track_caller]
    pub fn create_volume(&self, name: &str, labels: &[(&str, &str)]) {
        let labels: HashMap<_, _> = labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let request =
            VolumeCreateRequest { name: Some(name.to_owned()), labels: Some(labels), ..VolumeCreateRequest::default() };
        self.run(self.docker.create_volume(request)).unwrap();
    }

    /// `docker volume rm`
    #[track_caller]
    pub fn remove_volume(&self, name: &str) {
        self.run(self.docker.remove_volume(name, None::<query::RemoveVolumeOptions>)).unwrap();
    }

    /// The folder of a volume on the host.
    #[track_caller]
    pub fn folder_of_volume(&self, name: &str) -> String {
        self.run(self.docker.inspect_volume(name)).unwrap().mountpoint
    }

    /// `docker network create`
    #[track_caller]
    pub fn create_network(&self, name: &str) {
        self.run(self.docker.create_network(network(name))).unwrap();
    }

    /// A second network of a name, as two clients at the same moment make it. Docker 25 and later never have two.
    pub fn create_another_network(&self, name: &str) {
        let _ = self.run(self.docker.create_network(network(name)));
    }

    /// `docker network disconnect`
    #[track_caller]
    pub fn disconnect(&self, network: &str, container: &str) {
        let request = NetworkDisconnectRequest { container: container.to_owned(), force: None };
        self.run(self.docker.disconnect_network(network, request)).unwrap();
    }

    /// `docker network rm`
    #[track_caller]
    pub fn remove_network(&self, name: &str) {
        self.run(self.docker.remove_network(name)).unwrap();
    }

    /// `docker tag`
    #[track_caller]
    pub fn tag(&self, image: &str, repository: &str, tag: &str) {
        let options = query::TagImageOptions { repo: Some(repository.to_owned()), tag: Some(tag.to_owned()) };
        self.run(self.docker.tag_image(image, Some(options))).unwrap();
    }

    /// Whether there is an image of this name.
    pub fn has_image(&self, image: &str) -> bool {
        self.run(self.docker.inspect_image(image)).is_ok()
    }

    /// Removes an image of this run's. What cannot be removed is told.
    pub fn sweep_image(&self, image: &str) {
        let options = query::RemoveImageOptions { force: true, ..Default::default() };
        if let Err(error) = self.run(self.docker.remove_image(image, Some(options), None)) {
            eprintln!("the image `{image}` is left: {error}");
        }
    }

    /// Removes every container, volume and network whose name holds `token`, which no other case's name does.
    pub fn sweep(&self, token: &str) {
        for name in self.containers(token) {
            let options = query::RemoveContainerOptions { force: true, ..Default::default() };
            let _ = self.run(self.docker.remove_container(&name, Some(options)));
        }
        for name in self.volumes(token) {
            let _ = self.run(self.docker.remove_volume(&name, None::<query::RemoveVolumeOptions>));
        }
        let networks = self.run(self.docker.list_networks(None)).unwrap_or_default();
        // By their IDs: two may have one name.
        for network in networks.into_iter().filter(|network| network.name.iter().any(|name| name.contains(token))) {
            let _ = self.run(self.docker.remove_network(network.id.as_deref().unwrap_or_default()));
        }
        let left = [self.containers(token), self.volumes(token), self.networks(token)].concat();
        if !left.is_empty() {
            eprintln!("left behind: {}", left.join(", "));
        }
    }

    /// The names of all containers, in any state, whose name holds `token`.
    pub fn containers(&self, token: &str) -> Vec<String> {
        let options = query::ListContainersOptions { all: true, ..Default::default() };
        let all = self.run(self.docker.list_containers(Some(options))).unwrap_or_default();
        let names = all.into_iter().filter_map(|container| container.names?.into_iter().next());
        holding(token, names.map(|name| name.trim_start_matches('/').to_owned()))
    }

    /// The names of all volumes whose name holds `token`.
    pub fn volumes(&self, token: &str) -> Vec<String> {
        let all = self.run(self.docker.list_volumes(None::<query::ListVolumesOptions>));
        let all = all.ok().and_then(|answer| answer.volumes).unwrap_or_default();
        holding(token, all.into_iter().map(|volume| volume.name))
    }

    /// The names of all networks whose name holds `token`.
    pub fn networks(&self, token: &str) -> Vec<String> {
        let all = self.run(self.docker.list_networks(None)).unwrap_or_default();
        holding(token, all.into_iter().filter_map(|network| network.name))
    }
}

fn network(name: &str) -> NetworkCreateRequest {
    NetworkCreateRequest { name: name.to_owned(), ..NetworkCreateRequest::default() }
}

fn holding(token: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.filter(|name| name.contains(token)).collect();
    names.sort();
    names
}
