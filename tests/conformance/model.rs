//! A sequence on the simulated world: the adapter's calls through the simulated host, as the engine makes them, and a
//! person's as requests of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::{
    Command, ContainerId, ContainerName, DaemonIdentity, Env, GatewayName, Host, ImageId, ImageRef, NetworkId,
    NetworkName, RestartPolicy, VolumeName,
};
use sim::base::{Names, at_once};
use sim::host::{Nobody, SimHost};
use sim::world::World;
use sim::world::call::{Call, Changed, PrunedVolumes};
use sim::world::container::{Config, Container, Life, Mounted, Published};
use sim::world::daemon::Daemon;
use sim::world::effect::{Actor, History};
use sim::world::program::{Does, Program};

use crate::adapter::{DATA, PORT, Ports, command, said};
use crate::picture::{Doubt, Picture, Pinned, Seen};
use crate::step::{Image, Made, Step};

/// Where the image that declares a volume has it.
pub const ANONYMOUS: &str = "/anonymous";
/// An ID that nothing has.
pub const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How long after a step a picture is taken: less than Docker waits before it starts a container again, so that one that
/// ends again and again is seen between two runs.
const SETTLED_MS: u64 = 50;

/// The world's.
const PORTS: Ports = Ports { shared: 1, of_a: 2, of_b: 3 };

/// A world under one sequence.
pub struct Model {
    world: World,
    history: History,
    names: Names,
    /// The last network of each name, also when it is gone.
    networks: BTreeMap<String, NetworkId>,
    /// What was written, by the number that the world has for it.
    written: BTreeMap<u64, String>,
    /// Whose process ended with the daemon, or at some moment between two of its ends, and was not started since.
    exit_in_doubt: BTreeSet<ContainerId>,
}

impl Model {
    /// A fresh daemon that has the suite's images.
    pub fn new() -> Self {
        let program = |does, volumes| Program { warm_up_ms: 0, does, volumes, ..Program::default() };
        let programs = [
            (Image::Serves, program(Does::Serves, Vec::new())),
            (Image::Anonymous, program(Does::Serves, vec![ANONYMOUS.to_owned()])),
            (Image::Ends, program(Does::Ends { code: 0 }, Vec::new())),
            (Image::Fails, program(Does::Ends { code: 3 }, Vec::new())),
            (Image::Own, program(Does::Serves, Vec::new())),
        ];
        let identity = DaemonIdentity {
            id: "1".to_owned(),
            data_root: "/var/lib/docker".to_owned(),
            storage_driver: "overlay2".to_owned(),
            name: "host".to_owned(),
        };
        let mut daemon = Daemon::new(identity);
        let images = programs.iter().map(|(image, _)| (reference(*image), image_id(*image)));
        daemon.store.images = images.collect();
        let programs = programs.into_iter().map(|(image, program)| (image_id(image), program)).collect();
        Self {
            world: World::new(vec![daemon], programs),
            history: History::default(),
            names: Names::of(GatewayName::parse("any").unwrap(), "reference").unwrap(),
            networks: BTreeMap::new(),
            written: BTreeMap::new(),
            exit_in_doubt: BTreeSet::new(),
        }
    }

    /// Whether nobody can tell what Docker would say: what it says to these depends on whether a container that ends
    /// again and again happens to run. Such a step is not taken.
    pub fn depends_on_the_moment(&self, step: &Step) -> bool {
        match step {
            Step::Pause { container }
            | Step::Connect { container, .. }
            | Step::Disconnect { container, .. }
            | Step::StartByHand { container }
            | Step::StopByHand { container }
            | Step::Kill { container }
            | Step::Remove { container, force: false, .. } => {
                self.named(container).is_some_and(|container| self.doubt(container).loops)
            }
            _ => false,
        }
    }

    /// Takes a step; what Docker says to it.
    pub fn take(&mut self, step: &Step) -> String {
        let loop_now = |container: &&Container| matches!(container.life, Life::Restarting { .. });
        let looping = self.world.daemon().store.containers.values().filter(loop_now);
        self.exit_in_doubt.extend(looping.map(|container| container.id.clone()));
        let answer = match self.command(step) {
            Some(command) => self.perform(&command),
            None => self.by_hand(step),
        };
        self.world.pass(SETTLED_MS, &mut self.history);
        let daemon = self.world.daemon();
        for network in daemon.networks.iter() {
            self.networks.insert(network.1.name.to_string(), network.0.clone());
        }
        let containers = &daemon.store.containers;
        self.exit_in_doubt.retain(|id| containers.get(id).is_some_and(|container| container.life == Life::Exited));
        answer
    }

