//! Recorded on a 20.10.24 daemon (API 1.41): `old.json` has mounts of every origin, two networks, limits and capabilities,
//! and is made from the image of `image.json`.

use std::collections::BTreeMap;

use engine::{ContainerName, Env, ImageRef, MountSource, MountSpec, PortChange, PortSpec};
use serde_json::json;

use super::*;

fn old() -> Value {
    serde_json::from_str(include_str!("fixtures/old.json")).unwrap()
}

fn image() -> Value {
    let image: Value = serde_json::from_str(include_str!("fixtures/image.json")).unwrap();
    image["Config"].clone()
}

fn next() -> NextContainer {
    NextContainer {
        replaces: ContainerId::new(old()["Id"].as_str().unwrap()),
        name: ContainerName::new("ha-old-next"),
        image: ImageRef::new("ha-img:2"),
        command: None,
        keeps_entry_point: false,
        env: Env::default(),
        labels: BTreeMap::new(),
        mounts: Vec::new(),
        port: None,
        hostname: "node-7".to_owned(),
    }
}

fn body_of(old: &Value, image: Option<&Value>, next: &NextContainer) -> Result<Value, Unreadable> {
    creation(&Old::read(old, &next.replaces)?, image, next).map(|creation| creation.body)
}

fn body(next: &NextContainer) -> Value {
    body_of(&old(), Some(&image()), next).unwrap()
}

/// The fixture with something else at a place.
fn with(place: &str, value: Value) -> Value {
    let mut old = old();
    if let Some(there) = old.pointer_mut(place) {
        *there = value;
    } else {
        let (parent, key) = place.rsplit_once('/').unwrap();
        old.pointer_mut(parent).unwrap()[key] = value;
    }
    old
}

#[test]
fn the_host_configuration_goes_along_but_for_what_must_differ() {
    let (old, body) = (old(), body(&next()));
    let (was, is) = (old["HostConfig"].as_object().unwrap(), body["HostConfig"].as_object().unwrap());
    let differs: Vec<_> = was.iter().filter(|(key, value)| is.get(*key) != Some(value)).map(|(key, _)| key).collect();
    assert_eq!(differs, ["Binds", "Mounts", "RestartPolicy", "VolumesFrom"]);
    assert_eq!(is["RestartPolicy"]["Name"], "no");
    assert_eq!(is.len(), was.len());
}

#[test]
fn the_containers_own_configuration_is_what_its_image_does_not_say() {
    let mut body = body(&next());
    body.as_object_mut().unwrap().retain(|key, _| !["HostConfig", "NetworkingConfig"].contains(&key.as_str()));
    let expected = json!({
        "AttachStderr": false, "AttachStdin": false, "AttachStdout": false, "Domainname": "", "OnBuild": null,
        "OpenStdin": false, "StdinOnce": false, "Tty": false,
        "Image": "ha-img:2",
        "Hostname": "node-7",
        "User": "1234:1235",
        "Cmd": ["/pause", "personarg"],
        "Env": ["PERSON=x", "IMG=mine", "IMG2=a=b"],
        "Labels": { "own": "1" },
        "ExposedPorts": { "53/udp": {}, "8080/tcp": {} },
        "StopTimeout": 7,
    });
    assert_eq!(body, expected);
}

#[test]
fn where_the_image_is_gone_the_configuration_is_taken_as_it_is() {
    let body = body_of(&old(), None, &next()).unwrap();
    assert_eq!(body["Env"], old()["Config"]["Env"]);
    assert_eq!(body["Labels"], old()["Config"]["Labels"]);
    assert_eq!((&body["WorkingDir"], &body["Healthcheck"]["Test"][0]), (&json!("/img"), &json!("CMD")));
    assert!(body.get("Volumes").is_none());
}

