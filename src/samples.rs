//! One refusal of each kind, for the tests of what is told of them and for `docs/reasons.md`.

use std::collections::BTreeSet;

use engine::{
    Act, Because, ContainerId, ContainerName, DaemonIdentity, Exit, Failure, ImageRef, LockHolder, MeasuredVolume,
    NotProved, PortHolder, PortSpec, PresetName, RecordProblem, Refusal, SandboxName, Signal, Trouble, VolumeName, Why,
};

/// The daemon that the samples are about.
pub fn daemon(data_root: &str) -> DaemonIdentity {
    DaemonIdentity {
        id: "2f0c8a4e-8d5c-4a3e-9d39-6f4a2a1b7c55".to_owned(),
        data_root: data_root.to_owned(),
        storage_driver: "overlay2".to_owned(),
        name: "laptop".to_owned(),
    }
}

/// The gateway's container.
pub fn container() -> ContainerName {
    ContainerName::new("openshell-cluster-prod")
}

/// The gateway's volume.
pub fn volume() -> VolumeName {
    VolumeName::new("openshell-cluster-prod")
}

/// A backup's folder.
pub fn backup() -> String {
    "/home/ada/.local/state/nemoclaw/backups/prod/20260301T080000Z-k3x9qa".to_owned()
}

fn image() -> ImageRef {
    ImageRef::new("ghcr.io/acme/gateway:1.2")
}

fn port() -> PortSpec {
    PortSpec { host_ip: "127.0.0.1".to_owned(), host: 8080, container: 8080, same_inside: false, health: None }
}

fn rejected(status: u16, message: &str) -> Failure {
    Failure::Rejected { status: Some(status), message: message.to_owned() }
}

/// A refusal of each kind, and of each kind of advice.
pub fn refusals() -> Vec<Refusal> {
    let socket = || "unix:///var/run/docker.sock".to_owned();
    let mut all = vec![
        Refusal::DockerUnknown { why: Why::NotListening { address: socket() } },
        Refusal::DockerUnknown { why: Why::PermissionDenied { address: socket() } },
        Refusal::DockerUnknown { why: Why::TimedOut { call: "GET /containers/json".to_owned() } },
        Refusal::DockerLost {
            done: BTreeSet::from([Act::MakeVolume]),
            unsure: BTreeSet::from([Act::Create]),
            why: Why::ConnectionLost { call: "POST /containers/create".to_owned() },
        },
        Refusal::RecordUnusable {
            path: "/home/ada/.local/state/nemoclaw/gateways/prod.json".to_owned(),
            aside: Some("/home/ada/.local/state/nemoclaw/gateways/prod.json.set-aside".to_owned()),
            problem: RecordProblem::Corrupt { what: "its checksum does not fit".to_owned() },
        },
        Refusal::RecordUnusable {
            path: "/home/ada's/nemoclaw/gateways/prod.json".to_owned(),
            aside: None,
            problem: RecordProblem::Unreadable {
                why: Why::NotVisible { what: "`/home/ada's/nemoclaw` is a link that leads to no folder".to_owned() },
            },
        },
        Refusal::StateUnusable {
            failure: Failure::Rejected { status: None, message: "`/home/ada/.local` is read-only".to_owned() },
        },
        Refusal::Locked {
            holder: LockHolder {
                pid: Some(4711),
                command: Some("nemoclaw onboard --gateway prod".to_owned()),
                since: Some("2026-03-01T08:00:00Z".to_owned()),
            },
        },
        Refusal::OtherDaemon { recorded: daemon("/var/lib/docker"), found: daemon("/mnt/docker") },
        Refusal::DaemonChanged { first: daemon("/var/lib/docker"), found: daemon("/mnt/docker") },
        Refusal::OtherPreset {
            what: "the record".to_owned(),
            preset: PresetName::new("openshell-cluster"),
            asked: PresetName::new("reference"),
        },
        Refusal::PresetAmbiguous {
            presets: vec![PresetName::new("openshell-gateway"), PresetName::new("openshell-cluster")],
        },
        Refusal::PresetLegacy { preset: PresetName::new("openshell-cluster"), recorded: false },
        Refusal::NoContainer { container: container() },
    ];
    all.extend(of_containers());
    all.extend(of_ports());
    all.extend([
        Refusal::NotRecovered {
            container: container(),
            trouble: Trouble::CrashLoop,
            exit: Exit { code: 3, oom: false, error: String::new(), restarts: 7 },
            log: vec!["reading /data/config".to_owned(), "\u{1b}[31mno such key\u{7}".to_owned()],
        },
        Refusal::NotStopped { container: container(), failure: rejected(500, "cannot kill the process: no answer") },
        Refusal::NotCreated {
            what: format!("create container `{}`", container()),
            failure: rejected(400, "invalid mount config for type `bind`: no such folder"),
        },
        Refusal::ReadinessUnknown {
            container: container(),
            why: Why::NotVisible { what: "its port is bound to the loopback of the remote host `build`".to_owned() },
        },
        Refusal::ContainerHidden {
            data_root: "/var/lib/docker".to_owned(),
            container: ContainerId::new("0123456789abcdef".repeat(4)),
        },
    ]);
    all.extend(of_volumes());
    all.extend([
        Refusal::RolledBack {
            container: container(),
            because: Because::Trouble { trouble: Trouble::CrashLoop },
            log: vec!["no such table: sandboxes".to_owned()],
        },
        Refusal::RolledBack {
            container: container(),
            because: Because::Interrupted { signal: Signal::Interrupt },
            log: Vec::new(),
        },
        Refusal::NotPutBack {
            container: container(),
            trouble: Trouble::Ended,
            exit: Exit { code: 4, oom: false, error: String::new(), restarts: 0 },
            log: vec!["the data is of a newer version".to_owned()],
            because: Because::Sandboxes { lacks: BTreeSet::from([SandboxName::new("alpha")]) },
            next_log: vec!["migrated the data".to_owned()],
        },
        Refusal::HalfDone {
            next: ContainerName::new("openshell-cluster-prod-next"),
            old: ContainerName::new("openshell-cluster-prod-previous"),
        },
        Refusal::NotBackedUp { failure: rejected(500, "no space left on device"), reset: false },
        Refusal::NotBackedUp { failure: rejected(500, "no space left on device"), reset: true },
        Refusal::BackupUnusable {
            backup: backup(),
            failure: Failure::Rejected { status: None, message: format!("`{}/manifest.json` is damaged", backup()) },
        },
        Refusal::NotRestored { backup: backup(), failure: rejected(500, "no space left on device") },
        Refusal::SetAsideLeft { volumes: vec![volume()] },
        Refusal::NothingToBackUp { container: container() },
        Refusal::NotRemoved {
            what: format!("remove volume `{}`", volume()),
            failure: rejected(409, "volume is in use"),
        },
        Refusal::Interrupted { signal: Signal::Interrupt },
        Refusal::Interrupted { signal: Signal::Terminate },
    ]);
    all
}

