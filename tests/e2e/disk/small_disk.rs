//! A small disk in the place of a case's state directory. It is seen by those only who are run in its mount namespace, and
//! goes with this value.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{Case, Cli, Spec};

/// One small disk.
pub struct SmallDisk<'a> {
    case: &'a Case<'a>,
    /// The process that keeps the namespace. It ends when nobody holds its standard input any more.
    keeper: Child,
}

/// Whether this machine lets one be mounted.
pub fn possible() -> Result<(), String> {
    let output = Command::new("unshare").args(["--mount", "sh", "-c", MOUNT, "/tmp", "size=64k"]).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("a small disk of its own: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("`unshare`: {error}")),
    }
}

/// Mounts it, says so, and waits.
const MOUNT: &str = r#"mount -t tmpfs -o "$1" tmpfs "$0" && echo mounted && exec cat"#;

impl<'a> SmallDisk<'a> {
    /// A disk with these options of tmpfs.
    #[track_caller]
    pub fn new(case: &'a Case<'a>, options: &str) -> Self {
        fs::create_dir(case.home()).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", MOUNT]).arg(case.home()).arg(options);
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 8];
        keeper.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
        Self { case, keeper }
    }

    /// `nemoclaw ARGS…` where the disk is, against the real daemon, answering in JSON.
    pub fn nemoclaw(&self, args: &[&str]) -> Cli {
        let cli = Cli::of(self.case, Path::new("nsenter"), &[&self.namespace(), env!("CARGO_BIN_EXE_nemoclaw")]);
        cli.args(args).args(&["--host", &self.case.suite().address(), "--output", "json"])
    }

    /// `nemoclaw onboard --gateway NAME`
    pub fn onboard(&self) -> Cli {
        self.nemoclaw(&["onboard", "--gateway", self.case.gateway()])
    }

    /// The same with a spec file.
    pub fn onboard_as(&self, spec: &Spec) -> Cli {
        let file = self.case.file("spec.toml");
        spec.write(&file);
        self.onboard().args(&["--spec", &file.display().to_string()])
    }

    /// A file on it, as it is seen from outside.
    pub fn path(&self, name: &str) -> PathBuf {
        let home = self.case.home();
        let inside = Path::new("/proc").join(self.keeper.id().to_string()).join("root");
        inside.join(home.strip_prefix("/").unwrap()).join(name)
    }

    /// The gateway's record.
    pub fn record(&self) -> PathBuf {
        self.path(&format!("gateways/{}.json", self.case.gateway()))
    }

    /// The names of what lies beside the record.
    pub fn beside_the_record(&self) -> Vec<String> {
        let names = fs::read_dir(self.path("gateways")).into_iter().flatten();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Not a byte more finds room.
    #[track_caller]
    pub fn fill(&self) {
        let mut filler = File::create(self.path(FILLER)).unwrap();
        loop {
            match filler.write_all(&[0; 512]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// There is room again.
    #[track_caller]
    pub fn free(&self) {
        fs::remove_file(self.path(FILLER)).unwrap();
    }

    /// With other options from now on.
    #[track_caller]
    pub fn remount(&self, options: &str) {
        let mut command = Command::new("nsenter");
        command.arg(self.namespace()).args(["mount", "-o", &format!("remount,{options}")]).arg(self.case.home());
        assert!(command.status().unwrap().success());
    }

    fn namespace(&self) -> String {
        format!("--mount=/proc/{}/ns/mnt", self.keeper.id())
    }
}

/// The file that takes all room.
const FILLER: &str = "filler";

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
