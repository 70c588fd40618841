//! The rows about a gateway whose container is missing.

use engine::{
    Act, Command, ContainerName, Known, MountSource, MountSpec, NewContainer, Plan, PortSpec, Reason, RecordedVolume,
    Refusal, Remains, Row, Status, VolumeName,
};

use crate::says::Says::{Do, Refuse, Reset, WaitThen};
use crate::says::cases;
use crate::support::*;

/// Its volume outlived its container.
fn left() -> World {
    world().volume(volume(NAME))
}

fn adopt(world: World, volume: &str) -> World {
    world.asked(|intent| intent.adopt = Some(VolumeName::new(volume)))
}

fn reset(world: World) -> World {
    world.asked(|intent| intent.reset = Some(consent()))
}

/// The gateway's own container under another name.
fn renamed(status: Status) -> engine::ContainerSeen {
    own(status).but(|own| own.name = ContainerName::new("old"))
}

/// A record with a second volume.
fn two_volumes() -> engine::GatewayRecord {
    record().but(|record| {
        record.volumes.push(RecordedVolume { name: VolumeName::new("anonymous"), path: "/cache".to_owned() });
    })
}

fn rename_to(world: &World) -> Option<ContainerName> {
    let decision = world.decide();
    let Plan::Refuse { refusal: Refusal::VolumeHeld { rename_to, .. } } = decision.plan else { panic!("{decision:?}") };
    rename_to
}

fn created(world: &World) -> NewContainer {
    let decision = world.decide();
    let Plan::Perform { step: Command::CreateContainer(new), .. } = decision.plan else { panic!("{decision:?}") };
    *new
}

/// The helper that a backup of the gateway's volume is made through.
fn helper() -> engine::ContainerSeen {
    own(Status::Created).but(|helper| {
        helper.id = id('5');
        helper.name = ContainerName::new(format!("{NAME}-nemoclaw-helper"));
        helper.labels.insert(LABEL_ROLE.to_owned(), "helper".to_owned());
        helper.mounts = vec![mount(NAME, "/v0")];
        helper.ports.clear();
    })
}

fn looked(world: World) -> World {
    world.asked(|intent| intent.purpose = engine::Purpose::Look)
}

fn no_backup(world: World) -> World {
    world.asked(|intent| intent.no_backup = true)
}

/// Its volume is in the backup that this run has made.
fn copied(world: World) -> World {
    let held = |world: &mut World| {
        world.tried.backed_up.insert(VolumeName::new(NAME));
    };
    world.done(Act::MakeHelper).done(Act::BackUp).but(held)
}

