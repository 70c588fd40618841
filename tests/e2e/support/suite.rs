//! The run of the suite: what all its cases share. The daemon, the one image that is packed, the names and ports
//! that are handed out.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use libtest_mimic::{Completion, Failed};
use tokio::runtime::{Handle, Runtime};

use super::case::Case;
use super::daemon::Daemon;
use super::gateway::random;

/// One run of the suite.
pub struct Suite {
    runtime: Runtime,
    /// The daemon's own socket.
    socket: PathBuf,
    /// What tells this run from others on the same daemon.
    run: String,
    image: String,
    other_image: String,
    cases: AtomicU16,
    first_port: u16,
    ports: AtomicU16,
    daemon: OnceLock<Result<Daemon, Unready>>,
    packed: OnceLock<Result<(), Unready>>,
}

/// Why no case can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unready {
    /// This machine has no Docker that could run them.
    NoDocker(String),
    /// Docker is there, and the product could not make its gateway.
    Broken(String),
}

/// The socket of the machine's own daemon, as `DOCKER_HOST` or custom has it.
pub fn docker_socket() -> PathBuf {
    match std::env::var("DOCKER_HOST") {
        Ok(address) => PathBuf::from(address.trim_start_matches("unix://")),
        Err(_) => PathBuf::from("/var/run/docker.sock"),
    }
}

impl Unready {
    /// How a case ends that it keeps from running: ignored where there is no Docker, unless Docker is required.
    ///
    /// # Errors
    /// Everything else is a failure.
    pub fn ends_case(self) -> Result<Completion, Failed> {
        match self {
            Self::NoDocker(why) if std::env::var_os("NEMOCLAW_REQUIRE_DOCKER") != Some("1".into()) => {
                Ok(Completion::ignored_with(why))
            }
            Self::NoDocker(why) | Self::Broken(why) => Err(why.into()),
        }
    }
}

/// Ports are handed out from here up: below those that the system gives to connections.
const FIRST_PORT: u16 = 20_000;
/// How many ports there are to hand out.
const PORTS: u16 = 10_000;

impl Suite {
    /// Prepares a run against the daemon behind a socket. Nothing is asked of it yet.
    pub fn new(socket: PathBuf) -> Self {
        let mark = random(4);
        let run: String = mark[..3].iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
            socket,
            image: format!("nemoclaw-e2e-{run}:x"),
            other_image: format!("nemoclaw-e2e-{run}-other:x"),
            run,
            cases: AtomicU16::new(0),
            first_port: u16::from_le_bytes([mark[2], mark[3]]) % PORTS,
            ports: AtomicU16::new(0),
            daemon: OnceLock::new(),
            packed: OnceLock::new(),
        }
    }

    /// Whether the cases can be run. The first call packs the image, by onboarding a gateway.
    pub fn ready(&self) -> Result<(), Unready> {
        self.try_daemon().map_err(Clone::clone)?;
        self.packed.get_or_init(|| self.pack()).clone()
    }

    /// The daemon.
    ///
    /// # Panics
    /// When there is none, which [`Suite::ready`] tells.
    pub fn daemon(&self) -> &Daemon {
        self.try_daemon().expect("a daemon answers")
    }

    /// The runtime that waits for all connections.
    pub fn runtime(&self) -> &Handle {
        self.runtime.handle()
    }

    /// The daemon's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The daemon's address, as `--host` takes it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The image of this run.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// The same image under the name of another repository.
    pub fn other_image(&self) -> &str {
        &self.other_image
    }

    /// What a case's names begin with, and no other case's names hold.
    pub fn token(&self) -> String {
        format!("e2e-{}-{:02}-", self.run, self.cases.fetch_add(1, Ordering::Relaxed))
    }

    /// A port that nobody listens on; the one above it is free too.
    pub fn port(&self) -> u16 {
        let is_free = |port| std::net::TcpListener::bind(("0.0.0.0", port)).is_ok();
        loop {
            let next = self.ports.fetch_add(2, Ordering::Relaxed);
            let port = FIRST_PORT + (self.first_port + next) % PORTS;
            if is_free(port) && is_free(port + 1) {
                return port;
            }
        }
    }

    /// Removes every Docker object whose name holds a case's token.
    pub fn sweep(&self, token: &str) {
        if let Some(Ok(daemon)) = self.daemon.get() {
            daemon.sweep(token);
        }
    }

    /// Removes the images. The last thing done.
    pub fn end(&self) {
        if let (Some(Ok(daemon)), Some(Ok(()))) = (self.daemon.get(), self.packed.get()) {
            daemon.sweep_image(&self.other_image);
            daemon.sweep_image(&self.image);
        }
    }

    fn try_daemon(&self) -> Result<&Daemon, &Unready> {
        let connect = || {
            Daemon::connect(self.runtime(), &self.socket)
                .map_err(|error| Unready::NoDocker(format!("Docker at {}: {}", self.address(), root_cause(&error))))
        };
        self.daemon.get_or_init(connect).as_ref()
    }

    /// Has the product pack its image. It says itself when it cannot run at this daemon.
    fn pack(&self) -> Result<(), Unready> {
        let case = Case::new(self, "pack");
        let run = case.onboard_as(&case.spec()).run();
        match run.code() {
            Some(0) => {
                let (repository, tag) = self.other_image.rsplit_once(':').expect("an image with a tag");
                self.daemon().tag(&self.image, repository, tag);
                Ok(())
            }
            Some(4) => Err(Unready::NoDocker(run.text("message").to_owned())),
            Some(_) | None => Err(Unready::Broken(run.dump())),
        }
    }
}

/// What lies under all that an error says of itself.
fn root_cause<'a>(mut error: &'a (dyn std::error::Error + 'static)) -> &'a dyn std::error::Error {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}
