//! The suites that the older tool's fix asked for (NVIDIA/NemoClaw #4187 and #4210), and that tool's own world. Each is
//! a story over several commands, where a case elsewhere is about one.

pub mod channels;
pub mod cloud;
pub mod older;
pub mod survival;
