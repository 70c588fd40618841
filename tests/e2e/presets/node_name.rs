//! The older kind keys its data by node name. A volume that nobody of ours has labelled holds it under a name that must
//! be found, or be said: under another one it would look empty.

use std::fs;
use std::io;
use std::path::Path;

use super::{Kind, World};
use crate::support::{Suite, Work, follow};

/// The name that such a gateway had before it was fixed: the ID of its container.
const OLD_NAME: &str = "3f9a1c77b2de";

/// Nothing says the name: refused, and the advice leads out.
pub fn unknown(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "node");
    let work = volume_of_others(&world, &world.node_name());
    let run = world.refused(world.onboard_stand_in(), 3, "node-name-unknown");
    run.names_in_message(&world.volume());
    follow(&world, &run).expect("a command of nemoclaw's").ended(0, "adopted", "ready");
    assert_node(&world, &world.node_name());
    world.assert_kept(&work);
    world.onboard().run().ended(0, "reused", "ready");
}

/// Its owner knows another name.
pub fn typed(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "typed");
    let work = volume_of_others(&world, OLD_NAME);
    let run = world.onboard_stand_in().args(&["--node-name", OLD_NAME]).run();
    run.ended(0, "adopted", "ready");
    assert_node(&world, OLD_NAME);
    world.assert_kept(&work);

    // From now on it is recorded.
    world.daemon().remove(&world.container());
    world.onboard().run().ended(0, "adopted", "ready");
    assert_node(&world, OLD_NAME);
    world.assert_kept(&work);
}

/// k3s has written it on the volume. Where this machine may read that, it is used.
pub fn on_the_volume(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "written");
    let work = volume_of_others(&world, OLD_NAME);
    let folder = world.daemon().folder_of_volume(&world.volume());
    if written(Path::new(&folder)).is_err() {
        world.refused(world.onboard_stand_in(), 3, "node-name-unknown");
        return;
    }
    let run = world.onboard_stand_in().run();
    run.ended(0, "adopted", "ready");
    assert_node(&world, OLD_NAME);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(!told.contains("s3cret"), "the file's password is nobody's business\n{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    world.assert_kept(&work);
}

/// A container keeps the name that it has, whatever the spec says.
pub fn of_a_container_is_kept(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "kept");
    let theirs = world.by_hand().env("OPENSHELL_NODE_NAME", OLD_NAME).start(suite);
    world.await_ready();
    let work = world.put_work();
    world.onboard_preset().run().ended(0, "reused", "ready");
    world.daemon().stop(&world.container());
    drop(theirs);

    // Its record is of the preset as it is built in, so that its image has to be named.
    let run = world.onboard_stand_in().run();
    run.ended(0, "adopted", "ready");
    assert_node(&world, OLD_NAME);
    world.assert_kept(&work);
}

/// A volume with work on it, under this node name, from a gateway of somebody else's that is gone.
fn volume_of_others(world: &World<'_>, node: &str) -> Work {
    let theirs = world.by_hand().env("OPENSHELL_NODE_NAME", node).start(world.suite());
    world.await_ready();
    let work = world.put_work();
    world.daemon().stop(&world.container());
    drop(theirs);
    world.daemon().remove_network(&world.container());
    work
}

fn written(folder: &Path) -> io::Result<()> {
    let folder = folder.join("server/cred");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("node-passwd"), format!("s3cret,{OLD_NAME},{OLD_NAME},\n"))
}

#[track_caller]
fn assert_node(world: &World<'_>, name: &str) {
    assert_eq!(world.daemon().env(&world.container(), "OPENSHELL_NODE_NAME").as_deref(), Some(name));
}
