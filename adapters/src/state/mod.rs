//! The state directory: where records, locks and traces lie on this machine.
//!
//! Looking never creates anything: a folder is made, for its owner only, when the first file goes into it. A symbolic
//! link in the place of a file is refused, never followed; one in the place of a folder is the owner's own doing and is.

mod demo;
mod lock;
mod registry;
#[cfg(test)]
mod testing;
mod traces;
mod whole;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use engine::{GatewayName, RecordSeen};
use rustix::fs::{Mode, OFlags};
use thiserror::Error;

pub use demo::DemoFile;
pub use lock::{LockFailed, LockGuard, Locks};
pub use registry::Registry;
pub use traces::{TraceFile, TraceKept};
pub use whole::write_whole;

/// Where nemoclaw keeps what it knows between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir(PathBuf);

/// The environment names no usable state directory.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadStateDir {
    /// A variable holds a relative path: what it means would depend on where the command was typed.
    #[error("`{variable}` is `{value}`, which is not an absolute path")]
    Relative {
        /// The variable.
        variable: &'static str,
        /// What it holds.
        value: String,
    },
    /// Nothing names a directory, and the user has no home directory.
    #[error("there is no home directory to keep records in, and `NEMOCLAW_HOME` is not set")]
    NoHome,
}

impl StateDir {
    /// `NEMOCLAW_HOME`, else `nemoclaw` in `XDG_STATE_HOME`, else `.local/state/nemoclaw` in the home directory. An
    /// empty variable counts as one that is not set, as the XDG specification has it.
    ///
    /// # Errors
    /// A variable with a relative path, or no home directory.
    pub fn find(env: &impl Fn(&str) -> Option<String>) -> Result<Self, BadStateDir> {
        let folder = |variable: &'static str| match env(variable).filter(|value| !value.is_empty()) {
            Some(value) if Path::new(&value).is_absolute() => Ok(Some(PathBuf::from(value))),
            Some(value) => Err(BadStateDir::Relative { variable, value }),
            None => Ok(None),
        };
        if let Some(home) = folder("NEMOCLAW_HOME")? {
            return Ok(Self(home));
        }
        if let Some(state) = folder("XDG_STATE_HOME")? {
            return Ok(Self(state.join("nemoclaw")));
        }
        let home = folder("HOME")?.or_else(std::env::home_dir).filter(|home| home.is_absolute());
        home.map(|home| Self(home.join(".local/state/nemoclaw"))).ok_or(BadStateDir::NoHome)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What its registry says of a gateway. Without that gateway's lock it may be old by the time it is read.
    pub fn record(&self, gateway: &GatewayName) -> RecordSeen {
        Registry::new(self).read(gateway)
    }
}

/// Makes a folder and whatever is missing above it, for its owner only, so that a power cut does not take it again.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    make_folder_for(folder, 0o700)
}

/// The same for whom a mode says. What is missing above it is for its owner only all the same.
pub fn make_folder_for(folder: &Path, mode: u32) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let Some(parent) = folder.parent() else { return Ok(()) };
    make_folder(parent)?;
    match DirBuilder::new().mode(mode).create(folder) {
        Ok(()) => sync_folder(parent),
        // Another run was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(no_folder(folder)),
        Err(error) => Err(error),
    }
}

/// That a file which is not there is truly not there: the nearest thing above it that is there at all is a folder. A link
/// that leads nowhere, as to a disk that is not mounted, hides whatever is behind it.
///
/// # Errors
/// What hides it.
pub fn is_truly_absent(path: &Path) -> io::Result<()> {
    for above in path.ancestors().skip(1) {
        match fs::symlink_metadata(above) {
            Ok(_) if above.is_dir() => return Ok(()),
            Ok(_) => return Err(no_folder(above)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn no_folder(path: &Path) -> io::Error {
    let what = if path.is_symlink() { "is a link that leads to no folder" } else { "is not a folder" };
    io::Error::other(format!("`{}` {what}", path.display()))
}

/// Makes a folder's entries survive a power cut.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Opens a regular file, and nothing else: no symbolic link is followed and no pipe is waited on. What `flags` create is
/// for its owner only.
pub(crate) fn open_regular(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(opened) => File::from(opened),
        Err(rustix::io::Errno::LOOP) => {
            return Err(io::Error::other("it is a symbolic link, which is not followed"));
        }
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Result<PathBuf, BadStateDir> {
        let value = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        StateDir::find(&value).map(|state| state.path().to_owned())
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_directory() {
        let all = [("NEMOCLAW_HOME", "/n"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(find(&all), Ok("/n".into()));
        assert_eq!(find(&all[1..]), Ok("/x/nemoclaw".into()));
        assert_eq!(find(&all[2..]), Ok("/h/.local/state/nemoclaw".into()));
        assert_eq!(find(&[("NEMOCLAW_HOME", ""), ("XDG_STATE_HOME", ""), ("HOME", "/h")]), find(&all[2..]));
    }

    #[test]
    fn a_relative_path_is_refused_by_the_name_of_its_variable() {
        for variable in ["NEMOCLAW_HOME", "XDG_STATE_HOME", "HOME"] {
            let refused = find(&[(variable, "some/where")]);
            assert_eq!(refused, Err(BadStateDir::Relative { variable, value: "some/where".to_owned() }));
        }
    }
}
