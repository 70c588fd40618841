//! Verifies a backup by reading all of it: each file against its checksum, each archive to its end as strictly as when it
//! was made, and each of its entries against the listing. Nothing is unpacked. Memory does not grow with the backup.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};
use zstd::stream::read::Decoder;

use super::bad::BadBackup;
use super::flaw::Flaw;
use super::manifest::{self, FileKept, Manifest, VolumeKept};
use super::row::Row;
use super::walk::{Linked, hex, walk};
use super::write::WINDOW_LOG;
use crate::state::open_regular;

/// How much is read and handed on at once.
const PIECE_BYTES: usize = 256 * 1024;

/// How many pieces may wait for their reader: some MiB in all.
const PIECES_MAX: usize = 8;

/// The longest line of a listing: the longest name that is read, each byte of it escaped, and room for attributes.
const LINE_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What the rows of hard links have in them. In a name it would have backslashes.
const HARD_LINK: &str = r#""type":"hard-link""#;

/// Reads a whole backup, as long as `wanted`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(folder: &Path, wanted: &(dyn Fn() -> bool + Sync)) -> Result<Manifest, BadBackup> {
    let manifest = manifest::read(folder)?;
    for volume in &manifest.volumes {
        verify_volume(folder, volume, wanted)?;
    }
    Ok(manifest)
}

fn verify_volume(folder: &Path, volume: &VolumeKept, wanted: &(dyn Fn() -> bool + Sync)) -> Result<(), BadBackup> {
    let linked = read_listing(folder, &volume.listing, wanted)?;
    let file = folder.join(&volume.archive.file);
    let listing = folder.join(&volume.listing.file);
    let kept = Kept::open(folder, &volume.archive)?;
    let mut lines = Lines::open(folder, &volume.listing)?;
    let (sender, pieces) = sync_channel(PIECES_MAX);
    let (walked, unpacked) = thread::scope(|scope| {
        let unpacking = scope.spawn(move || kept.unpack(&sender, wanted));
        let walked = walk(Pieces { pieces, piece: Vec::new(), at: 0 }, volume.root.as_bytes(), linked, |row| {
            lines.compare(&row, &listing)
        });
        (walked, unpacking.join())
    });
    // What is wrong with the file explains what is wrong in it.
    unpacked.unwrap_or_else(|_| Err(BadBackup::GivenUp { file: file.clone() }))?;
    let totals = walked.map_err(|differs| match differs {
        Differs::Flaw(flaw) => BadBackup::of(flaw, file),
        Differs::Bad(bad) => bad,
    })?;
    lines.end(&listing)?;
    if (totals.entries, totals.bytes) != (volume.entries, volume.bytes) {
        let what = "it does not count what its archives hold";
        return Err(BadBackup::CorruptManifest { file: folder.join(manifest::FILE), what });
    }
    Ok(())
}

/// Reads a listing against its checksum, and tells what its hard links lead to.
fn read_listing(folder: &Path, listing: &FileKept, wanted: &(dyn Fn() -> bool + Sync)) -> Result<Linked, BadBackup> {
    let file = folder.join(&listing.file);
    let kept = Kept::open(folder, listing)?;
    let (sender, pieces) = sync_channel(PIECES_MAX);
    let (linked, unpacked) = thread::scope(|scope| {
        let unpacking = scope.spawn(move || kept.unpack(&sender, wanted));
        let mut lines = Lines { lines: BufReader::new(Pieces { pieces, piece: Vec::new(), at: 0 }), line: Vec::new() };
        (lines.linked(), unpacking.join())
    });
    unpacked.unwrap_or_else(|_| Err(BadBackup::GivenUp { file: file.clone() }))?;
    linked.map_err(|_| BadBackup::Malformed { file, what: "it is not made of rows".to_owned() })
}

/// A file of a backup that is read once, from its beginning to its end.
struct Kept<'a> {
    path: PathBuf,
    said: &'a FileKept,
    file: File,
}

impl<'a> Kept<'a> {
    fn open(folder: &Path, said: &'a FileKept) -> Result<Self, BadBackup> {
        let path = folder.join(&said.file);
        match open_regular(&path, OFlags::RDONLY) {
            Ok(file) => Ok(Self { path, said, file }),
            Err(source) => Err(BadBackup::Unreadable { file: path, source }),
        }
    }

