//! The registry: one file a gateway, which holds its record.
//!
//! A file is used only if it is, byte for byte, what a write of its record gives: whatever else is there is unusable and
//! stays as it is, and only a file that is truly not there is an absent record. A write is whole or not at all, also in a
//! power cut, and leaves a file that says the same already untouched. The caller holds the gateway's lock. Absent on
//! purpose: any repair, any default, any removal of what a record says. Whoever changes the form of a record, if only by a field,
//! counts [`SCHEMA`] up.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Failure, GatewayName, GatewayRecord, RecordProblem, RecordSeen, Why};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::whole::Unfinished;
use super::{StateDir, is_truly_absent, make_folder, open_regular, sync_folder};

/// The version of the form of a record's file.
const SCHEMA: u64 = 1;

/// The largest file that is read or written. A record has some 2 KiB; this is room for tens of thousands of sandboxes.
const SIZE_MAX_BYTES: usize = 1024 * 1024;

/// How the name of a record that its owner has set aside ends, before the number that makes it a free one.
const SET_ASIDE: &str = "set-aside";

/// The records of all gateways.
#[derive(Clone, Debug)]
pub struct Registry {
    folder: PathBuf,
}

/// What stands in a record's file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<Record> {
    schema: u64,
    /// Of the record as JSON without white space.
    sha256: String,
    record: Record,
}

/// The part of the file that every version has, read before the rest.
#[derive(Deserialize)]
struct AnyVersion {
    schema: u64,
}

impl Registry {
    /// The registry in this state directory.
    pub fn new(state: &StateDir) -> Self {
        Self { folder: state.path().join("gateways") }
    }

    /// What there is on record of this gateway. Changes nothing.
    pub fn read(&self, gateway: &GatewayName) -> RecordSeen {
        let path = self.file(gateway);
        let read = match read_bytes(&path) {
            Ok(None) => return RecordSeen::Absent,
            Ok(Some(bytes)) => parse(gateway, &bytes),
            Err(error) => Err(RecordProblem::Unreadable { why: Why::NotVisible { what: error.to_string() } }),
        };
        match read {
            Ok(record) => RecordSeen::Present { record: Arc::new(record) },
            Err(problem) => {
                let aside = free_name(&path).map(|aside| aside.display().to_string());
                RecordSeen::Unusable { path: path.display().to_string(), aside, problem }
            }
        }
    }

    /// Writes a gateway's record, and tells whether that was needed: a file that says the same is left alone. With
    /// `keep_old`, the record that is there stays beside the new one under a name that ends in `-kept`.
    ///
    /// # Errors
    /// `Rejected` where nothing was written: the file that is there is not a usable record, or the file system said no.
    /// `Unknown` where the record is written and a power cut may yet undo that.
    pub fn write(&self, record: &GatewayRecord, keep_old: bool) -> Result<bool, Failure> {
        let path = self.file(&record.gateway);
        let rejected = |why: String| Failure::Rejected {
            status: None,
            message: format!("the record `{}` was not written: {why}", path.display()),
        };
        let before = self.read(&record.gateway);
        match &before {
            RecordSeen::Present { record: same } if **same == *record => return Ok(false),
            RecordSeen::Present { .. } | RecordSeen::Absent => {}
            RecordSeen::Unusable { problem, .. } => {
                return Err(rejected(format!("the one that is there is not overwritten: {problem}")));
            }
        }
        let text = render(record).map_err(|error| rejected(error.to_string()))?;
        let unfinished = self.prepare(&record.gateway, &text).map_err(|error| rejected(error.to_string()))?;
        if self.read(&record.gateway) != before {
            return Err(rejected("somebody else changed it meanwhile".to_owned()));
        }
        if keep_old && before != RecordSeen::Absent {
            self.keep(&record.gateway).map_err(|error| rejected(format!("the old one could not be kept: {error}")))?;
        }
        unfinished.finish().map_err(|error| rejected(error.to_string()))?;
        sync_folder(&self.folder).map_err(|error| Failure::Unknown {
            why: Why::NotVisible { what: format!("whether the record `{}` is on the disk: {error}", path.display()) },
        })?;
        Ok(true)
    }

