//! A sequence on a real daemon: the adapter's calls through the adapter, a person's as requests of their own. Every name
//! is this sequence's own, and what bears one goes with this value.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use adapters::{Address, Credentials, OlderTool, RealHost, Settings, StateDir};
use engine::{ContainerId, Host, NetworkId};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::adapter::{DATA, PORT, PROGRAM, Ports, command, env_of, said};
use crate::model::{ANONYMOUS, NOBODY};
use crate::picture::{Doubt, Picture, Pinned, Seen};
use crate::step::{Image, Made, Step};
use crate::support::{Suite, forward};

/// How long one request may take: a stop has its grace, and the daemon may be busy with other sequences.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);

/// A real daemon under one sequence.
pub struct Real<'a> {
    suite: &'a Suite,
    /// What all names of this sequence begin with.
    token: String,
    ports: Ports,
    state: tempfile::TempDir,
    /// The last network of each name, also when it is gone.
    networks: BTreeMap<String, NetworkId>,
    /// Volumes that Docker named for this sequence.
    anonymous: BTreeSet<String>,
    /// The image that no other sequence has.
    own: Option<String>,
}

impl<'a> Real<'a> {
    /// Prepares the daemon for a sequence.
    pub fn new(suite: &'a Suite, steps: &[Step]) -> Self {
        let of_both = suite.port();
        let ports = Ports { shared: of_both, of_a: of_both + 1, of_b: suite.port() };
        let mut real = Self {
            suite,
            token: suite.token(),
            ports,
            state: tempfile::tempdir().unwrap(),
            networks: BTreeMap::new(),
            anonymous: BTreeSet::new(),
            own: None,
        };
        let uses_own = |step: &Step| match step {
            Step::Tag { .. } | Step::RemoveImage { .. } => true,
            Step::CreateContainer(made) => made.image == Image::Own,
            _ => false,
        };
        if steps.iter().any(uses_own) {
            let id = commit(suite, &real.token, &real.image(Image::Own), &format!("LABEL of={}", real.token));
            real.own = Some(id);
        }
        real
    }

    /// Takes a step; what Docker says to it.
    pub fn take(&mut self, step: &Step, cut_power: &mut dyn FnMut()) -> String {
        let (id, network) = (|name: &str| self.id(name), |name: &str| self.network(name));
        let command = command(step, self.ports, &id, &network, &|name| self.real(name), &|image| self.image(image));
        let answer = match command {
            Some(command) => self.suite.runtime().block_on(async { said(&self.host().perform(&command).await) }),
            None if *step == Step::CutPower => {
                cut_power();
                "done".to_owned()
            }
            None => self.by_hand(step),
        };
        for network in self.ask(Method::GET, "/networks", None).1.as_array().into_iter().flatten() {
            if let (Some(name), Some(id)) = (network["Name"].as_str(), network["Id"].as_str())
                && let Some(name) = name.strip_prefix(&self.token)
            {
                self.networks.insert(name.to_owned(), NetworkId::new(id));
            }
        }
        answer
    }

    /// The adapter, as a run has it.
    fn host(&self) -> RealHost {
        let nowhere = self.state.path().display().to_string();
        let env = |name: &str| matches!(name, "HOME" | "NEMOCLAW_HOME").then(|| nowhere.clone());
        let settings = Settings {
            address: Address::Unix { path: self.suite.socket().to_owned() },
            state: StateDir::find(&env).unwrap(),
            older: OlderTool::find(&env),
            credentials: Credentials::find(&env),
            time_limit: REQUEST_LIMIT,
        };
        RealHost::new(settings).unwrap()
    }

