//! A container as dockerd keeps it: what it was made with, which never changes, what was set since, and what it is
//! doing.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{
    Attachment, ContainerId, ContainerName, ContainerSeen, Env, Exit, ImageId, ImageRef, Instance, Known, MountSeen,
    MountSource, MountSpec, MountedSource, NetworkId, NetworkName, PortBinding, RestartPolicy, Status, VolumeName, Why,
};
use serde::{Deserialize, Serialize};

/// What a file holds; two files with the same number hold the same.
pub type Content = u64;

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Container {
    /// Its ID.
    pub id: ContainerId,
    /// Its name.
    pub name: ContainerName,
    /// What it was made with.
    pub config: Arc<Config>,
    /// What it is doing.
    pub life: Life,
    /// The daemon's word for it, where it is none of Docker's (Podman #28359).
    pub shows: Option<String>,
    /// How it ended last.
    pub exit: Exit,
    /// Which of its runs this is; none where it never ran. Another number after every start.
    pub run: Option<u64>,
    /// Whether somebody stopped it, which `unless-stopped` remembers (moby `HasBeenManuallyStopped`).
    pub stopped_by_hand: bool,
    /// The networks it belongs to.
    pub networks: Vec<Endpoint>,
    /// The restart policy that it was given since it was made; none where it has that of its birth.
    #[serde(default)]
    pub given_restart: Option<RestartPolicy>,
    /// Whether its ports are published while it runs. A daemon with live-restore can lose them (moby #38883).
    pub publishes: bool,
    /// Files that exist only in its own layer.
    pub layer: BTreeMap<String, Content>,
}

/// What a container was made with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// The reference it was made from.
    pub image: ImageRef,
    /// What the reference stood for then.
    pub image_id: ImageId,
    /// Its whole command line.
    pub command: Vec<String>,
    /// Its environment, the image's included.
    pub env: Env,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is mounted into it.
    pub mounts: Vec<Mounted>,
    /// What it publishes.
    pub ports: Vec<Published>,
    /// The restart policy that it was made with.
    pub restart: RestartPolicy,
    /// Whether it is removed as soon as it ends (`docker run --rm`).
    pub auto_remove: bool,
    /// Its host name.
    pub hostname: String,
}

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mounted {
    /// What is mounted.
    pub source: MountedSource,
    /// Where it is seen inside.
    pub path: String,
    /// Whether it may be written through.
    pub writable: bool,
}

/// One port that it publishes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Published {
    /// The container's port.
    pub container: u16,
    /// The host's address.
    pub host_ip: String,
    /// The host's port.
    pub host: u16,
}

/// One network that it belongs to. The ID is pinned at the first start: after that a network of the same name does not
/// do (NemoClaw #11995, compose #5745).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name.
    pub network: NetworkName,
    /// Its ID; none before the first start.
    pub id: Option<NetworkId>,
    /// Names under which others find the container.
    pub aliases: Vec<String>,
    /// The address asked for.
    pub ipv4: Option<String>,
}

/// What a container is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Life {
    /// Made, and never started.
    Created,
    /// Its process runs.
    Running {
        /// How it does.
        process: Process,
    },
    /// Its process is frozen.
    Paused {
        /// How it did.
        process: Process,
    },
    /// It ended, and the daemon starts it again.
    Restarting {
        /// In how many milliseconds.
        in_ms: u64,
    },
    /// Its process ended.
    Exited,
    /// It could not be removed whole.
    Dead,
}

/// A process that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// How long until it is warm, in milliseconds.
    pub warm_in_ms: u64,
    /// Whether it has stopped answering, although its image's program would.
    pub hangs: bool,
}

impl Container {
    /// Docker's word for it.
    pub fn status(&self) -> Status {
        match self.life {
            Life::Created => Status::Created,
            Life::Running { .. } => Status::Running,
            Life::Paused { .. } => Status::Paused,
            Life::Restarting { .. } => Status::Restarting,
            Life::Exited => Status::Exited,
            Life::Dead => Status::Dead,
        }
    }

    /// Whether its process is there, frozen or not, or about to be.
    pub fn may_write(&self) -> bool {
        matches!(self.life, Life::Running { .. } | Life::Paused { .. } | Life::Restarting { .. })
    }

