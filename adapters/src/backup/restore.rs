//! Writes the volumes of a backup into empty ones, through a helper that is never started, and reads them back.
//!
//! # Flow
//! Every volume is looked at first; then, one after the other, each archive is streamed into its volume, and what Docker
//! then sends of that is compared with the listing, as a backup is when it was made.
//! # Guarantees
//! Nothing is written into a volume that holds anything. Only what reads back as it is listed counts as restored. A file of
//! the backup that is not as the manifest says breaks the stream off. Memory does not grow with a volume, and nothing is
//! unpacked on this machine.
//! # Assumptions
//! The backup was verified in the same run. Writing to the folder above a volume keeps the owner and the mode of the
//! volume's root, which stand in the archive; writing to the root itself would lose them.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use engine::{CarriedPath, Failure, RestoreOrder, RestoredVolume, VolumeName};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::bad::BadBackup;
use super::kept::{Kept, Pieces};
use super::listing::{self, Differs, Of};
use super::manifest::{self, VolumeKept};
use super::walk::{Linked, walk};
use super::write::root;
use super::{GiveUp, block, ended, flawed, mounts_all, read, rejected, with_cause};
use crate::docker::{Daemon, Place};
use crate::pipe::{PIECES, Sink, Source};
use crate::tars::Flaw;
use crate::tars::renamed::{self, Ended};

/// A volume on its way.
#[derive(Clone)]
struct Task {
    folder: Arc<Path>,
    kept: VolumeKept,
    into: RestoredVolume,
    given_up: Arc<AtomicBool>,
}

/// Writes the volumes of an order and reads them back, and tells on the way how many bytes of their tars went.
///
/// # Errors
/// `Rejected` where something was seen that speaks against it: a file of the backup that is not as it was, a volume that is
/// not empty, Docker's own "no", or what does not read back as it is listed. `Unknown` where Docker gave no answer to rely
/// on.
pub(crate) async fn restore(daemon: &Daemon, order: &RestoreOrder, tell: &dyn Fn(u64)) -> Result<(), Failure> {
    let given_up = GiveUp::default();
    let mounts = order.volumes.iter().map(|volume| (&volume.into, volume.at.as_str()));
    mounts_all(daemon, &order.helper, mounts).await?;
    let tasks = tasks(order, &given_up.0).await?;
    for task in &tasks.volumes {
        is_empty(daemon, order, &task.into).await?;
    }
    let moved = Arc::new(AtomicU64::new(0));
    for task in tasks.volumes {
        let (above, _) = task.into.at.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
        let place = Place { folder: format!("{above}/"), missing: Vec::new(), name: root(&task.into.at) };
        fill(daemon, order, task.clone(), place, &moved, tell).await?;
        read_back(daemon, order, task).await?;
    }
    for task in tasks.carried {
        let place = daemon.place(&order.helper, &task.into.at).await?;
        fill(daemon, order, task.clone(), place, &moved, tell).await?;
        read_back(daemon, order, task).await?;
    }
    Ok(())
}

/// All that is to be written.
struct Tasks {
    volumes: Vec<Task>,
    /// On top of what the volumes hold.
    carried: Vec<Task>,
}

/// What the backup has of each volume, and of each path that was carried along.
async fn tasks(order: &RestoreOrder, given_up: &Arc<AtomicBool>) -> Result<Tasks, Failure> {
    let folder: Arc<Path> = Path::new(&order.backup).into();
    let read = Arc::clone(&folder);
    let manifest = block(move || manifest::read(&read)).await?.map_err(|bad| bad_backup(&bad))?;
    let task = |into: &RestoredVolume, of: &[VolumeKept]| -> Result<Task, Failure> {
        let kept = of.iter().find(|kept| kept.name == into.name).cloned();
        let kept = kept.ok_or_else(|| rejected(format!("`{}` holds nothing of `{}`", order.backup, into.name)))?;
        Ok(Task { folder: Arc::clone(&folder), kept, into: into.clone(), given_up: Arc::clone(given_up) })
    };
    let carried = |path: &CarriedPath| {
        let name = VolumeName::new(path.from.as_str());
        task(&RestoredVolume { into: name.clone(), name, at: path.to.clone() }, &manifest.carried)
    };
    Ok(Tasks {
        volumes: order.volumes.iter().map(|into| task(into, &manifest.volumes)).collect::<Result<_, _>>()?,
        carried: order.carried.iter().map(carried).collect::<Result<_, _>>()?,
    })
}

