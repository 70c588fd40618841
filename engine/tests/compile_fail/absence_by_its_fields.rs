//! A proof that nobody proved: its fields are private to the module that can prove it.

use engine::{Absence, ContainerId, ContainerName, DaemonIdentity, GatewayName, VolumeName};

fn forge(
    volume: VolumeName,
    gateway: GatewayName,
    names: Vec<ContainerName>,
    recorded: Option<ContainerId>,
    daemon: DaemonIdentity,
) -> Absence {
    Absence { volume, gateway, names, recorded, daemon }
}

fn main() {}
