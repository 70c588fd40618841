//! Containers that somebody else makes: started through testcontainers, or created and left at that.
//! They bear none of nemoclaw's labels.

use std::collections::BTreeMap;

use bollard::models::{
    ContainerCreateBody, DeviceRequest, HostConfig, Mount, MountType, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::CreateContainerOptions;
use testcontainers::core::IntoContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::runtime::Handle;

use super::suite::Suite;

/// A container in the making: the reference gateway, from a command line as a person would type it.
#[derive(Clone, Debug)]
pub struct ByHand {
    name: String,
    image: String,
    env: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    /// Ports inside the container, each published.
    ports: Vec<u16>,
    host: HostConfig,
}

/// The port of the reference gateway inside its container, unless it is told another.
const PORT: u16 = 8080;

impl ByHand {
    /// A container of this name. It mounts nothing and publishes nothing.
    pub fn named(name: &str, image: &str) -> Self {
        let host = HostConfig { publish_all_ports: Some(false), ..HostConfig::default() };
        Self {
            name: name.to_owned(),
            image: image.to_owned(),
            env: BTreeMap::new(),
            labels: BTreeMap::new(),
            ports: Vec::new(),
            host,
        }
    }

    /// `--env NAME=VALUE`
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// `--mount type=volume,source=VOLUME,target=PATH`, and its data is there.
    pub fn volume(self, volume: &str, path: &str) -> Self {
        self.mount(MountType::VOLUME, volume, path)
    }

    /// `--mount type=bind,source=FOLDER,target=PATH`, and its data is there.
    pub fn bind(self, folder: &str, path: &str) -> Self {
        self.mount(MountType::BIND, folder, path)
    }

    /// `--label NAME=VALUE`
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// `--publish 127.0.0.1:PORT:8080`
    pub fn publish(self, port: u16) -> Self {
        self.publish_at("127.0.0.1", port, PORT)
    }

    /// `--publish IP:PORT:INSIDE`
    pub fn publish_at(mut self, ip: &str, port: u16, inside: u16) -> Self {
        let binding = PortBinding { host_ip: Some(ip.to_owned()), host_port: Some(port.to_string()) };
        let bindings = self.host.port_bindings.get_or_insert_default();
        bindings.insert(format!("{inside}/tcp"), Some(vec![binding]));
        self.ports.push(inside);
        self
    }

    /// `--gpus all`
    pub fn with_gpus(mut self) -> Self {
        let capabilities = Some(vec![vec!["gpu".to_owned()]]);
        self.host.device_requests = Some(vec![DeviceRequest { count: Some(-1), capabilities, ..Default::default() }]);
        self
    }

    /// `--privileged`
    pub fn privileged(mut self) -> Self {
        self.host.privileged = Some(true);
        self
    }

    /// `--restart unless-stopped`
    pub fn restarting(mut self) -> Self {
        let name = Some(RestartPolicyNameEnum::UNLESS_STOPPED);
        self.host.restart_policy = Some(RestartPolicy { name, maximum_retry_count: None });
        self
    }

    /// `--rm`
    pub fn auto_removed(mut self) -> Self {
        self.host.auto_remove = Some(true);
        // Docker takes no restart policy beside it.
        self.host.restart_policy = None;
        self
    }

    /// `--network NAME`
    pub fn network(mut self, name: &str) -> Self {
        self.host.network_mode = Some(name.to_owned());
        self
    }

    /// `docker run -d`, through testcontainers.
    #[track_caller]
    pub fn start(self, suite: &Suite) -> Started {
        let (repository, tag) = self.image.rsplit_once(':').expect("an image with a tag");
        let host = self.host;
        let image = GenericImage::new(repository, tag);
        let image = self.ports.iter().fold(image, |image, port| image.with_exposed_port(port.tcp()));
        let request = image
            .with_container_name(&self.name)
            .with_labels(self.labels)
            .with_cmd(command())
            .with_host_config_modifier(move |config| *config = host.clone());
        let request = self.env.iter().fold(request, |request, (name, value)| request.with_env_var(name, value));
        let container = suite.runtime().block_on(request.start());
        let container = container.unwrap_or_else(|error| panic!("run {}: {error}", self.name));
        Started { container: Some(container), runtime: suite.runtime().clone() }
    }

    /// `docker create`
    #[track_caller]
    pub fn create(self, suite: &Suite) {
        let body = ContainerCreateBody {
            image: Some(self.image),
            cmd: Some(command()),
            env: Some(self.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            labels: Some(self.labels.into_iter().collect()),
            exposed_ports: Some(self.ports.iter().map(|port| format!("{port}/tcp")).collect()),
            host_config: Some(self.host),
            ..ContainerCreateBody::default()
        };
        let daemon = suite.daemon();
        let options = CreateContainerOptions { name: Some(self.name.clone()), ..CreateContainerOptions::default() };
        let made = daemon.run(daemon.docker().create_container(Some(options), body));
        made.unwrap_or_else(|error| panic!("create {}: {error}", self.name));
    }

    /// `--volume PATH`: a volume that has no name but the one that Docker gives it.
    pub fn anonymous_volume(mut self, path: &str) -> Self {
        let mount = Mount { target: Some(path.to_owned()), typ: Some(MountType::VOLUME), ..Mount::default() };
        self.host.mounts.get_or_insert_default().push(mount);
        self
    }

    /// `--mount type=bind,source=FOLDER,target=PATH`, and its data is elsewhere.
    pub fn bind_besides(mut self, folder: &str, path: &str) -> Self {
        let (target, source) = (Some(path.to_owned()), Some(folder.to_owned()));
        let mount = Mount { target, source, typ: Some(MountType::BIND), ..Mount::default() };
        self.host.mounts.get_or_insert_default().push(mount);
        self
    }

    /// `--memory BYTES`
    pub fn memory(mut self, bytes: i64) -> Self {
        self.host.memory = Some(bytes);
        self
    }

    fn mount(mut self, typ: MountType, source: &str, path: &str) -> Self {
        let mount = Mount {
            target: Some(path.to_owned()),
            source: Some(source.to_owned()),
            typ: Some(typ),
            ..Mount::default()
        };
        self.host.mounts.get_or_insert_default().push(mount);
        self.env("NEMOCLAW_REFERENCE_DATA", path)
    }
}

fn command() -> Vec<String> {
    vec!["/nemoclaw".to_owned(), "reference-gateway".to_owned()]
}

/// A container that testcontainers started, and removes when this value goes.
pub struct Started {
    container: Option<ContainerAsync<GenericImage>>,
    runtime: Handle,
}

impl Drop for Started {
    fn drop(&mut self) {
        // testcontainers removes it from within a runtime only.
        let _context = self.runtime.enter();
        drop(self.container.take());
    }
}
