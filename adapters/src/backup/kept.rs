//! One file of a backup, unpacked by a thread of its own while it is checked against what the manifest says of it.
//! Memory does not grow with the file. Absent on purpose: any judgement of what it unpacks to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};
use zstd::stream::read::Decoder;

use super::bad::BadBackup;
use super::manifest::FileKept;
use super::walk::hex;
use super::write::WINDOW_LOG;
use crate::state::open_regular;

/// How much is read and handed on at once.
const PIECE_BYTES: usize = 256 * 1024;

/// How many pieces may wait for their reader: some MiB in all.
const PIECES_MAX: usize = 8;

/// A file of a backup that is read once, from its beginning to its end.
pub struct Kept<'a> {
    path: PathBuf,
    said: &'a FileKept,
    file: File,
}

impl<'a> Kept<'a> {
    /// Opens it.
    ///
    /// # Errors
    /// That it cannot be.
    pub fn open(folder: &Path, said: &'a FileKept) -> Result<Self, BadBackup> {
        let path = folder.join(&said.file);
        match open_regular(&path, OFlags::RDONLY) {
            Ok(file) => Ok(Self { path, said, file }),
            Err(source) => Err(BadBackup::Unreadable { file: path, source }),
        }
    }

    /// Hands on what the file unpacks to, as long as somebody takes it, and checks all of the file in any case, as long as
    /// it is `wanted`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn unpack(self, sender: &SyncSender<Vec<u8>>, wanted: &(dyn Fn() -> bool + Sync)) -> Result<(), BadBackup> {
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

    /// What it unpacks to, read on this thread. Nothing is checked any more.
    ///
    /// # Errors
    /// That it is nothing that can be unpacked.
    pub fn unchecked(self) -> Result<impl BufRead, BadBackup> {
        match unpacked(BufReader::new(self.file)) {
            Ok(unpacked) => Ok(BufReader::new(unpacked)),
            Err(source) => Err(BadBackup::Unreadable { file: self.path, source }),
        }
    }
}

/// Hands on what one frame unpacks to; tells whether all of it was taken.
fn hand_on(packed: &mut impl BufRead, sender: &SyncSender<Vec<u8>>) -> io::Result<bool> {
    let mut decoder = unpacked(packed)?;
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

/// What one frame unpacks to.
fn unpacked<R: BufRead>(packed: R) -> io::Result<Decoder<'static, R>> {
    let mut decoder = Decoder::with_buffer(packed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
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
pub struct Pieces {
    pieces: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Pieces {
    /// Pieces, and who is to hand them on.
    pub fn between_threads() -> (SyncSender<Vec<u8>>, Self) {
        let (sender, pieces) = sync_channel(PIECES_MAX);
        (sender, Self { pieces, piece: Vec::new(), at: 0 })
    }
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
