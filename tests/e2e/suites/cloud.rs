//! A fresh machine: from nothing to a gateway, and everything that then speaks of it says the same.

use serde_json::Value;

use crate::presets::{Kind, World};
use crate::support::{Run, Suite};

/// `onboard`, `list`, `status` and the record agree, once it is made and once it is stopped.
pub fn everything_agrees(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "cloud");
    let missing = world.status().run();
    assert_eq!(missing.code(), Some(3), "{}", missing.dump());
    let (made, work) = world.made();
    // The sandbox that was made meanwhile is recorded by the next run, and is in the record that the one after that reads.
    world.onboard().run().ended(0, "reused", "ready");
    let onboarded = world.onboard().run();
    onboarded.ended(0, "reused", "ready");
    assert_eq!(onboarded.container_id(), made.container_id(), "{}", onboarded.dump());
    assert_eq!(onboarded.names("/sandboxes/found"), [&work.sandbox], "{}", onboarded.dump());

    let status = world.status().run();
    status.ended(0, "ready", "ready");
    assert_same_gateway(&onboarded.json, &status.json, &status);
    let list = world.nemoclaw(&["list"]).run();
    assert_eq!((list.code(), list.json["schema"].as_u64()), (Some(0), Some(1)), "{}", list.dump());
    assert_same_gateway(&status.json, listed(&world, &list), &list);
    let record = std::fs::read_to_string(world.record()).unwrap();
    for known in [onboarded.container_id(), &world.volume(), &work.sandbox, Kind::Today.preset(), suite.image()] {
        assert!(record.contains(known), "the record does not name {known}: {record}");
    }
    for told in [world.in_words("status"), world.list_in_words()] {
        assert_eq!(told.code(), Some(0), "{}", told.dump());
        assert!(told.stdout.contains(world.gateway()), "{}", told.dump());
        assert!(told.stdout.contains(&work.sandbox), "{}", told.dump());
    }

    world.daemon().stop(&world.container());
    let (picture, files) = (world.picture(), world.files());
    let status = world.status().run();
    status.ended(5, "stopped", "stopped");
    let list = world.nemoclaw(&["list"]).run();
    assert_same_gateway(&status.json, listed(&world, &list), &list);
    world.assert_unchanged(&picture, &list);
    assert_eq!(world.files(), files, "to look writes nothing\n{}", list.dump());
    world.onboard().run().ended(0, "recovered", "ready");
    world.assert_kept(&work);
}

/// A gateway of another state directory is known by its label alone, and one of ours by its record alone.
pub fn list_knows_by_label_and_by_record(suite: &Suite) {
    let labelled = World::new(suite, Kind::Today, "label");
    let (made, _) = labelled.made();
    let world = World::new(suite, Kind::Cluster, "record");
    let (_, work) = world.made();
    world.daemon().remove(&world.container());

    let list = world.nemoclaw(&["list"]).run();
    assert_eq!(list.code(), Some(0), "{}", list.dump());
    let theirs = listed(&labelled, &list);
    assert_eq!(theirs["container"]["id"], made.container_id(), "{}", list.dump());
    assert_eq!(theirs["preset"], Kind::Today.preset(), "{}", list.dump());
    let ours = listed(&world, &list);
    assert!(ours["container"].is_null(), "{}", list.dump());
    assert_eq!(ours["outcome"], "missing", "{}", list.dump());
    world.onboard().run().ended(0, "adopted", "ready");
    world.assert_kept(&work);
}

/// Where Docker does not answer, what is recorded is listed all the same: as answering, where it does, else as unknown.
pub fn list_without_docker(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "nodocker");
    let (_, work) = world.made();
    let files = world.files();
    let nowhere = format!("unix://{}", world.file("docker.sock").display());
    let assert_listed_as = |reason: &str| {
        let list = world.nemoclaw_at(&nowhere, &["list"]).run();
        assert_eq!(list.code(), Some(4), "{}", list.dump());
        assert_eq!(listed(&world, &list)["reason"], reason, "{}", list.dump());
        assert_eq!(world.files(), files, "to look writes nothing\n{}", list.dump());
    };
    assert_listed_as("unverified");
    world.daemon().stop(&world.container());
    assert_listed_as("docker-unknown");
    world.onboard().run().ended(0, "recovered", "ready");
    world.assert_kept(&work);
}

/// What a container wrote is shown, and nothing is changed by that.
pub fn logs_show_what_it_wrote(suite: &Suite) {
    let world = World::new(suite, Kind::Today, "logs");
    world.made();
    let (picture, files) = (world.picture(), world.files());
    let logs = world.nemoclaw(&["logs", "--gateway", world.gateway(), "--tail", "50"]).run();
    assert_eq!(logs.code(), Some(0), "{}", logs.dump());
    let wrote = world.daemon().log_lines(&world.container());
    assert!(!wrote.is_empty() && wrote.iter().all(|line| logs.stdout.contains(line)), "{wrote:?}\n{}", logs.dump());
    world.assert_unchanged(&picture, &logs);
    assert_eq!(world.files(), files, "to read writes nothing\n{}", logs.dump());
}

/// The entry of a case's gateway.
#[track_caller]
fn listed<'a>(world: &World<'_>, list: &'a Run) -> &'a Value {
    let gateways = list.json["gateways"].as_array().unwrap_or_else(|| panic!("no gateways\n{}", list.dump()));
    let mut entries = gateways.iter().filter(|gateway| gateway["gateway"] == world.gateway());
    let entry = entries.next().unwrap_or_else(|| panic!("{} is not listed\n{}", world.gateway(), list.dump()));
    assert!(entries.next().is_none(), "it is listed twice\n{}", list.dump());
    entry
}

#[track_caller]
fn assert_same_gateway(one: &Value, other: &Value, run: &Run) {
    for field in ["gateway", "preset", "endpoint", "container", "image", "volumes", "sandboxes"] {
        assert_eq!(one[field], other[field], "{field}\n{}", run.dump());
    }
}
