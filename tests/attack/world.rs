//! A gateway under attack and the world around its volume, which is afterwards as it was before, byte for byte.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt, symlink},
    path::{Path, PathBuf},
    process::Child,
    sync::{Arc, Mutex},
    thread,
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::client::{self, Answer};
use super::gateway::{Gateway, NODE, command, spawn};
use super::support::until;

/// The most memory that may ever be resident, also in a debug build: every connection's buffers full at once, and no
/// body, head or list that grows with what a client sends.
const PEAK_KIB: u64 = 96 << 10;

/// What lies in the workspace before the attack.
pub const KEPT: &str = "/workspace/kept";
const KEPT_BYTES: &[u8] = b"three weeks of work";

/// A gateway, whose volume is the folder `volume` of a world of its own.
pub struct Attacked {
    world: TempDir,
    before: Tree,
    gateway: Gateway,
    log: Arc<Mutex<String>>,
}

impl Attacked {
    /// One as it is usually started.
    pub fn start() -> Self {
        Self::start_by(|volume| spawn(command(volume, &[])))
    }

    /// One whose process is begun by `begin`, which is given its volume.
    pub fn start_by(begin: impl FnOnce(&Path) -> Child) -> Self {
        let world = world();
        let before = tree(world.path());
        let mut gateway = Gateway::of(begin(&world.path().join("volume")));
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (gateway.take_log(), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let attacked = Self { world, before, gateway, log };
        assert_eq!(attacked.send("PUT", KEPT, KEPT_BYTES).status, 201);
        attacked
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.gateway.address
    }

    /// A path of the world around the volume.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.world.path().join(path)
    }

    /// The folder `workspace` or `sandboxes`.
    pub fn folder(&self, place: &str) -> PathBuf {
        self.world.path().join("volume/nodes").join(NODE).join(place)
    }

    /// The names in one of the two, as the gateway itself sees it.
    pub fn names(&self, place: &str) -> Vec<String> {
        let folder = self.folder(place);
        names(
            &Path::new("/proc")
                .join(self.gateway.child.id().to_string())
                .join("root")
                .join(folder.strip_prefix("/").unwrap()),
        )
    }

    /// Sends one request.
    pub fn send(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        client::send(self.address(), method, target, body)
    }

    /// Sends bytes; the statuses that answer them.
    pub fn statuses(&self, bytes: &[u8]) -> Vec<u16> {
        client::exchange(self.address(), bytes).iter().map(|answer| answer.status).collect()
    }

    /// It still serves, and has what was put into it.
    #[track_caller]
    pub fn serves(&self) {
        assert_eq!(self.send("GET", "/healthz", b"").status, 200);
        assert_eq!(self.send("GET", KEPT, b""), Answer { status: 200, body: KEPT_BYTES.to_vec() });
        assert!(matches!(self.send("PUT", "/sandboxes/good", b"{}").status, 200 | 201));
        assert_eq!(self.send("GET", "/sandboxes/good", b"").body, b"{}");
    }

    /// Sends the gateway SIGTERM, and waits until it has ended well.
    #[track_caller]
    pub fn terminate(&mut self) {
        self.gateway.signal(Signal::TERM);
        assert_eq!(self.gateway.exit_code(), Some(0), "{}", self.log.lock().unwrap());
    }

    /// After the attack: it serves, took little memory, ends well, and nothing is left of what it did not keep.
    #[track_caller]
    pub fn outlived(mut self) {
        self.serves();
        let peak_kib = self.gateway.peak_kib();
        assert!(peak_kib <= PEAK_KIB, "{peak_kib} KiB were resident");
        for place in ["workspace", "sandboxes"] {
            let left = || self.names(place).iter().any(|name| name.starts_with(".incoming-"));
            until("nothing is left of what was not kept", || !left());
        }
        self.terminate();
        self.nothing_else_is_touched();
        let log = self.log.lock().unwrap();
        assert!(!log.contains("panicked") && !log.contains("ended in a bug"), "{log}");
    }

    /// All but the workspace and the sandboxes of its own node is as it was.
    #[track_caller]
    pub fn nothing_else_is_touched(&self) {
        let mut after = tree(self.world.path());
        for made in [format!("volume/nodes/{NODE}/workspace"), format!("volume/nodes/{NODE}/sandboxes")] {
            after.retain(|path, _| !path.starts_with(&made));
        }
        after.remove(&Path::new("volume/nodes").join(NODE));
        assert_eq!(after, self.before);
    }
}

/// What a folder holds, by the paths below it.
type Tree = BTreeMap<PathBuf, Seen>;

/// A thing in the file system: what it is, when it was changed, and what it holds.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    mode: u32,
    changed_ns: Option<(i64, i64)>,
    holds: Vec<u8>,
}

fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(folder, folder, &mut tree);
    tree
}

fn collect(root: &Path, folder: &Path, tree: &mut Tree) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let meta = fs::symlink_metadata(&path).unwrap();
        let kind = meta.file_type();
        let holds = if kind.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if kind.is_file() {
            fs::read(&path).unwrap()
        } else {
            assert!(kind.is_dir() || kind.is_fifo() || kind.is_socket() || kind.is_char_device(), "{path:?}");
            Vec::new()
        };
        // The folders on the way to the gateway's own files are those that it makes these in.
        let changed_ns = (!kind.is_dir()).then(|| (meta.mtime(), meta.mtime_nsec()));
        tree.insert(path.strip_prefix(root).unwrap().to_owned(), Seen { mode: meta.mode(), changed_ns, holds });
        if kind.is_dir() {
            collect(root, &path, tree);
        }
    }
}

/// A volume with another node's data, and much beside it that somebody could want to reach.
fn world() -> TempDir {
    let world = TempDir::new().unwrap();
    let at = |path: &str| world.path().join(path);
    for folder in ["canary/folder/deep", "canary/empty", "volume/nodes/another/workspace", "etc"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    for file in ["secret", "canary/secret", "canary/folder/deep/secret", "etc/passwd", "volume/secret"] {
        fs::write(at(file), format!("the bytes of {file}")).unwrap();
    }
    fs::write(at("volume/nodes/another/workspace/secret"), "another node's").unwrap();
    symlink("folder", at("canary/link")).unwrap();
    world
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(io::Result::unwrap);
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
