//! Tars. This file is a strict reader of streams, as Docker and Podman send them (POSIX.1-1988 and -2001 headers, GNU's long names).
//!
//! Promises that a stream which reads to its end is whole: every entry to its last byte, both end blocks, and nothing
//! but zeros after them. It never panics and holds one header in memory, whatever comes. Absent on purpose: any repair,
//! sparse files and global headers, which neither sends, and any judgement of names.
//!
//! Sources: POSIX `pax`, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format"; what Go
//! writes, and so both daemons do: `archive/tar/writer.go`.

mod escaped;
mod flaw;
pub mod header;
pub mod pax;
pub mod renamed;
mod write;

use std::collections::BTreeMap;
use std::io::{self, Read};

pub use escaped::escaped;
pub use flaw::Flaw;
use header::{Block, ZERO};
use pax::Records;

/// The size of a header, and what the data of an entry is filled up to.
pub const BLOCK_BYTES: usize = 512;

/// How much of extended headers and long names is read for one entry: Go's own reader has this limit for each
/// (`maxSpecialFileSize`).
const EXTRA_MAX_BYTES: u64 = 1024 * 1024;

/// The most zeros after the end blocks: GNU tar's largest sensible record, 2048 blocks.
const END_MAX_BYTES: usize = 2048 * BLOCK_BYTES;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name of an earlier entry.
    HardLink,
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// One entry, less its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as it stands there, which need not be UTF-8. A folder's ends without a slash.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Its permissions, with setuid, setgid and sticky.
    pub mode: u32,
    /// Its owner.
    pub uid: u64,
    /// Its group.
    pub gid: u64,
    /// When it was last changed, in seconds.
    pub mtime: i64,
    /// The size of its data, in bytes.
    pub size: u64,
    /// What a link leads to.
    pub link: Vec<u8>,
    /// A device's numbers.
    pub device: (u64, u64),
    /// Its extended attributes.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A tar stream that is read entry by entry.
pub struct Tar<R> {
    input: R,
    /// How much of it was read, in bytes.
    at: u64,
    /// What is to come of the present entry's data.
    data: u64,
    /// What is to come of its filling.
    filling: u64,
}

impl<R: Read> Tar<R> {
    /// The stream from its beginning.
    pub fn new(input: R) -> Self {
        Self { input, at: 0, data: 0, filling: 0 }
    }

    /// The next entry; none once the stream was read to its very end. What is left of the last one's data is passed over.
    ///
    /// # Errors
    /// Whatever makes this less than a whole stream.
    pub fn next(&mut self) -> Result<Option<Entry>, Flaw> {
        let mut extended = Records::default();
        let mut extra = 0;
        loop {
            self.pass_over()?;
            let block = self.block()?;
            if block == ZERO {
                if extra > 0 {
                    return Err(self.malformed("an extended header has no entry"));
                }
                return self.end().map(|()| None);
            }
            let header = Block::read(&block).map_err(|what| self.malformed(what))?;
            if !matches!(header.flag, b'x' | b'L' | b'K') {
                let entry = header.entry(extended).map_err(|what| self.malformed(what))?;
                self.expect(entry.size);
                return Ok(Some(entry));
            }
            extra = header.size.saturating_add(extra).saturating_add(BLOCK_BYTES as u64);
            if extra > EXTRA_MAX_BYTES {
                return Err(self.malformed("the extended headers of an entry are larger than any"));
            }
            let text = self.extra(header.size)?;
            match header.flag {
                b'L' => extended.long_path = Some(up_to_nul(&text)),
                b'K' => extended.long_link = Some(up_to_nul(&text)),
                _ => extended.add(&text).map_err(|what| self.malformed(what))?,
            }
        }
    }

    /// Reads some of the present entry's data; 0 at its end.
    ///
    /// # Errors
    /// The stream ends before the data does.
    pub fn data(&mut self, into: &mut [u8]) -> Result<usize, Flaw> {
        let most = into.len().min(usize::try_from(self.data).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let read = self.some(&mut into[..most])?;
        if read == 0 {
            return Err(Flaw::Truncated { at: self.at });
        }
        self.data -= read as u64;
        Ok(read)
    }

    fn expect(&mut self, size: u64) {
        self.data = size;
        self.filling = size.wrapping_neg() % BLOCK_BYTES as u64;
    }

    /// Reads what is left of the present entry.
    fn pass_over(&mut self) -> Result<(), Flaw> {
        let mut sink = [0; 8 * BLOCK_BYTES];
        while self.data(&mut sink)? > 0 {}
        self.data = std::mem::take(&mut self.filling);
        while self.data(&mut sink)? > 0 {}
        Ok(())
    }

    /// The data of an extended header or a long name.
    fn extra(&mut self, size: u64) -> Result<Vec<u8>, Flaw> {
        self.expect(size);
        let mut text = vec![0; usize::try_from(size).unwrap_or_default()];
        let mut there = 0;
        while there < text.len() {
            there += self.data(&mut text[there..])?;
        }
        Ok(text)
    }

    fn block(&mut self) -> Result<[u8; BLOCK_BYTES], Flaw> {
        let mut block = ZERO;
        let mut there = 0;
        while there < BLOCK_BYTES {
            match self.some(&mut block[there..])? {
                0 => return Err(Flaw::Truncated { at: self.at }),
                read => there += read,
            }
        }
        Ok(block)
    }

    /// After the first end block: the second, and zeros to the end of the stream.
    fn end(&mut self) -> Result<(), Flaw> {
        if self.block()? != ZERO {
            return Err(self.malformed("one end block stands alone"));
        }
        let mut rest = [0; BLOCK_BYTES];
        let mut zeros = 0;
        loop {
            match self.some(&mut rest)? {
                0 => return Ok(()),
                read if rest[..read].iter().any(|byte| *byte != 0) => {
                    return Err(self.malformed("something stands after the end blocks"));
                }
                read => zeros += read,
            }
            if zeros > END_MAX_BYTES {
                return Err(self.malformed("it does not end after the end blocks"));
            }
        }
    }

    fn some(&mut self, into: &mut [u8]) -> Result<usize, Flaw> {
        loop {
            match self.input.read(into) {
                Ok(read) => {
                    self.at += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Flaw::Io(error)),
            }
        }
    }

    fn malformed(&self, what: &'static str) -> Flaw {
        Flaw::Malformed { what, at: self.at }
    }
}

fn up_to_nul(text: &[u8]) -> Vec<u8> {
    text.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}
