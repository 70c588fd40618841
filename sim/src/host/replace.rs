//! The commands of a replacement, as the calls that they take: the next container as the old one is, what is carried over,
//! and what is removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{
    CarriedPath, ContainerId, Event, Failure, ImageId, MountSpec, MountedSource, NetworkName, NextContainer,
    PortChange, RestartPolicy,
};

use super::gate::{Gate, Told};
use super::words::{cut_short, failed, unknown};
use super::{SimHost, Stop, Witness};
use crate::fault::CallKind;
use crate::world::World;
use crate::world::archive::lies_in;
use crate::world::call::{ApiError, Call};
use crate::world::container::{Config, Container, Content, Endpoint, Mounted, Published};
use crate::world::program::Program;

/// Files of an archive by their whole paths, or what the daemon says instead.
pub(super) type Archive = Result<BTreeMap<String, Content>, ApiError>;

impl<W: Witness> SimHost<'_, W> {
    /// What the old one has is asked at its ID, and what its image gave it at that image's: where the image is gone, what
    /// it gave cannot be told from what the old one has of its own, and is kept.
    pub(super) fn create_next(&mut self, next: &NextContainer) -> Result<Event, Stop> {
        let old = match self.ask(CallKind::InspectContainer)? {
            Err(why) => return Ok(unknown(why)),
            Ok(Told::Denied) => None,
            Ok(from @ (Told::Now | Told::First)) => {
                self.world_of(from).daemon().store.containers.get(&next.replaces).cloned()
            }
        };
        let Some(old) = old else { return Ok(failed(404, "No such container".to_owned(), true)) };
        let given = match self.ask(CallKind::InspectImage)? {
            Err(why) => return Ok(unknown(why)),
            Ok(Told::Denied) => None,
            Ok(from @ (Told::Now | Told::First)) => given_by(self.world_of(from), &old.config.image_id),
        };
        let new = self.world.daemon().store.images.get(&next.image).map(|image| self.world.program(image));
        let config = Arc::new(config_of(next, &old, given.as_ref(), new.as_ref()));
        let first = old.networks.first();
        let endpoint = Endpoint {
            network: first.map_or_else(|| NetworkName::new("bridge"), |first| first.network.clone()),
            id: None,
            aliases: first.map(|first| first.aliases.clone()).unwrap_or_default(),
            ipv4: first.and_then(|first| first.ipv4.clone()),
        };
        let (name, image) = (next.name.clone(), next.image.clone());
        self.change(Call::CreateContainerAt { name, image, config, endpoint }, true)
    }

    pub(super) fn carry_over(
        &mut self,
        from: &ContainerId,
        to: &ContainerId,
        paths: &[CarriedPath],
    ) -> Result<Event, Stop> {
        for path in paths {
            let files = match self.read_archive(from, &path.from)? {
                Err(event) => return Ok(event),
                Ok(Ok(files)) => files,
                Ok(Err(no)) if no.status == 404 && self.world.daemon().store.containers.contains_key(from) => continue,
                Ok(Err(no)) => return Ok(failed(no.status, no.message, true)),
            };
            let carried = |(file, content): (String, Content)| {
                let below = file.strip_prefix(path.from.trim_end_matches('/')).unwrap_or_default();
                (format!("{}{below}", path.to.trim_end_matches('/')), content)
            };
            let files = files.into_iter().filter(|(file, _)| lies_in(file, &path.from)).map(carried).collect();
            let written = self.change_by(CallKind::ArchiveWrite, Call::WriteArchive { id: to.clone(), files }, true)?;
            if written != Event::Done {
                return Ok(written);
            }
        }
        Ok(Event::Done)
    }

    /// Reads an archive; or the answer to the whole command where it cannot be had. A refusal in Docker's own form is one
    /// of the container: that nothing is at a path is only the world's to say.
    pub(super) fn read_archive(&mut self, id: &ContainerId, path: &str) -> Result<Result<Archive, Event>, Stop> {
        let kind = CallKind::ArchiveRead;
        let read = match self.gate(kind)? {
            // Nobody caches an archive.
            Gate::Through | Gate::Stale => Ok(self.world.read_archive(id, path)),
            Gate::Cut => Err(unknown(cut_short(kind))),
            Gate::Fails(why) | Gate::Lost(why) | Gate::Late(_, why) => Err(unknown(why)),
            Gate::Refused(status) => Err(failed(status, "refused".to_owned(), true)),
        };
        self.after(kind)?;
        Ok(read)
    }

    /// One that is not there is as it was to be. Docker also says 500 when its files could not be removed: then it is
    /// there, and dead.
    pub(super) fn remove_container(&mut self, container: &ContainerId) -> Result<Event, Stop> {
        let call = Call::RemoveContainer { id: container.clone(), force: false, volumes: false };
        Ok(gone(self.change(call, false)?))
    }
}