cases! {
    renamed_by_hand: left().container(renamed(Status::Exited)) => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    renamed_by_hand_with_its_record: left().container(renamed(Status::Exited)).record(record())
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    renamed_and_running: left().container(renamed(Status::Running))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_strangers_exited_one: left().container(stranger(Status::Exited))
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    a_strangers_exited_one_by_folder:
        left().container(stranger(Status::Exited).but(|it| it.mounts = vec![folder(NAME, "/x")]))
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    a_strangers_exited_one_whose_volume_was_chosen: adopt(left().container(stranger(Status::Exited)), NAME)
        => Row::VolumesLeft, Do(Act::Adopt);
    a_strangers_exited_one_that_has_both_volumes:
        adopt(left().volume(volume("anonymous")).record(two_volumes()).container(stranger(Status::Exited).but(|it| {
            it.mounts.push(mount("anonymous", "/x"));
        })), NAME)
        => Row::VolumesLeft, Do(Act::Adopt);
    a_renamed_one_whose_volume_was_chosen: adopt(left().container(renamed(Status::Exited)), NAME)
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    a_reset_beside_a_renamed_one: reset(left().container(renamed(Status::Exited)))
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);

    another_store_of_the_daemon_that_was_accepted:
        world().record(record().but(|record| record.daemon.storage_driver = "vfs".to_owned()))
            .asked(|intent| intent.accept_daemon = true)
            .but(|world| world.seen.host.remains = Some(Remains::There))
        => Row::ContainerHidden, Refuse(Reason::ContainerHidden);
    a_daemon_that_denies_what_is_on_the_disk:
        left().record(record()).but(|world| world.seen.host.remains = Some(Remains::There))
        => Row::ContainerHidden, Refuse(Reason::ContainerHidden);
    a_reset_where_the_container_is_on_the_disk:
        reset(left().record(record())).but(|world| world.seen.host.remains = Some(Remains::There))
        => Row::ContainerHidden, Refuse(Reason::ContainerHidden);
    nobody_said_whether_it_is_on_the_disk: left().record(record()).but(|world| world.seen.host.remains = None)
        => Row::ContainerHidden, WaitThen(Reason::DockerUnknown);

    several_labelled_volumes: world().volume(labelled("one", "prod")).volume(labelled("two", "prod"))
        => Row::VolumesAmbiguous, Refuse(Reason::VolumesAmbiguous);
    the_exact_name_and_a_labelled_one_both_labelled:
        world().volume(labelled(NAME, "prod")).volume(labelled("two", "prod"))
        => Row::VolumesAmbiguous, Refuse(Reason::VolumesAmbiguous);
    the_label_decides: left().volume(labelled("two", "prod")) => Row::VolumesLeft, Do(Act::Adopt);
    the_record_decides: world().volume(labelled(NAME, "prod")).volume(labelled("two", "prod")).record(record())
        => Row::VolumesLeft, Do(Act::Adopt);
    the_owner_decides: adopt(world().volume(labelled("one", "prod")).volume(labelled("two", "prod")), "two")
        => Row::VolumesLeft, Do(Act::Adopt);
    the_chosen_volume_is_not_there: adopt(left(), "gone") => Row::VolumesAmbiguous, Refuse(Reason::NoSuchVolume);
    a_reset_does_not_decide: reset(world().volume(labelled("one", "prod")).volume(labelled("two", "prod")))
        => Row::VolumesAmbiguous, Refuse(Reason::VolumesAmbiguous);

    its_data_is_gone_too: world().record(record()) => Row::DataGone, Refuse(Reason::DataGone);
    a_part_of_its_data_is_gone: left().record(two_volumes()) => Row::DataGone, Refuse(Reason::DataGone);
    it_was_ready_once_and_nothing_is_there: world().record(record().but(|record| record.volumes.clear()))
        => Row::DataGone, Refuse(Reason::DataGone);
    its_volumes_are_unknown: left().record(record()).but(|world| world.seen.host.volumes = timed_out())
        => Row::NotOurs, WaitThen(Reason::DockerUnknown);
    its_data_is_gone_and_it_begins_anew: reset(world().record(record())) => Row::Nothing, Do(Act::MakeVolume);

    its_volume_was_left: left() => Row::VolumesLeft, Do(Act::Adopt);
    its_volume_was_left_with_its_record: left().record(record()) => Row::VolumesLeft, Do(Act::Adopt);
    its_volume_was_left_and_the_image_is_not_at_hand: left().but(|world| world.seen.host.image = Known::Known(None))
        => Row::VolumesLeft, Do(Act::ProvideImage);
    its_volume_was_left_and_its_network_is_gone: left().but(|world| world.seen.host.networks = Known::Known(Vec::new()))
        => Row::VolumesLeft, Do(Act::MakeNetwork);
    its_volume_was_left_and_the_image_is_unknown: left().but(|world| world.seen.host.image = timed_out())
        => Row::VolumesLeft, WaitThen(Reason::DockerUnknown);

    a_look_at_a_reset_with_consent: looked(reset(left())) => Row::Reset, Reset(1);
    a_look_at_a_reset_of_all_that_the_record_names:
        looked(reset(left().volume(volume("anonymous")).record(two_volumes())))
        => Row::Reset, Reset(2);
    a_look_at_a_reset_where_a_part_is_gone: looked(reset(left().record(two_volumes()))) => Row::Reset, Reset(1);
    a_reset_begins_with_a_backup: reset(left()) => Row::Reset, Do(Act::MakeHelper);
    a_reset_whose_helper_lacks_its_image: reset(left()).failed(Act::MakeHelper, rejected(404))
        => Row::Reset, Do(Act::ProvideEmptyImage);
    a_reset_copies_through_its_helper: reset(left()).container(helper()).done(Act::MakeHelper)
        => Row::Reset, Do(Act::BackUp);
    a_reset_whose_volume_was_copied: reset(left()).container(helper()).done(Act::MakeHelper).done(Act::BackUp)
        => Row::Reset, Do(Act::RemoveHelper);
    a_reset_after_its_backup: copied(reset(left())).done(Act::RemoveHelper)
        => Row::Reset, Do(Act::RemoveVolume);
    a_reset_after_a_backup_of_another: reset(left()).done(Act::MakeHelper).done(Act::BackUp).done(Act::RemoveHelper)
        => Row::Reset, Refuse(Reason::NotBackedUp);
    a_reset_whose_backup_failed: reset(left()).container(helper()).done(Act::MakeHelper).failed(Act::BackUp, rejected(500))
        => Row::Reset, Do(Act::RemoveHelper);
    a_reset_without_its_backup: reset(left()).failed(Act::BackUp, rejected(500)).done(Act::RemoveHelper)
        => Row::Reset, Refuse(Reason::NotBackedUp);
    a_reset_whose_backup_was_waived: no_backup(reset(left())) => Row::Reset, Do(Act::RemoveVolume);
    a_backup_is_not_waived_where_the_data_root_cannot_be_read:
        no_backup(reset(left().record(record()))).but(|world| world.seen.host.remains = Some(Remains::NotVisible))
        => Row::Reset, Do(Act::MakeHelper);
    a_volume_that_cannot_be_removed: no_backup(reset(left())).failed(Act::RemoveVolume, rejected(403))
        => Row::Reset, Refuse(Reason::NotRemoved);
    a_helper_that_another_run_has_left: left().container(helper()) => Row::LeftOverHelper, Do(Act::RemoveHelper);
    a_look_leaves_a_helper: looked(left().container(helper())) => Row::VolumesLeft, Do(Act::Adopt);
    a_reset_beside_a_hidden_user_of_the_volume:
        reset(left()).container(stranger(Status::Exited).but(|it| it.mounts.clear()))
        => Row::Reset, Refuse(Reason::NotProved);
    a_reset_does_not_take_a_volume_that_was_only_chosen:
        adopt(reset(world().volume(volume("my-database"))), "my-database")
        => Row::Reset, Refuse(Reason::NotProved);

    nothing_is_there: world() => Row::Nothing, Do(Act::MakeVolume);
    nothing_is_there_and_the_image_is_not_at_hand: world().but(|world| world.seen.host.image = Known::Known(None))
        => Row::Nothing, Do(Act::ProvideImage);
    nothing_is_there_and_the_volume_was_just_made: left().done(Act::MakeVolume) => Row::Nothing, Do(Act::Create);
    never_ready_and_never_a_volume:
        world().record(record().but(|record| { record.volumes.clear(); record.was_ready = false; }))
        => Row::Nothing, Do(Act::MakeVolume);
    nothing_may_be_made: world().failed(Act::MakeVolume, rejected(403)) => Row::Nothing, Refuse(Reason::NotCreated);
    a_name_taken_by_our_own_late_request: left().done(Act::MakeVolume).failed(Act::Create, rejected(409))
        => Row::Nothing, Do(Act::Create);
    removed_right_after_it_was_made: left().done(Act::MakeVolume).done(Act::Create)
        => Row::Nothing, Refuse(Reason::NotCreated);
}

