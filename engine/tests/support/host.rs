//! A small host for whole runs: it carries out every command on plain values, and keeps which it was given. Containers
//! that it creates look as Docker shows them. Absent on purpose: time, faults (a test plants its own), a second gateway.

#![expect(clippy::unwrap_used, reason = "a mistake of the test itself may panic")]

#[path = "shown.rs"]
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    BackedUpVolume, BackupContents, BackupMade, Command, ContainerId, ContainerSeen, Endpoint, Event, Failure, Gpu,
    HostSeen, ImageRef, Instance, Intent, Known, Named, NamedThing, NetworkId, NetworkName, NetworkSeen, NewContainer,
    Older, Onboarding, Outcome, PortHolder, Probe, Readiness, RecordSeen, SandboxName, Status, Target, Then,
    VolumeName, VolumeSeen, WaitEnd, Why,
};

use self::shown::{as_a_helper, as_the_next_one};
pub use self::shown::{as_docker_shows, seen_image};
use crate::support::daemon;

/// Where the image of today's gateway has its program.
const ENTRY_POINT: &str = "/usr/local/bin/openshell-gateway";

/// The host. Everything may be changed between runs.
pub struct SmallHost {
    pub containers: Vec<ContainerSeen>,
    pub volumes: Vec<VolumeSeen>,
    pub networks: BTreeMap<NetworkName, BTreeMap<String, String>>,
    pub images: BTreeSet<ImageRef>,
    /// Images that cannot be had.
    pub lost_images: BTreeSet<ImageRef>,
    /// Ports of the host that others hold.
    pub held: BTreeMap<u16, PortHolder>,
    pub record: RecordSeen,
    pub older: Option<Older>,
    pub gpu: Known<Option<Gpu>>,
    pub node_name: Known<String>,
    pub sandboxes: Known<BTreeMap<SandboxName, Option<String>>>,
    /// How many times in a row names are not found out.
    pub names_unknown: u8,
    /// How many times in a row the node name is not found out.
    pub node_name_unknown: u8,
    /// What was commanded in the last run.
    pub commands: Vec<Command>,
    /// Images that never become ready.
    pub broken: BTreeSet<ImageRef>,
    /// What lives only in the gateway's container.
    pub layer: Vec<String>,
    /// What was carried over, from where to where.
    pub carried: Vec<(String, String)>,
    /// The backup that was made last.
    pub backup: Option<BackupContents>,
    /// Why it cannot be written into volumes.
    pub no_restore: Option<Failure>,
    /// Why no backup can be made.
    pub no_backup: Option<Failure>,
    born: u32,
    /// Whether it was started and nobody has waited for it yet.
    warming: bool,
}

/// A machine on which Docker answers, and nothing else is.
pub fn host() -> SmallHost {
    SmallHost {
        containers: Vec::new(),
        volumes: Vec::new(),
        networks: BTreeMap::new(),
        images: BTreeSet::new(),
        lost_images: BTreeSet::new(),
        held: BTreeMap::new(),
        record: RecordSeen::Absent,
        older: None,
        gpu: Known::Known(None),
        node_name: Known::Unknown(Why::NotVisible { what: "no such file".to_owned() }),
        sandboxes: Known::Known(BTreeMap::new()),
        names_unknown: 0,
        node_name_unknown: 0,
        commands: Vec::new(),
        broken: BTreeSet::new(),
        layer: Vec::new(),
        carried: Vec::new(),
        backup: None,
        no_restore: None,
        no_backup: None,
        born: 0,
        warming: false,
    }
}

impl SmallHost {
    /// Runs to the end.
    pub fn run(&mut self, intent: Intent) -> Outcome {
        self.commands.clear();
        let (mut machine, mut command) = Onboarding::new(intent);
        loop {
            let event = self.answer_to(&command);
            self.commands.push(command);
            assert!(self.commands.len() < 100, "it does not end: {:?}", self.did());
            match machine.handle(&event) {
                Then::Perform(next) => command = next,
                Then::Finish(outcome) => return *outcome,
            }
        }
    }

