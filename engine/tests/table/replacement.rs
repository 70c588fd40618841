//! The rows about a replacement: one that was begun, and one that is asked for.

use engine::{
    Act, Because, ContainerName, EndReplacement, Failure, ImageRef, Known, PortHolder, Readiness, Reason, Replace, Row,
    Status,
};

use crate::says::Says::{AskLayer, Do, End, Keep, Refuse, Replace as Replaced, RollBack, WaitThen};
use crate::says::cases;
use crate::support::*;

/// The next was made, and the gateway's own container has not been touched yet.
fn next_made(own_status: Status) -> World {
    world().container(own(own_status)).container(next(Status::Created, &id('1'))).volume(volume(NAME))
}

/// The names were swapped: the next bears the gateway's name, and the old one is set aside.
fn swapped(next_status: Status, old_status: Status) -> World {
    let next = next(next_status, &id('1')).but(|next| next.name = ContainerName::new(NAME));
    world().container(next).container(previous(old_status)).volume(volume(NAME))
}

/// The gateway's container after a replacement that was ended: the labels of its birth stay.
fn replaced_before(status: Status) -> engine::ContainerSeen {
    next(status, &id('7')).but(|own| own.name = ContainerName::new(NAME))
}

fn ready() -> World {
    world().container(own(Status::Running)).ready().volume(volume(NAME)).record(record()).but(|world| {
        world.seen.host.layer = Some(Known::Known(Vec::new()));
        world.tried.note_done(Act::ListBefore);
    })
}

fn looked(world: World) -> World {
    world.asked(|intent| intent.purpose = engine::Purpose::Look)
}

fn image(world: World, reference: &str) -> World {
    world.asked(|intent| {
        intent.typed.image = true;
        intent.spec.image = ImageRef::new(reference);
    })
}

fn no_image() -> World {
    world().but(|world| world.seen.host.image = Known::Known(None))
}

fn replace(world: World, how: Replace) -> World {
    world.asked(|intent| intent.replace = Some(how))
}

fn layer(world: World, path: &str) -> World {
    world.but(|world| world.seen.host.layer = Some(Known::Known(vec![path.to_owned()])))
}

fn on_own(mut world: World, change: impl FnOnce(&mut engine::ContainerSeen)) -> World {
    let Known::Known(containers) = &mut world.seen.host.containers else { panic!("the world is known") };
    change(&mut containers[0]);
    world
}

