//! What goes along into a new container: every mount, also one that has no name, what its owner set by hand, and what
//! lives only in the old container's own layer, which is left behind by name only.

use bollard::models::MountType;

use super::Before;
use super::layer::{FileFound, Files, found};
use crate::support::{Case, Suite};

/// A volume without a name of its own, which goes with the case.
struct Anonymous<'a> {
    case: &'a Case<'a>,
    name: String,
}

impl Drop for Anonymous<'_> {
    fn drop(&mut self) {
        // The containers that mount it first.
        self.case.suite().sweep(&self.case.other_name(""));
        let daemon = self.case.daemon();
        if daemon.has_volume(&self.name) {
            daemon.remove_volume(&self.name);
        }
    }
}

/// A volume that has no name but Docker's is the new container's, too.
pub fn anonymous_volume(suite: &Suite) {
    let case = Case::new(suite, "anonymous");
    case.daemon().create_network(&case.name());
    case.gateway_by_hand().network(&case.name()).anonymous_volume("/cache").create(suite);
    let anonymous = Anonymous { case: &case, name: volume_at(&case, "/cache") };
    Files::new().file(b"cache/deep/thought", b"42", 7, 0o640).put(&case, &case.name());
    let before = adopted_by_hand(&case);

    let run = case.onboard().args(&["--recreate"]).run();
    before.assert_replaced(&run);
    assert_eq!(volume_at(&case, "/cache"), anonymous.name, "{}", run.dump());
    let file = FileFound { bytes: b"42".to_vec(), uid: 7, mode: 0o640 };
    assert_eq!(found(&case, &case.name(), "/cache/deep").get("deep/thought"), Some(&file), "{}", run.dump());
    let manifest = std::fs::read_to_string(super::before::assert_backed_up(&case, &run).join("manifest.json")).unwrap();
    assert!(manifest.contains(&anonymous.name), "it is not in the backup: {manifest}");
}

/// What its owner gave the container on the command line.
pub fn what_its_owner_set(suite: &Suite) {
    let case = Case::new(suite, "settings");
    let shared = case.file("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::write(shared.join("here"), "still").unwrap();
    case.daemon().create_network(&case.name());
    let by_hand = case.gateway_by_hand().network(&case.name()).memory(256 << 20);
    by_hand
        .bind_besides(&shared.display().to_string(), "/shared")
        .env("OWNERS_TOKEN", "s3cret")
        .label("com.example.team", "blue")
        .create(suite);
    let before = adopted_by_hand(&case);

    let run = case.onboard().args(&["--recreate"]).run();
    let new = before.assert_replaced(&run);
    let (config, host) = (new.config.clone().unwrap(), new.host_config.clone().unwrap());
    assert_eq!(host.memory, Some(256 << 20), "{}", run.dump());
    assert_eq!(config.labels.unwrap().get("com.example.team").map(String::as_str), Some("blue"), "{}", run.dump());
    assert_eq!(case.daemon().env(&case.name(), "OWNERS_TOKEN").as_deref(), Some("s3cret"), "{}", run.dump());
    let here = found(&case, &case.name(), "/shared");
    assert_eq!(here.get("shared/here").map(|file| file.bytes.as_slice()), Some(b"still".as_slice()), "{}", run.dump());
    assert!(!run.stdout.contains("s3cret") && !run.stderr.contains("s3cret"), "{}", run.dump());
    let written = case.files();
    let tells = written.iter().find(|(_, file)| file.bytes().windows(6).any(|bytes| bytes == b"s3cret"));
    assert!(tells.is_none_or(|(path, _)| path.starts_with("gateways")), "{:?} tells the secret", tells.unwrap().0);
}

/// A file outside of all mounts would be lost: that is refused, and nothing is touched.
pub fn layer_refused(suite: &Suite) {
    let case = Case::new(suite, "layer");
    let before = with_a_key(&case);
    for flags in [["--recreate"].as_slice(), &["--port", &(case.port() + 1).to_string()]] {
        let run = case.refused(case.onboard().args(flags), 3, "layer-holds-data");
        run.names_in_message(KEY);
    }
    // Taking along another path is no way to lose this one.
    let run = case.refused(case.onboard().args(&["--recreate", "--carry", "/opt/other"]), 3, "layer-holds-data");
    before.assert_as_it_was(&run);
}

/// It goes along where its owner says so, with owner and mode.
pub fn layer_carried(suite: &Suite) {
    let case = Case::new(suite, "carry");
    let before = with_a_key(&case);
    let run = case.onboard().args(&["--recreate", "--carry", "/opt/mine"]).run();
    before.assert_replaced(&run);
    let key = FileFound { bytes: b"key".to_vec(), uid: 1234, mode: 0o600 };
    assert_eq!(found(&case, &case.name(), "/opt/mine").get("mine/key"), Some(&key), "{}", run.dump());
}

/// It stays behind where its owner says so.
pub fn layer_left_behind(suite: &Suite) {
    let case = Case::new(suite, "leave");
    let before = with_a_key(&case);
    let run = case.onboard().args(&["--recreate", "--leave-behind"]).run();
    before.assert_replaced(&run);
    assert!(found(&case, &case.name(), KEY).is_empty(), "{}", run.dump());
}

const KEY: &str = "/opt/mine/key";

/// A gateway with a file that lives only in its container.
fn with_a_key<'a>(case: &'a Case<'a>) -> Before<'a> {
    let before = Before::new(case);
    Files::new().file(b"opt/mine/key", b"key", 1234, 0o600).put(case, &case.name());
    before
}

/// A gateway that somebody created by hand, taken over by a first run.
#[track_caller]
fn adopted_by_hand<'a>(case: &'a Case<'a>) -> Before<'a> {
    case.daemon().start(&case.name());
    case.await_ready();
    let work = case.put_work();
    case.onboard_by_preset().run().ended(0, "reused", "ready");
    Before::of(case, work)
}

/// The name of the volume at a path.
#[track_caller]
fn volume_at(case: &Case<'_>, path: &str) -> String {
    let mounts = case.daemon().inspect(&case.name()).mounts.unwrap_or_default();
    let here = mounts.into_iter().find(|mount| mount.destination.as_deref() == Some(path));
    let here =
        here.filter(|mount| mount.typ == Some(MountType::VOLUME.to_string())).expect("a volume is mounted there");
    here.name.expect("a volume has a name")
}
