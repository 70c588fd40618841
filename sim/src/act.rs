//! What others do to a host: a person with a docker CLI, the machine, the daemon, the image's publisher, the older tool,
//! another run. Each is data, and one that cannot be done in a world does nothing there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::{
    ContainerId, ContainerName, Disk, Env, GatewayName, ImageRef, MountedSource, NetworkName, RecordProblem,
    RecordSeen, RestartPolicy, SandboxName, VolumeName,
};
use serde::{Deserialize, Serialize};

use crate::base::Names;
use crate::world::call::{Call, PrunedVolumes};
use crate::world::container::{Config, Life, Mounted, Published};
use crate::world::effect::{Actor, History};
use crate::world::program::{Does, Program};
use crate::world::{HostProcess, World};

/// One act. Containers, volumes and networks are the gateway's own unless they are named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "act", deny_unknown_fields)]
pub enum Act {
    /// `docker stop`.
    Stop(Which),
    /// `docker kill`.
    Kill(Which),
    /// `docker start`.
    Start(Which),
    /// `docker pause`.
    Pause(Which),
    /// `docker unpause`.
    Unpause(Which),
    /// `docker rm`.
    Remove {
        /// Which container.
        #[serde(default)]
        container: Option<String>,
        /// `-f`.
        #[serde(default)]
        force: bool,
        /// `-v`.
        #[serde(default)]
        volumes: bool,
    },
    /// `docker rename`.
    Rename {
        /// Which container.
        #[serde(default)]
        container: Option<String>,
        /// To what.
        to: String,
    },
    /// `docker volume rm`.
    RemoveVolume {
        /// Which.
        #[serde(default)]
        volume: Option<String>,
    },
    /// `docker volume create`.
    CreateVolume {
        /// Its name.
        volume: String,
        /// The gateway that its label names.
        #[serde(default)]
        labelled: Option<String>,
        /// Files on it.
        #[serde(default)]
        files: u64,
    },
    /// `docker network rm`, of a container that does not run.
    RemoveNetwork,
    /// `docker network create`.
    CreateNetwork,
    /// `docker network disconnect -f`.
    Disconnect,
    /// `docker rmi`.
    RemoveImage {
        /// `-f`.
        #[serde(default)]
        force: bool,
    },
    /// `docker system prune`.
    Prune {
        /// What becomes of volumes.
        volumes: PrunedVolumes,
    },
    /// `docker run` of something that is nobody's gateway.
    RunStranger {
        /// Its name; the gateway's own is possible.
        #[serde(default)]
        name: Option<String>,
        /// A volume that it mounts; `own` is the gateway's.
        #[serde(default)]
        volume: Option<String>,
        /// Whether it binds the volume's folder instead of mounting the volume.
        #[serde(default)]
        by_folder: bool,
        /// A port of the host that it publishes; 0 is the gateway's.
        #[serde(default)]
        port: Option<u16>,
        /// Its restart policy is `always`.
        #[serde(default)]
        always: bool,
    },
    /// A process of the host takes the gateway's port.
    TakePort {
        /// The status that it answers with, where it speaks HTTP.
        #[serde(default)]
        answers: Option<u16>,
    },
    /// It leaves the port.
    LeavePort,
    /// The gateway's program stops answering, while its process runs on.
    Hang,
    /// What the image's program does from now on, as after a bad configuration was written into the volume.
    Behave {
        /// What it does.
        does: Does,
        /// How long it warms up, in milliseconds; as before where it is not said.
        #[serde(default)]
        warm_up_ms: Option<u64>,
    },
    /// The registry gives another image for the gateway's reference from now on.
    Publish {
        /// What its program does.
        does: Does,
    },
    /// The registry does not give the gateway's image any more.
    Unpublish,
    /// `docker pull` or `docker tag`: the reference stands for the published image.
    Retag,
    /// Somebody works: a file is on the volume.
    Work {
        /// Its name.
        file: String,
    },
    /// The gateway makes a sandbox.
    MakeSandbox {
        /// Its name.
        name: String,
    },
    /// The gateway loses a sandbox.
    LoseSandbox {
        /// Its name.
        name: String,
    },
    /// The gateway writes into its container's own layer.
    WriteLayer {
        /// Where.
        path: String,
    },
    /// Power is cut; nothing runs afterwards.
    CutPower,
    /// Power is back, and the daemons start.
    Boot,
    /// The daemon at the address ends, killed: its containers end with it.
    KillDaemon,
    /// It starts.
    StartDaemon,
    /// It is stopped and started again.
    RestartDaemon,
    /// It comes back without its containers' ports, as with live-restore (moby #38883).
    LosePorts,
    /// It forgets which containers refer to which volumes (moby #41686).
    ForgetReferences,
    /// It uses another storage driver.
    SwitchStore {
        /// Which.
        driver: String,
    },
    /// The configuration of the gateway's container is lost: the daemon denies it.
    LoseContainer,
    /// Its data root is emptied.
    EmptyDataRoot,
    /// Another daemon is at the address.
    OtherDaemon,
    /// The first one is at the address again.
    FirstDaemon,
    /// The disk fills up, or has room again.
    Disk {
        /// Whether it is full.
        full: bool,
    },
    /// nemoclaw's state directory cannot be written to, or can again.
    StateReadOnly {
        /// Whether it cannot.
        read_only: bool,
    },
    /// The gateway's record is lost.
    LoseRecord,
    /// The gateway's record is damaged.
    CorruptRecord,
    /// It was written by a newer version.
    NewerRecord,
    /// The sandboxes that the record names change: it is stale.
    StaleRecord,
    /// Time passes.
    Wait {
        /// How much, in milliseconds.
        ms: u64,
    },
    /// Another `nemoclaw onboard` runs to its end, from a state directory of its own.
    OtherRun,
}

