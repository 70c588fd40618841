//! Backups are restored into the volumes of a daemon that keeps what it is sent.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use engine::{BackedUpVolume, Failure, RestoreOrder, RestoredVolume, VolumeName, Why};
use tempfile::TempDir;

use super::super::row::Row;
use super::super::testing::{Ends, Head, Made, Tarred, back_up, head, helper, name, record};
use super::super::walk::{Linked, walk};
use super::super::{contents, manifest, restore};
use crate::docker::Daemon;
use crate::fake_daemon::{listen, read_head};
use crate::tars::Flaw;

/// What a daemon does with a tar that it was sent whole.
type Puts = fn(Vec<u8>) -> Put;

/// What comes of it.
enum Put {
    /// The volume holds this from now on.
    Holds(Vec<u8>),
    /// It says no.
    No,
    /// It goes away.
    Gone,
}

/// A daemon whose helper mounts `new` at `/v7`, with what that holds.
struct World {
    _folder: TempDir,
    daemon: Daemon,
    holds: Arc<Mutex<Vec<u8>>>,
    asked: Receiver<String>,
}

fn empty() -> Tarred {
    let mut tar = Tarred::default();
    tar.folder("v7/");
    tar
}

impl World {
    fn new(holds: &Tarred, puts: Puts) -> Self {
        let (asks, asked) = channel();
        let holds = Arc::new(Mutex::new(holds.whole()));
        let held = Arc::clone(&holds);
        let (folder, address) = listen(move |mut stream| {
            let head = read_head(&mut stream).unwrap_or_default();
            let line = head.lines().next().unwrap_or_default().to_owned();
            let _ = asks.send(line.clone());
            let path = line.split(' ').nth(1).unwrap_or_default();
            if path.ends_with("/json") {
                let body = r#"{"Mounts":[{"Type":"volume","Name":"new","Destination":"/v7","RW":true}]}"#;
                answer(&mut stream, "200 OK", body.as_bytes());
            } else if line.starts_with("GET") {
                assert!(path.ends_with("/archive?path=%2Fv7"), "{line}");
                let holds = held.lock().unwrap().clone();
                answer(&mut stream, "200 OK", &holds);
            } else {
                assert!(line.starts_with("PUT"), "{line}");
                let Some(sent) = chunked(&mut stream) else { return };
                match puts(sent) {
                    Put::Holds(tar) => {
                        *held.lock().unwrap() = tar;
                        answer(&mut stream, "200 OK", b"");
                    }
                    Put::No => answer(&mut stream, "500 X", br#"{"message":"no space left on device"}"#),
                    Put::Gone => {}
                }
            }
        });
        Self { _folder: folder, daemon: Daemon::new(address).unwrap(), holds, asked }
    }

    async fn restored(&self, order: &RestoreOrder) -> Result<(), Failure> {
        restore(&self.daemon, order, &|_| {}).await
    }

    fn was_written(&self) -> bool {
        self.asked.try_iter().any(|line| !line.starts_with("GET"))
    }
}

fn answer(stream: &mut UnixStream, status: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nConnection: close\r\n");
    // Who has seen enough may be gone.
    let _ = stream.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    let _ = stream.write_all(body);
}

/// A chunked body; none where it breaks off.
fn chunked(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            line.push(byte[0]);
        }
        let length = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
        let mut piece = vec![0; length + 2];
        stream.read_exact(&mut piece).ok()?;
        body.extend_from_slice(&piece[..length]);
        if length == 0 {
            return Some(body);
        }
    }
}

fn order(backup: &Path) -> RestoreOrder {
    RestoreOrder {
        gateway: name("prod"),
        helper: helper(),
        backup: backup.to_str().unwrap().to_owned(),
        volumes: vec![RestoredVolume {
            name: VolumeName::new("vol"),
            into: VolumeName::new("new"),
            at: "/v7".to_owned(),
        }],
        carried: Vec::new(),
    }
}

fn rows(tar: &[u8], root: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let walked = walk(tar, root.as_bytes(), Linked::default(), |row| {
        rows.push(row);
        Ok::<_, Flaw>(())
    });
    walked.unwrap();
    rows
}

fn no(failure: &Result<(), Failure>) -> &str {
    let Err(Failure::Rejected { status: None, message }) = failure else { panic!("{failure:?}") };
    message
}

