//! The script that the machine is run against: pictures of a host, answers to commands, and what a test asks of the
//! commands that were named.

#![expect(clippy::unwrap_used, reason = "a mistake of the test itself may panic")]

use std::collections::{BTreeMap, VecDeque};

use engine::{
    Attachment, BUILT_IN, Command, ContainerId, ContainerSeen, DaemonIdentity, Disk, End, Event, Exit, Failure,
    GatewayName, GatewayRecord, GatewaySpec, HostSeen, How, ImageId, ImageSeen, Instance, Intent, Known, MountSeen,
    MountedSource, NetworkId, NetworkSeen, Onboarding, Outcome, Place, PortBinding, PortHolder, Preset, Purpose,
    Readiness, RecordSeen, SandboxName, Status, Then, VolumeSeen, Why,
};

pub fn gateway() -> GatewayName {
    GatewayName::parse("prod").unwrap()
}

pub fn place() -> Place {
    Place { files: "/files".to_owned(), docker_socket: None, certificates: None }
}

pub fn spec() -> GatewaySpec {
    Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway(), &place()).unwrap()
}

pub fn intent(purpose: Purpose) -> Intent {
    Intent::of(gateway(), spec(), purpose)
}

pub fn daemon() -> DaemonIdentity {
    DaemonIdentity {
        id: "ABCD".to_owned(),
        data_root: "/var/lib/docker".to_owned(),
        storage_driver: "overlay2".to_owned(),
        name: "host".to_owned(),
    }
}

pub fn own(status: Status) -> ContainerSeen {
    let spec = spec();
    let (volume, path) = spec.volumes().next().unwrap();
    let mut env = spec.env.clone();
    env.0.insert("OPENSHELL_NODE_NAME".to_owned(), spec.node_name.clone());
    ContainerSeen {
        id: ContainerId::new("c".repeat(64)),
        name: spec.container.clone(),
        status: Known::Known(status),
        exit: Exit::default(),
        instance: Instance::new("first"),
        image: spec.image.clone(),
        image_id: ImageId::new("sha256:1"),
        command: spec.command.clone(),
        env,
        labels: BTreeMap::from([("io.nemoclaw.gateway".to_owned(), "prod".to_owned())]),
        mounts: vec![MountSeen {
            source: MountedSource::Volume { name: volume.clone() },
            path: path.to_owned(),
            writable: true,
        }],
        networks: vec![Attachment {
            network: spec.network.clone().unwrap(),
            id: Some(NetworkId::new("n")),
            exists: true,
            aliases: Vec::new(),
            ipv4: None,
        }],
        ports: vec![PortBinding {
            container: spec.port.container,
            host_ip: spec.port.host_ip.clone(),
            host: Some(spec.port.host),
            published: true,
        }],
        restart: spec.restart,
        auto_remove: false,
        hostname: spec.node_name,
    }
}

/// A host on which the first parts of a gateway are there: its image, its network, its volume.
pub fn parts(image: bool, network: bool, volume: bool) -> HostSeen {
    let spec = spec();
    let image = image.then(|| ImageSeen { reference: spec.image.clone(), id: ImageId::new("sha256:1") });
    let network = network.then(|| NetworkSeen {
        name: spec.network.clone().unwrap(),
        id: NetworkId::new("n"),
        labels: BTreeMap::new(),
    });
    let volume = volume.then(|| VolumeSeen {
        name: spec.volumes().next().unwrap().0.clone(),
        labels: BTreeMap::new(),
        created: None,
    });
    HostSeen {
        daemon: Some(Known::Known(daemon())),
        containers: Known::Known(Vec::new()),
        volumes: Known::Known(volume.into_iter().collect()),
        image: Known::Known(image),
        networks: Known::Known(network.into_iter().collect()),
        port: Known::Known(PortHolder::Free),
        readiness: Known::Known(Readiness::Unreachable),
        disk: Known::Known(Disk::Room),
        remains: Some(engine::Remains::Gone),
        layer: None,
        lacking: Known::Known(Vec::new()),
        health_port: None,
        wanted_port: None,
        gpu: None,
        node_name: None,
    }
}

