//! Backups: a gateway's volumes as verified archives, one folder a backup.
//!
//! `<state>/backups/<gateway>/<time>-<random>/` holds `manifest.json` and, for each volume, its tar and its listing, both
//! under zstd. Only what was read back from the disk, byte for byte, gets that name; anything less than complete leaves
//! nothing. Memory does not grow with a volume's size. Absent on purpose: any change on Docker, but for what a restore
//! writes into empty volumes.

mod backups;
mod bad;
mod folder;
mod kept;
mod listing;
mod manifest;
mod restore;
mod row;
#[cfg(test)]
mod testing;
mod verify;
mod walk;
mod write;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use engine::{BackupMade, BackupOrder, ContainerId, Failure, HelperMount, VolumeName, Why};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinError, spawn_blocking};

pub(crate) use backups::contents;
pub use backups::{BackupListed, BackupOf, BackupSummary, Backups, Verified};
pub use bad::BadBackup;
pub(crate) use restore::restore;

use crate::docker::{Archive, Daemon};
use crate::state::StateDir;
use crate::tars::Flaw;
use folder::{Trouble, Unfinished};
use manifest::{Manifest, VolumeKept};
use write::NotWritten;

/// How many paths are named that a backup does not hold.
const LEFT_OUT_SHOWN: usize = 10;

/// How many pieces of Docker's answer may wait to be written. Each has at most some 400 KiB (hyper's read buffer).
const PIECES_MAX: usize = 16;

/// Copies the volumes of an order out of its helper into a new backup, verifies it, and tells on the way how many bytes
/// of Docker's tars came so far. The caller holds the gateway's lock.
///
/// # Errors
/// Why there is no new backup: what Docker said or did not, what the file system said, or what a volume's tar lacks.
/// `Unknown` also where the backup is there and a power cut may yet undo that.
pub(crate) async fn make(
    daemon: &Daemon,
    state: &StateDir,
    order: &BackupOrder,
    tell: &dyn Fn(u64),
) -> Result<BackupMade, Failure> {
    let now = SystemTime::now();
    let mounts = order.volumes.iter().map(|mount| (&mount.volume, mount.at.as_str()));
    mounts_all(daemon, &order.helper, mounts).await?;
    let (state, gateway) = (state.clone(), order.gateway.clone());
    let folder = Arc::new(block(move || Unfinished::begin(&state, &gateway, now)).await??);
    let _given_up = GiveUp(folder.given_up());
    let copied = copy_all(daemon, order, &folder, tell).await;
    let manifest = copied.and_then(|(volumes, carried)| manifest(order, now, volumes, carried));
    // The folder goes there, too, where it is not finished.
    block(move || finish(&folder, manifest?)).await?
}

/// That the helper mounts the volumes where the order says: what it does not mount would read as an empty volume.
async fn mounts_all(
    daemon: &Daemon,
    helper: &ContainerId,
    volumes: impl Iterator<Item = (&VolumeName, &str)>,
) -> Result<(), Failure> {
    let mounted = daemon.volumes_of(helper).await?;
    for (volume, at) in volumes {
        if mounted.get(at).map(String::as_str) != Some(volume.as_str()) {
            return Err(rejected(format!("container {helper} does not mount `{volume}` at `{at}`")));
        }
    }
    Ok(())
}

/// Copies the volumes one after the other, and then what lives only in the gateway's container.
async fn copy_all(
    daemon: &Daemon,
    order: &BackupOrder,
    folder: &Arc<Unfinished>,
    tell: &dyn Fn(u64),
) -> Result<(Vec<VolumeKept>, Vec<VolumeKept>), Failure> {
    let mut came = 0;
    let mut tell_more = |bytes: usize| {
        came += bytes as u64;
        tell(came);
    };
    let mut volumes = Vec::new();
    for (place, mount) in order.volumes.iter().enumerate() {
        let stem = write::stem(&order.volumes, place);
        volumes.push(copy(daemon, &order.helper, mount, stem, folder, &mut tell_more).await?);
    }
    let mut carried = Vec::new();
    for (place, path) in order.carried.iter().enumerate() {
        let Some(container) = &order.container else { break };
        let (volume, at) = (VolumeName::new(path.from.as_str()), path.from.clone());
        let whole = HelperMount { volume, path: Some(path.to.clone()), at };
        // No name of a volume begins like this.
        let stem = format!("_carried-{place}");
        carried.push(copy(daemon, container, &whole, stem, folder, &mut tell_more).await?);
    }
    Ok((volumes, carried))
}

/// Copies one volume, or one path, out of a container.
async fn copy(
    daemon: &Daemon,
    container: &ContainerId,
    mount: &HelperMount,
    stem: String,
    folder: &Arc<Unfinished>,
    tell: &mut impl FnMut(usize),
) -> Result<VolumeKept, Failure> {
    let folder = Arc::clone(folder);
    let (taken, volume) = (mount.clone(), &mount.volume);
    let writing = move |coming| write::volume(coming, &folder, &stem, &taken);
    let (call, written) = read(daemon, container, &mount.at, tell, writing).await?;
    written.map_err(|not| match not {
        NotWritten::Trouble(trouble) => trouble.into(),
        NotWritten::Flaw(flaw) => flawed(call, volume, &flaw),
    })
}