    /// Gives a gateway's record another name beside it, under which nobody reads it: one that ends in `-kept`. That there is
    /// none counts as done.
    ///
    /// # Errors
    /// `Rejected` where the record is still there: it is not a usable one, or the file system said no. `Unknown` where it
    /// is gone and a power cut may yet undo that.
    pub fn set_aside(&self, gateway: &GatewayName) -> Result<(), Failure> {
        let path = self.file(gateway);
        let rejected = |why: String| Failure::Rejected {
            status: None,
            message: format!("the record `{}` was not set aside: {why}", path.display()),
        };
        match self.read(gateway) {
            RecordSeen::Absent => return Ok(()),
            RecordSeen::Present { .. } => {}
            RecordSeen::Unusable { problem, .. } => return Err(rejected(problem.to_string())),
        }
        self.keep(gateway).and_then(|()| fs::remove_file(&path)).map_err(|error| rejected(error.to_string()))?;
        sync_folder(&self.folder).map_err(|error| Failure::Unknown {
            why: Why::NotVisible { what: format!("whether the record `{}` is gone for good: {error}", path.display()) },
        })
    }

    /// Names of other gateways cannot lead to the same file: each file's name ends in `.json`, and what stands before
    /// that is the whole name.
    fn file(&self, gateway: &GatewayName) -> PathBuf {
        self.folder.join(format!("{gateway}.json"))
    }

    /// The new text beside the record, on the disk.
    fn prepare(&self, gateway: &GatewayName, text: &str) -> io::Result<Unfinished> {
        make_folder(&self.folder)?;
        Unfinished::beside(&self.file(gateway), text, 0o600)
    }

    /// Gives the record that is there a second name, the first that is free. It never goes without its own.
    fn keep(&self, gateway: &GatewayName) -> io::Result<()> {
        let path = self.file(gateway);
        for number in 1_u32.. {
            let kept = self.folder.join(format!("{gateway}.json.{number}-kept"));
            match fs::hard_link(&path, &kept) {
                Ok(()) => break,
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                // A run that was killed right after this step has kept it already.
                Err(_) if same_file(&path, &kept)? => break,
                Err(_) => {}
            }
        }
        sync_folder(&self.folder)
    }
}

/// The text of a record's file.
fn render(record: &GatewayRecord) -> io::Result<String> {
    let sha256: String = Sha256::digest(serde_json::to_vec(record)?).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut text = serde_json::to_string_pretty(&Document { schema: SCHEMA, sha256, record })?;
    text.push('\n');
    if text.len() > SIZE_MAX_BYTES {
        return Err(io::Error::other(format!("it has {} bytes, and could not be read again", text.len())));
    }
    Ok(text)
}

/// The record in a file's bytes. What serde says of a wrong value is left out, since it may quote a secret.
fn parse(gateway: &GatewayName, bytes: &[u8]) -> Result<GatewayRecord, RecordProblem> {
    let corrupt = |what: &str| RecordProblem::Corrupt { what: what.to_owned() };
    let at = |what: &str, error: serde_json::Error| {
        corrupt(&format!("{what}, from line {} column {} on", error.line(), error.column()))
    };
    if bytes.len() > SIZE_MAX_BYTES {
        return Err(corrupt("it is larger than any record"));
    }
    if bytes.is_empty() {
        return Err(corrupt("it is empty"));
    }
    let AnyVersion { schema } =
        serde_json::from_slice(bytes).map_err(|error| at("it is not a document of ours", error))?;
    if schema > SCHEMA {
        return Err(RecordProblem::Newer { schema });
    }
    let document: Document<GatewayRecord> =
        serde_json::from_slice(bytes).map_err(|error| at("it is not a whole record", error))?;
    if document.record.gateway != *gateway {
        return Err(corrupt(&format!("it is the record of `{}`", document.record.gateway)));
    }
    // The text holds the checksum, so this compares both, and schema and white space besides.
    let expected = render(&document.record).map_err(|error| corrupt(&error.to_string()))?;
    if expected.as_bytes() != bytes {
        return Err(corrupt("its text and its checksum do not fit"));
    }
    Ok(document.record)
}

/// A file's bytes, to one more than the largest that is used; none where it is truly not there.
fn read_bytes(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match open_regular(path, OFlags::RDONLY) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return is_truly_absent(path).map(|()| None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    Read::take(&file as &File, SIZE_MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// A name beside a file that nothing has, so that moving the file there overwrites nothing; none where the file itself
/// cannot be looked at, so that what is wrong lies in a folder above it.
fn free_name(path: &Path) -> Option<PathBuf> {
    fs::symlink_metadata(path).ok()?;
    let name = path.file_name()?.to_str()?;
    let mut names = (1_u32..).map(|number| match number {
        1 => path.with_file_name(format!("{name}.{SET_ASIDE}")),
        _ => path.with_file_name(format!("{name}.{SET_ASIDE}-{number}")),
    });
    names.find(|aside| fs::symlink_metadata(aside).is_err())
}

fn same_file(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::symlink_metadata(one)?, fs::symlink_metadata(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[cfg(test)]
mod tests;
