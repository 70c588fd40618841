//! The sandboxes of both kinds: containers beside today's gateway, and what a program in the older one prints.

use super::{Kind, World};
use crate::support::{Run, Suite};

/// Sandboxes of today's kind, by the very label that OpenShell gives them: a running and a stopped one are listed with
/// their status, and neither is touched.
pub fn beside_todays(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "beside");
    let sandboxes = |what| format!("{}{what}", world.other_name(""));
    let (awake, asleep) = (sandboxes("awake"), sandboxes("asleep"));
    let awakened = world.sandbox_of("openshell", &awake).start(suite);
    world.sandbox_of("openshell", &asleep).create(suite);
    world.daemon().start(&world.other_name(&asleep));
    world.daemon().stop(&world.other_name(&asleep));
    // It looks like one, and bears no label.
    crate::support::ByHand::named(&world.other_name("openshell-stranger"), suite.image()).create(suite);
    let before = world.picture();

    let run = world.onboard_as(&world.stand_in().sandboxes("label", "openshell.ai/managed-by=openshell")).run();
    run.ended(0, "created", "ready");
    let found = run.names("/sandboxes/found");
    assert!(found.contains(&awake.as_str()) && found.contains(&asleep.as_str()), "{}", run.dump());
    assert!(!found.iter().any(|name| name.contains("stranger")), "{}", run.dump());
    assert_eq!(status(&run, &awake), "running", "{}", run.dump());
    assert_eq!(status(&run, &asleep), "exited", "{}", run.dump());
    let after = world.picture();
    for (name, then) in before.iter().filter(|(name, _)| name.starts_with("container")) {
        assert_eq!(Some(then), after.get(name), "{name} was touched\n{}", run.dump());
    }
    drop(awakened);
}

/// They have no restart policy: after a reboot they are there and stopped, and none is missed.
pub fn todays_after_a_reboot(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "reboot");
    let (_, work) = world.made();
    let name = world.other_name(&work.sandbox);
    world.daemon().start(&name);
    world.onboard().run().ended(0, "reused", "ready");
    world.daemon().kill(&name);
    world.daemon().kill(&world.container());

    let run = world.onboard().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    assert_eq!(status(&run, &work.sandbox), "exited", "{}", run.dump());
    assert!(!world.daemon().runs(&name), "sandboxes are never touched");
    world.assert_kept(&work);
}

/// One that was removed while the gateway did not run is missed by name.
pub fn todays_removed(suite: &Suite) {
    missed(&World::new(suite, Kind::Today, "missed"), |world, sandbox| {
        world.daemon().remove(&world.other_name(sandbox))
    });
}

/// The same of the older kind.
pub fn of_the_older_kind_removed(suite: &Suite) {
    missed(&World::new(suite, Kind::Cluster, "missed"), |_, _| {});
}

fn missed(world: &World<'_>, remove: impl Fn(&World<'_>, &str)) {
    let (_, work) = world.made();
    let other = world.put_work();
    let run = world.onboard().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.names("/sandboxes/found").len(), 2, "{}", run.dump());
    other.remove_sandbox(world.suite().runtime(), world.port());
    remove(world, &other.sandbox);
    world.daemon().stop(&world.container());

    let run = world.onboard().run();
    run.ended(7, "recovered", "sandboxes-missing");
    assert_eq!(run.names("/sandboxes/missing"), [&other.sandbox], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    world.assert_kept(&work);
}

/// A program that cannot list them says nothing: unknown, never none.
pub fn of_the_older_kind_unknown(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "unlisted");
    let (made, work) = world.made();
    world.onboard().run().ended(0, "reused", "ready");
    let record = || std::fs::read_to_string(world.record()).unwrap();
    assert!(record().contains(&work.sandbox), "{}", record());

    for program in ["/nemoclaw no-such-command", "/no/such/program"] {
        let program: Vec<_> = program.split(' ').map(str::to_owned).collect();
        world.daemon().stop(&world.container());
        let run = world.onboard_as(&world.stand_in().sandboxes("exec", program)).run();
        run.ended(0, "recovered", "ready").warns_of("sandboxes");
        assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
        assert!(run.json["sandboxes"]["found"].is_null(), "{}", run.dump());
        assert!(run.names("/sandboxes/missing").is_empty(), "{}", run.dump());
        assert!(record().contains(&work.sandbox), "what was recorded stays: {}", record());
    }
    let run = world.onboard_stand_in().run();
    run.ended(0, "reused", "ready");
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    world.assert_kept(&work);
}

fn status<'a>(run: &'a Run, sandbox: &str) -> &'a str {
    run.json["sandboxes"]["status"][sandbox].as_str().unwrap_or_default()
}