    /// What the last run changed, in order, as a trace names it.
    pub fn did(&self) -> Vec<String> {
        let changed = self.commands.iter().filter(|command| command.changes_something());
        changed.map(|command| serde_json::to_value(command).unwrap()["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// The container that the last run created.
    pub fn created(&self) -> &NewContainer {
        let created = self
            .commands
            .iter()
            .rev()
            .find_map(|command| if let Command::CreateContainer(new) = command { Some(&**new) } else { None });
        created.unwrap_or_else(|| panic!("nothing was created: {:?}", self.did()))
    }

    /// How often names were looked for, and how long each time was waited for first, in milliseconds.
    pub fn asked_for_names(&self) -> Vec<u64> {
        let waits = self
            .commands
            .iter()
            .filter_map(|command| if let Command::FindNames { wait_ms, .. } = command { Some(*wait_ms) } else { None });
        waits.collect()
    }

    pub fn set_status(&mut self, status: Status) {
        self.containers.iter_mut().for_each(|container| container.status = Known::Known(status));
    }

    pub fn add_volume(&mut self, name: &str) {
        let (name, labels) = (VolumeName::new(name), BTreeMap::new());
        self.volumes.push(VolumeSeen { name, labels, created: None });
    }

    /// Carries out one command.
    pub fn answer_to(&mut self, command: &Command) -> Event {
        match command {
            Command::TakeLock { .. } => Event::LockTaken,
            Command::ReadRecord { .. } => {
                let older = self.older.clone().filter(|_| self.record == RecordSeen::Absent);
                Event::RecordRead { record: self.record.clone(), older }
            }
            Command::FindNames { containers, volumes, .. } => {
                if self.names_unknown > 0 {
                    self.names_unknown -= 1;
                    return Event::NamesFound { found: unanswered() };
                }
                let preset = |labels: &BTreeMap<String, String>| {
                    labels.get(crate::support::LABEL_PRESET).map(|name| engine::PresetName::new(name.as_str()))
                };
                let seen = self.containers.iter().filter(|seen| containers.contains(&seen.name)).map(|seen| Named {
                    what: NamedThing::Container { name: seen.name.clone(), image: seen.image.clone() },
                    preset: preset(&seen.labels),
                });
                let kept = self.volumes.iter().filter(|seen| volumes.contains(&seen.name)).map(|seen| Named {
                    what: NamedThing::Volume { name: seen.name.clone() },
                    preset: preset(&seen.labels),
                });
                Event::NamesFound { found: Known::Known(seen.chain(kept).collect()) }
            }
            Command::Observe(target) => Event::Observed { host: Box::new(self.look(target)) },
            Command::ProvideImage { reference, .. } => {
                if self.lost_images.contains(reference) {
                    let message = "manifest unknown".to_owned();
                    return Event::Failed { failure: Failure::Rejected { status: Some(404), message } };
                }
                self.images.insert(reference.clone());
                Event::Done
            }
            Command::CreateNetwork { name, labels } => {
                self.networks.insert(name.clone(), labels.clone());
                Event::Done
            }
            Command::CreateVolume { name, labels } => {
                self.volumes.push(VolumeSeen { name: name.clone(), labels: labels.clone(), created: None });
                Event::Done
            }
            Command::CreateContainer(new) => {
                self.born += 1;
                self.containers.push(as_docker_shows(new, self.born));
                Event::Done
            }
            Command::StartContainer { container, .. }
            | Command::UnpauseContainer { container }
            | Command::RestartContainer { container, .. } => {
                self.born += 1;
                self.warming = true;
                let instance = Instance::new(format!("run {}", self.born));
                let started = self.with_id(container);
                (started.status, started.instance) = (Known::Known(Status::Running), instance);
                Event::Done
            }
            Command::StopContainer { container, .. } => {
                self.with_id(container).status = Known::Known(Status::Exited);
                Event::Done
            }
            Command::ConnectNetwork { container, .. } => {
                self.with_id(container).networks.iter_mut().for_each(|attachment| attachment.exists = true);
                Event::Done
            }
            Command::AwaitReady { probe, .. } => {
                self.warming = false;
                let ready = matches!(self.answer(probe), Readiness::Ready { .. });
                Event::Waited { end: if ready { WaitEnd::Ready } else { WaitEnd::NotReady } }
            }
            Command::ListSandboxes { .. } => Event::SandboxesListed { sandboxes: self.sandboxes.clone() },
            Command::ReadLogs { .. } => Event::LogsRead { lines: Vec::new() },
            Command::MeasureVolumes { .. } => Event::VolumesMeasured { volumes: Vec::new() },
            Command::CreateNext(next) => {
                self.born += 1;
                let old = self.with_id(&next.replaces).clone();
                self.containers.push(as_the_next_one(&old, next, self.born));
                Event::Done
            }
            Command::RenameContainer { container, name } => {
                self.with_id(container).name = name.clone();
                Event::Done
            }
            Command::SetRestartPolicy { container, policy } => {
                self.with_id(container).restart = *policy;
                Event::Done
            }
            Command::RemoveContainer { container } => {
                self.containers.retain(|seen| seen.id != *container);
                Event::Done
            }
            Command::CarryOver { paths, .. } => {
                self.carried.extend(paths.iter().map(|path| (path.from.clone(), path.to.clone())));
                Event::Done
            }
            Command::CreateHelper(helper) => {
                if !self.images.contains(&helper.image) {
                    let message = "No such image".to_owned();
                    return Event::Failed { failure: Failure::Rejected { status: Some(404), message } };
                }
                self.born += 1;
                self.containers.push(as_a_helper(helper, self.born));
                Event::Done
            }
            Command::BackUp(order) => match self.no_backup.clone() {
                Some(failure) => Event::Failed { failure },
                None => {
                    let path = format!("/backups/{}", order.gateway);
                    let kept = |mount: &engine::HelperMount| BackedUpVolume {
                        name: mount.volume.clone(),
                        path: mount.path.clone(),
                    };
                    self.backup = Some(BackupContents {
                        path: path.clone(),
                        name: order.gateway.to_string(),
                        gateway: order.gateway.clone(),
                        preset: order.spec.preset.clone(),
                        node_name: Some(order.spec.node_name.clone()),
                        volumes: order.volumes.iter().map(kept).collect(),
                        carried: order.carried.clone(),
                    });
                    let backup = BackupMade { path, bytes: 1, lacks: Vec::new() };
                    Event::BackedUp { backup }
                }
            },
            Command::RemoveVolume { absence } => {
                self.volumes.retain(|volume| volume.name != *absence.volume());
                Event::Done
            }
            Command::VerifyBackup { .. } => match self.backup.clone() {
                Some(contents) => Event::BackupVerified { contents: Box::new(contents) },
                None => {
                    Event::Failed { failure: Failure::Rejected { status: None, message: "no such backup".to_owned() } }
                }
            },
            Command::Restore(order) => match self.no_restore.clone() {
                Some(failure) => Event::Failed { failure },
                None => {
                    self.carried.extend(order.carried.iter().map(|path| (path.from.clone(), path.to.clone())));
                    Event::Done
                }
            },
            Command::RemoveNetwork { .. } => {
                self.networks.clear();
                Event::Done
            }
            Command::SetRecordAside { .. } => {
                self.record = RecordSeen::Absent;
                Event::Done
            }
            Command::BeginRollBack { .. } => Event::LogsRead { lines: vec!["it said no".to_owned()] },
            Command::WriteRecord { record, .. } => {
                self.record = RecordSeen::Present { record: record.clone() };
                Event::Done
            }
        }
    }

    fn look(&mut self, target: &Target) -> HostSeen {
        let own = self.containers.iter().find(|container| container.name == target.container);
        let port = own.map_or_else(|| target.port.clone(), |own| target.port.as_bound(&own.ports));
        let probe = Probe::of(&target.readiness, &port, own.map(|own| own.ports.as_slice()));
        let holder = |host: u16| Known::Known(self.held.get(&host).cloned().unwrap_or(PortHolder::Free));
        let at_hand = |image: &ImageRef| self.images.contains(image);
        let ours = |labels: &BTreeMap<String, String>| engine::gateway_of(labels) == Some(target.gateway.as_str());
        let found = self.containers.iter().any(|container| Some(&container.id) == target.recorded.as_ref());
        let networks = self.networks.iter().map(|(name, labels)| NetworkSeen {
            name: name.clone(),
            id: NetworkId::new("n"),
            labels: labels.clone(),
        });
        let mut seen = HostSeen {
            daemon: target.identity.then(|| Known::Known(daemon("one"))),
            containers: Known::Known(self.containers.clone()),
            volumes: Known::Known(
                self.volumes
                    .iter()
                    .filter(|volume| target.volumes.contains(&volume.name) || ours(&volume.labels))
                    .cloned()
                    .collect(),
            ),
            image: Known::Known(at_hand(&target.image).then(|| seen_image(&target.image))),
            lacking: Known::Known(target.companions.iter().filter(|image| !at_hand(image)).cloned().collect()),
            networks: Known::Known(networks.collect()),
            port: holder(port.host),
            health_port: port.health_on_host().map(holder),
            wanted_port: (port.host != target.port.host).then(|| holder(target.port.host)),
            readiness: Known::Known(self.answer(&probe)),
            disk: Known::Known(engine::Disk::Room),
            remains: (target.recorded.is_some() && !found).then_some(engine::Remains::Gone),
            layer: target.layer.then(|| Known::Known(self.layer.clone())),
            gpu: target.gpu.then(|| self.gpu.clone()),
            node_name: target.node_name_file.as_ref().map(|_| self.node_name.clone()),
        };
        if seen.node_name.is_some() && self.node_name_unknown > 0 {
            self.node_name_unknown -= 1;
            seen.node_name = Some(unanswered());
        }
        seen
    }

    /// What answers at an address: the main port of today's gateway says 404 to plain HTTP, and its health port answers
    /// only where its environment turns it on; the other kinds are ready on their port.
    fn answer(&self, probe: &Probe) -> Readiness {
        let Endpoint { port, .. } = probe.endpoint();
        let publishes = |container: &&ContainerSeen| {
            container.status == Known::Known(Status::Running)
                && container.ports.iter().any(|binding| binding.host == Some(*port))
        };
        let answering = self.containers.iter().filter(|_| !self.warming).find(publishes);
        let Some(container) = answering.filter(|container| !self.broken.contains(&container.image)) else {
            return Readiness::Unreachable;
        };
        let inside = container.ports.iter().find(|binding| binding.host == Some(*port)).unwrap().container.to_string();
        let todays = container.command.first().is_some_and(|program| program == ENTRY_POINT);
        let listens = container.command.windows(2).any(|pair| pair[0] == "--port" && pair[1] == inside);
        let health = container.env.0.get("OPENSHELL_HEALTH_PORT") == Some(&inside);
        match probe {
            Probe::Accepts { .. } if listens || !todays => Readiness::Ready { marked: false },
            Probe::Http { .. } if health || !todays => Readiness::Ready { marked: true },
            Probe::Http { .. } if listens => Readiness::NotReady { status: 404 },
            Probe::Http { .. } | Probe::Accepts { .. } => Readiness::Unreachable,
        }
    }

    fn with_id(&mut self, id: &ContainerId) -> &mut ContainerSeen {
        self.containers.iter_mut().find(|container| container.id == *id).unwrap()
    }
}

fn unanswered<T>() -> Known<T> {
    Known::Unknown(Why::TimedOut { call: "GET".to_owned() })
}
