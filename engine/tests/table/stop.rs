//! The rows of a stop, and what the table says where only a start was asked for.

use engine::{
    Act, Command, ContainerName, Known, Plan, PortHolder, Purpose, Readiness, Reason, Refusal, Row, Status, Trouble,
    VolumeName, WaitEnd, Why,
};

use crate::says::Says::{Do, Keep, Refuse, WaitThen};
use crate::says::cases;
use crate::support::*;

fn to(purpose: Purpose, world: World) -> World {
    world.but(|world| world.intent.purpose = purpose)
}

fn stop(world: World) -> World {
    to(Purpose::Stop, world)
}

fn start(world: World) -> World {
    to(Purpose::Start, world)
}

/// The gateway with its container in this status, its volume and its record.
fn gateway_that_is(status: Status) -> World {
    world().container(own(status)).volume(volume(NAME)).record(record())
}

fn changed(world: World, change: impl FnOnce(&mut engine::ContainerSeen)) -> World {
    world.but(|world| {
        let Known::Known(containers) = &mut world.seen.host.containers else { panic!("the world is known") };
        change(&mut containers[0]);
    })
}

fn being_removed() -> World {
    changed(gateway_that_is(Status::Exited), |own| {
        own.status = Known::Unknown(Why::Unsettled { status: "removing".to_owned() });
    })
}

/// Its volume outlived it, with its record.
fn left() -> World {
    world().volume(volume(NAME)).record(record())
}

fn waited(world: World, end: WaitEnd) -> World {
    world.done(Act::Await).but(|world| world.tried.waited = Some(end))
}

fn half_done() -> World {
    world().container(own(Status::Running)).container(next(Status::Created, &id('1'))).volume(volume(NAME))
}

