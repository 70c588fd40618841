//! A daemon that is well and does not have what the record names: another one, one whose data is gone, one that looks
//! into another store, one that lost a container's file. Nothing is made in its place, and nothing is removed.

use std::fs;

use crate::dockerd::Dockerd;
use crate::power_cut::{assert_back, made};
use crate::support::{Case, Suite, follow};

/// Two daemons of one host may say that they have the same ID. What is recorded of one is not done to the other.
pub fn other_daemon_on_the_same_host(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "twins");
    let (id, work) = made(&case, "unless-stopped");
    let another = dockerd.another();
    let there = Suite::new(another.socket());

    for flags in consents(&case) {
        let run = case.refused(case.nemoclaw_at(&another.address(), &onboard(&case)).args(&flags), 3, "other-daemon");
        run.names_in_message(&dockerd.data_root().display().to_string());
        run.names_in_message(&another.data_root().display().to_string());
        assert!(there.daemon().containers("").is_empty(), "{}", run.dump());
        assert!(there.daemon().volumes("").is_empty(), "{}", run.dump());
    }
    assert_back(&case, &id, &work, "reused");
}

/// A data root that somebody emptied, or whose disk is not mounted.
pub fn emptied_data_root(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "emptied");
    made(&case, "unless-stopped");
    dockerd.cut_power();
    fs::remove_dir_all(dockerd.data_root()).unwrap();
    dockerd.start();
    let record = fs::read(case.record()).unwrap();

    let run = case.refused(case.onboard(), 3, "data-gone");
    run.names_in_message(&case.name());
    assert!(case.daemon().volumes(&case.name()).is_empty(), "no empty volume was put in its place");

    follow(&case, &run).expect("a command of nemoclaw's").ended(0, "created", "ready");
    assert!(case.keeps_beside_its_record(&record), "the old record is kept\n{}", run.dump());
    let work = case.put_work();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// Docker was started with another storage driver on the same data root: it has the volume, denies the container, and
/// would let the volume go.
pub fn other_storage_driver(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "driver");
    let (id, work) = made(&case, "unless-stopped");
    dockerd.cut_power();
    dockerd.start_with("vfs");
    assert!(case.daemon().containers(&case.name()).is_empty(), "this store has no such container");

    for flags in consents(&case) {
        case.refused(case.onboard().args(&flags), 3, "other-daemon");
    }
    let all = ["--reset", "--confirm", case.gateway(), "--accept-daemon"];
    case.refused(case.onboard().args(&all), 3, "container-hidden");

    dockerd.cut_power();
    dockerd.start();
    assert_back(&case, &id, &work, "reused");
}

/// The same, and its owner accepts it for the gateway's daemon: its container is still in the first store, which takes it
/// up again.
pub fn other_storage_driver_accepted(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "accepted");
    let (id, work) = made(&case, "unless-stopped");
    dockerd.cut_power();
    dockerd.start_with("vfs");
    case.refused(case.onboard(), 3, "other-daemon");
    case.refused(case.onboard().args(&["--accept-daemon"]), 3, "container-hidden");

    dockerd.cut_power();
    dockerd.start();
    assert_back(&case, &id, &work, "reused");
}

/// A power cut left a container's own file empty: Docker denies the container, and would let its volume go.
pub fn emptied_container_file(suite: &Suite, dockerd: &mut Dockerd) {
    let case = Case::new(suite, "file");
    let (id, work) = made(&case, "unless-stopped");
    dockerd.cut_power();
    let file = dockerd.data_root().join("containers").join(&id).join("config.v2.json");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "").unwrap();
    dockerd.start();
    assert!(case.daemon().containers(&case.name()).is_empty(), "Docker denies the container");

    for flags in consents(&case) {
        let run = case.refused(case.onboard().args(&flags), 3, "container-hidden");
        run.names_in_message(&id);
    }
    let all = ["--reset", "--confirm", case.gateway(), "--accept-daemon"];
    case.refused(case.onboard().args(&all), 3, "container-hidden");

    dockerd.cut_power();
    fs::write(&file, whole).unwrap();
    dockerd.start();
    assert_back(&case, &id, &work, "reused");
}

/// What an owner may add to `onboard`, none of which says that the gateway's container is gone.
fn consents<'a>(case: &'a Case<'_>) -> [Vec<&'a str>; 2] {
    [vec![], vec!["--reset", "--confirm", case.gateway()]]
}

fn onboard<'a>(case: &'a Case<'_>) -> [&'a str; 3] {
    ["onboard", "--gateway", case.gateway()]
}
