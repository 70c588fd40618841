//! What the engine asks a host to do: every name, ID and flag is in it, so that a host has nothing left to choose.
//! Commands serialize, for the trace, but do not deserialize, and are not `Clone`: the machine hands one out and keeps
//! none. Absent on purpose: force, removal of volumes along with a container, any prune.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::container::PortBinding;
use crate::evidence::Absence;
use crate::helper::{BackupOrder, HelperContainer, RestoreOrder};
use crate::names::{ContainerId, ContainerName, GatewayName, ImageRef, NetworkId, NetworkName, VolumeName};
use crate::next::{CarriedPath, NextContainer};
use crate::observation::Gpu;
use crate::record::GatewayRecord;
use crate::spec::{Env, ImageSource, MountSpec, PortSpec, ReadinessSpec, RestartPolicy, SandboxListing};

/// One thing to do. The answer is an [`Event`](crate::Event).
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Command {
    /// Take the lock of this gateway, so that no other run on it interleaves.
    TakeLock {
        /// Whose.
        gateway: GatewayName,
        /// Whether to wait for the one who holds it.
        wait: bool,
    },
    /// Read the gateway's record.
    ReadRecord {
        /// Whose.
        gateway: GatewayName,
    },
    /// Look which of these names are there, to tell which kind of gateway is meant.
    FindNames {
        /// Containers.
        containers: Vec<ContainerName>,
        /// Volumes.
        volumes: Vec<VolumeName>,
        /// How long to wait before looking, in milliseconds.
        wait_ms: u64,
    },
    /// Take one whole picture.
    Observe(Box<Target>),
    /// Have the image at hand.
    ProvideImage {
        /// Which.
        reference: ImageRef,
        /// Where from.
        source: ImageSource,
    },
    /// Create a network; the latest picture shows none of that name.
    CreateNetwork {
        /// Its name.
        name: NetworkName,
        /// Its labels.
        labels: BTreeMap<String, String>,
    },
    /// Create a volume; the latest picture shows none of that name.
    CreateVolume {
        /// Its name.
        name: VolumeName,
        /// Its labels.
        labels: BTreeMap<String, String>,
    },
    /// Create a container, without starting it.
    CreateContainer(Box<NewContainer>),
    /// Connect a stopped container to a network in the place of one of the same name that is gone.
    ConnectNetwork {
        /// The container.
        container: ContainerId,
        /// The network that is there now.
        network: NetworkId,
        /// The names under which others find it.
        aliases: Vec<String>,
        /// The address it had asked for.
        ipv4: Option<String>,
    },
    /// Start a container.
    StartContainer {
        /// Which.
        container: ContainerId,
        /// Files and folders of ours that it binds: those that are gone are made again before.
        files: Vec<MountSpec>,
    },
    /// Unfreeze a paused container.
    UnpauseContainer {
        /// Which.
        container: ContainerId,
    },
    /// Stop a container.
    StopContainer {
        /// Which.
        container: ContainerId,
        /// How long its process gets to end by itself, in seconds.
        grace_s: u32,
    },
    /// Stop a container and start it again.
    RestartContainer {
        /// Which.
        container: ContainerId,
        /// How long its process gets to end by itself, in seconds.
        grace_s: u32,
    },
    /// Wait until the gateway is ready, its container ends, or the time is over.
    AwaitReady {
        /// Its container.
        container: ContainerId,
        /// What to ask.
        probe: Probe,
        /// How long to wait at most, in milliseconds.
        limit_ms: u64,
    },
    /// List the gateway's sandboxes.
    ListSandboxes {
        /// Its container.
        container: ContainerId,
        /// Where to ask.
        endpoint: Endpoint,
        /// How.
        listing: SandboxListing,
    },
    /// Read the last lines that the container wrote, for a person to read.
    ReadLogs {
        /// Which.
        container: ContainerId,
        /// How many lines.
        lines: u32,
    },
    /// Measure volumes, for a person to choose among them.
    MeasureVolumes {
        /// Which.
        volumes: Vec<VolumeName>,
    },
    /// Create the container that is to take another's place, without starting it.
    CreateNext(Box<NextContainer>),
    /// Copy paths of one container's own file system into another that was never started, with owners and modes.
    CarryOver {
        /// Where they are.
        from: ContainerId,
        /// The container that was never started.
        to: ContainerId,
        /// Which. One that is not there is nothing to carry.
        paths: Vec<CarriedPath>,
    },
    /// Give a container another name.
    RenameContainer {
        /// Which.
        container: ContainerId,
        /// Its name from now on.
        name: ContainerName,
    },
    /// Set a container's restart policy.
    SetRestartPolicy {
        /// Which.
        container: ContainerId,
        /// Its policy from now on.
        policy: RestartPolicy,
    },
    /// Remove a container that does not run. Never by force, and never a volume with it, named or anonymous.
    RemoveContainer {
        /// Which.
        container: ContainerId,
    },
    /// Create a helper, which is never started: through it volumes are read.
    CreateHelper(Box<HelperContainer>),
    /// Copy volumes into a new backup and verify it. Only what is verified is a backup.
    BackUp(Box<BackupOrder>),
    /// Verify a backup, every archive to its end, and say what it holds. Changes nothing.
    VerifyBackup {
        /// Its folder.
        backup: String,
    },
    /// Write a backup's volumes into empty ones and read them back. Only what reads back as it was listed is restored.
    Restore(Box<RestoreOrder>),
    /// Remove a volume. The host proves the absence again first, within this command.
    RemoveVolume {
        /// The proof.
        absence: Absence,
    },
    /// Remove a network. Docker refuses it as long as anything that runs is connected.
    RemoveNetwork {
        /// Which.
        network: NetworkId,
    },
    /// Give the record another name, beside where it was: what it records has gone, and nothing of it is lost.
    SetRecordAside {
        /// Whose.
        gateway: GatewayName,
    },
    /// Read what the next container wrote last, for the trace and for a person, before it is undone. From here on the run
    /// has a time limit of its own: what it puts back is put back also where its time is over.
    BeginRollBack {
        /// The next container.
        next: ContainerId,
        /// How many lines.
        lines: u32,
        /// How long the run may take from now on, in milliseconds, if that is more than what is left.
        limit_ms: u64,
    },
    /// Write the gateway's record.
    WriteRecord {
        /// What it says from now on.
        record: Arc<GatewayRecord>,
        /// Whether the record that is there is kept beside the new one.
        keep_old: bool,
    },
}

