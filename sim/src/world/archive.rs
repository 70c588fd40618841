//! What the archive endpoint reads out of a container and writes into it: of its own layer, and through its mounts. It does
//! so whether the container runs or was never started (moby `daemon/archive.go`). What is bound from the host is not
//! modelled: nothing is read from there, and what is written there is nobody's.

use std::collections::BTreeMap;

use engine::{ContainerId, Disk, MountedSource, VolumeName};

use super::World;
use super::apply::Answer;
use super::call::{ApiError, Changed};
use super::container::{Container, Content, Mounted};
use super::effect::{Actor, Effect, History};

/// Where a path of a container leads.
enum Place<'a> {
    /// Into its own layer.
    Layer,
    /// Onto a volume: where there, and whether it may be written.
    Volume { name: &'a VolumeName, path: &'a str, writable: bool },
    /// Elsewhere.
    Elsewhere,
}

impl World {
    /// The files at a path of a container, or below it, by their whole paths. What is mounted further below is not among
    /// them: it is asked for by itself.
    ///
    /// # Errors
    /// That there is no such container, or nothing at that path.
    pub fn read_archive(&self, id: &ContainerId, path: &str) -> Result<BTreeMap<String, Content>, ApiError> {
        let daemon = self.daemon();
        let container = self.container(self.at_address, id)?;
        let files: BTreeMap<String, Content> = match place(container, path) {
            Place::Layer => {
                let is_own = |inner: &str| lies_in(inner, path) && matches!(place(container, inner), Place::Layer);
                let own = container.layer.iter().filter(|(inner, _)| is_own(inner));
                own.map(|(inner, content)| (inner.clone(), *content)).collect()
            }
            Place::Volume { name, path: below, .. } => {
                let Some(volume) = daemon.volumes.get(name) else { return Err(ApiError::not_found("volume")) };
                let found = volume.files.iter().filter(|(inner, _)| below.is_empty() || lies_in(inner, below));
                let at = path.strip_suffix(below).unwrap_or(path).trim_end_matches('/');
                let found: BTreeMap<_, _> = found.map(|(inner, content)| (format!("{at}/{inner}"), *content)).collect();
                // The mount point itself is there, whatever is on the volume.
                if found.is_empty() && below.is_empty() {
                    return Ok(found);
                }
                found
            }
            Place::Elsewhere => BTreeMap::new(),
        };
        if files.is_empty() {
            return Err(ApiError::not_found(&format!("file {path} in container {id}")));
        }
        Ok(files)
    }

    /// Writes files into a container that runs or does not. Nothing is written where one of them cannot be.
    pub(super) fn write_archive(
        &mut self,
        at: usize,
        id: &ContainerId,
        files: &BTreeMap<String, Content>,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        let container = self.container(at, id)?;
        if self.disk == Disk::Full {
            return Err(ApiError::failed("no space left on device"));
        }
        let (mut layer, mut volumes) = (Vec::new(), Vec::new());
        for (path, content) in files {
            match place(container, path) {
                Place::Layer => layer.push((path.clone(), *content)),
                Place::Volume { writable: false, .. } => return Err(ApiError::failed("read-only file system")),
                Place::Volume { name, path, writable: true } => volumes.push((name.clone(), path.to_owned(), *content)),
                Place::Elsewhere => {}
            }
        }
        self.container_mut(at, id)?.layer.extend(layer);
        for (name, path, content) in volumes {
            if let Some(volume) = self.daemons[at].volumes.get_mut(&name) {
                volume.files.insert(path, content);
            }
        }
        history.note(by, Effect::FilesWritten { id: id.clone(), files: files.len() });
        Ok(Changed::Done)
    }
}

/// Whether a path is another one or lies below it.
pub fn lies_in(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Where a path leads: the innermost mount decides.
fn place<'a>(container: &'a Container, path: &'a str) -> Place<'a> {
    let mounts = container.config.mounts.iter().filter(|mount| lies_in(path, &mount.path));
    let Some(Mounted { source, path: at, writable }) = mounts.max_by_key(|mount| mount.path.len()) else {
        return Place::Layer;
    };
    match source {
        MountedSource::Volume { name } | MountedSource::FolderOfVolume { name, .. } => {
            let below = path.strip_prefix(at.trim_end_matches('/')).unwrap_or_default().trim_start_matches('/');
            Place::Volume { name, path: below, writable: *writable }
        }
        MountedSource::Bind { .. } | MountedSource::Other { .. } => Place::Elsewhere,
    }
}
