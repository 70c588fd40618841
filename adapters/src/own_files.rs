//! Files and folders of our own that a gateway reads by a bind: they are there before its container is made. Written
//! whole, so that they outlast a power cut as the container does, and only where they say something else. What is no
//! file in a file's place is told and left.

use std::io::{self, Read};
use std::path::Path;

use engine::{Failure, MountSource, MountSpec};
use rustix::fs::OFlags;

use crate::state::{make_folder_for, open_regular, write_whole};

/// Files are for everybody to read: they hold no secret, and the gateway may run as any user.
const FILE_MODE: u32 = 0o644;

/// And so are folders.
const FOLDER_MODE: u32 = 0o755;

/// What becomes of a file that is there and says something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is written anew, for a container that is about to be made.
    Corrected,
    /// It stays, since the container that is there was made with it, or its owner has changed it.
    Kept,
}

/// Makes those of a container's mounts.
///
/// # Errors
/// What the file system said; a daemon of another machine would not see them.
pub fn make(mounts: &[MountSpec], local: bool, existing: Existing) -> Result<(), Failure> {
    for mount in mounts {
        let (path, made) = match &mount.source {
            MountSource::Volume { .. } | MountSource::Bind { .. } => continue,
            MountSource::File { file, .. } | MountSource::Folder { folder: file } if !local => {
                let message = format!("`{file}` would lie on this machine, and Docker runs on another");
                return Err(Failure::Rejected { status: None, message });
            }
            MountSource::Folder { folder } => (folder, make_folder_for(Path::new(folder), FOLDER_MODE)),
            MountSource::File { file, content } => (file, write(Path::new(file), content, existing)),
        };
        made.map_err(|error| Failure::Rejected { status: None, message: format!("`{path}` cannot be made: {error}") })?;
    }
    Ok(())
}

fn write(path: &Path, content: &str, existing: Existing) -> io::Result<()> {
    match open_regular(path, OFlags::RDONLY) {
        Ok(_) if existing == Existing::Kept => return Ok(()),
        Ok(file) => {
            let mut there = Vec::new();
            file.take(content.len() as u64 + 1).read_to_end(&mut there)?;
            if there == content.as_bytes() {
                return Ok(());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    make_folder_for(path.parent().ok_or_else(|| io::Error::other("it has no folder"))?, FOLDER_MODE)?;
    write_whole(path, content, FILE_MODE)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The mounts of a container, with the file that says `content`, and a folder.
    fn mounts(place: &Path, content: &str) -> [MountSpec; 2] {
        let at = |name: &str| place.join(name).to_string_lossy().into_owned();
        let mount = |source| MountSpec { source, path: "/x".to_owned(), read_only: true };
        let file = MountSource::File { file: at("a/gateway.toml"), content: content.to_owned() };
        [mount(file), mount(MountSource::Folder { folder: at("data/deep") })]
    }

    #[test]
    fn files_and_folders_are_made_once_and_changed_only_when_they_say_something_else() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a/gateway.toml");
        let make = |content, local| make(&mounts(place.path(), content), local, Existing::Corrected);
        make("one", true).unwrap();
        let before = fs::metadata(&file).unwrap().modified().unwrap();
        make("one", true).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
        make("one and more", true).unwrap();
        make("two", true).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert!(place.path().join("data/deep").is_dir());
        assert!(make("three", false).is_err());
        assert_eq!(fs::read_dir(place.path().join("a")).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn for_a_container_that_is_there_only_what_is_gone_is_made() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a/gateway.toml");
        let make = |content| make(&mounts(place.path(), content), true, Existing::Kept);
        make("one").unwrap();
        fs::write(&file, "as its owner has it").unwrap();
        fs::remove_dir_all(place.path().join("data")).unwrap();
        make("one").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "as its owner has it");
        assert!(place.path().join("data/deep").is_dir());
    }

    #[test]
    fn what_is_no_file_is_told_and_neither_waited_on_nor_replaced() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a/gateway.toml");
        fs::create_dir(place.path().join("a")).unwrap();
        let told = || match make(&mounts(place.path(), "one"), true, Existing::Corrected) {
            Err(Failure::Rejected { status: None, message }) => message,
            other => panic!("{other:?}"),
        };
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        assert!(told().contains("gateway.toml` cannot be made: it is not a regular file"));
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(place.path().join("elsewhere"), &file).unwrap();
        assert!(told().contains("symbolic link"));
        assert!(file.is_symlink() && !place.path().join("elsewhere").exists());
    }

    #[test]
    fn what_killed_runs_left_goes() {
        let place = tempfile::tempdir().unwrap();
        make(&mounts(place.path(), "one"), true, Existing::Corrected).unwrap();
        for random in ["aB3", "x", "0000"] {
            fs::write(place.path().join(format!("a/.gateway.toml.{random}-new")), "on").unwrap();
        }
        make(&mounts(place.path(), "two"), true, Existing::Corrected).unwrap();
        let left: Vec<_> =
            fs::read_dir(place.path().join("a")).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["gateway.toml"]);
    }
}
