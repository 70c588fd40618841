//! A tar whose one top entry gets another name, and folders above it, while it is copied. Owners, modes, times, links and
//! extended attributes stay as they are. No more of it than a few blocks is in memory.
//!
//! Only a whole archive is copied to its end: every entry to its last byte, and the end blocks seen. Docker cuts one off
//! under a clean 200 where a file shrinks while it is read.

use std::io::{self, ErrorKind, Read, Write};

use tar::{Archive, Builder, Entry, EntryType, Header};
use thiserror::Error;

/// How many bytes of a name fit into an entry's header; a longer one stands in a record before it.
const NAME_MAX_BYTES: usize = 100;

/// Where the bytes of a name are in a header, and those of its continuation (POSIX `ustar`).
const NAME: std::ops::Range<usize> = 0..NAME_MAX_BYTES;
const LINK_NAME: std::ops::Range<usize> = 157..257;

/// The records that are written anew.
const PATH: &str = "path";
const LINK_PATH: &str = "linkpath";
const SIZE: &str = "size";

/// What folders that are made for it may do.
const FOLDER_MODE: u32 = 0o755;

/// Why an archive was not copied whole.
#[derive(Debug, Error)]
pub enum Ended {
    /// It is no whole archive of one thing.
    #[error("{0}")]
    NotWhole(String),
    /// Nobody takes the copy any more.
    #[error("nobody takes it")]
    NotTaken,
}

impl From<io::Error> for Ended {
    /// Only who takes the copy makes a broken pipe.
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe { Self::NotTaken } else { Self::NotWhole(error.to_string()) }
    }
}

/// Copies an archive. Its top entry is called `name` from now on, in the folders `above`, which are made first and belong
/// to the top entry's owner.
pub fn copy(from: impl Read, to: impl Write, above: &[String], name: &str) -> Result<(), Ended> {
    let mut archive = Archive::new(from);
    let mut copy = Builder::new(to);
    let new_top = above.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/").into_bytes();
    let mut top: Option<Vec<u8>> = None;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path_bytes().into_owned();
        let top = match &top {
            Some(top) => top,
            None => {
                add_folders(&mut copy, above, entry.header())?;
                top.insert(first_part(&path).to_vec())
            }
        };
        add(&mut copy, &mut entry, top, &new_top)?;
    }
    if top.is_none() {
        return Err(not_whole("it is empty"));
    }
    // The first of the two end blocks was read to find the end.
    let mut rest = archive.into_inner();
    let mut block = [0; 512];
    rest.read_exact(&mut block).map_err(|_| not_whole("it ends without its end blocks"))?;
    if block.iter().any(|byte| *byte != 0) {
        return Err(not_whole("its end blocks are none"));
    }
    io::copy(&mut rest, &mut io::sink())?;
    copy.into_inner()?.flush()?;
    Ok(())
}

fn not_whole(what: impl Into<String>) -> Ended {
    Ended::NotWhole(what.into())
}

/// The part of a path before its first slash.
fn first_part(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'/').next().unwrap_or(path)
}

/// Folders, each in the one before it.
fn add_folders(copy: &mut Builder<impl Write>, folders: &[String], owner: &Header) -> Result<(), Ended> {
    for end in 1..=folders.len() {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Directory);
        header.set_mode(FOLDER_MODE);
        header.set_uid(owner.uid()?);
        header.set_gid(owner.gid()?);
        header.set_mtime(owner.mtime()?);
        header.set_size(0);
        let path = format!("{}/", folders[..end].join("/"));
        write(copy, &mut header, path.as_bytes(), None, &[], &mut io::empty())?;
    }
    Ok(())
}

