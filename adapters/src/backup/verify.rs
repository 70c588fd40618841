//! Verifies a backup by reading all of it: each file against its checksum, each archive to its end as strictly as when it
//! was made, and each of its entries against the listing. Nothing is unpacked. Memory does not grow with the backup.

use std::path::Path;
use std::thread;

use super::bad::BadBackup;
use super::kept::{Kept, Pieces};
use super::listing::{self, Differs, Of};
use super::manifest::{self, Manifest, VolumeKept};

/// Reads a whole backup, as long as `wanted`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(folder: &Path, wanted: &(dyn Fn() -> bool + Sync)) -> Result<Manifest, BadBackup> {
    let manifest = manifest::read(folder)?;
    for volume in manifest.all() {
        verify_volume(folder, volume, wanted)?;
    }
    Ok(manifest)
}

fn verify_volume(folder: &Path, volume: &VolumeKept, wanted: &(dyn Fn() -> bool + Sync)) -> Result<(), BadBackup> {
    let linked = listing::read(folder, &volume.listing, wanted)?;
    let file = folder.join(&volume.archive.file);
    let kept = Kept::open(folder, &volume.archive)?;
    let (sender, pieces) = Pieces::between_threads();
    let (compared, unpacked) = thread::scope(|scope| {
        let unpacking = scope.spawn(move || kept.unpack(&sender, wanted));
        (listing::compare(pieces, volume.root.as_bytes(), linked, folder, volume, Of::Listed), unpacking.join())
    });
    // What is wrong with the file explains what is wrong in it.
    unpacked.unwrap_or_else(|_| Err(BadBackup::GivenUp { file: file.clone() }))?;
    compared.map_err(|differs| match differs {
        Differs::Flaw(flaw) => BadBackup::of(flaw, file),
        Differs::Bad(bad) => bad,
    })
}
