//! Whatever comes, nothing panics; whatever is whole, is kept.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::Backups;
use super::super::row::Row;
use super::super::testing::{Ends, Head, Tarred, back_up, head, record, sealed};
use super::super::walk::{Linked, walk};
use super::restored::assert_restored;
use crate::tars::header::Block;
use crate::tars::pax::Records;
use crate::tars::{Flaw, escaped};

/// Something in a volume.
#[derive(Clone, Debug)]
enum Thing {
    Folder(BTreeMap<Vec<u8>, Thing>),
    File(Vec<u8>),
    Symlink(Vec<u8>),
    Fifo,
    Device(u8, u64, u64),
}

type Owned = (u32, u32, i64, Vec<u8>);

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("no byte of a name", |byte| !matches!(byte, 0 | b'/'));
    prop_oneof![vec(byte, 1..8), vec(b'a'..=b'c', 1..3), vec(b'n'..=b'n', 90..200)]
        .prop_filter("no name", |name| name != b"." && name != b"..")
}

fn thing() -> impl Strategy<Value = Thing> {
    let leaf = prop_oneof![
        vec(any::<u8>(), 0..1500).prop_map(Thing::File),
        name().prop_map(Thing::Symlink),
        Just(Thing::Fifo),
        (prop_oneof![Just(b'3'), Just(b'4')], 0..512_u64, 0..512_u64)
            .prop_map(|(kind, a, b)| Thing::Device(kind, a, b)),
        Just(Thing::Folder(BTreeMap::new())),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| btree_map(name(), inner, 0..6).prop_map(Thing::Folder))
}

/// Writes a thing as a daemon does, with the row that is expected for it.
fn write(tar: &mut Tarred, rows: &mut Vec<Row>, path: &[u8], thing: &Thing, owned: &Owned) {
    let (mode, uid, mtime, xattr) = owned;
    let (flag, data, link, device) = match thing {
        Thing::Folder(_) => (b'5', &[][..], &[][..], (0, 0)),
        Thing::File(data) => (b'0', data.as_slice(), &[][..], (0, 0)),
        Thing::Symlink(to) => (b'2', &[][..], to.as_slice(), (0, 0)),
        Thing::Fifo => (b'6', &[][..], &[][..], (0, 0)),
        Thing::Device(flag, a, b) => (*flag, &[][..], &[][..], (*a, *b)),
    };
    let mut written = [b"v0", path].join(&b'/');
    if path.is_empty() || flag == b'5' {
        written.truncate(if path.is_empty() { 2 } else { written.len() });
        written.push(b'/');
    }
    let mut records = vec![record("path", &written), record("mtime", format!("{mtime}.25").as_bytes())];
    if !link.is_empty() {
        records.push(record("linkpath", link));
    }
    if !xattr.is_empty() {
        records.push(record("SCHILY.xattr.user.x", xattr));
    }
    tar.extra(b'x', &records.concat());
    let link_and_size = Head { link: link.to_vec(), size: data.len() as u64, ..head(flag, &written) };
    tar.add(&Head { mode: *mode, uid: u64::from(*uid), gid: 5, device, mtime: 0, ..link_and_size }, data);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let kind = match flag {
        b'5' => "dir",
        b'0' => "file",
        b'2' => "symlink",
        b'6' => "fifo",
        b'3' => "char-device",
        _ => "block-device",
    };
    rows.push(Row {
        path: if path.is_empty() { ".".to_owned() } else { escaped(path) },
        kind: serde_json::from_value(kind.into()).unwrap(),
        mode: *mode,
        uid: u64::from(*uid),
        gid: 5,
        mtime: *mtime,
        size: (flag == b'0').then_some(data.len() as u64),
        sha256: (flag == b'0').then(|| hex(&Sha256::digest(data))),
        link: (flag == b'2').then(|| escaped(link)),
        device: matches!(flag, b'3' | b'4').then_some(device),
        xattrs: (!xattr.is_empty())
            .then(|| ("user.x".to_owned(), base64::Engine::encode(&base64::prelude::BASE64_STANDARD, xattr)))
            .into_iter()
            .collect(),
    });
    if let Thing::Folder(inner) = thing {
        for (name, thing) in inner {
            let path = if path.is_empty() { name.clone() } else { [path, name].join(&b'/') };
            write(tar, rows, &path, thing, owned);
        }
    }
}

fn walk_all(bytes: &[u8]) -> Result<u64, Flaw> {
    walk(bytes, b"v0", Linked::default(), |_| Ok::<_, Flaw>(())).map(|totals| totals.entries)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn backup_lists_and_restore_gives_back_what_the_tar_held(
        inner in btree_map(name(), thing(), 0..8),
        // The sum of what seven octal digits hold.
        owned in (0..0o10000_u32, 0..2_000_000_u32, 0..i64::from(u32::MAX), vec(any::<u8>(), 0..20)),
    ) {
        let (mut tar, mut rows) = (Tarred::default(), Vec::new());
        write(&mut tar, &mut rows, b"", &Thing::Folder(inner), &owned);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(back_up(tar.whole(), Ends::Well));
        prop_assert_eq!(made.rows(), rows.clone());
        let verified = Backups::verify(&made.path()).unwrap();
        prop_assert_eq!(verified.entries, rows.len() as u64);
        prop_assert_eq!(verified.summary.bytes, rows.iter().filter_map(|row| row.size).sum::<u64>());
        let paths: BTreeSet<_> = rows.iter().map(|row| &row.path).collect();
        prop_assert_eq!(paths.len(), rows.len());
        runtime.block_on(assert_restored(&tar.whole()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn backup_parsers_take_any_bytes(bytes in vec(any::<u8>(), 0..2000)) {
        prop_assert!(walk_all(&bytes).is_err());
        let _ = Records::default().add(&bytes);
    }

    #[test]
    fn backup_parsers_take_any_header(
        fields in vec((0..512_usize, vec(any::<u8>(), 0..16)), 0..8),
        flag in prop_oneof![any::<u8>(), Just(b'x'), Just(b'L'), Just(b'0'), Just(b'5')],
        rest in vec(any::<u8>(), 0..1500),
    ) {
        let mut block = head(flag, "v0/").block();
        for (at, bytes) in fields {
            let end = (at + bytes.len()).min(512);
            block[at..end].copy_from_slice(&bytes[..end - at]);
        }
        let block = sealed(block);
        if let Ok(header) = Block::read(&block) {
            let _ = header.entry(Records::default());
        }
        let _ = walk_all(&[&block[..], &rest].concat());
        let _ = walk_all(Tarred(block.to_vec()).extra(b'x', &rest).file("v0/a", b"").whole().as_slice());
    }

    #[test]
    fn backup_parsers_take_no_part_of_a_tar_for_a_whole_one(
        cut in any::<proptest::sample::Index>(), data in vec(any::<u8>(), 0..3000),
    ) {
        let whole = Tarred::volume().file("v0/a", &data).file("v0/b", &data).whole();
        prop_assert_eq!(walk_all(&whole).ok(), Some(3));
        let at = cut.index(whole.len());
        let truncated = walk_all(&whole[..at]);
        let is_told = matches!(truncated, Err(Flaw::Truncated { at: told }) if told == at as u64);
        prop_assert!(is_told);
    }
}
