//! How a container is made: what it takes, and what its image gives.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{ContainerId, ContainerName, Disk, Exit, ImageId, ImageRef, MountedSource, VolumeName};

use super::World;
use super::apply::Answer;
use super::call::{ApiError, Changed};
use super::container::{Config, Container, Endpoint, Life, Mounted};
use super::effect::{Actor, Effect, History};

impl World {
    #[expect(clippy::too_many_arguments, reason = "they are the request's")]
    pub(super) fn create_container(
        &mut self,
        at: usize,
        name: &ContainerName,
        image: &ImageRef,
        config: &Arc<Config>,
        endpoint: Endpoint,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        // The image is looked for before the name is (moby `daemon/create.go`).
        let Some(image_id) = self.daemons[at].store.images.get(image).cloned() else {
            return Err(ApiError::not_found(&format!("image: {image}")));
        };
        if self.daemons[at].named(name).is_some() {
            return Err(ApiError::conflict(format!("the container name \"/{name}\" is already in use")));
        }
        // With mount syntax a missing folder is an error; with bind syntax it would be made.
        let gone = config.mounts.iter().find_map(|mount| match &mount.source {
            MountedSource::Bind { folder } if self.gone_folders.contains(folder) => Some(folder.clone()),
            MountedSource::Bind { .. }
            | MountedSource::Volume { .. }
            | MountedSource::FolderOfVolume { .. }
            | MountedSource::Other { .. } => None,
        });
        if let Some(folder) = gone {
            return Err(ApiError { status: 400, message: format!("bind source path does not exist: {folder}") });
        }
        if self.disk == Disk::Full {
            return Err(ApiError::failed("no space left on device"));
        }
        let config = self.merged_with_image(at, config, image_id, by, history);
        let id = ContainerId::new(format!("{:064x}", self.number()));
        let container = Container {
            id: id.clone(),
            name: name.clone(),
            config: Arc::new(config),
            life: Life::Created,
            shows: None,
            exit: Exit::default(),
            run: None,
            stopped_by_hand: false,
            networks: vec![endpoint],
            given_restart: None,
            publishes: true,
            layer: BTreeMap::new(),
        };
        self.daemons[at].store.containers.insert(id.clone(), container);
        history.note(by, Effect::ContainerCreated { id, name: name.clone() });
        Ok(Changed::Done)
    }

    /// The image's environment and entry point go in beneath what was asked for, and each of its volumes that nothing
    /// is mounted over is born anonymous.
    fn merged_with_image(
        &mut self,
        at: usize,
        config: &Config,
        image_id: ImageId,
        by: Actor,
        history: &mut History,
    ) -> Config {
        let program = self.program(&image_id);
        let mut config = Config { image_id, ..config.clone() };
        for (name, value) in program.env {
            config.env.0.entry(name).or_insert(value);
        }
        for mount in &config.mounts {
            if let MountedSource::Volume { name } = &mount.source {
                let _there_now = self.create_volume(at, name, &BTreeMap::new(), false, by, history);
            }
        }
        for path in program.volumes {
            if config.mounts.iter().any(|mount| mount.path == path) {
                continue;
            }
            let name = VolumeName::new(format!("{:064x}", self.number()));
            let _there_now = self.create_volume(at, &name, &BTreeMap::new(), true, by, history);
            config.mounts.push(Mounted { source: MountedSource::Volume { name }, path, writable: true });
        }
        config
    }
}
