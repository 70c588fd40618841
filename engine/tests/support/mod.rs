//! A small readable world to decide about: one gateway, `prod`, of the reference preset, and everything that can be
//! seen of it. What a test does not mention is as on a fresh machine where Docker answers.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "what is parsed here is written here")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use engine::{
    Act, Asked, Attachment, BUILT_IN, Consent, ContainerId, ContainerName, ContainerSeen, DaemonIdentity, Decision,
    Disk, Exit, Failed, Failure, GatewayName, GatewayRecord, GatewaySpec, HostSeen, ImageId, ImageSeen, Instance,
    Intent, Known, LABEL_GATEWAY, MountSeen, MountedSource, NetworkId, NetworkName, NetworkSeen, Observation,
    PortBinding, PortHolder, Preset, PresetName, Purpose, Readiness, RecordProblem, RecordSeen, RecordedVolume, Status,
    Tried, VolumeName, VolumeSeen, Why, decide,
};

/// The container's name, and that of its volume and its network.
pub const NAME: &str = "openshell-cluster-prod";
/// The same of a neighbour whose name begins with ours.
pub const NEIGHBOUR: &str = "openshell-cluster-prod-eu";
/// Where the gateway sees its volume.
pub const PATH: &str = "/data";
/// Label keys as the engine writes them: what is on Docker's objects is an interface between releases.
pub const LABEL_PRESET: &str = "io.nemoclaw.preset";
/// See [`LABEL_PRESET`].
pub const LABEL_ROLE: &str = "io.nemoclaw.role";
/// See [`LABEL_PRESET`].
pub const LABEL_REPLACES: &str = "io.nemoclaw.replaces";
/// See [`LABEL_PRESET`].
pub const LABEL_NODE_NAME: &str = "io.nemoclaw.node-name";

/// Everything a decision is made from.
#[derive(Clone, Debug)]
pub struct World {
    pub seen: Observation,
    pub intent: Intent,
    pub tried: Tried,
}

/// A fresh machine: the image is at hand, and nothing of the gateway is there.
pub fn world() -> World {
    let host = HostSeen {
        daemon: Some(Known::Known(daemon("one"))),
        containers: Known::Known(Vec::new()),
        volumes: Known::Known(Vec::new()),
        image: Known::Known(Some(ImageSeen { reference: spec().image, id: ImageId::new("sha256:1") })),
        networks: Known::Known(vec![network(NAME)]),
        port: Known::Known(PortHolder::Free),
        readiness: Known::Known(Readiness::Unreachable),
        disk: Known::Known(Disk::Room),
        remains: None,
        layer: None,
        lacking: Known::Known(Vec::new()),
        health_port: None,
        wanted_port: Some(Known::Known(PortHolder::Free)),
        gpu: None,
        node_name: None,
    };
    let seen = Observation { record: RecordSeen::Absent, asked: Asked::for_spec(&spec()), host };
    World { seen, intent: intent(), tried: Tried::default() }
}

impl World {
    /// The decision about it.
    pub fn decide(&self) -> Decision {
        decide(&self.seen, &self.intent, &self.tried)
    }

    pub fn container(mut self, container: ContainerSeen) -> Self {
        let mut containers = self.seen.host.containers.known().cloned().unwrap_or_default();
        containers.push(container);
        self.seen.host.containers = Known::Known(containers);
        self
    }

    pub fn volume(mut self, volume: VolumeSeen) -> Self {
        let mut volumes = self.seen.host.volumes.known().cloned().unwrap_or_default();
        volumes.push(volume);
        self.seen.host.volumes = Known::Known(volumes);
        self
    }

    /// With the record; the recorded container's folder is gone unless the container is there.
    pub fn record(mut self, record: GatewayRecord) -> Self {
        self.seen.asked = Asked::for_spec(&self.intent.wanted(Some(&record)));
        self.seen.host.remains = (!self.has_container_of(&record)).then_some(engine::Remains::Gone);
        self.seen.record = RecordSeen::Present { record: Arc::new(record) };
        self
    }

    /// With what a person asked for; what the look asks for follows.
    pub fn asked(mut self, change: impl FnOnce(&mut Intent)) -> Self {
        change(&mut self.intent);
        self.seen.asked = Asked::for_spec(&self.intent.wanted(self.seen.record.record()));
        self
    }

