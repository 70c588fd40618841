//! The rows that ask whether what is seen can be relied on, and whether it is the gateway's own.

use engine::{
    Act, ContainerName, ImageRef, Known, Note, Plan, Readiness, Reason, RecordSeen, Replace, Row, Status, VolumeName,
    Why,
};

use crate::says::Says::{AskIdentity, Do, Keep, Refuse, WaitThen};
use crate::says::cases;
use crate::support::*;

fn nobody_answers() -> World {
    world().but(|world| {
        world.seen.host.containers = timed_out();
        world.seen.host.daemon = Some(timed_out());
    })
}

fn unsettled() -> World {
    let removing = Known::Unknown(Why::Unsettled { status: "removing".to_owned() });
    world().container(own(Status::Exited).but(|own| own.status = removing)).volume(volume(NAME))
}

fn foreign() -> World {
    world().container(own(Status::Exited).but(|own| own.labels = labels("other")))
}

/// Somebody made it by hand: no labels, other image, and this mount.
fn by_hand(volume: &str, path: &str) -> World {
    world().container(own(Status::Exited).but(|own| {
        own.labels.clear();
        own.image = ImageRef::new("busybox:1");
        own.mounts = vec![mount(volume, path)];
    }))
}

/// A gateway that is ready, as of its record, but Docker does not answer.
fn ready_unverified() -> World {
    nobody_answers().record(record()).ready()
}

/// The gateway does not run, its volume is there, and so is this container.
fn beside(stranger: engine::ContainerSeen) -> World {
    world().container(own(Status::Exited)).container(stranger).volume(volume(NAME))
}

