//! Who among this host's processes listens on a TCP port. It is read, never tried: binding the port for an instant
//! would be in the way of whoever starts there. Whether it is taken needs no privilege; by whom is told where the
//! system shows it. Absent on purpose: containers, which Docker is asked for first (the process that listens for a
//! container's port is Docker's own proxy).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use engine::{Known, PortHolder, PortSpec, Why};

/// The longest command line told, in characters: enough to recognise a process by.
const COMMAND_MAX_CHARS: usize = 200;

/// Whether a process of this host listens on the port, at an address that overlaps the port's own. It reads the list of
/// the host's TCP sockets (a millisecond for some hundred) and, where the port is taken, looks at every process.
pub fn holder_of(port: &PortSpec) -> Known<PortHolder> {
    let wanted = match port.host_ip.as_str() {
        // Docker's word for every address of both families.
        "" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        text => match text.parse() {
            Ok(ip) => ip,
            Err(_) => {
                return Known::Unknown(Why::NotVisible { what: format!("`{text}` is not an address of this host") });
            }
        },
    };
    system::holder_of(SocketAddr::new(wanted, port.host))
}

/// Whether a socket on one keeps another from listening on the other. A listener on `::` takes IPv4 as well unless it
/// says otherwise, which does not show.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |wide: IpAddr, narrow: IpAddr| wide.is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4());
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    one.port() == other.port() && (a == b || covers(a, b) || covers(b, a))
}

/// A command line as one readable line.
fn readable(arguments: &[String]) -> Option<String> {
    let line: String =
        arguments.join(" ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(COMMAND_MAX_CHARS).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeSet;
    use std::net::SocketAddr;

    use engine::{Known, PortHolder, Why};
    use procfs::net::{TcpNetEntry, TcpState};
    use procfs::process::{FDTarget, Process, all_processes};
    use procfs::{ProcError, ProcResult};

    use super::{overlap, readable};

    pub(super) fn holder_of(wanted: SocketAddr) -> Known<PortHolder> {
        let sockets = match listening_at(wanted) {
            Ok(sockets) => sockets,
            Err(ProcError::PermissionDenied(_) | ProcError::NotFound(_)) => {
                return Known::Known(PortHolder::NotVisible);
            }
            Err(error) => {
                let what = format!("who listens on this host's ports cannot be read: {error}");
                return Known::Unknown(Why::NotVisible { what });
            }
        };
        if sockets.is_empty() {
            return Known::Known(PortHolder::Free);
        }
        let process = owner_of(&sockets);
        Known::Known(PortHolder::Process {
            pid: process.as_ref().and_then(|process| u32::try_from(process.pid()).ok()),
            command: process.and_then(|process| process.cmdline().ok()).and_then(|line| readable(&line)),
        })
    }

    /// The inodes of the sockets that listen there.
    fn listening_at(wanted: SocketAddr) -> ProcResult<BTreeSet<u64>> {
        let mut entries = procfs::net::tcp()?;
        match procfs::net::tcp6() {
            Ok(more) => entries.extend(more),
            // A kernel without IPv6 has no such file.
            Err(ProcError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let listens = |entry: &TcpNetEntry| entry.state == TcpState::Listen && overlap(entry.local_address, wanted);
        Ok(entries.iter().filter(|entry| listens(entry)).map(|entry| entry.inode).collect())
    }

    /// The process that has one of these sockets; of several, as after a fork, the oldest by ID. None where it is
    /// another user's.
    fn owner_of(sockets: &BTreeSet<u64>) -> Option<Process> {
        let has_one = |process: &Process| {
            let Ok(files) = process.fd() else { return false };
            files.flatten().any(|file| matches!(file.target, FDTarget::Socket(inode) if sockets.contains(&inode)))
        };
        let processes = all_processes().ok()?.flatten();
        processes.filter(has_one).min_by_key(Process::pid)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::net::SocketAddr;

    use engine::{Known, PortHolder};
    use listeners::{Protocol, SocketState};

    use super::{overlap, readable};

    /// Other systems show only the processes that we may look into, so that none found proves nothing.
    pub(super) fn holder_of(wanted: SocketAddr) -> Known<PortHolder> {
        let Ok(found) = listeners::get_all() else { return Known::Known(PortHolder::NotVisible) };
        let holder = found
            .into_iter()
            .filter(|listener| listener.protocol == Protocol::TCP && listener.state == SocketState::Listen)
            .filter(|listener| overlap(listener.socket, wanted))
            .map(|listener| listener.process)
            .min_by_key(|process| process.pid);
        Known::Known(match holder {
            Some(process) => PortHolder::Process { pid: Some(process.pid), command: readable(&[process.path]) },
            None => PortHolder::NotVisible,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn spec(host_ip: &str, host: u16) -> PortSpec {
        PortSpec { host_ip: host_ip.to_owned(), host, container: 8080, same_inside: false, health: None }
    }

    #[test]
    fn a_listener_of_ours_is_found_by_pid_and_command_at_every_overlapping_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for host_ip in ["127.0.0.1", "0.0.0.0", "::", "", "::ffff:127.0.0.1"] {
            let Known::Known(PortHolder::Process { pid, command }) = holder_of(&spec(host_ip, port)) else {
                panic!("port {port} of `{host_ip}` was not seen as taken");
            };
            assert_eq!(pid, Some(std::process::id()), "{host_ip}");
            let command = command.unwrap();
            assert!(std::env::args().next().unwrap().starts_with(command.split(' ').next().unwrap()), "{command}");
        }
        for elsewhere in ["127.0.0.2", "::1"] {
            assert_eq!(holder_of(&spec(elsewhere, port)), Known::Known(PortHolder::Free), "{elsewhere}");
        }
    }

    #[test]
    fn a_connection_that_uses_the_port_does_not_hold_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let port = client.local_addr().unwrap().port();
        assert_eq!(holder_of(&spec("127.0.0.1", port)), Known::Known(PortHolder::Free));
    }

    #[test]
    fn what_is_no_address_is_unknown() {
        assert!(matches!(holder_of(&spec("localhost", 1)), Known::Unknown(Why::NotVisible { .. })));
    }

    #[test]
    fn a_wildcard_of_either_family_covers_what_it_takes() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (one, other, expected) in [
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("[::]:80", "127.0.0.1:80", true),
            ("[::]:80", "0.0.0.0:80", true),
            ("[::]:80", "[::1]:80", true),
            ("[::ffff:0.0.0.0]:80", "10.0.0.1:80", true),
            ("[::ffff:10.0.0.1]:80", "10.0.0.1:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("10.0.0.1:80", "127.0.0.1:80", false),
            ("0.0.0.0:80", "0.0.0.0:81", false),
        ] {
            assert_eq!(overlap(at(one), at(other)), expected, "{one} {other}");
            assert_eq!(overlap(at(other), at(one)), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_command_line_is_one_short_line() {
        let long = vec!["sh\n\u{1b}[31m".to_owned(), "ä".repeat(500)];
        let line = readable(&long).unwrap();
        assert!(line.chars().count() <= COMMAND_MAX_CHARS && !line.contains(char::is_control), "{line}");
        assert_eq!(readable(&[]), None);
    }
}
