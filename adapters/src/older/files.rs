//! Reading a file of somebody else's: whatever is in its place, nothing is written, waited on or read without bound.
//! Symbolic links are followed, since where these files lie is their owner's business.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::state::is_truly_absent;

/// The largest file that is read. Those of the older tool have some KiB.
const SIZE_MAX_BYTES: u64 = 1024 * 1024;

/// A file's bytes; none where it is not there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let whole = || {
        let Some(file) = open(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(SIZE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > SIZE_MAX_BYTES {
            return Err(io::Error::other(format!("it is larger than {SIZE_MAX_BYTES} bytes")));
        }
        Ok(Some(bytes))
    };
    whole().map_err(|error: io::Error| problem(path, &error.to_string()))
}

/// A regular file, open for reading; none where there is nothing at all. A link that leads nowhere is something, also
/// where it is above the file, as one to a disk that is not mounted.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    // Without `NONBLOCK` a pipe in the file's place would be waited on.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from) {
        Ok(opened) => File::from(opened),
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
            return Err(io::Error::other("it is a link that leads nowhere"));
        }
        // A home such as `/dev/null` is that of an account without one.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return is_truly_absent(path).map(|()| None),
        Err(error) => return Err(error),
    };
    if file.metadata()?.is_file() { Ok(Some(file)) } else { Err(io::Error::other("it is not a regular file")) }
}

/// The sentence that a person reads of a file that cannot be used.
pub(super) fn problem(path: &Path, what: &str) -> String {
    format!("the older tool's `{}` is not used: {what}", path.display())
}
