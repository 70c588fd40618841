//! The rows about a gateway whose container is there.

use engine::{
    Act, Attachment, Command, ContainerName, Disk, ImageId, Known, MountSeen, MountSource, MountSpec, MountedSource,
    NetworkId, NetworkName, Note, Plan, PortHolder, Readiness, Reason, Refusal, Row, Status, Trouble, WaitEnd, Why,
};

use crate::says::Says::{Do, Keep, Refuse, WaitThen};
use crate::says::cases;
use crate::support::*;

/// The gateway with its container in this status, its volume and its record.
fn gateway_that_is(status: Status) -> World {
    world().container(own(status)).volume(volume(NAME)).record(record())
}

fn ready() -> World {
    gateway_that_is(Status::Running).ready()
}

/// What starts a container makes the files again that it was made with, and none that only its labels call ours.
#[test]
fn files_of_ours_are_made_again_by_a_start() {
    let file = |path: &str, content: &str| {
        let source = MountSource::File { file: path.to_owned(), content: content.to_owned() };
        MountSpec { source, path: path.to_owned(), read_only: true }
    };
    let (ours, strange) = ("/home/ada/files/gateway.toml", "/etc/shadow");
    let mut recorded = record();
    let mut born = recorded.spec.clone();
    recorded.spec.mounts.extend([file(ours, "as recorded"), file("/home/ada/files/not-bound.toml", "")]);
    born.mounts.extend([file(ours, "as it was made at {port}"), file(strange, "root::")]);
    let world = world().container(own(Status::Exited)).volume(volume(NAME)).record(recorded);
    let world = on_own(world, |own| {
        own.labels.insert("io.nemoclaw.spec".to_owned(), serde_json::to_string(&born).unwrap());
        own.mounts.extend([ours, strange].map(|path| MountSeen {
            source: MountedSource::Bind { folder: path.to_owned() },
            path: path.to_owned(),
            writable: false,
        }));
    });
    let decision = world.decide();
    let Plan::Perform { step: Command::StartContainer { files, .. }, .. } = decision.plan else {
        panic!("{decision:?}")
    };
    assert_eq!(files, [file(ours, &format!("as it was made at {}", born.port.host))]);
}

/// It runs, and answers that it is not ready.
fn not_ready() -> World {
    gateway_that_is(Status::Running).readiness(Readiness::NotReady { status: 503 }).port(PortHolder::Gateway)
}

fn waited(world: World, end: WaitEnd) -> World {
    world.done(Act::Await).but(|world| world.tried.waited = Some(end))
}

fn on_own(mut world: World, change: impl FnOnce(&mut engine::ContainerSeen)) -> World {
    let Known::Known(containers) = &mut world.seen.host.containers else { panic!("the world is known") };
    change(&mut containers[0]);
    world
}

fn held() -> PortHolder {
    PortHolder::Container { name: ContainerName::new("web"), id: id('5') }
}

fn process() -> PortHolder {
    PortHolder::Process { pid: Some(1), command: None }
}

/// Its network is gone.
fn cut_off(world: World) -> World {
    on_own(world, |own| own.networks[0].exists = false)
}

/// The daemon brought it back without its published port.
fn unpublished(world: World) -> World {
    on_own(world, |own| own.ports[0].published = false)
}

fn no_network(world: World) -> World {
    world.but(|world| world.seen.host.networks = Known::Known(Vec::new()))
}

fn trouble(world: &World) -> Trouble {
    let decision = world.decide();
    let Plan::Refuse { refusal: Refusal::NotRecovered { trouble, .. } } = decision.plan else { panic!("{decision:?}") };
    trouble
}

/// A gateway that was made without a network of its own, and has none at all.
fn without_any_network(status: Status) -> World {
    on_own(gateway_that_is(status), |own| own.networks.clear())
        .record(record().but(|record| record.spec.network = None))
        .but(|world| world.seen.host.networks = Known::Known(vec![network("bridge")]))
}

