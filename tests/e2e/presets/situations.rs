//! What can befall a gateway of either kind, and what onboarding makes of it.

use bollard::models::ContainerStateStatusEnum as Status;

use super::{Kind, World};
use crate::support::{ByHand, Changes, Proxy, Suite, Work, follow};

/// Made as its preset says. The second run asks for nothing but answers.
pub fn made_then_reused(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "made");
    let (made, work) = world.made();
    assert_eq!(made.text("preset"), kind.preset(), "{}", made.dump());
    assert_eq!(made.text("endpoint"), format!("http://127.0.0.1:{}", world.port()), "{}", made.dump());
    assert_eq!(made.names("/volumes"), [world.volume()], "{}", made.dump());
    assert_made_as_preset_says(&world);
    if kind == Kind::Today {
        made.warns_of("TLS");
    }

    world.onboard().run().ended(0, "reused", "ready");
    let picture = world.picture();
    let proxy = Proxy::start(suite.runtime(), suite.socket(), Changes::Nothing);
    let again = world.nemoclaw_at(&proxy.address(), &["onboard", "--gateway", world.gateway()]).run();
    again.ended(0, "reused", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    assert_eq!(again.names("/sandboxes/found"), [&work.sandbox], "{}", again.dump());
    let mut mutating = proxy.mutating();
    // To run a program in the container that lists the sandboxes is a read.
    mutating.retain(|request| !(kind == Kind::Cluster && request.contains("/exec")));
    assert!(mutating.is_empty(), "{mutating:?}\n{}", again.dump());
    world.assert_unchanged(&picture, &again);
    world.onboard_stand_in().run().ended(0, "reused", "ready");
    world.assert_kept(&work);
}

#[track_caller]
fn assert_made_as_preset_says(world: &World<'_>) {
    let seen = serde_json::to_value(world.daemon().inspect(&world.container())).unwrap();
    let at = |pointer: &str| seen.pointer(pointer).cloned().unwrap_or_default();
    let port = world.port();
    let published = |inside: u16| at(&format!("/HostConfig/PortBindings/{inside}~1tcp/0"));
    let on = |port: u16| serde_json::json!({ "HostIp": "127.0.0.1", "HostPort": port.to_string() });
    assert_eq!(at("/HostConfig/RestartPolicy/Name"), "unless-stopped", "{seen}");
    match world.kind() {
        Kind::Today => {
            assert_eq!((published(port), published(8081)), (on(port), on(port + 1)), "{seen}");
            assert_eq!(at("/Config/User"), "0", "{seen}");
            assert_eq!(at("/HostConfig/NetworkMode"), "default", "{seen}");
            let home = world.daemon().env(&world.container(), "HOME");
            assert_eq!(home.as_deref(), Some(world.kind().data()), "its keys lie on its volume");
            let files = world.home().join("files").join(world.gateway());
            let data = files.join("data").display().to_string();
            assert_eq!(world.daemon().env(&world.container(), "XDG_DATA_HOME"), Some(data.clone()));
            let config = std::fs::read_to_string(files.join("gateway.toml")).unwrap();
            config.parse::<toml::Table>().unwrap();
            let mounted = |source: &str, target: &str| {
                let mounts = at("/Mounts");
                let mut mounts = mounts.as_array().into_iter().flatten();
                mounts.any(|mount| mount["Source"] == source && mount["Destination"] == target)
            };
            assert!(mounted(&data, &data), "{seen}");
            assert!(
                mounted(&files.join("gateway.toml").display().to_string(), "/etc/openshell/gateway.toml"),
                "{seen}"
            );
        }
        Kind::Cluster => {
            assert_eq!(published(30051), on(port), "{seen}");
            assert_eq!(at("/HostConfig/NetworkMode"), world.container(), "{seen}");
            assert_eq!(at("/HostConfig/CgroupnsMode"), "host", "{seen}");
            assert_eq!(at("/Config/Hostname"), world.node_name(), "{seen}");
            let hosts = ["host.docker.internal:host-gateway", "host.openshell.internal:host-gateway"];
            assert_eq!(at("/HostConfig/ExtraHosts"), serde_json::json!(hosts), "{seen}");
        }
    }
}

