//! What requests do to networks, volumes and images.

use std::collections::BTreeMap;

use engine::{ImageId, ImageRef, NetworkId, NetworkName, VolumeName};

use super::World;
use super::apply::Answer;
use super::call::{ApiError, Changed};
use super::daemon::{DEFAULT_NETWORKS, Network, Volume};
use super::effect::{Actor, Effect, History};

impl World {
    pub(super) fn create_network(
        &mut self,
        at: usize,
        name: &NetworkName,
        labels: &BTreeMap<String, String>,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        if self.daemons[at].networks.values().any(|network| network.name == *name) {
            return Err(ApiError::conflict(format!("network with name {name} already exists")));
        }
        let id = NetworkId::new(format!("{:064x}", self.number()));
        self.daemons[at].networks.insert(id, Network { name: name.clone(), labels: labels.clone() });
        history.note(by, Effect::Network { name: name.clone(), exists: true });
        Ok(Changed::Done)
    }

    pub(super) fn remove_network(&mut self, at: usize, id: &NetworkId, by: Actor, history: &mut History) -> Answer {
        let daemon = &mut self.daemons[at];
        let Some(network) = daemon.networks.get(id) else { return Err(ApiError::not_found("network")) };
        let active = daemon.store.containers.values().any(|container| {
            container.may_write() && container.networks.iter().any(|endpoint| endpoint.id.as_ref() == Some(id))
        });
        if active || DEFAULT_NETWORKS.contains(&network.name.as_str()) {
            return Err(ApiError { status: 403, message: "network has active endpoints".to_owned() });
        }
        history.note(by, Effect::Network { name: network.name.clone(), exists: false });
        daemon.networks.remove(id);
        Ok(Changed::Done)
    }

    /// Creating a volume that exists succeeds and changes nothing.
    pub(super) fn create_volume(
        &mut self,
        at: usize,
        name: &VolumeName,
        labels: &BTreeMap<String, String>,
        anonymous: bool,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        if self.daemons[at].volumes.contains_key(name) {
            return Ok(Changed::Done);
        }
        let volume = Volume { labels: labels.clone(), born: self.number(), anonymous, ..Volume::default() };
        self.daemons[at].volumes.insert(name.clone(), volume);
        history.note(by, Effect::VolumeCreated { name: name.clone() });
        Ok(Changed::Done)
    }

    pub(super) fn remove_volume(&mut self, at: usize, name: &VolumeName, by: Actor, history: &mut History) -> Answer {
        let daemon = &self.daemons[at];
        let Some(volume) = daemon.volumes.get(name) else { return Err(ApiError::not_found("volume")) };
        let owner = engine::gateway_of(&volume.labels).map(str::to_owned);
        let of = daemon.having(name).map(|container| container.name.clone()).collect();
        history.note(by, Effect::VolumeRemovalAsked { name: name.clone(), owner, of });
        if daemon.refers_to(name) {
            return Err(ApiError::conflict("volume is in use"));
        }
        self.drop_volume(at, name, by, history);
        Ok(Changed::Done)
    }

    pub(super) fn drop_volume(&mut self, at: usize, name: &VolumeName, by: Actor, history: &mut History) {
        let daemon = &mut self.daemons[at];
        let of = daemon.having(name).map(|container| container.name.clone()).collect();
        if let Some(volume) = daemon.volumes.remove(name) {
            history.note(by, Effect::VolumeRemoved { name: name.clone(), files: volume.files.len(), of });
        }
    }

    pub(super) fn tag(
        &mut self,
        at: usize,
        reference: &ImageRef,
        image: &ImageId,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        let store = &mut self.daemons[at].store;
        if let Some(old) = store.images.insert(reference.clone(), image.clone())
            && old != *image
        {
            store.untagged.insert(old);
        }
        history.note(by, Effect::Image { reference: reference.clone(), exists: true });
        Ok(Changed::Done)
    }

    pub(super) fn remove_image(
        &mut self,
        at: usize,
        reference: &ImageRef,
        force: bool,
        by: Actor,
        history: &mut History,
    ) -> Answer {
        let store = &mut self.daemons[at].store;
        let Some(image) = store.images.get(reference).cloned() else { return Err(ApiError::not_found("image")) };
        let used = store.containers.values().any(|container| container.config.image_id == image);
        let last = !store.images.iter().any(|(other, id)| other != reference && *id == image);
        // Only the last reference of an image that is used has to be forced, and then its image stays, whether what uses
        // it runs or not (moby `daemon/images/image_delete.go`).
        if used && last && !force {
            return Err(ApiError::conflict("image is being used by a container"));
        }
        store.images.remove(reference);
        if used && last {
            store.untagged.insert(image);
        }
        history.note(by, Effect::Image { reference: reference.clone(), exists: false });
        Ok(Changed::Done)
    }
}
