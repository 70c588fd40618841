//! Two gateways side by side, of which one's name begins with the other's: whatever is done to one, the other's
//! container, volume, network and record stay as they are to the byte.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Case, Run, Spec, Suite, Work, assert_same};

/// Every way in which the one can fare, while the other is looked at.
pub fn prod_and_prod_eu(suite: &Suite) {
    let case = Case::new(suite, "prod");
    let (_, work) = case.created();
    let (gateway, port) = (format!("{}-eu", case.gateway()), suite.port());
    let neighbour = format!("openshell-cluster-{gateway}");
    let spec = case.file("eu.toml");
    Spec::of(suite.image(), port).write(&spec);
    let onboard = ["onboard", "--gateway", &gateway];
    case.nemoclaw(&onboard).args(&["--spec", &spec.display().to_string()]).run().ended(0, "created", "ready");
    let their_work = Work::put(suite.runtime(), port);
    // One more run, so that the record has the sandbox.
    case.nemoclaw(&onboard).run().ended(0, "reused", "ready");
    let before = of(&case, &neighbour, &gateway);

    let daemon = case.daemon();
    let expect = |done: &str, run: &Run, outcome: &str| {
        run.ended(0, outcome, "ready");
        assert_same(&before, &of(&case, &neighbour, &gateway), &format!("after {done}\n{}", run.dump()));
    };
    daemon.stop(&case.name());
    expect("a stop", &case.onboard().run(), "recovered");
    daemon.kill(&case.name());
    expect("a kill", &case.onboard().run(), "recovered");
    case.assert_kept(&work);
    daemon.remove(&case.name());
    expect("a removal", &case.onboard().run(), "adopted");
    daemon.remove(&case.name());
    std::fs::remove_file(case.record()).unwrap();
    expect("a removal without record", &case.onboard().run(), "adopted");
    case.assert_kept(&work);
    daemon.remove(&case.name());
    daemon.remove_volume(&case.name());
    let reset = ["--reset", "--confirm", case.gateway()];
    expect("a loss and a reset", &case.onboard().args(&reset).run(), "created");
    let work = case.put_work();

    // And the other way round: the longer name has no claim on the shorter one's either.
    let before = of(&case, &case.name(), case.gateway());
    daemon.remove(&neighbour);
    let run = case.nemoclaw(&onboard).run();
    run.ended(0, "adopted", "ready");
    assert_same(&before, &of(&case, &case.name(), case.gateway()), &run.dump());
    their_work.assert_kept(suite.runtime(), port);
    case.assert_kept(&work);
}

/// What belongs to one of the two, by exact name.
fn of(case: &Case<'_>, name: &str, gateway: &str) -> BTreeMap<String, Value> {
    let exact = |object: &String| object.rsplit(' ').next() == Some(name);
    let mut picture: BTreeMap<_, _> = case.picture().into_iter().filter(|(object, _)| exact(object)).collect();
    assert_eq!(picture.len(), 3, "a container, a volume and a network: {:?}", picture.keys());
    let record = case.home().join(format!("gateways/{gateway}.json"));
    picture.insert("record".to_owned(), std::fs::read_to_string(record).unwrap().into());
    picture
}