    fn by_hand(&self, step: &Step) -> String {
        let of = |container: &str, what: &str| format!("/containers/{}{what}", self.id(container));
        let (method, path, body) = match step {
            Step::CreateContainer(made) => {
                let path = format!("/containers/create?name={}", self.real(&made.container));
                (Method::POST, path, Some(self.creation(made)))
            }
            Step::StartByHand { container } => (Method::POST, of(container, "/start"), None),
            Step::StopByHand { container } => (Method::POST, of(container, "/stop"), None),
            Step::RestartByHand { container } => (Method::POST, of(container, "/restart"), None),
            Step::UnpauseByHand { container } => (Method::POST, of(container, "/unpause"), None),
            Step::Kill { container } => (Method::POST, of(container, "/kill"), None),
            Step::Pause { container } => (Method::POST, of(container, "/pause"), None),
            Step::Rename { container, to } => {
                (Method::POST, of(container, &format!("/rename?name={}", self.real(to))), None)
            }
            Step::Remove { container, force, volumes } => {
                (Method::DELETE, of(container, &format!("?force={force}&v={volumes}")), None)
            }
            Step::RemoveVolume { volume } => (Method::DELETE, format!("/volumes/{}", self.real(volume)), None),
            Step::RemoveNetwork { network } => (Method::DELETE, format!("/networks/{}", self.network(network)), None),
            Step::Disconnect { container, network } => {
                let body = json!({ "Container": self.id(container).as_str() });
                (Method::POST, format!("/networks/{}/disconnect", self.network(network)), Some(body))
            }
            Step::Tag { image, to } => {
                let repository = self.image(*to);
                let repository = repository.trim_end_matches(":x");
                (Method::POST, format!("/images/{}/tag?repo={repository}&tag=x", self.image(*image)), None)
            }
            Step::RemoveImage { image, force } => {
                (Method::DELETE, format!("/images/{}?force={force}", self.image(*image)), None)
            }
            Step::Prune { volumes } => return self.prune(*volumes),
            Step::Work { volume, bytes } => return self.work(volume, bytes),
            Step::CutPower
            | Step::CreateNetwork { .. }
            | Step::CreateVolume { .. }
            | Step::Start { .. }
            | Step::Stop { .. }
            | Step::Restart { .. }
            | Step::Unpause { .. }
            | Step::Connect { .. } => unreachable!("not a request of a person's"),
        };
        answer(self.ask(method, &path, body).0)
    }

    fn creation(&self, made: &Made) -> Value {
        let binding = json!([{ "HostIp": "127.0.0.1", "HostPort": self.ports.of(made).to_string() }]);
        let mount = |volume: &String| json!({ "Type": "volume", "Source": self.real(volume), "Target": DATA });
        let env: Vec<_> = env_of(made).0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        json!({
            "Image": self.image(made.image),
            "Entrypoint": [PROGRAM[0]],
            "Cmd": [PROGRAM[1]],
            "Env": env,
            "ExposedPorts": { format!("{PORT}/tcp"): {} },
            "HostConfig": {
                "AutoRemove": true,
                "Mounts": made.volume.iter().map(mount).collect::<Vec<_>>(),
                "PortBindings": { format!("{PORT}/tcp"): binding },
                "NetworkMode": made.network.as_deref().map_or_else(|| "default".to_owned(), |name| self.real(name)),
            },
        })
    }

    /// `docker system prune`, as a client of the daemon's own version sends it.
    fn prune(&self, volumes: bool) -> String {
        let (containers, _) = self.ask(Method::POST, "/containers/prune", None);
        let (networks, _) = self.ask(Method::POST, "/networks/prune", None);
        let mut statuses = vec![containers, networks];
        if volumes {
            let (_, version) = self.ask(Method::GET, "/version", None);
            // Since API 1.42 only anonymous volumes are meant where nothing else is said.
            let minor =
                version["ApiVersion"].as_str().and_then(|version| version.split('.').nth(1)?.parse::<u32>().ok());
            let all = if minor.unwrap() >= 42 { "?filters=%7B%22all%22%3A%5B%22true%22%5D%7D" } else { "" };
            statuses.push(self.ask(Method::POST, &format!("/volumes/prune{all}"), None).0);
        }
        statuses.into_iter().map(answer).find(|answer| answer != "done").unwrap_or_else(|| "done".to_owned())
    }

    fn work(&self, volume: &str, bytes: &str) -> String {
        match self.file_of(&self.real(volume)) {
            Some(file) => {
                fs::write(file, bytes).unwrap();
                "done".to_owned()
            }
            None => "no 404".to_owned(),
        }
    }