fn of_containers() -> Vec<Refusal> {
    let held = |writing: bool, rename_to| Refusal::VolumeHeld {
        container: ContainerName::new("old-gateway"),
        status: if writing { "running" } else { "exited" }.to_owned(),
        volume: volume(),
        by_folder: None,
        rename_to,
        writing,
    };
    vec![
        Refusal::ForeignContainer {
            what: "container".to_owned(),
            name: container().to_string(),
            because: "its image is `nginx:1` and it mounts none of the gateway's volumes".to_owned(),
        },
        Refusal::ForeignContainer {
            what: "volume".to_owned(),
            name: volume().to_string(),
            because: "its label says that it belongs to the gateway `stage`".to_owned(),
        },
        held(false, Some(container())),
        held(true, None),
        held(false, None),
        Refusal::WrongVolume {
            container: container(),
            expected: volume(),
            path: "/data".to_owned(),
            found: vec![VolumeName::new("scratch")],
        },
        Refusal::ResetContainerExists { container: container() },
        Refusal::ImageUnavailable { image: image(), failure: rejected(404, "manifest unknown") },
        Refusal::ImageUnfit {
            image: image(),
            because: "it is built for aarch64, and this daemon runs containers on amd64".to_owned(),
        },
        Refusal::ManagedElsewhere {
            container: container(),
            manager: "Docker Compose".to_owned(),
            command: "docker compose up --detach --force-recreate".to_owned(),
        },
        Refusal::AutoRemove { container: container() },
        Refusal::LayerHoldsData { container: container(), paths: vec!["/etc/gateway/key".to_owned()], count: 1 },
    ]
}

fn of_ports() -> Vec<Refusal> {
    let held = |holder, container_has_it| Refusal::PortHeld { port: port(), holder, container_has_it };
    let web =
        PortHolder::Container { name: ContainerName::new("web"), id: ContainerId::new("fedcba9876543210".repeat(4)) };
    let process = |pid| PortHolder::Process { pid, command: Some("python3 -m http.server 8080".to_owned()) };
    vec![held(web, true), held(process(Some(812)), false), held(process(Some(812)), true), held(process(None), true)]
}

fn of_volumes() -> Vec<Refusal> {
    let measured = |name: &str, created: &str, size_bytes| MeasuredVolume {
        name: VolumeName::new(name),
        created: Some(created.to_owned()),
        size_bytes,
    };
    vec![
        Refusal::VolumesAmbiguous {
            path: "/data".to_owned(),
            candidates: vec![
                measured("openshell-cluster-prod", "2026-01-01T10:00:00Z", Some(48_300_000)),
                measured("prod-restored", "2026-02-20T17:30:00Z", None),
            ],
        },
        Refusal::NodeNameUnknown { volume: Some(volume()), usual: "openshell-prod".to_owned() },
        Refusal::NoSuchVolume { volume: VolumeName::new("old-volume") },
        Refusal::DataGone { gone: vec![volume()], left: Vec::new() },
        Refusal::NotProved { volume: volume(), lacks: NotProved::DaemonNotAsked },
    ]
}
