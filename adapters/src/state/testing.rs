//! What the tests of this folder share: a state directory that goes with its test, and a real record to put there.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    BUILT_IN, ContainerId, DaemonIdentity, GatewayName, GatewayRecord, Instance, Intent, Place, Preset, Purpose,
    RecordedVolume, SandboxName, VolumeName,
};
use tempfile::TempDir;

use super::StateDir;

/// The value of an environment variable that no trace may show.
pub(super) const SECRET: &str = "correct-horse-battery-staple";

/// A state directory that does not exist yet, below a folder that is removed with it.
pub(super) fn state() -> (TempDir, StateDir) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home").to_str().unwrap().to_owned();
    let state = StateDir::find(&|name| (name == "NEMOCLAW_HOME").then(|| home.clone())).unwrap();
    (folder, state)
}

pub(super) fn name(text: &str) -> GatewayName {
    GatewayName::parse(text).unwrap()
}

pub(super) fn record(gateway: &str) -> GatewayRecord {
    let gateway = name(gateway);
    let place = Place { files: "/files".to_owned(), docker_socket: None, certificates: None };
    let mut spec = Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway, &place).unwrap();
    spec.env.0.insert("API_KEY".to_owned(), SECRET.to_owned());
    GatewayRecord {
        daemon: DaemonIdentity {
            id: "ABCD:EFGH".to_owned(),
            data_root: "/var/lib/docker".to_owned(),
            storage_driver: "overlay2".to_owned(),
            name: "büro".to_owned(),
        },
        container: ContainerId::new("c0".repeat(32)),
        volumes: spec
            .volumes()
            .map(|(name, path)| RecordedVolume { name: name.clone(), path: path.to_owned() })
            .collect(),
        set_aside: BTreeSet::new(),
        node_name: spec.node_name.clone(),
        sandboxes: BTreeSet::from([SandboxName::new("alpha"), SandboxName::new("beta")]),
        missing: BTreeSet::from([SandboxName::new("beta")]),
        compared_in: Some(Instance::new("2026-11-24T21:30:00.000000001Z")),
        was_ready: true,
        gateway,
        spec,
    }
}

/// The same record with another volume in it.
pub(super) fn changed(mut record: GatewayRecord) -> GatewayRecord {
    record.volumes.push(RecordedVolume { name: VolumeName::new("more"), path: "/more".to_owned() });
    record
}

pub(super) fn intent(gateway: &str) -> Intent {
    Intent { wait_for_lock: false, ..Intent::of(name(gateway), record(gateway).spec, Purpose::Onboard) }
}

/// Every file in a folder, with its text.
pub(super) fn files(folder: &std::path::Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        found.insert(entry.file_name().into_string().unwrap(), text);
    }
    found
}
