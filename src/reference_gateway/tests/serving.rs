//! What is answered and when: health, limits, slow clients, the stop.

use serde_json::json;

use super::{super::places::affordable, *};

const MARK: &str = "nemoclaw-reference-gateway";

#[test]
fn health_is_503_while_warming_and_200_then() {
    let warming = Gateway::start_with(|settings| settings.warm_up = AN_HOUR);
    let reply = warming.send("GET", "/healthz", b"");
    assert_eq!((reply.status, reply.json()), (503, json!({ "service": MARK, "status": "warming" })));

    let soon = Gateway::start_with(|settings| settings.warm_up = SHORT);
    wait_until(|| soon.send("GET", "/healthz", b"").status == 200);
    let reply = soon.send("GET", "/healthz", b"");
    assert_eq!((reply.status, reply.json()), (200, json!({ "service": MARK, "status": "ready" })));
    assert_eq!(soon.send("HEAD", "/healthz", b"").status, 200);
}

#[test]
fn late_health_holds_up_nothing_else() {
    let gateway = Gateway::start_with(|settings| {
        settings.health_delay = AN_HOUR;
        settings.limits.drain = SHORT;
    });
    let mut waiting = gateway.connect();
    waiting.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(gateway.send("GET", "/sandboxes", b"").body, b"[]\n");
    assert!(is_silent(&waiting));
}

#[test]
fn one_connection_carries_many_requests() {
    let gateway = Gateway::start();
    let mut connection = gateway.connect();
    let put = b"PUT /workspace/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n!";
    let last = b"GET /workspace/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connection.write_all(&[&put[..], &put[..], &last[..]].concat()).unwrap();
    let text = String::from_utf8(read_all(connection)).unwrap();
    assert_eq!(text.matches("HTTP/1.1 20").count(), 3, "{text}");
    assert!(text.ends_with("\r\n\r\n!"), "{text}");
}

#[test]
fn wrong_methods_are_told_the_right_ones() {
    let gateway = Gateway::start();
    for (path, allowed) in
        [("/healthz", "GET, HEAD"), ("/sandboxes", "GET, HEAD"), ("/workspace/a", "GET, HEAD, PUT, DELETE")]
    {
        let reply = gateway.send("POST", path, b"body");
        assert_eq!(reply.status, 405);
        assert!(reply.head.contains(&format!("allow: {allowed}\r\n")), "{}", reply.head);
    }
    assert_eq!(gateway.send("PUT", "/healthz", b"").status, 405);
    assert_eq!(gateway.send("GET", "/metrics", b"").status, 404);
}

#[test]
fn a_body_is_taken_up_to_its_limit_and_not_a_byte_further() {
    let gateway = Gateway::start();
    let body: Vec<u8> = (0..64 << 20).map(|n: u32| (n ^ (n >> 8)) as u8).collect();
    assert_eq!(gateway.send("PUT", "/workspace/big", &body).status, 201);
    assert!(gateway.send("GET", "/workspace/big", b"").body == body);
    assert_eq!(gateway.send("PUT", "/workspace/big", &[&body[..], b"!"].concat()).status, 413);
    assert!(gateway.send("GET", "/workspace/big", b"").body == body);
}

#[test]
fn a_body_without_a_length_is_measured_as_it_arrives() {
    let gateway = Gateway::start_with(|settings| settings.limits.body_bytes = 8);
    let put = |chunks: &str| {
        let head = "PUT /workspace/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        gateway.send_raw(format!("{head}{chunks}").as_bytes()).status
    };
    assert_eq!(put("4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n"), 201);
    assert_eq!(put("4\r\nabcd\r\n5\r\nefghi\r\n0\r\n\r\n"), 413);
    assert_eq!(put("zz\r\n"), 400);
    assert_eq!(gateway.send("GET", "/workspace/a", b"").body, b"abcdefgh");
    assert_eq!(gateway.files(), [PathBuf::from("a")]);
}

#[test]
fn a_client_that_waits_for_leave_is_given_it_or_told_no() {
    let gateway = Gateway::start_with(|settings| settings.limits.body_bytes = 8);
    let head = |length| {
        format!("PUT /workspace/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n")
    };
    let mut connection = gateway.connect();
    connection.write_all(head(1).as_bytes()).unwrap();
    assert_eq!(read_some(&mut connection), b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"!").unwrap();
    assert!(read_some(&mut connection).starts_with(b"HTTP/1.1 201"));

    let mut connection = gateway.connect();
    connection.write_all(head(9).as_bytes()).unwrap();
    assert!(read_some(&mut connection).starts_with(b"HTTP/1.1 413"));
}

