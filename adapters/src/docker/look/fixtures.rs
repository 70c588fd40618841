//! Answers of a real daemon (20.10.24, API 1.41), recorded, and a look to go with them; for the tests of this folder.

use bollard::models::Network;
use engine::{ContainerName, GatewayName, ImageRef, NetworkSeen, PortSpec, ReadinessSpec, Scheme, Target, Why};

use super::inspect::Inspected;
use super::listed::{self, Listed};
use super::networks;
use super::volumes::{self, ListedVolume, VolumeList};

/// A gateway that runs, as inspect shows it.
pub const GATEWAY: &str = include_str!("fixtures/gateway.json");

/// A look for a gateway whose container bears its name, and for nothing else.
pub fn target(name: &str) -> Target {
    Target {
        gateway: GatewayName::parse(name).unwrap(),
        container: ContainerName::new(name),
        replacement: Vec::new(),
        recorded: None,
        data_root: None,
        volumes: Vec::new(),
        network: None,
        image: ImageRef::new("h-b-img:1"),
        port: PortSpec { host_ip: "127.0.0.1".into(), host: 18931, container: 8080, same_inside: false, health: None },
        readiness: ReadinessSpec { scheme: Scheme::Http, asks: Vec::new(), mark: None, client_certificate: None },
        wait_ms: 0,
        identity: false,
        layer: false,
        companions: Vec::new(),
        gpu: false,
        node_name_file: None,
    }
}

/// The recorded answer to the list.
pub fn list() -> Vec<Listed> {
    let list: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/list.json")).unwrap();
    list.into_iter().map(|entry| listed::read(entry).unwrap()).collect()
}

/// The recorded answer to the list of volumes.
pub fn volumes_listed() -> Vec<ListedVolume> {
    let answer: VolumeList = serde_json::from_str(include_str!("fixtures/volumes.json")).unwrap();
    answer.volumes.unwrap().into_iter().map(volumes::listed).collect()
}

/// The recorded answer to the list of networks.
pub fn networks_listed() -> Vec<NetworkSeen> {
    let list: Vec<Network> = serde_json::from_str(include_str!("fixtures/networks.json")).unwrap();
    list.into_iter().map(|network| networks::seen(network).unwrap()).collect()
}

/// An answer to inspect.
pub fn inspected(answer: &serde_json::Value) -> Result<Inspected, Why> {
    Inspected::read("GET".into(), answer.clone())
}
