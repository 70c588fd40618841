//! Tests of the older tool's files: they are believed where they can be read, told of where they cannot, and left as
//! they are.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::SystemTime;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A home directory that goes with its test.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One in which the older tool has run: a gateway `nemoclaw` with the sandboxes `alpha` and `beta`.
    fn used() -> Self {
        let home = Self::new();
        home.metadata("nemoclaw", &json!({}));
        home.write(".config/openshell/active_gateway", "nemoclaw");
        for name in IDENTITY_FILES {
            home.write(&format!(".config/openshell/gateways/nemoclaw/mtls/{name}"), "pem");
        }
        let rows = json!({"alpha": {"name": "alpha", "policies": []}, "beta": {"name": "beta", "stopped": true}});
        home.registry(".nemoclaw", &rows);
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    /// A `metadata.json` as the OpenShell CLI writes it, with some fields changed.
    fn metadata(&self, gateway: &str, changes: &Value) {
        let mut metadata = json!({
            "name": gateway, "gateway_endpoint": "https://127.0.0.1:8090", "is_remote": false, "gateway_port": 8090,
            "auth_mode": "mtls",
        });
        for (key, value) in changes.as_object().unwrap() {
            metadata[key] = value.clone();
        }
        self.write(&format!(".config/openshell/gateways/{gateway}/metadata.json"), metadata.to_string());
    }

    fn registry(&self, folder: &str, rows: &Value) {
        let text = json!({"defaultSandbox": null, "sandboxes": rows}).to_string();
        self.write(&format!("{folder}/sandboxes.json"), text);
    }

    fn tool(&self) -> OlderTool {
        let home = self.0.path().to_str().unwrap().to_owned();
        OlderTool::find(&|name| (name == "HOME").then(|| home.clone()))
    }

    fn read(&self, gateway: &str) -> Older {
        self.tool().read(&GatewayName::parse(gateway).unwrap())
    }

    /// The one problem that reading gives.
    #[track_caller]
    fn problem(&self, gateway: &str) -> String {
        let older = self.read(gateway);
        assert_eq!(older.problems.len(), 1, "{older:?}");
        older.problems[0].clone()
    }

    /// Every path below it, with its time of change and what it holds.
    fn everything(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                let time = fs::symlink_metadata(&path).unwrap().modified().unwrap();
                found.insert(path.clone(), (time, fs::read(&path).unwrap_or_default()));
            }
            let time = fs::metadata(&folder).unwrap().modified().unwrap();
            found.insert(folder, (time, Vec::new()));
        }
        found
    }
}

fn names(names: &[&str]) -> BTreeSet<SandboxName> {
    names.iter().map(|name| SandboxName::new(*name)).collect()
}

#[test]
fn all_that_the_older_tool_wrote_is_found() {
    let home = Home::used();
    let expected = Older {
        port: Some(8090),
        sandboxes: names(&["alpha", "beta"]),
        is_active: Some(true),
        client_identity: Some(home.path(".config/openshell/gateways/nemoclaw/mtls")),
        problems: Vec::new(),
    };
    assert_eq!(home.read("nemoclaw"), expected);
}

#[test]
fn a_machine_without_it_says_nothing() {
    assert_eq!(Home::new().read("nemoclaw"), Older::default());
    let nowhere = OlderTool::find(&|name| (name == "HOME").then(|| "/dev/null".to_owned()));
    assert_eq!(nowhere.read(&GatewayName::parse("nemoclaw").unwrap()), Older::default());
}

#[test]
fn a_gateway_that_it_does_not_know_gets_nothing_of_another() {
    let older = Home::used().read("prod");
    assert_eq!(older, Older { is_active: Some(false), ..Older::default() });
}