/// A container by name; the gateway's own where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Which {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

impl Act {
    /// Whose act it is.
    pub fn actor(&self) -> Actor {
        match self {
            Self::CutPower
            | Self::Boot
            | Self::Disk { .. }
            | Self::StateReadOnly { .. }
            | Self::Wait { .. }
            | Self::TakePort { .. }
            | Self::LeavePort
            | Self::LoseRecord
            | Self::CorruptRecord
            | Self::NewerRecord
            | Self::StaleRecord => Actor::Machine,
            Self::KillDaemon
            | Self::StartDaemon
            | Self::RestartDaemon
            | Self::LosePorts
            | Self::ForgetReferences
            | Self::SwitchStore { .. }
            | Self::LoseContainer
            | Self::EmptyDataRoot
            | Self::OtherDaemon
            | Self::FirstDaemon => Actor::Daemon,
            Self::OtherRun => Actor::OtherRun,
            Self::Stop(_)
            | Self::Kill(_)
            | Self::Start(_)
            | Self::Pause(_)
            | Self::Unpause(_)
            | Self::Remove { .. }
            | Self::Rename { .. }
            | Self::RemoveVolume { .. }
            | Self::CreateVolume { .. }
            | Self::RemoveNetwork
            | Self::CreateNetwork
            | Self::Disconnect
            | Self::RemoveImage { .. }
            | Self::Prune { .. }
            | Self::RunStranger { .. }
            | Self::Hang
            | Self::Behave { .. }
            | Self::Publish { .. }
            | Self::Unpublish
            | Self::Retag
            | Self::Work { .. }
            | Self::MakeSandbox { .. }
            | Self::LoseSandbox { .. }
            | Self::WriteLayer { .. } => Actor::Person,
        }
    }

