//! Properties of drawn worlds, intents and schedules, and of what is written and read back. More cases than the usual 256
//! by `PROPTEST_CASES`; what once failed is kept in `regressions` beside this file and tried first.

mod drawn;
mod texts;

use proptest::test_runner::{Config, FileFailurePersistence};

/// How each of them is run.
fn config() -> Config {
    let kept = FileFailurePersistence::WithSource("regressions");
    Config { failure_persistence: Some(Box::new(kept)), ..Config::default() }
}
