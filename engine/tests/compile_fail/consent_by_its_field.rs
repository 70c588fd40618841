//! The consent of an owner who typed nothing.

use engine::{Consent, GatewayName};

fn forge(gateway: GatewayName) -> Consent {
    Consent { gateway }
}

fn main() {}
