//! The scenarios that ship: each file of `scenarios/` by its name. A test sees to it that none is left out.

/// Name and text of one.
macro_rules! shipped {
    ($name:literal) => {
        ($name, include_str!(concat!("../scenarios/", $name, ".toml")))
    };
}

/// Each, in order.
pub const SHIPPED: &[(&str, &str)] = &[
    shipped!("a-late-create-is-not-made-twice"),
    shipped!("container-removed-volume-left"),
    shipped!("daemon-silent-in-the-first-look"),
    shipped!("docker-denies-the-container"),
    shipped!("killed-after-the-create-took-effect"),
    shipped!("power-cut-and-back"),
    shipped!("reboot-stopped-is-not-missing"),
    shipped!("storage-driver-switched"),
];