cases! {
    a_container_holds_the_port: gateway_that_is(Status::Exited).port(held()) => Row::PortHeld, Refuse(Reason::PortHeld);
    a_process_holds_the_port: gateway_that_is(Status::Created).port(process())
        => Row::PortHeld, Refuse(Reason::PortHeld);
    somebody_holds_the_port_of_a_gateway_that_is_not_there: world().port(held())
        => Row::PortHeld, Refuse(Reason::PortHeld);
    somebody_holds_the_port_of_a_gateway_to_adopt: world().volume(volume(NAME)).port(process())
        => Row::PortHeld, Refuse(Reason::PortHeld);
    who_holds_the_port_is_unknown: gateway_that_is(Status::Exited).but(|world| world.seen.host.port = timed_out())
        => Row::PortHeld, WaitThen(Reason::DockerUnknown);
    processes_cannot_be_seen: gateway_that_is(Status::Exited).port(PortHolder::NotVisible)
        => Row::Stopped, Do(Act::Start);
    a_paused_gateway_still_has_its_port: gateway_that_is(Status::Paused).port(held()) => Row::Stopped, Do(Act::Unpause);

    created: gateway_that_is(Status::Created) => Row::Stopped, Do(Act::Start);
    exited: gateway_that_is(Status::Exited) => Row::Stopped, Do(Act::Start);
    dead: gateway_that_is(Status::Dead) => Row::Stopped, Do(Act::Start);
    paused: gateway_that_is(Status::Paused) => Row::Stopped, Do(Act::Unpause);
    exited_without_record: world().container(own(Status::Exited)).volume(volume(NAME)) => Row::Stopped, Do(Act::Start);
    exited_under_a_stale_record:
        gateway_that_is(Status::Exited).record(record().but(|record| record.container = id('8')))
        => Row::Stopped, Do(Act::Start);
    exited_and_made_by_others:
        world().container(own(Status::Exited).but(|own| own.labels.clear())).volume(volume(NAME))
        => Row::Stopped, Do(Act::Start);
    exited_with_its_network_gone: no_network(cut_off(gateway_that_is(Status::Exited)))
        => Row::Stopped, Do(Act::MakeNetwork);
    exited_with_its_network_made_again: cut_off(gateway_that_is(Status::Exited)) => Row::Stopped, Do(Act::Connect);
    exited_without_any_network: on_own(gateway_that_is(Status::Exited), |own| own.networks.clear())
        => Row::Stopped, Do(Act::Connect);
    exited_and_the_networks_are_unknown:
        cut_off(gateway_that_is(Status::Exited)).but(|world| world.seen.host.networks = timed_out())
        => Row::Stopped, WaitThen(Reason::DockerUnknown);
    a_lost_answer_to_a_start_is_tried_once_more: gateway_that_is(Status::Exited).failed(Act::Start, lost())
        => Row::Stopped, Do(Act::Start);

    a_start_that_docker_refuses: gateway_that_is(Status::Exited).failed(Act::Start, rejected(500))
        => Row::NotRecovered, Refuse(Reason::NotRecovered);
    a_dead_one_that_cannot_be_started:
        gateway_that_is(Status::Dead).failed(Act::Start, rejected(409)).failed(Act::Start, rejected(409))
        => Row::NotRecovered, Refuse(Reason::NotRecovered);
    a_network_that_cannot_be_made:
        no_network(cut_off(gateway_that_is(Status::Exited))).failed(Act::MakeNetwork, rejected(403))
        => Row::NotRecovered, Refuse(Reason::NotRecovered);
    ended_after_it_was_started: gateway_that_is(Status::Exited).done(Act::Start)
        => Row::NotRecovered, Refuse(Reason::NotRecovered);
    ended_after_it_was_restarted: gateway_that_is(Status::Exited).done(Act::Restart)
        => Row::NotRecovered, Refuse(Reason::NotRecovered);
    paused_again: gateway_that_is(Status::Paused).done(Act::Unpause) => Row::NotRecovered, Refuse(Reason::NotRecovered);

    running_without_its_network: cut_off(gateway_that_is(Status::Running)) => Row::Disconnected, Do(Act::StopToRepair);
    running_without_any_network: on_own(gateway_that_is(Status::Running), |own| own.networks.clear())
        => Row::Disconnected, Do(Act::StopToRepair);
    running_without_its_port: unpublished(gateway_that_is(Status::Running)) => Row::Disconnected, Do(Act::StopToRepair);
    running_without_its_port_which_somebody_else_has: unpublished(gateway_that_is(Status::Running)).port(held())
        => Row::Disconnected, Refuse(Reason::PortHeld);
    somebody_else_answers_on_its_port: unpublished(ready()).port(held()) => Row::Disconnected, Refuse(Reason::PortHeld);
    an_auto_removed_one_is_not_stopped: on_own(cut_off(gateway_that_is(Status::Running)), |own| own.auto_remove = true)
        => Row::NotReady, Do(Act::Await);
    disconnected_and_its_health_cannot_be_asked:
        cut_off(gateway_that_is(Status::Running)).but(|world| world.seen.host.readiness = timed_out())
        => Row::ReadinessUnknown, WaitThen(Reason::ReadinessUnknown);
    nothing_is_stopped_for_a_network_that_may_not_be_there:
        cut_off(gateway_that_is(Status::Running)).but(|world| world.seen.host.networks = timed_out())
        => Row::Disconnected, WaitThen(Reason::DockerUnknown);
    nothing_is_stopped_that_shares_another_containers_network:
        on_own(gateway_that_is(Status::Running), |own| { own.networks.clear(); own.ports.clear(); })
        => Row::NotReady, Do(Act::Await);
    cut_off_from_dockers_own_network: without_any_network(Status::Running) => Row::Disconnected, Do(Act::StopToRepair);
    dockers_own_network_is_given_back: without_any_network(Status::Exited).done(Act::StopToRepair)
        => Row::Stopped, Do(Act::Connect);
    stopped_in_order_to_be_repaired: cut_off(gateway_that_is(Status::Exited)).done(Act::Start).done(Act::StopToRepair)
        => Row::Stopped, Do(Act::Connect);
    still_without_its_port_after_the_repair:
        unpublished(gateway_that_is(Status::Running)).done(Act::StopToRepair).done(Act::Start)
        => Row::Disconnected, Refuse(Reason::NotRecovered);

    warming_up: not_ready() => Row::NotReady, Do(Act::Await);
    nobody_answers_yet: gateway_that_is(Status::Running) => Row::NotReady, Do(Act::Await);
    not_ready_after_the_warm_up: waited(not_ready(), WaitEnd::NotReady) => Row::NotReady, Do(Act::Restart);
    was_ready_for_a_moment: waited(not_ready(), WaitEnd::Ready) => Row::NotReady, Do(Act::Await);
    not_ready_after_the_restart: waited(not_ready().done(Act::Restart), WaitEnd::NotReady)
        => Row::NotReady, Refuse(Reason::NotRecovered);
    not_ready_after_the_start: waited(not_ready().done(Act::Start), WaitEnd::NotReady)
        => Row::NotReady, Refuse(Reason::NotRecovered);
    a_restart_is_followed_by_another_warm_up: waited(not_ready(), WaitEnd::NotReady).done(Act::Restart)
        => Row::NotReady, Do(Act::Await);
    so_is_one_whose_answer_was_lost: waited(not_ready(), WaitEnd::NotReady).failed(Act::Restart, lost())
        => Row::NotReady, Do(Act::Await);
    not_ready_on_a_full_disk:
        waited(not_ready(), WaitEnd::NotReady).but(|world| world.seen.host.disk = Known::Known(Disk::Full))
        => Row::NotReady, Refuse(Reason::NotRecovered);
    not_ready_and_the_disk_is_unknown:
        waited(not_ready(), WaitEnd::NotReady).but(|world| world.seen.host.disk = timed_out())
        => Row::NotReady, WaitThen(Reason::DockerUnknown);
    not_ready_and_auto_removed: on_own(waited(not_ready(), WaitEnd::NotReady), |own| own.auto_remove = true)
        => Row::NotReady, Refuse(Reason::NotRecovered);
    a_crash_loop: waited(gateway_that_is(Status::Restarting), WaitEnd::Ended)
        => Row::NotReady, Refuse(Reason::NotRecovered);
    restarting_is_waited_for: gateway_that_is(Status::Restarting) => Row::NotReady, Do(Act::Await);
    a_restart_that_docker_refuses: waited(not_ready(), WaitEnd::NotReady).failed(Act::Restart, rejected(500))
        => Row::NotReady, Refuse(Reason::NotRecovered);
    the_run_is_out_of_time: waited(not_ready(), WaitEnd::OutOfTime) => Row::NotReady, Refuse(Reason::NotRecovered);

    its_health_cannot_be_seen_from_here:
        gateway_that_is(Status::Running).but(|world| {
            world.seen.host.readiness = Known::Unknown(Why::NotVisible { what: "a remote loopback".to_owned() });
        })
        => Row::ReadinessUnknown, Refuse(Reason::ReadinessUnknown);
    its_health_was_not_told: gateway_that_is(Status::Running).but(|world| world.seen.host.readiness = timed_out())
        => Row::ReadinessUnknown, WaitThen(Reason::ReadinessUnknown);

    ready_and_auto_removed: on_own(ready(), |own| own.auto_remove = true)
        => Row::ReadyWithNotes, Keep(Reason::AutoRemoved);
    ready_and_managed:
        on_own(ready(), |own| { own.labels.insert("com.docker.swarm.service.name".to_owned(), "s".to_owned()); })
        => Row::ReadyWithNotes, Keep(Reason::Managed);
    ready_and_drifted: on_own(ready(), |own| own.command.push("-v".to_owned()))
        => Row::ReadyWithNotes, Keep(Reason::Drifted);
    ready_and_its_image_moved: on_own(ready(), |own| own.image_id = ImageId::new("sha256:0"))
        => Row::ReadyWithNotes, Keep(Reason::Drifted);
    ready_and_differing_without_record:
        on_own(world().container(own(Status::Running)).volume(volume(NAME)).ready(), |own| own.command.clear())
        => Row::Ready, Keep(Reason::Ready);

    ready_and_well: ready() => Row::Ready, Keep(Reason::Ready);
    ready_and_its_daemon_not_asked: ready().but(|world| world.seen.host.daemon = None)
        => Row::Ready, Keep(Reason::Ready);
    ready_and_the_volumes_are_unknown: ready().but(|world| world.seen.host.volumes = timed_out())
        => Row::Ready, Keep(Reason::Ready);
    undone_by_somebody_again_and_again: gateway_that_is(Status::Exited).but(|world| world.tried.acts = u8::MAX)
        => Row::Stopped, Refuse(Reason::NotRecovered);
}

