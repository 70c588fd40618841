//! Bodies that are too long, lie about their length, break off, meet a full disk or a signal, or come all at once.
//! A file is what one whole body made it, at every moment.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::Command,
    thread,
};

use super::client::{Answer, answer, answers, connect, request, whole};
use super::gateway::{command, spawn};
use super::support::until;
use super::world::{Attacked, KEPT};

/// Bytes that a body may have.
const LIMIT: usize = 64 << 20;

/// More than may be sent, told beforehand or not.
pub fn too_long() {
    let attacked = Attacked::start();
    for length in [LIMIT + 1, 1 << 40, usize::MAX >> 1] {
        let length = format!("Content-Length: {length}");
        assert_eq!(attacked.statuses(&request("PUT", KEPT, &[&length], b"some")), [413], "{length}");
        // Who asks for leave is told no before it sends anything.
        let mut stream = connect(attacked.address());
        stream.write_all(&request("PUT", KEPT, &[&length, "Expect: 100-continue"], b"")).unwrap();
        assert_eq!(answer(&mut stream).map(|answer| answer.status), Some(413), "{length}");
    }
    let mut chunked = request("PUT", KEPT, &["Transfer-Encoding: chunked", "Connection: close"], b"");
    let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 1 << 20], b"\r\n"].concat();
    chunked.extend(chunk.repeat(65));
    chunked.extend(b"0\r\n\r\n");
    let statuses = attacked.statuses(&chunked);
    assert!(matches!(statuses[..], [413] | []), "{statuses:?}");
    attacked.outlived();
}

/// A body that is shorter than was said never becomes a file.
pub fn broken_off() {
    let attacked = Attacked::start();
    for path in [KEPT, "/workspace/new/folder/file", "/sandboxes/new"] {
        for message in [
            request("PUT", path, &["Content-Length: 1000"], b"half"),
            request("PUT", path, &["Content-Length: 1000", "Expect: 100-continue"], b""),
            request("PUT", path, &["Transfer-Encoding: chunked"], b"4\r\nhalf\r\n"),
            request("PUT", path, &["Transfer-Encoding: chunked"], b"4\r\nhalf\r\n0\r\n"),
        ] {
            let statuses = attacked.statuses(&message);
            assert!(matches!(statuses[..], [] | [100] | [400..=499] | [100, 400..=499]), "{path}: {statuses:?}");
        }
    }
    assert_eq!(attacked.names("workspace"), ["kept"]);
    assert_eq!(attacked.names("sandboxes"), Vec::<String>::new());
    attacked.outlived();
}

/// What is read is one body, whole, whoever is writing; and one of them is there at the end.
pub fn torn() {
    const WRITERS: u8 = 4;
    let attacked = Attacked::start();
    let of = |writer: u8, round: u8| vec![writer * 16 + round; 50_000 + usize::from(writer) * 30_000];
    let is_whole = |body: &[u8]| body == of(body[0] / 16, body[0] % 16);
    assert_eq!(attacked.send("PUT", "/workspace/one", &of(0, 0)).status, 201);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let attacked = &attacked;
            scope.spawn(move || {
                for round in 0..10 {
                    assert_eq!(attacked.send("PUT", "/workspace/one", &of(writer, round)).status, 200);
                }
            });
        }
        for _ in 0..100 {
            let read = attacked.send("GET", "/workspace/one", b"");
            assert_eq!(read.status, 200);
            assert!(is_whole(&read.body), "a torn read of {} bytes", read.body.len());
        }
    });
    assert!(is_whole(&attacked.send("GET", "/workspace/one", b"").body));
    attacked.outlived();
}

/// A gateway whose volume is a disk of 1 MiB. What is on it is seen through the process.
fn on_a_small_disk(volume: &Path) -> Command {
    const MOUNT: &str = r#"mount -t tmpfs -o size=1m,mode=700 tmpfs "$0" && exec "$@""#;
    let gateway = command(volume, &[]);
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT]).arg(volume).arg(gateway.get_program());
    unshare.args(gateway.get_args());
    unshare.envs(gateway.get_envs().filter_map(|(name, value)| Some((name, value?))));
    unshare
}

