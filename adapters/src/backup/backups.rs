//! The backups that there are, for a person to choose among and to check. Strictly read only.
//! Promises that nothing which lies where backups do is left out: what cannot be used is listed with why not.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::{
    BackedUpVolume, BackupContents, CarriedPath, Failure, GatewayName, GatewaySpec, ImageRef, PresetName, VolumeName,
};

use super::bad::BadBackup;
use super::manifest::{self, Manifest, VolumeKept};
use super::verify::verify;
use super::{GiveUp, block, folder, rejected, with_cause};
use crate::state::{StateDir, is_truly_absent};

/// All backups in a state directory.
#[derive(Clone, Debug)]
pub struct Backups {
    folder: PathBuf,
}

/// Something that lies where backups do.
#[derive(Debug)]
pub struct BackupListed {
    /// Where.
    pub path: PathBuf,
    /// The gateway among whose backups it lies; none where that is no gateway's name.
    pub gateway: Option<GatewayName>,
    /// What it says of itself, or why it cannot be used. Its archives were not read for this.
    pub backup: Result<BackupSummary, BadBackup>,
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    /// When it was begun, in UTC.
    pub made: String,
    /// What the volumes' files hold in all, in bytes.
    pub bytes: u64,
    /// What it takes on the disk, in bytes.
    pub stored_bytes: u64,
    /// Its volumes.
    pub volumes: Vec<VolumeName>,
    /// What it does not hold, each as a person reads it.
    pub lacks: Vec<String>,
}

/// A backup of which every byte was read and found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub gateway: GatewayName,
    /// What it says of itself.
    pub summary: BackupSummary,
    /// How many entries its volumes have in all.
    pub entries: u64,
}

/// Of what a backup is, for whoever wants to restore it. Its archives were not read for this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupOf {
    /// Whose it is.
    pub gateway: GatewayName,
    /// The gateway's preset.
    pub preset: PresetName,
    /// The image that its spec names.
    pub image: ImageRef,
    /// What the gateway looked like, every environment value being empty; none where this version cannot read it.
    pub spec: Option<GatewaySpec>,
}

impl From<&Manifest> for BackupSummary {
    fn from(manifest: &Manifest) -> Self {
        let stored = manifest.all().flat_map(|volume| [volume.archive.bytes, volume.listing.bytes]);
        Self {
            made: manifest.made.clone(),
            bytes: manifest.bytes(),
            stored_bytes: stored.fold(0, u64::saturating_add),
            volumes: manifest.volumes.iter().map(|volume| volume.name.clone()).collect(),
            lacks: manifest.lacks.clone(),
        }
    }
}

impl Backups {
    /// The backups in this state directory.
    pub fn new(state: &StateDir) -> Self {
        Self { folder: folder::of_all(state) }
    }

    /// Those of one gateway or of all, by gateway and time. No backup at all is an empty list.
    ///
    /// # Errors
    /// A folder that cannot be looked into.
    pub fn list(&self, gateway: Option<&GatewayName>) -> io::Result<Vec<BackupListed>> {
        let mut listed = Vec::new();
        for entry in entries(&self.folder)? {
            let name = entry.file_name().to_str().and_then(|name| GatewayName::parse(name).ok());
            if gateway.is_some() && name.as_ref() != gateway {
                continue;
            }
            match name {
                Some(name) if entry.path().is_dir() => {
                    for backup in entries(&entry.path())? {
                        listed.push(look_at(backup.path(), &name));
                    }
                }
                _ => {
                    let file = entry.path();
                    let path = file.clone();
                    listed.push(BackupListed { path, gateway: None, backup: Err(BadBackup::NotOurs { file }) });
                }
            }
        }
        Ok(listed)
    }

    /// Where those lie whose path ends with these names: a backup's own, or its gateway's and its own.
    ///
    /// # Errors
    /// A folder that cannot be looked into.
    pub fn named(&self, names: &Path) -> io::Result<Vec<PathBuf>> {
        let listed = self.list(None)?.into_iter().map(|listed| listed.path);
        Ok(listed.filter(|path| path.strip_prefix(&self.folder).is_ok_and(|below| below.ends_with(names))).collect())
    }

