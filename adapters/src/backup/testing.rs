//! For tests: tars as a daemon sends them, a daemon that sends them, and a state directory that goes with its test.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use engine::{
    BUILT_IN, BackupMade, BackupOrder, ContainerId, Failure, GatewayName, HelperMount, ImageId, Place, Preset,
    SandboxName, VolumeName,
};
use tempfile::TempDir;

use super::row::Row;
use crate::docker::Daemon;
use crate::fake_daemon::{listen, read_request};
use crate::state::StateDir;
use crate::tars::BLOCK_BYTES;

/// A tar that is being written, as Go's `archive/tar` writes what moby gives it: POSIX headers, and PAX records for what
/// does not fit. It is written by hand so that nothing checks what a test wants wrong.
#[derive(Clone, Debug, Default)]
pub struct Tarred(pub Vec<u8>);

/// One header, before it is written.
#[derive(Clone, Debug)]
pub struct Head {
    pub path: Vec<u8>,
    pub flag: u8,
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    pub mtime: i64,
    pub size: u64,
    pub link: Vec<u8>,
    pub device: (u64, u64),
}

pub fn head(flag: u8, path: impl AsRef<[u8]>) -> Head {
    let mode = if flag == b'5' { 0o755 } else { 0o644 };
    let path = path.as_ref().to_vec();
    Head { path, flag, mode, uid: 0, gid: 0, mtime: 1_700_000_000, size: 0, link: Vec::new(), device: (0, 0) }
}

impl Head {
    pub fn block(&self) -> [u8; BLOCK_BYTES] {
        let mut block = [0; BLOCK_BYTES];
        let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
        put(0, &self.path[..self.path.len().min(100)]);
        put(100, format!("{:07o}", self.mode).as_bytes());
        put(108, format!("{:07o}", self.uid).as_bytes());
        put(116, format!("{:07o}", self.gid).as_bytes());
        put(124, format!("{:011o}", self.size).as_bytes());
        put(136, format!("{:011o}", self.mtime).as_bytes());
        put(156, &[self.flag]);
        put(157, &self.link[..self.link.len().min(100)]);
        put(257, b"ustar\x0000");
        put(329, format!("{:07o}", self.device.0).as_bytes());
        put(337, format!("{:07o}", self.device.1).as_bytes());
        sealed(block)
    }
}

/// A block with its checksum.
pub fn sealed(mut block: [u8; BLOCK_BYTES]) -> [u8; BLOCK_BYTES] {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// One PAX record.
pub fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
    let length = (rest.len()..).find(|length| length - rest.len() == length.to_string().len()).unwrap_or_default();
    [length.to_string().as_bytes(), &rest].concat()
}

impl Tarred {
    /// A volume's tar with its root.
    pub fn volume() -> Self {
        let mut tar = Self::default();
        tar.add(&head(b'5', "v0/"), b"");
        tar
    }

    pub fn block(&mut self, block: &[u8]) -> &mut Self {
        self.0.extend_from_slice(block);
        self
    }

    /// An entry as it is, whatever it says.
    pub fn add(&mut self, head: &Head, data: &[u8]) -> &mut Self {
        self.block(&head.block()).block(data);
        self.0.resize(self.0.len().next_multiple_of(BLOCK_BYTES), 0);
        self
    }

    /// An extended header: PAX records, or one of GNU's long names.
    pub fn extra(&mut self, flag: u8, text: &[u8]) -> &mut Self {
        let name = if flag == b'x' { "PaxHeaders.0/x" } else { "././@LongLink" };
        self.add(&Head { size: text.len() as u64, ..head(flag, name) }, text)
    }

    pub fn file(&mut self, path: impl AsRef<[u8]>, data: &[u8]) -> &mut Self {
        self.add(&Head { size: data.len() as u64, ..head(b'0', path) }, data)
    }

    pub fn folder(&mut self, path: &str) -> &mut Self {
        self.add(&head(b'5', path), b"")
    }

    pub fn link(&mut self, flag: u8, path: &str, to: impl AsRef<[u8]>) -> &mut Self {
        self.add(&Head { link: to.as_ref().to_vec(), ..head(flag, path) }, b"")
    }

    /// The whole, with its end blocks.
    pub fn whole(&self) -> Vec<u8> {
        [self.0.as_slice(), &[0; 2 * BLOCK_BYTES]].concat()
    }
}

/// What a daemon does with the answers that it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It ends them.
    Well,
    /// It goes away at the end of a tar, before it has said that this was the end.
    Broken,
}

