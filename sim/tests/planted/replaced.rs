//! Bugs in replacements, backups and resets. What the engine decides from the picture after each step is not lied to here:
//! most of these are what a host does besides, or instead of, what it was told.

use std::sync::Arc;

use engine::{BackupMade, Command, ContainerId, ContainerName, Event, GatewayRecord, RestartPolicy};
use sim::world::call::Call;
use sim::world::container::Config;

use crate::bug::Ground;

fn id_of(ground: &Ground<'_>, name: &ContainerName) -> Option<ContainerId> {
    ground.world.daemon().named(name).map(|container| container.id.clone())
}

/// Changes what the next container was made with.
fn next_as_made(ground: &mut Ground<'_>, command: &Command, change: impl FnOnce(&mut Config)) {
    if !matches!(command, Command::CreateNext(_)) {
        return;
    }
    let Some(id) = id_of(ground, &ground.names.next()) else { return };
    if let Some(next) = ground.world.daemon_mut().store.containers.get_mut(&id) {
        change(Arc::make_mut(&mut next.config));
    }
}

/// The next container gets only the volumes that the preset names.
pub fn next_without_anonymous_volumes(ground: &mut Ground<'_>, command: &Command, _: &mut Event) {
    let spec = &ground.names.spec;
    next_as_made(ground, command, |config| {
        config.mounts.retain(|mount| mount.volume().is_none_or(|name| spec.volumes().any(|(own, _)| own == name)));
    });
}

/// The next container gets a host name of its own.
pub fn next_under_another_host_name(ground: &mut Ground<'_>, command: &Command, _: &mut Event) {
    next_as_made(ground, command, |config| config.hostname = "3f1c9a7b2d44".to_owned());
}

/// What lives only in the old container is not copied.
pub fn carries_nothing(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::CarryOver { from, to, .. } = command else { return None };
    Some(Command::CarryOver { from: from.clone(), to: to.clone(), paths: Vec::new() })
}

/// The old container goes before anybody knows whether the next one becomes ready.
pub fn removes_the_old_one_first(ground: &mut Ground<'_>, command: &Command) {
    if let (Command::AwaitReady { .. }, Some(id)) = (command, id_of(ground, &ground.names.previous())) {
        ground.ask(&Call::RemoveContainer { id, force: true, volumes: false });
    }
}

/// The old container runs beside the next one.
pub fn starts_both(ground: &mut Ground<'_>, command: &Command) {
    if let (Command::StartContainer { .. }, Some(id)) = (command, id_of(ground, &ground.names.previous())) {
        ground.ask(&Call::Start { id });
    }
}

/// The old container gets its policy back as soon as it is set aside.
pub fn leaves_the_policy(ground: &mut Ground<'_>, command: &Command) {
    if let (Command::WriteRecord { .. }, Some(id)) = (command, id_of(ground, &ground.names.previous())) {
        ground.ask(&Call::SetRestartPolicy { id: id.clone(), policy: RestartPolicy::Always });
    }
    // The next one is given its own right after.
    if let (Command::SetRestartPolicy { .. }, Some(id)) = (command, id_of(ground, &ground.names.previous())) {
        ground.ask(&Call::SetRestartPolicy { id, policy: RestartPolicy::Always });
    }
}

/// The record names the next container before that is ready.
pub fn commits_before_it_is_ready(ground: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::AwaitReady { container, .. } = command else { return None };
    id_of(ground, &ground.names.previous())?;
    let record = GatewayRecord { container: container.clone(), ..(**ground.memory.record.as_ref()?).clone() };
    Some(Command::WriteRecord { record: Arc::new(record), keep_old: false })
}

fn good() -> Event {
    Event::BackedUp { backup: BackupMade { path: "/backups/prod".to_owned(), bytes: 1, lacks: Vec::new() } }
}

/// An archive that breaks off is called a backup.
pub fn calls_any_backup_good(_: &mut Ground<'_>, command: &Command, event: &mut Event) {
    if let (Command::BackUp(_), Event::Failed { .. }) = (command, &event) {
        *event = good();
    }
}

/// No backup is made at all.
pub fn makes_no_backup(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::BackUp(order) = command else { return None };
    Some(Command::ReadLogs { container: order.helper.clone(), lines: 1 })
}

/// And it is said that one was.
pub fn says_that_it_did(_: &mut Ground<'_>, command: &Command, event: &mut Event) {
    if let (Command::BackUp(_), Event::LogsRead { .. }) = (command, &event) {
        *event = good();
    }
}

/// A container goes with its anonymous volumes.
pub fn removes_volumes_too(ground: &mut Ground<'_>, command: &Command) {
    if let Command::RemoveContainer { container } = command {
        ground.ask(&Call::RemoveContainer { id: container.clone(), force: false, volumes: true });
    }
}

/// What is removed is removed by force, whatever it does.
pub fn removes_what_runs(ground: &mut Ground<'_>, command: &Command) {
    if let (Command::StopContainer { container, .. }, Some(_)) = (command, id_of(ground, &ground.names.next())) {
        ground.ask(&Call::RemoveContainer { id: container.clone(), force: true, volumes: false });
    }
}
