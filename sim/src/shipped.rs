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
    shipped!("a-lost-sandbox-is-named-and-stays-recorded"),
    shipped!("a-proxy-says-404"),
    shipped!("addresses-change-with-a-docker-restart"),
    shipped!("an-answer-that-is-not-dockers"),
    shipped!("cluster-container-lost-volume-there"),
    shipped!("container-gone-under-healthy-metadata"),
    shipped!("container-removed-volume-left"),
    shipped!("daemon-restarted-still-warming-up"),
    shipped!("daemon-silent-in-the-first-look"),
    shipped!("data-root-is-not-mounted"),
    shipped!("docker-cannot-be-asked-and-the-gateway-answers"),
    shipped!("docker-denies-the-container"),
    shipped!("docker-down-is-not-container-removed"),
    shipped!("docker-starts-while-we-look"),
    shipped!("failed-resume-removed-container-and-network"),
    shipped!("good-start-and-an-unsure-probe"),
    shipped!("killed-after-the-create-took-effect"),
    shipped!("made-again-under-another-node-name"),
    shipped!("manual-stop-outlives-the-daemon"),
    shipped!("paused-is-not-missing"),
    shipped!("permission-to-docker-lost"),
    shipped!("podman-has-another-word-for-stopped"),
    shipped!("podman-shows-stopped-for-a-moment"),
    shipped!("power-cut-and-back"),
    shipped!("pruned-while-stopped"),
    shipped!("pruned-with-its-volume"),
    shipped!("reboot-stopped-is-not-missing"),
    shipped!("references-lost-and-volume-removed"),
    shipped!("removed-with-its-volume"),
    shipped!("restarted-cluster-keeps-its-sandboxes"),
    shipped!("runtime-restarted-container-removed"),
    shipped!("stale-list-after-a-removal"),
    shipped!("started-again-with-a-newer-image-about"),
    shipped!("status-after-a-reboot-forgets-nothing"),
    shipped!("stopped-and-the-record-is-lost"),
    shipped!("stopped-under-a-stale-record"),
    shipped!("storage-driver-switched"),
    shipped!("vm-stopped-and-started"),
    shipped!("volume-prune-takes-a-volume-in-use"),
    shipped!("workspace-is-read-back-after-a-restart"),
];