/// A daemon whose helper mounts volumes, of which each has a tar.
pub fn daemon(volumes: BTreeMap<String, Vec<u8>>, ends: Ends) -> (TempDir, Daemon) {
    let (folder, address) = listen(move |mut stream: UnixStream| {
        while let Some(request) = read_request(&mut stream) {
            // A client that has heard enough may be gone.
            let _ = answer(&mut stream, &request, &volumes, ends);
            if ends == Ends::Broken && request.contains("/archive?") {
                return;
            }
        }
    });
    (folder, Daemon::new(address).unwrap())
}

fn answer(
    stream: &mut UnixStream,
    request: &str,
    volumes: &BTreeMap<String, Vec<u8>>,
    ends: Ends,
) -> std::io::Result<()> {
    let path = request.split(' ').nth(1).unwrap_or_default();
    assert!(request.starts_with(&format!("GET /containers/{}/", helper())), "{request}");
    if path.ends_with("/json") {
        let mount = |(at, name): (usize, &String)| {
            format!(r#"{{"Type":"volume","Name":"{name}","Destination":"/v{at}","RW":false}}"#)
        };
        let mounts = volumes.keys().enumerate().map(mount).collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"Mounts":[{{"Type":"bind","Destination":"/x"}},{mounts}]}}"#);
        let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n";
        return write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
    }
    let at: usize = path.split("path=%2Fv").nth(1).and_then(|at| at.parse().ok()).unwrap_or_default();
    let Some(tar) = volumes.values().nth(at).filter(|tar| !tar.is_empty()) else {
        let body = r#"{"message":"no such path"}"#;
        let head = "HTTP/1.1 404 Not Found\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n";
        return write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
    };
    write!(stream, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    // Not the size of a block, so that pieces end anywhere.
    for piece in tar.chunks(10_007) {
        write!(stream, "{:x}\r\n", piece.len())?;
        stream.write_all(piece)?;
        write!(stream, "\r\n")?;
    }
    if ends == Ends::Broken { Ok(()) } else { write!(stream, "0\r\n\r\n") }
}

pub fn helper() -> ContainerId {
    ContainerId::new("e1".repeat(32))
}

pub fn name(text: &str) -> GatewayName {
    GatewayName::parse(text).unwrap()
}

/// A state directory that does not exist yet, below a folder that is removed with it.
pub fn state() -> (TempDir, StateDir) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home").to_str().unwrap().to_owned();
    let state = StateDir::find(&|name| (name == "NEMOCLAW_HOME").then(|| home.clone())).unwrap();
    (folder, state)
}

/// The order for the backup of `prod` with these volumes.
pub fn order<'a>(volumes: impl IntoIterator<Item = &'a String>) -> BackupOrder {
    let gateway = name("prod");
    let place = Place { files: "/files".to_owned(), docker_socket: None, certificates: None };
    let mount = |(at, volume): (usize, &String)| HelperMount {
        volume: VolumeName::new(volume.as_str()),
        path: Some(format!("/data{at}")),
        at: format!("/v{at}"),
    };
    BackupOrder {
        helper: helper(),
        container: Some(ContainerId::new("c0".repeat(32))),
        image_id: Some(ImageId::new("sha256:0")),
        spec: Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway, &place).unwrap(),
        volumes: volumes.into_iter().enumerate().map(mount).collect(),
        beside: vec![SandboxName::new("alpha")],
        carried: Vec::new(),
        left_out: Vec::new(),
        gateway,
    }
}

/// A backup of one volume, `vol`, that was made or not.
pub struct Made {
    _folder: TempDir,
    pub state: StateDir,
    pub made: Result<BackupMade, Failure>,
    pub told: u64,
}

impl Made {
    /// Where the backup is.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(&self.made.as_ref().unwrap().path)
    }

    /// The rows of the listing of `vol`.
    pub fn rows(&self) -> Vec<Row> {
        let packed = std::fs::File::open(self.path().join("vol.listing.jsonl.zst")).unwrap();
        let text = String::from_utf8(zstd::decode_all(packed).unwrap()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What lies where backups of `prod` do.
    pub fn left(&self) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.state.path().join("backups/prod"));
        folder.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

/// Backs up `vol`, whose tar this is.
pub async fn back_up(tar: Vec<u8>, ends: Ends) -> Made {
    let volumes = BTreeMap::from([("vol".to_owned(), tar)]);
    let order = order(volumes.keys());
    let (_socket, daemon) = daemon(volumes, ends);
    let (folder, state) = state();
    let told = std::cell::Cell::new(0);
    let tell = |bytes| told.set(bytes);
    let making = super::make(&daemon, &state, &order, &tell);
    let made = tokio::time::timeout(Duration::from_secs(300), making).await.unwrap();
    Made { _folder: folder, state, made, told: told.get() }
}
