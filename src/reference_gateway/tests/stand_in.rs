//! What it answers when it stands in for other kinds: health at a port of its own, sandboxes as a program prints them.

use serde_json::json;

use super::super::sandbox_list;
use super::*;

fn with_health_port(settings: &mut Settings) {
    settings.health_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
}

fn settings_of(gateway: &Gateway, node: &str) -> Settings {
    let mut settings = Settings::read(|_| None).unwrap();
    settings.data = gateway.data.path().to_owned();
    settings.node = Segment::checked(node).unwrap();
    settings
}

#[test]
fn the_health_port_says_503_while_warming_and_200_then() {
    let warming = Gateway::start_with(|settings| {
        with_health_port(settings);
        settings.warm_up = AN_HOUR;
    });
    let reply = warming.send_to_health("GET", "/readyz");
    assert_eq!((reply.status, reply.json()), (503, json!({ "status": "warming" })));

    let ready = Gateway::start_with(with_health_port);
    let reply = ready.send_to_health("GET", "/readyz");
    assert_eq!((reply.status, reply.json()), (200, json!({ "status": "healthy" })));
    assert_eq!(ready.send_to_health("HEAD", "/readyz").status, 200);
}

#[test]
fn each_port_answers_only_what_is_its_own() {
    let gateway = Gateway::start_with(with_health_port);
    for path in ["/", "/healthz", "/sandboxes", "/workspace/a"] {
        assert_eq!(gateway.send_to_health("GET", path).status, 404, "{path}");
    }
    assert_eq!(gateway.send_to_health("PUT", "/workspace/a").status, 404);
    assert_eq!(gateway.send_to_health("POST", "/readyz").status, 405);
    assert_eq!(gateway.send("GET", "/readyz", b"").status, 404);
    assert!(gateway.files().is_empty());
}

#[test]
fn a_gateway_that_hangs_hangs_at_both_ports() {
    let gateway = Gateway::start_with(|settings| {
        with_health_port(settings);
        settings.hang = true;
    });
    let mut connection = connect_to(gateway.health.unwrap());
    connection.write_all(&request("GET", "/readyz", b"")).unwrap();
    assert!(is_silent(&connection));
}

#[test]
fn sandboxes_are_printed_as_a_kubernetes_list() {
    let gateway = Gateway::start();
    let listed = |node| sandbox_list(&settings_of(&gateway, node)).map(|list| list["items"].clone());
    assert_eq!(listed(NODE).unwrap(), json!([]));
    for name in ["beta", "alpha"] {
        gateway.send("PUT", &format!("/sandboxes/{name}"), b"");
    }
    assert_eq!(listed(NODE).unwrap(), json!([{ "metadata": { "name": "alpha" } }, { "metadata": { "name": "beta" } }]));
}

#[test]
fn a_list_that_cannot_be_read_is_an_error_and_makes_nothing() {
    let gateway = Gateway::start();
    assert!(sandbox_list(&settings_of(&gateway, "another")).is_err());
    assert!(!gateway.data.path().join("nodes/another").exists());
}

#[test]
fn what_is_being_received_is_neither_listed_nor_swept() {
    let gateway = Gateway::start();
    fs::write(gateway.folder("sandboxes").join(".incoming-9"), b"half").unwrap();
    assert_eq!(sandbox_list(&settings_of(&gateway, NODE)).unwrap()["items"], json!([]));
    assert!(gateway.folder("sandboxes").join(".incoming-9").exists());
}
