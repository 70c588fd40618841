//! The folder of a backup while it is made: under a name of its own beside the finished ones, for its owner only.
//! It goes when it is dropped unfinished, and what a killed run left goes with the next backup of the same gateway, whose
//! lock the caller holds. Absent on purpose: any removal of a finished backup.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use engine::{Failure, GatewayName};

use crate::state::{StateDir, make_folder, sync_folder};

/// How the name of a folder that is not finished begins, and how it ends. No gateway's and no backup's name does.
const UNFINISHED: (&str, &str) = (".", "-unfinished");

/// Enough random characters for two backups in one second.
const RANDOM_CHARACTERS: usize = 6;

/// What the file system did not let us do, and where.
#[derive(Debug)]
pub struct Trouble {
    /// Where.
    pub path: PathBuf,
    /// What it said.
    pub said: io::Error,
}

impl Trouble {
    /// The same as a function of what was said.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        |said| Self { path, said }
    }
}

impl From<Trouble> for Failure {
    fn from(Trouble { path, said }: Trouble) -> Self {
        Self::Rejected { status: None, message: format!("no backup was made: `{}`: {said}", path.display()) }
    }
}

/// The folder of all backups.
pub fn of_all(state: &StateDir) -> PathBuf {
    state.path().join("backups")
}

/// Whether a folder of this name is one that is not finished.
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1)
}

/// A folder that is not finished. Whatever works in it shares it, so that it goes after the last has ended.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    finished: PathBuf,
    is_finished: AtomicBool,
    is_given_up: Arc<AtomicBool>,
}

impl Unfinished {
    /// Makes it, after those that killed runs of this gateway left are gone.
    ///
    /// # Errors
    /// What the file system says.
    pub fn begin(state: &StateDir, gateway: &GatewayName, now: SystemTime) -> Result<Self, Trouble> {
        let parent = of_all(state).join(gateway.as_str());
        make_folder(&parent).map_err(Trouble::at(&parent))?;
        remove_left_over(&parent)?;
        let time: String =
            humantime::format_rfc3339_seconds(now).to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let (before, after) = UNFINISHED;
        let path = tempfile::Builder::new()
            .prefix(&format!("{before}{time}-"))
            .suffix(after)
            .rand_bytes(RANDOM_CHARACTERS)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(Trouble::at(&parent))?
            .keep();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_prefix(before).unwrap_or(name);
        let finished = parent.join(name.strip_suffix(after).unwrap_or(name));
        Ok(Self { path, finished, is_finished: AtomicBool::new(false), is_given_up: Arc::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file in it, for its owner only.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(&self, name: &str) -> Result<File, Trouble> {
        let path = self.path.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.map_err(Trouble::at(&path))
    }

    /// Makes its entries survive a power cut.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&self) -> Result<(), Trouble> {
        sync_folder(&self.path).map_err(Trouble::at(&self.path))
    }

    /// Gives it its own name, which then is all that it has. A power cut may undo that until the folder above was
    /// [synced](Self::sync_above).
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(&self) -> Result<PathBuf, Trouble> {
        fs::rename(&self.path, &self.finished).map_err(Trouble::at(&self.finished))?;
        self.is_finished.store(true, Ordering::SeqCst);
        Ok(self.finished.clone())
    }

    /// Makes its name survive a power cut.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync_above(&self) -> io::Result<()> {
        self.finished.parent().map_or(Ok(()), sync_folder)
    }

    /// What is set once nobody waits for it any more.
    pub fn given_up(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_given_up)
    }

    /// Whether nobody waits for it any more.
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::SeqCst)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished.load(Ordering::SeqCst) {
            // What stays goes with the next backup.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes what killed runs left. What is no folder is not ours; links are not followed.
fn remove_left_over(parent: &Path) -> Result<(), Trouble> {
    for entry in fs::read_dir(parent).map_err(Trouble::at(parent))? {
        let entry = entry.map_err(Trouble::at(parent))?;
        let path = entry.path();
        let is_folder = entry.file_type().map_err(Trouble::at(&path))?.is_dir();
        if is_folder && entry.file_name().to_str().is_some_and(is_unfinished) {
            fs::remove_dir_all(&path).map_err(Trouble::at(&path))?;
        }
    }
    Ok(())
}