/// Whether a small disk can be had here.
pub fn small_disk() -> Result<(), String> {
    let tried = Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`unshare`: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("`unshare`: {error}")),
    }
}

/// On a full disk nothing is put, nothing is lost, and the room is there again at once.
pub fn full_disk() {
    let attacked = Attacked::start_by(|volume| spawn(on_a_small_disk(volume)));
    let half = vec![1; 600 << 10];
    assert_eq!(attacked.send("PUT", "/workspace/half", &half).status, 201);
    for path in ["/workspace/half", KEPT, "/workspace/new/folder/file", "/sandboxes/new"] {
        let put = attacked.send("PUT", path, &vec![2; 600 << 10]);
        assert_eq!(put.status, 507, "{path}: {}", String::from_utf8_lossy(&put.body));
    }
    attacked.serves();
    assert_eq!(attacked.send("GET", "/workspace/half", b""), Answer { status: 200, body: half });
    assert_eq!(attacked.names("workspace"), ["half", "kept"]);
    assert_eq!(attacked.names("sandboxes"), ["good"]);

    // Full to the last byte, nothing can be put but what needs no room; and removal makes some.
    let mut number = 0;
    while attacked.send("PUT", &format!("/workspace/fill-{number}"), &vec![3; 4096]).status == 201 {
        number += 1;
    }
    assert_eq!(attacked.send("PUT", KEPT, b"other").status, 507);
    assert_eq!(attacked.send("DELETE", "/workspace/half", b"").status, 204);
    assert_eq!(attacked.send("PUT", "/workspace/half", b"again").status, 201);
    attacked.outlived();
}

/// SIGTERM while bodies arrive: each is put whole or not at all, as was answered.
pub fn terminated() {
    let mut attacked = Attacked::start();
    let address = attacked.address().to_owned();
    let body = |writer: usize| vec![b'a' + u8::try_from(writer).unwrap(); 300_000];
    // Two have sent half and go on, two have sent half and never do.
    let mut under_way: Vec<_> = (0..4)
        .map(|writer| {
            let mut stream = connect(&address);
            let message = whole("PUT", &format!("/workspace/{writer}"), &body(writer));
            stream.write_all(&message[..message.len() / 2]).unwrap();
            (stream, message)
        })
        .collect();
    until("all bodies have begun", || attacked.names("workspace").len() == 5);
    let mut replacing = connect(&address);
    replacing.write_all(&request("PUT", KEPT, &["Content-Length: 1000"], b"half")).unwrap();
    until("the last one too", || attacked.names("workspace").len() == 6);

    let finishing = thread::spawn(move || {
        let mut answered = Vec::new();
        for (stream, message) in &mut under_way[..2] {
            let sent = stream.write_all(&message[message.len() / 2..]);
            answered.push(sent.is_ok() && answers(stream).first().map(|answer| answer.status) == Some(201));
        }
        for (stream, _) in &mut under_way[2..] {
            assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "what was not sent was answered");
        }
        answered
    });
    attacked.terminate();
    let answered = finishing.join().unwrap();
    let workspace = attacked.folder("workspace");
    for (writer, answered) in answered.into_iter().enumerate() {
        match fs::read(workspace.join(writer.to_string())) {
            Ok(bytes) => assert!(bytes == body(writer)),
            Err(_) => assert!(!answered, "what was acknowledged is not there"),
        }
    }
    assert_eq!(fs::read(workspace.join("kept")).unwrap(), b"three weeks of work");
    assert!(!workspace.join("2").exists() && !workspace.join("3").exists());
    attacked.nothing_else_is_touched();
    let left = fs::read_dir(&workspace).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".incoming-")).collect();
    assert!(left.is_empty(), "{left:?}");
}
