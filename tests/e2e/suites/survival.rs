//! Markers in three places, volume, sandbox and record, and a gateway that is stopped and started by Docker alone: no
//! further onboarding, and every marker is there.

use crate::presets::{Kind, World};
use crate::support::{Suite, assert_same, until};

/// Today's kind.
pub fn today(suite: &Suite) {
    survives(&World::new(suite, Kind::Today, "survival"));
}

/// The older kind.
pub fn cluster(suite: &Suite) {
    survives(&World::new(suite, Kind::Cluster, "survival"));
}

fn survives(world: &World<'_>) {
    let (made, work) = world.made();
    world.onboard().run().ended(0, "reused", "ready");
    let record = std::fs::read(world.record()).unwrap();
    let sandbox = |world: &World<'_>| {
        let mut picture = world.picture();
        picture.retain(|name, _| name.starts_with("container") && !name.contains(&world.container()));
        picture
    };
    let sandboxes = sandbox(world);

    for stop in [
        |world: &World<'_>| world.daemon().stop(&world.container()),
        |world: &World<'_>| {
            world.daemon().kill(&world.container());
        },
    ] {
        stop(world);
        let stopped = world.status().run();
        stopped.ended(5, "stopped", "stopped");
        assert_eq!(stopped.names("/volumes"), [world.volume()], "{}", stopped.dump());
        world.daemon().start(&world.container());
        world.await_ready();
        until("its health says so too", || world.status().run().code() == Some(0));

        let ready = world.status().run();
        ready.ended(0, "ready", "ready");
        assert_eq!(ready.container_id(), made.container_id(), "{}", ready.dump());
        assert_eq!(ready.names("/sandboxes/found"), [&work.sandbox], "{}", ready.dump());
        world.assert_kept(&work);
        assert_eq!(std::fs::read(world.record()).unwrap(), record, "the record is as it was\n{}", ready.dump());
        assert_same(&sandboxes, &sandbox(world), &ready.dump());
    }
}
