//! What a gateway is meant to look like: the wish that its owner has written down, resolved for one named gateway.
//! A spec says nothing of how things are; that is the observation's. Its texts may hold `{port}` and `{tag}`, which
//! follow the port and the image when those are chosen anew: [`GatewaySpec::filled`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::container::PortBinding;
use crate::names::{ContainerName, ImageRef, NetworkName, PresetName, VolumeName};

/// Everything needed to create one gateway's container, network and volumes, and to tell whether it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySpec {
    /// The preset it was made from.
    pub preset: PresetName,
    /// The container's exact name.
    pub container: ContainerName,
    /// The image wanted.
    pub image: ImageRef,
    /// Where the image comes from when it is not at hand.
    pub image_source: ImageSource,
    /// Images that the gateway itself uses on this host, and that must be at hand before it starts.
    pub companions: Vec<String>,
    /// The whole command line; or, where the image's entry point is kept, what it is given.
    pub command: Vec<String>,
    /// Whether the image's entry point is kept.
    pub keeps_entry_point: bool,
    /// Environment variables set on the container.
    pub env: Env,
    /// The user it runs as; none leaves that to the image.
    pub user: Option<String>,
    /// Whether it runs with all capabilities and devices of the host.
    pub privileged: bool,
    /// Whether it sees the host's control groups.
    pub host_cgroups: bool,
    /// Further host names, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// Whether it is to have the host's GPUs, where there are any.
    pub gpu: bool,
    /// What is mounted into it.
    pub mounts: Vec<MountSpec>,
    /// The port on the host, and the one behind it.
    pub port: PortSpec,
    /// The network of its own, created with it; none means Docker's default one.
    pub network: Option<NetworkName>,
    /// The node name a new gateway gets: its host name, and the value of `node_name_env`.
    pub node_name: String,
    /// The environment variable that tells the gateway its node name.
    pub node_name_env: Option<String>,
    /// Where on the gateway's first volume the node name of its data is written.
    pub node_name_file: Option<String>,
    /// Docker's restart policy.
    pub restart: RestartPolicy,
    /// How to ask whether it is ready.
    pub readiness: ReadinessSpec,
    /// How long it may take from start to ready, in milliseconds.
    pub warm_up_ms: u64,
    /// How long it gets to end by itself when it is stopped, in seconds.
    pub stop_grace_s: u32,
    /// How its sandboxes are listed.
    pub sandboxes: SandboxListing,
    /// Whether it can be made where nothing of it is there.
    pub from_nothing: bool,
    /// What its owner has to know once it was made, in one sentence.
    pub notice: Option<String>,
    /// Paths of the container's own file system that a replacement takes along.
    pub carry: Vec<String>,
    /// Paths of the container's own file system that are worth nothing: caches, logs.
    pub noise: Vec<String>,
}

/// The network that Docker connects a container to where none is named.
const DEFAULT_NETWORK: &str = "bridge";

impl GatewaySpec {
    /// The network that its container is connected to.
    pub fn network_or_default(&self) -> NetworkName {
        self.network.clone().unwrap_or_else(|| NetworkName::new(DEFAULT_NETWORK))
    }

    /// The volumes that it mounts, with the path at which each is seen inside.
    pub fn volumes(&self) -> impl Iterator<Item = (&VolumeName, &str)> {
        self.mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::Volume { name } => Some((name, mount.path.as_str())),
            MountSource::Bind { .. } | MountSource::File { .. } | MountSource::Folder { .. } => None,
        })
    }

    /// A text of the spec with its port and its image filled in.
    pub fn filled(&self, text: &str) -> String {
        text.replace("{port}", &self.port.host.to_string()).replace("{tag}", self.image.tag())
    }

    /// The command line as the container has it.
    pub fn command_line(&self) -> Vec<String> {
        self.command.iter().map(|argument| self.filled(argument)).collect()
    }

    /// The environment as the container has it, less its node name.
    pub fn environment(&self) -> Env {
        Env(self.env.0.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect())
    }

    /// The companions' references.
    pub fn companion_images(&self) -> Vec<ImageRef> {
        self.companions.iter().map(|reference| ImageRef::new(self.filled(reference))).collect()
    }
}

/// Environment variables. Their values are secrets: `Debug` hides them, traces replace them, and no label holds one.
/// A field of this type is always called `env`, which is what the trace's redaction goes by.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Env(pub BTreeMap<String, String>);

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where an image comes from when the daemon does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageSource {
    /// It is pulled from the registry that its reference names.
    Registry,
    /// It is the running executable, packed with the libraries it needs.
    Executable,
    /// It holds nothing at all: what never runs is made from it.
    Empty,
}

