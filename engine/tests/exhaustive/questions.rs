//! What the properties ask of a world, without any code of the table's.

use engine::{ContainerId, ContainerSeen, Known, MountSource, NewContainer, Readiness, Status, VolumeName};

use crate::support::{LABEL_REPLACES, LABEL_ROLE, NAME, World};

/// Whether the recorded container is there with its recorded volumes, which proves its daemon.
pub fn recorded_is_found(world: &World) -> bool {
    let containers = world.seen.host.containers.known();
    world.seen.record.record().zip(containers).is_some_and(|(record, containers)| {
        let found = containers.iter().find(|container| container.id == record.container);
        found.is_some_and(|found| record.volumes.iter().all(|volume| found.mount_of(&volume.name).is_some()))
    })
}

/// The gateway's container.
pub fn own(world: &World) -> Option<&ContainerSeen> {
    world.seen.host.containers.known()?.iter().find(|container| container.name.as_str() == NAME)
}

/// What it is doing.
pub fn status(world: &World) -> Option<Status> {
    own(world)?.status.known().copied()
}

/// Whether its labels say that it is a replacement's next.
pub fn is_next(container: &ContainerSeen) -> bool {
    container.labels.contains_key(LABEL_ROLE) && container.labels.contains_key(LABEL_REPLACES)
}

/// Whether it is a container of ours beside the gateway's, by its labels.
pub fn is_part_of_it(world: &World, id: &ContainerId) -> bool {
    others(world)
        .iter()
        .any(|other| other.id == *id && !belongs_to_another(other) && engine::gateway_of(&other.labels) == Some("prod"))
}

/// Whether a replacement is asked for, which may have more volumes than the old container.
pub fn is_replaced(world: &World) -> bool {
    let typed = world.intent.typed;
    world.intent.replace.is_some() || typed.spec || typed.image || typed.port
}

/// Whether it is somebody else's.
pub fn belongs_to_another(container: &ContainerSeen) -> bool {
    let owner = engine::gateway_of(&container.labels);
    owner.is_some_and(|owner| owner != "prod") || container.image.as_str() == "busybox:1"
}

/// The containers beside it.
pub fn others(world: &World) -> Vec<&ContainerSeen> {
    let containers = world.seen.host.containers.known();
    containers.into_iter().flatten().filter(|container| container.name.as_str() != NAME).collect()
}

/// Whether another container has a writable way to a volume of the gateway: of its container, else the chosen one, else
/// the one of its name. The two containers of a replacement are its own, but who they are must be known before either
/// is touched.
pub fn uses(world: &World, other: &ContainerSeen) -> bool {
    let replaces = |next: &ContainerSeen, old: &ContainerSeen| {
        is_next(next) && next.labels.get(LABEL_REPLACES).map(String::as_str) == Some(old.id.as_str())
    };
    let part = own(world).is_some_and(|own| replaces(other, own) || replaces(own, other));
    let its_own = |name: &VolumeName| match own(world) {
        Some(own) => own.mount_of(name).is_some(),
        None => world.intent.adopt.as_ref().map_or(name.as_str() == NAME, |chosen| chosen == name),
    };
    let writable = other.mounts.iter().any(|mount| mount.writable && mount.volume().is_some_and(its_own));
    writable && !(part && other.status.known().is_some())
}

/// Whether the recorded container is not there, as far as the recorded daemon says.
pub fn recorded_is_missing(world: &World) -> bool {
    let containers = world.seen.host.containers.known();
    let found = |record: &engine::GatewayRecord| {
        containers.is_some_and(|containers| containers.iter().any(|container| container.id == record.container))
    };
    same_daemon(world) && world.seen.record.record().is_some_and(|record| !found(record))
}

/// Whether the daemon that answers is the recorded one, where one is recorded.
pub fn same_daemon(world: &World) -> bool {
    match (world.seen.record.record(), &world.seen.host.daemon) {
        (Some(record), Some(Known::Known(daemon))) => record.daemon.is_same_as(daemon),
        (Some(_), Some(Known::Unknown(_)) | None) | (None, _) => true,
    }
}

/// Whether its health endpoint says that it is ready.
pub fn says_ready(world: &World) -> bool {
    matches!(world.seen.host.readiness, Known::Known(Readiness::Ready { .. }))
}

/// The volumes that a new container mounts.
pub fn mounted(new: &NewContainer) -> impl Iterator<Item = &VolumeName> {
    new.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Volume { name } => Some(name),
        MountSource::Bind { .. } | MountSource::File { .. } | MountSource::Folder { .. } => None,
    })
}
