//! The gateway that is measured: the reference preset under names, an image, a port and a state directory of its own. All
//! of it is removed when the world goes.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::minimal::is_ready;

/// Docker's usual socket.
pub const SOCKET: &str = "/var/run/docker.sock";

/// How often the URL of a gateway that somebody else started is asked.
const POLL_EVERY: Duration = Duration::from_millis(5);

/// How long it is asked.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ports to choose from.
const PORTS: RangeInclusive<u16> = 15_000..=19_999;

const PRESET: &str = include_str!("../../engine/presets/reference.toml");

/// The image that the preset names.
const PRESET_IMAGE: &str = "nemoclaw-reference:{version}";

/// One gateway, and what is needed to make it again.
#[derive(Debug)]
pub struct World {
    gateway: String,
    /// The name of its container, its volume and its network.
    container: String,
    image: String,
    port: u16,
    binary: PathBuf,
    folder: TempDir,
}

impl World {
    /// Names that are this process's own, a port that nobody listens on, the binary as it is now. Nothing is made at
    /// Docker yet.
    ///
    /// # Errors
    /// The binary cannot be built, or there is no folder or port to be had.
    pub fn new() -> io::Result<Self> {
        let gateway = format!("bench-{}", std::process::id());
        let world = Self {
            container: format!("openshell-cluster-{gateway}"),
            image: format!("nemoclaw-{gateway}:x"),
            port: free_port()?,
            binary: build()?,
            folder: tempfile::tempdir()?,
            gateway,
        };
        std::fs::write(world.spec(), PRESET.replace(PRESET_IMAGE, &world.image))?;
        Ok(world)
    }

    /// Makes the gateway, and its image.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self) -> io::Result<()> {
        run(&mut self.onboard_as_specified())
    }

    /// The name of its container, its volume and its network.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// Its port.
    pub fn port(&self) -> String {
        self.port.to_string()
    }

    /// What a person types who has the gateway.
    pub fn onboard(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["onboard", "--gateway", &self.gateway]).env_clear();
        command.env("NEMOCLAW_HOME", self.home()).env("HOME", self.folder.path());
        command
    }

    /// What a person types who has none yet.
    pub fn onboard_as_specified(&self) -> Command {
        let mut command = self.onboard();
        command.arg("--spec").arg(self.spec()).args(["--port", &self.port()]);
        command
    }

    /// The same gateway by `docker run`, on Docker's own network or on another.
    pub fn docker_run(&self, network: Option<&str>) -> Command {
        let mut command = docker(&["run", "--detach", "--restart", "unless-stopped", "--name", &self.container]);
        command.args(["--publish", &format!("127.0.0.1:{}:8080", self.port)]);
        command.args(["--mount", &format!("type=volume,source={},target=/data", self.container)]);
        command.args(["--env", "NEMOCLAW_REFERENCE_WARM_UP=0s"]);
        command.args(network.into_iter().flat_map(|network| ["--network", network]));
        command.args([&self.image, "/nemoclaw", "reference-gateway"]);
        command
    }

    /// Waits until the gateway's URL answers that it is ready.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn await_ready(&self) -> io::Result<()> {
        let (port, began) = (self.port(), Instant::now());
        while let Err(error) = is_ready(&port) {
            if began.elapsed() > PATIENCE {
                return Err(error);
            }
            std::thread::sleep(POLL_EVERY);
        }
        Ok(())
    }

    /// Removes the gateway and all that is known of it, but not its image.
    ///
    /// # Errors
    /// The state directory cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        for of in [["rm", "--force"].as_slice(), &["network", "rm"], &["volume", "rm"]] {
            // What is not there cannot be removed.
            let _ = quiet(docker(of).arg(&self.container)).status();
        }
        match std::fs::remove_dir_all(self.home()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The same service under docker-compose, running; none where that is not installed.
    ///
    /// # Errors
    /// It cannot be brought up.
    pub fn compose(&self) -> io::Result<Option<Compose>> {
        if quiet(Command::new("docker-compose").arg("version")).status().is_err() {
            return Ok(None);
        }
        let file = self.file("docker-compose.yml");
        let text = format!(
            "version: '3'\nservices:\n  gateway:\n    image: {}\n    command: [/nemoclaw, reference-gateway]\n    \
             restart: unless-stopped\n    ports: ['127.0.0.1:{}:8080']\n    volumes: ['data:/data']\n    \
             environment: {{NEMOCLAW_REFERENCE_WARM_UP: 0s}}\nvolumes:\n  data: {{}}\n",
            self.image,
            free_port()?
        );
        std::fs::write(&file, text)?;
        let compose = Compose { file, project: self.gateway.clone() };
        run(&mut compose.up())?;
        Ok(Some(compose))
    }

    /// The binary, as it ships.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// A file of its own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self) -> PathBuf {
        self.file("home")
    }

    fn spec(&self) -> PathBuf {
        self.file("spec.toml")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Err(error) = self.forget() {
            eprintln!("something is left: {error}");
        }
        let _ = quiet(docker(&["image", "rm", "--force"]).arg(&self.image)).status();
    }
}

/// A service of docker-compose, which goes when this value does.
#[derive(Debug)]
pub struct Compose {
    file: PathBuf,
    project: String,
}

impl Compose {
    /// `docker-compose up -d`
    pub fn up(&self) -> Command {
        self.command(&["up", "-d"])
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker-compose");
        command.arg("--file").arg(&self.file).args(["--project-name", &self.project]).args(args);
        command
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        if let Err(error) = run(&mut self.command(&["down", "--volumes", "--timeout", "1"])) {
            eprintln!("docker-compose's service is left: {error}");
        }
    }
}

/// Builds the binary as it ships, and tells where it is.
fn build() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--package", "nemoclaw"]).current_dir(&root);
    // What cargo tells this program of itself would have some libraries built anew.
    let told = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("CARGO_"));
    told.filter(|name| name != "CARGO_TARGET_DIR" && name != "CARGO_HOME").for_each(|name| {
        build.env_remove(name);
    });
    if !build.status()?.success() {
        return Err(io::Error::other("the binary cannot be built"));
    }
    // Beside the folder of this program, `target/release/deps`.
    let release = std::env::current_exe()?.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default();
    Ok(release.join("nemoclaw"))
}

/// This program, which can do other jobs than measuring.
///
/// # Errors
/// The system does not tell where it is.
pub fn myself() -> io::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

/// `docker ARGS…` at the usual socket.
pub fn docker(args: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(["--host", &format!("unix://{SOCKET}")]).args(args);
    command
}

/// Runs a command to its end, unseen.
///
/// # Errors
/// It cannot be run, or fails.
pub fn run(command: &mut Command) -> io::Result<()> {
    let status = quiet(command).status();
    let status = status.map_err(|error| io::Error::new(error.kind(), format!("{command:?}: {error}")))?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?} ended with {status}"))) }
}

/// What a command prints.
///
/// # Errors
/// It cannot be run, or fails.
pub fn said(program: &str, args: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(args).stderr(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("`{program} {}` failed", args.join(" "))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// A port that nobody listens on, below those that the system gives to connections.
fn free_port() -> io::Result<u16> {
    let first = PORTS.start() + std::process::id() as u16 % 1000;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..*PORTS.end()).find(is_free).ok_or_else(|| io::Error::other("no port is free"))
}