    /// Where the work in a volume is, seen from this machine.
    fn file_of(&self, volume: &str) -> Option<PathBuf> {
        let (status, seen) = self.ask(Method::GET, &format!("/volumes/{volume}"), None);
        (status == 200).then(|| Path::new(seen["Mountpoint"].as_str().unwrap()).join("work"))
    }

    /// How things stand, but for what is in doubt.
    pub fn picture(&mut self, doubts: &BTreeMap<String, Doubt>) -> Picture {
        let mut picture = Picture::default();
        let (_, networks) = self.ask(Method::GET, "/networks", None);
        let networks: Vec<&Value> = networks.as_array().unwrap().iter().collect();
        let (_, containers) = self.ask(Method::GET, "/containers/json?all=1", None);
        for listed in containers.as_array().unwrap() {
            let Some(name) = listed["Names"][0].as_str().and_then(|name| name.strip_prefix('/')) else { continue };
            let Some(short) = name.strip_prefix(&self.token).map(str::to_owned) else { continue };
            let (status, seen) = self.ask(Method::GET, &format!("/containers/{name}/json"), None);
            // It went between the list and this.
            if status == 200 {
                let line = self.seen(&seen, &networks).line(doubts.get(&short).copied().unwrap_or_default());
                picture.note("container", &short, line);
            }
        }
        let (_, volumes) = self.ask(Method::GET, "/volumes", None);
        let mut anonymous = 0;
        for name in volumes["Volumes"].as_array().into_iter().flatten().filter_map(|volume| volume["Name"].as_str()) {
            if let Some(short) = name.strip_prefix(&self.token) {
                let bytes = self.file_of(name).and_then(|file| fs::read_to_string(file).ok());
                picture.note("volume", short, bytes.unwrap_or_default());
            }
            anonymous += usize::from(self.anonymous.contains(name));
        }
        picture.note("volumes", "without a name", anonymous.to_string());
        for name in networks.iter().filter_map(|network| network["Name"].as_str()?.strip_prefix(&self.token)) {
            picture.note("network", name, String::new());
        }
        for image in [Image::Own, Image::Tagged] {
            let (status, _) = self.ask(Method::GET, &format!("/images/{}/json", self.image(image)), None);
            // It is made only where a step has to do with it.
            if status == 200 || (image == Image::Own && self.own.is_none()) {
                picture.note("image", image.name(), String::new());
            }
        }
        picture
    }

    fn seen(&mut self, seen: &Value, networks: &[&Value]) -> Seen {
        let state = &seen["State"];
        let mut mounts = BTreeSet::new();
        for mount in seen["Mounts"].as_array().into_iter().flatten() {
            let name = mount["Name"].as_str().unwrap_or("none");
            let short = name.strip_prefix(&self.token).unwrap_or("?");
            if short == "?" {
                self.anonymous.insert(name.to_owned());
            }
            mounts.insert(format!("{short}:{}", mount["Destination"].as_str().unwrap()));
        }
        let belongs = seen["NetworkSettings"]["Networks"].as_object().into_iter().flatten().map(|(name, endpoint)| {
            let id = endpoint["NetworkID"].as_str().unwrap();
            let pinned = match id {
                "" => Pinned::ByName,
                _ if networks.iter().any(|network| network["Id"] == id) => Pinned::There,
                _ => Pinned::Gone,
            };
            match name.strip_prefix(&self.token) {
                Some(short) => format!("network {short} {pinned}"),
                None => "default network".to_owned(),
            }
        });
        let ports = seen["NetworkSettings"]["Ports"].as_object();
        Seen {
            status: status_of(state),
            exit: state["ExitCode"].as_i64().unwrap(),
            oom: state["OOMKilled"].as_bool().unwrap(),
            error: !state["Error"].as_str().unwrap().is_empty(),
            restarts: seen["RestartCount"].as_u64().unwrap(),
            mounts,
            networks: belongs.collect(),
            published: ports.is_some_and(|ports| ports.values().any(|bindings| !bindings.is_null())),
        }
    }

    fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        ask(self.suite, method, path, body)
    }

    fn real(&self, name: &str) -> String {
        format!("{}{name}", self.token)
    }

    fn image(&self, image: Image) -> String {
        match image {
            Image::Serves | Image::Ends | Image::Fails => self.suite.image().to_owned(),
            Image::Anonymous => with_a_volume(self.suite),
            Image::Own | Image::Tagged | Image::Missing => format!("nemoclaw-{}{}:x", self.token, image.name()),
        }
    }

    fn id(&self, name: &str) -> ContainerId {
        let (status, seen) = self.ask(Method::GET, &format!("/containers/{}/json", self.real(name)), None);
        ContainerId::new(if status == 200 { seen["Id"].as_str().unwrap() } else { NOBODY })
    }

    fn network(&self, name: &str) -> NetworkId {
        self.networks.get(name).cloned().unwrap_or_else(|| NetworkId::new(NOBODY))
    }
}

impl Drop for Real<'_> {
    fn drop(&mut self) {
        self.suite.sweep(&self.token);
        let volumes = self.anonymous.iter().map(|volume| format!("/volumes/{volume}"));
        let images = [self.image(Image::Tagged), self.image(Image::Own)].into_iter().chain(self.own.clone());
        let images = images.map(|image| format!("/images/{image}?force=true"));
        for path in volumes.chain(images) {
            // Most of them are not there.
            let _ = try_ask(self.suite, &Method::DELETE, &path, None);
        }
    }
}

/// The image of this run that declares a volume.
fn with_a_volume(suite: &Suite) -> String {
    suite.image().replace(":x", "-volume:x")
}

/// Makes the images that all sequences have in common, beside the suite's own.
pub fn provide_images(suite: &Suite) {
    commit(suite, &suite.token(), &with_a_volume(suite), &format!("VOLUME {ANONYMOUS}"));
}

/// Removes them.
pub fn remove_images(suite: &Suite) {
    suite.daemon().sweep_image(&with_a_volume(suite));
}

/// Makes an image from the suite's, with one thing changed; its ID. `docker commit`.
fn commit(suite: &Suite, token: &str, reference: &str, change: &str) -> String {
    let name = format!("{token}to-commit");
    let body = json!({ "Image": suite.image(), "Cmd": PROGRAM });
    let (status, made) = ask(suite, Method::POST, &format!("/containers/create?name={name}"), Some(body));
    assert_eq!(status, 201, "{made}");
    let repository = reference.trim_end_matches(":x");
    let change = change.replace(' ', "%20").replace('=', "%3D");
    let path = format!("/commit?container={name}&repo={repository}&tag=x&changes={change}");
    let (status, image) = ask(suite, Method::POST, &path, None);
    ask(suite, Method::DELETE, &format!("/containers/{name}?force=true"), None);
    assert_eq!(status, 201, "{image}");
    image["Id"].as_str().unwrap().to_owned()
}

/// The status; of a process that does not yet take the signal that asks it to end, that it starts: the first process of a
/// container never ends by a signal that it does not take. What takes it before is the container's runtime.
fn status_of(state: &Value) -> String {
    let status = state["Status"].as_str().unwrap();
    let takes_it = || {
        let process = Path::new("/proc").join(state["Pid"].to_string());
        let line = fs::read_to_string(process.join("cmdline")).ok()?;
        let seen = fs::read_to_string(process.join("status")).ok()?;
        let caught = seen.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
        Some(line.starts_with(PROGRAM[0]) && caught & 1 << (Signal::TERM.as_raw() - 1) != 0)
    };
    if status == "running" && takes_it() != Some(true) { "starting" } else { status }.to_owned()
}

fn answer(status: u16) -> String {
    match status {
        200..=299 => "done".to_owned(),
        304 => "was so".to_owned(),
        _ => format!("no {status}"),
    }
}

/// One request to the daemon, and the JSON that answers it.
pub fn ask(suite: &Suite, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    try_ask(suite, &method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

fn try_ask(suite: &Suite, method: &Method, path: &str, body: Option<Value>) -> io::Result<(u16, Value)> {
    let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "docker")
        .header("content-type", "application/json")
        .body(Full::new(bytes))
        .map_err(io::Error::other)?;
    let asking = async {
        let answer = forward(suite.socket(), request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    };
    suite.runtime().block_on(async { tokio::time::timeout(REQUEST_LIMIT, asking).await })?
}
