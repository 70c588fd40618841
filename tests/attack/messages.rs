//! Messages that are no requests, or are two: broken framing, requests smuggled into bodies, bombs, other protocols.
//!
//! Each is answered with a 4xx or the end of the connection. What is smuggled in would remove the file that is kept, or
//! put one of its own.

use super::client::{answers, connect, exchange, request};
use super::world::{Attacked, KEPT};

use std::{io::Write, net::Shutdown};

/// A request that must never be seen as one.
const SMUGGLED: &str = "DELETE /workspace/kept HTTP/1.1\r\nHost: x\r\n\r\n\
                        PUT /workspace/smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n!";

/// Lines about a body's length that contradict each other, mean nothing, or are read differently here and there.
const FRAMING: &[&[&str]] = &[
    &["Content-Length: 0", "Content-Length: 5"],
    &["Content-Length: 5", "Content-Length: 0"],
    &["Content-Length: 0, 5"],
    &["Content-Length: +0"],
    &["Content-Length: -1"],
    &["Content-Length: 0x0"],
    &["Content-Length: 0a"],
    &["Content-Length: 0 0"],
    &["Content-Length: "],
    &["Content-Length: 18446744073709551615"],
    &["Content-Length: 18446744073709551616"],
    &["Content-Length: 99999999999999999999999999"],
    &["Content-Length : 0"],
    &[" Content-Length: 0"],
    &["Content-Length: 0", " continued: 5"],
    &["Content\x00Length: 0"],
    &["Content-Length: 0\rX: y"],
    &["Transfer-Encoding: identity"],
    &["Transfer-Encoding: xchunked"],
    &["Transfer-Encoding: chunked, identity"],
    &["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    &["Transfer-Encoding: gzip"],
    &["Transfer-Encoding: \x0bchunked"],
    &["Transfer-Encoding : chunked"],
    &["Transfer-Encoding:\x00chunked"],
    &["Transfer-Encoding: \"chunked\""],
];

/// Lines of a body in chunks, which a length beside it contradicts.
const CHUNKED: &[&[&str]] = &[
    &["Content-Length: 5", "Transfer-Encoding: chunked"],
    &["Transfer-Encoding: chunked", "Content-Length: 5"],
    &["Transfer-Encoding: chunked", "Content-Length: bad"],
];

/// Bodies that are no chunks.
const BAD_CHUNKS: &[&str] = &[
    "zz\r\n",
    "-1\r\n!\r\n0\r\n\r\n",
    "+1\r\n!\r\n0\r\n\r\n",
    "0x1\r\n!\r\n0\r\n\r\n",
    "1 1\r\n!\r\n0\r\n\r\n",
    "\r\n1\r\n!\r\n0\r\n\r\n",
    "1\r\n!!\r\n0\r\n\r\n",
    "1\r\n!0\r\n\r\n",
    "1\n!\n0\n\n",
    "1\r!\r0\r\r",
    "ffffffffffffffff\r\n!",
    "10000000000000000\r\n!",
    "fffffffffffffffffffffffff\r\n!",
    "1\r\n!\r\n",
    "",
    "1",
    "5\r\n!",
];

/// Broken framing is no request, and what follows it is not one either.
pub fn framing() {
    let attacked = Attacked::start();
    for lines in FRAMING {
        refused(&attacked, lines[0].as_bytes(), &request("PUT", "/workspace/a", lines, SMUGGLED.as_bytes()));
    }
    let old = format!("PUT /workspace/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}");
    refused(&attacked, b"chunks in HTTP/1.0", old.as_bytes());
    for body in BAD_CHUNKS {
        let body = format!("{body}{SMUGGLED}");
        let message = request("PUT", "/workspace/a", &["Transfer-Encoding: chunked"], body.as_bytes());
        refused(&attacked, body.as_bytes(), &message);
    }
    assert_eq!(attacked.names("workspace"), ["kept"]);
    attacked.outlived();
}

/// A body's end that two readers may see at two places ends the connection: nothing after it is a request.
pub fn smuggling() {
    let attacked = Attacked::start();
    for lines in CHUNKED {
        let statuses =
            attacked.statuses(&request("PUT", "/workspace/a", lines, format!("0\r\n\r\n{SMUGGLED}").as_bytes()));
        assert!(matches!(statuses[..], [] | [200 | 201] | [400..=499]), "{lines:?}: {statuses:?}");
    }
    // Where all agree on the end, a body is a body, whatever it says.
    let length = format!("Content-Length: {}", SMUGGLED.len());
    for lines in [vec![length.as_str()], vec![length.as_str(), length.as_str()]] {
        let statuses = attacked.statuses(&request("PUT", "/workspace/b", &lines, SMUGGLED.as_bytes()));
        assert!(matches!(statuses[..], [200 | 201] | [400..=499]), "{lines:?}: {statuses:?}");
    }
    // A body that is not wanted is no request either.
    for (method, path) in
        [("GET", KEPT), ("DELETE", "/workspace/none"), ("POST", "/workspace/a"), ("GET", "/sandboxes")]
    {
        let statuses = attacked.statuses(&request(method, path, &[&length], SMUGGLED.as_bytes()));
        assert_eq!(statuses.len(), 1, "{method} {path}: {statuses:?}");
    }
    assert!(!attacked.names("workspace").contains(&"smuggled".to_owned()));
    attacked.outlived();
}

/// Heads, chunks and trailers far larger than anything needs.
pub fn bombs() {
    let attacked = Attacked::start();
    let many: Vec<_> = (0..1000).map(|number| format!("X-{number}: y")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let long = format!("X: {}", "y".repeat(1 << 20));
    let name = format!("{}: y", "X".repeat(1 << 20));
    let method = "M".repeat(1 << 20);
    let extended = format!("1;{}\r\n!\r\n0\r\n\r\n", "x".repeat(8 << 20));
    let digits = format!("{}\r\n!\r\n0\r\n\r\n", "1".repeat(8 << 20));
    let trailed = format!("0\r\n{}\r\n", format!("X: {}\r\n", "y".repeat(1000)).repeat(8000));
    let chunked = ["Transfer-Encoding: chunked"];
    for (about, message) in [
        ("1000 lines", request("GET", KEPT, &many, b"")),
        ("a line of 1 MiB", request("GET", KEPT, &[&long], b"")),
        ("a name of 1 MiB", request("GET", KEPT, &[&name], b"")),
        ("a method of 1 MiB", request(&method, KEPT, &[], b"")),
        ("a head without an end", [b"GET / HTTP/1.1\r\n".to_vec(), b"X: y\r\n".repeat(1 << 20)].concat()),
        ("no line at all", vec![b'x'; 8 << 20]),
        ("only line ends", b"\r\n".repeat(4 << 20)),
        ("NUL", vec![0; 8 << 20]),
        ("an extension of 8 MiB", request("PUT", "/workspace/a", &chunked, extended.as_bytes())),
        ("a size of 8 MiB", request("PUT", "/workspace/a", &chunked, digits.as_bytes())),
        ("trailers of 8 MiB", request("PUT", "/workspace/a", &chunked, trailed.as_bytes())),
    ] {
        refused(&attacked, about.as_bytes(), &message);
    }
    assert_eq!(attacked.names("workspace"), ["kept"]);
    attacked.outlived();
}

/// What is not HTTP/1.1.
pub fn other_protocols() {
    let attacked = Attacked::start();
    // The first bytes of a TLS 1.2 and a TLS 1.3 client, of SSH, of a proxy's PROXY protocol, and of others.
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    for message in [
        [tls.as_slice(), &[7; 512]].concat(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec(),
        b"GET /workspace/kept\r\n".to_vec(),
        b"GET /workspace/kept HTTP/0.9\r\n\r\n".to_vec(),
        b"GET /workspace/kept HTTP/2\r\n\r\n".to_vec(),
        b"GET /workspace/kept HTTP/1.2\r\n\r\n".to_vec(),
        b"GET /workspace/kept http/1.1\r\n\r\n".to_vec(),
        b"GET  /workspace/kept  HTTP/1.1\r\n\r\n".to_vec(),
        b"\x00GET /workspace/kept HTTP/1.1\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /workspace/kept HTTP/1.1\r\n\r\n".to_vec(),
        b"\r\n\r\n\x00\r\nQUIT\nGET /workspace/kept HTTP/1.1\r\n\r\n".to_vec(),
        b"*1\r\n$4\r\nPING\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        request("CONNECT", "127.0.0.1:22", &[], b""),
        request("PUT", "/workspace/kept", &["Expect: 200-ok", "Content-Length: x"], b""),
        Vec::new(),
    ] {
        refused(&attacked, &message, &message);
    }
    // An older client is served, and a wish for another protocol passed over.
    assert_eq!(attacked.statuses(b"GET /workspace/kept HTTP/1.0\r\n\r\n"), [200]);
    for lines in [
        &["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"],
        &["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: eA=="],
        &["Range: bytes=0-0,0-0,0-0", "Accept-Encoding: gzip", "X-HTTP-Method-Override: DELETE"],
        &["X-Original-URL: /nodes", "X-Rewrite-URL: /nodes", "Destination: /workspace/b"],
    ] {
        assert_eq!(attacked.statuses(&request("GET", KEPT, lines, b"")), [200], "{lines:?}");
    }
    attacked.outlived();
}

/// Many requests at once on one connection are answered one by one, in order, also where one is wrong.
pub fn pipelining() {
    let attacked = Attacked::start();
    let puts: Vec<u8> = (0..200)
        .flat_map(|number| request("PUT", &format!("/workspace/p/{number}"), &["Content-Length: 1"], b"!"))
        .collect();
    assert_eq!(attacked.statuses(&puts), [201; 200]);
    let wrong = request("GET", "/workspace/%2e%2e/secret", &[], b"");
    let mixed = [request("GET", KEPT, &[], b""), wrong, request("GET", KEPT, &[], b"")].concat();
    assert_eq!(attacked.statuses(&mixed), [200, 400, 200]);
    // Who asks on and on without reading is not read without end, and holds nobody up.
    let mut stream = connect(attacked.address());
    let mut reading = stream.try_clone().unwrap();
    let flood = request("GET", KEPT, &[], b"").repeat(100_000);
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            stream.write_all(&flood).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        });
        attacked.serves();
        assert_eq!(answers(&mut reading).len(), 100_000);
        writing.join().unwrap();
    });
    attacked.outlived();
}

fn refused(attacked: &Attacked, about: &[u8], message: &[u8]) {
    let statuses: Vec<_> = exchange(attacked.address(), message).iter().map(|answer| answer.status).collect();
    let shown = String::from_utf8_lossy(&about[..about.len().min(100)]).into_owned();
    assert!(matches!(statuses[..], [] | [400..=499]), "{shown:?}: {statuses:?}");
}
