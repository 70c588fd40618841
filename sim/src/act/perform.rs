//! How each act is done to a world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::{
    ContainerId, ContainerName, Disk, Env, GatewayName, ImageRef, MountedSource, NetworkName, RecordProblem,
    RecordSeen, RestartPolicy, SandboxName, VolumeName,
};

use super::{Act, Reached, Which, earlier, replace};
use crate::base::Names;
use crate::world::call::Call;
use crate::world::container::{Config, Life, Mounted, Published};
use crate::world::effect::{Actor, History};
use crate::world::program::{Does, Program};
use crate::world::{HostProcess, World};

/// Where a container made by hand has its anonymous volume.
const SCRATCH: &str = "/scratch";

impl Act {
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
                let name = volume_called(world, names, volume.as_deref().unwrap_or("own"));
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
                let volume = volume.as_deref().map(|name| volume_called(world, names, name));
                let stranger = stranger(names, volume, *by_folder, *port, *always);
                run_stranger(world, name.as_deref(), stranger, by, names, history);
            }
            Self::Remake { auto_remove, anonymous, compose, volume, node_name } => {
                let scratch = anonymous.then(|| scratch(world, by, history));
                remake(world, names, by, history, |config| {
                    config.auto_remove = *auto_remove;
                    // Docker starts none again that it is to remove.
                    if *auto_remove {
                        config.restart = RestartPolicy::No;
                    }
                    config.labels.clear();
                    if let Some(scratch) = scratch {
                        config.mounts.retain(|mount| mount.path != SCRATCH);
                        config.mounts.push(scratch);
                    }
                    if let Some(project) = compose {
                        config.labels.insert("com.docker.compose.project".to_owned(), project.clone());
                    }
                    if let (Some(volume), Some(mount)) = (volume, config.mounts.first_mut()) {
                        mount.source = MountedSource::Volume { name: VolumeName::new(volume.as_str()) };
                    }
                    if let Some(name) = node_name {
                        config.hostname.clone_from(name);
                        let env = names.spec.node_name_env.iter();
                        config.env.0.extend(env.map(|variable| (variable.clone(), name.clone())));
                    }
                });
            }
            Self::BeginReplacement { swapped } => {
                let reached = if *swapped { Reached::Started } else { Reached::Created };
                replace::cut(world, names, reached, by, history);
            }
            Self::CutReplacement { reached } => replace::cut(world, names, *reached, by, history),
            Self::LeaveHelper { stopped } => replace::leave_helper(world, names, *stopped, by, history),
            Self::ShowStatus { word } => {
                if let Some(container) = own(world, names) {
                    container.shows.clone_from(word);
                }
            }
            Self::HideHealth { why } => world.health_hidden = Some(why.clone()),
            Self::RenameHost { name } => world.daemon_mut().identity.name.clone_from(name),
            Self::HoldLock => {
                world.state.locks.insert(names.gateway.clone(), OTHER_PID);
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
            Self::Publish { image, does, migrates, volumes } => {
                let id = engine::ImageId::new(format!("sha256:{:064x}", world.number()));
                let mut program = Program { does: *does, ..names.program(world) };
                program.form += u64::from(*migrates);
                program.volumes.extend(volumes.iter().cloned());
                world.programs.insert(id.clone(), program);
                let reference = image.as_deref().map_or_else(|| names.image.clone(), ImageRef::new);
                world.published.insert(reference, id);
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
                let volume = names.data_volume(world);
                if let Some(path) = names.sandbox_path(world, name)
                    && let Some(volume) = world.daemon_mut().volumes.get_mut(&volume)
                {
                    volume.files.remove(&path);
                }
            }
            Self::WriteLayer { path } => {
                let content = world.number();
                if let Some(container) = own(world, names).filter(|container| container.process().is_some()) {
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
                world.remove_record(&names.gateway, by, history);
            }
            Self::CorruptRecord => spoil(world, names, RecordProblem::Corrupt { what: "cut short".to_owned() }),
            Self::NewerRecord => spoil(world, names, RecordProblem::Newer { schema: 99 }),
            Self::StaleRecord => stale(world, &names.gateway),
            Self::Wait { ms } => world.pass(*ms, history),
            Self::OtherRun => crate::run::another(world, names, history),
            Self::BackUp => earlier::back_up(world, names, history),
            Self::DamageBackup => earlier::damage_backup(world, names),
            Self::RestoreBackup => earlier::restore(world, names, &[], history),
            Self::CutRestore { reached } => earlier::restore(world, names, &reached.kills(), history),
            Self::Destroy { volumes } => earlier::destroy(world, names, *volumes, history),
        }
    }
}

