//! Goes through the tar of one volume and makes the rows of its listing, in the memory of one entry.
//!
//! Promises, of a stream that it goes through to its end: it is whole; its first entry is the volume's root; no path
//! leaves that or goes through what is no folder; no path comes twice; each entry's folder came before it; hard links
//! lead to what came before.
//!
//! All that is told from each entry and the one before it, since daemons walk folders in the order of their names (moby
//! and Podman's `buildah/copier`: Go's `filepath.WalkDir`, "in lexical order"). Another order is refused.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::Read;

use sha2::{Digest, Sha256};

use super::row::{Row, RowKind};
use crate::tars::{Entry, Flaw, Kind, Tar, escaped};

/// How much of a file is in memory at once.
const PIECE_BYTES: usize = 128 * 1024;

/// What a volume holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Its entries, with the root.
    pub entries: u64,
    /// What its files hold, in bytes; of hard links once.
    pub bytes: u64,
}

/// Files that hard links lead to, each by half of the SHA-256 of its path, so that many of them take little room.
#[derive(Clone, Debug, Default)]
pub struct Linked(BTreeSet<[u8; 16]>);

impl Linked {
    /// Notes what a row leads to, where it is a hard link.
    pub fn note(&mut self, row: &Row) {
        if let (RowKind::HardLink, Some(link)) = (row.kind, &row.link) {
            self.0.insert(short_digest(link));
        }
    }
}

/// Reads the tar of a volume whose paths all begin with `root`, and hands on each row. All that hard links lead to must
/// be there, of those in `linked`: they are known once the listing is.
///
/// # Errors
/// What breaks one of the promises, and whatever `each` said.
pub fn walk<E: From<Flaw>>(
    input: impl Read,
    root: &[u8],
    Linked(mut missing): Linked,
    mut each: impl FnMut(Row) -> Result<(), E>,
) -> Result<Totals, E> {
    let mut tar = Tar::new(input);
    let mut piece = vec![0; PIECE_BYTES];
    let mut before: Option<Entry> = None;
    let mut totals = Totals::default();
    while let Some(mut entry) = tar.next()? {
        entry.path = below(root, &entry.path).ok_or_else(|| Flaw::LeavesRoot { path: entry.path.clone() })?;
        follows(before.as_ref(), &entry)?;
        if entry.kind == Kind::HardLink {
            let target = below(root, &entry.link).filter(|target| order(target, &entry.path) == Ordering::Less);
            entry.link = target.ok_or(Flaw::LinksToNothing)?;
        } else if entry.kind != Kind::Directory && !missing.is_empty() {
            missing.remove(&short_digest(&escaped(&entry.path)));
        }
        let sha256 = if entry.kind == Kind::File { Some(digest(&mut tar, &mut piece)?) } else { None };
        totals.entries += 1;
        totals.bytes = totals.bytes.saturating_add(entry.size);
        each(Row::of(&entry, sha256))?;
        before = Some(entry);
    }
    if before.is_none() {
        return Err(Flaw::Malformed { what: "it holds nothing at all", at: 0 }.into());
    }
    if !missing.is_empty() {
        return Err(Flaw::LinksToNothing.into());
    }
    Ok(totals)
}

/// The SHA-256 of the present entry's data, in hexadecimal.
fn digest(tar: &mut Tar<impl Read>, piece: &mut [u8]) -> Result<String, Flaw> {
    let mut hasher = Sha256::new();
    loop {
        match tar.data(piece)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

fn short_digest(path: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(path)[..16]);
    short
}

/// A path as it is below the root; none where it is not.
fn below(root: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let rest = path.strip_prefix(root)?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let rest = rest.strip_prefix(b"/")?;
    let strange = |part: &[u8]| part.is_empty() || part == b"." || part == b".." || part.contains(&0);
    (!rest.split(|byte| *byte == b'/').any(strange)).then(|| rest.to_vec())
}

/// That an entry may come after another, as the promises have it.
fn follows(before: Option<&Entry>, entry: &Entry) -> Result<(), Flaw> {
    let path = || entry.path.clone();
    let Some(before) = before else {
        let is_root = entry.path.is_empty() && entry.kind == Kind::Directory;
        return if is_root { Ok(()) } else { Err(Flaw::OutOfOrder { path: path() }) };
    };
    if before.kind != Kind::Directory && is_above(&before.path, &entry.path) {
        return Err(Flaw::ThroughLink { path: path() });
    }
    // Whatever lies above the one before is a folder that came, since that one was let through.
    let folder = folder(&entry.path);
    let known = (folder == before.path && before.kind == Kind::Directory) || is_above(folder, &before.path);
    if order(&before.path, &entry.path) != Ordering::Less || !known {
        return Err(Flaw::OutOfOrder { path: path() });
    }
    Ok(())
}

/// The order in which folders are walked: that of the parts of paths.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    let parts = |path| <[u8]>::split(path, |byte: &u8| *byte == b'/').filter(|part| !part.is_empty());
    parts(a).cmp(parts(b))
}

/// The folder that a path lies in.
fn folder(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').map_or(&[], |at| &path[..at])
}

/// Whether a path lies below another.
fn is_above(above: &[u8], path: &[u8]) -> bool {
    above.is_empty() && !path.is_empty() || path.strip_prefix(above).is_some_and(|rest| rest.starts_with(b"/"))
}
