//! Bugs in restores and destructions: what a host does besides, or instead of, what it was told.

use std::sync::Arc;

use engine::{Command, Event, GatewayRecord, LABEL_RESTORED, MountSource, MountedSource, RecordSeen, VolumeName};
use sim::world::call::Call;
use sim::world::container::Mounted;
use sim::world::effect::Actor;

use crate::bug::Ground;

/// The backup is also written over what the gateway has.
pub fn restores_over_live_data(ground: &mut Ground<'_>, command: &Command) {
    let Command::Restore(order) = command else { return };
    let live = ground.names.volume.clone();
    let backup = ground.world.state.backups.iter().find(|backup| backup.path == order.backup);
    let Some(files) = backup.and_then(|backup| backup.volumes.get(&live)).cloned() else { return };
    if let Some(helper) = ground.world.daemon_mut().store.containers.get_mut(&order.helper) {
        let source = MountedSource::Volume { name: live };
        Arc::make_mut(&mut helper.config).mounts.push(Mounted { source, path: "/live".to_owned(), writable: true });
    }
    let files = files.into_iter().map(|(path, content)| (format!("/live/{path}"), content)).collect();
    ground.ask(&Call::WriteArchive { id: order.helper.clone(), files });
}

/// A backup is called good whatever is in it.
pub fn calls_any_archive_good(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    let Command::VerifyBackup { backup: path } = command else { return };
    let found = ground.world.state.backups.iter_mut().find(|backup| backup.path == *path && !backup.complete);
    if let (Some(backup), Event::Failed { .. }) = (found, &event) {
        *event = Event::BackupVerified { contents: Box::new(backup.contents()) };
    }
}

/// And is written without another look at it.
pub fn writes_what_it_does_not_read(ground: &mut Ground<'_>, command: &Command) {
    let Command::Restore(order) = command else { return };
    let found = ground.world.state.backups.iter().find(|backup| backup.path == order.backup && !backup.complete);
    let Some(backup) = found.cloned() else { return };
    for one in &order.volumes {
        let files = backup.volumes.get(&one.name).into_iter().flatten();
        let files = files.map(|(path, content)| (format!("{}/{path}", one.at), *content)).collect();
        ground.ask(&Call::WriteArchive { id: order.helper.clone(), files });
    }
}

/// What broke off is called restored.
pub fn calls_the_half_restored(_: &mut Ground<'_>, command: &Command, event: &mut Event) {
    if let (Command::Restore(_), Event::Failed { .. }) = (command, &event) {
        *event = Event::Done;
    }
}

/// What was restored, or was not, is called restored.
pub fn neither_verifies_nor_reads_back(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    calls_any_archive_good(ground, command, event);
    calls_the_half_restored(ground, command, event);
}

/// A new container gets the volume that a restore has begun to write.
pub fn adopts_the_unfinished(ground: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::CreateContainer(new) = command else { return None };
    let record = ground.memory.record.as_ref()?;
    let is_named = |name: &VolumeName| record.set_aside.contains(name) || record.volume_names().contains(name);
    let all = ground.world.daemon().volumes.iter();
    let mut restored = all.filter(|(name, volume)| volume.labels.contains_key(LABEL_RESTORED) && !is_named(name));
    let (unfinished, _) = restored.next()?;
    let mut new = new.clone();
    for mount in &mut new.mounts {
        if let MountSource::Volume { name } = &mut mount.source {
            *name = unfinished.clone();
        }
    }
    Some(Command::CreateContainer(new))
}

/// A destruction takes the volumes along, whether its owner said so or not.
pub fn destroys_without_consent(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    let is_gone = ground.world.daemon().named(&ground.names.container).is_none();
    if let (Command::RemoveContainer { .. }, Event::Done) = (command, &event)
        && ground.memory.destroys
        && is_gone
    {
        ground.remove_volumes();
    }
}

/// What restores have set aside is cleared away by whatever runs next.
pub fn clears_what_is_set_aside(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    let Event::RecordRead { record: RecordSeen::Present { record }, .. } = event else { return };
    if matches!(command, Command::ReadRecord { .. }) && !ground.memory.destroys {
        for name in &record.set_aside {
            ground.remove_volume(name);
        }
    }
}

/// Whatever is not the gateway's volume any more goes when a restore is undone: the old one.
pub fn undoes_the_wrong_volume(ground: &mut Ground<'_>, command: &Command) {
    if matches!(command, Command::BeginRollBack { .. }) && ground.memory.restores {
        ground.remove_volumes();
    }
}

/// The record says nothing of what held the data before.
pub fn forgets_what_is_set_aside(_: &Ground<'_>, command: &Command) -> Option<Command> {
    let Command::WriteRecord { record, keep_old } = command else { return None };
    let record = GatewayRecord { set_aside: Default::default(), ..(**record).clone() };
    Some(Command::WriteRecord { record: Arc::new(record), keep_old: *keep_old })
}

/// The record goes before what it records.
pub fn sets_the_record_aside_first(ground: &mut Ground<'_>, command: &Command) {
    if matches!(command, Command::RemoveVolume { .. }) && ground.memory.destroys {
        let names = ground.names;
        let aside = ground.world.remove_record(&names.gateway, Actor::Run, ground.history);
        ground.world.state.kept.extend(aside);
    }
}
