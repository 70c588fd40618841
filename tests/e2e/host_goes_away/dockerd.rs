//! A private Docker daemon: its own configuration, folders, socket and bridge. It can lose its power, be frozen, and be
//! started again. What it leaves goes with this value.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::processes::{kill_all, send};

/// One private daemon.
pub struct Dockerd {
    folder: TempDir,
    number: u8,
    /// The storage driver that it chose at its first start, and keeps.
    driver: Option<String>,
    process: Option<Child>,
}

/// How often a start is tried: the first after a power cut can fail, since the daemon's containerd needs longer than it
/// is waited for.
const STARTS_MAX: u32 = 3;

/// How long one start may take: Docker itself waits 15 s for its containerd.
const START_LIMIT: Duration = Duration::from_secs(40);

impl Dockerd {
    /// Starts a daemon with nothing in it. `number` tells it from the others of this run.
    ///
    /// # Errors
    /// None can be started on this machine.
    pub fn boot(number: u8) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("daemon.json"), "{}").unwrap();
        let mut dockerd = Self { folder, number, driver: None, process: None };
        let bridge = dockerd.bridge();
        run(&["ip", "link", "add", &bridge, "type", "bridge"])?;
        run(&["ip", "address", "add", &format!("10.230.{number}.1/24"), "dev", &bridge])?;
        run(&["ip", "link", "set", &bridge, "up"])?;
        dockerd.try_start(None)?;
        dockerd.driver = Some(dockerd.info("Driver"));
        Ok(dockerd)
    }

    /// A second daemon on the same host.
    #[track_caller]
    pub fn another(&self) -> Self {
        Self::boot(self.number + 1).unwrap()
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.path("docker.sock")
    }

    /// Its address, as `--host` takes it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Where it keeps what is there after a reboot: containers, volumes, images.
    pub fn data_root(&self) -> PathBuf {
        self.path("data")
    }

    /// Its process.
    pub fn pid(&self) -> i32 {
        self.process.as_ref().and_then(|process| process.id().try_into().ok()).expect("it was started")
    }

    /// The power goes: all of its processes end at once, and what a machine has in memory only (`/run`, mounts) is gone.
    pub fn cut_power(&mut self) {
        self.kill();
        for file in ["docker.pid", "docker.sock"] {
            let _ = fs::remove_file(self.path(file));
        }
        self.unmount();
        let _ = fs::remove_dir_all(self.path("exec"));
    }

    /// All of its processes are killed and nothing else is lost: its run files and mounts are left.
    pub fn kill(&mut self) {
        // A paused process ends when it is thawed.
        for controller in [PathBuf::from("/sys/fs/cgroup"), PathBuf::from("/sys/fs/cgroup/freezer")] {
            thaw(&controller.join(self.cgroup()));
        }
        kill_all(&[self.data_root(), self.path("exec")]);
        if let Some(mut process) = self.process.take() {
            let _ = process.wait();
        }
    }

    /// Starts it again, as it was.
    #[track_caller]
    pub fn start(&mut self) {
        let driver = self.driver.clone();
        self.try_start(driver.as_deref()).unwrap();
    }

    /// Starts it again with another storage driver, on the same data root.
    #[track_caller]
    pub fn start_with(&mut self, driver: &str) {
        self.try_start(Some(driver)).unwrap();
        assert_ne!(Some(driver), self.driver.as_deref(), "the first storage driver is another one");
    }

    /// Nothing is done by it, and everything asked waits, until the frozen daemon is dropped.
    pub fn freeze(&self) -> Frozen {
        send(self.pid(), Signal::STOP);
        Frozen::of(self)
    }

    fn try_start(&mut self, driver: Option<&str>) -> Result<(), String> {
        let mut failures = Vec::new();
        for _ in 0..STARTS_MAX {
            match self.start_once(driver) {
                Ok(()) => return Ok(()),
                Err(why) => failures.push(why),
            }
            self.kill();
            // Docker does not start where a process has the number that its own had.
            let _ = fs::remove_file(self.path("docker.pid"));
        }
        Err(failures.join("\n"))
    }

    fn start_once(&mut self, driver: Option<&str>) -> Result<(), String> {
        let log = File::create(self.path("log")).unwrap();
        let number = self.number;
        let mut command = Command::new("dockerd");
        command
            .args(["--host", &self.address()])
            .args(["--bridge", &self.bridge()])
            // Daemons that choose networks at the same time would choose the same. Beside a machine's own daemon this
            // flag is no good: a restart with it removes that one's bridge.
            .arg(format!("--default-address-pool=base=10.231.{number}.0/24,size=28"))
            .args(["--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false"])
            .arg(format!("--cgroup-parent=/{}", self.cgroup()));
        for (flag, name) in [
            ("--config-file", "daemon.json"),
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "docker.pid"),
        ] {
            command.arg(flag).arg(self.path(name));
        }
        if let Some(driver) = driver {
            command.args(["--storage-driver", driver]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let process = self.process.insert(command.spawn().map_err(|error| format!("dockerd: {error}"))?);
        let begun = Instant::now();
        while begun.elapsed() < START_LIMIT {
            let ended = process.try_wait().unwrap();
            if get(&self.folder.path().join("docker.sock"), "/_ping").is_some() {
                return Ok(());
            }
            if let Some(status) = ended {
                return Err(format!("dockerd: {status}\n{}", self.last_lines()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("dockerd does not answer\n{}", self.last_lines()))
    }

    /// What it says of itself.
    #[track_caller]
    pub fn info(&self, field: &str) -> String {
        let body = get(&self.socket(), "/info").expect("the daemon answers");
        let info: serde_json::Value = serde_json::from_str(&body).unwrap();
        info[field].as_str().expect("a text").to_owned()
    }

    fn last_lines(&self) -> String {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// Takes away every mount below its folder, the last one first.
    fn unmount(&self) {
        let folder = self.folder.path().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|point| point.contains(&folder));
        for point in points.collect::<Vec<_>>().into_iter().rev() {
            let _ = run(&["umount", "--lazy", point]);
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bridge(&self) -> String {
        format!("nemoclaw{}", self.number)
    }

    /// The folder's name is this run's own, on a machine whose groups all daemons share.
    fn cgroup(&self) -> String {
        format!("nemoclaw{}", self.folder.path().file_name().expect("a temporary folder").display())
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        self.cut_power();
        let controllers = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten().map(|entry| entry.path());
        for parent in controllers.chain([PathBuf::from("/sys/fs/cgroup")]) {
            remove_group(&parent.join(self.cgroup()));
        }
    }
}

/// A frozen daemon. It goes on when this value goes.
pub struct Frozen(i32);

impl Frozen {
    /// Whoever froze it, it goes on with this value's end.
    pub fn of(dockerd: &Dockerd) -> Self {
        Self(dockerd.pid())
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        send(self.0, Signal::CONT);
    }
}

/// The body of an answer with status 200.
fn get(socket: &Path, path: &str) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: docker\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}

fn run(words: &[&str]) -> Result<(), String> {
    let output = Command::new(words[0]).args(&words[1..]).output().map_err(|error| format!("{words:?}: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{words:?}: {}", told.trim())) }
}

/// Lets what is in a control group, or below it, go on.
fn thaw(group: &Path) {
    let _ = fs::write(group.join("freezer.state"), "THAWED");
    let _ = fs::write(group.join("cgroup.freeze"), "0");
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            thaw(&entry.path());
        }
    }
}

/// Removes a control group and those below it; there is nobody in them.
fn remove_group(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}
