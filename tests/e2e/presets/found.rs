//! Which kind of gateway is meant where nobody says so, and what cannot be made from nothing.

use super::{Kind, World};
use crate::support::{ByHand, Case, Suite, follow};

/// Gateways of both kinds bear the name, and nothing was typed: both are named, and the advice names one.
pub fn several_kinds(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "both");
    let _today = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    // In a case of its own the other would have another name.
    let older = format!("openshell-cluster-{}", world.gateway());
    ByHand::named(&older, suite.image()).volume(&older, Kind::Cluster.data()).create(suite);

    for args in [&["--dry-run"][..], &[]] {
        let run = world.refused(world.onboard().args(args), 3, "preset-ambiguous");
        run.names_in_message(Kind::Today.preset()).names_in_message(Kind::Cluster.preset());
    }
    let refused = world.refused(world.onboard(), 3, "preset-ambiguous");
    let followed = follow(&world, &refused).expect("a command of nemoclaw's");
    followed.ended(0, "reused", "ready");
    // With the record there is no question any more.
    world.onboard().run().ended(0, "reused", "ready");
    world.assert_kept(&work);
}

/// A container of one kind and a volume of the other: a volume speaks as loudly as a container.
pub fn volume_of_another_kind(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "volume");
    let _today = world.by_hand().start(suite);
    world.await_ready();
    world.daemon().create_volume(&format!("openshell-cluster-{}", world.gateway()), &[]);
    let run = world.refused(world.onboard().args(&["--dry-run"]), 3, "preset-ambiguous");
    run.names_in_message(Kind::Today.preset()).names_in_message(Kind::Cluster.preset());
}

/// Only a volume of today's kind is left, which nobody has labelled: its exact name is enough, and no node name is asked
/// for.
pub fn volume_alone(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "alone");
    let theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    world.daemon().stop(&world.container());
    drop(theirs);

    let run = world.onboard_stand_in().run();
    run.ended(0, "adopted", "ready");
    assert_eq!(run.names("/volumes"), [world.volume()], "{}", run.dump());
    assert_eq!(run.names("/sandboxes/found"), [&work.sandbox], "{}", run.dump());
    world.assert_kept(&work);
}

/// Cut off from Docker's own network, and so from its port, by hand.
pub fn todays_cut_off_from_its_network(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "cut-off");
    let (made, work) = world.made();
    world.daemon().disconnect("bridge", &world.container());
    let run = world.onboard().run();
    run.ended(0, "repaired", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    world.assert_kept(&work);
    world.onboard().run().ended(0, "reused", "ready");
}

/// What shares the name's beginning is not the gateway's: neither kind is found in it.
pub fn prefix_is_no_name(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "prefix");
    let _today = world.by_hand().start(suite);
    world.await_ready();
    world.daemon().create_volume(&format!("openshell-cluster-{}-eu", world.gateway()), &[]);
    let run = world.onboard().args(&["--dry-run"]).run();
    run.ended(0, "planned", "planned");
    assert_eq!(run.text("preset"), Kind::Today.preset(), "{}", run.dump());
}

/// The older kind where nothing of it is there: only the older tool can give it its first secrets.
pub fn older_kind_from_nothing(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "nothing");
    let run = world.refused(world.onboard_stand_in(), 3, "preset-legacy");
    run.names_in_message(Kind::Cluster.preset());
    let advice = run.text("advice");
    assert!(advice.contains("--preset openshell-gateway") && !advice.contains("--spec"), "{}", run.dump());
    assert!(world.daemon().volumes(&world.volume()).is_empty(), "no empty volume was made");
}

/// A stopped container whose network is gone, as a prune leaves it.
pub fn older_kind_without_its_network(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "netless");
    let (made, work) = world.made();
    world.daemon().stop(&world.container());
    world.daemon().remove_network(&world.container());
    let run = world.onboard().run();
    run.ended(0, "recovered", "ready");
    assert_eq!(run.container_id(), made.container_id(), "{}", run.dump());
    assert_eq!(world.daemon().networks(&world.container()), [world.container()]);
    world.assert_kept(&work);
    world.onboard().run().ended(0, "reused", "ready");
}

/// Somebody has the port next to the one asked for, which a fresh gateway's health would have: nothing is made.
pub fn health_port_held_on_a_fresh_host(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "health");
    let name = world.other_name("holder");
    let holder = ByHand::named(&name, suite.other_image()).publish(world.port() + 1).start(suite);
    let run = world.refused(world.onboard_stand_in(), 3, "port-held");
    run.names_in_message(&name).names_in_message(&(world.port() + 1).to_string());
    drop(holder);
    let (_, work) = world.made();
    world.assert_kept(&work);
}

/// The reference gateway and the older kind share their names. A label tells them apart, with a record and without.
pub fn reference_is_not_the_older_kind(suite: &Suite) {
    let case = Case::new(suite, "shared");
    let (made, work) = case.created();
    let older = ["--preset", Kind::Cluster.preset()];
    case.refused(case.onboard().args(&older), 3, "other-preset");
    std::fs::remove_file(case.record()).unwrap();
    let refused = case.refused(case.onboard().args(&older), 3, "other-preset");
    let followed = follow(&case, &refused).expect("a command of nemoclaw's");
    followed.ended(0, "reused", "ready");
    assert_eq!(followed.container_id(), made.container_id(), "{}", followed.dump());
    case.assert_kept(&work);
}
