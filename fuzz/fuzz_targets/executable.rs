//! See `src/targets/executable.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nemoclaw_fuzz::targets::executable::target(data));
