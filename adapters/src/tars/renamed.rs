//! A tar whose one top entry gets another name, and folders above it, while it is copied. Owners, modes, times, links and
//! extended attributes stay as they are. No more of it than one entry's header and a piece of its data is in memory.
//!
//! Only a whole archive is copied to its end: every entry to its last byte, and the end blocks seen. Docker cuts one off
//! under a clean 200 where a file shrinks while it is read.

use std::io::{self, Read, Write};

use super::{Entry, Flaw, Kind, Tar, write};

/// How much of a file is in memory at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What folders that are made for it may do.
const FOLDER_MODE: u32 = 0o755;

/// Why an archive was not copied whole.
#[derive(Debug)]
pub enum Ended {
    /// It is no whole archive of one thing.
    Flaw(Flaw),
    /// Nobody takes the copy any more.
    NotTaken,
}

impl From<Flaw> for Ended {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<io::Error> for Ended {
    /// Only who takes the copy makes one: what is wrong with the archive is a flaw.
    fn from(_: io::Error) -> Self {
        Self::NotTaken
    }
}

/// Copies an archive. Its top entry is called `name` from now on, in the folders `above`, which are made first and belong
/// to the top entry's owner.
///
/// # Errors
/// Why not all of it was copied.
pub fn copy(from: impl Read, mut to: impl Write, above: &[String], name: &str) -> Result<(), Ended> {
    let mut tar = Tar::new(from);
    let mut piece = vec![0; PIECE_BYTES];
    let new_top = above.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/").into_bytes();
    let mut top: Option<Vec<u8>> = None;
    while let Some(mut entry) = tar.next()? {
        let top = match &top {
            Some(top) => top,
            None => {
                add_folders(&mut to, above, &entry)?;
                top.insert(first_part(&entry.path).to_vec())
            }
        };
        entry.path = renamed(entry.path, top, &new_top)?;
        // A hard link names another entry; where a symbolic link leads is data.
        if entry.kind == Kind::HardLink {
            entry.link = renamed(entry.link, top, &new_top)?;
        }
        write::header(&mut to, &entry)?;
        loop {
            match tar.data(&mut piece)? {
                0 => break,
                read => to.write_all(&piece[..read])?,
            }
        }
        write::filling(&mut to, entry.size)?;
    }
    if top.is_none() {
        return Err(Flaw::Malformed { what: "it holds nothing at all", at: 0 }.into());
    }
    Ok(write::end(&mut to)?)
}

/// The part of a path before its first slash.
fn first_part(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'/').next().unwrap_or(path)
}

/// Folders, each in the one before it.
fn add_folders(to: &mut impl Write, folders: &[String], owner: &Entry) -> io::Result<()> {
    for end in 1..=folders.len() {
        let folder = Entry {
            path: folders[..end].join("/").into_bytes(),
            kind: Kind::Directory,
            mode: FOLDER_MODE,
            uid: owner.uid,
            gid: owner.gid,
            mtime: owner.mtime,
            size: 0,
            link: Vec::new(),
            device: (0, 0),
            xattrs: Default::default(),
        };
        write::header(to, &folder)?;
    }
    Ok(())
}

/// A path with another first part.
fn renamed(path: Vec<u8>, top: &[u8], new_top: &[u8]) -> Result<Vec<u8>, Flaw> {
    match path.strip_prefix(top) {
        Some(rest) if rest.first().is_none_or(|byte| *byte == b'/') => Ok([new_top, rest].concat()),
        Some(_) | None => Err(Flaw::LeavesRoot { path }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::ErrorKind;

    use tar::{Archive, Builder, EntryType, Header};

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
        add(&format!("{top}/key"), EntryType::Regular, None, &[7; 1000], &[xattr]);
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
            assert!(matches!(cut, Err(Ended::Flaw(_))), "{end}: {cut:?}");
        }
    }

    #[test]
    fn an_archive_of_more_than_one_thing_is_not_what_was_asked_for() {
        let mut two = archive("top");
        two.truncate(two.len() - 1024);
        two.extend(archive("topmost"));
        assert!(matches!(copied(&two, &[], "new"), Err(Ended::Flaw(_))));
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