#[test]
fn a_command_is_the_containers_own_or_the_images() {
    let image_with = |entry: Value, cmd: Value| json!({ "Entrypoint": entry, "Cmd": cmd });
    let none = Value::Null;
    let cases = [
        // Both as the image has them.
        (json!(["/e"]), json!(["a"]), json!(["/e"]), json!(["a"]), none.clone(), none.clone()),
        (none.clone(), json!(["/e", "a"]), none.clone(), json!(["/e", "a"]), none.clone(), none.clone()),
        // Arguments of its own.
        (json!(["/e"]), json!(["b"]), json!(["/e"]), json!(["a"]), none.clone(), json!(["b"])),
        // An entry point of its own: Docker gives it none of the image's arguments.
        (json!(["/x"]), json!(["a"]), json!(["/e"]), json!(["a"]), json!(["/x"]), json!(["a"])),
        (json!(["/e"]), none.clone(), json!(["/e"]), json!(["a"]), json!(["/e"]), json!([])),
        // One that was taken away.
        (none.clone(), json!(["a"]), json!(["/e"]), json!(["a"]), json!([""]), json!(["a"])),
    ];
    for (entry, cmd, entry_of_image, cmd_of_image, expected_entry, expected_cmd) in cases {
        let mut old = with("/Config/Entrypoint", entry.clone());
        old["Config"]["Cmd"] = cmd.clone();
        let body = body_of(&old, Some(&image_with(entry_of_image, cmd_of_image)), &next()).unwrap();
        let got = |key: &str| body.get(key).cloned().unwrap_or_default();
        assert_eq!((got("Entrypoint"), got("Cmd")), (expected_entry, expected_cmd), "{entry} {cmd}");
    }
    let other = NextContainer { command: Some(vec!["/n".to_owned(), "x".to_owned()]), ..next() };
    assert_eq!((&body(&other)["Entrypoint"], &body(&other)["Cmd"]), (&json!(["/n"]), &json!(["x"])));
    let kept = NextContainer { keeps_entry_point: true, ..other };
    assert_eq!((body(&kept).get("Entrypoint"), &body(&kept)["Cmd"]), (None, &json!(["/n", "x"])));
}

#[test]
fn env_and_labels_are_laid_on_top() {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let asked = NextContainer {
        env: Env(pairs(&[("IMG2", "new"), ("N", "1")])),
        labels: pairs(&[("own", "2"), ("io.nemoclaw.role", "next")]),
        ..next()
    };
    assert_eq!(body(&asked)["Env"], json!(["PERSON=x", "IMG=mine", "IMG2=new", "N=1"]));
    assert_eq!(body(&asked)["Labels"], json!({ "own": "2", "io.nemoclaw.role": "next" }));
}

fn volume(name: &str, path: &str, read_only: bool) -> Value {
    json!({
        "Type": "volume", "Source": name, "Target": path, "ReadOnly": read_only, "VolumeOptions": { "NoCopy": true },
    })
}

#[test]
fn every_mount_goes_along_by_name_and_every_bind_as_it_was_written() {
    let anonymous = |path: &str| {
        let of = |point: &&Value| point["Destination"] == path;
        let name = old()["Mounts"].as_array().unwrap().iter().find(of).unwrap()["Name"].as_str().unwrap().to_owned();
        volume(&name, path, false)
    };
    let body = body(&next());
    let mut labelled = volume("ha-m", "/m", false);
    labelled["VolumeOptions"] = json!({ "NoCopy": true, "Labels": { "x": "y" }, "DriverConfig": {} });
    let expected = json!([
        anonymous("/anon"),
        anonymous("/anon-img"),
        { "Type": "bind", "Source": "/tmp/hA/bind2", "Target": "/b2", "BindOptions": { "Propagation": "rprivate" } },
        volume("ha-data", "/data", false),
        volume("ha-ro-inherit", "/inh", false),
        anonymous("/inhanon"),
        {
            "Type": "bind", "Source": "/tmp/hA/bind2", "Target": "/inhbind", "ReadOnly": true,
            "BindOptions": { "Propagation": "rprivate" },
        },
        labelled,
        anonymous("/manon"),
        volume("ha-ro", "/ro", true),
        { "Type": "tmpfs", "Target": "/t", "TmpfsOptions": { "SizeBytes": 1_048_576 } },
    ]);
    assert_eq!(body["HostConfig"]["Mounts"], expected);
    assert_eq!(body["HostConfig"]["Binds"], json!(["/tmp/hA/bind:/b:ro,rprivate"]));
    let creation = creation(&Old::read(&old(), &next().replaces).unwrap(), None, &next());
    assert_eq!(creation.unwrap().volumes.len(), 8);
}

