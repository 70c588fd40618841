//! A proof that nobody proved: its fields are private to the module that can prove it.

use engine::{Absence, DaemonIdentity, GatewayName, VolumeName};

fn forge(volume: VolumeName, gateway: GatewayName, daemon: DaemonIdentity) -> Absence {
    Absence { volume, gateway, daemon }
}

fn main() {}