cases! {
    stop_a_running_one: stop(gateway_that_is(Status::Running)) => Row::Stop, Do(Act::Stop);
    stop_a_restarting_one: stop(gateway_that_is(Status::Restarting)) => Row::Stop, Do(Act::Stop);
    stop_a_paused_one: stop(gateway_that_is(Status::Paused)) => Row::Stop, Do(Act::Unpause);
    stop_an_unpaused_one: stop(gateway_that_is(Status::Running)).done(Act::Unpause) => Row::Stop, Do(Act::Stop);
    stop_a_created_one: stop(gateway_that_is(Status::Created)) => Row::Stop, Keep(Reason::AsAsked);
    stop_an_exited_one: stop(gateway_that_is(Status::Exited)) => Row::Stop, Keep(Reason::AsAsked);
    stop_a_dead_one: stop(gateway_that_is(Status::Dead)) => Row::Stop, Keep(Reason::AsAsked);
    stop_one_that_is_being_removed: stop(being_removed()) => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    stop_one_that_is_missing: stop(left()) => Row::Stop, Refuse(Reason::Missing);
    stop_where_nothing_is: stop(world()) => Row::Stop, Refuse(Reason::Missing);
    stop_a_renamed_one:
        stop(left().container(own(Status::Running).but(|own| own.name = ContainerName::new("old"))))
        => Row::Stop, Refuse(Reason::Missing);
    stop_an_auto_removed_one: stop(changed(gateway_that_is(Status::Running), |own| own.auto_remove = true))
        => Row::Stop, Refuse(Reason::AutoRemove);
    stop_an_auto_removed_paused_one: stop(changed(gateway_that_is(Status::Paused), |own| own.auto_remove = true))
        => Row::Stop, Refuse(Reason::AutoRemove);
    stop_an_auto_removed_one_that_never_ran:
        stop(changed(gateway_that_is(Status::Created), |own| own.auto_remove = true))
        => Row::Stop, Keep(Reason::AsAsked);
    stop_a_foreign_one:
        stop(world().container(own(Status::Running).but(|own| own.labels = labels("other"))).volume(volume(NAME)))
        => Row::NotOurs, Refuse(Reason::ForeignContainer);
    stop_another_presets:
        stop(world().container(own(Status::Running).but(|own| {
            own.labels.insert(LABEL_PRESET.to_owned(), "openshell-gateway".to_owned());
        })))
        => Row::NotOurs, Refuse(Reason::OtherPreset);
    stop_one_that_others_made: stop(world().container(own(Status::Running).but(|own| own.labels.clear())))
        => Row::Stop, Do(Act::Stop);
    stop_one_of_docker_compose:
        stop(changed(gateway_that_is(Status::Running), |own| {
            own.labels.insert("com.docker.compose.project".to_owned(), "p".to_owned());
        }))
        => Row::Stop, Do(Act::Stop);
    stop_one_with_the_wrong_volume:
        stop(changed(gateway_that_is(Status::Running), |own| own.mounts = vec![mount("other", PATH)]))
        => Row::Stop, Do(Act::Stop);
    stop_beside_another_writer: stop(gateway_that_is(Status::Running).container(stranger(Status::Running)))
        => Row::Stop, Do(Act::Stop);
    nothing_is_woken_beside_another_writer:
        stop(gateway_that_is(Status::Paused).container(stranger(Status::Running)))
        => Row::Stop, Refuse(Reason::VolumeHeld);
    nothing_is_woken_beside_one_of_unknown_status:
        stop(gateway_that_is(Status::Paused).container(stranger(Status::Running).but(|it| it.status = timed_out())))
        => Row::Stop, WaitThen(Reason::DockerUnknown);
    stop_with_docker_unknown: stop(gateway_that_is(Status::Running)).but(|world| world.seen.host.containers = timed_out())
        => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    stop_with_docker_unknown_though_it_answers:
        stop(gateway_that_is(Status::Running).ready()).but(|world| world.seen.host.containers = timed_out())
        => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    stop_with_an_unusable_record: stop(gateway_that_is(Status::Running)).but(|world| world.seen.record = unusable())
        => Row::RecordUnusable, Refuse(Reason::RecordUnusable);
    stop_at_another_daemon:
        stop(left()).but(|world| world.seen.host.daemon = Some(Known::Known(daemon("two"))))
        => Row::OtherDaemon, Refuse(Reason::OtherDaemon);
    stop_with_a_replacement_half_done: stop(half_done())
        => Row::HalfDoneReplacement, Refuse(Reason::HalfDone);
    stop_asks_nothing_of_health_port_disk_or_volumes:
        stop(gateway_that_is(Status::Running).ready()).but(|world| {
            let host = &mut world.seen.host;
            host.disk = timed_out();
            host.port = timed_out();
            host.networks = timed_out();
            host.image = timed_out();
            host.lacking = timed_out();
        })
        => Row::Stop, Do(Act::Stop);
    a_lost_stop_is_tried_once_more: stop(gateway_that_is(Status::Running)).failed(Act::Stop, lost())
        => Row::Stop, Do(Act::Stop);
    a_stop_that_was_lost_twice: stop(gateway_that_is(Status::Running)).failed(Act::Stop, lost()).failed(Act::Stop, lost())
        => Row::Stop, Refuse(Reason::NotStopped);
    a_stop_that_was_lost_twice_and_done:
        stop(gateway_that_is(Status::Exited)).failed(Act::Stop, lost()).failed(Act::Stop, lost())
        => Row::Stop, Keep(Reason::AsAsked);
    a_stop_that_docker_refuses: stop(gateway_that_is(Status::Running)).failed(Act::Stop, rejected(500))
        => Row::Stop, Refuse(Reason::NotStopped);
    a_stop_that_docker_refused_of_one_that_ended: stop(gateway_that_is(Status::Exited)).failed(Act::Stop, rejected(404))
        => Row::Stop, Keep(Reason::AsAsked);
    one_that_cannot_be_woken: stop(gateway_that_is(Status::Paused)).failed(Act::Unpause, rejected(500))
        => Row::Stop, Refuse(Reason::NotStopped);
    a_stop_that_others_undo_again_and_again:
        stop(gateway_that_is(Status::Running)).but(|world| world.tried.acts = u8::MAX)
        => Row::Stop, Refuse(Reason::NotRecovered);

    start_a_created_one: start(gateway_that_is(Status::Created)) => Row::Stopped, Do(Act::Start);
    start_an_exited_one: start(gateway_that_is(Status::Exited)) => Row::Stopped, Do(Act::Start);
    start_a_dead_one: start(gateway_that_is(Status::Dead)) => Row::Stopped, Do(Act::Start);
    start_a_paused_one: start(gateway_that_is(Status::Paused)) => Row::Stopped, Do(Act::Unpause);
    start_one_that_is_ready: start(gateway_that_is(Status::Running).ready()) => Row::Ready, Keep(Reason::Ready);
    start_one_that_others_made_without_a_record: start(world().container(own(Status::Exited)).volume(volume(NAME)))
        => Row::Stopped, Do(Act::Start);
    start_waits_for_a_running_one: start(gateway_that_is(Status::Running)) => Row::NotReady, Do(Act::Await);
    start_waits_for_a_restarting_one: start(gateway_that_is(Status::Restarting)) => Row::NotReady, Do(Act::Await);
    start_restarts_nothing: waited(start(gateway_that_is(Status::Running)), WaitEnd::NotReady)
        => Row::NotReady, Refuse(Reason::NotRecovered);
    start_stops_nothing_to_repair_it:
        start(changed(gateway_that_is(Status::Running), |own| own.networks[0].exists = false))
        => Row::Disconnected, Refuse(Reason::NotRecovered);
    start_makes_a_lost_network_again:
        start(changed(gateway_that_is(Status::Exited), |own| own.networks[0].exists = false))
            .but(|world| world.seen.host.networks = Known::Known(Vec::new()))
        => Row::Stopped, Do(Act::MakeNetwork);
    start_one_that_is_missing_with_its_volume_left: start(left()) => Row::VolumesLeft, Refuse(Reason::Missing);
    start_where_nothing_is: start(world()) => Row::Nothing, Refuse(Reason::Missing);
    start_where_nothing_is_and_no_image:
        start(world()).but(|world| world.seen.host.image = Known::Known(None)) => Row::Nothing, Refuse(Reason::Missing);
    start_a_renamed_one:
        start(left().container(own(Status::Exited).but(|own| own.name = ContainerName::new("old"))))
        => Row::VolumeHeldByName, Refuse(Reason::VolumeHeld);
    start_a_foreign_one:
        start(world().container(own(Status::Exited).but(|own| own.labels = labels("other"))).volume(volume(NAME)))
        => Row::NotOurs, Refuse(Reason::ForeignContainer);
    start_another_presets: start(gateway_that_is(Status::Exited)
            .record(record().but(|record| record.spec.preset = other_preset())))
        => Row::NotOurs, Refuse(Reason::OtherPreset);
    start_beside_another_writer: start(gateway_that_is(Status::Exited).container(stranger(Status::Running)))
        => Row::VolumeHeldByWriter, Refuse(Reason::VolumeHeld);
    start_on_a_port_that_is_held: start(gateway_that_is(Status::Exited)).port(PortHolder::Process { pid: None, command: None })
        => Row::PortHeld, Refuse(Reason::PortHeld);
    start_one_that_is_being_removed: start(being_removed()) => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    start_with_docker_unknown: start(gateway_that_is(Status::Exited)).but(|world| world.seen.host.containers = timed_out())
        => Row::DockerUnknown, WaitThen(Reason::DockerUnknown);
    a_start_that_ended: start(gateway_that_is(Status::Exited)).done(Act::Start)
        => Row::NotRecovered, Refuse(Reason::NotRecovered);
    a_lost_start_is_tried_once_more: start(gateway_that_is(Status::Exited)).failed(Act::Start, lost())
        => Row::Stopped, Do(Act::Start);
    start_with_a_replacement_half_done: start(half_done())
        => Row::HalfDoneReplacement, Refuse(Reason::HalfDone);
}