/// That a volume holds nothing but its root.
async fn is_empty(
    daemon: &Daemon,
    order: &RestoreOrder,
    RestoredVolume { into, at, .. }: &RestoredVolume,
) -> Result<(), Failure> {
    let root = root(at);
    let looking = move |coming| {
        walk(Source::of(coming), root.as_bytes(), Linked::default(), |row| match row.path.as_str() {
            "." => Ok(()),
            _ => Err(NotEmpty::Holds(row.path)),
        })
    };
    let (call, looked) = read(daemon, &order.helper, at, &mut |_| {}, looking).await?;
    match looked {
        Ok(_) => Ok(()),
        Err(NotEmpty::Holds(path)) => {
            Err(rejected(format!("the volume `{into}` is not empty: it holds `{path}`; nothing was written into it")))
        }
        Err(NotEmpty::Flaw(flaw)) => Err(flawed(call, into, &flaw)),
    }
}

enum NotEmpty {
    Holds(String),
    Flaw(Flaw),
}

impl From<Flaw> for NotEmpty {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

/// Streams one archive into its volume: a thread unpacks and renames it, and this task hands it to Docker.
async fn fill(
    daemon: &Daemon,
    order: &RestoreOrder,
    task: Task,
    place: Place,
    moved: &Arc<AtomicU64>,
    tell: &dyn Fn(u64),
) -> Result<(), Failure> {
    let Place { folder, missing, name } = place;
    let (sender, going) = channel(PIECES);
    let sending = tokio::task::spawn_blocking(move || task.send(sender, &missing, &name));
    let filled = daemon.fill(&order.helper, &folder, going, moved, tell).await;
    // What is wrong with the backup's own file explains what Docker made of it.
    sending.await.map_err(ended)?.map_err(|bad| bad_backup(&bad))?;
    Ok(filled?)
}

/// Compares what a volume now holds with the listing.
async fn read_back(daemon: &Daemon, order: &RestoreOrder, task: Task) -> Result<(), Failure> {
    let RestoredVolume { into, at, .. } = task.into.clone();
    let (call, compared) = read(daemon, &order.helper, &at, &mut |_| {}, move |coming| task.compare(coming)).await?;
    compared.map_err(|differs| match differs {
        Differs::Flaw(flaw) => flawed(call, &into, &flaw),
        Differs::Bad(BadBackup::ListingDiffers { file, path }) => {
            let file = file.display();
            rejected(format!("the volume `{into}` does not read back as `{file}` lists it, first at `{path}`"))
        }
        Differs::Bad(bad) => bad_backup(&bad),
    })
}

impl Task {
    fn is_wanted(&self) -> bool {
        !self.given_up.load(Ordering::SeqCst)
    }

    /// Sends the archive, with its root renamed to what it is called in the helper, in the folders `above`. That nobody takes it any more is told
    /// by whoever took it.
    fn send(&self, to: Sender<io::Result<Bytes>>, above: &[String], name: &str) -> Result<(), BadBackup> {
        let file = self.folder.join(&self.kept.archive.file);
        let mut sink = Sink::to(to);
        let kept = match Kept::open(&self.folder, &self.kept.archive) {
            Ok(kept) => kept,
            Err(bad) => {
                sink.close(false);
                return Err(bad);
            }
        };
        let (unpacked_to, pieces) = Pieces::between_threads();
        let nobody_takes_it = AtomicBool::new(false);
        let wanted = || self.is_wanted() && !nobody_takes_it.load(Ordering::SeqCst);
        let wanted = &wanted;
        let (copied, unpacked) = thread::scope(|scope| {
            let unpacking = scope.spawn(move || kept.unpack(&unpacked_to, wanted));
            let copied = renamed::copy(pieces, &mut sink, above, name);
            nobody_takes_it.store(matches!(copied, Err(Ended::NotTaken)), Ordering::SeqCst);
            (copied, unpacking.join())
        });
        let unpacked = unpacked.unwrap_or_else(|_| Err(BadBackup::GivenUp { file: file.clone() }));
        sink.close(copied.is_ok() && unpacked.is_ok());
        match copied {
            Err(Ended::NotTaken) => Ok(()),
            // What is wrong with the file explains what is wrong in it.
            Err(Ended::Flaw(flaw)) => unpacked.and(Err(BadBackup::of(flaw, file))),
            Ok(()) => unpacked,
        }
    }

    /// Compares the tar that comes with the listing.
    fn compare(&self, coming: Receiver<Bytes>) -> Result<(), Differs> {
        let linked = listing::read(&self.folder, &self.kept.listing, &|| self.is_wanted()).map_err(Differs::Bad)?;
        let root = root(&self.into.at);
        listing::compare(Source::of(coming), root.as_bytes(), linked, &self.folder, &self.kept, Of::Restored)
    }
}

fn bad_backup(bad: &BadBackup) -> Failure {
    rejected(with_cause(bad))
}