#[test]
fn a_mount_that_is_asked_for_takes_the_place_of_one_at_its_path() {
    let mount = |source, path: &str| MountSpec { source, path: path.to_owned(), read_only: false };
    let named = |name: &str| MountSource::Volume { name: VolumeName::new(name) };
    let bind = MountSource::Bind { folder: "/srv".to_owned() };
    let mounts = vec![mount(named("new"), "/data/"), mount(bind, "/b"), mount(named("new2"), "/t2")];
    let asked = NextContainer { mounts, ..next() };
    let host = &body(&asked)["HostConfig"];
    let at = |path: &str| {
        let mounts = host["Mounts"].as_array().unwrap();
        mounts.iter().filter(|mount| mount["Target"].as_str().unwrap().trim_end_matches('/') == path).count()
    };
    assert_eq!((at("/data"), at("/b"), at("/t2"), at("/ro")), (1, 1, 1, 1));
    assert_eq!((&host["Binds"], &host["Tmpfs"]), (&json!([]), &json!({})));
}

#[test]
fn what_only_this_container_may_see_by_selinux_stays_so() {
    let place = |old: &Value, path: &str| {
        old["Mounts"].as_array().unwrap().iter().position(|point| point["Destination"] == path).unwrap()
    };
    let mut old = with("/HostConfig/Binds/0", json!("ha-data:/data:Z"));
    for (path, mode) in [("/data", "Z"), ("/inhbind", "ro,z")] {
        let at = place(&old, path);
        old["Mounts"][at]["Mode"] = json!(mode);
    }
    let binds = body_of(&old, None, &next()).unwrap()["HostConfig"]["Binds"].clone();
    assert_eq!(
        binds,
        json!(["/tmp/hA/bind:/b:ro,rprivate", "ha-data:/data:rw,Z,nocopy", "/tmp/hA/bind2:/inhbind:ro,z"])
    );
}

#[test]
fn a_volume_behind_a_tmpfs_has_held_nothing_and_is_left() {
    let old = with("/HostConfig/Tmpfs", json!({ "/anon-img/": "" }));
    let mounts = body_of(&old, None, &next()).unwrap()["HostConfig"]["Mounts"].clone();
    assert!(mounts.as_array().unwrap().iter().all(|mount| mount["Target"] != "/anon-img"));
}

#[test]
fn one_binding_takes_the_place_of_another() {
    let port = |host, container| PortSpec {
        host_ip: "127.0.0.1".to_owned(),
        host,
        container,
        same_inside: false,
        health: None,
    };
    let to = |from, to| NextContainer { port: Some(PortChange { from, to }), ..next() };
    let bound = |ip: &str, port: &str| json!({ "HostIp": ip, "HostPort": port });
    let udp = json!([bound("", "18778")]);
    let changed = body(&to(port(18777, 8080), port(9000, 8080)));
    let expected = json!({ "53/udp": udp.clone(), "8080/tcp": [bound("127.0.0.1", "9000")] });
    assert_eq!(changed["HostConfig"]["PortBindings"], expected);

    let health = |port: PortSpec, health| PortSpec { health: Some(health), ..port };
    let changed = body(&to(port(18777, 8080), health(port(9000, 81), 82)));
    let expected =
        json!({ "53/udp": udp, "81/tcp": [bound("127.0.0.1", "9000")], "82/tcp": [bound("127.0.0.1", "9001")] });
    assert_eq!(changed["HostConfig"]["PortBindings"], expected);
    assert_eq!(changed["ExposedPorts"], json!({ "53/udp": {}, "81/tcp": {}, "82/tcp": {} }));

    // Another binding that its owner gave to the same port stays.
    let lan = bound("10.0.0.1", "18777");
    let old = with("/HostConfig/PortBindings/8080~1tcp", json!([bound("127.0.0.1", "18777"), lan]));
    let kept = body_of(&old, None, &to(port(18777, 8080), port(9000, 8080))).unwrap();
    assert_eq!(kept["HostConfig"]["PortBindings"]["8080/tcp"], json!([lan, bound("127.0.0.1", "9000")]));
}