/// One mount of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountSpec {
    /// What is mounted.
    pub source: MountSource,
    /// Where the gateway sees it.
    pub path: String,
    /// Whether the gateway may only read it.
    pub read_only: bool,
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum MountSource {
    /// A volume: it holds its owner's work.
    Volume {
        /// The volume's exact name.
        name: VolumeName,
    },
    /// A folder or socket of the host.
    Bind {
        /// Its absolute path on the host.
        folder: String,
    },
    /// A file of our own, written before the container is made.
    File {
        /// Its absolute path on the host.
        file: String,
        /// What it says.
        content: String,
    },
    /// A folder of our own, made before the container is.
    Folder {
        /// Its absolute path on the host.
        folder: String,
    },
}

impl MountSource {
    /// The path on the host, where it is one.
    pub fn on_host(&self) -> Option<&str> {
        match self {
            Self::Volume { .. } => None,
            Self::Bind { folder } | Self::Folder { folder } => Some(folder),
            Self::File { file, .. } => Some(file),
        }
    }
}

/// One published port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSpec {
    /// The host's address it is bound to.
    pub host_ip: String,
    /// The host's port.
    pub host: u16,
    /// The container's port.
    pub container: u16,
    /// Whether the container's port is always the host's.
    pub same_inside: bool,
    /// The container's port of a health endpoint of its own, which is published on the host's next port.
    pub health: Option<u16>,
}

impl PortSpec {
    /// The same on another port of the host.
    pub fn on(&self, host: u16) -> Self {
        Self { host, container: if self.same_inside { host } else { self.container }, ..self.clone() }
    }

    /// Whether such a port can be.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.host == 0 || self.container == 0 || self.health == Some(0) {
            return Err("a port lies between 1 and 65535");
        }
        if self.health.is_some() && self.host == u16::MAX {
            return Err("a health endpoint needs the next port, and there is none");
        }
        if self.health == Some(self.container) {
            return Err("inside the container that port is the health endpoint's");
        }
        Ok(())
    }

    /// The port on the host of the health endpoint of its own, where it has one.
    pub fn health_on_host(&self) -> Option<u16> {
        self.health.and_then(|_| self.host.checked_add(1))
    }

    /// Which of a container's bindings is this port.
    pub fn binding<'a>(&self, bindings: &'a [PortBinding]) -> Option<&'a PortBinding> {
        let exact = bindings.iter().find(|binding| binding.container == self.container);
        let same = || {
            let fits = |binding: &&PortBinding| {
                binding.host == Some(binding.container) && Some(binding.container) != self.health
            };
            bindings.iter().filter(|_| self.same_inside).find(fits)
        };
        exact.or_else(same)
    }

    /// This port as a container has it; as it is where the container has none.
    pub fn as_bound(&self, bindings: &[PortBinding]) -> Self {
        match self.binding(bindings).and_then(|binding| Some((binding, binding.host?))) {
            Some((binding, host)) => {
                Self { host_ip: binding.host_ip.clone(), host, container: binding.container, ..self.clone() }
            }
            None => self.clone(),
        }
    }
}

/// Docker's restart policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never started by Docker.
    No,
    /// Started again whenever it ends, and with the daemon, a manual stop or not.
    Always,
    /// As `Always`, but a manual stop is remembered across the daemon's restarts.
    UnlessStopped,
    /// Started again when it ends with another code than 0.
    OnFailure,
}

impl RestartPolicy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::No, Self::Always, Self::UnlessStopped, Self::OnFailure];

    /// Docker's own word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::OnFailure => "on-failure",
        }
    }
}

/// How to ask over HTTP whether the gateway is ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadinessSpec {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// What is asked, in this order, until one answer says ready; nothing where no health endpoint is published, so
    /// that a connection is all that can be seen.
    pub asks: Vec<Ask>,
    /// What its answer bears that no other server's would.
    pub mark: Option<Mark>,
    /// The folder of the host with a certificate for us (`tls.crt`, `tls.key`) and the authority of the gateway's own
    /// (`ca.crt`).
    pub client_certificate: Option<String>,
}

/// One question about readiness.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The path asked for.
    pub path: String,
    /// The statuses that mean ready.
    pub statuses: Vec<u16>,
}

/// The scheme of a gateway's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A field of a JSON answer that only this kind of gateway sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The top-level field.
    pub field: String,
    /// Its value.
    pub value: String,
}

/// How a gateway's sandboxes are listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SandboxListing {
    /// It has none that could be listed.
    None,
    /// `GET path` answers with a JSON array of names.
    Http {
        /// The path on the gateway's own port.
        path: String,
    },
    /// They are containers of the same daemon, beside the gateway's.
    Siblings {
        /// A label that each bears, as `key=value`.
        label: String,
        /// The label that holds a sandbox's name.
        name_label: String,
    },
    /// A program in the gateway's container prints them as a Kubernetes list (`items[].metadata.name`).
    Exec {
        /// Its command line.
        command: Vec<String>,
    },
}
