//! What the rows of the decision table ask of an observation: the gateway's container, strangers, volumes, what is
//! wanted. A question that cannot be answered from what is known is answered with what it waits on, never with a guess.

use std::collections::BTreeSet;

use crate::candidates::{Chosen, choose};
use crate::command::{Endpoint, Probe};
use crate::container::{Attachment, ContainerSeen, MountedSource, Status};
use crate::intent::Intent;
use crate::known::{Known, Why};
use crate::labels;
use crate::names::{ContainerName, VolumeName};
use crate::observation::{DaemonIdentity, Gpu, Observation, Readiness, VolumeSeen};
use crate::plan::Look;
use crate::record::{GatewayRecord, RecordSeen};
use crate::spec::{GatewaySpec, PortSpec};
use crate::tried::Tried;

/// What a row needs to know before it can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The last look did not ask for it.
    NotAsked(Look),
    /// The last look asked, and it is unknown.
    Unknown(Why),
}

impl From<&Why> for Waits {
    fn from(why: &Why) -> Self {
        Self::Unknown(why.clone())
    }
}

/// An observation, an intent and what was tried, with the questions that rows ask.
pub struct Case<'a> {
    /// What was seen.
    pub seen: &'a Observation,
    /// What was asked.
    pub intent: &'a Intent,
    /// What this run has done.
    pub tried: &'a Tried,
    /// What the owner wants.
    pub wanted: GatewaySpec,
}

impl<'a> Case<'a> {
    /// Puts the three together.
    pub fn new(seen: &'a Observation, intent: &'a Intent, tried: &'a Tried) -> Self {
        let wanted = match spec_of_birth(seen, intent) {
            Some((spec, _)) => spec,
            None => intent.wanted(seen.record.record()),
        };
        Self { seen, intent, tried, wanted }
    }

