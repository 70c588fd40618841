//! What a case may find changed: every object of its own that Docker has, and its state directory, as plain values
//! that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::daemon::Daemon;

/// Everything that Docker says of the containers, volumes and networks whose names hold `token`.
pub fn objects(daemon: &Daemon, token: &str) -> BTreeMap<String, Value> {
    let docker = daemon.docker();
    let mut objects = BTreeMap::new();
    for name in daemon.containers(token) {
        let mut seen = daemon.run(docker.inspect_container(&name, None)).unwrap();
        // A program that is run in it to list something is no state of its own.
        seen.exec_ids = None;
        // Docker names them in no order.
        seen.mounts.get_or_insert_default().sort_by(|one, other| one.destination.cmp(&other.destination));
        objects.insert(format!("container {name}"), serde_json::to_value(seen).unwrap());
    }
    for name in daemon.volumes(token) {
        let seen = daemon.run(docker.inspect_volume(&name)).unwrap();
        objects.insert(format!("volume {name}"), serde_json::to_value(seen).unwrap());
    }
    for name in daemon.networks(token) {
        let seen = daemon.run(docker.inspect_network(&name, None)).unwrap();
        objects.insert(format!("network {name}"), serde_json::to_value(seen).unwrap());
    }
    objects
}

/// A file: which one it is, when it was written, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSeen {
    inode: u64,
    modified_ns: (i64, i64),
    bytes: Vec<u8>,
}

impl FileSeen {
    /// What it holds.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Files, by their paths below a folder.
pub type Files = BTreeMap<PathBuf, FileSeen>;

/// Every file below a folder, but for `locks/`: who holds a lock is no state, and is written by every run.
pub fn files(folder: &Path) -> Files {
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Files) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.strip_prefix(root).unwrap().to_owned();
        let seen = fs::symlink_metadata(&path).unwrap();
        if seen.is_dir() {
            if name != Path::new("locks") {
                collect(root, &path, files);
            }
        } else {
            let modified_ns = (seen.mtime(), seen.mtime_nsec());
            files.insert(name, FileSeen { inode: seen.ino(), modified_ns, bytes: fs::read(&path).unwrap() });
        }
    }
}