/// One entry under its new name.
fn add(
    copy: &mut Builder<impl Write>,
    entry: &mut Entry<'_, impl Read>,
    top: &[u8],
    new_top: &[u8],
) -> Result<(), Ended> {
    let mut header = entry.header().clone();
    let kind = header.entry_type();
    if kind.is_gnu_sparse() {
        return Err(not_whole("it has an entry of a kind that Docker does not write"));
    }
    let path = renamed(&entry.path_bytes(), top, new_top)?;
    let link = match entry.link_name_bytes() {
        // A hard link names another entry; where a symbolic link leads is data.
        Some(link) if kind.is_hard_link() => Some(renamed(&link, top, new_top)?),
        Some(link) => Some(link.into_owned()),
        None => None,
    };
    let mut records = Vec::new();
    if let Some(extensions) = entry.pax_extensions()? {
        for extension in extensions {
            let extension = extension?;
            let key = extension.key().map_err(|_| not_whole("a record's name is not a text"))?;
            if ![PATH, LINK_PATH, SIZE].contains(&key) {
                records.push((key.to_owned(), extension.value_bytes().to_vec()));
            }
        }
    }
    let size = entry.size();
    header.set_size(size);
    let mut data = Counted { of: entry, bytes: 0 };
    write(copy, &mut header, &path, link.as_deref(), &records, &mut data)?;
    if data.bytes == size { Ok(()) } else { Err(not_whole("it ends within a file")) }
}

/// A path with another first part.
fn renamed(path: &[u8], top: &[u8], new_top: &[u8]) -> Result<Vec<u8>, Ended> {
    match path.strip_prefix(top) {
        Some(rest) if rest.first().is_none_or(|byte| *byte == b'/') => Ok([new_top, rest].concat()),
        Some(_) | None => Err(not_whole("it holds more than was asked for")),
    }
}

/// Writes an entry; names that its header cannot hold stand in records before it, as Docker writes them.
fn write(
    copy: &mut Builder<impl Write>,
    header: &mut Header,
    path: &[u8],
    link: Option<&[u8]>,
    records: &[(String, Vec<u8>)],
    data: &mut impl Read,
) -> Result<(), Ended> {
    let mut records: Vec<_> = records.iter().map(|(key, value)| (key.as_str(), value.as_slice())).collect();
    if let Some(ustar) = header.as_ustar_mut() {
        ustar.prefix.fill(0);
    }
    for (key, place, name) in [(PATH, NAME, Some(path)), (LINK_PATH, LINK_NAME, link)] {
        let name = name.unwrap_or_default();
        let short = &name[..name.len().min(NAME_MAX_BYTES)];
        let field = &mut header.as_mut_bytes()[place];
        field.fill(0);
        field[..short.len()].copy_from_slice(short);
        if short.len() < name.len() || !name.is_ascii() {
            records.push((key, name));
        }
    }
    header.set_cksum();
    if !records.is_empty() {
        copy.append_pax_extensions(records)?;
    }
    copy.append(header, data)?;
    Ok(())
}

