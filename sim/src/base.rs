//! Worlds to begin with, and what everything in them is called.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{
    BUILT_IN, BadPreset, ContainerName, DaemonIdentity, GatewayName, GatewaySpec, ImageId, ImageRef, NetworkName,
    Place, Preset, PresetName, VolumeName,
};
use futures_util::FutureExt;
use serde::Serialize;

use crate::act::{Act, Which};
use crate::world::World;
use crate::world::call::Call;
use crate::world::container::{Config, Container, Mounted, Published};
use crate::world::daemon::Daemon;
use crate::world::effect::{Actor, History};
use crate::world::program::Program;

/// Where today's gateway finds its files, and Docker's socket, in every simulated world.
const FILES: &str = "/home/ada/.local/state/nemoclaw/files";
const SOCKET: &str = "/var/run/docker.sock";

/// What one gateway's parts are called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Names {
    /// The gateway.
    pub gateway: GatewayName,
    /// What it is meant to look like.
    pub spec: GatewaySpec,
    /// Its container.
    pub container: ContainerName,
    /// Its first volume.
    pub volume: VolumeName,
    /// Its network.
    pub network: NetworkName,
    /// Its image.
    pub image: ImageRef,
    /// Its port on the host.
    pub port: u16,
}

impl Names {
    /// The names of a gateway of a built-in preset.
    ///
    /// # Errors
    /// A preset that is not there, or cannot be resolved.
    pub fn of(gateway: GatewayName, preset: &str) -> Result<Self, BadPreset> {
        let found = BUILT_IN.iter().map(|(_, text)| Preset::parse(text)).find(|parsed| match parsed {
            Ok(parsed) => parsed.name() == PresetName::new(preset),
            Err(_) => true,
        });
        let Some(found) = found else {
            return Err(BadPreset { problem: format!("there is no preset `{preset}`"), at: None });
        };
        let place = Place { files: FILES.to_owned(), docker_socket: Some(SOCKET.to_owned()), certificates: None };
        let spec = found?.resolve(&gateway, &place)?;
        Ok(Self::of_spec(gateway, spec))
    }

    /// The names of a gateway of this spec.
    pub fn of_spec(gateway: GatewayName, spec: GatewaySpec) -> Self {
        let first = spec.volumes().next().map(|(name, _)| name.clone());
        Self {
            container: spec.container.clone(),
            volume: first.unwrap_or_else(|| VolumeName::new("none")),
            network: spec.network_or_default(),
            image: spec.image.clone(),
            port: spec.port.host,
            gateway,
            spec,
        }
    }

    /// The name of the container that is to take its container's place.
    pub fn next(&self) -> ContainerName {
        self.beside("-next")
    }

    /// The name of the container whose place was taken.
    pub fn previous(&self) -> ContainerName {
        self.beside("-previous")
    }

    /// The name of the container through which its volumes are read.
    pub fn helper(&self) -> ContainerName {
        self.beside("-nemoclaw-helper")
    }

    /// The volume that its data is on: its first one, unless a restore has put another into its place.
    pub fn data_volume(&self, world: &World) -> VolumeName {
        let daemon = world.daemon();
        let mounted = daemon.named(&self.container).and_then(|own| own.writes_to().next().cloned());
        let recorded = || {
            let record = world.state.records.get(&self.gateway).and_then(|seen| seen.record())?;
            let path = self.spec.volumes().next().map(|(_, path)| path)?;
            record.volumes.iter().find(|volume| volume.path == path).map(|volume| volume.name.clone())
        };
        let is_restored =
            |name: &VolumeName| daemon.volumes.get(name).is_some_and(|volume| volume.is_restored_of(&self.gateway));
        mounted.or_else(recorded).filter(is_restored).unwrap_or_else(|| self.volume.clone())
    }

    fn beside(&self, ending: &str) -> ContainerName {
        ContainerName::new(format!("{}{ending}", self.container))
    }

    /// What the gateway's image is now: what its container runs, else what its reference stands for.
    pub fn image_id(&self, world: &World) -> Option<ImageId> {
        let daemon = world.daemon();
        let used = daemon.named(&self.container).map(|container| container.config.image_id.clone());
        used.or_else(|| daemon.store.images.get(&self.image).cloned())
            .or_else(|| world.published.get(&self.image).cloned())
    }

    /// What the gateway's program does now.
    pub fn program(&self, world: &World) -> Program {
        self.image_id(world).map(|image| world.program(&image)).unwrap_or_default()
    }

