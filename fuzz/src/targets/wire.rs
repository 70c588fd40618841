//! Answers to the byte, heads and frames included, of a daemon or of a gateway. The first line names what is asked; the
//! rest is what is sent back, and then the connection is closed. A line of two dashes begins the answer to the next
//! request; the last one answers all further ones.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::Duration;

use adapters::{Address, gateways_by_label, logs};
use engine::{
    Command, ContainerId, Endpoint, Event, ImageRef, ImageSource, Known, NetworkId, PortSpec, Readiness,
    SandboxListing, Scheme, Target,
};

use super::daemon::{Answer, Server};
use super::scene::{Scene, gateway, gateway_spec, lines};

/// What parts two answers.
const NEXT: &[u8] = b"\n--\n";

/// Longer than any answer takes.
const LIMIT: Duration = Duration::from_secs(60);

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new());
}

struct Stage {
    scene: Scene,
    daemon: Server,
    gateway: Server,
    port: u16,
}

pub fn target(bytes: &[u8]) {
    let [asked, answers] = lines(bytes);
    STAGE.with_borrow_mut(|stage| stage.play(asked, answers));
}

impl Stage {
    fn new() -> Self {
        let scene = Scene::new();
        let daemon = Server::daemon(&scene);
        let (gateway, port) = Server::gateway(&scene);
        Self { scene, daemon, gateway, port }
    }

    fn play(&mut self, asked: &[u8], answers: &[u8]) {
        self.daemon.answers(script(answers));
        self.gateway.answers(script(answers));
        match asked {
            b"logs" => self.logs(answers),
            b"labels" => {
                let _ = self.scene.runtime.block_on(gateways_by_label(&self.address(), LIMIT));
            }
            b"start" => {
                let done = self.scene.perform(&Command::StartContainer { container: container(), files: Vec::new() });
                is_docker_if_done(&done, answers);
            }
            b"pull" => {
                let reference = ImageRef::new("registry.example/a:1");
                let source = ImageSource::Registry;
                is_docker_if_done(&self.scene.perform(&Command::ProvideImage { reference, source }), answers);
            }
            b"connect" => {
                let network = NetworkId::new("1".repeat(64));
                let (aliases, ipv4) = (Vec::new(), None);
                let connect = Command::ConnectNetwork { container: container(), network, aliases, ipv4 };
                is_docker_if_done(&self.scene.perform(&connect), answers);
            }
            b"printed" => self.list(SandboxListing::Exec { command: vec!["list".to_owned()] }),
            b"sandboxes" => self.list(SandboxListing::Http { path: "/sandboxes".to_owned() }),
            b"ready" => self.readiness(answers),
            _ => {}
        }
    }

    fn logs(&mut self, answers: &[u8]) {
        let mut bytes = 0;
        let (address, container) = (self.address(), container());
        let read = logs(&address, &container, Some(9), false, |part| {
            bytes += part.len();
            ControlFlow::Continue(())
        });
        let _ = self.scene.runtime.block_on(read);
        assert!(bytes <= answers.len(), "more was handed on than came");
    }

    fn list(&mut self, listing: SandboxListing) {
        let endpoint = Endpoint { scheme: Scheme::Http, host_ip: "127.0.0.1".to_owned(), port: self.port };
        let by_gateway = matches!(listing, SandboxListing::Http { .. });
        let listed = self.scene.perform(&Command::ListSandboxes { container: container(), endpoint, listing });
        let Event::SandboxesListed { sandboxes } = listed else { panic!("a list is answered by sandboxes") };
        if let Some(names) = sandboxes.known().filter(|_| by_gateway) {
            assert!(names.keys().all(|name| !name.as_str().is_empty()), "a sandbox has no name");
        }
    }

    fn readiness(&mut self, answers: &[u8]) {
        self.daemon.answers(|_| Answer::from_docker(503, br#"{"message":"busy"}"#));
        let spec = gateway_spec();
        let port = PortSpec { host: self.port, ..spec.port };
        let seen = self.scene.perform(&Command::Observe(Box::new(Target {
            gateway: gateway(),
            container: spec.container,
            replacement: Vec::new(),
            recorded: None,
            data_root: None,
            volumes: Vec::new(),
            network: None,
            image: spec.image,
            companions: Vec::new(),
            port,
            readiness: spec.readiness,
            wait_ms: 0,
            identity: false,
            layer: false,
            gpu: false,
            node_name_file: None,
        })));
        let Event::Observed { host } = seen else { panic!("a look is answered by what it showed") };
        if let Known::Known(Readiness::Ready { marked }) = host.readiness {
            assert!(marked && has(answers, b" 200"), "ready without a mark or a status");
        }
        assert!(host.containers.known().is_none(), "a busy daemon told of containers");
    }

    fn address(&self) -> Address {
        Address::Unix { path: self.scene.home.join("docker.sock") }
    }
}

fn script(answers: &[u8]) -> impl FnMut(&str) -> Answer + Send + 'static {
    let mut rest = answers.to_vec();
    move |_| {
        let end = rest.windows(NEXT.len()).position(|part| part == NEXT);
        let bytes = match end {
            Some(end) => {
                let next = rest.split_off(end + NEXT.len());
                let mut bytes = std::mem::replace(&mut rest, next);
                bytes.truncate(end);
                bytes
            }
            None => rest.clone(),
        };
        Answer { bytes, closes: true }
    }
}

/// Only Docker's own answer is one.
fn is_docker_if_done(event: &Event, answers: &[u8]) {
    if *event == Event::Done {
        assert!(has(answers, b"api-version"), "what is not Docker was believed");
    }
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn container() -> ContainerId {
    ContainerId::new("0".repeat(64))
}
