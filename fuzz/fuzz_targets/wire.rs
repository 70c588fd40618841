//! See `src/targets/wire.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nemoclaw_fuzz::targets::wire::target(data));