/// The process of a run that holds the lock.
const OTHER_PID: u32 = 4711;

fn remake(world: &mut World, names: &Names, by: Actor, history: &mut History, change: impl FnOnce(&mut Config)) {
    let Some(container) = own(world, names) else { return };
    let (id, mut config) =
        (container.id.clone(), Config { restart: container.restart(), ..(*container.config).clone() });
    change(&mut config);
    ask(world, by, &Call::RemoveContainer { id, force: true, volumes: false }, history);
    create(world, names, names.container.clone(), config, by, history);
    with(world, names, &Which::default(), by, history, |id| Call::Start { id });
}

pub(super) fn create(
    world: &mut World,
    names: &Names,
    name: ContainerName,
    config: Config,
    by: Actor,
    history: &mut History,
) {
    let (image, network) = (config.image.clone(), names.network.clone());
    ask(world, by, &Call::CreateContainer { name, image, config: Arc::new(config), network }, history);
}

pub(super) fn ask(world: &mut World, by: Actor, call: &Call, history: &mut History) {
    if world.daemon().up {
        let _what_a_person_reads = world.apply(by, call, history);
    }
}

pub(super) fn with(
    world: &mut World,
    names: &Names,
    which: &Which,
    by: Actor,
    history: &mut History,
    call: impl FnOnce(ContainerId) -> Call,
) {
    let name = match which.container.as_deref() {
        None => names.container.clone(),
        Some("next") => names.next(),
        Some("previous") => names.previous(),
        Some("helper") => names.helper(),
        Some(name) => ContainerName::new(name),
    };
    if let Some(id) = world.daemon().named(&name).map(|container| container.id.clone()) {
        ask(world, by, &call(id), history);
    }
}

pub(super) fn own<'a>(world: &'a mut World, names: &Names) -> Option<&'a mut crate::world::container::Container> {
    world.daemon_mut().store.containers.values_mut().find(|container| container.name == names.container)
}

fn network_ids(world: &World, name: &NetworkName) -> Vec<engine::NetworkId> {
    let networks = world.daemon().networks.iter();
    networks.filter(|(_, network)| network.name == *name).map(|(id, _)| id.clone()).collect()
}

fn write(world: &mut World, names: &Names, path: &str) {
    let (content, name) = (world.number(), names.data_volume(world));
    if let Some(volume) = world.daemon_mut().volumes.get_mut(&name) {
        volume.files.insert(path.to_owned(), content);
    }
}

/// What the gateway's image does from now on; its running process goes on warm.
fn behave(world: &mut World, names: &Names, does: Does, warm_up_ms: Option<u64>) {
    let Some(id) = names.image_id(world) else { return };
    if let Some(program) = world.programs.get_mut(&id) {
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

/// `own` is the gateway's first volume, `restored` the one that a restore has made last, and `set-aside` the first one that
/// the record says is set aside.
fn volume_called(world: &World, names: &Names, word: &str) -> VolumeName {
    let record = world.state.records.get(&names.gateway).and_then(|seen| seen.record());
    match word {
        "own" => Some(names.volume.clone()),
        "restored" => {
            let all = world.daemon().volumes.iter();
            let restored = all.filter(|(_, volume)| volume.is_restored_of(&names.gateway));
            restored.max_by_key(|(_, volume)| volume.born).map(|(name, _)| name.clone())
        }
        "set-aside" => record.and_then(|record| record.set_aside.first().cloned()),
        _ => None,
    }
    .unwrap_or_else(|| VolumeName::new(word))
}

fn stranger(names: &Names, volume: Option<VolumeName>, by_folder: bool, port: Option<u16>, always: bool) -> Config {
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

/// A volume that Docker names, with work on it, as it is mounted.
fn scratch(world: &mut World, by: Actor, history: &mut History) -> Mounted {
    let name = VolumeName::new(format!("{:064x}", world.number()));
    ask(world, by, &Call::CreateVolume { name: name.clone(), labels: BTreeMap::new() }, history);
    if let Some(volume) = world.daemon_mut().volumes.get_mut(&name) {
        volume.anonymous = true;
        volume.files.insert("scratch".to_owned(), volume.born);
    }
    Mounted { source: MountedSource::Volume { name }, path: SCRATCH.to_owned(), writable: true }
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
