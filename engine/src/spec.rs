//! What a gateway is meant to look like: the wish that its owner has written down, resolved for one named gateway.
//! A spec says nothing of how things are; that is the observation's.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// The whole command line; nothing is left to the image.
    pub command: Vec<String>,
    /// Environment variables set on the container.
    pub env: Env,
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
            MountSource::Bind { .. } => None,
        })
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

/// How to ask over HTTP whether the gateway is ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadinessSpec {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// The path asked for.
    pub path: String,
    /// The statuses that mean ready.
    pub statuses: Vec<u16>,
    /// What its answer bears that no other server's would.
    pub mark: Option<Mark>,
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
}