/// What to look for in one look, by exact names, IDs and labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Target {
    /// The gateway, as objects made by us are labelled.
    pub gateway: GatewayName,
    /// The gateway's container's name.
    pub container: ContainerName,
    /// The names that the containers of a replacement bear.
    pub replacement: Vec<ContainerName>,
    /// The container that the record names.
    pub recorded: Option<ContainerId>,
    /// The data root that the record names.
    pub data_root: Option<String>,
    /// The volumes looked for, besides those labelled as this gateway's.
    pub volumes: Vec<VolumeName>,
    /// The network looked for, besides those that the gateway's container refers to.
    pub network: Option<NetworkName>,
    /// The image looked for.
    pub image: ImageRef,
    /// Further images looked for.
    pub companions: Vec<ImageRef>,
    /// The port that the gateway is to have; an existing container's own is asked instead where it has one.
    pub port: PortSpec,
    /// What to ask its health endpoint.
    pub readiness: ReadinessSpec,
    /// How long to wait before looking, in milliseconds: a pause between attempts, or the grace of a stop whose answer
    /// was lost.
    pub wait_ms: u64,
    /// Whether to ask who the daemon is.
    pub identity: bool,
    /// Whether to ask which files exist only in the container's own layer.
    pub layer: bool,
    /// Whether to ask for the host's GPUs.
    pub gpu: bool,
    /// Where on the gateway's first volume the node name of its data is written, where that is to be read.
    pub node_name_file: Option<String>,
}

