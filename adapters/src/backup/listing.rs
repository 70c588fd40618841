//! The listing of a volume, read line by line: what is in an archive, whether that comes from a backup's own file or from
//! a volume. Memory does not grow with it, but for some bytes for each hard link.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread;

use super::bad::BadBackup;
use super::kept::{Kept, Pieces};
use super::manifest::{self, FileKept, VolumeKept};
use super::row::Row;
use super::walk::{Linked, walk};
use crate::tars::Flaw;

/// The longest line of a listing: the longest name that is read, each byte of it escaped, and room for attributes.
const LINE_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What the rows of hard links have in them. In a name it would have backslashes.
const HARD_LINK: &str = r#""type":"hard-link""#;

/// Reads a listing against its checksum, and tells what its hard links lead to.
///
/// # Errors
/// What is wrong with it.
pub fn read(folder: &Path, listing: &FileKept, wanted: &(dyn Fn() -> bool + Sync)) -> Result<Linked, BadBackup> {
    let file = folder.join(&listing.file);
    let kept = Kept::open(folder, listing)?;
    let (sender, pieces) = Pieces::between_threads();
    let (linked, unpacked) = thread::scope(|scope| {
        let unpacking = scope.spawn(move || kept.unpack(&sender, wanted));
        let mut lines = Lines { lines: BufReader::new(pieces), line: Vec::new() };
        (lines.linked(), unpacking.join())
    });
    unpacked.unwrap_or_else(|_| Err(BadBackup::GivenUp { file: file.clone() }))?;
    linked.map_err(|_| BadBackup::Malformed { file, what: "it is not made of rows".to_owned() })
}

/// The times that Docker can set. All others it sets to 1970, of whatever is no symbolic link (moby `pkg/system/chtimes.go`:
/// from the epoch to the last nanosecond that fits into 63 bits).
const TIMES_THAT_DOCKER_SETS: RangeInclusive<i64> = 0..=i64::MAX / 1_000_000_000;

/// Of what the tar is that is compared with a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of the volume that was listed.
    Listed,
    /// Of one that Docker has written since.
    Restored,
}

/// That the tar of a volume, whose paths all begin with `root`, holds what the volume's listing says, which was
/// [read] before.
///
/// # Errors
/// Where it does not.
pub fn compare(
    tar: impl Read,
    root: &[u8],
    linked: Linked,
    folder: &Path,
    volume: &VolumeKept,
    of: Of,
) -> Result<(), Differs> {
    let file = folder.join(&volume.listing.file);
    let rows = Kept::open(folder, &volume.listing).and_then(Kept::unchecked).map_err(Differs::Bad)?;
    let mut lines = Lines { lines: rows, line: Vec::new() };
    let totals = walk(tar, root, linked, |row| lines.compare(&row, &file, of))?;
    lines.end(&file).map_err(Differs::Bad)?;
    if (totals.entries, totals.bytes) != (volume.entries, volume.bytes) {
        let what = "it does not count what its archives hold";
        return Err(Differs::Bad(BadBackup::CorruptManifest { file: folder.join(manifest::FILE), what }));
    }
    Ok(())
}

/// Why going through an archive ended.
pub enum Differs {
    /// It is no whole archive.
    Flaw(Flaw),
    /// It is not what the listing lists, or the listing cannot be read.
    Bad(BadBackup),
}

impl From<Flaw> for Differs {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

/// The lines of a listing, one at a time.
struct Lines<R> {
    lines: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line, with its line feed; empty at the end.
    fn next(&mut self) -> io::Result<&[u8]> {
        self.line.clear();
        self.lines.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut self.line)?;
        Ok(&self.line)
    }

    /// What the hard links of all that follows lead to.
    fn linked(&mut self) -> io::Result<Linked> {
        let mut linked = Linked::default();
        loop {
            let line = self.next()?;
            if line.is_empty() {
                return Ok(linked);
            }
            let line = std::str::from_utf8(line).map_err(io::Error::other)?;
            if line.contains(HARD_LINK) {
                linked.note(&serde_json::from_str::<Row>(line)?);
            }
        }
    }

    /// That the next line says what the archive holds next.
    fn compare(&mut self, row: &Row, file: &Path, of: Of) -> Result<(), Differs> {
        let unreadable = |source| Differs::Bad(BadBackup::Unreadable { file: file.to_owned(), source });
        let listed = self.next().map_err(unreadable)?;
        let same = listed == row.line().map_err(|error| unreadable(error.into()))?.as_bytes();
        if same || of == Of::Restored && is_all_that_docker_can(listed, row) {
            return Ok(());
        }
        Err(Differs::Bad(BadBackup::ListingDiffers { file: file.to_owned(), path: row.path.clone() }))
    }

    /// That there is no line beyond what the archive holds.
    fn end(&mut self, file: &Path) -> Result<(), BadBackup> {
        let file = file.to_owned();
        match self.next() {
            Ok([]) => Ok(()),
            Ok(line) => {
                let path = serde_json::from_slice::<Row>(line).map(|row| row.path).unwrap_or_default();
                Err(BadBackup::ListingDiffers { file, path })
            }
            Err(source) => Err(BadBackup::Unreadable { file, source }),
        }
    }
}

/// Whether a row differs from what was listed in nothing but a time that Docker cannot set.
fn is_all_that_docker_can(listed: &[u8], row: &Row) -> bool {
    let Ok(listed) = serde_json::from_slice::<Row>(listed) else { return false };
    !TIMES_THAT_DOCKER_SETS.contains(&listed.mtime) && Row { mtime: 0, ..listed } == *row
}
