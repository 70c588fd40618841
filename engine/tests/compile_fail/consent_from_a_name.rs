//! Consent because there is a name.

use engine::{Consent, GatewayName};

fn forge(gateway: GatewayName) -> Consent {
    Consent::from(gateway)
}

fn main() {}
