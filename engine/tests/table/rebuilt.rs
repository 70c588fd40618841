//! The rows about a restore, and about what an owner does not want any more.

use engine::{Act, Discard, Known, PresetName, Purpose, Reason, Remains, Row, Status, VolumeName};

use crate::says::Says::{AskIdentity, AskLayer, Do, Keep, Refuse, WaitThen};
use crate::says::cases;
use crate::support::*;

fn with_layer(world: World, files: &[&str]) -> World {
    let files = files.iter().map(|file| (*file).to_owned()).collect();
    world.but(|world| world.seen.host.layer = Some(Known::Known(files)))
}

/// The gateway as it was recorded, with nothing in its own layer.
fn gateway_that_is(status: Status) -> World {
    with_layer(world().container(own(status)).volume(volume(NAME)).record(record()), &[])
}

fn restore(world: World) -> World {
    world.asked(|intent| intent.restore = Some("/backups/one".to_owned()))
}

fn verified(world: World) -> World {
    restore(world).done(Act::VerifyBackup).but(|world| world.tried.restoring = Some(backup_contents()))
}

fn made(world: World) -> World {
    verified(world).volume(to_restore_into(RESTORED)).done(Act::MakeRestored)
}

fn restored(world: World) -> World {
    made(world).done(Act::MakeHelper).done(Act::Restore)
}

/// What a restore writes through.
fn helper(of: &str) -> engine::ContainerSeen {
    own(Status::Created).but(|helper| {
        helper.id = id('5');
        helper.name = engine::ContainerName::new(format!("{NAME}-nemoclaw-helper"));
        helper.labels.insert(LABEL_ROLE.to_owned(), "helper".to_owned());
        helper.mounts = vec![mount(of, "/v0")];
        helper.ports.clear();
    })
}

fn destroy(world: World, what: Discard) -> World {
    world.asked(|intent| intent.purpose = Purpose::Destroy(what))
}

fn consented(world: World) -> World {
    world.asked(|intent| intent.consent = Some(consent()))
}

fn no_backup(world: World) -> World {
    world.asked(|intent| intent.no_backup = true)
}

/// Its container is gone, and nobody but this run has removed it.
fn bereaved(world: World) -> World {
    world.but(|world| world.seen.host.remains = Some(Remains::Gone))
}

fn with_one_set_aside(world: World) -> World {
    let one = record().but(|record| {
        record.set_aside.insert(VolumeName::new("older"));
    });
    world.volume(labelled("older", "prod")).record(one)
}