    /// Every container that bears on the gateway.
    pub fn containers(&self) -> Result<&'a [ContainerSeen], Waits> {
        Ok(self.seen.host.containers.get()?)
    }

    /// The gateway's container: the one that bears its exact name.
    pub fn own(&self) -> Result<Option<&'a ContainerSeen>, Waits> {
        Ok(self.containers()?.iter().find(|container| container.name == self.wanted.container))
    }

    /// The gateway's container with its status.
    pub fn own_status(&self) -> Result<Option<(&'a ContainerSeen, Status)>, Waits> {
        match self.own()? {
            Some(own) => Ok(Some((own, *own.status.get()?))),
            None => Ok(None),
        }
    }

    /// The gateway's container if it exists and does not run.
    pub fn stopped(&self) -> Result<Option<(&'a ContainerSeen, Status)>, Waits> {
        Ok(self.own_status()?.filter(|(_, status)| match status {
            Status::Created | Status::Paused | Status::Exited | Status::Dead => true,
            Status::Running | Status::Restarting => false,
        }))
    }

    /// The gateway's container if its process runs, or is about to be started by Docker.
    pub fn running(&self) -> Result<Option<(&'a ContainerSeen, Status)>, Waits> {
        Ok(self.own_status()?.filter(|(_, status)| match status {
            Status::Running | Status::Restarting => true,
            Status::Created | Status::Paused | Status::Exited | Status::Dead => false,
        }))
    }

    /// Whether the gateway runs and is known to be ready.
    pub fn is_ready(&self) -> Result<bool, Waits> {
        let runs = self.own_status()?.is_some_and(|(_, status)| status == Status::Running);
        Ok(runs && matches!(self.seen.host.readiness, Known::Known(Readiness::Ready { .. })))
    }

    /// Who the daemon is.
    pub fn daemon(&self) -> Result<&'a DaemonIdentity, Waits> {
        match &self.seen.host.daemon {
            Some(daemon) => Ok(daemon.get()?),
            None => Err(Waits::NotAsked(Look { identity: true, ..Look::default() })),
        }
    }

    /// The record, where it speaks of the daemon that answers. With another daemon accepted it still says what the
    /// owner wants, but nothing of what is there.
    pub fn past(&self) -> Option<&'a GatewayRecord> {
        let record = self.seen.record.record()?;
        let other = match &self.seen.host.daemon {
            Some(Known::Known(daemon)) => !daemon.is_same_as(&record.daemon),
            Some(Known::Unknown(_)) | None => false,
        };
        let found = self
            .seen
            .host
            .containers
            .known()
            .is_some_and(|containers| containers.iter().any(|container| container.id == record.container));
        (found || !other).then_some(record)
    }

    /// The gateway's volumes as far as they are known to exist.
    pub fn volumes(&self) -> Result<&'a [VolumeSeen], Waits> {
        Ok(self.seen.host.volumes.get()?)
    }

    /// Whether there is a volume of that name.
    pub fn has_volume(&self, name: &VolumeName) -> Result<bool, Waits> {
        Ok(self.volumes()?.iter().any(|volume| volume.name == *name))
    }

    /// Which volumes are the gateway's: its container's mounts; else the record's, or all that could be, and those that
    /// a new container would be made on, whether they are there or not.
    pub fn current_volumes(&self) -> Result<BTreeSet<VolumeName>, Waits> {
        if let Some(own) = self.own()? {
            return Ok(own.mounts.iter().filter_map(|mount| mount.volume()).cloned().collect());
        }
        let mut current: BTreeSet<_> = match choose(self)? {
            Chosen::Mounts(mounts) => mounts.into_iter().map(|(_, name)| name).collect(),
            Chosen::Ambiguous { candidates, .. } => {
                let named = self.wanted.volumes().map(|(name, _)| name.clone());
                candidates.into_iter().map(|volume| volume.name).chain(named).collect()
            }
        };
        match self.past().map(GatewayRecord::volume_names).filter(|names| !names.is_empty()) {
            Some(recorded) => current.extend(recorded),
            None => current.extend(self.volumes()?.iter().map(|volume| volume.name.clone())),
        }
        Ok(current)
    }

    /// The helper of this gateway, which is never started, whatever somebody has named it.
    pub fn helper(&self) -> Result<Option<&'a ContainerSeen>, Waits> {
        let is_helper =
            |container: &&ContainerSeen| labels::role_in(container, &self.intent.gateway) == Some(labels::ROLE_HELPER);
        Ok(self.containers()?.iter().find(is_helper))
    }

    /// The container of this gateway that bears the name of a replacement's next one.
    pub fn named_next(&self) -> Result<Option<&'a ContainerSeen>, Waits> {
        let [next, ..] = own_names(&self.wanted.container);
        Ok(self.containers()?.iter().find(|container| {
            container.name == next && labels::role_in(container, &self.intent.gateway) == Some(labels::ROLE_NEXT)
        }))
    }

    /// The container of this gateway that bears the name of a replacement's previous one.
    pub fn named_previous(&self) -> Result<Option<&'a ContainerSeen>, Waits> {
        let [_, previous, _] = own_names(&self.wanted.container);
        let owner = self.intent.gateway.as_str();
        Ok(self.containers()?.iter().find(|container| {
            let ours = match labels::gateway_of(&container.labels) {
                Some(labelled) => labelled == owner,
                None => self.is_recorded(container),
            };
            container.name == previous && ours
        }))
    }

    /// Containers that are not part of this gateway, with each of its volumes that they have.
    pub fn strangers(&self) -> Result<Vec<(&'a ContainerSeen, VolumeName)>, Waits> {
        let current = self.current_volumes()?;
        let mut parts: BTreeSet<_> =
            self.replacement()?.into_iter().flat_map(|(next, old)| [&next.id, &old.id]).collect();
        parts.extend(self.helper()?.map(|helper| &helper.id));
        if self.own()?.is_none() {
            // Whichever of them is left is about to get the gateway's name.
            parts.extend([self.named_next()?, self.named_previous()?].into_iter().flatten().map(|one| &one.id));
        }
        let strangers = self
            .containers()?
            .iter()
            .filter(|container| container.name != self.wanted.container && !parts.contains(&container.id));
        Ok(strangers
            .flat_map(|stranger| {
                let volumes: BTreeSet<_> = stranger.mounts.iter().filter_map(|mount| mount.volume()).collect();
                volumes.into_iter().filter(|name| current.contains(name)).map(move |name| (stranger, name.clone()))
            })
            .collect())
    }

    /// The next container of a replacement that was begun and not ended, and the one that it replaces. The labels of a
    /// container are those of its birth: one that took the gateway's place long ago is no next any more, and where
    /// there is nothing to go back to it is the gateway's own, whatever its name.
    pub fn replacement(&self) -> Result<Option<(&'a ContainerSeen, &'a ContainerSeen)>, Waits> {
        let containers = self.containers()?;
        Ok(containers.iter().find_map(|next| {
            labels::role_in(next, &self.intent.gateway).filter(|role| *role == labels::ROLE_NEXT)?;
            let replaced = next.labels.get(labels::REPLACES)?;
            containers.iter().find(|other| other.id.as_str() == replaced).map(|previous| (next, previous))
        }))
    }

    /// Whether a container is this gateway's own by its label, the record, or its image and the path of its mount. A
    /// mount alone does not make it ours.
    pub fn is_ours(&self, container: &ContainerSeen) -> bool {
        if let Some(owner) = labels::gateway_of(&container.labels) {
            return owner == self.intent.gateway.as_str();
        }
        let same_image = container.image.repository() == self.wanted.image.repository();
        let at_preset_path = self
            .wanted
            .volumes()
            .any(|(_, path)| container.mounts.iter().any(|mount| mount.path == path && mount.volume().is_some()));
        self.is_recorded(container) || same_image && at_preset_path
    }

    /// Whether it is the container that the record names.
    pub fn is_recorded(&self, container: &ContainerSeen) -> bool {
        self.past().is_some_and(|record| record.container == container.id)
    }

    /// Whether it mounts one of the gateway's volumes, by its exact name, where the gateway expects it.
    pub fn mounts_its_volume(&self, container: &ContainerSeen) -> bool {
        self.wanted
            .volumes()
            .any(|(name, path)| container.mounts.iter().any(|mount| mount.path == path && mount.volume() == Some(name)))
    }

    /// The port at which a container is reached: its own, else the wanted one.
    pub fn port_of(&self, container: &ContainerSeen) -> PortSpec {
        self.wanted.port.as_bound(&container.ports)
    }

    /// Where the gateway is asked over HTTP.
    pub fn endpoint(&self) -> Endpoint {
        let own = self.own().ok().flatten();
        let port = own.map_or_else(|| self.wanted.port.clone(), |own| self.port_of(own));
        Endpoint { scheme: self.wanted.readiness.scheme, host_ip: port.host_ip, port: port.host }
    }

    /// The GPUs that a new container gets: those of the host, where they are wanted and there are any.
    pub fn gpu(&self) -> Option<Gpu> {
        let gpu = self.seen.host.gpu.as_ref().and_then(Known::known).copied().flatten();
        gpu.filter(|_| self.wanted.gpu || self.intent.spec.gpu)
    }

    /// The node name that the data in the backup is keyed by, where one is being restored that says it.
    pub fn restored_node_name(&self) -> Option<String> {
        self.tried.restoring.as_ref()?.node_name.clone()
    }

    /// What is asked to know whether the gateway's container is ready.
    pub fn probe(&self, container: &ContainerSeen) -> Probe {
        Probe::of(&self.wanted.readiness, &self.port_of(container), Some(&container.ports))
    }

    /// The network that a container which does not run would lack when started: one that is gone, or, where it has
    /// none at all, the wanted one, which is Docker's own where none is named. One that publishes no port may share
    /// another container's network, and is left with that.
    pub fn missing_network(&self, container: &ContainerSeen) -> Option<Attachment> {
        if let Some(gone) = container.networks.iter().find(|attachment| !attachment.exists) {
            return Some(gone.clone());
        }
        (container.networks.is_empty() && !container.ports.is_empty()).then(|| Attachment {
            network: self.wanted.network_or_default(),
            id: None,
            exists: false,
            aliases: Vec::new(),
            ipv4: None,
        })
    }
}

