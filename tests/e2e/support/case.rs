//! One case's own world: a gateway's name, a port, a state directory, and the promise that nothing of them is left.

use std::collections::BTreeMap;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::by_hand::ByHand;
use super::cli::{Cli, Run};
use super::daemon::Daemon;
use super::gateway::{Work, await_ready};
use super::picture::{self, FileSeen};
use super::spec::Spec;
use super::suite::Suite;
use super::traces::assert_replay_clean;

/// A case under way.
pub struct Case<'a> {
    suite: &'a Suite,
    /// What only this case's names hold.
    token: String,
    gateway: String,
    port: u16,
    folder: TempDir,
}

/// The user and group that own nothing.
pub const NOBODY: u32 = 65_534;

/// Where the reference gateway has its data.
pub const DATA: &str = "/data";

impl<'a> Case<'a> {
    /// Begins a case. `about` becomes part of its gateway's name.
    pub fn new(suite: &'a Suite, about: &str) -> Self {
        let token = suite.token();
        let gateway = format!("{token}{about}");
        Self { suite, token, gateway, port: suite.port(), folder: tempfile::tempdir().unwrap() }
    }

    /// The suite.
    pub fn suite(&self) -> &'a Suite {
        self.suite
    }

    /// The daemon.
    pub fn daemon(&self) -> &'a Daemon {
        self.suite.daemon()
    }

    /// The gateway's name.
    pub fn gateway(&self) -> &str {
        &self.gateway
    }

    /// The exact name of its container, its volume and its network.
    pub fn name(&self) -> String {
        format!("openshell-cluster-{}", self.gateway)
    }

    /// A name of this case's own that is not its gateway's.
    pub fn other_name(&self, what: &str) -> String {
        format!("{}{what}", self.token)
    }

    /// Its port. The next one up is its own too.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its state directory, which does not exist before a run makes it.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The home folder of the person who types, which nobody has made.
    pub fn user(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    /// A file of its own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The gateway's record.
    pub fn record(&self) -> PathBuf {
        self.home().join(format!("gateways/{}.json", self.gateway))
    }

    /// The gateway's spec: the run's image, the case's port.
    pub fn spec(&self) -> Spec {
        Spec::of(self.suite.image(), self.port)
    }

    /// `nemoclaw ARGS…` against the real daemon, answering in JSON.
    pub fn nemoclaw(&self, args: &[&str]) -> Cli {
        self.nemoclaw_at(&self.suite.address(), args)
    }

    /// The same against Docker at another address.
    pub fn nemoclaw_at(&self, address: &str, args: &[&str]) -> Cli {
        Cli::new(self, args).args(&["--host", address, "--output", "json"])
    }

    /// `nemoclaw ARGS…` against Docker at an address, run by nobody: from a copy in the case's folder, which is given to
    /// them, since those of whoever runs the tests may be closed.
    pub fn by_nobody(&self, address: &str, args: &[&str]) -> Cli {
        let binary = self.file("nemoclaw");
        if !binary.exists() {
            std::fs::copy(env!("CARGO_BIN_EXE_nemoclaw"), &binary).unwrap();
            chown(self.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut cli = Cli::of(self, &binary, args).args(&["--host", address, "--output", "json"]);
        cli.command().uid(NOBODY).gid(NOBODY).current_dir(self.folder.path());
        cli
    }

    /// `nemoclaw COMMAND --gateway NAME` against the real daemon, answering as it does to people.
    pub fn in_words(&self, command: &str) -> Run {
        Cli::new(self, &[command, "--gateway", &self.gateway, "--host", &self.suite.address()]).run()
    }

    /// `nemoclaw list` against the real daemon, answering as it does to people.
    pub fn list_in_words(&self) -> Run {
        Cli::new(self, &["list", "--host", &self.suite.address()]).run()
    }

    /// `nemoclaw onboard --gateway NAME`: what a person types who has a gateway.
    pub fn onboard(&self) -> Cli {
        self.nemoclaw(&["onboard", "--gateway", &self.gateway])
    }

    /// `onboard` of a gateway that nothing but its name tells to be of the reference preset.
    pub fn onboard_by_preset(&self) -> Cli {
        self.nemoclaw(&["onboard", "--preset", "reference", "--gateway", &self.gateway])
    }

    /// The same with a spec file: what a person types who has none yet.
    pub fn onboard_as(&self, spec: &Spec) -> Cli {
        let file = self.file("spec.toml");
        spec.write(&file);
        self.onboard().args(&["--spec", &file.display().to_string()])
    }

    /// `nemoclaw status --gateway NAME`
    pub fn status(&self) -> Cli {
        self.nemoclaw(&["status", "--gateway", &self.gateway])
    }

    /// A gateway made by nemoclaw on a fresh host, with work in it.
    #[track_caller]
    pub fn created(&self) -> (Run, Work) {
        self.created_as(&self.spec())
    }

    /// The same, from another spec.
    #[track_caller]
    pub fn created_as(&self, spec: &Spec) -> (Run, Work) {
        let run = self.onboard_as(spec).run();
        run.ended(0, "created", "ready");
        (run, self.put_work())
    }

    /// Puts work into the gateway.
    #[track_caller]
    pub fn put_work(&self) -> Work {
        Work::put(self.suite.runtime(), self.port)
    }

    /// Waits until the gateway that somebody else started is ready.
    #[track_caller]
    pub fn await_ready(&self) {
        await_ready(self.suite.runtime(), self.port);
    }

    /// Reads the work back.
    #[track_caller]
    pub fn assert_kept(&self, work: &Work) {
        work.assert_kept(self.suite.runtime(), self.port);
    }

    /// The gateway as somebody else makes it: of its exact name, on its volume and port, with none of our labels.
    pub fn gateway_by_hand(&self) -> ByHand {
        ByHand::named(&self.name(), self.suite.image())
            .env("OPENSHELL_NODE_NAME", &self.node_name())
            .env("NEMOCLAW_REFERENCE_WARM_UP", "0s")
            .volume(&self.name(), DATA)
            .publish(self.port)
            .restarting()
    }

    /// The same as `docker run --rm` makes it: it never comes up by itself, and Docker removes it as soon as it stops.
    pub fn auto_removed_by_hand(&self) -> ByHand {
        let gateway = ByHand::named(&self.name(), self.suite.image()).env("OPENSHELL_NODE_NAME", &self.node_name());
        gateway.volume(&self.name(), DATA).publish(self.port).auto_removed()
    }

    /// The node name that the preset gives to the gateway.
    pub fn node_name(&self) -> String {
        format!("openshell-{}", self.gateway)
    }

    /// Every Docker object of this case and, under `record`, the gateway's record.
    pub fn picture(&self) -> BTreeMap<String, Value> {
        let mut picture = picture::objects(self.daemon(), &self.token);
        // What lies in a record's place may be anything, and is not waited on.
        let is_small =
            std::fs::symlink_metadata(self.record()).is_ok_and(|seen| seen.is_file() && seen.len() < 1 << 20);
        let record = is_small.then(|| std::fs::read(self.record()).unwrap());
        picture.insert("record".to_owned(), record.into());
        picture
    }

    /// Asserts that a run has left everything as it was in an earlier picture.
    #[track_caller]
    pub fn assert_unchanged(&self, before: &BTreeMap<String, Value>, run: &Run) {
        assert_same(before, &self.picture(), &run.dump());
    }

    /// Every file of the state directory but the locks.
    pub fn files(&self) -> BTreeMap<PathBuf, FileSeen> {
        picture::files(&self.home())
    }

    /// Whether a file beside the record, but not the record itself, holds these bytes.
    pub fn keeps_beside_its_record(&self, bytes: &[u8]) -> bool {
        let beside = |path: &Path| path.starts_with("gateways") && !self.record().ends_with(path);
        self.files().iter().any(|(path, file)| beside(path) && file.bytes() == bytes)
    }

    /// Runs onboarding, asserts a refusal that changed nothing, and hands it back.
    #[track_caller]
    pub fn refused(&self, cli: Cli, exit: i32, reason: &str) -> Run {
        let before = self.picture();
        let run = cli.run();
        run.ended(exit, "refused", reason);
        assert_eq!(run.json["changed"], false, "{}", run.dump());
        self.assert_unchanged(&before, &run);
        run
    }
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        self.suite.sweep(&self.token);
        if !std::thread::panicking() {
            assert_replay_clean(&self.home());
        }
    }
}

/// Asserts that two pictures are the same, and names what differs.
#[track_caller]
pub fn assert_same(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>, told: &str) {
    for (name, then) in before {
        assert_eq!(Some(then), after.get(name), "{name} was changed\n{told}");
    }
    let added: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    assert!(added.is_empty(), "{added:?} was added\n{told}");
}

/// Asserts that a run wrote no file but its trace.
#[track_caller]
pub fn assert_only_a_trace_written(
    before: &BTreeMap<PathBuf, FileSeen>,
    after: &BTreeMap<PathBuf, FileSeen>,
    run: &Run,
) {
    let changed = before.iter().filter(|(path, seen)| after.get(*path) != Some(*seen)).map(|(path, _)| path);
    let added = after.keys().filter(|path| !before.contains_key(*path) && !path.starts_with(Path::new("traces")));
    let written: Vec<_> = changed.chain(added).collect();
    assert!(written.is_empty(), "{written:?} was written\n{}", run.dump());
}