    /// The file that a sandbox is, on the volume of the gateway's container.
    pub fn sandbox_path(&self, world: &World, name: &str) -> Option<String> {
        let container = world.daemon().named(&self.container)?;
        Some(format!("{}{name}", sandbox_folder(world, container)))
    }

    /// A world in which Docker answers and nothing of the gateway is there; its image can be had.
    pub fn fresh_world(&self) -> World {
        let image = ImageId::new("sha256:gateway");
        let mut program = Program { node_name_env: self.spec.node_name_env.clone(), ..Program::default() };
        program.warm_up_ms = (self.spec.warm_up_ms / 100).max(20);
        let mut world = World::new(
            vec![Daemon::new(daemon("/var/lib/docker")), Daemon::new(daemon("/srv/docker"))],
            BTreeMap::from([(image.clone(), program)]),
        );
        world.published.insert(self.image.clone(), image.clone());
        for companion in self.spec.companion_images() {
            world.published.insert(companion, image.clone());
        }
        world
    }

    /// A world in which an onboarding made the gateway, somebody worked with it and it made a sandbox.
    pub fn made_world(&self) -> World {
        let mut world = self.fresh_world();
        let mut history = History::default();
        crate::run::onboard(&mut world, self, &mut history);
        for act in [Act::Work { file: "notes".to_owned() }, Act::MakeSandbox { name: "agent".to_owned() }] {
            act.perform(&mut world, self, &mut history);
        }
        crate::run::onboard(&mut world, self, &mut history);
        world
    }

    /// A world in which somebody made the gateway's container anew, with an anonymous volume, and an onboarding saw it.
    pub fn world_by_hand(&self) -> World {
        let mut world = self.made_world();
        let mut history = History::default();
        Act::Remake { auto_remove: false, anonymous: true, compose: None, volume: None, node_name: None }.perform(
            &mut world,
            self,
            &mut history,
        );
        Act::Wait { ms: 10_000 }.perform(&mut world, self, &mut history);
        crate::run::onboard(&mut world, self, &mut history);
        world
    }

    /// A world in which the older tool made the gateway: no label, and no record of ours. Somebody worked with it, and it
    /// made a sandbox.
    pub fn older_world(&self) -> World {
        let mut world = self.fresh_world();
        let mut history = History::default();
        let mut env = self.spec.environment();
        if let Some(name) = &self.spec.node_name_env {
            env.0.insert(name.clone(), self.spec.node_name.clone());
        }
        let config = Config {
            image: self.image.clone(),
            image_id: ImageId::new(""),
            command: self.spec.command_line(),
            env,
            labels: BTreeMap::new(),
            mounts: self.spec.mounts.iter().map(Mounted::of).collect(),
            ports: vec![Published {
                container: self.spec.port.container,
                host_ip: self.spec.port.host_ip.clone(),
                host: self.port,
            }],
            restart: self.spec.restart,
            auto_remove: false,
            hostname: self.spec.node_name.clone(),
        };
        let by = Actor::Person;
        let image = self.image.clone();
        let network = self.network.clone();
        for call in [
            Call::ProvideImage { reference: image.clone() },
            Call::CreateNetwork { name: network.clone(), labels: BTreeMap::new() },
            Call::CreateContainer { name: self.container.clone(), image, config: Arc::new(config), network },
        ] {
            let _a_default_network_is_there_already = world.apply(by, &call, &mut history);
        }
        for act in [
            Act::Start(Which::default()),
            Act::Work { file: "notes".to_owned() },
            Act::MakeSandbox { name: "agent".to_owned() },
            Act::Wait { ms: 10_000 },
        ] {
            act.perform(&mut world, self, &mut history);
        }
        world
    }
}

/// Two daemons on one host can share the engine ID; these do.
fn daemon(data_root: &str) -> DaemonIdentity {
    DaemonIdentity {
        id: "2f0c8a4e".to_owned(),
        data_root: data_root.to_owned(),
        storage_driver: "overlay2".to_owned(),
        name: "laptop".to_owned(),
    }
}

/// Where a gateway keeps its sandboxes on its volume: keyed by its node name, where it has one (k3s does so).
pub fn sandbox_folder(world: &World, container: &Container) -> String {
    let program = world.program(&container.config.image_id);
    let node = program
        .node_name_env
        .map(|env| container.config.env.0.get(&env).cloned().unwrap_or_else(|| container.config.hostname.clone()));
    node.map_or_else(|| "sandboxes/".to_owned(), |node| format!("sandboxes/{node}/"))
}

/// Runs what never waits, such as a run on a simulated host; none where it was killed.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    future.now_or_never()
}