/// `docker stop`
pub fn stopped(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "stopped");
    let (_, work) = world.made();
    world.daemon().stop(&world.container());
    assert_recovers(&world, &work);
}

/// `docker kill`
pub fn killed(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "killed");
    let (_, work) = world.made();
    world.daemon().kill(&world.container());
    assert_recovers(&world, &work);
}

/// `docker pause`
pub fn paused(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "paused");
    let (_, work) = world.made();
    world.daemon().pause(&world.container());
    assert_recovers(&world, &work);
}

/// `docker create` in the place of a container that was removed, and never started.
pub fn created_never_started(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "unstarted");
    let (_, work) = world.made();
    world.daemon().remove(&world.container());
    world.by_hand().create(suite);
    assert_eq!(world.daemon().status(&world.container()), Status::CREATED);
    // Made as its documentation says, it lacks what the record says that its owner wants: that is told.
    assert_recovers_as(&world, &work, "drifted");
}

/// `docker rm -f`, with the record there.
pub fn removed_with_record(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "rm-rec");
    let (_, work) = world.made();
    world.daemon().remove(&world.container());
    assert_adopts(&world, &work, &[]);
}

/// `docker rm -f`, with the record gone too: the volume's label says what stood there. The volume of the older kind was
/// there before us and has no label, so its owner says the node name.
pub fn removed_without_record(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "rm-norec");
    let (_, work) = world.made();
    world.daemon().remove(&world.container());
    std::fs::remove_file(world.record()).unwrap();
    let spec = world.file("spec.toml").display().to_string();
    match kind {
        Kind::Today => assert_adopts(&world, &work, &["--spec", &spec]),
        Kind::Cluster => {
            let refused = world.refused(world.onboard().args(&["--spec", &spec]), 3, "node-name-unknown");
            refused.names_in_message(&world.volume());
            let run = follow(&world, &refused).expect("a command of nemoclaw's");
            run.ended(0, "adopted", "ready");
            assert_eq!(world.daemon().env(&world.container(), "OPENSHELL_NODE_NAME"), Some(world.node_name()));
            assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
            world.assert_kept(&work);
        }
    }
}

/// Another container has the stopped gateway's port, or that of its health.
pub fn port_held(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "port");
    let (made, work) = world.made();
    world.daemon().stop(&world.container());
    let ports = match kind {
        Kind::Today => vec![world.port(), world.port() + 1],
        Kind::Cluster => vec![world.port()],
    };
    for port in ports {
        let name = world.other_name("holder");
        let holder = ByHand::named(&name, suite.other_image()).publish(port).start(suite);
        let run = world.refused(world.onboard(), 3, "port-held");
        run.names_in_message(&name).names_in_message(&port.to_string());
        drop(holder);
    }
    let again = world.onboard().run();
    again.ended(0, "recovered", "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    world.assert_kept(&work);
}

/// Renamed by hand while it runs.
pub fn renamed_running(suite: &Suite, kind: Kind) {
    renamed(&World::new(suite, kind, "renamed"), "reused");
}

/// Renamed by hand after a stop.
pub fn renamed_stopped(suite: &Suite, kind: Kind) {
    renamed(&World::new(suite, kind, "renamed-st"), "recovered");
}

fn renamed(world: &World<'_>, then: &str) {
    let (made, work) = world.made();
    let name = world.other_name("renamed");
    if then == "recovered" {
        world.daemon().stop(&world.container());
    }
    world.daemon().rename(&world.container(), &name);
    let run = world.refused(world.onboard(), 3, "volume-held");
    run.names_in_message(&name);
    follow(world, &run);
    let again = world.onboard().run();
    again.ended(0, then, "ready");
    assert_eq!(again.container_id(), made.container_id(), "{}", again.dump());
    world.assert_kept(&work);
}

