//! Why a folder is no usable backup. Each says which of its files is to blame.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::tars::{Flaw, escaped};

/// What is wrong with a backup.
#[derive(Debug, Error)]
pub enum BadBackup {
    /// Its run was ended before the backup was whole, or still goes on.
    #[error("`{}` is not finished", file.display())]
    Unfinished {
        /// The folder.
        file: PathBuf,
    },
    /// It lies where a gateway's backups do, and is none.
    #[error("`{}` is not a folder that nemoclaw has made", file.display())]
    NotOurs {
        /// What lies there.
        file: PathBuf,
    },
    /// The folder says nothing of what it is.
    #[error("there is no `{}`", file.display())]
    NoManifest {
        /// The manifest that is not there.
        file: PathBuf,
    },
    /// A file cannot be read.
    #[error("`{}` cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The manifest is not as it was written.
    #[error("`{}` is damaged: {what}", file.display())]
    CorruptManifest {
        /// The manifest.
        file: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A newer version of nemoclaw made it.
    #[error("`{}` has schema {schema}, which a newer nemoclaw has written", file.display())]
    NewerSchema {
        /// The manifest.
        file: PathBuf,
        /// Its schema.
        schema: u64,
    },
    /// A file is shorter than it was, or ends before its end.
    #[error("`{}` is cut off", file.display())]
    Truncated {
        /// The file.
        file: PathBuf,
    },
    /// A file is not as it was written.
    #[error("`{}` is damaged: its checksum differs from the manifest's", file.display())]
    ChecksumDiffers {
        /// The file.
        file: PathBuf,
    },
    /// A file is as it was written, and nothing that nemoclaw writes.
    #[error("`{}` is no archive of ours: {what}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// An entry's own path leaves the volume's root.
    #[error("`{}` holds `{}`, which leaves its root", file.display(), escaped(path))]
    LeavesRoot {
        /// The archive.
        file: PathBuf,
        /// The entry's path.
        path: Vec<u8>,
    },
    /// An entry's own path goes through a link, or another thing that is no folder, made by an earlier entry.
    #[error("`{}` holds `{}`, which goes through an earlier entry that is no folder", file.display(), escaped(path))]
    ThroughLink {
        /// The archive.
        file: PathBuf,
        /// The entry's path.
        path: Vec<u8>,
    },
    /// The archive does not hold what the listing says.
    #[error("`{}` does not list what its archive holds, first at `{path}`", file.display())]
    ListingDiffers {
        /// The listing.
        file: PathBuf,
        /// The entry where they first differ, escaped; of the listing where the archive has no more.
        path: String,
    },
    /// Whoever asked does not wait for the answer any more.
    #[error("`{}` was not read to its end", file.display())]
    GivenUp {
        /// The file.
        file: PathBuf,
    },
}

impl BadBackup {
    /// The file, or the folder, that is to blame.
    pub fn file(&self) -> &Path {
        match self {
            Self::Unfinished { file }
            | Self::NotOurs { file }
            | Self::NoManifest { file }
            | Self::Unreadable { file, .. }
            | Self::CorruptManifest { file, .. }
            | Self::NewerSchema { file, .. }
            | Self::Truncated { file }
            | Self::ChecksumDiffers { file }
            | Self::Malformed { file, .. }
            | Self::LeavesRoot { file, .. }
            | Self::ThroughLink { file, .. }
            | Self::ListingDiffers { file, .. }
            | Self::GivenUp { file } => file,
        }
    }

    /// What a flaw in the stream of an archive says of it.
    pub(super) fn of(flaw: Flaw, file: PathBuf) -> Self {
        match flaw {
            Flaw::Io(source) => Self::Unreadable { file, source },
            Flaw::Truncated { .. } => Self::Truncated { file },
            Flaw::LeavesRoot { path } => Self::LeavesRoot { file, path },
            Flaw::ThroughLink { path } => Self::ThroughLink { file, path },
            flaw @ (Flaw::Malformed { .. } | Flaw::OutOfOrder { .. } | Flaw::LinksToNothing) => {
                Self::Malformed { file, what: format!("it {flaw}") }
            }
        }
    }
}
