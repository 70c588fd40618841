//! Writes one volume of a backup: its tar as it comes, compressed, and at the same time the listing of what is in it.
//! Runs on a thread that may block. Promises both files on the disk, of a stream that was whole. Absent on purpose:
//! knowing holes, which arrive as zeros and compress to nothing.

use std::fs::File;
use std::io::{self, Read, Write};
use std::thread::available_parallelism;

use bytes::Bytes;
use engine::{HelperMount, VolumeName};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Receiver;
use zstd::stream::raw::CParameter;
use zstd::stream::write::Encoder;

use super::folder::{Trouble, Unfinished};
use super::manifest::{FileKept, VolumeKept};
use super::walk::{Linked, hex, walk};
use crate::pipe::Source;
use crate::tars::Flaw;

/// zstd's own default: twice the speed of the next, for some percents of size.
const LEVEL: i32 = 3;

/// How far back the compression looks, as a power of two: what this level has by itself. Reading takes as much memory.
pub const WINDOW_LOG: u32 = 21;

/// What one thread compresses at a time. zstd's own choice is four windows, and it holds several for each thread.
const JOB_BYTES: u32 = 1024 * 1024;

/// More threads than this wait for Docker, and each has some MiB.
const THREADS_MAX: usize = 4;

/// Longer names of volumes would make names of files that file systems refuse.
const STEM_MAX_BYTES: usize = 200;

/// Why a volume was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// What came is not the whole of it.
    Flaw(Flaw),
    /// The file system said no.
    Trouble(Trouble),
}

impl From<Flaw> for NotWritten {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<Trouble> for NotWritten {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// The first part of the names of a volume's files: its own name where that can be one, else its place in the order.
/// Names that differ only in their case are one to some file systems.
pub fn stem(volumes: &[HelperMount], place: usize) -> String {
    let name = |mount: &HelperMount| mount.volume.as_str().to_ascii_lowercase();
    let same = volumes.iter().filter(|other| volumes.get(place).is_some_and(|own| name(other) == name(own))).count();
    match volumes.get(place).map(|mount| mount.volume.as_str()) {
        Some(name) if same == 1 && name.len() <= STEM_MAX_BYTES && engine::check_docker_name(name).is_ok() => {
            name.to_owned()
        }
        // No name of Docker's begins like this.
        _ => format!("_{place}"),
    }
}

/// What all paths of the tar of this folder begin with: Docker names them after the folder itself
/// (moby `daemon/archive_unix.go`, `TarResourceRebaseOpts`).
pub fn root(at: &str) -> String {
    let at = at.trim_end_matches('/');
    at.rsplit('/').next().unwrap_or(at).to_owned()
}

/// Writes the volume that comes.
///
/// # Errors
/// Anything less than the whole of it, or what the file system said.
pub fn volume(
    coming: Receiver<Bytes>,
    folder: &Unfinished,
    stem: &str,
    mount: &HelperMount,
) -> Result<VolumeKept, NotWritten> {
    let root = root(&mount.at);
    let (archive, listing) = (format!("{stem}.tar.zst"), format!("{stem}.listing.jsonl.zst"));
    let at = |name: &str| Trouble::at(&folder.path().join(name));
    let mut rows = compressing(folder.create(&listing)?, 1).map_err(at(&listing))?;
    let threads = available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let mut input =
        Tee { coming: Source::of(coming), copy: compressing(folder.create(&archive)?, threads).map_err(at(&archive))? };
    let totals = walk(&mut input, root.as_bytes(), Linked::default(), |row| {
        let line = row.line().map_err(io::Error::from);
        line.and_then(|line| rows.write_all(line.as_bytes())).map_err(|error| NotWritten::from(at(&listing)(error)))
    });
    let totals = totals.map_err(|not| match not {
        // What comes does not fail: it ends.
        NotWritten::Flaw(Flaw::Io(error)) => at(&archive)(error).into(),
        NotWritten::Flaw(_) | NotWritten::Trouble(_) => not,
    })?;
    let kept = |written: io::Result<(u64, String)>, file: String| match written {
        Ok((bytes, sha256)) => Ok(FileKept { file, bytes, sha256 }),
        Err(error) => Err(at(&file)(error)),
    };
    Ok(VolumeKept {
        name: VolumeName::clone(&mount.volume),
        path: mount.path.clone(),
        archive: kept(finish(input.copy), archive)?,
        listing: kept(finish(rows), listing)?,
        root,
        entries: totals.entries,
        bytes: totals.bytes,
    })
}

/// What is written is compressed, with a checksum of zstd's own, so that its own tools can tell a damaged one.
fn compressing(file: File, threads: usize) -> io::Result<Encoder<'static, Hashed>> {
    let mut encoder = Encoder::new(Hashed { file, hasher: Sha256::new(), bytes: 0 }, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
    if threads > 1 {
        encoder.multithread(u32::try_from(threads).unwrap_or(1))?;
        encoder.set_parameter(CParameter::JobSize(JOB_BYTES))?;
    }
    Ok(encoder)
}

/// The size and the SHA-256 of a file that is now whole and on the disk.
fn finish(encoder: Encoder<'static, Hashed>) -> io::Result<(u64, String)> {
    let Hashed { file, hasher, bytes } = encoder.finish()?;
    file.sync_all()?;
    // So that what is read back comes from the disk. Where that cannot be, it is read from memory.
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    Ok((bytes, hex(&hasher.finalize())))
}

/// A file, and what is known of all that was written to it.
struct Hashed {
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is read is written too.
struct Tee<R, W> {
    coming: R,
    copy: W,
}

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.coming.read(into)?;
        self.copy.write_all(&into[..read])?;
        Ok(read)
    }
}
