//! What a backup keeps of what a volume holds.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::super::testing::{Ends, Head, Tarred, back_up, daemon, head, order, record, sealed, state};
use super::super::{Backups, make, manifest};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// The rows of a backup of this tar, which is verified once more, as JSON.
async fn rows(tar: &Tarred) -> Vec<Value> {
    let made = back_up(tar.whole(), Ends::Well).await;
    let rows: Vec<_> = made.rows().iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    let verified = Backups::verify(&made.path()).unwrap();
    assert_eq!(verified.entries, rows.len() as u64);
    assert_eq!(made.told, tar.whole().len() as u64);
    let packed = fs::File::open(made.path().join("vol.tar.zst")).unwrap();
    assert!(zstd::decode_all(packed).unwrap() == tar.whole(), "the archive is not the tar that came");
    rows
}

/// A row with what most have.
fn row(path: &str, kind: &str, mode: u32, more: Value) -> Value {
    let mut row = json!({ "path": path, "type": kind, "mode": mode, "uid": 0, "gid": 0, "mtime": 1_700_000_000 });
    let Value::Object(more) = more else { unreachable!() };
    row.as_object_mut().unwrap().extend(more);
    row
}

#[tokio::test]
async fn backup_keeps_every_kind_of_entry() {
    let mut tar = Tarred::volume();
    tar.add(&Head { device: (8, 1), mode: 0o660, gid: 6, ..head(b'4', "v0/block") }, b"");
    tar.add(&Head { device: (1, 3), ..head(b'3', "v0/char") }, b"");
    tar.folder("v0/empty/");
    tar.add(&Head { mode: 0o600, ..head(b'6', "v0/fifo") }, b"");
    tar.file("v0/hello", b"hello");
    tar.add(&Head { mode: 0o100_4755, uid: 2_097_151, gid: 7, ..head(b'0', "v0/setuid") }, b"");
    tar.add(&Head { mode: 0o41_777, ..head(b'5', "v0/sticky/") }, b"");
    tar.link(b'2', "v0/sticky/away", "../../etc/passwd");
    tar.link(b'1', "v0/sticky/hello", "v0/hello");
    let expected = [
        row(".", "dir", 0o755, json!({})),
        row("block", "block-device", 0o660, json!({ "gid": 6, "device": [8, 1] })),
        row("char", "char-device", 0o644, json!({ "device": [1, 3] })),
        row("empty", "dir", 0o755, json!({})),
        row("fifo", "fifo", 0o600, json!({})),
        row("hello", "file", 0o644, json!({ "size": 5, "sha256": HELLO })),
        row("setuid", "file", 0o4755, json!({ "uid": 2_097_151, "gid": 7, "size": 0, "sha256": EMPTY })),
        row("sticky", "dir", 0o1777, json!({})),
        row("sticky/away", "symlink", 0o644, json!({ "link": "../../etc/passwd" })),
        row("sticky/hello", "hard-link", 0o644, json!({ "link": "hello" })),
    ];
    assert_eq!(rows(&tar).await, expected);
}

#[tokio::test]
async fn backup_keeps_what_needs_an_extended_header() {
    let long = format!("v0/{}", "n".repeat(300));
    let target = "t".repeat(300);
    let mut tar = Tarred::volume();
    let said = [record("path", b"v0/caf\xe9\\"), record("SCHILY.xattr.security.capability", b"\x01\0\n=")].concat();
    tar.extra(b'x', &said).file("v0/caf", b"hello");
    let said = [record("uid", b"4000000000"), record("gid", b"4000000001"), record("mtime", b"-1.5")].concat();
    tar.extra(b'x', &said).file("v0/far", b"");
    tar.extra(b'x', &[record("path", long.as_bytes()), record("linkpath", target.as_bytes())].concat());
    tar.link(b'2', &long[..100], &target[..100]);
    let expected = [
        row(".", "dir", 0o755, json!({})),
        row(
            "caf\\xe9\\\\",
            "file",
            0o644,
            json!({ "size": 5, "sha256": HELLO, "xattrs": { "security.capability": "AQAKPQ==" } }),
        ),
        row(
            "far",
            "file",
            0o644,
            json!({ "uid": 4_000_000_000_u64, "gid": 4_000_000_001_u64, "mtime": -2, "size": 0, "sha256": EMPTY }),
        ),
        row(&long[3..], "symlink", 0o644, json!({ "link": target })),
    ];
    assert_eq!(rows(&tar).await, expected);
}

