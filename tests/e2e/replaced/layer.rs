//! Files in containers and volumes, put there and found again through Docker's archive endpoint: with owners, modes and
//! types that no HTTP of a gateway's can give them.

use std::collections::BTreeMap;
use std::io::Read;

use bollard::query_parameters::{DownloadFromContainerOptions, UploadToContainerOptions};
use futures_util::TryStreamExt;
use hyper::body::Bytes;
use tar::{EntryType, Header};

use crate::support::Case;

/// A tar in the making.
pub struct Files(tar::Builder<Vec<u8>>);

/// A file as it came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFound {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its owner.
    pub uid: u64,
    /// Its permissions.
    pub mode: u32,
}

impl Files {
    /// None yet.
    pub fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// A file, in folders that Docker makes.
    pub fn file(self, path: &[u8], bytes: &[u8], uid: u64, mode: u32) -> Self {
        self.entry(path, EntryType::Regular, bytes, b"", uid, mode)
    }

    /// Another name of a file, whose owner and mode are the same: they are the file's.
    pub fn hard_link(self, path: &[u8], to: &[u8], uid: u64, mode: u32) -> Self {
        self.entry(path, EntryType::Link, b"", to, uid, mode)
    }

    /// A link by name.
    pub fn symlink(self, path: &[u8], to: &[u8]) -> Self {
        self.entry(path, EntryType::Symlink, b"", to, 0, 0o777)
    }

    /// A named pipe.
    pub fn fifo(self, path: &[u8]) -> Self {
        self.entry(path, EntryType::Fifo, b"", b"", 0, 0o600)
    }

    /// Puts all of them into a container, below its root.
    #[track_caller]
    pub fn put(self, case: &Case<'_>, container: &str) {
        let daemon = case.daemon();
        let options = UploadToContainerOptions { path: "/".to_owned(), ..Default::default() };
        let body = bollard::body_full(Bytes::from(self.0.into_inner().unwrap()));
        daemon.run(daemon.docker().upload_to_container(container, Some(options), body)).unwrap();
    }

    fn entry(mut self, path: &[u8], kind: EntryType, bytes: &[u8], link: &[u8], uid: u64, mode: u32) -> Self {
        let mut header = Header::new_ustar();
        let raw = header.as_old_mut();
        raw.name[..path.len()].copy_from_slice(path);
        raw.linkname[..link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_uid(uid);
        header.set_gid(uid);
        header.set_mode(mode);
        header.set_mtime(1_600_000_000);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }
}

/// The files below a path in a container, by their paths; none where there is no such path.
#[track_caller]
pub fn found(case: &Case<'_>, container: &str, path: &str) -> BTreeMap<String, FileFound> {
    let daemon = case.daemon();
    let options = DownloadFromContainerOptions { path: path.to_owned() };
    let stream = daemon.docker().download_from_container(container, Some(options));
    let pieces = match daemon.run(stream.try_collect::<Vec<Bytes>>()) {
        Ok(pieces) => pieces.concat(),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => return BTreeMap::new(),
        Err(error) => panic!("{path} of {container}: {error}"),
    };
    let mut archive = tar::Archive::new(pieces.as_slice());
    let files = archive.entries().unwrap().map(Result::unwrap).filter(|entry| entry.header().entry_type().is_file());
    let file = |mut entry: tar::Entry<'_, &[u8]>| {
        let path = entry.path().unwrap().display().to_string();
        let (uid, mode) = (entry.header().uid().unwrap(), entry.header().mode().unwrap() & 0o7777);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (path, FileFound { bytes, uid, mode })
    };
    files.map(file).collect()
}