    pub fn readiness(mut self, readiness: Readiness) -> Self {
        self.seen.host.readiness = Known::Known(readiness);
        self
    }

    pub fn ready(self) -> Self {
        self.readiness(Readiness::Ready { marked: true }).port(PortHolder::Gateway)
    }

    pub fn port(mut self, holder: PortHolder) -> Self {
        self.seen.host.port = Known::Known(holder);
        self
    }

    /// With this daemon as the one that the run has seen first.
    pub fn began_on(mut self, id: &str) -> Self {
        self.tried.daemon = Some(daemon(id));
        self
    }

    pub fn done(mut self, act: Act) -> Self {
        self.tried.note_done(act);
        self
    }

    pub fn failed(mut self, act: Act, failure: Failure) -> Self {
        self.tried.note_failed(act, "do it".to_owned(), failure);
        self
    }

    /// After all looks that a run takes at something unknown.
    pub fn looked_enough(mut self) -> Self {
        self.tried.looks = engine::LOOKS_MAX;
        self
    }

    pub fn failed_last(&self) -> Option<&Failed> {
        self.tried.failed.as_ref()
    }

    fn has_container_of(&self, record: &GatewayRecord) -> bool {
        let containers = self.seen.host.containers.known();
        containers.is_some_and(|containers| containers.iter().any(|container| container.id == record.container))
    }
}

/// A value with a change.
pub trait But: Sized {
    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl But for World {}
impl But for ContainerSeen {}
impl But for GatewayRecord {}
impl But for VolumeSeen {}

/// Where a gateway finds what is not Docker's.
pub fn place() -> engine::Place {
    engine::Place { files: "/files".to_owned(), docker_socket: None, certificates: None }
}

pub fn gateway() -> GatewayName {
    GatewayName::parse("prod").unwrap()
}

/// What the preset says; read once, since millions of worlds ask.
pub fn spec() -> GatewaySpec {
    static SPEC: LazyLock<GatewaySpec> =
        LazyLock::new(|| Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway(), &place()).unwrap());
    SPEC.clone()
}

pub fn intent() -> Intent {
    Intent::of(gateway(), spec(), Purpose::Onboard)
}

pub fn consent() -> Consent {
    Consent::typed(&gateway(), "prod").unwrap()
}

pub fn daemon(id: &str) -> DaemonIdentity {
    DaemonIdentity {
        id: id.to_owned(),
        data_root: "/var/lib/docker".to_owned(),
        storage_driver: "overlay2".to_owned(),
        name: "host".to_owned(),
    }
}

/// A 64-digit ID made of one digit.
pub fn id(digit: char) -> ContainerId {
    ContainerId::new(digit.to_string().repeat(64))
}

/// The gateway's own container, as its spec wants it, made by us.
pub fn own(status: Status) -> ContainerSeen {
    let spec = spec();
    let mut env = spec.env.clone();
    env.0.insert("OPENSHELL_NODE_NAME".to_owned(), spec.node_name.clone());
    ContainerSeen {
        id: id('1'),
        name: spec.container.clone(),
        status: Known::Known(status),
        exit: Exit::default(),
        instance: Instance::new("first"),
        image: spec.image.clone(),
        image_id: ImageId::new("sha256:1"),
        command: spec.command.clone(),
        env,
        labels: labels("prod"),
        mounts: vec![mount(NAME, PATH)],
        networks: vec![attachment(NAME)],
        ports: vec![PortBinding {
            container: spec.port.container,
            host_ip: spec.port.host_ip.clone(),
            host: Some(spec.port.host),
            published: status == Status::Running,
        }],
        restart: spec.restart,
        auto_remove: false,
        hostname: spec.node_name,
    }
}

/// A container that has nothing to do with the gateway but the gateway's volume.
pub fn stranger(status: Status) -> ContainerSeen {
    own(status).but(|stranger| {
        stranger.id = id('2');
        stranger.name = ContainerName::new("stranger");
        stranger.image = engine::ImageRef::new("busybox:1");
        stranger.image_id = ImageId::new("sha256:2");
        stranger.labels = BTreeMap::new();
        stranger.mounts = vec![mount(NAME, "/backup")];
        stranger.ports = Vec::new();
    })
}

