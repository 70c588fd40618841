//! Writes entries of a tar, in POSIX's form: what has no room in a plain header stands in records before it.
//! Absent on purpose: names of users, and fractions of times, which Docker's tars do not have.

use std::io::{self, Write};

use super::header::{CHECKSUM, ZERO, sum};
use super::{BLOCK_BYTES, Entry, Kind};

/// How many bytes of a name fit into a header.
const NAME_BYTES: usize = 100;

/// What the header of records is called. Nobody makes a file of it.
const RECORDS: &[u8] = b"PaxHeaders/x";

/// Writes all of an entry but its data.
///
/// # Errors
/// What whoever takes it says.
pub fn header(to: &mut impl Write, entry: &Entry) -> io::Result<()> {
    let mut path = entry.path.clone();
    if entry.kind == Kind::Directory {
        path.push(b'/');
    }
    let mut records = Vec::new();
    let mut block = ZERO;
    let mut name = |at: usize, key: &str, name: &[u8]| {
        let short = &name[..name.len().min(NAME_BYTES)];
        block[at..at + short.len()].copy_from_slice(short);
        if short.len() < name.len() || !name.is_ascii() {
            record(&mut records, key.as_bytes(), name);
        }
    };
    name(0, "path", &path);
    name(157, "linkpath", &entry.link);
    octal(&mut block[100..108], entry.mode.into());
    let mut number = |field: std::ops::Range<usize>, key: &str, value: i128| {
        if !octal(&mut block[field], value) {
            record(&mut records, key.as_bytes(), value.to_string().as_bytes());
        }
    };
    number(108..116, "uid", entry.uid.into());
    number(116..124, "gid", entry.gid.into());
    number(124..136, "size", entry.size.into());
    number(136..148, "mtime", entry.mtime.into());
    for (name, value) in &entry.xattrs {
        record(&mut records, &[b"SCHILY.xattr.", name.as_slice()].concat(), value);
    }
    if matches!(entry.kind, Kind::CharDevice | Kind::BlockDevice) {
        // There are no records for these, and no device has larger numbers.
        octal(&mut block[329..337], entry.device.0.into());
        octal(&mut block[337..345], entry.device.1.into());
    }
    if !records.is_empty() {
        let mut before = ZERO;
        before[..RECORDS.len()].copy_from_slice(RECORDS);
        octal(&mut before[124..136], records.len() as i128);
        to.write_all(&sealed(before, b'x'))?;
        to.write_all(&records)?;
        filling(to, records.len() as u64)?;
    }
    to.write_all(&sealed(block, flag(entry.kind)))
}

/// Writes what data of this size is filled up with.
///
/// # Errors
/// What whoever takes it says.
pub fn filling(to: &mut impl Write, size: u64) -> io::Result<()> {
    let missing = size.wrapping_neg() % BLOCK_BYTES as u64;
    to.write_all(&ZERO[..usize::try_from(missing).unwrap_or_default()])
}

/// Writes what ends a tar.
///
/// # Errors
/// What whoever takes it says.
pub fn end(to: &mut impl Write) -> io::Result<()> {
    to.write_all(&ZERO)?;
    to.write_all(&ZERO)?;
    to.flush()
}

/// A number in octal digits and a NUL, where it has room; else the field is 0.
fn octal(field: &mut [u8], value: i128) -> bool {
    let digits = field.len() - 1;
    let fits = value >= 0 && value < 1 << (3 * digits);
    let text = format!("{:0digits$o}", if fits { value } else { 0 });
    field[..digits].copy_from_slice(text.as_bytes());
    fits
}

/// One record: its length, which counts itself, and what it says.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + b" =\n".len();
    let mut length = rest + 1;
    while rest + length.to_string().len() > length {
        length += 1;
    }
    records.extend_from_slice(format!("{length} ").as_bytes());
    records.extend_from_slice(&[key, b"=", value, b"\n"].concat());
}

/// A header with its type, POSIX's magic and its checksum.
fn sealed(mut block: [u8; BLOCK_BYTES], flag: u8) -> [u8; BLOCK_BYTES] {
    block[156] = flag;
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum = format!("{:06o}\0 ", sum(&block));
    block[CHECKSUM].copy_from_slice(sum.as_bytes());
    block
}

fn flag(kind: Kind) -> u8 {
    match kind {
        Kind::File => b'0',
        Kind::HardLink => b'1',
        Kind::Symlink => b'2',
        Kind::CharDevice => b'3',
        Kind::BlockDevice => b'4',
        Kind::Directory => b'5',
        Kind::Fifo => b'6',
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::super::Tar;
    use super::*;

    fn name() -> impl Strategy<Value = Vec<u8>> {
        let byte = any::<u8>().prop_filter("no byte of a name", |byte| !matches!(byte, 0 | b'/'));
        prop_oneof![vec(byte, 1..8), vec(b'n'..=b'o', 95..105), vec(b'n'..=b'n', 200..1200)]
    }

    fn number(limit: u64) -> impl Strategy<Value = u64> {
        prop_oneof![0..limit, (0..64_u32).prop_map(move |bit| (1 << bit) % limit)]
    }

    fn kind() -> impl Strategy<Value = Kind> {
        use Kind::*;
        prop::sample::select(vec![File, Directory, Symlink, HardLink, Fifo, CharDevice, BlockDevice])
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (kind, path, link) in (kind(), name(), name()),
            (mode, uid, gid) in (0..0o10000_u32, number(u64::MAX), number(u64::MAX)),
            (mtime, size, device) in (any::<i64>(), 0..3000_u64, (number(1 << 21), number(1 << 21))),
            xattrs in btree_map(name(), vec(any::<u8>(), 1..300), 0..3),
        ) {
            // Between a record's name and what it says stands `=`.
            prop_assume!(!xattrs.keys().any(|name| name.contains(&b'=')));
            let entry = Entry {
                link: if matches!(kind, Kind::Symlink | Kind::HardLink) { link } else { Vec::new() },
                device: if matches!(kind, Kind::CharDevice | Kind::BlockDevice) { device } else { (0, 0) },
                size: if kind == Kind::File { size } else { 0 },
                // The least of all is read from no header of any daemon.
                mtime: mtime.max(i64::MIN + 1),
                kind, path, mode, uid, gid, xattrs,
            };
            let mut tar = Vec::new();
            header(&mut tar, &entry).unwrap();
            tar.extend(vec![7; usize::try_from(entry.size).unwrap()]);
            filling(&mut tar, entry.size).unwrap();
            end(&mut tar).unwrap();
            let mut read = Tar::new(tar.as_slice());
            prop_assert_eq!(read.next().unwrap(), Some(entry));
            prop_assert_eq!(read.next().unwrap(), None);
        }
    }
}
