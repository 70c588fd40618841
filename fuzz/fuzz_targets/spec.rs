//! See `src/targets/spec.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nemoclaw_fuzz::targets::spec::target(data));