/// Counts what is read.
struct Counted<'a, R> {
    of: &'a mut R,
    bytes: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.of.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// An archive as Docker writes it: one folder with what may be in it.
    fn archive(top: &str) -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        let mut add = |path: &str, kind, link: Option<&str>, data: &[u8], records: &[(&str, &[u8])]| {
            let mut header = Header::new_ustar();
            header.set_entry_type(kind);
            header.set_mode(0o4750);
            header.set_uid(1000);
            header.set_gid(1001);
            header.set_mtime(1_700_000_000);
            header.set_size(data.len() as u64);
            header.set_path(path).unwrap();
            if let Some(link) = link {
                header.set_link_name(link).unwrap();
            }
            header.set_cksum();
            tar.append_pax_extensions(records.iter().copied()).unwrap();
            tar.append(&header, data).unwrap();
        };
        let long = format!("{top}/{}", "n".repeat(150));
        add(&format!("{top}/"), EntryType::Directory, None, b"", &[]);
        let xattr: (&str, &[u8]) = ("SCHILY.xattr.security.capability", b"\x01\x00\xff");
        add(&format!("{top}/key"), EntryType::Regular, None, &[7; 1000], &[xattr, ("mtime", b"1700000000.5")]);
        add(&format!("{top}/hard"), EntryType::Link, Some(&format!("{top}/key")), b"", &[]);
        add(&format!("{top}/soft"), EntryType::Symlink, Some("/etc/top"), b"", &[]);
        add("x", EntryType::Regular, None, b"long", &[("path", long.as_bytes())]);
        tar.into_inner().unwrap()
    }

    fn copied(from: &[u8], above: &[&str], name: &str) -> Result<Vec<u8>, Ended> {
        let above: Vec<_> = above.iter().map(|part| (*part).to_owned()).collect();
        let mut to = Vec::new();
        copy(from, &mut to, &above, name).map(|()| to)
    }

    /// Each entry's path, with its kind, owner, mode, link, data and records.
    type Listing = BTreeMap<Vec<u8>, (EntryType, u64, u64, u32, Option<Vec<u8>>, Vec<u8>, usize)>;

    fn listing(tar: &[u8]) -> Listing {
        let mut archive = Archive::new(tar);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let header = entry.header().clone();
            let records = entry.pax_extensions().unwrap().map_or(0, |all| {
                all.filter(|it| !["path", "linkpath"].contains(&it.as_ref().unwrap().key().unwrap())).count()
            });
            let (path, link) = (entry.path_bytes().into_owned(), entry.link_name_bytes().map(|it| it.into_owned()));
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            let (uid, gid, mode) = (header.uid().unwrap(), header.gid().unwrap(), header.mode().unwrap());
            (path, (header.entry_type(), uid, gid, mode, link, data, records))
        });
        entries.collect()
    }

    #[test]
    fn only_names_and_hard_links_change() {
        for (above, name) in [(&[][..], "other"), (&[][..], "top"), (&["a", "b"][..], "state")] {
            let prefix = above.iter().copied().chain([name]).collect::<Vec<_>>().join("/");
            let mut expected = listing(&archive(&prefix));
            let (folder, owner) = ((EntryType::Directory, 1000, 1001, FOLDER_MODE), (None, Vec::new(), 0));
            for end in 1..=above.len() {
                let path = format!("{}/", above[..end].join("/")).into_bytes();
                let (kind, uid, gid, mode) = folder;
                expected.insert(path, (kind, uid, gid, mode, owner.0.clone(), owner.1.clone(), owner.2));
            }
            assert_eq!(listing(&copied(&archive("top"), above, name).unwrap()), expected, "{prefix}");
        }
    }

    #[test]
    fn a_name_that_becomes_too_long_or_is_no_ascii_is_kept_whole() {
        let name = "ä".repeat(90);
        let listed = listing(&copied(&archive("top"), &["deep"], &name).unwrap());
        assert_eq!(listed[format!("deep/{name}/hard").as_bytes()].4, Some(format!("deep/{name}/key").into_bytes()));
    }

    #[test]
    fn an_archive_that_is_cut_off_anywhere_is_not_whole() {
        let whole = archive("top");
        assert!(copied(&whole, &[], "new").is_ok());
        for end in (0..whole.len()).step_by(100).chain([whole.len() - 1, whole.len() - 512, whole.len() - 1024]) {
            let cut = copied(&whole[..end], &[], "new");
            assert!(matches!(cut, Err(Ended::NotWhole(_))), "{end}: {cut:?}");
        }
    }

    #[test]
    fn an_archive_of_more_than_one_thing_is_not_what_was_asked_for() {
        let mut two = archive("top");
        two.truncate(two.len() - 1024);
        two.extend(archive("topmost"));
        assert!(matches!(copied(&two, &[], "new"), Err(Ended::NotWhole(_))));
    }

    #[test]
    fn who_does_not_take_the_copy_is_told_from_an_archive_that_is_cut_off() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(matches!(copy(archive("top").as_slice(), Gone, &[], "new"), Err(Ended::NotTaken)));
    }
}