/// That a backup of this tar, whose root is `v0`, gives a volume with the same rows.
pub async fn assert_restored(tar: &[u8]) {
    let made = back_up(tar.to_vec(), Ends::Well).await;
    let world = World::new(&empty(), Put::Holds);
    assert_eq!(world.restored(&order(&made.path())).await, Ok(()));
    let holds = world.holds.lock().unwrap();
    assert_eq!(rows(&holds, "v7"), rows(tar, "v0"));
}

fn odd() -> Tarred {
    let mut tar = Tarred::default();
    tar.add(&Head { mode: 0o41_770, uid: 1000, gid: 1001, ..head(b'5', "v0/") }, b"");
    let long = format!("v0/{}", "n".repeat(98));
    let latin = b"v0/b\xe9\\".as_slice();
    tar.extra(b'x', &[record("path", latin), record("SCHILY.xattr.security.capability", b"\x01\0\n=")].concat());
    tar.add(&Head { mode: 0o4755, size: 5, ..head(b'0', "v0/b") }, b"hello");
    tar.extra(b'x', &[record("path", b"v0/b\xff"), record("linkpath", latin)].concat());
    tar.link(b'1', "v0/b", "v0/b");
    tar.extra(b'x', &[record("uid", b"4000000000"), record("mtime", b"1600000000.999999999")].concat());
    tar.add(&Head { mode: 0o600, ..head(b'6', "v0/fifo") }, b"");
    tar.file("v0/holes", &vec![0; 1 << 20]);
    // As long as a header has room for, and longer than that once the root's name is.
    tar.extra(b'x', &record("path", long.as_bytes())).file(&long.as_bytes()[..100], b"");
    tar.extra(b'x', &record("linkpath", long.as_bytes())).link(b'1', "v0/o", &long.as_bytes()[..100]);
    tar.link(b'2', "v0/up", "../../etc/passwd");
    tar.link(b'2', "v0/v0", "v0/b");
    tar
}

#[tokio::test]
async fn restore_gives_every_kind_of_entry_back() {
    assert_restored(&odd().whole()).await;
    let mut devices = Tarred::volume();
    devices.add(&Head { device: (8, 1), mode: 0o660, gid: 6, ..head(b'4', "v0/block") }, b"");
    devices.add(&Head { mode: 0o100_4755, uid: 2_097_151, gid: 7, ..head(b'0', "v0/setuid") }, b"");
    devices.folder("v0/v0/").file("v0/v0/v0", b"v0");
    assert_restored(&devices.whole()).await;
}

