//! Gateways of the kinds that people run, replaced: each keeps what its kind could lose.

use super::layer::{FileFound, Files, found};
use crate::presets::{Kind, World};
use crate::support::{Run, Suite, Work, assert_same};

/// Today's, run by hand as its documentation says: the key that encrypts stored credentials lives only in its container,
/// and is on the volume afterwards, without its owner having to name it. The sandboxes beside it are not touched.
pub fn todays_key_goes_along(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "key");
    world.by_hand().create(suite);
    world.daemon().start(&world.container());
    world.await_ready();
    let work = world.put_work();
    Files::new().file(b"root/.local/state/openshell/key", b"secret", 0, 0o600).put(&world, &world.container());
    world.onboard_preset().run().ended(0, "reused", "ready");
    let sandboxes = || {
        let mut picture = world.picture();
        picture.retain(|name, _| name.starts_with("container") && !name.contains(&world.container()));
        picture
    };
    let before = sandboxes();
    assert!(!before.is_empty(), "there is a sandbox beside it");

    let run = world.onboard_as(&world.stand_in()).run();
    assert_replaced(&world, &run, &work);
    let key = FileFound { bytes: b"secret".to_vec(), uid: 0, mode: 0o600 };
    let there = found(&world, &world.container(), "/var/openshell/.local/state/openshell");
    assert_eq!(there.get("openshell/key"), Some(&key), "{there:?}\n{}", run.dump());
    assert_same(&before, &sandboxes(), &run.dump());

    // On the volume it needs no carrying any more.
    let run = world.onboard().args(&["--recreate"]).run();
    assert_replaced(&world, &run, &work);
    let there = found(&world, &world.container(), "/var/openshell/.local/state/openshell");
    assert_eq!(there.get("openshell/key"), Some(&key), "{there:?}\n{}", run.dump());
}

/// The older one keys its data by node name: it comes back under the same one, and finds its sandboxes.
pub fn older_ones_node_name(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "node");
    let (_, work) = world.made();
    world.onboard().run().ended(0, "reused", "ready");
    let hostname = |world: &World<'_>| world.daemon().inspect(&world.container()).config.and_then(|it| it.hostname);
    let before = hostname(&world);
    let run = world.onboard().args(&["--recreate"]).run();
    assert_replaced(&world, &run, &work);
    assert_eq!(hostname(&world), before, "{}", run.dump());
    let node = world.daemon().env(&world.container(), "OPENSHELL_NODE_NAME");
    assert_eq!(node.as_deref(), Some(world.node_name().as_str()), "{}", run.dump());
}

/// It is another container of the same name on the same volume, with all that was in it.
#[track_caller]
fn assert_replaced(world: &World<'_>, run: &Run, work: &Work) {
    run.ended(0, "upgraded", "ready");
    assert_eq!(world.daemon().id(&world.container()), run.container_id(), "{}", run.dump());
    assert_eq!(run.names("/volumes"), [world.volume()], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    let of_gateway: Vec<_> = world.daemon().containers(&world.container());
    assert_eq!(of_gateway, [world.container()], "leftovers\n{}", run.dump());
    world.assert_kept(work);
    world.onboard().run().ended(0, "reused", "ready");
}
