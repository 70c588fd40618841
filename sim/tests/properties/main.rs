//! Properties of drawn worlds, intents and schedules, and of what is written and read back. What once failed is kept in
//! `regressions` beside this file and tried first. By itself each draws the same 256 cases, so that a landing is judged by
//! what it changes; with `PROPTEST_CASES` it draws as many others as are asked for.

mod drawn;
mod texts;

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

/// The seed of the cases that are always the same.
const SEED: u64 = 1;

/// How each of them is run.
fn config() -> Config {
    let kept = FileFailurePersistence::WithSource("regressions");
    let config = Config { failure_persistence: Some(Box::new(kept)), ..Config::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => Config { rng_seed: RngSeed::Fixed(SEED), ..config },
    }
}
