//! What is kept, where, and what no request can reach.

use std::{
    fs,
    io::Write,
    net::Shutdown,
    os::unix::{fs::symlink, net::UnixListener},
    path::PathBuf,
    thread,
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;
use tempfile::TempDir;

use super::{super::path::Segment, *};

#[test]
fn bytes_are_put_read_replaced_and_removed() {
    let gateway = Gateway::start();
    for path in ["/workspace/notes.txt", "/workspace/a/b%20c/d", "/sandboxes/dev"] {
        assert_eq!(gateway.send("GET", path, b"").status, 404);
        assert_eq!(gateway.send("DELETE", path, b"").status, 404);
        assert_eq!(gateway.send("PUT", path, b"\x00\xffone").status, 201);
        assert_eq!(gateway.send("GET", path, b"").body, b"\x00\xffone");
        assert_eq!(gateway.send("PUT", path, b"").status, 200);
        assert_eq!(gateway.send("GET", path, b"").body, b"");
        assert_eq!(gateway.send("PUT", path, b"three").status, 200);
        let head = gateway.send("HEAD", path, b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert!(head.head.contains("content-length: 5"), "{}", head.head);
        assert_eq!(gateway.send("GET", path, b"").body, b"three");
        assert_eq!(gateway.send("DELETE", path, b"").status, 204);
        assert_eq!(gateway.send("GET", path, b"").status, 404);
    }
    assert_eq!(gateway.files(), Vec::<PathBuf>::new());
}

#[test]
fn sandboxes_are_listed_by_name_in_order() {
    let gateway = Gateway::start();
    for name in ["prod-eu", "prod", "caf%C3%A9", "b%22q"] {
        assert_eq!(gateway.send("PUT", &format!("/sandboxes/{name}"), b"{}").status, 201);
    }
    fs::create_dir(gateway.folder("sandboxes").join("a-folder")).unwrap();
    let reply = gateway.send("GET", "/sandboxes", b"");
    assert_eq!((reply.status, reply.json()), (200, json!(["b\"q", "café", "prod", "prod-eu"])));
    assert_eq!(gateway.send("DELETE", "/sandboxes/prod", b"").status, 204);
    assert_eq!(gateway.send("GET", "/sandboxes", b"").json(), json!(["b\"q", "café", "prod-eu"]));
}

#[test]
fn sandboxes_are_bounded_in_number() {
    let gateway = Gateway::start();
    for number in 0..4096 {
        fs::write(gateway.folder("sandboxes").join(format!("dev-{number}")), "").unwrap();
    }
    assert_eq!(gateway.send("PUT", "/sandboxes/one-more", b"").status, 507);
    assert_eq!(gateway.send("PUT", "/sandboxes/dev-7", b"").status, 200);
    assert_eq!(gateway.send("GET", "/sandboxes", b"").json().as_array().unwrap().len(), 4096);
    assert_eq!(gateway.send("DELETE", "/sandboxes/dev-7", b"").status, 204);
    assert_eq!(gateway.send("PUT", "/sandboxes/one-more", b"").status, 201);
}

#[test]
fn no_path_leads_out_of_the_data() {
    let gateway = Gateway::start();
    let outside = gateway.data.path().join("secret");
    fs::write(&outside, "kept").unwrap();
    let deep = vec!["d"; 17].join("/");
    let long = "n".repeat(256);
    let longer = vec!["n".repeat(250); 5].join("/");
    for below in [
        "../../../secret",
        "..%2f..%2f..%2fsecret",
        "..%2F..%2F..%2Fsecret",
        "%2e%2e/%2e%2e/%2e%2e/secret",
        "%2E%2e%2f%2e%2e%2f%2e%2e%2fsecret",
        "..",
        "a/./b",
        "a/../../../../secret",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "a//b",
        "a/",
        "",
        "a%00b",
        "a%0d%0ab",
        "%c0%ae%c0%ae/secret",
        "a?b",
        ".incoming-0",
        &deep,
        &long,
        &longer,
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            for place in ["workspace", "sandboxes"] {
                let reply = gateway.send(method, &format!("/{place}/{below}"), b"lost");
                assert_eq!(reply.status, 400, "{method} /{place}/{below}");
                assert!(reply.json()["error"].is_string());
            }
        }
    }
    assert_eq!(gateway.send("PUT", "/sandboxes/a/b", b"").status, 400);
    for target in ["/../secret", "//workspace/a", "/workspace", "/", "/healthz/", "*"] {
        assert!(matches!(gateway.send("GET", target, b"").status, 400 | 404), "{target}");
    }
    assert_eq!(gateway.send_raw(b"GET /workspace/a\0b HTTP/1.1\r\nHost: x\r\n\r\n").status, 400);
    assert_eq!(gateway.send("GET", &format!("/workspace/{}", "x".repeat(20_000)), b"").status, 431);
    assert_eq!(gateway.send("PUT", "/workspace/%252e%252e%252fsecret", b"a name").status, 201);
    assert!(gateway.folder("workspace").join("%2e%2e%2fsecret").is_file());
    assert_eq!(fs::read_to_string(outside).unwrap(), "kept");
}

#[test]
fn symbolic_links_and_other_kinds_are_neither_followed_nor_replaced() {
    let gateway = Gateway::start();
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("file"), "kept").unwrap();
    let workspace = gateway.folder("workspace");
    symlink(outside.path(), workspace.join("folder-link")).unwrap();
    symlink(outside.path().join("file"), workspace.join("file-link")).unwrap();
    symlink(outside.path().join("absent"), workspace.join("dangling")).unwrap();
    let _socket = UnixListener::bind(workspace.join("socket")).unwrap();
    mknodat(CWD, workspace.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert_eq!(gateway.send("PUT", "/workspace/folder/file", b"!").status, 201);
    assert_eq!(gateway.send("PUT", "/workspace/file", b"!").status, 201);

    for path in
        ["folder-link/file", "folder-link/new/new", "folder-link", "file-link", "dangling", "socket", "pipe", "folder"]
    {
        let path = format!("/workspace/{path}");
        assert_eq!(gateway.send("GET", &path, b"").status, 404, "{path}");
        assert_eq!(gateway.send("DELETE", &path, b"").status, 404, "{path}");
        let put = gateway.send("PUT", &path, b"lost");
        assert_eq!(put.status, 409, "{path}");
        assert!(put.json()["error"].is_string());
    }
    assert_eq!(gateway.send("PUT", "/workspace/file/below", b"!").status, 409);
    assert_eq!(gateway.send("GET", "/workspace/file/below", b"").status, 404);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(outside.path().join("file")).unwrap(), "kept");
}

