//! The dimensions: every kind that each part of a picture takes, known or unknown, that wishes take. Histories are in
//! `histories.rs`.

use engine::{
    Asked, ContainerName, ContainerSeen, Disk, ImageId, ImageRef, ImageSeen, Known, MountSource, PortHolder, Purpose,
    Readiness, RecordSeen, Remains, Replace, Status, VolumeName, VolumeSeen, Why,
};

use crate::product::{Choice, Dimension};
use crate::support::*;

/// One part with its values: `"name" => how it is set;`. An unknown one is called so.
macro_rules! dimension {
    ($(#[$doc:meta])* $part:ident; $($name:literal => $set:expr;)*) => {
        $(#[$doc])*
        pub fn $part() -> Dimension {
            Dimension {
                name: stringify!($part),
                choices: vec![$(Choice { name: $name, unknown: $name.starts_with("unknown"), set: $set }),*],
            }
        }
    };
}

dimension! {
    /// The list of containers, or the one that bears the gateway's name.
    own;
    "unknown" => |world| world.seen.host.containers = timed_out();
    "none" => |world| world.seen.host.containers = Known::Known(Vec::new());
    "own" => |world| set_own(world, |_| ());
    "made by others" => |world| set_own(world, |own| own.labels.clear());
    "another ID" => |world| set_own(world, |own| own.id = id('9'));
    "another gateway's" => |world| set_own(world, |own| own.labels = labels("other"));
    "a stranger" => |world| set_own(world, |own| {
        own.id = id('6');
        own.labels.clear();
        own.image = ImageRef::new("busybox:1");
        own.mounts = vec![mount("its-own", "/x")];
    });
    "another preset's" => |world| set_own(world, |own| {
        own.labels.insert(LABEL_PRESET.to_owned(), "openshell-gateway".to_owned());
    });
    "managed" => |world| set_own(world, |own| {
        own.labels.insert("com.docker.compose.project".to_owned(), "p".to_owned());
    });
    "auto-removed" => |world| set_own(world, |own| own.auto_remove = true);
    "wrong volume" => |world| set_own(world, |own| own.mounts = vec![mount("other", PATH)]);
    "by folder" => |world| set_own(world, |own| own.mounts = vec![folder(NAME, PATH)]);
    "next long ago" => |world| set_own(world, |own| own.labels = next(Status::Created, &id('7')).labels);
    "next in place" => |world| set_own(world, |own| {
        *own = next(Status::Created, &id('1')).but(|next| next.name = ContainerName::new(NAME));
    });
}

dimension! {
    /// What the gateway's container is doing.
    status;
    "unknown" => |world| set_status(world, Known::Unknown(Why::Unsettled { status: "removing".to_owned() }));
    "created" => |world| set_status(world, Known::Known(Status::Created));
    "running" => |world| set_status(world, Known::Known(Status::Running));
    "paused" => |world| set_status(world, Known::Known(Status::Paused));
    "restarting" => |world| set_status(world, Known::Known(Status::Restarting));
    "exited" => |world| set_status(world, Known::Known(Status::Exited));
    "dead" => |world| set_status(world, Known::Known(Status::Dead));
}

dimension! {
    /// Which networks the container has.
    attached;
    "fine" => |world| on_own(world, |own| own.networks = vec![attachment(NAME)]);
    "gone" => |world| on_own(world, |own| own.networks = vec![attachment(NAME).but(|it| it.exists = false)]);
    "none" => |world| on_own(world, |own| own.networks.clear());
}

dimension! {
    /// Whether its port is published.
    published;
    "yes" => |world| on_own(world, |own| own.ports[0].published = true);
    "no" => |world| on_own(world, |own| own.ports[0].published = false);
}

dimension! {
    /// Another container that the look shows.
    other;
    "none" => |world| set_other(world, None);
    "writer" => |world| set_other(world, Some(stranger(Status::Exited)));
    "by folder" => |world| set_other(world, Some(stranger(Status::Exited).but(|it| {
        it.mounts = vec![folder(NAME, "/x")];
    })));
    "on the chosen" => |world| set_other(world, Some(stranger(Status::Exited).but(|it| {
        it.mounts = vec![mount("my-database", "/x")];
    })));
    "reader" => |world| set_other(world, Some(stranger(Status::Exited).but(|it| it.mounts[0].writable = false)));
    "two mounts" => |world| set_other(world, Some(stranger(Status::Exited).but(|it| {
        it.mounts = vec![mount(NAME, "/ro").but(|it| it.writable = false), mount(NAME, "/rw")];
    })));
    "renamed" => |world| set_other(world, Some(own_seen().but(|own| own.name = ContainerName::new("old"))));
    "helper" => |world| set_other(world, Some(stranger(Status::Exited).but(|it| {
        it.labels = labels("prod");
        it.labels.insert(LABEL_ROLE.to_owned(), "backup".to_owned());
    })));
    "our helper" => |world| set_other(world, Some(own_seen().but(|helper| {
        helper.id = id('5');
        helper.name = ContainerName::new(format!("{NAME}-nemoclaw-helper"));
        helper.labels.insert(LABEL_ROLE.to_owned(), "helper".to_owned());
        helper.labels.insert("io.nemoclaw.stopped".to_owned(), id('1').to_string());
        helper.mounts = vec![mount(NAME, "/v0").but(|mount| mount.writable = false)];
        helper.status = Known::Known(Status::Created);
    })));
    "restoring helper" => |world| set_other(world, Some(own_seen().but(|helper| {
        helper.id = id('5');
        helper.name = ContainerName::new(format!("{NAME}-nemoclaw-helper"));
        helper.labels.insert(LABEL_ROLE.to_owned(), "helper".to_owned());
        helper.mounts = vec![mount(RESTORED, "/v0")];
        helper.status = Known::Known(Status::Created);
    })));
    "next" => |world| set_other(world, Some(next(Status::Exited, &id('1')).but(|next| next.id = id('4'))));
    "previous" => |world| set_other(world, Some(previous(Status::Exited)));
}

dimension! {
    /// What that one is doing.
    other_status;
    "unknown" => |world| set_other_status(world, timed_out());
    "running" => |world| set_other_status(world, Known::Known(Status::Running));
    "exited" => |world| set_other_status(world, Known::Known(Status::Exited));
}

dimension! {
    /// The record.
    registry;
    "unknown: unusable" => |world| set_record(world, unusable());
    "absent" => |world| set_record(world, RecordSeen::Absent);
    "this container" => |world| set_record(world, present(|_| ()));
    "another container" => |world| set_record(world, present(|record| record.container = id('8')));
    "the next container" => |world| set_record(world, present(|record| record.container = id('3')));
    "with one set aside" => |world| set_record(world, present(|record| {
        record.set_aside.insert(VolumeName::new("older"));
    }));
    "never ready" => |world| set_record(world, present(|record| {
        record.container = id('8');
        record.volumes.clear();
        record.was_ready = false;
    }));
}

dimension! {
    /// The volumes.
    volumes;
    "unknown" => |world| world.seen.host.volumes = timed_out();
    "none" => |world| set_volumes(world, Vec::new());
    "exact" => |world| set_volumes(world, vec![volume(NAME)]);
    "exact and labelled" => |world| set_volumes(world, vec![volume(NAME), labelled("other", "prod")]);
    "two labelled" => |world| set_volumes(world, vec![labelled("one", "prod"), labelled("two", "prod")]);
    "another gateway's" => |world| set_volumes(world, vec![labelled(NAME, "other")]);
    "neighbour" => |world| set_volumes(world, vec![volume(NEIGHBOUR)]);
    "chosen" => |world| set_volumes(world, vec![volume("my-database")]);
    "and one set aside" => |world| set_volumes(world, vec![volume(NAME), labelled("older", "prod")]);
    "and one to restore into" => |world| set_volumes(world, vec![volume(NAME), to_restore_into(RESTORED)]);
    "only one to restore into" => |world| set_volumes(world, vec![to_restore_into(RESTORED)]);
}

dimension! {
    /// Who the daemon is.
    identity;
    "unknown: not asked" => |world| world.seen.host.daemon = None;
    "unasked" => |world| world.seen.host.daemon = Some(timed_out());
    "recorded" => |world| world.seen.host.daemon = Some(Known::Known(daemon("one")));
    "another" => |world| world.seen.host.daemon = Some(Known::Known(daemon("two")));
}

dimension! {
    /// What is left of the recorded container, where one is recorded and not there.
    remains;
    "unknown: not told" => |world| set_remains(world, None);
    "gone" => |world| set_remains(world, Some(Remains::Gone));
    "there" => |world| set_remains(world, Some(Remains::There));
    "not visible" => |world| set_remains(world, Some(Remains::NotVisible));
}

dimension! {
    /// The wanted image.
    image;
    "unknown" => |world| world.seen.host.image = timed_out();
    "none" => |world| world.seen.host.image = Known::Known(None);
    "same" => |world| set_image(world, "sha256:1");
    "moved" => |world| set_image(world, "sha256:9");
}

dimension! {
    /// The networks of that name.
    networks;
    "unknown" => |world| world.seen.host.networks = timed_out();
    "none" => |world| world.seen.host.networks = Known::Known(Vec::new());
    "there" => |world| world.seen.host.networks = Known::Known(vec![network(NAME)]);
    "ours" => |world| world.seen.host.networks = Known::Known(vec![engine::NetworkSeen { labels: labels("prod"), ..network(NAME) }]);
}

dimension! {
    /// Who holds the port.
    port;
    "unknown" => |world| world.seen.host.port = timed_out();
    "free" => |world| world.seen.host.port = Known::Known(PortHolder::Free);
    "gateway" => |world| world.seen.host.port = Known::Known(PortHolder::Gateway);
    "container" => |world| {
        let holder = PortHolder::Container { name: ContainerName::new("web"), id: id('5') };
        world.seen.host.port = Known::Known(holder);
    };
    "process" => |world| world.seen.host.port = Known::Known(PortHolder::Process { pid: None, command: None });
    "not visible" => |world| world.seen.host.port = Known::Known(PortHolder::NotVisible);
}

dimension! {
    /// What the health endpoint answers.
    readiness;
    "unknown" => |world| world.seen.host.readiness = timed_out();
    "cannot be seen" => |world| world.seen.host.readiness = Known::Unknown(Why::NotVisible { what: "far".to_owned() });
    "ready" => |world| world.seen.host.readiness = Known::Known(Readiness::Ready { marked: true });
    "ready unmarked" => |world| world.seen.host.readiness = Known::Known(Readiness::Ready { marked: false });
    "not ready" => |world| world.seen.host.readiness = Known::Known(Readiness::NotReady { status: 503 });
    "unreachable" => |world| world.seen.host.readiness = Known::Known(Readiness::Unreachable);
}

dimension! {
    /// Room on the disk.
    disk;
    "unknown" => |world| world.seen.host.disk = timed_out();
    "room" => |world| world.seen.host.disk = Known::Known(Disk::Room);
    "full" => |world| world.seen.host.disk = Known::Known(Disk::Full);
    "not visible" => |world| world.seen.host.disk = Known::Known(Disk::NotVisible);
}

dimension! {
    /// What exists only in the container's own layer.
    layer;
    "unknown: not asked" => |world| world.seen.host.layer = None;
    "unlisted" => |world| world.seen.host.layer = Some(timed_out());
    "empty" => |world| world.seen.host.layer = Some(Known::Known(Vec::new()));
    "a file" => |world| world.seen.host.layer = Some(Known::Known(vec!["/root/key".to_owned()]));
}

dimension! {
    /// What a person asked for.
    wish;
    "plain" => |world| set_wish(world, |_| ());
    "look" => |world| set_wish(world, |intent| intent.purpose = Purpose::Look);
    "reset" => |world| set_wish(world, |intent| intent.reset = Some(consent()));
    "reset, no backup" => |world| set_wish(world, |intent| {
        intent.reset = Some(consent());
        intent.no_backup = true;
    });
    "adopt" => |world| set_wish(world, |intent| intent.adopt = Some(VolumeName::new("my-database")));
    "adopt and reset" => |world| set_wish(world, |intent| {
        intent.adopt = Some(VolumeName::new("my-database"));
        intent.reset = Some(consent());
    });
    "restore" => |world| set_wish(world, |intent| intent.restore = Some("/backups/one".to_owned()));
    "accept daemon" => |world| set_wish(world, |intent| intent.accept_daemon = true);
    "accept daemon and reset" => |world| set_wish(world, |intent| {
        intent.accept_daemon = true;
        intent.reset = Some(consent());
    });
    "image" => |world| set_wish(world, |intent| {
        intent.typed.image = true;
        intent.spec.image = ImageRef::new("x:2");
    });
    "port" => |world| set_wish(world, |intent| {
        intent.typed.port = true;
        intent.spec.port.host = 9;
    });
    "spec" => |world| set_wish(world, |intent| {
        intent.typed.spec = true;
        intent.spec.command.push("-v".to_owned());
    });
    "upgrade" => |world| set_wish(world, |intent| {
        intent.replace = Some(Replace::Upgrade);
        intent.spec.image = ImageRef::new("x:2");
    });
    "recreate" => |world| set_wish(world, |intent| intent.replace = Some(Replace::Recreate));
    "recreate, leave behind" => |world| set_wish(world, |intent| {
        intent.replace = Some(Replace::Recreate);
        intent.leave_behind = true;
    });
}

impl But for engine::Attachment {}
impl But for engine::MountSeen {}

fn own_seen() -> ContainerSeen {
    crate::support::own(Status::Exited)
}

fn set_own(world: &mut World, change: impl FnOnce(&mut ContainerSeen)) {
    world.seen.host.containers = Known::Known(vec![crate::support::own(Status::Running).but(change)]);
}

/// Changes the container under the gateway's name, where there is one.
fn on_own(world: &mut World, change: impl FnOnce(&mut ContainerSeen)) {
    if let Known::Known(containers) = &mut world.seen.host.containers
        && let Some(own) = containers.iter_mut().find(|container| container.name.as_str() == NAME)
    {
        change(own);
    }
}

fn set_status(world: &mut World, status: Known<Status>) {
    on_own(world, |own| own.status = status);
}

fn set_other(world: &mut World, other: Option<ContainerSeen>) {
    if let Known::Known(containers) = &mut world.seen.host.containers {
        containers.retain(|container| container.name.as_str() == NAME);
        containers.extend(other);
    }
}

fn set_other_status(world: &mut World, status: Known<Status>) {
    if let Known::Known(containers) = &mut world.seen.host.containers
        && let Some(other) = containers.iter_mut().find(|container| container.name.as_str() != NAME)
    {
        other.status = status;
    }
}

fn present(change: impl FnOnce(&mut engine::GatewayRecord)) -> RecordSeen {
    RecordSeen::Present { record: std::sync::Arc::new(record().but(change)) }
}

fn set_record(world: &mut World, record: RecordSeen) {
    world.seen.record = record;
    settle(world);
}

fn set_wish(world: &mut World, change: impl FnOnce(&mut engine::Intent)) {
    world.intent = intent();
    change(&mut world.intent);
    settle(world);
}

/// Has the look ask for what is wanted.
fn settle(world: &mut World) {
    world.seen.asked = Asked::for_spec(&world.intent.wanted(world.seen.record.record()));
}

fn set_volumes(world: &mut World, volumes: Vec<VolumeSeen>) {
    world.seen.host.volumes = Known::Known(volumes);
}

/// A host tells of remains only where the record names a container that it does not find.
fn set_remains(world: &mut World, remains: Option<Remains>) {
    let recorded = world.seen.record.record().map(|record| &record.container);
    let containers = world.seen.host.containers.known();
    let found = containers.is_some_and(|seen| seen.iter().any(|container| Some(&container.id) == recorded));
    world.seen.host.remains = remains.filter(|_| recorded.is_some() && !found);
}

fn set_image(world: &mut World, id: &str) {
    let reference = world.seen.asked.image.clone();
    world.seen.host.image = Known::Known(Some(ImageSeen { reference, id: ImageId::new(id) }));
}

pub(crate) use dimension;

/// The names of the volumes that a world's own container or its record gives the gateway, with the exact name.
pub fn is_the_gateways(world: &World, name: &VolumeName) -> bool {
    let labelled_as = |owner: &str| {
        let volumes = world.seen.host.volumes.known();
        volumes.is_some_and(|volumes| {
            volumes.iter().any(|volume| volume.name == *name && engine::gateway_of(&volume.labels) == Some(owner))
        })
    };
    let exact = world.intent.spec.mounts.iter().any(|mount| match &mount.source {
        MountSource::Volume { name: exact } => exact == name,
        MountSource::Bind { .. } | MountSource::File { .. } | MountSource::Folder { .. } => false,
    });
    let recorded = world.seen.record.record().is_some_and(|record| record.volume_names().contains(name));
    !labelled_as("other") && (exact || recorded || labelled_as("prod"))
}