/// What was to be removed and is not there was removed.
pub(super) fn gone(event: Event) -> Event {
    let is_gone = matches!(event, Event::Failed { failure: Failure::Rejected { status: Some(404), .. } });
    if is_gone { Event::Done } else { event }
}

/// What an image gave to the containers that were made from it, where the daemon has it.
fn given_by(world: &World, image: &ImageId) -> Option<Program> {
    let store = &world.daemon().store;
    let is_there = store.images.values().any(|one| one == image) || store.untagged.contains(image);
    is_there.then(|| world.program(image))
}

/// The old one's configuration less what its image gave it, with what the command says on top.
fn config_of(next: &NextContainer, old: &Container, given: Option<&Program>, new: Option<&Program>) -> Config {
    let config = &old.config;
    let is_given = |name: &String, value: &String| given.is_some_and(|given| given.env.get(name) == Some(value));
    let mut env = config.env.clone();
    env.0.retain(|name, value| !is_given(name, value));
    env.0.extend(next.env.0.clone());
    let new_at = |path: &str| next.mounts.iter().find(|mount| mount.path == path).map(Mounted::of);
    let is_added = |mount: &&MountSpec| config.mounts.iter().all(|old| old.path != mount.path);
    let kept = config.mounts.iter().map(|mount| new_at(&mount.path).unwrap_or_else(|| mount.clone()));
    Config {
        image: next.image.clone(),
        // The daemon says which one it is.
        image_id: ImageId::new(""),
        command: command_of(next, config, given, new),
        env,
        labels: config.labels.clone().into_iter().chain(next.labels.clone()).collect(),
        mounts: kept.chain(next.mounts.iter().filter(is_added).map(Mounted::of)).collect(),
        ports: config.ports.iter().map(|port| port_of(port, next.port.as_ref())).collect(),
        restart: RestartPolicy::No,
        auto_remove: config.auto_remove,
        hostname: next.hostname.clone(),
    }
}

fn command_of(next: &NextContainer, old: &Config, given: Option<&Program>, new: Option<&Program>) -> Vec<String> {
    let entry = new.map(|program| program.entry_point.clone()).unwrap_or_default();
    match &next.command {
        Some(command) if next.keeps_entry_point => entry.into_iter().chain(command.iter().cloned()).collect(),
        Some(command) => command.clone(),
        None => match given.and_then(|given| old.command.strip_prefix(given.entry_point.as_slice())) {
            Some(arguments) => entry.into_iter().chain(arguments.iter().cloned()).collect(),
            None => old.command.clone(),
        },
    }
}

/// A port as the next one has it: its own where it is the one that changes, or the health endpoint's beside it.
fn port_of(port: &Published, change: Option<&PortChange>) -> Published {
    let Some(PortChange { from, to }) = change else { return port.clone() };
    if port.container == from.container && port.host == from.host {
        return Published { container: to.container, host_ip: to.host_ip.clone(), host: to.host };
    }
    let health = from.health.zip(from.health_on_host()).zip(to.health.zip(to.health_on_host()));
    match health {
        Some((was, (container, host))) if was == (port.container, port.host) => {
            Published { container, host_ip: to.host_ip.clone(), host }
        }
        Some(_) | None => port.clone(),
    }
}

/// The names of the volumes that a container mounts, with where.
pub(super) fn mounted(container: &Container) -> impl Iterator<Item = (&engine::VolumeName, &str)> {
    container.config.mounts.iter().filter_map(|mount| match &mount.source {
        MountedSource::Volume { name } => Some((name, mount.path.as_str())),
        MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
    })
}