cases! {
    a_restore_verifies_first: restore(gateway_that_is(Status::Running).ready()) => Row::Restore, Do(Act::VerifyBackup);
    a_restore_asks_who_the_daemon_is: restore(gateway_that_is(Status::Exited)).but(|world| world.seen.host.daemon = None)
        => Row::Restore, AskIdentity;
    a_backup_that_cannot_be_used: restore(gateway_that_is(Status::Exited)).failed(Act::VerifyBackup, rejected(500))
        => Row::Restore, Refuse(Reason::BackupUnusable);
    a_backup_of_another_kind: verified(gateway_that_is(Status::Exited))
        .but(|world| world.tried.restoring.as_mut().unwrap().preset = PresetName::new("openshell-gateway"))
        => Row::Restore, Refuse(Reason::OtherPreset);
    a_restore_looks_at_the_layer_first: restore(gateway_that_is(Status::Exited)).but(|world| world.seen.host.layer = None)
        => Row::LayerHoldsData, AskLayer;
    a_restore_would_lose_the_layer: restore(with_layer(gateway_that_is(Status::Exited), &["/etc/key"]))
        => Row::LayerHoldsData, Refuse(Reason::LayerHoldsData);
    a_restore_makes_a_volume: verified(gateway_that_is(Status::Exited)) => Row::Restore, Do(Act::MakeRestored);
    a_restore_waits_for_the_volumes: verified(gateway_that_is(Status::Exited))
        .but(|world| world.seen.host.volumes = timed_out())
        => Row::NotOurs, WaitThen(Reason::DockerUnknown);
    what_another_restore_has_begun_goes: verified(gateway_that_is(Status::Exited)).volume(to_restore_into(RESTORED))
        => Row::Restore, Do(Act::RemoveUnfinished);
    without_a_record_nothing_is_unfinished:
        verified(world().volume(to_restore_into(RESTORED))).volume(volume(NAME))
        => Row::RestoreMissing, Do(Act::MakeHelper);
    a_restore_makes_its_helper: made(gateway_that_is(Status::Exited)) => Row::Restore, Do(Act::MakeHelper);
    a_helper_of_other_volumes_goes: made(gateway_that_is(Status::Exited)).done(Act::MakeHelper).container(helper(NAME))
        => Row::Restore, Do(Act::RemoveHelper);
    a_restore_writes_through_its_helper:
        made(gateway_that_is(Status::Exited)).done(Act::MakeHelper).container(helper(RESTORED))
        => Row::Restore, Do(Act::Restore);
    a_restore_that_failed_removes_its_helper: made(gateway_that_is(Status::Exited))
        .done(Act::MakeHelper)
        .container(helper(RESTORED))
        .failed(Act::Restore, rejected(500))
        => Row::Restore, Do(Act::RemoveHelper);
    a_restore_that_failed_removes_what_it_made: made(gateway_that_is(Status::Exited)).failed(Act::Restore, rejected(500))
        => Row::Restore, Do(Act::RemoveUnfinished);
    a_restore_that_failed: verified(gateway_that_is(Status::Exited)).done(Act::MakeRestored).failed(Act::Restore, rejected(500))
        => Row::Restore, Refuse(Reason::NotRestored);
    what_is_restored_is_switched_to: restored(gateway_that_is(Status::Exited)) => Row::Replacement, Do(Act::CreateNext);
    a_missing_one_is_made_on_what_is_restored: restored(bereaved(world()).record(record()))
        => Row::RestoreMissing, Do(Act::Adopt);
    a_restore_is_the_way_out_where_the_data_is_gone: restore(bereaved(world()).record(record()))
        => Row::RestoreMissing, Do(Act::VerifyBackup);

    a_volume_to_restore_into_is_not_adopted: world().volume(to_restore_into(RESTORED))
        => Row::VolumesAmbiguous, Refuse(Reason::VolumesAmbiguous);
    nor_beside_the_one_of_its_name: bereaved(world().volume(volume(NAME)).volume(to_restore_into(RESTORED)).record(record()))
        => Row::VolumesLeft, Do(Act::Adopt);

    a_destruction_backs_up: destroy(gateway_that_is(Status::Running), Discard::Container)
        => Row::Destroy, Do(Act::MakeHelper);
    a_destruction_writes_down_what_goes:
        destroy(with_layer(world().container(own(Status::Exited)).volume(volume(NAME)), &[]), Discard::Container)
        => Row::Destroy, Do(Act::Record);
    a_destruction_stops: no_backup(destroy(gateway_that_is(Status::Running), Discard::Container)) => Row::Destroy, Do(Act::Stop);
    a_destruction_removes: no_backup(destroy(gateway_that_is(Status::Exited), Discard::Container))
        => Row::Destroy, Do(Act::RemoveOwn);
    a_destruction_would_lose_the_layer:
        destroy(with_layer(gateway_that_is(Status::Exited), &["/etc/key"]), Discard::Container)
        => Row::Destroy, Refuse(Reason::LayerHoldsData);
    a_destruction_asks_for_the_layer:
        destroy(gateway_that_is(Status::Exited), Discard::Container).but(|world| world.seen.host.layer = None)
        => Row::Destroy, AskLayer;
    one_that_is_managed_elsewhere:
        destroy(world().container(own(Status::Exited).but(|own| {
            own.labels.insert("com.docker.compose.project".to_owned(), "x".to_owned());
        })).record(record()), Discard::Container)
        => Row::Destroy, Refuse(Reason::ManagedElsewhere);
    one_that_would_be_removed_by_its_stop:
        destroy(world().container(own(Status::Running).but(|own| own.auto_remove = true)).record(record()), Discard::Container)
        => Row::Destroy, Refuse(Reason::AutoRemove);
    somebody_writes_to_its_volume:
        destroy(gateway_that_is(Status::Exited).container(stranger(Status::Running)), Discard::Container)
        => Row::Destroy, Refuse(Reason::VolumeHeld);
    its_volumes_without_consent: destroy(gateway_that_is(Status::Exited), Discard::Volumes)
        => Row::Destroy, Refuse(Reason::NotProved);
    its_volumes_after_its_container:
        no_backup(consented(destroy(bereaved(world().volume(volume(NAME)).record(record())), Discard::Volumes)))
        => Row::Destroy, Do(Act::RemoveVolume);
    its_volumes_are_backed_up_first:
        consented(destroy(bereaved(world().volume(volume(NAME)).record(record())), Discard::Volumes))
        => Row::Destroy, Do(Act::MakeHelper);
    its_volumes_are_left_without_being_asked_for:
        destroy(bereaved(world().volume(volume(NAME)).record(record())).but(|world| world.seen.host.networks = Known::Known(Vec::new())), Discard::Container)
        => Row::Destroy, Keep(Reason::AsAsked);
    a_container_that_docker_denies:
        consented(destroy(world().volume(volume(NAME)).record(record()).but(|world| world.seen.host.remains = Some(Remains::There)), Discard::Volumes))
        => Row::Destroy, Refuse(Reason::ContainerHidden);
    what_is_set_aside_comes_before_all_volumes: consented(destroy(with_one_set_aside(gateway_that_is(Status::Exited)), Discard::Volumes))
        => Row::Destroy, Refuse(Reason::SetAsideLeft);

    what_is_set_aside_goes: consented(destroy(with_one_set_aside(gateway_that_is(Status::Running)), Discard::SetAside))
        => Row::SetAside, Do(Act::RemoveVolume);
    what_is_set_aside_without_consent: destroy(with_one_set_aside(gateway_that_is(Status::Running)), Discard::SetAside)
        => Row::SetAside, Refuse(Reason::NotProved);
    what_is_set_aside_and_mounted: consented(destroy(with_one_set_aside(gateway_that_is(Status::Running)), Discard::SetAside))
        .container(stranger(Status::Exited).but(|it| it.mounts = vec![mount("older", "/x")]))
        => Row::SetAside, Refuse(Reason::NotProved);
    nothing_is_set_aside: consented(destroy(gateway_that_is(Status::Running), Discard::SetAside))
        => Row::SetAside, Keep(Reason::AsAsked);
}
