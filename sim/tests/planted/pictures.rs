//! Bugs in what a look is taken to mean: the answer says one thing, and something else is read.

use engine::{Command, Event, HostSeen, Known, PortHolder, Readiness, RecordSeen, Status, WaitEnd, Why};

use crate::bug::Ground;

fn picture(event: &mut Event) -> Option<&mut HostSeen> {
    if let Event::Observed { host } = event { Some(host) } else { None }
}

/// The list of containers without those that do not run: `docker ps` without `-a`.
pub fn lists_only_running(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(HostSeen { containers: Known::Known(all), .. }) = picture(event) {
        all.retain(|one| one.status == Known::Known(Status::Running));
    }
}

/// What does not run is missing, and what a missing container leaves behind is cleaned up.
pub fn stopped_is_missing(ground: &mut Ground<'_>, command: &Command, event: &mut Event) {
    lists_only_running(ground, command, event);
    clean_up(ground, event);
}

fn clean_up(ground: &mut Ground<'_>, event: &mut Event) {
    if picture(event).is_some_and(|host| ground.is_missing_in(host)) {
        ground.remove_volumes();
    }
}

/// No answer is read as "there is none", and cleaned up after.
pub fn unknown_is_missing(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    missing_where(ground, event, |_| true);
}

/// An answer that takes too long is.
pub fn time_out_is_missing(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    missing_where(ground, event, |why| matches!(why, Why::TimedOut { .. }));
}

/// A refused connection is.
pub fn refused_is_missing(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    missing_where(ground, event, |why| matches!(why, Why::NotListening { .. }));
}

/// A 404 is, whoever says it.
pub fn any_404_is_missing(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    missing_where(ground, event, |why| matches!(why, Why::BadStatus { status: 404, .. }));
}

/// What list and inspect disagree about is.
pub fn contradiction_is_missing(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    missing_where(ground, event, |why| matches!(why, Why::Contradiction { .. }));
}

fn missing_where(ground: &mut Ground<'_>, event: &mut Event, is_missing: impl Fn(&Why) -> bool) {
    if let Some(host) = picture(event)
        && let Known::Unknown(why) = &host.containers
        && is_missing(why)
    {
        host.containers = Known::Known(Vec::new());
        clean_up(ground, event);
    }
}

/// The first picture of a run is kept, and never taken again.
pub fn picture_is_kept(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(host) = picture(event) {
        match &ground.memory.first {
            Some(first) => host.clone_from(first),
            None => ground.memory.first = Some(Box::new(host.clone())),
        }
    }
}

/// A frozen container is taken for one that ended.
pub fn paused_is_exited(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(HostSeen { containers: Known::Known(all), .. }) = picture(event) {
        for one in all.iter_mut().filter(|one| one.status == Known::Known(Status::Paused)) {
            one.status = Known::Known(Status::Exited);
        }
    }
}

/// Nobody looks who else has the volumes.
pub fn only_own_is_seen(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(HostSeen { containers: Known::Known(all), .. }) = picture(event) {
        all.retain(|one| one.name == ground.names.container);
    }
}

/// Whatever bears the gateway's name is the gateway.
pub fn name_is_enough(ground: &mut Ground<'_>, _: &Command, event: &mut Event) {
    let Some(HostSeen { containers: Known::Known(all), .. }) = picture(event) else { return };
    for one in all.iter_mut().filter(|one| one.name == ground.names.container) {
        one.image = ground.names.image.clone();
        one.labels.clear();
    }
}

/// Nobody looks who holds the port.
pub fn port_is_free(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(host) = picture(event) {
        host.port = Known::Known(PortHolder::Free);
        host.health_port = host.health_port.take().map(|_| Known::Known(PortHolder::Free));
    }
}

/// Nobody looks whether there is room.
pub fn disk_has_room(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(host) = picture(event) {
        host.disk = Known::Known(engine::Disk::Room);
    }
}

/// Nobody looks whether Docker removes the container once it ends.
pub fn never_auto_removed(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(HostSeen { containers: Known::Known(all), .. }) = picture(event) {
        all.iter_mut().for_each(|one| one.auto_remove = false);
    }
}

/// What runs is ready.
pub fn running_is_ready(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Event::Waited { end } = event {
        *end = WaitEnd::Ready;
    }
    if let Some(host) = picture(event) {
        host.readiness = Known::Known(Readiness::Ready { marked: true });
    }
}

/// A probe that could not be made says "not ready".
pub fn unsure_is_not_ready(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Some(host) = picture(event)
        && host.readiness.known().is_none()
    {
        host.readiness = Known::Known(Readiness::NotReady { status: 503 });
    }
}

/// A record that cannot be read is none.
pub fn corrupt_is_absent(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Event::RecordRead { record: record @ RecordSeen::Unusable { .. }, .. } = event {
        *record = RecordSeen::Absent;
    }
}

/// A list of sandboxes that could not be had is empty.
pub fn no_list_is_empty(_: &mut Ground<'_>, _: &Command, event: &mut Event) {
    if let Event::SandboxesListed { sandboxes: sandboxes @ Known::Unknown(_) } = event {
        *sandboxes = Known::Known(Default::default());
    }
}
