//! Docker's JSON: one of a consistent daemon's answers is replaced. The first line names it and its status, the rest is
//! its body.
//!
//! The other answers show the gateway's container and volume, each in two places: so whatever the replaced one says, the
//! two are never missing. They are there or unknown.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use adapters::{Address, gateways_by_label};
use engine::{Command, ContainerId, Event, HostSeen, ReadinessSpec, SandboxListing, Scheme, Target, VolumeName};
use serde_json::Value;

use super::daemon::{Answer, Server};
use super::scene::{GATEWAY, Scene, gateway, gateway_spec, lines};

/// The answers of a real daemon, less what is not ours, by the names that seeds give them.
const ANSWERS: [(&str, &str); 10] = [
    ("changes", include_str!("../../seeds/look/changes")),
    ("df", include_str!("../../seeds/look/df")),
    ("image", include_str!("../../seeds/look/image")),
    ("info", include_str!("../../seeds/look/info")),
    ("inspect", include_str!("../../seeds/look/inspect")),
    ("list", include_str!("../../seeds/look/list")),
    ("networks", include_str!("../../seeds/look/networks")),
    ("stranger", include_str!("../../seeds/look/stranger")),
    ("volume", include_str!("../../seeds/look/volume")),
    ("volumes", include_str!("../../seeds/look/volumes")),
];

/// Statuses that come with a body.
const STATUSES: [u16; 8] = [200, 201, 403, 404, 409, 429, 500, 503];

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

struct Stage {
    scene: Scene,
    daemon: Server,
    container: String,
    names: Arc<BTreeMap<String, &'static str>>,
}

pub fn target(bytes: &[u8]) {
    let [head, body] = lines(bytes);
    let Some((name, status)) = std::str::from_utf8(head).ok().and_then(|head| head.split_once(' ')) else { return };
    let Some((name, _)) = ANSWERS.iter().find(|(known, _)| *known == name) else { return };
    let status = status.parse().ok().filter(|status| STATUSES.contains(status)).unwrap_or(200);
    STAGE.with_borrow_mut(|stage| stage.play(name, status, body));
}

impl Stage {
    fn new() -> Self {
        let scene = Scene::new();
        let id = |name: &str| {
            let answer: Value = serde_json::from_slice(body_of(name)).expect("a seed");
            answer["Id"].as_str().expect("a seed").to_owned()
        };
        let (container, stranger, spec) = (id("inspect"), id("stranger"), gateway_spec());
        let names = BTreeMap::from([
            ("/containers/json?all=1".to_owned(), "list"),
            (format!("/containers/{}/json", spec.container), "inspect"),
            (format!("/containers/{container}/json"), "inspect"),
            (format!("/containers/{container}/changes"), "changes"),
            (format!("/containers/{stranger}/json"), "stranger"),
            ("/volumes".to_owned(), "volumes"),
            (format!("/volumes/{}", volume()), "volume"),
            ("/networks".to_owned(), "networks"),
            ("/info".to_owned(), "info"),
            (format!("/images/{}/json", spec.image), "image"),
            ("/system/df?type=volume&verbose=true".to_owned(), "df"),
        ]);
        let daemon = Server::daemon(&scene);
        let mut stage = Self { scene, daemon, container, names: Arc::new(names) };
        let (Event::Observed { host }, _) = (stage.observe("list", 200, body_of("list")), ()) else {
            panic!("a look is answered by what it showed");
        };
        assert!(host.containers.known().is_some_and(|all| all.len() == 2), "{:?}", host.containers);
        assert!(host.volumes.known().is_some() && host.daemon.is_some_and(|daemon| daemon.known().is_some()));
        stage
    }

    fn play(&mut self, name: &'static str, status: u16, body: &[u8]) {
        let Event::Observed { host } = self.observe(name, status, body) else {
            panic!("a look is answered by what it showed");
        };
        self.judge(&host);
        if matches!(name, "list" | "volumes" | "df") {
            self.ask_the_rest(name, status, body);
        }
    }

    /// What else is asked of the lists.
    fn ask_the_rest(&mut self, name: &'static str, status: u16, body: &[u8]) {
        let spec = gateway_spec();
        self.answer(name, status, body);
        let volumes = vec![volume()];
        let containers = vec![spec.container.clone()];
        self.scene.perform(&Command::FindNames { containers, volumes: volumes.clone(), wait_ms: 0 });
        self.scene.perform(&Command::MeasureVolumes { volumes });
        let listing =
            SandboxListing::Siblings { label: "a=b".to_owned(), name_label: "io.nemoclaw.gateway".to_owned() };
        let endpoint = engine::Endpoint { scheme: Scheme::Http, host_ip: "127.0.0.1".to_owned(), port: 1 };
        let container = ContainerId::new(self.container.as_str());
        self.scene.perform(&Command::ListSandboxes { container, endpoint, listing });
        let address = Address::Unix { path: self.scene.home.join("docker.sock") };
        let _ = self.scene.runtime.block_on(gateways_by_label(&address, std::time::Duration::from_secs(60)));
    }

    fn observe(&mut self, name: &'static str, status: u16, body: &[u8]) -> Event {
        self.answer(name, status, body);
        let spec = gateway_spec();
        let readiness = ReadinessSpec { asks: Vec::new(), ..spec.readiness };
        self.scene.perform(&Command::Observe(Box::new(Target {
            gateway: gateway(),
            container: spec.container,
            replacement: Vec::new(),
            recorded: Some(ContainerId::new(self.container.as_str())),
            data_root: Some("/var/lib/docker".to_owned()),
            volumes: vec![volume()],
            network: spec.network,
            image: spec.image,
            companions: Vec::new(),
            port: spec.port,
            readiness,
            wait_ms: 0,
            identity: true,
            layer: true,
            gpu: true,
            node_name_file: Some("node-passwd".to_owned()),
        })))
    }

    fn answer(&self, replaced: &'static str, status: u16, body: &[u8]) {
        let (names, body) = (Arc::clone(&self.names), body.to_vec());
        self.daemon.answers(move |head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            match names.get(path) {
                Some(name) if *name == replaced => Answer::from_docker(status, &body),
                Some(name) => Answer::from_docker(200, body_of(name)),
                None => Answer::from_docker(404, br#"{"message":"no such thing"}"#),
            }
        });
    }

    fn judge(&self, host: &HostSeen) {
        if let Some(containers) = host.containers.known() {
            let own = containers.iter().find(|container| container.name == gateway_spec().container);
            let own = own.expect("a container that two answers show is missing");
            assert_eq!(own.id.as_str(), self.container);
        }
        if let Some(volumes) = host.volumes.known() {
            assert!(volumes.iter().any(|seen| seen.name == volume()), "a volume that an answer shows is missing");
        }
        if let Some(daemon) = host.daemon.as_ref().and_then(|daemon| daemon.known()) {
            let parts = [&daemon.id, &daemon.data_root, &daemon.storage_driver, &daemon.name];
            assert!(parts.iter().all(|part| !part.is_empty()), "half an identity: {daemon:?}");
        }
        assert_eq!(host.remains, None, "nobody denied the container");
    }
}

fn volume() -> VolumeName {
    VolumeName::new(format!("openshell-cluster-{GATEWAY}"))
}

/// The body of a seed.
fn body_of(name: &str) -> &'static [u8] {
    let (_, seed) = ANSWERS.iter().find(|(known, _)| *known == name).expect("it is one of them");
    let [_, body] = lines(seed.as_bytes());
    body
}
