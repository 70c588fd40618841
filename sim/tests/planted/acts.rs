//! Bugs in what is done: another command than the engine's, or something besides it.

use std::sync::Arc;

use engine::{
    Command, Disk, Event, Failure, GatewayName, GatewayRecord, Known, MountSource, NetworkId, NewContainer, Readiness,
    RecordSeen, Status, Target, VolumeName, WaitEnd,
};
use sim::world::call::{Call, PrunedVolumes};
use sim::world::effect::{Actor, Effect};

use crate::bug::Ground;

/// A gateway that does not answer as it should is removed and made anew.
pub fn rebuilds_what_is_not_ready(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    let Event::Observed { host } = event else { return };
    let unready = matches!(host.readiness, Known::Known(Readiness::NotReady { .. } | Readiness::Unreachable));
    let runs = host.containers.known().is_some_and(|all| {
        all.iter().any(|one| one.name == ground.names.container && one.status == Known::Known(Status::Running))
    });
    if unready && runs {
        ground.remove_container(false);
        ground.remove_volumes();
    }
}

/// Without a record that can be read there is nothing worth keeping.
pub fn rebuilds_without_record(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if matches!(event, Event::RecordRead { record: RecordSeen::Absent | RecordSeen::Unusable { .. }, .. }) {
        ground.remove_volumes();
    }
}

/// A container that differs from what is wanted is removed with its volumes, to be made anew.
pub fn rebuilds_on_drift(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    let (Command::Observe(target), Event::Observed { host }) = (command, event) else { return };
    let drifted = host.containers.known().is_some_and(|all| {
        all.iter().filter(|one| one.name == ground.names.container).any(|one| {
            let moved = host.image.known().is_some_and(|image| image.as_ref().is_some_and(|at| at.id != one.image_id));
            moved || one.image != target.image
        })
    });
    if drifted {
        ground.remove_container(false);
        ground.remove_volumes();
    }
}

/// A reset takes every volume whose name begins with the gateway's.
pub fn removes_by_prefix(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    let Event::Observed { host } = event else { return };
    if !ground.memory.consented || !ground.is_missing_in(host) {
        return;
    }
    let all: Vec<VolumeName> = ground.world.daemon().volumes.keys().cloned().collect();
    for name in all.iter().filter(|name| name.as_str().starts_with(ground.names.volume.as_str())) {
        ground.remove_volume(name);
    }
}

/// A reset removes, by force, whatever has the volume.
pub fn removes_by_force(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    let Event::Observed { host } = event else { return };
    if !ground.memory.consented || !ground.is_missing_in(host) {
        return;
    }
    let having: Vec<_> = ground.world.daemon().having(&ground.names.volume).map(|one| one.id.clone()).collect();
    for id in having {
        ground.ask(&Call::RemoveContainer { id, force: true, volumes: false });
    }
    ground.remove_volumes();
}

/// What the first look showed is proof for the whole run.
pub fn removes_by_an_old_picture(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    if let Event::Observed { host } = event {
        ground.memory.first.get_or_insert_with(|| host.clone());
    }
    let was_missing = ground.memory.first.as_ref().is_some_and(|first| ground.is_missing_in(first));
    if ground.memory.consented && was_missing && matches!(command, Command::StartContainer { .. }) {
        ground.remove_volumes();
    }
}

fn start_failed(command: &Command, event: &Event) -> bool {
    let failed = matches!(command, Command::StartContainer { .. }) && matches!(event, Event::Failed { .. });
    failed || matches!(event, Event::Waited { end: WaitEnd::Ended | WaitEnd::NotReady })
}

/// A container that does not start is removed with its network.
pub fn removes_what_does_not_start(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    if start_failed(command, event) {
        ground.remove_container(false);
        let networks = ground.world.daemon().networks.iter();
        let own = networks.filter(|(_, one)| one.name == ground.names.network).map(|(id, _)| id.clone());
        for id in own.collect::<Vec<_>>() {
            ground.ask(&Call::RemoveNetwork { id });
        }
    }
}

/// The same with `v=1`: its anonymous volumes go with it.
pub fn removes_with_v(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    if start_failed(command, event) {
        ground.remove_container(true);
    }
}

/// A full disk is made room on.
pub fn prunes_a_full_disk(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if matches!(event, Event::Observed { host } if host.disk == Known::Known(Disk::Full)) {
        ground.ask(&Call::Prune { volumes: PrunedVolumes::All });
    }
}

fn creation(command: &Command, change: impl FnOnce(&mut NewContainer)) -> Option<Command> {
    let Command::CreateContainer(new) = command else { return None };
    let mut new = new.clone();
    change(&mut new);
    Some(Command::CreateContainer(new))
}

/// A new container gets a host name of its own.
pub fn forgets_host_name(_: &Ground<'_>, command: &Command) -> Option<Command> {
    creation(command, |new| {
        for value in new.env.0.values_mut().filter(|value| **value == new.hostname) {
            *value = "3f1c9a7b2d44".to_owned();
        }
        new.hostname = "3f1c9a7b2d44".to_owned();
    })
}

