use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use engine::{
    Asked, BUILT_IN, Consent, DaemonIdentity, GatewayName, GatewayRecord, GatewaySpec, Grounds, HostSeen,
    NextContainer, Observation, Place, Preset, RecordSeen, Remains, VolumeName,
};

use super::*;
use crate::docker::Address;
use crate::fake_daemon::answering;

const LIMIT: Duration = Duration::from_secs(60);
const LIST: &str = include_str!("../look/fixtures/list.json");
const VOLUMES: &str = include_str!("../look/fixtures/volumes.json");
const GATEWAY: &str = include_str!("../look/fixtures/gateway.json");

fn no(status: u16) -> (u16, String) {
    (status, r#"{"message":"no"}"#.to_owned())
}

fn daemon(address: Address) -> Daemon {
    Daemon::new(address).unwrap()
}

fn gateway_id() -> ContainerId {
    let answer: Value = serde_json::from_str(GATEWAY).unwrap();
    ContainerId::new(answer["Id"].as_str().unwrap())
}

fn rejected(status: u16) -> Event {
    Event::Failed { failure: Failure::Rejected { status: Some(status), message: "no".to_owned() } }
}

/// What came of an act that Docker answered with this, of a container that inspect then shows so.
async fn removed(status: u16, inspect: (u16, String)) -> (Event, Vec<String>) {
    let (_folder, address, asked) = answering(move |method, _| match method {
        "DELETE" => no(status),
        _ => inspect.clone(),
    });
    let event = daemon(address).remove_container(&gateway_id(), LIMIT).await;
    (event, asked.try_iter().collect())
}

#[tokio::test]
async fn a_container_is_removed_with_nothing_else_and_one_that_is_gone_was_removed() {
    let id = gateway_id();
    let (event, asked) = removed(204, no(404)).await;
    assert_eq!((event, asked), (Event::Done, vec![format!("DELETE /containers/{id}")]), "neither `v` nor `force`");
    assert_eq!(removed(404, no(404)).await.0, Event::Done);
    assert!(matches!(removed(500, no(404)).await.0, Event::Failed { failure: Failure::Unknown { .. } }));
}

#[tokio::test]
async fn why_a_container_was_not_removed_its_own_status_tells() {
    let shown = |status: &str| {
        let answer = GATEWAY.replace("\"Status\": \"running\"", &format!("\"Status\": \"{status}\""));
        (200, answer)
    };
    assert_eq!(removed(409, shown("running")).await.0, rejected(409));
    assert_eq!(removed(409, no(404)).await.0, Event::Done, "removed meanwhile");
    for unknown in [shown("removing"), no(500)] {
        assert!(matches!(removed(409, unknown).await.0, Event::Failed { failure: Failure::Unknown { .. } }));
    }
}

#[tokio::test]
async fn a_name_that_a_container_bears_already_was_given_to_it() {
    let renamed = async |name: &str, status| {
        let (_folder, address, _asked) = answering(move |method, _| match method {
            "POST" => no(status),
            _ => (200, GATEWAY.to_owned()),
        });
        daemon(address).rename(&gateway_id(), &ContainerName::new(name), LIMIT).await
    };
    assert_eq!(renamed("h-b-gw", 204).await, Event::Done);
    assert_eq!(renamed("h-b-gw", 400).await, Event::Done);
    assert_eq!(renamed("h-b-gw-previous", 409).await, rejected(409));
    assert_eq!(renamed("h-b-gw-previous", 404).await, rejected(404));
}

#[test]
fn a_helper_reads_or_writes_and_nothing_is_born_of_it() {
    let helped = HelperMount { volume: VolumeName::new("vol"), path: None, at: "/v/0".to_owned() };
    let mut helper = HelperContainer {
        name: ContainerName::new("gw-nemoclaw-helper"),
        image: ImageRef::new("nemoclaw-empty:1"),
        labels: BTreeMap::from([("l".to_owned(), "v".to_owned())]),
        volumes: vec![helped],
        read_only: true,
    };
    let mut expected = json!({
        "Image": "nemoclaw-empty:1",
        "Cmd": [NEVER_RUN],
        "Labels": { "l": "v" },
        "HostConfig": {
            "Mounts": [{
                "Type": "volume", "Source": "vol", "Target": "/v/0", "ReadOnly": true,
                "VolumeOptions": { "NoCopy": true },
            }],
            "NetworkMode": "none",
            "RestartPolicy": { "Name": "no" },
        },
    });
    assert_eq!(body_of_helper(&helper), expected);
    helper.read_only = false;
    expected["HostConfig"]["Mounts"][0]["ReadOnly"] = json!(false);
    assert_eq!(body_of_helper(&helper), expected);
}

#[tokio::test]
async fn no_container_is_created_on_a_volume_that_is_not_there() {
    let old: Value = serde_json::from_str(GATEWAY).unwrap();
    let next = NextContainer {
        replaces: gateway_id(),
        name: ContainerName::new("h-b-gw-next"),
        image: ImageRef::new("x:1"),
        command: None,
        keeps_entry_point: false,
        env: Default::default(),
        labels: BTreeMap::new(),
        mounts: Vec::new(),
        port: None,
        hostname: "node-1".to_owned(),
    };
    let created = async |old: Value, volume: u16| {
        let (_folder, address, asked) = answering(move |method, path| match (method, path) {
            ("GET", path) if path.starts_with("/volumes/") => (volume, r#"{"message":"no"}"#.to_owned()),
            ("GET", path) if path.starts_with("/images/") => no(404),
            ("GET", _) => (200, old.to_string()),
            _ => (201, "{}".to_owned()),
        });
        let event = daemon(address).create_next(&next, LIMIT).await;
        (event, asked.try_iter().any(|asked| asked.starts_with("POST")))
    };
    assert_eq!(created(old.clone(), 200).await, (Event::Done, true));
    assert!(matches!(
        created(old.clone(), 404).await,
        (Event::Failed { failure: Failure::Rejected { status: Some(404), .. } }, false)
    ));
    assert!(matches!(created(old.clone(), 500).await, (Event::Failed { failure: Failure::Unknown { .. } }, false)));
    let mut another = old.clone();
    another["Id"] = json!("0".repeat(64));
    assert!(matches!(created(another, 200).await, (Event::Failed { failure: Failure::Unknown { .. } }, false)));
    let mut passing = old;
    passing["HostConfig"]["AutoRemove"] = json!(true);
    assert!(matches!(created(passing, 200).await, (Event::Failed { failure: Failure::Rejected { .. } }, false)));
}

/// What a daemon says while a volume is to be removed.
#[derive(Clone)]
struct Says {
    id: &'static str,
    list: Value,
    inspect: (u16, String),
    volumes: (u16, String),
    delete: u16,
}

impl Says {
    /// That there is nothing but the volume.
    fn nothing() -> Self {
        Self { id: "A:B", list: json!([]), inspect: no(404), volumes: (200, VOLUMES.to_owned()), delete: 204 }
    }

    /// That there is one container of the recorded list.
    fn container(name: &str) -> Self {
        let list: Vec<Value> = serde_json::from_str(LIST).unwrap();
        let name = json!(format!("/{name}"));
        let entry = list.into_iter().find(|entry| entry["Names"][0] == name).unwrap();
        Self { list: json!([entry]), ..Self::nothing() }
    }

    fn serve(self, root: String) -> (tempfile::TempDir, Address, Receiver<String>) {
        answering(move |method, path| match (method, path) {
            ("DELETE", _) => no(self.delete),
            (_, "/info") => {
                let info = json!({ "ID": self.id, "DockerRootDir": root, "Driver": "d", "Name": "box" });
                (200, info.to_string())
            }
            (_, "/containers/json?all=1") => (200, self.list.to_string()),
            (_, "/volumes") => self.volumes.clone(),
            _ => self.inspect.clone(),
        })
    }
}

fn spec() -> GatewaySpec {
    let place = Place { files: "/f".to_owned(), docker_socket: None, certificates: None };
    let preset = BUILT_IN.iter().find(|(name, _)| *name == "reference").unwrap();
    let spec = Preset::parse(preset.1).unwrap().resolve(&GatewayName::parse("h-b-gw").unwrap(), &place).unwrap();
    GatewaySpec { container: ContainerName::new("h-b-gw"), ..spec }
}

/// The proof for `h-b-data`, whose container is missing.
fn absence(root: &str, recorded: Option<&str>) -> Absence {
    let (gateway, spec) = (GatewayName::parse("h-b-gw").unwrap(), spec());
    let consent = Consent::typed(&gateway, "h-b-gw").unwrap();
    Absence::prove(&seen(root, recorded), &consent, &gateway, &spec, &VolumeName::new("h-b-data")).unwrap()
}

/// The proof for `h-b-data`, which is not in use.
fn absence_of_unused(root: &str, grounds: Grounds) -> Absence {
    let (gateway, volume) = (GatewayName::parse("h-b-gw").unwrap(), VolumeName::new("h-b-data"));
    let mut seen = seen(root, Some("c"));
    let consent = Consent::typed(&gateway, "h-b-gw").unwrap();
    match grounds {
        Grounds::ContainerMissing => unreachable!("that is in use"),
        Grounds::Unfinished => Absence::prove_unfinished(&seen, &gateway, &volume).unwrap(),
        Grounds::SetAside => {
            let RecordSeen::Present { record } = &mut seen.record else { unreachable!() };
            Arc::make_mut(record).set_aside.insert(volume.clone());
            Absence::prove_set_aside(&seen, &consent, &gateway, &volume).unwrap()
        }
    }
}

/// What was seen of `h-b-data`, at a daemon with this data root; `recorded` is the container that the record names.
fn seen(root: &str, recorded: Option<&str>) -> Observation {
    let (gateway, spec) = (GatewayName::parse("h-b-gw").unwrap(), spec());
    let identity = DaemonIdentity {
        id: "A:B".to_owned(),
        data_root: root.to_owned(),
        storage_driver: "d".to_owned(),
        name: "box".to_owned(),
    };
    let volume = json!({ "name": "h-b-data", "labels": unfinished("h-b-gw"), "created": null });
    let seen: HostSeen = serde_json::from_value(json!({
        "daemon": { "known": identity },
        "containers": { "known": [] },
        "volumes": { "known": [volume] },
        "image": { "known": null },
        "lacking": { "known": [] },
        "networks": { "known": [] },
        "port": { "known": { "kind": "free" } },
        "health_port": null,
        "readiness": { "known": { "kind": "unreachable" } },
        "disk": { "known": "room" },
        "remains": recorded.map(|_| Remains::NotVisible),
        "layer": null,
        "gpu": null,
        "node_name": null,
    }))
    .unwrap();
    let record = recorded.map(|container| GatewayRecord {
        gateway: gateway.clone(),
        spec: spec.clone(),
        daemon: identity,
        container: ContainerId::new(container),
        volumes: Vec::new(),
        set_aside: Default::default(),
        node_name: "n".to_owned(),
        sandboxes: Default::default(),
        missing: Default::default(),
        compared_in: None,
        was_ready: true,
    });
    let record = record.map_or(RecordSeen::Absent, |record| RecordSeen::Present { record: Arc::new(record) });
    Observation { record, asked: Asked::for_spec(&spec), host: seen }
}

/// The labels of a volume that was made to be restored into.
fn unfinished(gateway: &str) -> Value {
    json!({ "io.nemoclaw.gateway": gateway, "io.nemoclaw.restored-from": "20261124T213000Z-abcdef" })
}

/// What came of the removal, and what was asked of the daemon that it be removed.
async fn volume_removed(says: Says, recorded: Option<&str>) -> (Event, Vec<String>) {
    removed_on(says, |root| absence(root, recorded)).await
}

async fn removed_on(says: Says, absence: impl FnOnce(&str) -> Absence) -> (Event, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("containers/left")).unwrap();
    let path = root.path().to_str().unwrap();
    let (_folder, address, asked) = says.serve(path.to_owned());
    let event = daemon(address).remove_volume(&absence(path), LIMIT, LIMIT).await;
    (event, asked.try_iter().filter(|asked| !asked.starts_with("GET")).collect())
}

#[tokio::test]
async fn a_volume_that_nobody_has_is_removed_without_force() {
    let delete = vec!["DELETE /volumes/h-b-data".to_owned()];
    assert_eq!(volume_removed(Says::nothing(), None).await, (Event::Done, delete.clone()));
    assert_eq!(volume_removed(Says::nothing(), Some("gone")).await, (Event::Done, delete.clone()));
    assert_eq!(volume_removed(Says { delete: 404, ..Says::nothing() }, None).await.0, Event::Done);
    let in_use = Says { delete: 409, ..Says::nothing() };
    assert_eq!(volume_removed(in_use, None).await, (rejected(409), delete));
    let half = volume_removed(Says { delete: 500, ..Says::nothing() }, None).await.0;
    assert!(matches!(half, Event::Failed { failure: Failure::Unknown { .. } }));
}

#[tokio::test]
async fn whatever_the_daemon_says_against_it_keeps_the_volume() {
    let named = |name: &str| {
        let mut says = Says::container("h-b-udp");
        says.list[0]["Names"][0] = json!(format!("/{name}"));
        says
    };
    let labelled = {
        let mut says = Says::container("h-b-udp");
        says.list[0]["Labels"] = json!({ "io.nemoclaw.gateway": "h-b-gw" });
        says
    };
    let cases = [
        (Says { id: "C:D", ..Says::nothing() }, None, "another daemon answers"),
        (Says::container("h-b-host"), None, "the container `h-b-host` has volume `h-b-data`"),
        (Says::container("h-b-loop"), None, "the container `h-b-loop` has volume `h-b-data`"),
        (Says::container("h-b-gw"), None, "the container `h-b-gw` exists"),
        (named("h-b-gw-next"), None, "the container `h-b-gw-next` exists"),
        (named("h-b-gw-previous"), None, "the container `h-b-gw-previous` exists"),
        (named("h-b-gw-nemoclaw-helper"), None, "the container `h-b-gw-nemoclaw-helper` exists"),
        (labelled, None, "the container `h-b-udp` is labelled"),
        // Inspect shows what the list hides.
        (Says { inspect: (200, GATEWAY.to_owned()), ..Says::nothing() }, None, "the container `h-b-gw` exists"),
        (Says::nothing(), Some("left"), "its folder is still on the disk"),
    ];
    for (says, recorded, sentence) in cases {
        let (event, removed) = volume_removed(says, recorded).await;
        let Event::Failed { failure: Failure::Rejected { status: None, message } } = event else {
            panic!("{sentence}: {event:?}")
        };
        assert!(message.contains(sentence), "{message}");
        assert!(removed.is_empty(), "{sentence}");
    }
}

/// What `GET /volumes` says, where `h-b-data` has these labels.
fn labelled(labels: &Value) -> (u16, String) {
    let mut volumes: Value = serde_json::from_str(VOLUMES).unwrap();
    let all = volumes["Volumes"].as_array_mut().unwrap();
    all.iter_mut().find(|volume| volume["Name"] == "h-b-data").unwrap()["Labels"] = labels.clone();
    (200, volumes.to_string())
}

#[tokio::test]
async fn a_volume_that_is_not_in_use_goes_although_its_gateway_is_there() {
    let delete = vec!["DELETE /volumes/h-b-data".to_owned()];
    // The gateway's container, with another volume.
    let mut gateway = Says::container("h-b-udp");
    gateway.list[0]["Names"][0] = json!("/h-b-gw");
    gateway.list[0]["Labels"] = json!({ "io.nemoclaw.gateway": "h-b-gw" });
    gateway.volumes = labelled(&unfinished("h-b-gw"));
    for grounds in [Grounds::SetAside, Grounds::Unfinished] {
        let removed = async |says| removed_on(says, |root| absence_of_unused(root, grounds)).await;
        assert_eq!(removed(gateway.clone()).await, (Event::Done, delete.clone()), "{grounds:?}");
        let in_use = Says { delete: 409, ..gateway.clone() };
        assert_eq!(removed(in_use).await, (rejected(409), delete.clone()), "{grounds:?}");
        for (holder, volumes) in [("h-b-host", &gateway.volumes), ("h-b-loop", &gateway.volumes)] {
            let says = Says { volumes: volumes.clone(), ..Says::container(holder) };
            let (event, asked) = removed(says).await;
            let Event::Failed { failure: Failure::Rejected { status: None, message } } = event else {
                panic!("{event:?}")
            };
            assert!(message.contains("has volume `h-b-data`") && asked.is_empty(), "{message}");
        }
        let (event, asked) = removed(Says { id: "C:D", ..gateway.clone() }).await;
        assert!(matches!(event, Event::Failed { failure: Failure::Rejected { .. } }) && asked.is_empty());
        for says in [Says { volumes: no(500), ..gateway.clone() }, Says { list: json!({}), ..gateway.clone() }] {
            let (event, asked) = removed(says).await;
            assert!(matches!(event, Event::Failed { failure: Failure::Unknown { .. } }) && asked.is_empty());
        }
    }
}

#[tokio::test]
async fn an_unfinished_volume_still_says_so_itself() {
    let removed = async |labels: &Value, grounds| {
        let says = Says { volumes: labelled(labels), ..Says::nothing() };
        removed_on(says, |root| absence_of_unused(root, grounds)).await
    };
    let of_another = unfinished("h-b");
    for labels in [json!(null), json!({}), json!({ "io.nemoclaw.gateway": "h-b-gw" }), of_another] {
        let (event, asked) = removed(&labels, Grounds::Unfinished).await;
        let Event::Failed { failure: Failure::Rejected { status: None, message } } = event else { panic!("{event:?}") };
        assert!(message.contains("does not say that a restore for `h-b-gw` made it"), "{message}");
        assert!(asked.is_empty());
        assert_eq!(removed(&labels, Grounds::SetAside).await.0, Event::Done, "what is set aside has any labels");
    }
}

#[tokio::test]
async fn a_network_that_is_gone_was_removed_and_one_in_use_stays() {
    let network = NetworkId::new("1".repeat(64));
    let removed = async |status| {
        let (_folder, address, asked) = answering(move |_, _| no(status));
        let event = daemon(address).remove_network(&network, LIMIT).await;
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), [format!("DELETE /networks/{network}")]);
        event
    };
    assert_eq!(removed(204).await, Event::Done);
    assert_eq!(removed(404).await, Event::Done);
    assert_eq!(removed(403).await, rejected(403));
    assert!(matches!(removed(500).await, Event::Failed { failure: Failure::Unknown { .. } }));
}

#[tokio::test]
async fn a_daemon_that_does_not_answer_keeps_the_volume() {
    for says in [
        Says { inspect: no(500), ..Says::nothing() },
        Says { volumes: no(500), ..Says::nothing() },
        Says { id: "", ..Says::nothing() },
        Says { list: json!({}), ..Says::nothing() },
    ] {
        let (event, removed) = volume_removed(says, None).await;
        assert!(matches!(event, Event::Failed { failure: Failure::Unknown { .. } }), "{event:?}");
        assert!(removed.is_empty());
    }
}