/// A container to be created, whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NewContainer {
    /// Its name; that a name is taken is a conflict, which makes creating twice safe.
    pub name: ContainerName,
    /// Its image.
    pub image: ImageRef,
    /// Its whole command line; or, where the image's entry point is kept, what it is given.
    pub command: Vec<String>,
    /// Whether the image's entry point is kept.
    pub keeps_entry_point: bool,
    /// Its environment.
    pub env: Env,
    /// The user it runs as; none leaves that to the image.
    pub user: Option<String>,
    /// Whether it runs with all capabilities and devices of the host.
    pub privileged: bool,
    /// Whether it sees the host's control groups.
    pub host_cgroups: bool,
    /// Further host names, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// The host's GPUs that it gets, by the way the daemon gives them.
    pub gpu: Option<Gpu>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its mounts. Volumes exist already and are mounted without copying the image's files into them; files and
    /// folders of ours are written before.
    pub mounts: Vec<MountSpec>,
    /// Its published port.
    pub port: PortSpec,
    /// Its network.
    pub network: Option<NetworkName>,
    /// Its host name.
    pub hostname: String,
    /// Its restart policy.
    pub restart: RestartPolicy,
}

/// Where a gateway is asked over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: crate::spec::Scheme,
    /// The host's address that the port is bound to, as Docker says it (`0.0.0.0` is any).
    pub host_ip: String,
    /// The host's port.
    pub port: u16,
}

/// What is asked to know whether a gateway is ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Probe {
    /// Its health endpoint.
    Http {
        /// Where.
        endpoint: Endpoint,
        /// What.
        readiness: ReadinessSpec,
    },
    /// Only whether it accepts connections: its health endpoint is not published.
    Accepts {
        /// Where.
        endpoint: Endpoint,
    },
}

impl Probe {
    /// What is asked of a gateway on this port; of a container that is there, what it publishes decides.
    pub fn of(readiness: &ReadinessSpec, port: &PortSpec, bindings: Option<&[PortBinding]>) -> Self {
        let at =
            |host_ip: &str, host: u16| Endpoint { scheme: readiness.scheme, host_ip: host_ip.to_owned(), port: host };
        let http = |endpoint: Endpoint| Self::Http { endpoint, readiness: readiness.clone() };
        let accepts = || Self::Accepts { endpoint: at(&port.host_ip, port.host) };
        if readiness.asks.is_empty() {
            return accepts();
        }
        let (Some(health), Some(bindings)) = (port.health, bindings) else {
            return http(at(&port.host_ip, port.health_on_host().unwrap_or(port.host)));
        };
        let published = bindings.iter().find(|binding| binding.container == health);
        match published.and_then(|binding| Some(at(&binding.host_ip, binding.host?))) {
            Some(endpoint) => http(endpoint),
            None => accepts(),
        }
    }

    /// Where it is asked.
    pub fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Http { endpoint, .. } | Self::Accepts { endpoint } => endpoint,
        }
    }
}

impl Endpoint {
    /// The URL that reaches it from the host itself.
    pub fn url(&self) -> String {
        let host = match self.host_ip.as_str() {
            "" | "0.0.0.0" => "127.0.0.1".to_owned(),
            "::" => "[::1]".to_owned(),
            ip if ip.contains(':') => format!("[{ip}]"),
            ip => ip.to_owned(),
        };
        format!("{}://{host}:{}", self.scheme.as_str(), self.port)
    }
}