#[tokio::test]
async fn restore_writes_above_the_volume_and_tells_how_far_it_is() {
    let made = back_up(odd().whole(), Ends::Well).await;
    let world = World::new(&empty(), Put::Holds);
    let told = Cell::new(0);
    assert_eq!(restore(&world.daemon, &order(&made.path()), &|bytes| told.set(bytes)).await, Ok(()));
    assert_eq!(told.get(), world.holds.lock().unwrap().len() as u64);
    let archive = format!("/containers/{}/archive?path=%2F", helper());
    let expected = [
        format!("GET /containers/{}/json HTTP/1.1", helper()),
        format!("GET {archive}v7 HTTP/1.1"),
        format!("PUT {archive}&noOverwriteDirNonDir=true HTTP/1.1"),
        format!("GET {archive}v7 HTTP/1.1"),
    ];
    assert_eq!(world.asked.try_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn restore_never_goes_over_anything() {
    let made = back_up(odd().whole(), Ends::Well).await;
    let mut full = empty();
    full.file("v7/precious", b"");
    let world = World::new(&full, Put::Holds);
    let restored = world.restored(&order(&made.path())).await;
    assert_eq!(no(&restored), "the volume `new` is not empty: it holds `precious`; nothing was written into it");
    assert!(!world.was_written());
    // What is sent is not the whole of it: nobody knows what the volume holds.
    let mut cut = empty();
    cut.file("v7/a", b"").0.truncate(600);
    let world = World::new(&cut, Put::Holds);
    *world.holds.lock().unwrap() = cut.0;
    let restored = world.restored(&order(&made.path())).await;
    assert!(matches!(restored, Err(Failure::Unknown { why: Why::Malformed { .. } })), "{restored:?}");
    assert!(!world.was_written());
}

#[tokio::test]
async fn restore_of_what_the_backup_or_the_helper_does_not_have_is_none() {
    let made = back_up(odd().whole(), Ends::Well).await;
    let (mut unknown, mut elsewhere, mut other) = (order(&made.path()), order(&made.path()), order(&made.path()));
    unknown.volumes[0].name = VolumeName::new("vo");
    elsewhere.volumes[0].at = "/v0".to_owned();
    other.volumes[0].into = VolumeName::new("vol");
    let gone = order(&made.path().join("gone"));
    let cases =
        [(unknown, "holds nothing of `vo`"), (elsewhere, "does not mount"), (other, "does not mount"), (gone, "gone")];
    for (order, sentence) in cases {
        let world = World::new(&empty(), Put::Holds);
        let restored = world.restored(&order).await;
        assert!(no(&restored).contains(sentence), "{restored:?}");
        assert!(!world.was_written());
    }
}

#[tokio::test]
async fn restore_that_does_not_read_back_as_it_was_listed_is_none() {
    let made = back_up(odd().whole(), Ends::Well).await;
    fn without_the_root(_: Vec<u8>) -> Put {
        Put::Holds(empty().whole())
    }
    fn with_another_byte(mut tar: Vec<u8>) -> Put {
        let at = tar.windows(5).position(|part| part == b"hello").unwrap();
        tar[at] = b'j';
        Put::Holds(tar)
    }
    fn cut_off(mut tar: Vec<u8>) -> Put {
        tar.truncate(tar.len() - 1024);
        Put::Holds(tar)
    }
    for (puts, path) in [(without_the_root as Puts, "first at `.`"), (with_another_byte, "first at `b\\xe9\\\\`")] {
        let restored = World::new(&empty(), puts).restored(&order(&made.path())).await;
        assert!(no(&restored).starts_with("the volume `new` does not read back as "), "{restored:?}");
        assert!(no(&restored).ends_with(path), "{restored:?}");
    }
    let restored = World::new(&empty(), cut_off).restored(&order(&made.path())).await;
    assert!(matches!(restored, Err(Failure::Unknown { why: Why::Malformed { .. } })), "{restored:?}");
}

#[tokio::test]
async fn restore_that_docker_did_not_take_is_told_in_its_words() {
    let made = back_up(odd().whole(), Ends::Well).await;
    let restored = World::new(&empty(), |_| Put::No).restored(&order(&made.path())).await;
    let message = "no space left on device".to_owned();
    assert_eq!(restored, Err(Failure::Rejected { status: Some(500), message }));
    let restored = World::new(&empty(), |_| Put::Gone).restored(&order(&made.path())).await;
    assert!(matches!(restored, Err(Failure::Unknown { why: Why::ConnectionLost { .. } })), "{restored:?}");
}

#[tokio::test]
async fn restore_from_a_damaged_archive_breaks_off() {
    let big: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let made = back_up(Tarred::volume().file("v0/big", &big).whole(), Ends::Well).await;
    let file = made.path().join("vol.tar.zst");
    let whole = fs::read(&file).unwrap();
    let (mut flipped, cut) = (whole.clone(), whole[..whole.len() - 1].to_vec());
    flipped[whole.len() / 2] ^= 1;
    for (damaged, sentence) in [(flipped, "its checksum differs"), (cut, "is cut off"), (b"".to_vec(), "is cut off")] {
        fs::write(&file, damaged).unwrap();
        let world = World::new(&empty(), Put::Holds);
        let restored = world.restored(&order(&made.path())).await;
        assert!(no(&restored).contains(sentence) && no(&restored).contains("vol.tar.zst"), "{restored:?}");
        assert!(*world.holds.lock().unwrap() == empty().whole(), "it was sent to its end");
    }
    fs::remove_file(&file).unwrap();
    let restored = World::new(&empty(), Put::Holds).restored(&order(&made.path())).await;
    assert!(no(&restored).contains("vol.tar.zst` cannot be read"), "{restored:?}");
}

/// A volume with two files of these times.
fn with_times(root: &str, first: &str, second: &str) -> Vec<u8> {
    let mut tar = Tarred::default();
    tar.folder(&format!("{root}/"));
    for (name, time) in [("a", first), ("b", second)] {
        tar.extra(b'x', &record("mtime", time.as_bytes())).file(format!("{root}/{name}"), b"");
    }
    tar.whole()
}

#[tokio::test]
async fn times_that_docker_cannot_set_are_no_difference() {
    let listed = back_up(with_times("v0", "-5.5", "15032385535"), Ends::Well).await;
    for (puts, differs) in [
        // What Docker makes of both.
        ((|_| Put::Holds(with_times("v7", "0", "0"))) as Puts, None),
        (Put::Holds, None),
        (|_| Put::Holds(with_times("v7", "1", "0")), Some("first at `a`")),
        (|_| Put::Holds(with_times("v7", "0", "1")), Some("first at `b`")),
    ] {
        let restored = World::new(&empty(), puts).restored(&order(&listed.path())).await;
        match differs {
            None => assert_eq!(restored, Ok(())),
            Some(first) => assert!(no(&restored).ends_with(first), "{restored:?}"),
        }
    }
    let listed = back_up(with_times("v0", "5", "9223372036"), Ends::Well).await;
    for (puts, first) in [
        ((|_| Put::Holds(with_times("v7", "0", "9223372036"))) as Puts, "first at `a`"),
        (|_| Put::Holds(with_times("v7", "5", "0")), "first at `b`"),
    ] {
        let restored = World::new(&empty(), puts).restored(&order(&listed.path())).await;
        assert!(no(&restored).ends_with(first), "{restored:?}");
    }
}

async fn made() -> Made {
    back_up(odd().whole(), Ends::Well).await
}

#[tokio::test]
async fn what_a_backup_holds_is_told_once_it_is_verified() {
    let made = made().await;
    let path = made.path();
    let told = contents(path.to_str().unwrap()).await.unwrap();
    assert_eq!((Path::new(&told.path), Some(told.name.as_str())), (path.as_path(), path.file_name().unwrap().to_str()));
    assert_eq!((told.gateway, told.preset.as_str()), (name("prod"), "reference"));
    let spec = manifest::read(&path).unwrap().spec;
    assert_eq!(told.node_name.as_deref(), spec["node_name"].as_str());
    let volume = BackedUpVolume { name: VolumeName::new("vol"), path: Some("/data0".to_owned()) };
    assert_eq!(told.volumes, [volume]);
    // A link to it is not its name.
    let link = path.parent().unwrap().join("latest");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(contents(link.to_str().unwrap()).await.unwrap().path, path.to_str().unwrap());
}

#[tokio::test]
async fn what_a_damaged_backup_holds_is_not_told() {
    let made = made().await;
    let path = made.path();
    let refused = async |path: &Path| {
        let Err(Failure::Rejected { status: None, message }) = contents(path.to_str().unwrap()).await else {
            panic!("it was verified")
        };
        message
    };
    let archive = path.join("vol.tar.zst");
    let whole = fs::read(&archive).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&archive, flipped).unwrap();
    assert!(refused(&path).await.contains("vol.tar.zst` is damaged: its checksum differs"));
    fs::write(&archive, &whole[1..]).unwrap();
    assert!(refused(&path).await.contains("vol.tar.zst` is cut off"));
    fs::write(&archive, whole).unwrap();
    let unfinished = path.parent().unwrap().join(".20200101T000000Z-abcdef-unfinished");
    fs::rename(&path, &unfinished).unwrap();
    assert!(refused(&unfinished).await.contains("is not finished"));
    fs::rename(&unfinished, &path).unwrap();
    let mut nameless = manifest::read(&path).unwrap();
    nameless.spec["node_name"] = "".into();
    fs::write(path.join("manifest.json"), manifest::render(&nameless).unwrap()).unwrap();
    assert_eq!(contents(path.to_str().unwrap()).await.unwrap().node_name, None);
    let newer = manifest::render(&nameless).unwrap().replace("\"schema\": 1", "\"schema\": 2");
    fs::write(path.join("manifest.json"), newer).unwrap();
    assert!(refused(&path).await.contains("manifest.json` has schema 2, which a newer nemoclaw has written"));
    assert!(refused(&path.join("gone")).await.contains("gone` cannot be read"));
    assert!(refused(path.parent().unwrap()).await.contains("manifest.json"));
}