    /// The adapter's call, where a step is one.
    fn command(&self, step: &Step) -> Option<Command> {
        command(step, PORTS, &|name| self.id(name), &|name| self.network(name), &str::to_owned, &|image| {
            reference(image).to_string()
        })
    }

    fn perform(&mut self, command: &Command) -> String {
        let mut witness = Nobody;
        let (world, history) = (&mut self.world, &mut self.history);
        let mut host = SimHost::new(world, history, &self.names, Actor::Run, &[], &mut witness);
        at_once(host.perform(command)).map_or_else(|| "nothing".to_owned(), |event| said(&event))
    }

    fn by_hand(&mut self, step: &Step) -> String {
        let call = match step {
            Step::CreateContainer(made) => creation(made),
            Step::StartByHand { container } => Call::Start { id: self.id(container) },
            Step::StopByHand { container } => Call::Stop { id: self.id(container) },
            Step::RestartByHand { container } => Call::Restart { id: self.id(container) },
            Step::UnpauseByHand { container } => Call::Unpause { id: self.id(container) },
            Step::Kill { container } => Call::Kill { id: self.id(container) },
            Step::Pause { container } => Call::Pause { id: self.id(container) },
            Step::Rename { container, to } => {
                Call::Rename { id: self.id(container), to: ContainerName::new(to.as_str()) }
            }
            Step::Remove { container, force, volumes } => {
                Call::RemoveContainer { id: self.id(container), force: *force, volumes: *volumes }
            }
            Step::RemoveVolume { volume } => Call::RemoveVolume { name: VolumeName::new(volume.as_str()) },
            Step::RemoveNetwork { network } => Call::RemoveNetwork { id: self.network(network) },
            Step::Disconnect { container, network } => {
                Call::Disconnect { id: self.id(container), network: self.network(network) }
            }
            Step::Tag { image, to } => {
                let Some(image) = self.world.daemon().store.images.get(&reference(*image)).cloned() else {
                    return "no 404".to_owned();
                };
                Call::Tag { reference: reference(*to), image }
            }
            Step::RemoveImage { image, force } => Call::RemoveImage { reference: reference(*image), force: *force },
            Step::Prune { volumes } => {
                Call::Prune { volumes: if *volumes { PrunedVolumes::All } else { PrunedVolumes::None } }
            }
            Step::Work { volume, bytes } => return self.work(volume, bytes),
            Step::CutPower => {
                self.cut_power();
                return "done".to_owned();
            }
            Step::CreateNetwork { .. }
            | Step::CreateVolume { .. }
            | Step::Start { .. }
            | Step::Stop { .. }
            | Step::Restart { .. }
            | Step::Unpause { .. }
            | Step::Connect { .. } => unreachable!("the adapter's"),
        };
        match self.world.apply(Actor::Person, &call, &mut self.history) {
            Ok(Changed::Done) => "done".to_owned(),
            Ok(Changed::WasSo) => "was so".to_owned(),
            Err(no) => format!("no {}", no.status),
        }
    }

    fn work(&mut self, volume: &str, bytes: &str) -> String {
        let content = self.world.number();
        match self.world.daemon_mut().volumes.get_mut(&VolumeName::new(volume)) {
            Some(found) => {
                found.files.insert("work".to_owned(), content);
                self.written.insert(content, bytes.to_owned());
                "done".to_owned()
            }
            None => "no 404".to_owned(),
        }
    }

    fn cut_power(&mut self) {
        let ran = self.world.daemon().store.containers.values().filter(|container| container.may_write());
        self.exit_in_doubt.extend(ran.map(|container| container.id.clone()));
        self.world.cut_power(&mut self.history);
        self.world.start_daemon(0, &mut self.history);
    }

