//! The traces that runs on the real daemon leave: the engine, fed with their events, names the same commands again.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use sim::replay::{Replayed, replay};

/// Asserts that every trace in a state directory replays clean. That of a killed run may end in half a line.
///
/// # Panics
/// When one cannot be read, or a command differs.
pub fn assert_replay_clean(home: &Path) {
    for path in traces(home) {
        let trace = path.display();
        // One that a killed run had just made is empty.
        let Ok(file) = File::open(&path) else { continue };
        if file.metadata().is_ok_and(|seen| seen.len() == 0) {
            continue;
        }
        let replayed = replay(BufReader::new(file)).unwrap_or_else(|problem| panic!("{trace}: {problem}"));
        let Replayed { steps, differs, .. } = replayed;
        assert!(differs.is_none(), "{trace} replays otherwise after {steps} steps: {differs:?}");
    }
}

/// All of a state directory's, whatever gateway they are of.
fn traces(home: &Path) -> Vec<PathBuf> {
    let of = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let gateways: Vec<_> = of(&home.join("traces")).collect();
    let all = gateways.iter().flat_map(|gateway| of(gateway));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect()
}
