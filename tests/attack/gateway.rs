//! The reference gateway as a process of the built binary, on a folder as its volume.
//! It is started, spoken to over plain sockets, and ended; what it should do is the caller's to say.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// The node whose data it keeps.
pub const NODE: &str = "openshell-test";

/// A gateway on a free port; dropped, it is killed.
pub struct Gateway {
    /// Its process.
    pub child: Child,
    /// Where it listens.
    pub address: String,
    log: Option<Lines<BufReader<ChildStderr>>>,
}

impl Gateway {
    /// Starts it on a folder, with these variables.
    pub fn start(data: &Path, environment: &[(&str, &str)]) -> Self {
        Self::of(spawn(command(data, environment)))
    }

    /// Waits until a process that becomes a gateway listens.
    pub fn of(mut child: Child) -> Self {
        let log = Some(BufReader::new(child.stderr.take().unwrap()).lines());
        let mut gateway = Self { child, log, address: String::new() };
        let line = gateway.next_line();
        let (_, rest) = line.split_once("listens on ").unwrap_or_else(|| panic!("it did not start: {line}"));
        gateway.address = rest.split(',').next().unwrap().to_owned();
        gateway
    }

    /// The next line that it logs; empty once it has ended.
    pub fn next_line(&mut self) -> String {
        self.log.as_mut().and_then(Iterator::next).transpose().unwrap().unwrap_or_default()
    }

    /// Hands out the rest of its log.
    pub fn take_log(&mut self) -> Lines<BufReader<ChildStderr>> {
        self.log.take().unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// The most memory that was resident so far.
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// One request, such as `GET /healthz`, on a connection of its own: the status and the body that answer it.
    pub fn send(&self, request: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        let end = reply.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let status = std::str::from_utf8(&reply[9..12]).unwrap().parse().unwrap();
        (status, reply.split_off(end))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that is a gateway on a folder, with these variables.
pub fn command(data: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nemoclaw"));
    command
        .arg("reference-gateway")
        .env("NEMOCLAW_REFERENCE_DATA", data)
        .env("NEMOCLAW_REFERENCE_LISTEN", "127.0.0.1:0")
        .env("OPENSHELL_NODE_NAME", NODE)
        .envs(environment.iter().copied());
    command
}

/// Starts a command whose log is read.
pub fn spawn(mut command: Command) -> Child {
    command.stderr(Stdio::piped()).spawn().unwrap()
}
