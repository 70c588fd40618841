//! Every seed of the fuzz targets, and so every finding that is kept as one, goes through the same parsers without a
//! fuzzer. Absent on purpose: new inputs, which are `fuzz/run`'s.

#![expect(clippy::expect_used, reason = "what a target cannot go on without fails it")]

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_seed_goes_through_its_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut played = BTreeSet::new();
    for (name, target) in targets::ALL {
        for entry in fs::read_dir(seeds.join(name)).expect("each target has seeds") {
            let path = entry.expect("a folder can be read").path();
            // Shown where the target panics.
            println!("{}", path.display());
            target(&fs::read(&path).expect("a seed can be read"));
            played.insert(name.to_owned());
        }
    }
    let folders = fs::read_dir(&seeds).expect("there are seeds").map(|entry| entry.expect("a folder can be read"));
    let folders: BTreeSet<_> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(played, folders, "a folder of seeds is no target's, or a target has none");
}