    /// Of what the backup in a folder is.
    ///
    /// # Errors
    /// What is wrong with it, as far as its manifest shows.
    pub fn look_into(folder: &Path) -> Result<BackupOf, BadBackup> {
        if is_unfinished(folder) {
            return Err(BadBackup::Unfinished { file: folder.to_owned() });
        }
        let Manifest { gateway, preset, image, spec, .. } = manifest::read(folder)?;
        Ok(BackupOf { gateway, preset, image, spec: serde_json::from_value(spec).ok() })
    }

    /// Reads all of a backup and compares it with what it says of itself. Blocks for as long as that takes.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify(path: &Path) -> Result<Verified, BadBackup> {
        let manifest = verify(path, &|| true)?;
        Ok(Verified {
            path: path.to_owned(),
            gateway: manifest.gateway.clone(),
            summary: BackupSummary::from(&manifest),
            entries: manifest.all().fold(0, |sum, volume| sum.saturating_add(volume.entries)),
        })
    }
}

/// What the backup in a folder holds, after all of it was read and found right.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) async fn contents(folder: &str) -> Result<BackupContents, Failure> {
    let given_up = GiveUp::default();
    let (folder, flag) = (PathBuf::from(folder), Arc::clone(&given_up.0));
    let wanted = move || !flag.load(Ordering::SeqCst);
    block(move || read_contents(&folder, &wanted)).await?.map_err(|bad| rejected(with_cause(&bad)))
}

fn read_contents(folder: &Path, wanted: &(dyn Fn() -> bool + Sync)) -> Result<BackupContents, BadBackup> {
    let whole = fs::canonicalize(folder);
    let file = whole.map_err(|source| BadBackup::Unreadable { file: folder.to_owned(), source })?;
    // A label and a trace hold no other text.
    let (Some(path), Some(name)) = (file.to_str(), file.file_name().and_then(|name| name.to_str())) else {
        return Err(BadBackup::NotOurs { file });
    };
    let (path, name) = (path.to_owned(), name.to_owned());
    if folder::is_unfinished(&name) {
        return Err(BadBackup::Unfinished { file });
    }
    let manifest = verify(&file, wanted)?;
    let node_name = manifest.spec.get("node_name").and_then(|name| name.as_str()).filter(|name| !name.is_empty());
    let volume = |kept: &VolumeKept| BackedUpVolume { name: kept.name.clone(), path: kept.path.clone() };
    let mut volumes: Vec<_> = manifest.volumes.iter().map(volume).collect();
    volumes.sort();
    let carried = |kept: &VolumeKept| Some(CarriedPath { from: kept.name.to_string(), to: kept.path.clone()? });
    Ok(BackupContents {
        carried: manifest.carried.iter().filter_map(carried).collect(),
        path,
        name,
        node_name: node_name.map(str::to_owned),
        gateway: manifest.gateway,
        preset: manifest.preset,
        volumes,
    })
}

/// What is in a folder, in the order of the names; nothing where it is truly not there.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return is_truly_absent(folder).map(|()| Vec::new()),
        Err(error) => return Err(error),
    };
    let mut entries = read.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn look_at(path: PathBuf, gateway: &GatewayName) -> BackupListed {
    let backup = if is_unfinished(&path) {
        Err(BadBackup::Unfinished { file: path.clone() })
    } else if path.is_dir() {
        summary(&path, gateway)
    } else {
        Err(BadBackup::NotOurs { file: path.clone() })
    };
    BackupListed { path, gateway: Some(gateway.clone()), backup }
}

fn is_unfinished(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(folder::is_unfinished)
}

fn summary(path: &Path, gateway: &GatewayName) -> Result<BackupSummary, BadBackup> {
    let manifest = manifest::read(path)?;
    if manifest.gateway != *gateway {
        let what = "it is of another gateway than the one among whose backups it lies";
        return Err(BadBackup::CorruptManifest { file: path.join(manifest::FILE), what });
    }
    Ok(BackupSummary::from(&manifest))
}