cases! {
    docker_does_not_answer: nobody_answers() => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    docker_does_not_answer_a_ready_port_without_record: nobody_answers().ready()
        => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    docker_does_not_answer_and_the_recorded_gateway_does: ready_unverified().looked_enough()
        => Row::DockerUnknown, Keep(Reason::Unverified);
    an_answer_without_the_mark_proves_nothing:
        ready_unverified().readiness(Readiness::Ready { marked: false }).looked_enough()
        => Row::DockerUnknown, Refuse(Reason::DockerUnknown);
    a_gateway_that_was_never_ready_is_not_reused_unverified:
        nobody_answers().record(record().but(|record| record.was_ready = false)).ready().looked_enough()
        => Row::DockerUnknown, Refuse(Reason::DockerUnknown);
    an_answer_on_another_port_proves_nothing:
        ready_unverified().asked(|intent| { intent.typed.port = true; intent.spec.port.host = 9; }).looked_enough()
        => Row::DockerUnknown, Refuse(Reason::DockerUnknown);
    what_was_asked_is_not_called_done_unverified:
        ready_unverified().asked(|intent| intent.replace = Some(Replace::Recreate)).looked_enough()
        => Row::DockerUnknown, Refuse(Reason::DockerUnknown);
    a_status_that_settles_is_waited_for: unsettled() => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    unknown_outranks_a_broken_record: nobody_answers().but(|world| world.seen.record = unusable())
        => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);

    a_broken_record_is_kept: world().but(|world| world.seen.record = unusable())
        => Row::RecordUnusable, Refuse(Reason::RecordUnusable);
    a_broken_record_beside_a_ready_gateway:
        world().container(own(Status::Running)).ready().but(|world| world.seen.record = unusable())
        => Row::RecordUnusable, Refuse(Reason::RecordUnusable);

    another_daemon: world().record(record()).but(|world| world.seen.host.daemon = Some(Known::Known(daemon("two"))))
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    another_storage_driver:
        world().record(record()).but(|world| {
            let mut daemon = daemon("one");
            daemon.storage_driver = "fuse-overlayfs".to_owned();
            world.seen.host.daemon = Some(Known::Known(daemon));
        })
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    another_name_of_the_host_is_the_same_daemon:
        world().volume(volume(NAME)).record(record()).but(|world| {
            let mut daemon = daemon("one");
            daemon.name = "renamed".to_owned();
            world.seen.host.daemon = Some(Known::Known(daemon));
        })
        => Row::VolumesLeft, Do(Act::Adopt);
    the_recorded_container_proves_the_daemon:
        world().container(own(Status::Running)).ready().record(record())
            .but(|world| world.seen.host.daemon = Some(Known::Known(daemon("two"))))
        => Row::Ready, Keep(Reason::Ready);
    the_recorded_id_with_other_mounts_proves_nothing:
        world().container(own(Status::Running).but(|own| own.mounts = vec![mount("other", PATH)])).ready()
            .record(record()).but(|world| world.seen.host.daemon = Some(Known::Known(daemon("two"))))
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    another_daemon_accepted:
        world().record(record()).asked(|intent| intent.accept_daemon = true)
            .but(|world| world.seen.host.daemon = Some(Known::Known(daemon("two"))))
        => Row::Nothing, Do(Act::MakeVolume);
    another_daemon_accepted_is_no_consent_to_remove:
        world().volume(volume(NAME)).record(record())
            .asked(|intent| { intent.accept_daemon = true; intent.reset = Some(consent()); })
            .but(|world| world.seen.host.daemon = Some(Known::Known(daemon("two"))))
        => Row::Reset, Refuse(Reason::NotProved);
    another_daemon_than_the_run_began_with: world().volume(volume(NAME)).began_on("two")
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    another_daemon_than_the_run_began_with_outranks_the_acceptance_of_one:
        world().record(record().but(|record| record.daemon = daemon("three"))).began_on("two")
            .asked(|intent| intent.accept_daemon = true)
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    another_storage_driver_than_the_run_began_with:
        world().began_on("one").but(|world| {
            let mut daemon = daemon("one");
            daemon.storage_driver = "fuse-overlayfs".to_owned();
            world.seen.host.daemon = Some(Known::Known(daemon));
        })
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    the_daemon_that_the_run_began_with: world().volume(volume(NAME)).began_on("one")
        => Row::VolumesLeft, Do(Act::Adopt);
    the_recorded_container_proves_the_daemon_also_within_a_run:
        world().container(own(Status::Running)).ready().record(record()).began_on("two") => Row::Ready, Keep(Reason::Ready);
    docker_falls_silent_after_an_act: nobody_answers().done(Act::Start)
        => Row::DockerUnknown, WaitThen(Reason::DockerLost);
    docker_falls_silent_after_an_act_that_it_did_not_answer: nobody_answers().failed(Act::Start, lost())
        => Row::DockerUnknown, WaitThen(Reason::DockerLost);
    docker_falls_silent_after_a_wait: nobody_answers().done(Act::Await)
        => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    without_a_record_the_daemon_is_asked_who_it_is: world().but(|world| world.seen.host.daemon = None)
        => Row::OtherDaemon, AskIdentity;
    a_missing_container_asks_who_the_daemon_is: world().record(record()).but(|world| world.seen.host.daemon = None)
        => Row::OtherDaemon, AskIdentity;
    a_daemon_that_does_not_say_who_it_is: world().but(|world| world.seen.host.daemon = Some(timed_out()))
        => Row::OtherDaemon, WaitThen(Reason::DockerUnknown);

    a_record_of_another_preset: world().record(record().but(|record| record.spec.preset = other_preset()))
        => Row::NotOurs, Refuse(Reason::OtherPreset);
    a_record_of_another_gateway:
        world().volume(volume(NAME)).record(record().but(|record| {
            record.gateway = engine::GatewayName::parse("other").unwrap();
        }))
        => Row::NotOurs, Refuse(Reason::ForeignContainer);
    a_container_labelled_as_another_gateways: foreign() => Row::NotOurs, Refuse(Reason::ForeignContainer);
    a_container_of_another_preset:
        world().container(own(Status::Running).but(|own| {
            own.labels.insert(LABEL_PRESET.to_owned(), "openshell-gateway".to_owned());
        })).ready()
        => Row::NotOurs, Refuse(Reason::OtherPreset);
    a_stranger_under_the_name: by_hand("its-own", "/x") => Row::NotOurs, Refuse(Reason::ForeignContainer);
    a_stranger_under_the_name_that_has_the_volume_elsewhere: by_hand(NAME, "/backup")
        => Row::NotOurs, Refuse(Reason::ForeignContainer);
    name_and_mount_make_it_ours: by_hand(NAME, PATH).volume(volume(NAME)) => Row::Stopped, Do(Act::Start);
    a_volume_of_another_gateway: world().volume(labelled(NAME, "other"))
        => Row::NotOurs, Refuse(Reason::ForeignContainer);
    a_volume_of_another_preset:
        world().volume(labelled(NAME, "prod").but(|volume| {
            volume.labels.insert(LABEL_PRESET.to_owned(), "openshell-gateway".to_owned());
        }))
        => Row::NotOurs, Refuse(Reason::OtherPreset);
    a_chosen_volume_of_another_gateway:
        world().volume(labelled("old", "other")).asked(|intent| intent.adopt = Some(VolumeName::new("old")))
        => Row::NotOurs, Refuse(Reason::ForeignContainer);
    a_neighbours_volume_is_not_looked_at: world().volume(labelled(NEIGHBOUR, "prod-eu"))
        => Row::Nothing, Do(Act::MakeVolume);

    a_running_stranger_on_the_volume: beside(stranger(Status::Running))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_paused_stranger_on_the_volume: beside(stranger(Status::Paused))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_restarting_stranger_on_the_volume: beside(stranger(Status::Restarting))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_running_stranger_by_the_volumes_folder:
        beside(stranger(Status::Running).but(|it| it.mounts = vec![folder(NAME, "/x")]))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_running_stranger_beside_a_gateway_that_has_the_volume_by_its_folder:
        world().container(own(Status::Exited).but(|own| own.mounts = vec![folder(NAME, PATH)]))
            .container(stranger(Status::Running)).volume(volume(NAME))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_running_stranger_whose_second_mount_is_writable:
        beside(stranger(Status::Running).but(|it| {
            it.mounts = vec![mount(NAME, "/ro"), mount(NAME, "/rw")];
            it.mounts[0].writable = false;
        }))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_running_stranger_on_the_second_volume:
        world().container(own(Status::Exited).but(|own| own.mounts.push(mount("cache", "/cache"))))
            .container(stranger(Status::Running).but(|it| {
                it.mounts = vec![mount(NAME, "/ro"), mount("cache", "/rw")];
                it.mounts[0].writable = false;
            }))
            .volume(volume(NAME))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_running_reader_is_no_writer: beside(stranger(Status::Running).but(|it| it.mounts[0].writable = false))
        => Row::Stopped, Do(Act::Start);
    a_stopped_stranger_is_no_writer: beside(stranger(Status::Exited)) => Row::Stopped, Do(Act::Start);
    a_stranger_of_unknown_status_is_waited_for:
        beside(stranger(Status::Exited).but(|it| it.status = timed_out()))
        => Row::VolumeHeldByWriter, WaitThen(Reason::DockerUnknown);
    a_running_helper_of_ours_is_a_writer_too:
        beside(stranger(Status::Running).but(|it| {
            it.labels = labels("prod");
            it.labels.insert(LABEL_ROLE.to_owned(), "backup".to_owned());
        }))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_running_stranger_on_a_volume_that_the_record_does_not_name:
        world().container(stranger(Status::Running)).volume(volume(NAME))
            .record(record().but(|record| { record.volumes.clear(); record.was_ready = false; }))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);

    the_recorded_volume_is_not_mounted:
        world().container(own(Status::Exited).but(|own| { own.id = id('9'); own.mounts = vec![mount("other", PATH)]; }))
            .volume(volume(NAME)).volume(volume("other")).record(record())
        => Row::WrongVolume, Refuse(Reason::WrongVolume);
    the_recorded_volume_is_not_mounted_by_the_recorded_container:
        world().container(own(Status::Exited).but(|own| own.mounts = vec![mount("other", PATH)]))
            .volume(volume(NAME)).volume(volume("other")).record(record())
        => Row::WrongVolume, Refuse(Reason::WrongVolume);
    the_recorded_volume_is_mounted_elsewhere:
        world().container(own(Status::Running).but(|own| { own.id = id('9'); own.mounts = vec![mount(NAME, "/x")]; }))
            .ready().volume(volume(NAME)).record(record())
        => Row::WrongVolume, Refuse(Reason::WrongVolume);
    a_run_that_was_cut_after_it_adopted_the_chosen_volume_goes_on:
        world()
            .container(own(Status::Created).but(|own| { own.id = id('9'); own.mounts = vec![mount("other", PATH)]; }))
            .volume(volume(NAME)).volume(volume("other")).record(record())
            .asked(|intent| intent.adopt = Some(VolumeName::new("other")))
        => Row::Stopped, Do(Act::Start);
    the_volume_of_the_exact_name_is_not_mounted:
        world().container(own(Status::Exited).but(|own| own.mounts.clear())).volume(volume(NAME))
        => Row::WrongVolume, Refuse(Reason::WrongVolume);
    a_gateway_on_another_volume_where_none_bears_the_name:
        world().container(own(Status::Exited).but(|own| own.mounts = vec![mount("other", PATH)]))
            .volume(volume("other"))
        => Row::Stopped, Do(Act::Start);
    recreation_is_the_way_out_of_a_wrong_volume:
        world().container(own(Status::Exited).but(|own| own.mounts.clear())).volume(volume(NAME))
            .asked(|intent| { intent.replace = Some(Replace::Recreate); intent.leave_behind = true; })
        => Row::Replacement, Do(Act::CreateNext);

    a_reset_of_a_stopped_gateway:
        world().container(own(Status::Exited)).volume(volume(NAME)).asked(|intent| intent.reset = Some(consent()))
        => Row::ResetContainerExists, Refuse(Reason::ResetContainerExists);
    a_reset_of_a_ready_gateway:
        world().container(own(Status::Running)).ready().volume(volume(NAME))
            .asked(|intent| intent.reset = Some(consent()))
        => Row::ResetContainerExists, Refuse(Reason::ResetContainerExists);
}

#[test]
fn beside_a_ready_gateway_a_writer_is_a_warning_that_names_it() {
    let world = world().container(own(Status::Running)).container(stranger(Status::Running)).ready();
    let decision = world.volume(volume(NAME)).decide();
    let Plan::Keep { verdict } = decision.plan else { panic!("{decision:?}") };
    let container = ContainerName::new("stranger");
    assert_eq!(verdict.notes, [Note::SecondWriter { container, volume: VolumeName::new(NAME) }]);
}

#[test]
fn the_record_that_is_absent_is_not_one_that_cannot_be_read() {
    let absent = world().volume(volume(NAME)).container(own(Status::Exited));
    assert_eq!(absent.seen.record, RecordSeen::Absent);
    assert_eq!(absent.decide().row, Row::Stopped);
}
