//! Which sequences there are: those that are kept as cases, those that are drawn, and those that were recorded.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;

use hyper::Method;
use serde::{Deserialize, Serialize};
use sim::draw::Seeded;

use crate::real::ask;
use crate::run::Taken;
use crate::step::{Step, sequence};
use crate::support::Suite;

/// Set to 1, the answers of the daemon are written into the recorded files.
const RECORD: &str = "NEMOCLAW_CONFORMANCE_RECORD";
/// How many sequences are drawn.
const COUNT: &str = "NEMOCLAW_CONFORMANCE";
/// The seed that they are drawn from.
const SEED: &str = "NEMOCLAW_CONFORMANCE_SEED";

/// The most steps of one that is drawn.
const STEPS_MAX: usize = 12;

/// A sequence by its name.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub name: String,
    pub steps: Vec<Step>,
}

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Whether it is about a daemon that ends, or about all that a daemon has.
    #[serde(default)]
    alone: bool,
    steps: Vec<Step>,
}

/// What a real daemon answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// The daemon's version.
    pub docker: String,
    pub sequences: Vec<RecordedSequence>,
}

/// One sequence of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordedSequence {
    pub name: String,
    pub steps: Vec<Taken>,
}

/// The cases, and after them those that are drawn. `alone` is whether the daemon is each sequence's own.
pub fn all(alone: bool, count: u64) -> Vec<Sequence> {
    let cases: Cases = toml::from_str(include_str!("cases.toml")).unwrap();
    let cases = cases.case.into_iter().filter(|case| case.alone == alone);
    let cases = cases.map(|case| Sequence { name: case.name, steps: case.steps });
    let (seed, count) = (from_env(SEED, 1), from_env(COUNT, count));
    let drawn = (0..count).map(|number| Sequence {
        name: format!("drawn {number} of seed {seed}"),
        steps: sequence(&mut Seeded::new(seed, number), STEPS_MAX, alone),
    });
    cases.chain(drawn).collect()
}

fn from_env<T: FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) => default,
    }
}

/// What was recorded in one of the files.
pub fn recorded(file: &str) -> Recorded {
    let path = path(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// A daemon's version.
pub fn version(suite: &Suite) -> String {
    ask(suite, Method::GET, "/version", None).1["Version"].as_str().unwrap().to_owned()
}

/// Writes what a daemon of that version answered, where that was asked for.
pub fn record(file: &str, docker: &str, taken: &Mutex<Vec<RecordedSequence>>) {
    if std::env::var_os(RECORD) != Some("1".into()) {
        return;
    }
    let mut sequences = taken.lock().unwrap().clone();
    sequences.sort_by(|one, other| one.name.cmp(&other.name));
    let text = serde_json::to_string(&Recorded { docker: docker.to_owned(), sequences }).unwrap();
    // A sequence a line, so that a difference can be read.
    let text = text.replace("{\"name\":", "\n{\"name\":");
    std::fs::write(path(file), text + "\n").unwrap();
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/recorded").join(file)
}
