//! A row of a listing: what is known of one entry of a volume, as one line of JSON.
//! Two entries are the same if their lines are, byte for byte. Names that are not UTF-8 survive: see [`escaped`].

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::tars::{Entry, Kind, escaped};

/// The path of a volume's root.
const ROOT: &str = ".";

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Where it lies below the volume's root, escaped.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: RowKind,
    /// Its permissions, with setuid, setgid and sticky.
    pub mode: u32,
    /// Its owner.
    pub uid: u64,
    /// Its group.
    pub gid: u64,
    /// When it was last changed, in seconds.
    pub mtime: i64,
    /// The size of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The SHA-256 of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What a link leads to, escaped: a hard link below the volume's root, a symbolic one as it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The numbers of a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<(u64, u64)>,
    /// The extended attributes that arrived: names escaped, values in base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, String>,
}

/// The types of entries, as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
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

impl Row {
    /// The row of an entry whose paths are below the volume's root, with the SHA-256 of its data.
    pub fn of(entry: &Entry, sha256: Option<String>) -> Self {
        Self {
            path: if entry.path.is_empty() { ROOT.to_owned() } else { escaped(&entry.path) },
            kind: match entry.kind {
                Kind::File => RowKind::File,
                Kind::Directory => RowKind::Dir,
                Kind::Symlink => RowKind::Symlink,
                Kind::HardLink => RowKind::HardLink,
                Kind::Fifo => RowKind::Fifo,
                Kind::CharDevice => RowKind::CharDevice,
                Kind::BlockDevice => RowKind::BlockDevice,
            },
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime,
            size: (entry.kind == Kind::File).then_some(entry.size),
            sha256,
            link: (!entry.link.is_empty()).then(|| escaped(&entry.link)),
            device: matches!(entry.kind, Kind::CharDevice | Kind::BlockDevice).then_some(entry.device),
            xattrs: entry.xattrs.iter().map(|(name, value)| (escaped(name), BASE64_STANDARD.encode(value))).collect(),
        }
    }

    /// The row as it is written, with the line feed.
    ///
    /// # Errors
    /// None that is known: all keys are texts.
    pub fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}
