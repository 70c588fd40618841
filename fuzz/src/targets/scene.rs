//! What the targets share: a gateway, folders that go with the process, and a host to carry commands out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapters::{Address, Credentials, OlderTool, RealHost, Settings, StateDir};
use engine::{
    BUILT_IN, Command, ContainerId, DaemonIdentity, Event, GatewayName, GatewayRecord, GatewaySpec, Host, Intent,
    Place, Preset, Purpose, Typed,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The gateway that every seed is about.
pub const GATEWAY: &str = "seed";

/// A text that stands where secrets do. It could be no name, so that a sentence with it has quoted a value.
pub const SECRET: &str = "s3cret word";

/// Longer than anybody fuzzes: the run's own time limit never comes first.
const TIME_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The name of the gateway.
pub fn gateway() -> GatewayName {
    GatewayName::parse(GATEWAY).expect("it is a name")
}

/// What it looks like: it is of the preset `reference`.
pub fn gateway_spec() -> GatewaySpec {
    let place = Place { files: "/files".to_owned(), docker_socket: None, certificates: None };
    let preset = Preset::parse(BUILT_IN[0].1).expect("it is compiled in");
    preset.resolve(&gateway(), &place).expect("it is compiled in")
}

/// A record of it.
pub fn gateway_record() -> GatewayRecord {
    let spec = gateway_spec();
    GatewayRecord {
        gateway: gateway(),
        daemon: DaemonIdentity {
            id: "ID".to_owned(),
            data_root: "/var/lib/docker".to_owned(),
            storage_driver: "overlay2".to_owned(),
            name: "host".to_owned(),
        },
        container: ContainerId::new("c0".repeat(32)),
        volumes: Vec::new(),
        set_aside: Default::default(),
        node_name: spec.node_name.clone(),
        sandboxes: Default::default(),
        missing: Default::default(),
        compared_in: None,
        was_ready: true,
        spec,
    }
}

/// What somebody asked for who typed nothing but the gateway's kind and name.
pub fn intent(purpose: Purpose) -> Intent {
    Intent {
        typed: Typed { preset: true, ..Typed::default() },
        wait_for_lock: false,
        ..Intent::of(gateway(), gateway_spec(), purpose)
    }
}

/// A home directory and a host, for as long as the process lives.
pub struct Scene {
    /// Where everything lies that the host reads.
    pub home: PathBuf,
    /// What the host waits in.
    pub runtime: Runtime,
    host: RealHost,
    _folder: TempDir,
}

impl Scene {
    /// One with a daemon at the end of this path, below its home.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let home = folder.path().to_owned();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let env = |name: &str| match name {
            "HOME" => home.to_str().map(str::to_owned),
            "NEMOCLAW_HOME" => home.join("state").to_str().map(str::to_owned),
            _ => None,
        };
        let settings = Settings {
            address: Address::Unix { path: home.join("docker.sock") },
            state: StateDir::find(&env).expect("its path is absolute"),
            older: OlderTool::find(&env),
            credentials: Credentials::find(&env),
            time_limit: TIME_LIMIT,
        };
        let host = {
            let _inside = runtime.enter();
            RealHost::new(settings).expect("a socket has no certificates")
        };
        Self { home, runtime, host, _folder: folder }
    }

    /// Has a command carried out.
    pub fn perform(&mut self, command: &Command) -> Event {
        self.runtime.block_on(self.host.perform(command))
    }

    /// Puts a file below the home.
    pub fn put(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.home.join(path);
        make_folder_of(&path);
        fs::write(&path, bytes).expect("the home can be written");
        path
    }
}

/// Makes the folder that a file lies in.
fn make_folder_of(path: &Path) {
    let folder = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder).expect("the home can be written");
}

/// The lines of an input; as many as are asked for, the last one with all the rest, and empty ones where there are less.
pub fn lines<const COUNT: usize>(bytes: &[u8]) -> [&[u8]; COUNT] {
    let mut parts = bytes.splitn(COUNT, |byte| *byte == b'\n');
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