    /// How things stand.
    pub fn picture(&self) -> Picture {
        let daemon = self.world.daemon();
        let mut picture = Picture::default();
        for container in daemon.store.containers.values() {
            picture.note("container", container.name.as_str(), self.seen(container).line(self.doubt(container)));
        }
        for (name, volume) in daemon.volumes.iter().filter(|(_, volume)| !volume.anonymous) {
            let bytes = volume.files.get("work").and_then(|content| self.written.get(content)).cloned();
            picture.note("volume", name.as_str(), bytes.unwrap_or_default());
        }
        let anonymous = daemon.volumes.values().filter(|volume| volume.anonymous).count();
        picture.note("volumes", "without a name", anonymous.to_string());
        for network in daemon.networks.values() {
            if self.networks.contains_key(network.name.as_str()) && !is_default(network.name.as_str()) {
                picture.note("network", network.name.as_str(), String::new());
            }
        }
        for image in [Image::Own, Image::Tagged] {
            if daemon.store.images.contains_key(&reference(image)) {
                picture.note("image", image.name(), String::new());
            }
        }
        picture
    }

    /// What is not certain of each container now.
    pub fn doubts(&self) -> BTreeMap<String, Doubt> {
        let containers = self.world.daemon().store.containers.values();
        containers.map(|container| (container.name.to_string(), self.doubt(container))).collect()
    }

    fn doubt(&self, container: &Container) -> Doubt {
        Doubt {
            loops: matches!(container.life, Life::Restarting { .. }),
            restarts: container.exit.restarts > 0,
            exit: self.exit_in_doubt.contains(&container.id),
        }
    }

    fn seen(&self, container: &Container) -> Seen {
        let daemon = self.world.daemon();
        let mounts = container.config.mounts.iter().map(|mount| {
            let volume = mount.refers_to().and_then(|name| Some((name, daemon.volumes.get(name)?)));
            let name = volume.map_or("none", |(name, found)| if found.anonymous { "?" } else { name.as_str() });
            format!("{name}:{}", mount.path)
        });
        let networks = container.networks.iter().map(|endpoint| {
            let pinned = match &endpoint.id {
                _ if is_default(endpoint.network.as_str()) => return "default network".to_owned(),
                None => Pinned::ByName,
                Some(id) if daemon.networks.contains_key(id) => Pinned::There,
                Some(_) => Pinned::Gone,
            };
            format!("network {} {pinned}", endpoint.network)
        });
        let runs = matches!(container.life, Life::Running { .. } | Life::Paused { .. });
        Seen {
            status: format!("{:?}", container.status()).to_lowercase(),
            exit: container.exit.code,
            oom: container.exit.oom,
            error: !container.exit.error.is_empty(),
            restarts: container.exit.restarts,
            mounts: mounts.collect(),
            networks: networks.collect(),
            published: runs && container.is_reached() && !container.config.ports.is_empty(),
        }
    }

    fn named(&self, name: &str) -> Option<&Container> {
        self.world.daemon().named(&ContainerName::new(name))
    }

    fn id(&self, name: &str) -> ContainerId {
        self.named(name).map_or_else(|| ContainerId::new(NOBODY), |container| container.id.clone())
    }

    fn network(&self, name: &str) -> NetworkId {
        self.networks.get(name).cloned().unwrap_or_else(|| NetworkId::new(NOBODY))
    }
}

fn is_default(network: &str) -> bool {
    network == "bridge" || network == "host" || network == "none"
}

fn reference(image: Image) -> ImageRef {
    ImageRef::new(format!("{}:x", image.name()))
}

fn image_id(image: Image) -> ImageId {
    ImageId::new(format!("sha256:{}", image.name()))
}

/// `docker create --rm`.
fn creation(made: &Made) -> Call {
    let mount = |volume: &String| Mounted {
        source: engine::MountedSource::Volume { name: VolumeName::new(volume.as_str()) },
        path: DATA.to_owned(),
        writable: true,
    };
    let config = Config {
        image: reference(made.image),
        image_id: ImageId::new(""),
        command: Vec::new(),
        env: Env::default(),
        labels: BTreeMap::new(),
        mounts: made.volume.iter().map(mount).collect(),
        ports: vec![Published { container: PORT, host_ip: "127.0.0.1".to_owned(), host: PORTS.of(made) }],
        restart: RestartPolicy::No,
        auto_remove: true,
        hostname: "host".to_owned(),
    };
    Call::CreateContainer {
        name: ContainerName::new(made.container.as_str()),
        image: reference(made.image),
        config: Arc::new(config),
        network: NetworkName::new(made.network.as_deref().unwrap_or("bridge")),
    }
}
