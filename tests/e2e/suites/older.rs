//! The older tool's world: what its files say is taken where there is no record of ours, and the container decides.

use std::fs;

use serde_json::json;

use crate::presets::{Kind, World};
use crate::support::{Cli, Run, Suite};

/// Its own failed start has removed the stopped container and its network, and left the volume. Its sandboxes come
/// from its files; a sandbox of which nothing is there is missed by name.
pub fn failed_start(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "older");
    let theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    world.daemon().stop(&world.container());
    drop(theirs);
    world.daemon().remove_network(&world.container());
    let files = left_by_older(&world, world.port(), &[&work.sandbox, "gone"]);

    let run = onboard_older(&world).args(&["--node-name", &world.node_name()]).run();
    run.ended(7, "adopted", "sandboxes-missing");
    assert_eq!(run.text("endpoint"), format!("http://127.0.0.1:{}", world.port()), "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/missing"), ["gone"], "{}", run.dump());
    world.assert_kept(&work);
    files.assert_unwritten(&run);
}

/// The gateway runs, on another port than its files say and with other sandboxes: it is taken as it is.
pub fn stale_files(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "stale");
    let _theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    let id = world.daemon().id(&world.container());
    let files = left_by_older(&world, world.port() + 1, &["gone"]);
    let run = in_older_world(&world, world.onboard_preset()).run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.container_id(), id, "{}", run.dump());
    assert_eq!(run.text("endpoint"), format!("http://127.0.0.1:{}", world.port()), "{}", run.dump());
    assert!(run.names("/sandboxes/missing").is_empty(), "{}", run.dump());
    world.assert_kept(&work);
    files.assert_unwritten(&run);
}

/// It is stopped, on another port than its files say: it comes back on its own.
pub fn stale_files_of_a_stopped_gateway(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "stale-st");
    let _theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    world.daemon().stop(&world.container());
    let files = left_by_older(&world, world.port() + 1, &[]);
    let run = in_older_world(&world, world.onboard_preset()).run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.text("endpoint"), format!("http://127.0.0.1:{}", world.port()), "{}", run.dump());
    world.assert_kept(&work);
    files.assert_unwritten(&run);
}

/// Files that nobody can read: a warning for each, and the container decides.
pub fn garbage(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "garbage");
    let _theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    left_by_older(&world, world.port(), &[]);
    let user = world.user();
    fs::write(user.join(".nemoclaw/sandboxes.json"), "{ \"sandboxes\": [").unwrap();
    fs::write(world.file("config").join(metadata(&world)), b"\xff\x00\xfe").unwrap();
    let files = Files::of(&world);

    let run = in_older_world(&world, world.onboard_preset()).run();
    run.ended(0, "reused", "ready");
    run.warns_of("sandboxes.json").warns_of("metadata.json");
    world.assert_kept(&work);
    files.assert_unwritten(&run);

    // With a record of ours nobody reads them any more.
    let again = in_older_world(&world, world.onboard()).run();
    again.ended(0, "reused", "ready");
    let warned = again.names("/warnings").iter().any(|warning| warning.contains(".json"));
    assert!(!warned, "{}", again.dump());
}

/// Another gateway is the active one, and has the sandboxes: nothing of it is this gateway's.
pub fn of_another_gateway(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "other");
    let theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    world.daemon().stop(&world.container());
    drop(theirs);
    left_by_older(&world, world.port(), &[]);
    let of_another = json!({
        "sandboxes": { "theirs": { "name": "theirs", "gatewayName": "another" } }, "defaultSandbox": "theirs",
    });
    fs::write(world.user().join(".nemoclaw/sandboxes.json"), of_another.to_string()).unwrap();
    fs::write(world.file("config").join("openshell/active_gateway"), "another\n").unwrap();
    let run = onboard_older(&world).args(&["--node-name", &world.node_name()]).run();
    run.ended(0, "adopted", "ready");
    assert!(run.names("/sandboxes/missing").is_empty(), "{}", run.dump());
    world.assert_kept(&work);
}

/// `nemoclaw onboard` with the stand-in's spec. A typed spec says its port itself; that the older tool's is taken where
/// only the preset speaks is shown in the engine's tests, because the preset's own image cannot be pulled here.
fn onboard_older(world: &World<'_>) -> Cli {
    in_older_world(world, world.onboard_as(&world.stand_in().pulled()))
}

fn in_older_world(world: &World<'_>, cli: Cli) -> Cli {
    cli.env("XDG_CONFIG_HOME", &world.file("config").display().to_string())
}

fn metadata(world: &World<'_>) -> String {
    format!("openshell/gateways/{}/metadata.json", world.gateway())
}

/// Writes the older tool's files: the gateway's port, and its sandboxes.
fn left_by_older<'a>(world: &'a World<'a>, port: u16, sandboxes: &[&str]) -> Files<'a> {
    let metadata_file = world.file("config").join(metadata(world));
    fs::create_dir_all(metadata_file.parent().unwrap()).unwrap();
    let metadata = json!({
        "name": world.gateway(), "gateway_endpoint": format!("http://127.0.0.1:{port}"), "is_remote": false,
        "gateway_port": port,
    });
    fs::write(metadata_file, metadata.to_string()).unwrap();
    let recorded = |name: &&str| ((*name).to_owned(), json!({ "name": name, "gatewayName": world.gateway() }));
    let recorded: serde_json::Map<_, _> = sandboxes.iter().map(recorded).collect();
    let registry = json!({ "sandboxes": recorded, "defaultSandbox": sandboxes.first() });
    fs::create_dir_all(world.user().join(".nemoclaw")).unwrap();
    fs::write(world.user().join(".nemoclaw/sandboxes.json"), registry.to_string()).unwrap();
    Files::of(world)
}

/// The older tool's files as they were.
struct Files<'a> {
    world: &'a World<'a>,
    then: [crate::support::Files; 2],
}

impl<'a> Files<'a> {
    fn of(world: &'a World<'a>) -> Self {
        Self { world, then: Self::now(world) }
    }

    fn now(world: &World<'_>) -> [crate::support::Files; 2] {
        [world.user(), world.file("config")].map(|folder| crate::support::files(&folder))
    }

    #[track_caller]
    fn assert_unwritten(&self, run: &Run) {
        assert!(Self::now(self.world) == self.then, "they are another tool's\n{}", run.dump());
    }
}