#[test]
fn the_first_network_goes_along_as_it_was_asked_for() {
    let endpoint = json!({ "Aliases": ["gw", "gw2", "node-7"], "IPAMConfig": { "IPv4Address": "172.30.77.9" } });
    let expected = json!({ "EndpointsConfig": { "ha-net1": endpoint } });
    assert_eq!(body(&next())["NetworkingConfig"], expected);
    let of = |mode: &str| {
        let body = body_of(&with("/HostConfig/NetworkMode", json!(mode)), None, &next()).unwrap();
        let first = body["NetworkingConfig"]["EndpointsConfig"].as_object().and_then(|all| all.keys().next().cloned());
        (body["HostConfig"]["NetworkMode"].as_str().unwrap().to_owned(), first)
    };
    let net = |name: &str| (name.to_owned(), Some(name.to_owned()));
    let id = old()["NetworkSettings"]["Networks"]["ha-net2"]["NetworkID"].as_str().unwrap().to_owned();
    assert_eq!(of(&id), net("ha-net2"), "an ID is kept by name");
    assert_eq!(of(&id[..12]), net("ha-net2"), "and so is its beginning");
    assert_eq!(of("default"), net("ha-net1"), "taken from its first network");
    for mode in ["host", "none", "container:abc"] {
        assert_eq!(of(mode), (mode.to_owned(), None));
    }
    let alone = with("/NetworkSettings/Networks", json!({}));
    let alone = body_of(&alone, None, &next()).unwrap();
    assert_eq!((&alone["HostConfig"]["NetworkMode"], alone.get("NetworkingConfig")), (&json!("ha-net1"), None));
}

#[test]
fn a_host_name_that_is_anothers_is_not_asked_for() {
    for (field, value) in [("UTSMode", "host"), ("NetworkMode", "container:abc")] {
        let old = with(&format!("/HostConfig/{field}"), json!(value));
        assert!(body_of(&old, None, &next()).unwrap().get("Hostname").is_none(), "{field}");
    }
}

#[test]
fn a_field_that_is_needed_is_never_made_up() {
    let fields = [
        "/Id",
        "/Image",
        "/Config",
        "/HostConfig",
        "/NetworkSettings",
        "/Mounts",
        "/Config/Env",
        "/Config/Cmd",
        "/Config/Entrypoint",
        "/Config/User",
        "/Config/WorkingDir",
        "/Config/Labels",
        "/HostConfig/Binds",
        "/HostConfig/PortBindings",
        "/HostConfig/NetworkMode",
        "/HostConfig/UTSMode",
        "/NetworkSettings/Networks",
        "/NetworkSettings/Networks/ha-net1/Aliases",
        "/Mounts/2/Type",
        "/Mounts/2/Name",
        "/Mounts/2/Destination",
        "/Mounts/2/RW",
        "/Mounts/2/Mode",
        "/HostConfig/Mounts/1/Target",
    ];
    for field in fields {
        let wrong = body_of(&with(field, json!(7)), None, &next());
        assert!(wrong.is_err(), "{field} is a number");
        if field.ends_with("Aliases") {
            continue;
        }
        let mut old = old();
        let (parent, key) = field.rsplit_once('/').unwrap();
        old.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        assert!(body_of(&old, None, &next()).is_err(), "without {field}");
    }
    let lacking = with("/Mounts", json!([]));
    assert!(body_of(&lacking, None, &next()).is_err(), "mounts that are configured and not told");
    assert!(body_of(&old(), Some(&json!([])), &next()).is_err());
    assert!(body_of(&old(), Some(&json!({ "Env": "A=b" })), &next()).is_err());
}