#[test]
fn the_configuration_folder_follows_its_variable() {
    let find = |variables: &[(&str, &str)]| {
        OlderTool::find(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
            .openshell
    };
    assert_eq!(find(&[("HOME", "/h")]), Some("/h/.config/openshell".into()));
    assert_eq!(find(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), Some("/x/openshell".into()));
    for unusable in ["", "some/where"] {
        assert_eq!(find(&[("HOME", "/h"), ("XDG_CONFIG_HOME", unusable)]), Some("/h/.config/openshell".into()));
    }
}

#[test]
fn reading_changes_no_file_and_no_folder() {
    let home = Home::used();
    home.write(".nemoclaw/sandboxes.json", "{");
    symlink(home.path("nowhere"), home.path(".config/openshell/gateways/link")).unwrap();
    let before = home.everything();
    home.read("nemoclaw");
    home.read("prod");
    assert_eq!(home.everything(), before);
}

#[test]
fn links_are_followed_and_one_that_leads_nowhere_is_told() {
    let home = Home::used();
    fs::rename(home.path(".nemoclaw"), home.path("elsewhere")).unwrap();
    symlink(home.path("elsewhere"), home.path(".nemoclaw")).unwrap();
    assert_eq!(home.read("nemoclaw").sandboxes, names(&["alpha", "beta"]));

    fs::remove_file(home.path("elsewhere/sandboxes.json")).unwrap();
    symlink("nowhere", home.path("elsewhere/sandboxes.json")).unwrap();
    assert!(home.problem("nemoclaw").contains("leads nowhere"));
}

#[test]
fn the_port_is_the_published_one_of_this_machine() {
    let home = Home::new();
    let port = |changes: Value| {
        home.metadata("nemoclaw", &changes);
        let older = home.read("nemoclaw");
        assert_eq!(older.problems, Vec::<String>::new());
        older.port
    };
    assert_eq!(port(json!({})), Some(8090));
    // `gateway add` writes no port, only the address.
    assert_eq!(port(json!({"gateway_port": 0, "gateway_endpoint": "http://[::1]:8070/"})), Some(8070));
    assert_eq!(port(json!({"gateway_port": 0, "gateway_endpoint": "http://127.0.0.1"})), None);
    assert_eq!(port(json!({"gateway_port": 0, "gateway_endpoint": "not an address"})), None);
    assert_eq!(port(json!({"is_remote": true, "remote_host": "me@far"})), None);
}

#[test]
fn metadata_that_is_garbage_or_of_another_gateway_is_told_and_the_rest_still_read() {
    let home = Home::used();
    home.metadata("nemoclaw", &json!({"name": "prod"}));
    assert!(home.problem("nemoclaw").contains("another name"));
    for garbage in [json!({"gateway_port": 70_000}), json!({"gateway_port": "hunter2"}), json!({"is_remote": null})] {
        home.metadata("nemoclaw", &garbage);
        let problem = home.problem("nemoclaw");
        assert!(problem.contains("metadata.json"), "{problem}");
        assert!(!problem.contains("hunter2"), "a value is quoted: {problem}");
    }
    let older = home.read("nemoclaw");
    assert_eq!((older.port, older.sandboxes, older.is_active), (None, names(&["alpha", "beta"]), Some(true)));
}

#[test]
fn each_row_counts_for_its_own_gateway() {
    let home = Home::new();
    let rows = json!({
        "old": {"name": "old"},
        "named": {"name": "named", "gatewayName": "nemoclaw", "gatewayPort": null},
        "ported": {"name": "ported", "gatewayName": "prod", "gatewayPort": 8080},
        "other": {"name": "other", "gatewayName": "nemoclaw-9000", "gatewayPort": 9000},
        "foreign": {"name": "foreign", "gatewayName": "prod"},
        "planned": {"name": "planned", "pendingRouteReservation": true},
    });
    home.registry(".nemoclaw", &rows);
    home.registry(".nemoclaw/gateways/9000", &json!({"own": {"name": "own", "gatewayPort": 9000}}));

    let default = home.read("nemoclaw");
    assert_eq!((default.sandboxes, default.port), (names(&["old", "named", "ported"]), Some(8080)));
    let other = home.read("nemoclaw-9000");
    assert_eq!((other.sandboxes, other.port), (names(&["other", "own"]), Some(9000)));
    assert_eq!(home.read("prod").sandboxes, names(&["foreign"]));
    assert_eq!(home.read("nemoclaw-90").sandboxes, names(&[]));
}

#[test]
fn rows_that_are_garbage_are_counted_and_the_others_used() {
    let home = Home::new();
    let rows = json!({
        "alpha": {"name": "alpha"},
        "beta": {"name": "gamma"},
        "delta": {"name": "delta", "gatewayPort": 0},
        "../up": {"name": "../up"},
        "\u{1b}[2J": {"name": "\u{1b}[2J"},
        "null": null,
    });
    home.registry(".nemoclaw", &rows);
    let problem = home.problem("nemoclaw");
    assert!(problem.contains("without 5 of its rows"), "{problem}");
    assert_eq!(home.read("nemoclaw").sandboxes, names(&["alpha"]));
}

#[test]
fn a_registry_that_is_no_registry_is_told() {
    let home = Home::new();
    let deep = "[".repeat(100_000);
    for garbage in ["", "{}", "[]", "null", "{\"sandboxes\":[]}", "\u{feff}{\"sandboxes\":{}}", &deep] {
        home.write(".nemoclaw/sandboxes.json", garbage);
        assert!(home.problem("nemoclaw").contains("sandboxes.json"));
    }
}

#[test]
fn a_file_beyond_all_bounds_is_not_read() {
    let home = Home::new();
    home.write(".nemoclaw/sandboxes.json", format!("{{\"sandboxes\":{{}}}}{}", " ".repeat(1024 * 1024)));
    assert!(home.problem("nemoclaw").contains("larger than"));
}

#[test]
fn what_is_no_file_is_not_waited_on() {
    let home = Home::new();
    fs::create_dir_all(home.path(".nemoclaw/sandboxes.json")).unwrap();
    assert!(home.problem("nemoclaw").contains("not a regular file"));
    fs::remove_dir(home.path(".nemoclaw/sandboxes.json")).unwrap();
    assert!(
        std::process::Command::new("mkfifo").arg(home.path(".nemoclaw/sandboxes.json")).status().unwrap().success()
    );
    assert!(home.problem("nemoclaw").contains("not a regular file"));
}

#[test]
fn the_active_gateway_is_a_name_or_nothing() {
    let home = Home::new();
    let active = |text: &[u8]| {
        home.write(".config/openshell/active_gateway", text);
        let older = home.read("nemoclaw");
        (older.is_active, older.problems.len())
    };
    assert_eq!(active(b" nemoclaw \n"), (Some(true), 0));
    assert_eq!(active(b"nemoclaw-9000"), (Some(false), 0));
    assert_eq!(active(b"\n"), (None, 0));
    assert_eq!(active(b"two names"), (None, 1));
    assert_eq!(active(b"\xff\xfe"), (None, 1));
}

#[test]
fn half_a_client_identity_is_none_and_told() {
    let home = Home::used();
    fs::remove_file(home.path(".config/openshell/gateways/nemoclaw/mtls/tls.key")).unwrap();
    assert!(home.problem("nemoclaw").contains("lacks `tls.key`"));
    assert_eq!(home.read("nemoclaw").client_identity, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..200_usize) {
        let home = Home::used();
        let files = [
            ".nemoclaw/sandboxes.json",
            ".config/openshell/active_gateway",
            ".config/openshell/gateways/nemoclaw/metadata.json",
        ];
        for file in files {
            // The beginning of a real file, then anything.
            let mut text = fs::read(home.path(file)).unwrap();
            text.truncate(cut);
            text.extend(&bytes);
            home.write(file, &text);
        }
        let older = home.read("nemoclaw");
        prop_assert!(older.problems.len() <= files.len());
        for problem in older.problems {
            prop_assert!(!problem.contains(char::is_control), "{problem:?}");
        }
    }
}