cases! {
    begun_and_the_old_one_still_runs: next_made(Status::Running).ready()
        => Row::HalfDoneReplacement, RollBack;
    begun_and_the_old_one_is_stopped: next_made(Status::Exited)
        => Row::HalfDoneReplacement, RollBack;
    begun_and_the_old_name_is_free:
        world().container(next(Status::Created, &id('1'))).container(previous(Status::Exited)).volume(volume(NAME))
        => Row::HalfDoneReplacement, RollBack;
    put_back_while_somebody_holds_its_port: next_made(Status::Exited).port(PortHolder::Process { pid: None, command: None })
        .but(|world| {
            world.tried.note_done(Act::CreateNext);
            world.tried.note_rolling_back(Because::PortHeld { port: 8080 }, Vec::new());
        })
        => Row::PortHeld, Refuse(Reason::NotPutBack);
    swapped_and_the_next_is_ready: swapped(Status::Running, Status::Exited).ready().record(record())
        => Row::ReadyWithNotes, Keep(Reason::Drifted);
    swapped_and_the_next_is_ready_and_there_is_no_record: swapped(Status::Running, Status::Exited).ready()
        => Row::HalfDoneReplacement, Do(Act::RemoveOld);
    the_next_one_was_made_and_is_not_shown: ready().done(Act::CreateNext)
        => Row::HalfDoneReplacement, WaitThen(Reason::DockerLost);
    swapped_and_the_next_does_not_run: swapped(Status::Created, Status::Exited)
        => Row::HalfDoneReplacement, RollBack;
    swapped_and_the_next_is_not_ready: swapped(Status::Running, Status::Exited)
        => Row::HalfDoneReplacement, RollBack;
    swapped_and_both_run_after_a_power_cut: swapped(Status::Running, Status::Running)
        => Row::HalfDoneReplacement, RollBack;
    swapped_and_the_next_cannot_be_asked:
        swapped(Status::Running, Status::Exited).but(|world| world.seen.host.readiness = timed_out())
        => Row::HalfDoneReplacement, WaitThen(Reason::DockerUnknown);
    swapped_and_the_old_ones_status_is_unknown:
        world().container(next(Status::Created, &id('1')).but(|next| next.name = ContainerName::new(NAME)))
            .container(previous(Status::Exited).but(|old| old.status = timed_out())).volume(volume(NAME))
        => Row::HalfDoneReplacement, WaitThen(Reason::DockerUnknown);
    begun_and_the_nexts_status_is_unknown:
        world().container(own(Status::Exited))
            .container(next(Status::Created, &id('1')).but(|next| next.status = timed_out()))
            .volume(volume(NAME))
        => Row::HalfDoneReplacement, WaitThen(Reason::DockerUnknown);
    committed_and_the_old_one_is_left:
        swapped(Status::Exited, Status::Exited).record(record().but(|record| record.container = id('3')))
        => Row::HalfDoneReplacement, Do(Act::RemoveOld);
    a_replacement_that_was_ended_is_no_longer_half_done:
        world().container(replaced_before(Status::Exited)).volume(volume(NAME))
        => Row::Stopped, Do(Act::Start);
    renamed_by_hand_after_an_earlier_replacement:
        world().container(replaced_before(Status::Exited).but(|own| own.name = ContainerName::new("old")))
            .volume(volume(NAME)).record(record().but(|record| record.container = id('3')))
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    renamed_by_hand_after_an_earlier_replacement_without_record:
        world().container(replaced_before(Status::Exited).but(|own| own.name = ContainerName::new("old")))
            .volume(volume(NAME))
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    a_next_without_anything_to_roll_back_to: world().container(next(Status::Exited, &id('7'))).volume(volume(NAME))
        => Row::HalfDoneReplacement, Do(Act::TakePlace);
    an_old_one_whose_next_is_gone: world().container(previous(Status::Exited)).volume(volume(NAME))
        => Row::HalfDoneReplacement, Do(Act::PutBack);
    an_old_one_without_its_policy_whose_next_is_gone:
        world().container(previous(Status::Exited).but(|old| old.restart = engine::RestartPolicy::No)).volume(volume(NAME))
        => Row::HalfDoneReplacement, Do(Act::Arm);
    a_next_that_was_never_started_beside_another_gateways_container:
        world().container(own(Status::Exited)).container(next(Status::Created, &id('7'))).volume(volume(NAME))
        => Row::HalfDoneReplacement, Do(Act::RemoveNext);
    a_next_that_ran_beside_another_gateways_container:
        world().container(own(Status::Exited)).container(next(Status::Running, &id('7'))).volume(volume(NAME))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    a_strangers_next_is_a_stranger:
        world().container(own(Status::Exited)).volume(volume(NAME))
            .container(next(Status::Running, &id('1')).but(|next| { next.labels.remove(LABEL_ROLE); }))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    anothers_next_is_none_of_ours:
        world().container(own(Status::Exited)).volume(volume(NAME))
            .container(next(Status::Exited, &id('1')).but(|next| {
                next.labels.insert(engine::LABEL_GATEWAY.to_owned(), "other".to_owned());
            }))
        => Row::Stopped, Do(Act::Start);

    an_image_that_cannot_be_had: no_image().failed(Act::ProvideImage, rejected(404))
        => Row::ImageUnavailable, Refuse(Reason::ImageUnavailable);
    an_image_that_cannot_run_here:
        no_image().failed(Act::ProvideImage, Failure::NotForThisDaemon { message: "it runs arm64".to_owned() })
        => Row::ImageUnavailable, Refuse(Reason::ImageUnfit);
    a_pull_whose_answer_was_lost_is_tried_once_more:
        no_image().failed(Act::ProvideImage, lost())
        => Row::Nothing, Do(Act::ProvideImage);
    a_pull_whose_answer_was_lost_twice:
        no_image().failed(Act::ProvideImage, lost()).failed(Act::ProvideImage, lost())
        => Row::ImageUnavailable, Refuse(Reason::ImageUnavailable);
    a_pull_whose_answer_was_lost_and_which_came_late:
        world().failed(Act::ProvideImage, lost()).failed(Act::ProvideImage, lost())
        => Row::Nothing, Do(Act::MakeVolume);

    an_auto_removed_container_is_not_replaced: on_own(image(ready(), "x:2"), |own| own.auto_remove = true)
        => Row::NotReplaceable, Refuse(Reason::AutoRemove);
    a_managed_container_is_not_replaced:
        on_own(replace(ready(), Replace::Recreate), |own| {
            own.labels.insert("com.docker.compose.project".to_owned(), "p".to_owned());
        })
        => Row::NotReplaceable, Refuse(Reason::ManagedElsewhere);
    nothing_is_replaced_beside_a_writer: replace(ready(), Replace::Recreate).container(stranger(Status::Running))
        => Row::NotReplaceable, Refuse(Reason::VolumeHeld);
    nothing_is_replaced_beside_a_container_of_unknown_status:
        replace(ready(), Replace::Recreate).container(stranger(Status::Exited).but(|it| it.status = timed_out()))
        => Row::NotReplaceable, WaitThen(Reason::DockerUnknown);

    a_replacement_asks_what_the_layer_holds:
        replace(ready(), Replace::Recreate).but(|world| world.seen.host.layer = None)
        => Row::LayerHoldsData, AskLayer;
    a_layer_that_cannot_be_listed:
        replace(ready(), Replace::Recreate).but(|world| world.seen.host.layer = Some(timed_out()))
        => Row::LayerHoldsData, WaitThen(Reason::DockerUnknown);
    a_layer_that_holds_a_file: layer(replace(ready(), Replace::Recreate), "/root/key")
        => Row::LayerHoldsData, Refuse(Reason::LayerHoldsData);
    a_carried_file:
        layer(replace(ready(), Replace::Recreate), "/root/key").asked(|intent| intent.carry.push("/root".to_owned()))
        => Row::Replacement, Do(Act::CreateNext);
    a_file_beside_the_carried_folder: layer(replace(ready(), Replace::Recreate), "/rooted/key")
        .asked(|intent| intent.carry.push("/root".to_owned()))
        => Row::LayerHoldsData, Refuse(Reason::LayerHoldsData);
    carrying_nothing_carries_nothing: layer(replace(ready(), Replace::Recreate), "/root/key")
        .asked(|intent| intent.carry.push(String::new()))
        => Row::LayerHoldsData, Refuse(Reason::LayerHoldsData);
    a_file_left_behind_by_name:
        layer(replace(ready(), Replace::Recreate), "/root/key").asked(|intent| intent.leave_behind = true)
        => Row::Replacement, Do(Act::CreateNext);
    where_something_is_mounted_the_layer_holds_nothing: layer(replace(ready(), Replace::Recreate), PATH)
        => Row::Replacement, Do(Act::CreateNext);

    another_image_typed: image(ready(), "x:2") => Row::Replacement, Do(Act::CreateNext);
    the_same_image_typed: image(ready(), spec().image.as_str()) => Row::Ready, Keep(Reason::Ready);
    another_port_typed: ready().asked(|intent| { intent.typed.port = true; intent.spec.port.host = 9; })
        => Row::Replacement, Do(Act::CreateNext);
    another_port_that_somebody_holds: ready().asked(|intent| { intent.typed.port = true; intent.spec.port.host = 9; })
        .but(|world| world.seen.host.wanted_port = Some(Known::Known(PortHolder::Process { pid: None, command: None })))
        => Row::Replacement, Refuse(Reason::PortHeld);
    another_port_of_which_nobody_knows: ready().asked(|intent| { intent.typed.port = true; intent.spec.port.host = 9; })
        .but(|world| world.seen.host.wanted_port = Some(timed_out()))
        => Row::Replacement, WaitThen(Reason::DockerUnknown);
    another_spec_file: ready().asked(|intent| { intent.typed.spec = true; intent.spec.command.push("-v".to_owned()); })
        => Row::Replacement, Do(Act::CreateNext);
    the_same_spec_file: ready().asked(|intent| intent.typed.spec = true) => Row::Ready, Keep(Reason::Ready);
    a_look_at_a_replacement: looked(replace(ready(), Replace::Recreate)) => Row::Replacement, Replaced;
    a_look_at_one_that_was_begun: looked(next_made(Status::Exited))
        => Row::HalfDoneReplacement, End(EndReplacement::RollBack);
    a_look_at_one_that_is_ready: looked(swapped(Status::Running, Status::Exited).ready().record(record()))
        => Row::HalfDoneReplacement, End(EndReplacement::Finish);
    a_look_at_one_that_is_recorded:
        looked(swapped(Status::Exited, Status::Exited).record(record().but(|record| record.container = id('3'))))
        => Row::HalfDoneReplacement, End(EndReplacement::RemovePrevious);
    sandboxes_are_listed_before_a_replacement:
        replace(ready(), Replace::Recreate).but(|world| world.tried = engine::Tried::default())
        => Row::Replacement, Do(Act::ListBefore);
    a_health_that_cannot_be_asked_tells_nothing_of_the_next_one:
        replace(ready(), Replace::Recreate).but(|world| {
            world.seen.host.readiness = Known::Unknown(engine::Why::NotVisible { what: "no route".to_owned() });
        })
        => Row::Replacement, Refuse(Reason::ReadinessUnknown);
    an_upgrade_to_what_is_there_is_none: replace(ready(), Replace::Upgrade) => Row::Ready, Keep(Reason::Ready);
    the_name_of_a_next_one_that_is_a_strangers:
        replace(ready(), Replace::Recreate)
            .container(stranger(Status::Exited).but(|it| it.name = ContainerName::new(format!("{NAME}-next"))))
        => Row::Replacement, Refuse(Reason::ForeignContainer);

    an_upgrade: replace(ready(), Replace::Upgrade).asked(|intent| intent.spec.image = ImageRef::new("x:2"))
        => Row::Replacement, Do(Act::CreateNext);
    a_re_creation_whatever_the_drift: replace(ready(), Replace::Recreate) => Row::Replacement, Do(Act::CreateNext);
    a_replacement_of_a_stopped_gateway:
        on_own(replace(ready(), Replace::Recreate), |own| own.status = Known::Known(Status::Exited))
            .readiness(Readiness::Unreachable)
        => Row::Replacement, Do(Act::CreateNext);
    an_image_of_unknown_identity_is_waited_for: image(ready(), "x:2").but(|world| world.seen.host.image = timed_out())
        => Row::NotReplaceable, WaitThen(Reason::DockerUnknown);
    another_default_of_a_new_release_is_no_wish:
        ready().but(|world| world.intent.spec.image = ImageRef::new("x:2"))
        => Row::ReadyWithNotes, Keep(Reason::Ready);
}
