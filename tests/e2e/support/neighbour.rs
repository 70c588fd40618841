//! Another gateway of the same machine and state directory, whose name begins with the case's own: nothing that is done to
//! the one may touch it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Case, Run, Spec, Work, assert_same};

/// It, as it was when it was made.
pub struct Neighbour<'a> {
    case: &'a Case<'a>,
    container: String,
    port: u16,
    work: Work,
    picture: BTreeMap<String, Value>,
    record: Vec<u8>,
}

impl<'a> Neighbour<'a> {
    /// Makes it, with work in it.
    #[track_caller]
    pub fn of(case: &'a Case<'a>) -> Self {
        let (gateway, port) = (format!("{}-eu", case.gateway()), case.suite().port());
        let container = format!("openshell-cluster-{gateway}");
        let spec = case.file("eu.toml");
        Spec::of(case.suite().image(), port).write(&spec);
        let onboard = ["onboard", "--gateway", &gateway, "--spec", &spec.display().to_string()];
        case.nemoclaw(&onboard).run().ended(0, "created", "ready");
        let work = Work::put(case.suite().runtime(), port);
        let record = std::fs::read(record(case, &container)).unwrap();
        let picture = picture(case, &container);
        Self { case, container, port, work, picture, record }
    }

    /// What its container, its volume and its network are called.
    pub fn name(&self) -> &str {
        &self.container
    }

    /// The work that was put into it.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Asserts that a run has left all of it as it was.
    #[track_caller]
    pub fn assert_as_it_was(&self, run: &Run) {
        assert_same(&self.picture, &picture(self.case, &self.container), &run.dump());
        assert!(std::fs::read(record(self.case, &self.container)).unwrap() == self.record, "{}", run.dump());
        self.work.assert_kept(self.case.suite().runtime(), self.port);
    }
}

fn picture(case: &Case<'_>, container: &str) -> BTreeMap<String, Value> {
    let mut picture = case.picture();
    picture.retain(|object, _| object.ends_with(container));
    picture
}

fn record(case: &Case<'_>, container: &str) -> std::path::PathBuf {
    let gateway = container.trim_start_matches("openshell-cluster-");
    case.home().join(format!("gateways/{gateway}.json"))
}