    /// Does it.
    pub fn perform(&self, world: &mut World, names: &Names, history: &mut History) {
        let by = self.actor();
        match self {
            Self::Stop(which) => with(world, names, which, by, history, |id| Call::Stop { id }),
            Self::Kill(which) => with(world, names, which, by, history, |id| Call::Kill { id }),
            Self::Start(which) => with(world, names, which, by, history, |id| Call::Start { id }),
            Self::Pause(which) => with(world, names, which, by, history, |id| Call::Pause { id }),
            Self::Unpause(which) => with(world, names, which, by, history, |id| Call::Unpause { id }),
            Self::Remove { container, force, volumes } => {
                let which = Which { container: container.clone() };
                let call = |id| Call::RemoveContainer { id, force: *force, volumes: *volumes };
                with(world, names, &which, by, history, call);
            }
            Self::Rename { container, to } => {
                let which = Which { container: container.clone() };
                let to = ContainerName::new(to.as_str());
                with(world, names, &which, by, history, |id| Call::Rename { id, to });
            }
            Self::RemoveVolume { volume } => {
                let name = volume.as_deref().map_or_else(|| names.volume.clone(), VolumeName::new);
                ask(world, by, &Call::RemoveVolume { name }, history);
            }
            Self::CreateVolume { volume, labelled, files } => {
                let name = VolumeName::new(volume.as_str());
                let label = labelled.iter().map(|gateway| (engine::LABEL_GATEWAY.to_owned(), gateway.clone()));
                ask(world, by, &Call::CreateVolume { name: name.clone(), labels: label.collect() }, history);
                if let Some(found) = world.daemon_mut().volumes.get_mut(&name) {
                    found.files.extend((0..*files).map(|n| (format!("old/{n}"), n)));
                }
            }
            Self::RemoveNetwork => {
                let network = names.network.clone();
                for id in network_ids(world, &network) {
                    ask(world, by, &Call::RemoveNetwork { id }, history);
                }
            }
            Self::CreateNetwork => {
                let name = names.network.clone();
                ask(world, by, &Call::CreateNetwork { name, labels: BTreeMap::new() }, history);
            }
            Self::Disconnect => {
                let network = names.network.clone();
                for network in network_ids(world, &network) {
                    with(world, names, &Which::default(), by, history, |id| Call::Disconnect { id, network });
                }
            }
            Self::RemoveImage { force } => {
                let call = Call::RemoveImage { reference: names.image.clone(), force: *force };
                ask(world, by, &call, history);
            }
            Self::Prune { volumes } => ask(world, by, &Call::Prune { volumes: *volumes }, history),
            Self::RunStranger { name, volume, by_folder, port, always } => {
                let stranger = stranger(names, volume.as_deref(), *by_folder, *port, *always);
                run_stranger(world, name.as_deref(), stranger, by, names, history);
            }
            Self::TakePort { answers } => {
                if world.publisher(names.port).is_none() {
                    let command = "python3 -m http.server".to_owned();
                    world.held_ports.insert(names.port, HostProcess { pid: 4242, command, answers: *answers });
                }
            }
            Self::LeavePort => {
                world.held_ports.remove(&names.port);
            }
            Self::Hang => {
                if let Some(container) = own(world, names)
                    && let Life::Running { process } = &mut container.life
                {
                    process.hangs = true;
                }
            }
            Self::Behave { does, warm_up_ms } => behave(world, names, *does, *warm_up_ms),
            Self::Publish { does } => {
                let id = engine::ImageId::new(format!("sha256:{:064x}", world.number()));
                let program = names.program(world);
                Arc::make_mut(&mut world.programs).insert(id.clone(), Program { does: *does, ..program });
                world.published.insert(names.image.clone(), id);
            }
            Self::Unpublish => {
                world.published.remove(&names.image);
            }
            Self::Retag => {
                if let Some(image) = world.published.get(&names.image).cloned() {
                    ask(world, by, &Call::Tag { reference: names.image.clone(), image }, history);
                }
            }
            Self::Work { file } => write(world, names, &format!("work/{file}")),
            Self::MakeSandbox { name } => {
                if let Some(path) = names.sandbox_path(world, name) {
                    write(world, names, &path);
                }
            }
            Self::LoseSandbox { name } => {
                if let Some(path) = names.sandbox_path(world, name)
                    && let Some(volume) = world.daemon_mut().volumes.get_mut(&names.volume)
                {
                    volume.files.remove(&path);
                }
            }
            Self::WriteLayer { path } => {
                let content = world.number();
                if let Some(container) = own(world, names) {
                    container.layer.insert(path.clone(), content);
                }
            }
            Self::CutPower => world.cut_power(history),
            Self::Boot => {
                for at in 0..world.daemons.len() {
                    world.start_daemon(at, history);
                }
            }
            Self::KillDaemon => world.kill_daemon(world.at_address, by, history),
            Self::StartDaemon => world.start_daemon(world.at_address, history),
            Self::RestartDaemon => {
                world.kill_daemon(world.at_address, by, history);
                world.start_daemon(world.at_address, history);
            }
            Self::LosePorts => {
                if let Some(container) = own(world, names) {
                    container.publishes = false;
                }
            }
            Self::ForgetReferences => world.daemon_mut().forgot_references = true,
            Self::SwitchStore { driver } => world.switch_store(world.at_address, driver),
            Self::LoseContainer => {
                let daemon = world.daemon_mut();
                if let Some(id) = daemon.named(&names.container).map(|container| container.id.clone())
                    && let Some(mut container) = daemon.store.containers.remove(&id)
                {
                    container.life = Life::Exited;
                    daemon.lost.insert(id, container);
                }
            }
            Self::EmptyDataRoot => world.empty_data_root(world.at_address),
            Self::OtherDaemon => world.at_address = world.daemons.len() - 1,
            Self::FirstDaemon => world.at_address = 0,
            Self::Disk { full } => world.disk = if *full { Disk::Full } else { Disk::Room },
            Self::StateReadOnly { read_only } => world.state.read_only = *read_only,
            Self::LoseRecord => {
                world.state.records.remove(&names.gateway);
            }
            Self::CorruptRecord => spoil(world, names, RecordProblem::Corrupt { what: "cut short".to_owned() }),
            Self::NewerRecord => spoil(world, names, RecordProblem::Newer { schema: 99 }),
            Self::StaleRecord => stale(world, &names.gateway),
            Self::Wait { ms } => world.pass(*ms, history),
            Self::OtherRun => crate::run::another(world, names, history),
        }
    }
}