/// The container that is to take the place of the one with this ID.
pub fn next(status: Status, replaces: &ContainerId) -> ContainerSeen {
    own(status).but(|next| {
        next.restart = engine::RestartPolicy::No;
        next.id = id('3');
        next.name = ContainerName::new(format!("{NAME}-next"));
        next.labels.insert(LABEL_ROLE.to_owned(), "next".to_owned());
        next.labels.insert(LABEL_REPLACES.to_owned(), replaces.to_string());
    })
}

/// The gateway's old container after the names were swapped.
pub fn previous(status: Status) -> ContainerSeen {
    own(status).but(|old| old.name = ContainerName::new(format!("{NAME}-previous")))
}

pub fn mount(volume: &str, path: &str) -> MountSeen {
    let source = MountedSource::Volume { name: VolumeName::new(volume) };
    MountSeen { source, path: path.to_owned(), writable: true }
}

/// A bind of a volume's folder.
pub fn folder(volume: &str, path: &str) -> MountSeen {
    let folder = format!("/var/lib/docker/volumes/{volume}/_data");
    let source = MountedSource::FolderOfVolume { name: VolumeName::new(volume), folder };
    MountSeen { source, path: path.to_owned(), writable: true }
}

pub fn attachment(network: &str) -> Attachment {
    Attachment {
        network: NetworkName::new(network),
        id: Some(NetworkId::new("n")),
        exists: true,
        aliases: Vec::new(),
        ipv4: None,
    }
}

pub fn network(name: &str) -> NetworkSeen {
    NetworkSeen { name: NetworkName::new(name), id: NetworkId::new("n"), labels: BTreeMap::new() }
}

pub fn volume(name: &str) -> VolumeSeen {
    VolumeSeen { name: VolumeName::new(name), labels: BTreeMap::new(), created: None }
}

/// A volume that is labelled as a gateway's.
pub fn labelled(name: &str, gateway: &str) -> VolumeSeen {
    volume(name).but(|volume| volume.labels = labels(gateway))
}

pub fn labels(gateway: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(LABEL_GATEWAY.to_owned(), gateway.to_owned()), (LABEL_PRESET.to_owned(), "reference".to_owned())])
}

/// The record of the gateway with the container that [`own`] makes.
pub fn record() -> GatewayRecord {
    GatewayRecord {
        gateway: gateway(),
        spec: spec(),
        daemon: daemon("one"),
        container: id('1'),
        volumes: vec![RecordedVolume { name: VolumeName::new(NAME), path: PATH.to_owned() }],
        set_aside: BTreeSet::new(),
        node_name: "openshell-prod".to_owned(),
        sandboxes: BTreeSet::new(),
        missing: BTreeSet::new(),
        compared_in: None,
        was_ready: true,
    }
}

pub fn unusable() -> RecordSeen {
    let problem = RecordProblem::Corrupt { what: "no JSON".to_owned() };
    RecordSeen::Unusable { path: "prod.json".to_owned(), aside: Some("prod.json.set-aside".to_owned()), problem }
}

pub fn other_preset() -> PresetName {
    PresetName::new("openshell-gateway")
}

pub fn timed_out<T>() -> Known<T> {
    Known::Unknown(Why::TimedOut { call: "GET".to_owned() })
}

pub fn rejected(status: u16) -> Failure {
    Failure::Rejected { status: Some(status), message: "no".to_owned() }
}

pub fn lost() -> Failure {
    Failure::Unknown { why: Why::ConnectionLost { call: "POST".to_owned() } }
}

/// The volume that [`to_restore_into`] makes for a restore of the one backup.
pub const RESTORED: &str = "openshell-cluster-prod-restored-1";

/// An empty volume that a restore has made for the gateway's.
pub fn to_restore_into(name: &str) -> VolumeSeen {
    labelled(name, "prod").but(|volume| {
        volume.labels.insert(engine::LABEL_RESTORED.to_owned(), "one".to_owned());
        volume.labels.insert(engine::LABEL_RESTORED_AS.to_owned(), NAME.to_owned());
    })
}

/// What the one backup of the gateway holds.
pub fn backup_contents() -> engine::BackupContents {
    engine::BackupContents {
        path: "/backups/one".to_owned(),
        name: "one".to_owned(),
        gateway: gateway(),
        preset: spec().preset,
        node_name: Some("openshell-prod".to_owned()),
        volumes: vec![engine::BackedUpVolume { name: VolumeName::new(NAME), path: Some(PATH.to_owned()) }],
        carried: Vec::new(),
    }
}