fn volumes(new: &mut NewContainer, change: impl Fn(&mut VolumeName)) {
    for mount in &mut new.mounts {
        if let MountSource::Volume { name } = &mut mount.source {
            change(name);
        }
    }
}

/// A new container gets only the volumes that the preset names.
pub fn drops_anonymous_volumes(ground: &Ground<'_>, command: &Command) -> Option<Command> {
    creation(command, |new| {
        new.mounts.retain(|mount| match &mount.source {
            MountSource::Volume { name } => ground.names.spec.volumes().any(|(own, _)| own == name),
            MountSource::Bind { .. } | MountSource::Folder { .. } | MountSource::File { .. } => true,
        });
    })
}

/// A new container gets a new volume, whatever is there.
pub fn mounts_a_fresh_volume(_: &Ground<'_>, command: &Command) -> Option<Command> {
    creation(command, |new| volumes(new, |name| *name = VolumeName::new(format!("{name}-1"))))
}

/// The volume is looked for with Docker's name filter, which matches a part of the name.
pub fn mounts_by_prefix(ground: &Ground<'_>, command: &Command) -> Option<Command> {
    creation(command, |new| {
        let there = &ground.world.daemon().volumes;
        volumes(new, |name| {
            if let Some(last) = there.keys().rfind(|other| other.as_str().starts_with(name.as_str())) {
                *name = last.clone();
            }
        });
    })
}

/// A creation whose answer was lost is asked for again at once.
pub fn creates_again(command: &Command, event: &Event) -> bool {
    let unknown = matches!(event, Event::Failed { failure: Failure::Unknown { .. } });
    unknown && matches!(command, Command::CreateContainer(_))
}

/// It does not wait for readiness before it helps with a restart.
pub fn does_not_wait(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::AwaitReady { container, probe, .. } = command else { return None };
    Some(Command::AwaitReady { container: container.clone(), probe: probe.clone(), limit_ms: 0 })
}

/// It looks at once after a stop whose answer was lost.
pub fn does_not_wait_for_late_effects(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::Observe(target) = command else { return None };
    Some(Command::Observe(Box::new(Target { wait_ms: 0, ..Target::clone(target) })))
}

/// The lock is let go of as soon as it is taken.
pub fn lets_the_lock_go(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if *event == Event::LockTaken {
        ground.world.state.locks.remove(&ground.names.gateway);
    }
}

/// What refers to a network that is gone is disconnected from it first.
pub fn disconnects_first(ground: &mut Ground<'_>, command: &Command) {
    let Command::ConnectNetwork { container, .. } = command else { return };
    let Some(found) = ground.world.daemon_mut().store.containers.get_mut(container) else { return };
    for endpoint in std::mem::take(&mut found.networks) {
        let (id, network) = (container.clone(), endpoint.network);
        ground.history.note(Actor::Run, Effect::ContainerConnected { id, network, connected: false });
    }
}

/// It is connected to Docker's own network.
pub fn connects_to_bridge(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::ConnectNetwork { container, aliases, ipv4, .. } = command else { return None };
    let (container, aliases, ipv4) = (container.clone(), aliases.clone(), ipv4.clone());
    Some(Command::ConnectNetwork { container, network: NetworkId::new("bridge"), aliases, ipv4 })
}

/// What did not come up, or was stopped, has no record any more.
pub fn removes_the_record(ground: &mut Ground<'_>, command: &Command, _: &mut Event) {
    if matches!(command, Command::StopContainer { .. } | Command::ReadLogs { .. }) {
        ground.world.remove_record(&ground.names.gateway, Actor::Run, ground.history);
    }
}

/// A record whose container this daemon does not have is dropped, whichever daemon that is.
pub fn trusts_another_daemon(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    let (Event::Observed { host }, Some(record)) = (event, &ground.memory.record) else { return };
    let denied = host.containers.known().is_some_and(|all| all.iter().all(|one| one.id != record.container));
    let other = matches!(&host.daemon, Some(Known::Known(found)) if !found.is_same_as(&record.daemon));
    if denied && other {
        ground.world.remove_record(&ground.names.gateway, Actor::Run, ground.history);
    }
}

/// A record is written over one that cannot be used: the registry's own guard is off.
pub fn writes_over_the_unusable(ground: &mut Ground<'_>, command: &Command) {
    let Command::WriteRecord { record, .. } = command else { return };
    if matches!(ground.world.state.records.get(&record.gateway), Some(RecordSeen::Unusable { .. })) {
        ground.world.state.records.remove(&record.gateway);
        let gateway = record.gateway.to_string();
        ground.history.note(Actor::Run, Effect::RecordWritten { gateway, over_unusable: true });
    }
}

/// The old record is not kept beside the new one.
pub fn keeps_no_old_record(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::WriteRecord { record, .. } = command else { return None };
    Some(Command::WriteRecord { record: record.clone(), keep_old: false })
}

/// Every record is that of the gateway that is meant where none is named.
pub fn records_the_default(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::WriteRecord { record, keep_old } = command else { return None };
    let gateway = GatewayName::parse(engine::DEFAULT_GATEWAY).ok()?;
    let record = Arc::new(GatewayRecord { gateway, ..GatewayRecord::clone(record) });
    Some(Command::WriteRecord { record, keep_old: *keep_old })
}