fn ask(world: &mut World, by: Actor, call: &Call, history: &mut History) {
    if world.daemon().up {
        let _what_a_person_reads = world.apply(by, call, history);
    }
}

fn with(
    world: &mut World,
    names: &Names,
    which: &Which,
    by: Actor,
    history: &mut History,
    call: impl FnOnce(ContainerId) -> Call,
) {
    let name = which.container.as_deref().map_or_else(|| names.container.clone(), ContainerName::new);
    if let Some(id) = world.daemon().named(&name).map(|container| container.id.clone()) {
        ask(world, by, &call(id), history);
    }
}

fn own<'a>(world: &'a mut World, names: &Names) -> Option<&'a mut crate::world::container::Container> {
    world.daemon_mut().store.containers.values_mut().find(|container| container.name == names.container)
}

fn network_ids(world: &World, name: &NetworkName) -> Vec<engine::NetworkId> {
    let networks = world.daemon().networks.iter();
    networks.filter(|(_, network)| network.name == *name).map(|(id, _)| id.clone()).collect()
}

fn write(world: &mut World, names: &Names, path: &str) {
    let content = world.number();
    if let Some(volume) = world.daemon_mut().volumes.get_mut(&names.volume) {
        volume.files.insert(path.to_owned(), content);
    }
}

/// What the gateway's image does from now on; its running process goes on warm.
fn behave(world: &mut World, names: &Names, does: Does, warm_up_ms: Option<u64>) {
    let Some(id) = names.image_id(world) else { return };
    if let Some(program) = Arc::make_mut(&mut world.programs).get_mut(&id) {
        program.does = does;
        program.warm_up_ms = warm_up_ms.unwrap_or(program.warm_up_ms);
    }
}

fn spoil(world: &mut World, names: &Names, problem: RecordProblem) {
    if let Some(record) = world.state.records.get_mut(&names.gateway) {
        let path = format!("gateways/{}.json", names.gateway);
        *record = RecordSeen::Unusable { path, problem, aside: None };
    }
}

/// The record tells of a sandbox that was never there.
fn stale(world: &mut World, gateway: &GatewayName) {
    if let Some(RecordSeen::Present { record }) = world.state.records.get_mut(gateway) {
        Arc::make_mut(record).sandboxes = BTreeSet::from([SandboxName::new("long-gone")]);
    }
}

fn stranger(names: &Names, volume: Option<&str>, by_folder: bool, port: Option<u16>, always: bool) -> Config {
    let volume = volume.map(|name| if name == "own" { names.volume.clone() } else { VolumeName::new(name) });
    let source = |name: VolumeName| {
        if by_folder {
            let folder = format!("/var/lib/docker/volumes/{name}/_data");
            MountedSource::FolderOfVolume { name, folder }
        } else {
            MountedSource::Volume { name }
        }
    };
    let mount = |name| Mounted { source: source(name), path: "/stranger".to_owned(), writable: true };
    let publish = |port: u16| {
        let host = if port == 0 { names.port } else { port };
        Published { container: 80, host_ip: "127.0.0.1".to_owned(), host }
    };
    Config {
        image: ImageRef::new("stranger:1"),
        image_id: engine::ImageId::new("sha256:stranger"),
        command: vec!["/stranger".to_owned()],
        env: Env::default(),
        labels: BTreeMap::new(),
        mounts: volume.into_iter().map(mount).collect(),
        ports: port.into_iter().map(publish).collect(),
        restart: if always { RestartPolicy::Always } else { RestartPolicy::No },
        auto_remove: false,
        hostname: "stranger".to_owned(),
    }
}

fn run_stranger(
    world: &mut World,
    name: Option<&str>,
    config: Config,
    by: Actor,
    names: &Names,
    history: &mut History,
) {
    let name = match name {
        Some("own") => names.container.clone(),
        Some(name) => ContainerName::new(name),
        None => ContainerName::new(format!("stranger-{}", world.number())),
    };
    let image = config.image.clone();
    let daemon = world.daemon_mut();
    daemon.store.images.entry(image.clone()).or_insert_with(|| config.image_id.clone());
    let network = NetworkName::new("bridge");
    ask(world, by, &Call::CreateContainer { name: name.clone(), image, config: Arc::new(config), network }, history);
    with(world, names, &Which { container: Some(name.to_string()) }, by, history, |id| Call::Start { id });
}
