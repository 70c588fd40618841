//! See `src/targets/older.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nemoclaw_fuzz::targets::older::target(data));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    nemoclaw_fuzz::mutate::json(data, size, max_size, seed)
});