#[test]
fn only_its_own_container_is_advised_to_be_renamed() {
    let name = Some(ContainerName::new(NAME));
    assert_eq!(rename_to(&left().container(renamed(Status::Exited))), name);
    let unlabelled = renamed(Status::Exited).but(|own| own.labels.clear());
    assert_eq!(rename_to(&left().container(unlabelled.clone())), name, "by image repository and mount path");
    assert_eq!(rename_to(&left().container(unlabelled.but(|own| own.mounts[0].path = "/x".to_owned()))), None);
    assert_eq!(rename_to(&left().container(stranger(Status::Exited))), None);
}

#[test]
fn adoption_takes_every_recorded_volume_and_the_recorded_node_name() {
    let record = two_volumes().but(|record| record.node_name = "as-recorded".to_owned());
    let new = created(&left().volume(volume("anonymous")).record(record));
    let volume = |name: &str, path: &str| MountSpec {
        source: MountSource::Volume { name: VolumeName::new(name) },
        path: path.to_owned(),
        read_only: false,
    };
    assert_eq!(new.mounts, [volume(NAME, PATH), volume("anonymous", "/cache")]);
    assert_eq!((new.hostname.as_str(), new.env.0["OPENSHELL_NODE_NAME"].as_str()), ("as-recorded", "as-recorded"));
}

#[test]
fn without_a_record_the_node_name_is_the_volumes_else_the_presets() {
    let told = labelled(NAME, "prod").but(|volume| {
        volume.labels.insert(LABEL_NODE_NAME.to_owned(), "at-birth".to_owned());
    });
    assert_eq!(created(&world().volume(told)).hostname, "at-birth");
    assert_eq!(created(&left()).hostname, spec().node_name);
}

#[test]
fn without_a_record_a_volume_is_adopted_as_the_spec_of_its_birth_says() {
    let mut earlier = world().asked(|intent| {
        intent.typed.spec = true;
        intent.spec.image = engine::ImageRef::new("earlier:1");
    });
    let decision = earlier.decide();
    let Plan::Perform { step: Command::CreateVolume { labels, .. }, .. } = decision.plan else {
        panic!("{decision:?}")
    };
    earlier = world().volume(volume(NAME).but(|volume| volume.labels = labels));
    let port = PortSpec { ..spec().port };
    earlier.seen.asked = engine::Asked { image: engine::ImageRef::new("earlier:1"), port };
    assert_eq!(created(&earlier).image.as_str(), "earlier:1");
}

#[test]
fn a_volume_that_is_there_is_never_made_again_and_never_found_by_prefix() {
    let neighbours = world().volume(labelled(NEIGHBOUR, "prod-eu"));
    let Plan::Perform { step: Command::CreateVolume { name, .. }, .. } = neighbours.decide().plan else {
        panic!("{:?}", neighbours.decide())
    };
    assert_eq!(name.as_str(), NAME);
}

#[test]
fn no_volume_is_mounted_at_two_paths() {
    let two = |intent: &mut engine::Intent| {
        let source = MountSource::Volume { name: VolumeName::new("cache") };
        intent.typed.spec = true;
        intent.spec.mounts.push(MountSpec { source, path: "/cache".to_owned(), read_only: false });
    };
    let new = created(&world().volume(labelled("one", "prod")).volume(volume("cache")).asked(two));
    let names: Vec<_> = new.mounts.iter().map(|mount| mount.source.clone()).collect();
    let volume = |name: &str| MountSource::Volume { name: VolumeName::new(name) };
    assert_eq!(names, [volume("one"), volume("cache")]);
}
