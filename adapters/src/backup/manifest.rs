//! What a backup says of itself: `manifest.json`.
//!
//! As with a record, a file is used only if it is, byte for byte, what a write of its manifest gives, so that no change to
//! it goes unseen. The spec is kept as plain JSON: a version that has more to say in a spec can still read it. Absent on
//! purpose: values of environment variables, which the order has none of, and the listings, which are files of their own,
//! since they may be larger than memory. Whoever changes the form, if only by a field, counts [`SCHEMA`] up.

use std::io::Read;
use std::path::Path;

use engine::{ContainerId, GatewayName, ImageId, ImageRef, PresetName, VolumeName};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::bad::BadBackup;
use super::walk::hex;
use crate::state::open_regular;

/// The manifest's file.
pub const FILE: &str = "manifest.json";

/// The version of its form.
const SCHEMA: u64 = 1;

/// The largest that is read or written: it has some KiB, and the spec may hold files of the owner's own.
const SIZE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// What a backup holds, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Whose it is.
    pub gateway: GatewayName,
    /// When it was begun, in UTC.
    pub made: String,
    /// The version of nemoclaw that made it.
    pub tool: String,
    /// The gateway's preset.
    pub preset: PresetName,
    /// The image that its spec names.
    pub image: ImageRef,
    /// The image that its container ran.
    pub image_id: Option<ImageId>,
    /// Its container.
    pub container: Option<ContainerId>,
    /// What it looks like, without any environment value.
    pub spec: Value,
    /// Its volumes.
    pub volumes: Vec<VolumeKept>,
    /// What lived only in the container's own layer, each path kept as a volume is: by the name of where it was, with the
    /// path at which it belongs on one of the volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<VolumeKept>,
    /// What the backup does not hold, each as a person reads it.
    pub lacks: Vec<String>,
}

impl Manifest {
    /// All that is kept: volumes and what was carried along.
    pub fn all(&self) -> impl Iterator<Item = &VolumeKept> {
        self.volumes.iter().chain(&self.carried)
    }

    /// What its files hold in all, in bytes.
    pub fn bytes(&self) -> u64 {
        self.all().fold(0, |sum, volume| sum.saturating_add(volume.bytes))
    }
}

/// One volume in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeKept {
    /// Its name.
    pub name: VolumeName,
    /// Where the gateway has it; none where nobody knows.
    pub path: Option<String>,
    /// What all paths in the archive begin with; the listing's are those below it.
    pub root: String,
    /// Its files, as a tar under zstd.
    pub archive: FileKept,
    /// The rows of its entries in the order of their paths, one a line of JSON, under zstd.
    pub listing: FileKept,
    /// How many rows there are.
    pub entries: u64,
    /// What its files hold, in bytes.
    pub bytes: u64,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileKept {
    /// Its name in the backup's folder.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// What stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<Backup> {
    schema: u64,
    /// Of the manifest as JSON without white space.
    sha256: String,
    backup: Backup,
}

/// The part that every version has, read before the rest.
#[derive(Deserialize)]
struct AnyVersion {
    schema: u64,
}

/// The text of a manifest's file.
///
/// # Errors
/// A manifest that could not be read again.
pub fn render(manifest: &Manifest) -> std::io::Result<String> {
    let sha256 = hex(&Sha256::digest(serde_json::to_vec(manifest)?));
    let mut text = serde_json::to_string_pretty(&Document { schema: SCHEMA, sha256, backup: manifest })?;
    text.push('\n');
    if text.len() > SIZE_MAX_BYTES {
        return Err(std::io::Error::other(format!("it has {} bytes, and could not be read again", text.len())));
    }
    Ok(text)
}

/// The manifest of the backup in a folder.
///
/// # Errors
/// Why it cannot be used.
pub fn read(folder: &Path) -> Result<Manifest, BadBackup> {
    let file = folder.join(FILE);
    let unreadable = |source| BadBackup::Unreadable { file: file.clone(), source };
    let mut bytes = Vec::new();
    let opened = match open_regular(&file, OFlags::RDONLY) {
        Ok(opened) => opened,
        // A folder that cannot be looked into says more than the file in it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => {
            return Err(BadBackup::NoManifest { file });
        }
        Err(error) => return Err(unreadable(error)),
    };
    opened.take(SIZE_MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    parse(&bytes).map_err(|problem| match problem {
        Problem::Newer(schema) => BadBackup::NewerSchema { file, schema },
        Problem::Corrupt(what) => BadBackup::CorruptManifest { file, what },
    })
}

enum Problem {
    Newer(u64),
    Corrupt(&'static str),
}

fn parse(bytes: &[u8]) -> Result<Manifest, Problem> {
    let corrupt = |what| move |_| Problem::Corrupt(what);
    if bytes.len() > SIZE_MAX_BYTES {
        return Err(Problem::Corrupt("it is larger than any manifest"));
    }
    let AnyVersion { schema } = serde_json::from_slice(bytes).map_err(corrupt("it is not a document of ours"))?;
    if schema > SCHEMA {
        return Err(Problem::Newer(schema));
    }
    let document: Document<Manifest> = serde_json::from_slice(bytes).map_err(corrupt("it is not a whole manifest"))?;
    let manifest = document.backup;
    // The text holds the checksum, so this compares both, and schema and white space besides.
    let expected = render(&manifest).map_err(|_| Problem::Corrupt("it is no manifest of ours"))?;
    if expected.as_bytes() != bytes {
        return Err(Problem::Corrupt("its text and its checksum do not fit"));
    }
    if manifest.all().flat_map(|volume| [&volume.archive, &volume.listing]).any(|kept| !is_plain(&kept.file)) {
        return Err(Problem::Corrupt("it names a file outside its folder"));
    }
    Ok(manifest)
}

/// Whether a name leads to a file in the folder itself.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}
