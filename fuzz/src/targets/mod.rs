//! One function a target: it takes any bytes and panics where a promise about them is broken. Whatever can be reached
//! through what the product itself uses is reached that way: a file is put where it lies, an answer is sent by a daemon.
//! Absent on purpose: anything of a fuzzer's, so that a plain test can run them.

mod daemon;
pub mod docker_config;
pub mod executable;
pub mod look;
pub mod older;
pub mod record;
mod scene;
pub mod spec;
pub mod trace;
pub mod wire;

/// A target: it panics where a promise is broken.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const ALL: [(&str, Target); 8] = [
    ("docker_config", docker_config::target),
    ("executable", executable::target),
    ("look", look::target),
    ("older", older::target),
    ("record", record::target),
    ("spec", spec::target),
    ("trace", trace::target),
    ("wire", wire::target),
];
