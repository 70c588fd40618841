//! The gateway's files: `nodes/<node>/workspace` and `nodes/<node>/sandboxes` below the data folder, and nothing else.
//!
//! A file is there whole or not at all, and what was acknowledged survives a power cut: it is received beside its place,
//! synced, renamed, and then every folder on its way is synced. Only regular files below real folders exist here: every
//! step is taken from an open folder and follows no symbolic link, so neither a link nor a race leads outside.
//! Absent on purpose: the removal of folders, which would race with a file that is just being put into them.
//!
//! Two gateways on one volume are not kept apart; the younger one's start breaks off what the elder is receiving.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, fsync, mkdirat, openat, renameat, statat, unlinkat},
    io::Errno,
};

use super::path::{DataPath, INCOMING, Place, Segment};

/// Sandboxes in one gateway: bounds the memory that the list takes.
const MAX_SANDBOXES: usize = 4096;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FOLDER_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The open folders of one node. All methods block.
pub struct Store {
    workspace: OwnedFd,
    sandboxes: OwnedFd,
    received: AtomicU64,
}

/// Why the store did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// No regular file is there.
    NotFound,
    /// Something of this name is in the way: a file where a folder is needed, or a folder or link where a file is.
    InTheWay(String),
    /// The disk or the quota is full.
    DiskFull,
    /// There are as many sandboxes as there may be.
    TooManySandboxes,
    /// Anything else that the system says.
    Io(io::Error),
}

/// Whether a file was there before.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is new.
    Created,
    /// It took the place of another.
    Replaced,
}

