//! The steps that are the adapter's, as the commands that a host is given, and what its answers come to. Both sides are
//! given the same, each in its own names.

use std::collections::BTreeMap;

use engine::{
    Command, ContainerId, ContainerName, Env, Event, Failure, ImageRef, MountSource, MountSpec, NetworkId, NetworkName,
    NewContainer, PortSpec, VolumeName,
};

use crate::step::{Image, Made, Step};

/// Where a container has its volume.
pub const DATA: &str = "/data";

/// The gateway's own port, inside.
pub const PORT: u16 = 8080;

/// The ports of the host: one that every container may want, and one for each name.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub shared: u16,
    pub of_a: u16,
    pub of_b: u16,
}

/// What an answer to the adapter comes to.
pub fn said(event: &Event) -> String {
    match event {
        Event::Done => "done".to_owned(),
        Event::Failed { failure: Failure::Rejected { status: Some(status), .. } } => format!("no {status}"),
        Event::Failed { failure: Failure::Unknown { .. } } => "unknown".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The command that the adapter is given for a step, where it is one of its own. Names are those of one side.
pub fn command(
    step: &Step,
    ports: Ports,
    id: &dyn Fn(&str) -> ContainerId,
    network_id: &dyn Fn(&str) -> NetworkId,
    named: &dyn Fn(&str) -> String,
    image: &dyn Fn(Image) -> String,
) -> Option<Command> {
    let command = match step {
        Step::CreateNetwork { network } => {
            Command::CreateNetwork { name: NetworkName::new(named(network)), labels: BTreeMap::new() }
        }
        Step::CreateVolume { volume } => {
            Command::CreateVolume { name: VolumeName::new(named(volume)), labels: BTreeMap::new() }
        }
        Step::CreateContainer(made) if !made.auto_remove => {
            Command::CreateContainer(Box::new(new_container(made, ports, named, image)))
        }
        Step::Start { container } => Command::StartContainer { container: id(container), files: Vec::new() },
        Step::Stop { container } => Command::StopContainer { container: id(container), grace_s: GRACE_S },
        Step::Restart { container } => Command::RestartContainer { container: id(container), grace_s: GRACE_S },
        Step::Unpause { container } => Command::UnpauseContainer { container: id(container) },
        Step::Connect { container, network } => Command::ConnectNetwork {
            container: id(container),
            network: network_id(network),
            aliases: Vec::new(),
            ipv4: None,
        },
        _ => return None,
    };
    Some(command)
}

/// How long a process gets to end: the reference gateway ends at once.
const GRACE_S: u32 = 10;

fn new_container(
    made: &Made,
    ports: Ports,
    named: &dyn Fn(&str) -> String,
    image: &dyn Fn(Image) -> String,
) -> NewContainer {
    let mount = |volume: &String| MountSpec {
        source: MountSource::Volume { name: VolumeName::new(named(volume)) },
        path: DATA.to_owned(),
        read_only: false,
    };
    NewContainer {
        name: ContainerName::new(named(&made.container)),
        image: ImageRef::new(image(made.image)),
        command: PROGRAM.map(str::to_owned).to_vec(),
        keeps_entry_point: false,
        env: env_of(made),
        user: None,
        privileged: false,
        host_cgroups: false,
        extra_hosts: Vec::new(),
        gpu: None,
        labels: BTreeMap::new(),
        mounts: made.volume.iter().map(mount).collect(),
        port: PortSpec {
            host_ip: "127.0.0.1".to_owned(),
            host: ports.of(made),
            container: PORT,
            same_inside: false,
            health: None,
        },
        network: made.network.as_deref().map(|name| NetworkName::new(named(name))),
        hostname: "host".to_owned(),
        restart: made.restart,
    }
}

impl Ports {
    /// The one that a container publishes.
    pub fn of(self, made: &Made) -> u16 {
        match made.container.as_str() {
            _ if made.port => self.shared,
            "a" => self.of_a,
            _ => self.of_b,
        }
    }
}

/// What runs in a real container.
pub const PROGRAM: [&str; 2] = ["/nemoclaw", "reference-gateway"];

/// What makes the real program do as its image's name says.
pub fn env_of(made: &Made) -> Env {
    let mut env = BTreeMap::from([("OPENSHELL_NODE_NAME".to_owned(), "node".to_owned())]);
    let folder = if made.volume.is_some() { DATA } else { "/" };
    env.insert("NEMOCLAW_REFERENCE_DATA".to_owned(), folder.to_owned());
    let crash = match made.image {
        Image::Ends => Some("0"),
        Image::Fails => Some("3"),
        Image::Serves | Image::Anonymous | Image::Own | Image::Tagged | Image::Missing => None,
    };
    env.extend(crash.map(|code| ("NEMOCLAW_REFERENCE_CRASH".to_owned(), code.to_owned())));
    Env(env)
}
