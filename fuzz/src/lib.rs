//! What nemoclaw reads from outside, put before whatever bytes a fuzzer thinks of. The targets are also replayed, seed by
//! seed, by the root package's test `fuzz_seeds`, which compiles them without this crate.

pub mod mutate;
pub mod targets;
