//! The floor: a process that asks Docker for one container and the gateway for its health, and does nothing else.
//! Plain `std`, one connection each, one after the other. Absent on purpose: any reading of the answers beyond their status.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use crate::world::{SOCKET, World, myself};

/// The argument that makes this program the helper.
pub const WORD: &str = "minimal";

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// The helper as a command.
///
/// # Errors
/// This program is not to be found.
pub fn command(world: &World) -> io::Result<Command> {
    let mut command = myself()?;
    command.args([WORD, SOCKET, world.container(), &world.port()]);
    Ok(command)
}

/// What the helper does.
///
/// # Errors
/// Either did not answer with 200.
pub fn ask_both(socket: &str, container: &str, port: &str) -> io::Result<()> {
    ask(UnixStream::connect(socket)?, &format!("/containers/{container}/json"))?;
    is_ready(port)
}

/// Asks the gateway for its health.
///
/// # Errors
/// It did not answer with 200.
pub fn is_ready(port: &str) -> io::Result<()> {
    let stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    stream.set_read_timeout(Some(LIMIT))?;
    ask(stream, "/healthz")
}

fn ask(mut stream: impl Read + Write, path: &str) -> io::Result<()> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(io::Error::other(format!("{path} is not there"))) }
}