impl Store {
    /// Opens the folders of `node`, makes those that are missing, and removes what a crash left half received.
    ///
    /// # Errors
    ///
    /// What the system says. That `data` does not exist is one of them: a volume that is not mounted is not papered over.
    pub fn open(data: &Path, node: &Segment) -> io::Result<Self> {
        let data = openat(CWD, data, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())?;
        let node = made(&made(&data, "nodes")?, node.as_str())?;
        let store = Self {
            workspace: made(&node, "workspace")?,
            sandboxes: made(&node, "sandboxes")?,
            received: AtomicU64::new(0),
        };
        sweep(&store.workspace)?;
        sweep(&store.sandboxes)?;
        Ok(store)
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// `NotFound` for everything but a regular file, else what the system says.
    pub fn read(&self, path: &DataPath) -> Result<File, Failure> {
        let folder = self.existing_folder(path)?;
        // Not blocking, because opening a pipe would wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&folder, path.name.as_str(), flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Err(Failure::NotFound),
            Err(errno) => return Err(errno.into()),
        };
        if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
            return Err(Failure::NotFound);
        }
        Ok(file.into())
    }

    /// Begins to receive the bytes of a file.
    ///
    /// # Errors
    ///
    /// `TooManySandboxes`, or what the system says.
    pub fn receive(self: &Arc<Self>, path: DataPath) -> Result<Receiving, Failure> {
        if path.place == Place::Sandboxes && self.kind(&path)?.is_none() && self.sandboxes()?.len() >= MAX_SANDBOXES {
            return Err(Failure::TooManySandboxes);
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let name = format!("{INCOMING}{}", self.received.fetch_add(1, Ordering::Relaxed));
            match openat(self.place(path.place), &name, flags, FILE_MODE) {
                Ok(file) => return Ok(Receiving { store: Arc::clone(self), path, name, file: file.into() }),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// `NotFound` for everything but a regular file, else what the system says.
    pub fn remove(&self, path: &DataPath) -> Result<(), Failure> {
        let folder = self.existing_folder(path)?;
        if kind_in(&folder, path.name.as_str())? != Some(FileType::RegularFile) {
            return Err(Failure::NotFound);
        }
        match unlinkat(&folder, path.name.as_str(), AtFlags::empty()) {
            Ok(()) => Ok(fsync(&folder)?),
            Err(Errno::NOENT) => Err(Failure::NotFound),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The names of all sandboxes, sorted. What no client could have put there is left out.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn sandboxes(&self) -> Result<Vec<Segment>, Failure> {
        Ok(names_in(&self.sandboxes)?)
    }

    fn kind(&self, path: &DataPath) -> Result<Option<FileType>, Failure> {
        match self.existing_folder(path) {
            Ok(folder) => Ok(kind_in(&folder, path.name.as_str())?),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn place(&self, place: Place) -> &OwnedFd {
        match place {
            Place::Workspace => &self.workspace,
            Place::Sandboxes => &self.sandboxes,
        }
    }

    fn existing_folder(&self, path: &DataPath) -> Result<OwnedFd, Failure> {
        let mut here = self.place(path.place).try_clone()?;
        for folder in &path.folders {
            here = match openat(&here, folder.as_str(), FOLDER, Mode::empty()) {
                Ok(folder) => folder,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Err(Failure::NotFound),
                Err(errno) => return Err(errno.into()),
            };
        }
        Ok(here)
    }

    fn made_folder(&self, path: &DataPath) -> Result<OwnedFd, Failure> {
        let mut here = self.place(path.place).try_clone()?;
        for folder in &path.folders {
            here = match made(&here, folder.as_str()) {
                Ok(folder) => folder,
                Err(Errno::NOTDIR | Errno::LOOP) => return Err(Failure::InTheWay(folder.as_str().to_owned())),
                Err(errno) => return Err(errno.into()),
            };
        }
        Ok(here)
    }
}

/// The names of all sandboxes of `node`, sorted, seen from beside the gateway that has them open: nothing is made or swept.
///
/// # Errors
///
/// What the system says. That `node` has no folder is one of them.
pub fn sandboxes_of(data: &Path, node: &Segment) -> io::Result<Vec<Segment>> {
    let mut here = openat(CWD, data, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())?;
    for folder in ["nodes", node.as_str(), "sandboxes"] {
        here = openat(&here, folder, FOLDER, Mode::empty())?;
    }
    Ok(names_in(&here)?)
}

/// A file on its way in; dropped before it is kept, it leaves nothing behind.
pub struct Receiving {
    store: Arc<Store>,
    path: DataPath,
    name: String,
    file: File,
}

impl Receiving {
    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// `DiskFull`, or what the system says.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.file.write_all(bytes)?)
    }

    /// Puts the file in its place, on the disk and not only in memory. Folders that are missing are made.
    ///
    /// # Errors
    ///
    /// `InTheWay`, `DiskFull`, or what the system says; the place is then as it was.
    pub fn keep(self) -> Result<Kept, Failure> {
        let name = self.path.name.as_str();
        self.file.sync_all()?;
        let folder = self.store.made_folder(&self.path)?;
        let kept = match kind_in(&folder, name)? {
            None => Kept::Created,
            Some(FileType::RegularFile) => Kept::Replaced,
            Some(_) => return Err(Failure::InTheWay(name.to_owned())),
        };
        renameat(self.store.place(self.path.place), &self.name, &folder, name)?;
        fsync(&folder)?;
        Ok(kept)
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        // After a rename the name is free already; any other failure is mended by the sweep of the next start.
        let _ = unlinkat(self.store.place(self.path.place), &self.name, AtFlags::empty());
    }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOSPC | Errno::DQUOT => Self::DiskFull,
            other => Self::Io(other.into()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).map_or(Self::Io(error), Self::from)
    }
}

/// Opens a folder, making it first where it is missing. The parent is synced also when the folder was there: whoever made
/// it may have died before that.
fn made(parent: &OwnedFd, name: &str) -> rustix::io::Result<OwnedFd> {
    match mkdirat(parent, name, FOLDER_MODE) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno),
    }
    fsync(parent)?;
    openat(parent, name, FOLDER, Mode::empty())
}

fn kind_in(folder: &OwnedFd, name: &str) -> rustix::io::Result<Option<FileType>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The names of the regular files that a client could have put into a folder, sorted.
fn names_in(folder: &OwnedFd) -> rustix::io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().ok().and_then(|name| Segment::checked(name).ok()) else {
            continue;
        };
        if kind_in(folder, name.as_str())? == Some(FileType::RegularFile) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// Removes what a crash left half received. Clients cannot make files of these names, so it is never theirs.
fn sweep(place: &OwnedFd) -> io::Result<()> {
    for entry in Dir::read_from(place)? {
        let entry = entry?;
        if entry.file_name().to_bytes().starts_with(INCOMING.as_bytes()) {
            match unlinkat(place, entry.file_name(), AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
    Ok(())
}