    /// Hands on what the file unpacks to, as long as somebody takes it, and checks all of the file in any case.
    fn unpack(self, sender: &SyncSender<Vec<u8>>, wanted: &(dyn Fn() -> bool + Sync)) -> Result<(), BadBackup> {
        let Self { path: file, said, file: opened } = self;
        let hashed = Hashed { file: opened, hasher: Sha256::new(), bytes: 0, error: None, wanted };
        let mut packed = BufReader::with_capacity(PIECE_BYTES, hashed);
        let unpacked = hand_on(&mut packed, sender);
        let rest = io::copy(&mut packed, &mut io::sink());
        let Hashed { hasher, bytes, error, .. } = packed.into_inner();
        if !wanted() {
            return Err(BadBackup::GivenUp { file });
        }
        if let Some(source) = error {
            return Err(BadBackup::Unreadable { file, source });
        }
        if bytes < said.bytes {
            return Err(BadBackup::Truncated { file });
        }
        if bytes > said.bytes || hex(&hasher.finalize()) != said.sha256 {
            return Err(BadBackup::ChecksumDiffers { file });
        }
        match (unpacked, rest) {
            // Nobody takes any more of it: what is wrong is told there.
            (Ok(false), _) | (Ok(true), Ok(0)) => Ok(()),
            (Ok(true), _) => Err(BadBackup::Malformed { file, what: "something follows its end".to_owned() }),
            (Err(error), _) if error.kind() == io::ErrorKind::UnexpectedEof => Err(BadBackup::Truncated { file }),
            (Err(error), _) => Err(BadBackup::Malformed { file, what: error.to_string() }),
        }
    }
}

/// Hands on what one frame unpacks to; tells whether all of it was taken.
fn hand_on(packed: &mut impl BufRead, sender: &SyncSender<Vec<u8>>) -> io::Result<bool> {
    let mut decoder = Decoder::with_buffer(packed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let mut there = 0;
        while there < piece.len() {
            match decoder.read(&mut piece[there..])? {
                0 => break,
                read => there += read,
            }
        }
        piece.truncate(there);
        if there == 0 {
            return Ok(true);
        }
        if sender.send(piece).is_err() {
            return Ok(false);
        }
    }
}

/// A file, and what is known of all that was read from it.
struct Hashed<'a> {
    file: File,
    hasher: Sha256,
    bytes: u64,
    error: Option<io::Error>,
    wanted: &'a (dyn Fn() -> bool + Sync),
}

impl Read for Hashed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() || !(self.wanted)() {
            return Ok(0);
        }
        match self.file.read(into) {
            Ok(read) => {
                self.hasher.update(&into[..read]);
                self.bytes += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.error = Some(error);
                Ok(0)
            }
        }
    }
}

/// What another thread hands on.
struct Pieces {
    pieces: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            let Ok(piece) = self.pieces.recv() else { return Ok(0) };
            (self.piece, self.at) = (piece, 0);
        }
        let most = into.len().min(self.piece.len() - self.at);
        into[..most].copy_from_slice(&self.piece[self.at..self.at + most]);
        self.at += most;
        Ok(most)
    }
}

/// Why going through an archive ended.
enum Differs {
    Flaw(Flaw),
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

impl Lines<BufReader<Decoder<'static, BufReader<File>>>> {
    fn open(folder: &Path, listing: &FileKept) -> Result<Self, BadBackup> {
        let Kept { path, file, .. } = Kept::open(folder, listing)?;
        let decoder = Decoder::new(file).and_then(|mut decoder| {
            decoder.window_log_max(WINDOW_LOG)?;
            Ok(decoder.single_frame())
        });
        match decoder {
            Ok(decoder) => Ok(Self { lines: BufReader::new(decoder), line: Vec::new() }),
            Err(source) => Err(BadBackup::Unreadable { file: path, source }),
        }
    }
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
    fn compare(&mut self, row: &Row, file: &Path) -> Result<(), Differs> {
        let listed = self.next();
        let unreadable = |source| Differs::Bad(BadBackup::Unreadable { file: file.to_owned(), source });
        if listed.map_err(unreadable)? == row.line().map_err(|error| unreadable(error.into()))?.as_bytes() {
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
