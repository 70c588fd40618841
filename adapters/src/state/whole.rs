//! Writing a file whole or not at all, also in a power cut: under a name of its own beside the file, onto the disk, and
//! only then under the file's name. What a killed run left under such a name goes with the next write, so that it cannot
//! pile up. Absent on purpose: any look at what is in the file's place, which is for the caller to judge.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::sync_folder;

/// How the name of a file that is not yet whole ends. It starts with a dot, as no gateway's name does.
const UNFINISHED: &str = "-new";

/// A file's new text, on the disk and not yet under the file's name. It goes when it is dropped.
#[derive(Debug)]
pub struct Unfinished {
    file: NamedTempFile,
    path: PathBuf,
}

impl Unfinished {
    /// Writes the text beside a file, whose folder is there. One that a killed run left goes now.
    ///
    /// # Errors
    /// What the file system says.
    pub fn beside(path: &Path, text: &str, mode: u32) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else {
            return Err(io::Error::other("it is no name of a file"));
        };
        let prefix = format!(".{name}.");
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let random = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(UNFINISHED));
            // What `a.json.b` left starts as what `a` left does; only the random part tells them apart.
            if random.is_some_and(|random| random.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
                fs::remove_file(entry.path())?;
            }
        }
        let mut named = tempfile::Builder::new();
        let permissions = Permissions::from_mode(mode);
        let mut file = named.prefix(&prefix).suffix(UNFINISHED).permissions(permissions).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Gives it the file's name. A power cut may undo that until the folder was [synced](sync_folder).
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(self) -> io::Result<()> {
        self.file.persist(&self.path).map(drop).map_err(|error| error.error)
    }

    /// Leaves it as a run does that is killed right now.
    #[cfg(test)]
    pub fn killed(self) -> PathBuf {
        self.file.keep().unwrap().1
    }
}

/// Writes a whole file and makes it survive a power cut.
///
/// # Errors
/// What the file system says.
pub fn write_whole(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    Unfinished::beside(path, text, mode)?.finish()?;
    path.parent().map_or(Ok(()), sync_folder)
}
