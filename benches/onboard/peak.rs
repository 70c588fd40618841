//! The most memory that a process held at once, as GNU time tells it of a child that has ended.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::world::run;

/// The peak of a command, in bytes. `told` is a file to be told in.
///
/// # Errors
/// It cannot be run, or fails.
pub fn of(command: &Command, told: &Path) -> io::Result<u64> {
    let mut timed = Command::new("time");
    timed.args(["--format=%M", "--output"]).arg(told).arg(command.get_program()).args(command.get_args());
    timed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    run(&mut timed)?;
    let kib: u64 = std::fs::read_to_string(told)?.trim().parse().map_err(io::Error::other)?;
    Ok(kib * 1024)
}