#[test]
fn of_many_writers_one_wins_whole() {
    let gateway = Gateway::start();
    thread::scope(|scope| {
        for writer in 0..8_u8 {
            let gateway = &gateway;
            scope.spawn(move || gateway.send("PUT", "/workspace/new/one", &vec![writer; 100_000]));
        }
    });
    let body = gateway.send("GET", "/workspace/new/one", b"").body;
    assert_eq!(body.len(), 100_000);
    assert!(body.iter().all(|byte| *byte == body[0]));
    assert_eq!(fs::read_dir(gateway.folder("workspace")).unwrap().count(), 1);
}

#[test]
fn a_body_that_breaks_off_leaves_all_as_it_was() {
    let gateway = Gateway::start();
    assert_eq!(gateway.send("PUT", "/workspace/a", b"old").status, 201);
    for path in ["a", "new/folder/b"] {
        let mut connection = gateway.connect();
        let head = format!("PUT /workspace/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
        connection.write_all(format!("{head}half").as_bytes()).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        read_all(connection);
    }
    assert_eq!(gateway.send("GET", "/workspace/a", b"").body, b"old");
    gateway.wait_for_files(&["a"]);
    assert!(!gateway.folder("workspace").join("new").exists());
}

#[test]
fn another_node_name_shows_an_empty_world_and_the_first_its_own() {
    let gateway = Gateway::start();
    gateway.send("PUT", "/workspace/a", b"mine");
    gateway.send("PUT", "/sandboxes/dev", b"{}");
    let data = gateway.stop();

    let other = Gateway::start_on(data, |settings| settings.node = Segment::checked("another").unwrap());
    assert_eq!(other.send("GET", "/workspace/a", b"").status, 404);
    assert_eq!(other.send("GET", "/sandboxes", b"").body, b"[]\n");
    other.send("PUT", "/workspace/a", b"theirs");
    assert!(other.folder("workspace").join("a").is_file());
    let data = other.stop();

    let again = Gateway::start_on(data, |_| {});
    assert_eq!(again.send("GET", "/workspace/a", b"").body, b"mine");
    assert_eq!(again.send("GET", "/sandboxes", b"").json(), json!(["dev"]));
    let top: Vec<_> = fs::read_dir(again.data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(top, ["nodes"], "it writes nowhere else");
}

#[test]
fn what_a_crash_left_half_received_is_swept_and_nothing_else() {
    let gateway = Gateway::start();
    gateway.send("PUT", "/workspace/a", b"mine");
    for place in ["workspace", "sandboxes"] {
        fs::write(gateway.folder(place).join(".incoming-0"), "half").unwrap();
        // The number is taken, which must not hurt the next file.
        assert!(matches!(gateway.send("PUT", &format!("/{place}/a"), b"mine").status, 200 | 201));
    }
    let again = Gateway::start_on(gateway.stop(), |_| {});
    assert_eq!(again.send("GET", "/workspace/a", b"").body, b"mine");
    assert_eq!(again.send("GET", "/sandboxes/a", b"").body, b"mine");
    again.wait_for_files(&["a"]);
    assert_eq!(fs::read_dir(again.folder("sandboxes")).unwrap().count(), 1);
}
