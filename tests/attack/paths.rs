//! Names and paths that could lead out of the volume: every way to write "up" and "below", and all that is no plain name.
//!
//! What is refused is refused with a 4xx. What is not names a file like any other: nothing is there before it is put,
//! and it is there afterwards; were it a way out, one of the two would not hold or the world around would not be as it was.

use super::client::{Answer, exchange, send, whole};
use super::world::Attacked;

/// Ways to write `..`, and whether that is what the gateway must see in them.
const UP: &[(&str, bool)] = &[
    ("..", true),
    ("%2e%2e", true),
    ("%2E%2e", true),
    (".%2e", true),
    ("%2E.", true),
    ("%252e%252e", false),
    ("%25252e%25252e", false),
    ("..;", false),
    ("..;a=b", false),
    ("..%00", true),
    ("..%20", false),
    (".. ", true),
    ("...", false),
    ("..%0a", true),
    ("..%09", true),
    ("..%0d%0a", true),
    ("%c0%ae%c0%ae", true),
    ("%c0%2e%c0%2e", true),
    ("%e0%80%ae%e0%80%ae", true),
    ("%f0%80%80%ae%f0%80%80%ae", true),
    ("%uff0e%uff0e", true),
    ("%ef%bc%8e%ef%bc%8e", false),
    ("%e2%80%a5", false),
    ("%2e%", true),
    ("%%32e%%32e", true),
    ("\\..", false),
    ("..\\..", false),
];

/// Ways to write `/`, and whether the gateway must split or refuse there.
const BELOW: &[(&str, bool)] = &[
    ("/", true),
    ("//", true),
    ("/./", true),
    ("%2f", true),
    ("%2F", true),
    ("%252f", false),
    ("\\", false),
    ("%5c", false),
    ("%255c", false),
    ("%c0%af", true),
    ("%e0%80%af", true),
    ("%e2%88%95", false),
    ("/%2e/", true),
    ("/..;/", true),
];

/// How far up; the world's own root is four folders above a workspace.
const TIMES: [usize; 4] = [1, 3, 4, 12];

/// What lies up there.
const TARGETS: [&str; 3] = ["secret", "canary/secret", "etc/passwd"];

/// The methods, in an order in which none may do anything before the file is put.
const METHODS: [&str; 3] = ["GET", "DELETE", "PUT"];

/// Every way up, in every place.
pub fn up(gateway: &str) -> usize {
    let mut count = 0;
    for (up, is_up) in UP {
        for (below, is_below) in BELOW {
            for times in TIMES {
                let target = TARGETS[count % TARGETS.len()];
                let place = ["workspace", "sandboxes"][count / 2 % 2];
                let path = format!("/{place}/{}{target}", format!("{up}{below}").repeat(times));
                harmless(gateway, &path, *is_up && *is_below);
                count += 1;
            }
        }
    }
    count
}

/// Targets that are refused, wherever they lead.
pub fn elsewhere(gateway: &str) {
    let targets = [
        "/../secret",
        "/../../../../../../etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "/%2fetc/passwd",
        "/nodes",
        "/nodes/",
        "/nodes/another/workspace/secret",
        "/workspace",
        "/workspace/",
        "/sandboxes/",
        "/workspace//etc/passwd",
        "/workspace/%2fetc%2fpasswd",
        "/workspace/../nodes",
        "/workspace/..",
        "/workspace/.",
        "/workspace/a/..",
        "/healthz/../workspace/kept",
        "/healthz/",
        "/HEALTHZ",
        "/workspace/kept/",
        "/workspace/kept/.",
        "/workspace/kept?x",
        "/workspace/kept?",
        "/workspaces/kept",
        "/workspace%2fkept",
        "/%77orkspace/kept",
        "http://x/../secret",
        "http:///etc/passwd",
        "file:///etc/passwd",
        "*",
        "secret",
        "../secret",
        "\\..\\secret",
        "x:1",
        "",
        "/sandboxes/a/b",
        "/sandboxes/../workspace/kept",
        "/workspace/.incoming-0",
        "/workspace/%2eincoming-0",
        "/sandboxes/.incoming-0",
        "/workspace/.incoming-",
        "/workspace/folder/.incoming-0",
        "/readyz",
        "/metrics",
    ];
    for target in targets {
        for method in METHODS {
            refused(gateway, method, target.as_bytes());
        }
    }
    for target in ["/healthz", "/sandboxes"] {
        for method in ["PUT", "DELETE", "POST", "PATCH", "TRACE", "OPTIONS", "CONNECT", "BREW", "get"] {
            refused(gateway, method, target.as_bytes());
        }
    }
}

/// Names of all lengths and paths of all depths.
pub fn lengths(gateway: &str) {
    for (bytes, taken) in [(1, true), (255, true), (256, false), (4096, false), (100_000, false), (4 << 20, false)] {
        let name = "n".repeat(bytes);
        let encoded = "%6e".repeat(bytes);
        for path in [format!("/workspace/{name}"), format!("/sandboxes/{encoded}")] {
            if taken {
                harmless(gateway, &path, false);
            } else {
                refused(gateway, "PUT", path.as_bytes());
            }
        }
    }
    for (depth, taken) in [(16, true), (17, false), (1000, false), (100_000, false)] {
        let path = format!("/workspace/{}", vec!["d"; depth].join("/"));
        if taken {
            harmless(gateway, &path, false);
        } else {
            refused(gateway, "PUT", path.as_bytes());
        }
    }
}

/// Every byte that is no letter, as it is and encoded.
pub fn bytes(gateway: &str) {
    for byte in (0..=0x20).chain(0x7f..=0xff) {
        let raw = [b"/workspace/a".as_slice(), &[byte], b"b"].concat();
        refused(gateway, "PUT", &raw);
        // A space is in many a name.
        if byte != b' ' {
            refused(gateway, "PUT", format!("/workspace/a%{byte:02x}b").as_bytes());
        }
    }
}

/// A path that is refused, or the name of a file like any other, which `must_be_refused` rules out.
fn harmless(gateway: &str, path: &str, must_be_refused: bool) {
    for method in METHODS {
        let answers = exchange(gateway, &whole(method, path, path.as_bytes()));
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        match statuses[..] {
            [400..=499] => {}
            [201] if method == "PUT" && !must_be_refused => {
                let found = send(gateway, "GET", path, b"");
                assert_eq!(found, Answer { status: 200, body: path.as_bytes().to_vec() }, "{path}");
                assert_eq!(send(gateway, "DELETE", path, b"").status, 204, "{path}");
            }
            _ => panic!("{method} {path}: {statuses:?}"),
        }
    }
}

/// A target that is answered with a 4xx, or with the end of the connection.
fn refused(gateway: &str, method: &str, target: &[u8]) {
    let rest = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlost";
    let message = [method.as_bytes(), b" ", target, rest].concat();
    let statuses: Vec<_> = exchange(gateway, &message).iter().map(|answer| answer.status).collect();
    let shown = String::from_utf8_lossy(&target[..target.len().min(200)]).into_owned();
    assert!(matches!(statuses[..], [] | [400..=499]), "{method} {shown:?}: {statuses:?}");
}

/// No way to write a path leads out of the volume.
pub fn lead_nowhere() {
    let attacked = Attacked::start();
    let count = up(attacked.address());
    assert!(count > 1000, "{count}");
    elsewhere(attacked.address());
    lengths(attacked.address());
    bytes(attacked.address());
    attacked.outlived();
}