/// Reads a folder of a container: this task takes what Docker sends, and a thread that may block does the work. Tells
/// what was asked, and what came of the work.
async fn read<T: Send + 'static>(
    daemon: &Daemon,
    container: &ContainerId,
    at: &str,
    tell: &mut impl FnMut(usize),
    work: impl FnOnce(Receiver<Bytes>) -> T + Send + 'static,
) -> Result<(String, T), Failure> {
    let mut archive = daemon.archive_of(container, at).await?;
    let (sender, coming) = channel(PIECES_MAX);
    let working = spawn_blocking(move || work(coming));
    let sent = send(&mut archive, sender, tell).await;
    let worked = working.await.map_err(ended)?;
    // A connection that broke explains what is missing. Docker said yes before it, so this is no "no" of its own.
    sent?;
    Ok((archive.call().to_owned(), worked))
}

/// What Docker sent of a volume is not the whole of it.
fn flawed(call: String, volume: &VolumeName, flaw: &Flaw) -> Failure {
    Failure::Unknown { why: Why::Malformed { call, what: format!("the tar of volume `{volume}` {flaw}") } }
}

/// Sends on all that Docker sends, as long as somebody takes it.
async fn send(archive: &mut Archive, sender: Sender<Bytes>, tell: &mut impl FnMut(usize)) -> Result<(), Failure> {
    while let Some(piece) = archive.next().await? {
        let bytes = piece.len();
        if sender.send(piece).await.is_err() {
            return Ok(());
        }
        tell(bytes);
    }
    Ok(())
}

fn manifest(
    order: &BackupOrder,
    now: SystemTime,
    volumes: Vec<VolumeKept>,
    carried: Vec<VolumeKept>,
) -> Result<Manifest, Failure> {
    // The order has none; a second guard, since a backup may be handed on.
    let mut spec = order.spec.clone();
    spec.env.0.values_mut().for_each(String::clear);
    let lacks = |name| format!("the sandbox `{name}` is a container beside the gateway: this backup does not hold it");
    Ok(Manifest {
        gateway: order.gateway.clone(),
        made: humantime::format_rfc3339_seconds(now).to_string(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        preset: order.spec.preset.clone(),
        image: order.spec.image.clone(),
        image_id: order.image_id.clone(),
        container: order.container.clone(),
        spec: serde_json::to_value(&spec).map_err(|error| rejected(error.to_string()))?,
        volumes,
        carried,
        lacks: order.beside.iter().map(lacks).chain(left_out(&order.left_out)).collect(),
    })
}

/// What of the container's own layer is not in it.
fn left_out(paths: &[String]) -> Option<String> {
    let shown: Vec<_> = paths.iter().take(LEFT_OUT_SHOWN).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(LEFT_OUT_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let one = "what lives only in the container: this backup does not hold it";
    (!paths.is_empty()).then(|| format!("{}{more}, {one}", shown.join(", ")))
}

/// Writes the manifest, reads everything back, and only then gives the backup its name.
fn finish(folder: &Unfinished, manifest: Manifest) -> Result<BackupMade, Failure> {
    let path = folder.path().join(manifest::FILE);
    let text = manifest::render(&manifest).map_err(Trouble::at(&path))?;
    let mut file = folder.create(manifest::FILE)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(Trouble::at(&path))?;
    folder.sync()?;
    let read_back = verify::verify(folder.path(), &|| !folder.is_given_up());
    let not_made = |why: String| rejected(format!("no backup was made: {why}"));
    match read_back {
        Ok(read) if read == manifest => {}
        Ok(_) => return Err(not_made(format!("`{}` does not read back as it was written", path.display()))),
        Err(bad) => return Err(not_made(format!("it does not read back as it was written: {}", with_cause(&bad)))),
    }
    let path = folder.finish()?;
    folder.sync_above().map_err(|error| Failure::Unknown {
        why: Why::NotVisible { what: format!("whether the backup `{}` is on the disk: {error}", path.display()) },
    })?;
    Ok(BackupMade { path: path.display().to_string(), bytes: manifest.bytes(), lacks: manifest.lacks })
}

fn with_cause(bad: &BadBackup) -> String {
    match std::error::Error::source(bad) {
        Some(cause) => format!("{bad}: {cause}"),
        None => bad.to_string(),
    }
}

/// Does what blocks on a thread that may.
async fn block<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(ended)
}

/// What blocks is never aborted: it ended because the run does, or by a bug of ours.
fn ended(error: JoinError) -> Failure {
    rejected(format!("it was given up: {error}"))
}

fn rejected(message: String) -> Failure {
    Failure::Rejected { status: None, message }
}

/// Tells whatever still works in a folder that nobody waits for it any more.
#[derive(Default)]
struct GiveUp(Arc<AtomicBool>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
