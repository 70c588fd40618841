//! What is wrong with a tar stream. Each says so in words that follow the name of the file or volume.

use std::io;

use thiserror::Error;

use super::escaped::escaped;

/// Why a stream is no whole archive of one volume.
#[derive(Debug, Error)]
pub enum Flaw {
    /// It could not be read, or what was read could not be handed on.
    #[error("{0}")]
    Io(io::Error),
    /// It ends before its end.
    #[error("ends after {at} bytes, before its end")]
    Truncated {
        /// Where, in bytes.
        at: u64,
    },
    /// It is no tar, or not one that a daemon sends.
    #[error("is not as a daemon sends it, up to byte {at}: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// Where, in bytes.
        at: u64,
    },
    /// An entry's own path leads out of the volume.
    #[error("holds `{}`, which leaves its root", escaped(path))]
    LeavesRoot {
        /// The entry.
        path: Vec<u8>,
    },
    /// An entry lies below an earlier one that is no folder, such as a link.
    #[error("holds `{}`, which goes through an earlier entry that is no folder", escaped(path))]
    ThroughLink {
        /// The entry.
        path: Vec<u8>,
    },
    /// A daemon walks folders in order; this comes twice, too late, or without its folder.
    #[error("holds `{}` out of order", escaped(path))]
    OutOfOrder {
        /// The entry.
        path: Vec<u8>,
    },
    /// A hard link to what is not there.
    #[error("holds a hard link to a file that it does not hold before it")]
    LinksToNothing,
}