#[test]
fn each_trouble_has_its_own_words() {
    let rejected = Trouble::Act { what: "do it".to_owned(), failure: rejected(500) };
    assert_eq!(trouble(&gateway_that_is(Status::Exited).done(Act::Start)), Trouble::Ended);
    assert_eq!(trouble(&gateway_that_is(Status::Paused).done(Act::Unpause)), Trouble::PausedAgain);
    assert_eq!(trouble(&gateway_that_is(Status::Exited).failed(Act::Start, crate::support::rejected(500))), rejected);
    assert_eq!(trouble(&waited(gateway_that_is(Status::Restarting), WaitEnd::Ended)), Trouble::CrashLoop);
    assert_eq!(trouble(&waited(not_ready(), WaitEnd::OutOfTime)), Trouble::OutOfTime);
    assert_eq!(
        trouble(&waited(not_ready().done(Act::Restart), WaitEnd::NotReady)),
        Trouble::NotReady { restarted: true }
    );
}

#[test]
fn a_lost_network_is_given_back_as_it_was_with_alias_and_address() {
    let world = on_own(gateway_that_is(Status::Exited), |own| {
        own.networks = vec![Attachment {
            network: NetworkName::new("lan"),
            id: Some(NetworkId::new("gone")),
            exists: false,
            aliases: vec!["gw".to_owned()],
            ipv4: Some("10.0.0.7".to_owned()),
        }];
    });
    let decision = world.clone().decide();
    let Plan::Perform { step: Command::CreateNetwork { name, .. }, .. } = decision.plan else { panic!("{decision:?}") };
    assert_eq!(name.as_str(), "lan");
    let made = world.but(|world| world.seen.host.networks = Known::Known(vec![network("lan")]));
    let Plan::Perform { step, .. } = made.decide().plan else { panic!("{:?}", made.decide()) };
    assert_eq!(
        step,
        Command::ConnectNetwork {
            container: id('1'),
            network: NetworkId::new("n"),
            aliases: vec!["gw".to_owned()],
            ipv4: Some("10.0.0.7".to_owned()),
        }
    );
}

#[test]
fn a_newer_default_image_is_told_and_nothing_else() {
    let newer = ready().but(|world| world.intent.spec.image = engine::ImageRef::new("x:2"));
    let Plan::Keep { verdict } = newer.decide().plan else { panic!("{:?}", newer.decide()) };
    let note = Note::NewerDefault { has: spec().image, default: engine::ImageRef::new("x:2") };
    assert_eq!(verdict.notes, [note]);
}
