//! Where Docker is: `--host`, the environment, Docker's own configuration, or the first of the usual sockets.
//! A wrong address is bad input and is refused before Docker is asked anything; whether somebody listens there shows
//! at the first call. Absent on purpose: `ssh://`, named pipes, and any connection.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{context, transport};

/// Docker's port for plain HTTP, where an address names none.
const PORT_PLAIN: u16 = 2375;

/// Docker's port for HTTP over TLS, where an address names none.
const PORT_TLS: u16 = 2376;

/// Where Docker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Unix {
        /// Its path.
        path: PathBuf,
    },
    /// Plain HTTP.
    Tcp {
        /// Host name or IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// HTTP over TLS.
    Tls {
        /// Host name or IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// The folder with `ca.pem` and, where the daemon asks for a client's certificate, `cert.pem` and `key.pem`.
        certs: PathBuf,
    },
}

/// An address of Docker that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` ({origin}): {problem}")]
pub struct BadAddress {
    /// The offending text.
    pub text: String,
    /// Where it stands: `--host`, an environment variable, a file.
    pub origin: String,
    /// What is wrong with it.
    pub problem: String,
}

impl BadAddress {
    pub(super) fn new(text: impl Into<String>, origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { text: text.into(), origin: origin.into(), problem: problem.into() }
    }
}

impl Address {
    /// Finds Docker as its own client does: `--host`, `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of Docker's
    /// configuration, and else the first usual socket that exists. An empty variable counts as unset.
    ///
    /// # Errors
    /// An address or context that cannot be used, or a file of Docker's configuration that cannot be read.
    pub fn find(host: Option<&str>, env: &impl Fn(&str) -> Option<String>) -> Result<Self, BadAddress> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        if let Some(host) = host {
            return Self::parse(host, "--host", certs_of_environment(&env));
        }
        if let Some(host) = env("DOCKER_HOST") {
            return Self::parse(&host, "DOCKER_HOST", certs_of_environment(&env));
        }
        if let Some(address) = context::find(&env)? {
            return Ok(address);
        }
        Ok(Self::Unix { path: first_existing(usual_sockets(&env)) })
    }

    /// Parses an address such as `unix:///var/run/docker.sock` or `tcp://host:2375`. With a folder of certificates,
    /// TCP means TLS, as it does for Docker's own client; text without a scheme means TCP.
    pub(super) fn parse(text: &str, origin: &str, certs: Option<PathBuf>) -> Result<Self, BadAddress> {
        let bad = |problem: String| BadAddress::new(text, origin, problem);
        if text.is_empty() {
            return Err(bad("an address is not empty".to_owned()));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match (scheme, certs) {
            ("unix", _) if rest.starts_with('/') => Ok(Self::Unix { path: rest.into() }),
            ("unix", _) => Err(bad("the path of a socket is absolute".to_owned())),
            ("tcp" | "http", None) => {
                let (host, port) = host_and_port(rest, PORT_PLAIN).map_err(bad)?;
                Ok(Self::Tcp { host, port })
            }
            ("tcp" | "https", Some(certs)) => {
                let (host, port) = host_and_port(rest, PORT_TLS).map_err(bad)?;
                Ok(Self::Tls { host, port, certs })
            }
            ("https", None) => Err(bad("TLS needs `DOCKER_TLS_VERIFY=1` and `DOCKER_CERT_PATH`".to_owned())),
            ("http", Some(_)) => Err(bad("certificates are set, but `http://` is without TLS".to_owned())),
            (other, _) => Err(bad(format!("`{other}://` is not supported; `unix://` and `tcp://` are"))),
        }
    }

    /// Reads the certificates of a TLS address, as the run itself will; nothing is connected.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn check(&self) -> Result<(), BadAddress> {
        transport::to(self).map(|_| ())
    }

    /// Whether the daemon's published ports are this machine's own: a socket, or a loopback address.
    pub fn is_local(&self) -> bool {
        self.host().is_none()
    }

    /// The host under which the published ports of a remote daemon are reached; none for a local one.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Unix { .. } => None,
            Self::Tcp { host, .. } | Self::Tls { host, .. } if is_loopback(host) => None,
            Self::Tcp { host, .. } | Self::Tls { host, .. } => Some(host),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix { path } => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => write!(f, "tcp://{}", authority(host, *port)),
        }
    }
}