/// What is refused, in full.
fn refusal(world: &World) -> Refusal {
    let decision = world.decide();
    let Plan::Refuse { refusal } = decision.plan else { panic!("{decision:?}") };
    refusal
}

#[test]
fn a_stop_names_the_container_that_was_seen_and_the_grace_that_its_owner_wants() {
    let world = stop(changed(gateway_that_is(Status::Running), |own| own.id = id('9')))
        .record(record().but(|record| record.spec.stop_grace_s = 77));
    let Plan::Perform { step, .. } = world.decide().plan else { panic!("{:?}", world.decide()) };
    assert_eq!(step, Command::StopContainer { container: id('9'), grace_s: 77 });
}

#[test]
fn a_start_says_what_it_would_have_taken() {
    let trouble = |world: World| {
        let Refusal::NotRecovered { trouble, .. } = refusal(&world) else { panic!("{:?}", refusal(&world)) };
        trouble
    };
    let not_ready = gateway_that_is(Status::Running).readiness(Readiness::NotReady { status: 503 });
    assert_eq!(trouble(waited(start(not_ready), WaitEnd::NotReady)), Trouble::NotReady { restarted: false });
    let cut_off = changed(gateway_that_is(Status::Running), |own| own.networks[0].exists = false);
    assert_eq!(trouble(start(cut_off)), Trouble::Disconnected { repaired: false });
}

#[test]
fn what_is_missing_is_named() {
    for world in [start(left()), stop(left())] {
        assert_eq!(refusal(&world), Refusal::NoContainer { container: ContainerName::new(NAME) });
    }
}

/// Wishes that only a run that brings up may have.
#[test]
fn a_stop_hears_no_other_wish() {
    let world = gateway_that_is(Status::Running).asked(|intent| {
        intent.purpose = Purpose::Stop;
        intent.replace = Some(engine::Replace::Recreate);
        intent.reset = Some(consent());
        intent.adopt = Some(VolumeName::new("other"));
    });
    let decision = world.decide();
    assert!(matches!(decision.plan, Plan::Perform { act: Act::Stop, .. }), "{decision:?}");
}