/// The spec in the label of a volume that outlived both container and record, with today's flags on top. Environment
/// values are not in labels: they are the preset's.
pub fn spec_of_birth<'a>(seen: &'a Observation, intent: &Intent) -> Option<(GatewaySpec, &'a VolumeSeen)> {
    let containers = seen.host.containers.known()?;
    let has_container = containers.iter().any(|container| container.name == intent.spec.container);
    if seen.record != RecordSeen::Absent || has_container || intent.typed.spec {
        return None;
    }
    let volumes = seen.host.volumes.known()?.iter();
    let (born, volume) = volumes
        .filter(|volume| labels::gateway_of(&volume.labels) == Some(intent.gateway.as_str()))
        .find_map(|volume| Some((labels::spec_of(&volume.labels)?, volume)))
        .filter(|(born, _)| born.preset == intent.spec.preset && born.container == intent.spec.container)?;
    Some((intent.with_typed(GatewaySpec { env: intent.spec.env.clone(), ..born }), volume))
}

/// The volumes that a container mounts.
pub fn named_volumes(container: &ContainerSeen) -> impl Iterator<Item = &VolumeName> {
    container.mounts.iter().filter_map(|mount| match &mount.source {
        MountedSource::Volume { name } => Some(name),
        MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
    })
}

/// The names that we give to containers beside the gateway's: those of a replacement, and the helper's.
pub fn own_names(container: &ContainerName) -> [ContainerName; 3] {
    crate::names::RESERVED_ENDINGS.map(|ending| ContainerName::new(format!("{container}{ending}")))
}