/// A host with the whole gateway, its container in this status.
pub fn whole(status: Status) -> HostSeen {
    HostSeen { containers: Known::Known(vec![own(status)]), ..parts(true, true, true) }
}

pub fn ready() -> HostSeen {
    HostSeen {
        readiness: Known::Known(Readiness::Ready { marked: true }),
        port: Known::Known(PortHolder::Gateway),
        ..whole(Status::Running)
    }
}

/// The same gateway after another start.
pub fn ready_after_restart() -> HostSeen {
    HostSeen {
        containers: Known::Known(vec![ContainerSeen { instance: Instance::new("second"), ..own(Status::Running) }]),
        ..ready()
    }
}

pub fn unknown() -> HostSeen {
    HostSeen {
        containers: Known::Unknown(Why::TimedOut { call: "list".to_owned() }),
        readiness: Known::Known(Readiness::Unreachable),
        ..ready()
    }
}

pub fn observed(host: HostSeen) -> Event {
    Event::Observed { host: Box::new(host) }
}

pub fn listed(names: &[&str]) -> Event {
    let sandboxes = names.iter().map(|name| (SandboxName::new(*name), None)).collect();
    Event::SandboxesListed { sandboxes: Known::Known(sandboxes) }
}

pub fn lost() -> Event {
    Event::Failed { failure: Failure::Unknown { why: Why::ConnectionLost { call: "act".to_owned() } } }
}

/// The record that a run on a ready gateway with these sandboxes leaves behind.
pub fn recorded(sandboxes: &[&str]) -> RecordSeen {
    let script = vec![observed(ready()), listed(sandboxes), Event::Done];
    let (_, commands) = run(intent(Purpose::Onboard), RecordSeen::Absent, script);
    RecordSeen::Present { record: written(&commands).into() }
}

pub fn written(commands: &[Command]) -> GatewayRecord {
    match commands.last() {
        Some(Command::WriteRecord { record, .. }) => (**record).clone(),
        other => panic!("the last command is {other:?}"),
    }
}

/// Runs the machine against the events after its preflight; gives the outcome and the commands that they answered.
pub fn run(intent: Intent, record: RecordSeen, script: Vec<Event>) -> (Outcome, Vec<Command>) {
    let mut script: VecDeque<_> = script.into();
    script.push_front(Event::RecordRead { record, older: None });
    if intent.purpose == Purpose::Onboard {
        script.push_front(Event::LockTaken);
    }
    let (mut machine, mut command) = Onboarding::new(intent);
    let mut commands = Vec::new();
    loop {
        let event = script.pop_front().unwrap_or_else(|| panic!("the script is over, and there is {command:?}"));
        commands.push(command);
        match machine.handle(&event) {
            Then::Perform(next) => command = next,
            Then::Finish(outcome) => {
                assert!(script.is_empty(), "not asked for: {script:?}");
                return (*outcome, commands);
            }
        }
    }
}

pub fn onboard(record: RecordSeen, script: Vec<Event>) -> (Outcome, Vec<Command>) {
    run(intent(Purpose::Onboard), record, script)
}

pub fn names(commands: &[Command]) -> Vec<String> {
    let name = |command| serde_json::to_value(command).unwrap()["kind"].as_str().unwrap().to_owned();
    commands.iter().map(name).collect()
}

/// How long each look of a run waited first, in milliseconds.
pub fn pauses(commands: &[Command]) -> Vec<u64> {
    commands
        .iter()
        .filter_map(|command| if let Command::Observe(target) = command { Some(target.wait_ms) } else { None })
        .collect()
}

pub fn how(outcome: &Outcome) -> Option<How> {
    match outcome.end {
        End::Ready { how, .. } => Some(how),
        End::Stopped | End::BackedUp | End::Destroyed { .. } | End::Refused { .. } | End::Looked { .. } => None,
    }
}

pub fn changes_nothing(commands: &[Command]) -> bool {
    commands.iter().all(|command| !command.changes_something())
}
