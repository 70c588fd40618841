//! The state on a bad disk: folders, records, locks, traces and the older tool's files that are missing, damaged, hidden,
//! full or somebody else's. Whatever is there is told by its name and kept; none of it is ever taken for nothing. That
//! every single bit and every truncation of a record is seen is shown in the tests of `adapters`; here is a sample.

mod small_disk;

pub mod full_disk;
pub mod locks;
pub mod older_files;
pub mod outputs;
pub mod record_files;
pub mod state_folder;
pub mod trace_files;

pub use small_disk::{SmallDisk, possible};

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use crate::support::{Case, Changes, Cli, NOBODY, Proxy};

/// A fifo.
#[track_caller]
fn make_fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A file of one gigabyte of which the disk holds nothing.
#[track_caller]
fn make_huge(path: &Path) {
    std::fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
}

/// What a case is at, told where it fails there.
struct At<'a>(&'a str);

impl Drop for At<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("at: {}", self.0);
        }
    }
}

/// Gives a folder with all that is in it to nobody.
fn give_away(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            give_away(&entry.path());
        }
        chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
}

/// Nobody, who may use Docker.
struct Nobody<'a> {
    case: &'a Case<'a>,
    proxy: Proxy,
}

impl<'a> Nobody<'a> {
    fn new(case: &'a Case<'a>) -> Self {
        let proxy = Proxy::start(case.suite().runtime(), case.suite().socket(), Changes::Nothing);
        let socket = PathBuf::from(proxy.address().trim_start_matches("unix://"));
        for path in [socket.parent().unwrap(), &socket] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        Self { case, proxy }
    }

    /// `nemoclaw ARGS…`, run by nobody.
    fn nemoclaw(&self, args: &[&str]) -> Cli {
        self.case.by_nobody(&self.proxy.address(), args)
    }

    fn onboard(&self) -> Cli {
        self.nemoclaw(&["onboard", "--gateway", self.case.gateway()])
    }
}