/// Made as its documentation, or the older tool, makes it, and running: taken as it is, by who types nothing else.
pub fn as_documented_running(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "theirs");
    let _theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    let id = world.daemon().id(&world.container());
    let looked = world.onboard().args(&["--dry-run"]).run();
    looked.ended(0, "planned", "planned");
    assert_eq!(looked.json.pointer("/plan/plan/kind"), Some(&"keep".into()), "{}", looked.dump());

    let before = world.picture();
    let run = world.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(run.text("preset"), kind.preset(), "{}", run.dump());
    assert_eq!(run.names("/volumes"), [world.volume()], "{}", run.dump());
    let after = world.picture();
    let changed: Vec<_> = after.iter().filter(|(name, seen)| before.get(*name) != Some(*seen)).collect();
    assert_eq!(changed.len(), 1, "only the record is new: {changed:?}\n{}", run.dump());
    if kind == Kind::Today {
        let told = world.in_words("onboard");
        assert!(told.stdout.contains("not published"), "how it was seen is told\n{}", told.dump());
    }
    world.assert_kept(&work);
}

/// The same, stopped: it is started, and nothing else.
pub fn as_documented_stopped(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "theirs-st");
    let _theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    let id = world.daemon().id(&world.container());
    world.daemon().stop(&world.container());

    let run = world.onboard_preset().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    world.assert_kept(&work);
}

/// Made by docker-compose: it stays compose's, and is told to be.
pub fn composed(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "composed");
    let theirs = world.by_hand().label("com.docker.compose.project", "work").label("com.docker.compose.service", "gw");
    let _theirs = theirs.start(suite);
    world.await_ready();
    let work = world.put_work();
    let id = world.daemon().id(&world.container());
    let run = world.onboard_preset().run();
    run.ended(0, "reused", "managed");
    assert_eq!(run.container_id(), id, "{}", run.dump());

    world.daemon().stop(&world.container());
    let run = world.onboard().run();
    run.ended(0, "recovered", "managed");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    world.assert_kept(&work);
}

/// The record says that the gateway is of another kind.
pub fn another_preset_recorded(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "recorded");
    let (made, work) = world.made();
    let other = match kind {
        Kind::Today => Kind::Cluster,
        Kind::Cluster => Kind::Today,
    };
    let run = world.refused(world.onboard().args(&["--preset", other.preset()]), 3, "other-preset");
    run.names_in_message(kind.preset());
    let followed = follow(&world, &run).expect("a command of nemoclaw's");
    followed.ended(0, "reused", "ready");
    assert_eq!(followed.container_id(), made.container_id(), "{}", followed.dump());
    world.assert_kept(&work);
}

/// A container with the label of another kind bears the gateway's name, and there is no record.
pub fn another_preset_there(suite: &Suite, kind: Kind) {
    let world = World::new(suite, kind, "labelled");
    let theirs = world.by_hand().label("io.nemoclaw.gateway", world.gateway()).label("io.nemoclaw.preset", "another");
    let _theirs = theirs.start(suite);
    world.await_ready();
    let work = world.put_work();
    let run = world.refused(world.onboard_stand_in(), 3, "other-preset");
    run.names_in_message("another").names_in_message(&world.container());
    world.daemon().stop(&world.container());
    world.refused(world.onboard_stand_in(), 3, "other-preset");
    world.daemon().start(&world.container());
    world.await_ready();
    world.assert_kept(&work);
}

#[track_caller]
fn assert_recovers(world: &World<'_>, work: &Work) {
    assert_recovers_as(world, work, "ready");
}

#[track_caller]
fn assert_recovers_as(world: &World<'_>, work: &Work, reason: &str) {
    let id = world.daemon().id(&world.container());
    let run = world.onboard().run();
    run.ended(0, "recovered", reason);
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(world.daemon().status(&world.container()), Status::RUNNING);
    assert_eq!(run.names("/volumes"), [world.volume()], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    world.assert_kept(work);
    world.onboard().run().ended(0, "reused", reason);
}

#[track_caller]
fn assert_adopts(world: &World<'_>, work: &Work, args: &[&str]) {
    let run = world.onboard().args(args).run();
    run.ended(0, "adopted", "ready");
    assert_eq!(run.names("/volumes"), [world.volume()], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    world.assert_kept(work);
    world.onboard().run().ended(0, "reused", "ready");
}