impl Command {
    /// Whether it changes anything beyond the lock that dies with the run.
    pub fn changes_something(&self) -> bool {
        match self {
            Self::TakeLock { .. }
            | Self::ReadRecord { .. }
            | Self::FindNames { .. }
            | Self::Observe(_)
            | Self::AwaitReady { .. }
            | Self::ListSandboxes { .. }
            | Self::ReadLogs { .. }
            | Self::MeasureVolumes { .. }
            | Self::VerifyBackup { .. }
            | Self::BeginRollBack { .. } => false,
            Self::ProvideImage { .. }
            | Self::CreateNetwork { .. }
            | Self::CreateVolume { .. }
            | Self::CreateContainer(_)
            | Self::ConnectNetwork { .. }
            | Self::StartContainer { .. }
            | Self::UnpauseContainer { .. }
            | Self::StopContainer { .. }
            | Self::RestartContainer { .. }
            | Self::CreateNext(_)
            | Self::CarryOver { .. }
            | Self::RenameContainer { .. }
            | Self::SetRestartPolicy { .. }
            | Self::RemoveContainer { .. }
            | Self::CreateHelper(_)
            | Self::BackUp(_)
            | Self::Restore(_)
            | Self::RemoveVolume { .. }
            | Self::RemoveNetwork { .. }
            | Self::SetRecordAside { .. }
            | Self::WriteRecord { .. } => true,
        }
    }

    /// What it does, as a person reads it.
    pub fn describe(&self) -> String {
        match self {
            Self::TakeLock { gateway, .. } => format!("take the lock of `{gateway}`"),
            Self::ReadRecord { gateway } => format!("read the record of `{gateway}`"),
            Self::FindNames { .. } => "look which kind of gateway is there".to_owned(),
            Self::Observe(target) => format!("look at `{}`", target.container),
            Self::ProvideImage { reference, source: ImageSource::Registry } => format!("pull image `{reference}`"),
            Self::ProvideImage { reference, source: ImageSource::Executable } => {
                format!("pack image `{reference}` from this executable")
            }
            Self::ProvideImage { reference, source: ImageSource::Empty } => {
                format!("make the empty image `{reference}`")
            }
            Self::CreateNetwork { name, .. } => format!("create network `{name}`"),
            Self::CreateVolume { name, .. } => format!("create volume `{name}`"),
            Self::CreateContainer(new) => format!("create container `{}`", new.name),
            Self::ConnectNetwork { network, .. } => {
                format!("connect the container to network {}", short(network.as_str()))
            }
            Self::StartContainer { container, .. } => format!("start container {}", short(container.as_str())),
            Self::UnpauseContainer { container } => format!("unpause container {}", short(container.as_str())),
            Self::StopContainer { container, .. } => format!("stop container {}", short(container.as_str())),
            Self::RestartContainer { container, .. } => format!("restart container {}", short(container.as_str())),
            Self::AwaitReady { probe, .. } => format!("wait until {} is ready", probe.endpoint().url()),
            Self::ListSandboxes { .. } => "list the sandboxes".to_owned(),
            Self::ReadLogs { .. } => "read the container's last log lines".to_owned(),
            Self::MeasureVolumes { .. } => "measure the volumes".to_owned(),
            Self::CreateNext(next) => format!("create container `{}`", next.name),
            Self::CarryOver { to, .. } => format!("copy files into container {}", short(to.as_str())),
            Self::RenameContainer { container, name } => {
                format!("rename container {} to `{name}`", short(container.as_str()))
            }
            Self::SetRestartPolicy { container, policy } => {
                format!("set the restart policy of container {} to `{}`", short(container.as_str()), policy.as_str())
            }
            Self::RemoveContainer { container } => format!("remove container {}", short(container.as_str())),
            Self::CreateHelper(helper) => format!("create container `{}`", helper.name),
            Self::BackUp(order) => format!("back up the volumes of `{}`", order.gateway),
            Self::VerifyBackup { backup } => format!("verify the backup `{backup}`"),
            Self::Restore(order) => format!("restore the volumes from `{}`", order.backup),
            Self::RemoveNetwork { network } => format!("remove network {}", short(network.as_str())),
            Self::SetRecordAside { .. } => "set the record aside".to_owned(),
            Self::RemoveVolume { absence } => format!("remove volume `{}`", absence.volume()),
            Self::BeginRollBack { .. } => "read the next container's last log lines".to_owned(),
            Self::WriteRecord { .. } => "write the record".to_owned(),
        }
    }
}

/// The first 12 digits of an ID, as Docker's own tools show it.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
