//! TCP ports: those that a container publishes, the one that a look asks for, and which container has that one now.
//! Other protocols are left out: a gateway is asked over TCP. So are host processes, which Docker does not see.

use std::collections::HashMap;
use std::net::IpAddr;

use bollard::models::{HostConfig, PortBinding as Binding};
use engine::{ContainerName, ContainerSeen, PortBinding, PortSpec};

use super::PortContainer;
use super::field::{Unreadable, need};
use super::listed::Listed;

/// Host ports by container port (`8080/tcp`), as Docker's models have them.
type PortMap = HashMap<String, Option<Vec<Binding>>>;

/// The ports that a container is configured to publish, and whether each is published now. One that does not run lacks
/// none. A container on the host's network or another container's publishes nothing, whatever its configuration says.
pub fn seen(host: &HostConfig, published: PortMap, runs: bool) -> Result<Vec<PortBinding>, Unreadable> {
    let mode = need(host.network_mode.as_deref(), "HostConfig.NetworkMode")?;
    if matches!(mode, "host" | "none") || mode.starts_with("container:") {
        return Ok(Vec::new());
    }
    let mut ports = Vec::new();
    // Null where a client sends none.
    for (key, wanted) in host.port_bindings.iter().flatten() {
        let Some(container) = key.strip_suffix("/tcp") else { continue };
        let container = number(container)?;
        let now = published.get(key).and_then(Option::as_deref).unwrap_or_default();
        for binding in wanted.iter().flatten() {
            let host_ip = binding.host_ip.clone().unwrap_or_default();
            let host = host_port(binding)?;
            let is_published = match host {
                Some(host) => now.iter().any(|now| now.host_port.as_deref() == Some(host.to_string().as_str())),
                None => !now.is_empty(),
            };
            ports.push(PortBinding { container, host_ip, host, published: is_published || !runs });
        }
    }
    ports.sort_by(|a, b| (a.container, &a.host_ip, a.host).cmp(&(b.container, &b.host_ip, b.host)));
    Ok(ports)
}

/// The host's port; none where Docker chooses it at each start, freely (empty or 0) or from a range.
fn host_port(binding: &Binding) -> Result<Option<u16>, Unreadable> {
    let text = binding.host_port.as_deref().unwrap_or_default();
    if text.is_empty() || text.contains('-') { Ok(None) } else { Ok(Some(number(text)?).filter(|port| *port != 0)) }
}

fn number(text: &str) -> Result<u16, Unreadable> {
    text.parse().map_err(|_| Unreadable::new(format!("`HostConfig.PortBindings` has the port `{text}`")))
}

/// The port that the gateway has, or is to have: its container's own where it has a fixed one, else the one asked for.
pub fn effective(asked: &PortSpec, own: Option<&ContainerSeen>) -> PortSpec {
    own.map_or_else(|| asked.clone(), |own| asked.as_bound(&own.ports))
}

/// The container that publishes the port on an address that overlaps, the gateway's own first.
pub fn holder(listed: &[Listed], port: &PortSpec, own: &ContainerName) -> Option<PortContainer> {
    let holds = |listed: &&Listed| {
        listed.published.iter().any(|there| there.port == port.host && overlap(&there.ip, &port.host_ip))
    };
    let holders = listed.iter().filter(holds).map(|listed| {
        let is_own = listed.is_named(own);
        let name = if is_own { own.clone() } else { name_of(listed) };
        PortContainer { name, id: listed.id.clone(), is_own }
    });
    holders.min_by_key(|holder| (!holder.is_own, holder.name.clone()))
}

/// Its name, or, where the list shows none of its own, its ID, which Docker's tools take as well.
fn name_of(listed: &Listed) -> ContainerName {
    listed.name().unwrap_or_else(|| ContainerName::new(listed.id.as_str()))
}

/// Whether two addresses of the host are the same, or one of them is any. One that is not an address counts as any.
fn overlap(a: &str, b: &str) -> bool {
    match (address(a), address(b)) {
        (Some(a), Some(b)) => a == b,
        (None, _) | (_, None) => true,
    }
}

/// The address; none for any.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::look::fixtures::list;

    fn port(host_ip: &str, host: u16) -> PortSpec {
        PortSpec { host_ip: host_ip.into(), host, container: 8080, same_inside: false, health: None }
    }

    #[test]
    fn a_port_is_held_by_the_container_that_publishes_it_on_an_overlapping_address() {
        let list = list();
        let held = |ip: &str, host| holder(&list, &port(ip, host), &ContainerName::new("h-b-gw"));
        for ip in ["127.0.0.1", "0.0.0.0", "::", ""] {
            let holder = held(ip, 18931).unwrap();
            assert!(holder.is_own && holder.name.as_str() == "h-b-gw", "{ip}");
        }
        assert_eq!(held("127.0.0.2", 18931), None);
        assert_eq!(held("127.0.0.1", 18932), None);
        assert!(!holder(&list, &port("", 18931), &ContainerName::new("h-b")).unwrap().is_own);
    }

    fn read(bindings: &str, mode: &str, published: &str, runs: bool) -> Result<Vec<PortBinding>, Unreadable> {
        let host = format!(r#"{{"NetworkMode":"{mode}","PortBindings":{bindings}}}"#);
        seen(&serde_json::from_str(&host).unwrap(), serde_json::from_str(published).unwrap(), runs)
    }

    #[test]
    fn a_running_container_without_its_mapping_lacks_the_port_and_a_stopped_one_does_not() {
        let wanted =
            r#"{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"53/udp":[{"HostIp":"","HostPort":"53"}]}"#;
        let now = r#"{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}"#;
        let is_published = |published: &str, runs| {
            let ports = read(wanted, "default", published, runs).unwrap();
            assert_eq!((ports.len(), ports[0].container, ports[0].host), (1, 80, Some(8080)));
            ports[0].published
        };
        assert!(is_published(now, true) && is_published("{}", false));
        for without in ["{}", r#"{"80/tcp":null}"#, r#"{"80/tcp":[{"HostIp":"","HostPort":"9"}]}"#] {
            assert!(!is_published(without, true), "{without}");
        }
    }

    #[test]
    fn a_port_that_docker_chooses_is_none_and_one_that_is_no_number_is_no_answer() {
        for chosen in ["", "0", "8000-8010"] {
            let wanted = format!(r#"{{"80/tcp":[{{"HostIp":"","HostPort":"{chosen}"}}]}}"#);
            let ports = read(&wanted, "n", r#"{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"32768"}]}"#, true).unwrap();
            assert_eq!((ports[0].host, ports[0].published), (None, true));
        }
        assert!(read(r#"{"80/tcp":[{"HostPort":"x"}]}"#, "n", "{}", true).is_err());
    }

    #[test]
    fn a_container_on_the_hosts_network_publishes_nothing() {
        let wanted = r#"{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}"#;
        for mode in ["host", "none", "container:x"] {
            assert_eq!(read(wanted, mode, "{}", true), Ok(Vec::new()));
        }
    }
}