/// Host and port as they stand in a URL.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The certificates that the environment sets, where it asks for TLS.
fn certs_of_environment(env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    env("DOCKER_TLS_VERIFY")?;
    env("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| context::folder(env))
}

fn host_and_port(text: &str, default_port: u16) -> Result<(String, u16), String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']').ok_or("a `]` is missing")?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| format!("`{host}` is not an IPv6 address"))?;
            (host, rest.strip_prefix(':').or(rest.is_empty().then_some("")).ok_or("a port follows after `:`")?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = match port {
        "" => default_port,
        port => port.parse().ok().filter(|port| *port != 0).ok_or_else(|| format!("`{port}` is not a port"))?,
    };
    let host = if host.is_empty() { "localhost" } else { host };
    match host.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'))) {
        Some(c) => Err(format!("a host name has no `{c}`")),
        None => Ok((host.to_owned(), port)),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The sockets at which daemons listen that nobody has configured: the system's, rootless Docker, Docker Desktop,
/// Colima, Podman.
fn usual_sockets(env: &impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let runtime = env("XDG_RUNTIME_DIR").map(PathBuf::from);
    let home = env("HOME").map(PathBuf::from);
    let under = |folder: &Option<PathBuf>, socket: &str| folder.as_ref().map(|folder| folder.join(socket));
    [
        Some(PathBuf::from("/var/run/docker.sock")),
        under(&runtime, "docker.sock"),
        under(&home, ".docker/run/docker.sock"),
        under(&home, ".docker/desktop/docker.sock"),
        under(&home, ".colima/default/docker.sock"),
        under(&runtime, "podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first that exists. Where none does it is the very first, and connecting tells that nobody listens there.
fn first_existing(sockets: Vec<PathBuf>) -> PathBuf {
    let found = sockets.iter().find(|path| Path::exists(path)).or(sockets.first());
    found.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        let pairs: BTreeMap<_, _> = pairs.iter().copied().collect();
        move |name| pairs.get(name).map(|value| (*value).to_owned())
    }

    fn unix(path: &str) -> Address {
        Address::Unix { path: path.into() }
    }

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        let env = env(&[("DOCKER_HOST", "unix:///env.sock"), ("DOCKER_CONTEXT", "nowhere")]);
        assert_eq!(Address::find(Some("unix:///flag.sock"), &env), Ok(unix("/flag.sock")));
        assert_eq!(Address::find(None, &env), Ok(unix("/env.sock")));
    }

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        let none = env(&[]);
        for (text, expected) in [
            ("tcp://10.0.0.1:99", tcp("10.0.0.1", 99)),
            ("tcp://example.org", tcp("example.org", 2375)),
            ("http://example.org:80/", tcp("example.org", 80)),
            ("example.org:99", tcp("example.org", 99)),
            ("tcp://:99", tcp("localhost", 99)),
            ("tcp://[::1]:99", tcp("::1", 99)),
            ("tcp://[fe80::1]", tcp("fe80::1", 2375)),
        ] {
            assert_eq!(Address::find(Some(text), &none), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_addresses_are_refused_by_name() {
        let none = env(&[]);
        for (text, problem) in [
            ("", "empty"),
            ("ssh://me@host", "ssh://"),
            ("npipe:////./pipe/docker_engine", "npipe://"),
            ("fd://", "fd://"),
            ("unix://relative.sock", "absolute"),
            ("unix://", "absolute"),
            ("tcp://host:port", "`port`"),
            ("tcp://host:0", "`0`"),
            ("tcp://host:99999", "`99999`"),
            ("tcp://host:1/prefix", "`1/prefix`"),
            ("tcp://user@host:1", "`@`"),
            ("tcp://[::1", "`]`"),
            ("tcp://[xyz]:1", "`xyz`"),
            ("https://host", "DOCKER_TLS_VERIFY"),
        ] {
            let bad = Address::find(Some(text), &none).unwrap_err();
            assert_eq!(bad.text, text);
            assert_eq!(bad.origin, "--host");
            assert!(bad.problem.contains(problem), "{text}: {bad}");
        }
    }

    #[test]
    fn tls_is_asked_for_by_its_variable_alone() {
        let tls = |host: &str, port, certs: &str| Address::Tls { host: host.to_owned(), port, certs: certs.into() };
        let host = ("DOCKER_HOST", "tcp://far");
        let verify = ("DOCKER_TLS_VERIFY", "1");
        let certs = ("DOCKER_CERT_PATH", "/certs");
        assert_eq!(Address::find(None, &env(&[host, certs])), Ok(tcp("far", 2375)));
        assert_eq!(Address::find(None, &env(&[host, certs, ("DOCKER_TLS_VERIFY", "")])), Ok(tcp("far", 2375)));
        assert_eq!(Address::find(None, &env(&[host, certs, verify])), Ok(tls("far", 2376, "/certs")));
        assert_eq!(Address::find(None, &env(&[host, verify, ("HOME", "/me")])), Ok(tls("far", 2376, "/me/.docker")));
        assert_eq!(Address::find(Some("unix:///a"), &env(&[verify, certs])), Ok(unix("/a")));
    }

    #[test]
    fn certificates_that_are_not_there_are_named_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let tls = Address::Tls { host: "far".to_owned(), port: 2376, certs: folder.path().to_owned() };
        let ca = folder.path().join("ca.pem").display().to_string();
        assert_eq!(tls.check().map_err(|bad| bad.text), Err(ca));
        assert_eq!(unix("/a").check(), Ok(()));
    }

    #[test]
    fn usual_sockets_are_taken_in_order_and_the_first_stands_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let sockets = usual_sockets(&env(&[("HOME", home), ("XDG_RUNTIME_DIR", home)]));
        assert_eq!(sockets.len(), 7);
        assert_eq!(usual_sockets(&env(&[])).len(), 2);

        let in_folder: Vec<_> = sockets.into_iter().filter(|path| path.starts_with(folder.path())).collect();
        assert_eq!(first_existing(in_folder.clone()), in_folder[0]);
        for socket in in_folder.iter().rev() {
            fs::create_dir_all(socket.parent().unwrap()).unwrap();
            fs::write(socket, "").unwrap();
            assert_eq!(first_existing(in_folder.clone()), *socket);
        }
    }

    #[test]
    fn only_sockets_and_loopback_are_local() {
        for (address, host) in [
            (unix("/a"), None),
            (tcp("localhost", 1), None),
            (tcp("127.0.0.2", 1), None),
            (tcp("::1", 1), None),
            (tcp("10.0.0.1", 1), Some("10.0.0.1")),
            (tcp("docker.example", 1), Some("docker.example")),
        ] {
            assert_eq!(address.host(), host, "{address}");
            assert_eq!(address.is_local(), host.is_none(), "{address}");
        }
        assert_eq!(tcp("::1", 99).to_string(), "tcp://[::1]:99");
        assert_eq!(unix("/var/run/docker.sock").to_string(), "unix:///var/run/docker.sock");
    }
}