#[tokio::test]
async fn backup_keeps_names_in_gnus_form_and_those_that_are_cut_in_two() {
    let (long, target) = (format!("v0/{}", "n".repeat(300)), "t".repeat(300));
    let mut tar = Tarred::volume();
    tar.folder("v0/a/");
    let mut block = head(b'0', "b").block();
    block[345..349].copy_from_slice(b"v0/a");
    tar.block(&sealed(block));
    tar.extra(b'K', format!("{target}\0").as_bytes()).extra(b'L', format!("{long}\0").as_bytes());
    let mut block = Head { link: b"t".to_vec(), ..head(b'2', "v0/n") }.block();
    block[257..265].copy_from_slice(b"ustar  \0");
    // A time of access, where POSIX's form has the beginning of the name.
    block[345..349].copy_from_slice(b"1234");
    block[108..116].copy_from_slice(b"\x80\0\0\0\x01\0\0\0");
    tar.block(&sealed(block));
    let expected = [
        row(".", "dir", 0o755, json!({})),
        row("a", "dir", 0o755, json!({})),
        row("a/b", "file", 0o644, json!({ "size": 0, "sha256": EMPTY })),
        row(&long[3..], "symlink", 0o644, json!({ "link": target, "uid": 1_u64 << 24 })),
    ];
    assert_eq!(rows(&tar).await, expected);
}

#[tokio::test]
async fn backup_of_zeros_takes_no_room() {
    let made = back_up(Tarred::volume().file("v0/holes", &vec![0; 64 << 20]).whole(), Ends::Well).await;
    assert_eq!(made.made.as_ref().unwrap().bytes, 64 << 20);
    assert!(made.path().join("vol.tar.zst").metadata().unwrap().len() < 64 << 10);
    assert_eq!(Backups::verify(&made.path()).unwrap().summary.bytes, 64 << 20);
}

#[tokio::test]
async fn backup_of_100_000_small_files_holds_them_all() {
    let mut tar = Tarred::volume();
    for file in 0..100_000 {
        tar.file(format!("v0/{file:06}"), file.to_string().as_bytes());
    }
    let made = back_up(tar.whole(), Ends::Well).await;
    assert_eq!(manifest::read(&made.path()).unwrap().volumes[0].entries, 100_001);
}

#[tokio::test]
async fn backup_says_what_it_is_of_and_what_it_lacks() {
    let volumes = BTreeMap::from([
        ("Data".to_owned(), Tarred::volume().whole()),
        ("data".to_owned(), Tarred::default().folder("v1/").file("v1/hello", b"hello").whole()),
        ("other".to_owned(), Tarred::default().folder("v2/").whole()),
    ]);
    let mut order = order(volumes.keys());
    order.spec.env.0.insert("API_KEY".to_owned(), "secret".to_owned());
    let (_socket, daemon) = daemon(volumes, Ends::Well);
    let (_folder, state) = state();
    let made = make(&daemon, &state, &order, &|_| {}).await.unwrap();
    assert_eq!(made.bytes, 5);
    let lacks = "the sandbox `alpha` is a container beside the gateway: this backup does not hold it";
    assert_eq!(made.lacks, [lacks]);

    let document: Value = serde_json::from_slice(&fs::read(format!("{}/manifest.json", made.path)).unwrap()).unwrap();
    assert_eq!(document["schema"], 1);
    let manifest = &document["backup"];
    assert_eq!(manifest["gateway"], "prod");
    assert_eq!(manifest["preset"], order.spec.preset.as_str());
    assert_eq!(manifest["image"], order.spec.image.as_str());
    assert_eq!(manifest["image_id"], "sha256:0");
    assert_eq!(manifest["container"], "c0".repeat(32));
    order.spec.env.0.values_mut().for_each(String::clear);
    assert_eq!(manifest["spec"], serde_json::to_value(&order.spec).unwrap());
    assert_eq!(manifest["lacks"], json!([lacks]));
    let told: Vec<_> = [0, 1, 2]
        .map(|at| &manifest["volumes"][at])
        .map(|v| json!([v["name"], v["path"], v["root"], v["archive"]["file"], v["entries"], v["bytes"]]))
        .into();
    // Two names that differ only in their case are one on some file systems.
    let expected = [
        json!(["Data", "/data0", "v0", "_0.tar.zst", 1, 0]),
        json!(["data", "/data1", "v1", "_1.tar.zst", 2, 5]),
        json!(["other", "/data2", "v2", "other.tar.zst", 1, 0]),
    ];
    assert_eq!(told, expected);
}
