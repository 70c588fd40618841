//! Tests of the acts: what Docker is asked, and what its answers are worth.

use engine::{ContainerName, Env, ImageRef, PortSpec};

use super::*;
use crate::fake_daemon::answering;

fn new_container() -> NewContainer {
    let volume = MountSource::Volume { name: VolumeName::new("vol") };
    let bind = MountSource::Bind { folder: "/etc/x".to_owned() };
    NewContainer {
        name: ContainerName::new("gateway"),
        image: ImageRef::new("image:1"),
        command: vec!["/program".to_owned(), "serve".to_owned(), "--fast".to_owned()],
        keeps_entry_point: false,
        user: None,
        privileged: false,
        host_cgroups: false,
        extra_hosts: Vec::new(),
        gpu: None,
        env: Env(BTreeMap::from([("A".to_owned(), "b=c".to_owned())])),
        labels: BTreeMap::from([("l".to_owned(), "v".to_owned())]),
        mounts: vec![
            MountSpec { source: volume, path: "/data".to_owned(), read_only: false },
            MountSpec { source: bind, path: "/x".to_owned(), read_only: true },
        ],
        port: PortSpec { host_ip: "127.0.0.1".to_owned(), host: 8080, container: 80, same_inside: false, health: None },
        network: Some(NetworkName::new("net")),
        hostname: "node".to_owned(),
        restart: RestartPolicy::UnlessStopped,
    }
}

#[tokio::test]
async fn a_volume_with_other_labels_was_there_already() {
    let labels = BTreeMap::from([("l".to_owned(), "v".to_owned())]);
    let created = async |labels: &BTreeMap<String, String>, answer: &str| {
        let answer = answer.to_owned();
        let (_folder, address, _asked) = answering(move |_, _| (201, answer.clone()));
        Daemon::new(address).unwrap().create_volume(&VolumeName::new("vol"), labels, Duration::from_secs(60)).await
    };
    assert_eq!(created(&labels, r#"{"Name":"vol","Labels":{"l":"v"},"Driver":"local"}"#).await, Event::Done);
    for nothing in [r#"{"Name":"vol","Labels":null}"#, r#"{"Name":"vol","Labels":{}}"#] {
        assert_eq!(created(&BTreeMap::new(), nothing).await, Event::Done);
    }
    for there in ["null", "{}", r#"{"l":"w"}"#, r#"{"l":"v","m":"v"}"#] {
        let event = created(&labels, &format!(r#"{{"Name":"vol","Labels":{there}}}"#)).await;
        let message = "there is a volume `vol` already, with other labels".to_owned();
        assert_eq!(event, Event::Failed { failure: Failure::Rejected { status: Some(409), message } }, "{there}");
    }
    for said in ["{}", "null", r#"{"Name":"vol"}"#, r#"{"Name":"vo","Labels":{"l":"v"}}"#, r#"{"Labels":{"l":"v"}}"#] {
        let event = created(&labels, said).await;
        let unknown = matches!(event, Event::Failed { failure: Failure::Unknown { why: Why::Malformed { .. } } });
        assert!(unknown, "{said}: {event:?}");
    }
}

#[test]
fn a_container_is_created_by_mount_syntax_with_nothing_left_to_the_image() {
    let expected = json!({
        "Image": "image:1",
        "Entrypoint": ["/program"],
        "Cmd": ["serve", "--fast"],
        "Env": ["A=b=c"],
        "Hostname": "node",
        "Labels": { "l": "v" },
        "ExposedPorts": { "80/tcp": {} },
        "HostConfig": {
            "Mounts": [
                {
                    "Type": "volume", "Source": "vol", "Target": "/data", "ReadOnly": false,
                    "VolumeOptions": { "NoCopy": true },
                },
                { "Type": "bind", "Source": "/etc/x", "Target": "/x", "ReadOnly": true },
            ],
            "PortBindings": { "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "8080" }] },
            "RestartPolicy": { "Name": "unless-stopped" },
            "NetworkMode": "net",
        },
    });
    assert_eq!(json!(creation(&new_container())), expected);
}

#[test]
fn a_stop_is_waited_for_longer_than_its_grace() {
    let call = Duration::from_secs(5);
    assert!(limit_of_stop(30, call) > Duration::from_secs(30));
    assert!(limit_of_stop(u32::MAX, call) > Duration::from_secs(u64::from(u32::MAX)));
    assert_eq!(limit_of_stop(1, Duration::from_secs(600)), Duration::from_secs(600));
}

#[test]
fn the_last_lines_are_kept_in_order_and_short() {
    assert_eq!(last_lines("a\nb\r\nc\n", 2), ["b", "c"]);
    assert_eq!(last_lines("a", 2), ["a"]);
    assert_eq!(last_lines("", 2), [""; 0]);
    assert_eq!(last_lines(&"ä".repeat(5000), 1), ["ä".repeat(LOG_LINE_MAX_CHARS)]);
}