#[test]
fn slow_clients_are_let_go() {
    let gateway = Gateway::start_with(|settings| {
        settings.limits.head = SHORT;
        settings.limits.body_idle = SHORT;
    });
    let mut connection = gateway.connect();
    connection.write_all(b"GET /workspace/a HTTP/1.1\r\nHos").unwrap();
    assert_eq!(read_all(connection), b"");

    let reply = gateway.send_raw(b"PUT /workspace/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    assert_eq!(reply.status, 408);
    assert!(reply.json()["error"].is_string());
    assert_eq!(gateway.send("GET", "/workspace/a", b"").status, 404);
    gateway.wait_for_files(&[]);
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let gateway = Gateway::start_with(|settings| {
        settings.limits.request = SHORT;
        settings.limits.drain = AN_HOUR;
    });
    let size = 32 << 20;
    fs::write(gateway.folder("workspace").join("big"), vec![7; size]).unwrap();
    let mut reader = gateway.connect();
    reader.write_all(b"GET /workspace/big HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(read_some(&mut reader).starts_with(b"HTTP/1.1 200"));
    // The stop waits for the request, as long as the request may take.
    gateway.stop();
    assert!(read_all(reader).len() < size);
}

#[test]
fn an_old_connection_begins_no_further_request() {
    let gateway = Gateway::start_with(|settings| {
        settings.limits.head = AN_HOUR;
        settings.limits.connection = SHORT;
    });
    let mut connection = gateway.connect();
    connection.write_all(b"GET /sandboxes HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(Reply::parse(&read_all(connection)).status, 200);
}

const LIST: &[u8] = b"GET /sandboxes HTTP/1.1\r\nHost: x\r\n\r\n";
const HALF: &[u8] = b"PUT /workspace/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nha";

#[test]
fn who_has_been_idle_longest_makes_room_for_who_comes() {
    let gateway = Gateway::start_with(|settings| settings.limits.connections = 2);
    let mut served: Vec<TcpStream> = (0..2).map(|_| gateway.connect()).collect();
    for connection in served.iter_mut().rev() {
        connection.write_all(LIST).unwrap();
        assert!(read_some(connection).starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(gateway.send("GET", "/sandboxes", b"").status, 200);
    assert_eq!(read_all(served.pop().unwrap()), b"");
    served[0].write_all(LIST).unwrap();
    assert!(read_some(&mut served[0]).starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_request_under_way_keeps_its_place_until_its_patience_is_over() {
    let gateway = Gateway::start_with(|settings| {
        settings.limits.connections = 1;
        settings.limits.patience = AN_HOUR;
    });
    let mut first = gateway.connect();
    first.write_all(HALF).unwrap();
    gateway.wait_for_files(&[".incoming-0"]);
    let mut second = gateway.connect();
    second.write_all(LIST).unwrap();
    assert!(is_silent(&second));
    first.write_all(b"lf").unwrap();
    assert!(read_some(&mut first).starts_with(b"HTTP/1.1 201"));
    assert!(read_some(&mut second).starts_with(b"HTTP/1.1 200"));

    let gateway = Gateway::start_with(|settings| {
        settings.limits.connections = 1;
        settings.limits.patience = SHORT;
    });
    let mut first = gateway.connect();
    first.write_all(HALF).unwrap();
    gateway.wait_for_files(&[".incoming-0"]);
    assert_eq!(gateway.send("GET", "/sandboxes", b"").status, 200);
    assert_eq!(read_all(first), b"");
    gateway.wait_for_files(&[]);
}

#[test]
fn a_file_is_under_way_until_it_is_read() {
    let gateway = Gateway::start_with(|settings| {
        settings.limits.connections = 1;
        settings.limits.patience = AN_HOUR;
    });
    let size = 32 << 20;
    fs::write(gateway.folder("workspace").join("big"), vec![7; size]).unwrap();
    let mut reader = gateway.connect();
    reader.write_all(&request("GET", "/workspace/big", b"")).unwrap();
    assert!(read_some(&mut reader).starts_with(b"HTTP/1.1 200"));
    let mut second = gateway.connect();
    second.write_all(LIST).unwrap();
    assert!(read_all(reader).len() > size - 4096);
    assert!(read_some(&mut second).starts_with(b"HTTP/1.1 200"));
}

#[test]
fn there_are_no_more_places_than_descriptors_for_them() {
    assert_eq!(affordable(256, None), 256);
    assert_eq!(affordable(256, Some(1 << 20)), 256);
    assert_eq!(affordable(256, Some(256)), 56);
    assert_eq!(affordable(256, Some(8)), 1);
}

#[test]
fn a_request_under_way_is_finished_before_the_stop() {
    let gateway = Gateway::start_with(|settings| settings.limits.drain = AN_HOUR);
    let mut connection = gateway.connect();
    connection.write_all(HALF).unwrap();
    gateway.wait_for_files(&[".incoming-0"]);
    let gateway = gateway.ask_to_stop();
    // The port is given up first.
    wait_until(|| TcpStream::connect(gateway.address).is_err());
    connection.write_all(b"lf").unwrap();
    assert!(read_all(connection).starts_with(b"HTTP/1.1 201"));
    let data = gateway.stop();
    assert_eq!(fs::read(data.path().join("nodes").join(NODE).join("workspace/a")).unwrap(), b"half");
}

#[test]
fn a_request_that_does_not_end_holds_no_stop_up() {
    let gateway = Gateway::start_with(|settings| settings.limits.drain = SHORT);
    let mut connection = gateway.connect();
    connection.write_all(HALF).unwrap();
    gateway.wait_for_files(&[".incoming-0"]);
    let data = gateway.stop();
    assert_eq!(fs::read_dir(data.path().join("nodes").join(NODE).join("workspace")).unwrap().count(), 0);
}

#[test]
fn hanging_accepts_and_never_answers() {
    let gateway = Gateway::start_with(|settings| settings.hang = true);
    let mut connection = gateway.connect();
    connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(is_silent(&connection));
    gateway.stop();
}