    /// Whether ports of the host lead to it while it runs: its networks carry them, so that one without any has none
    /// (moby `daemon/container_operations.go`, `disconnectFromNetwork`; libnetwork programs them on the sandbox's
    /// gateway endpoint).
    pub fn is_reached(&self) -> bool {
        self.publishes && !self.networks.is_empty()
    }

    /// Its restart policy.
    pub fn restart(&self) -> RestartPolicy {
        self.given_restart.unwrap_or(self.config.restart)
    }

    /// The process, where it runs.
    pub fn process(&self) -> Option<Process> {
        match self.life {
            Life::Running { process } => Some(process),
            Life::Created | Life::Paused { .. } | Life::Restarting { .. } | Life::Exited | Life::Dead => None,
        }
    }

    /// Whether it has this volume, by mount or by a bind into its folder.
    pub fn has(&self, volume: &VolumeName) -> bool {
        self.config.mounts.iter().any(|mount| mount.volume() == Some(volume))
    }

    /// The volumes that it has, and may write to.
    pub fn writes_to(&self) -> impl Iterator<Item = &VolumeName> {
        self.config.mounts.iter().filter(|mount| mount.writable).filter_map(Mounted::volume)
    }

    /// As list and inspect show it.
    pub fn seen(&self, network_exists: impl Fn(&Endpoint) -> bool) -> ContainerSeen {
        let Config { image, image_id, command, env, labels, auto_remove, hostname, .. } = &*self.config;
        let runs = matches!(self.life, Life::Running { .. } | Life::Paused { .. });
        ContainerSeen {
            id: self.id.clone(),
            name: self.name.clone(),
            status: match &self.shows {
                Some(word) => Known::Unknown(Why::Unsettled { status: word.clone() }),
                None => Known::Known(self.status()),
            },
            exit: self.exit.clone(),
            instance: self.instance(),
            image: image.clone(),
            image_id: image_id.clone(),
            command: command.clone(),
            env: env.clone(),
            labels: labels.clone(),
            mounts: self.config.mounts.iter().map(Mounted::seen).collect(),
            networks: self.networks.iter().map(|endpoint| endpoint.seen(network_exists(endpoint))).collect(),
            ports: self.config.ports.iter().map(|port| port.seen(self.is_reached() || !runs)).collect(),
            restart: self.restart(),
            auto_remove: *auto_remove,
            hostname: hostname.clone(),
        }
    }

    /// Which of its runs this is, as Docker's `State.StartedAt` tells.
    pub fn instance(&self) -> Instance {
        Instance::new(self.run.map_or_else(|| "never".to_owned(), |run| format!("run {run}")))
    }
}

impl Mounted {
    /// What becomes of a mount that a spec asks for.
    pub fn of(spec: &MountSpec) -> Self {
        let source = match &spec.source {
            MountSource::Volume { name } => MountedSource::Volume { name: name.clone() },
            MountSource::Bind { folder } | MountSource::Folder { folder } => {
                MountedSource::Bind { folder: folder.clone() }
            }
            MountSource::File { file, .. } => MountedSource::Bind { folder: file.clone() },
        };
        Self { source, path: spec.path.clone(), writable: !spec.read_only }
    }

    /// The volume whose files it shows.
    pub fn volume(&self) -> Option<&VolumeName> {
        match &self.source {
            MountedSource::Volume { name } | MountedSource::FolderOfVolume { name, .. } => Some(name),
            MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
        }
    }

    /// The volume that it refers to, so that the daemon keeps it. A bind into its folder is no reference.
    pub fn refers_to(&self) -> Option<&VolumeName> {
        match &self.source {
            MountedSource::Volume { name } => Some(name),
            MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
        }
    }

    fn seen(&self) -> MountSeen {
        MountSeen { source: self.source.clone(), path: self.path.clone(), writable: self.writable }
    }
}

impl Endpoint {
    fn seen(&self, exists: bool) -> Attachment {
        Attachment {
            network: self.network.clone(),
            id: self.id.clone(),
            exists,
            aliases: self.aliases.clone(),
            ipv4: self.ipv4.clone(),
        }
    }
}

impl Published {
    fn seen(&self, published: bool) -> PortBinding {
        PortBinding { container: self.container, host_ip: self.host_ip.clone(), host: Some(self.host), published }
    }
}
