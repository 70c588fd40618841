//! Files and folders of our own that a gateway reads by a bind: they are there before its container is made. Written by a
//! temporary file and a rename, and only where they say something else.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use engine::{Failure, MountSource, MountSpec};

/// Makes those of a new container's mounts.
///
/// # Errors
/// What the file system said; a daemon of another machine would not see them.
pub fn make(mounts: &[MountSpec], local: bool) -> Result<(), Failure> {
    for mount in mounts {
        let (path, made) = match &mount.source {
            MountSource::Volume { .. } | MountSource::Bind { .. } => continue,
            MountSource::File { file, .. } | MountSource::Folder { folder: file } if !local => {
                let message = format!("`{file}` would lie on this machine, and Docker runs on another");
                return Err(Failure::Rejected { status: None, message });
            }
            MountSource::Folder { folder } => (folder, fs::create_dir_all(folder)),
            MountSource::File { file, content } => (file, write(Path::new(file), content)),
        };
        made.map_err(|error| Failure::Rejected { status: None, message: format!("`{path}` cannot be made: {error}") })?;
    }
    Ok(())
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == content.as_bytes()) {
        return Ok(());
    }
    let folder = path.parent().ok_or_else(|| io::Error::other("it has no folder"))?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// It holds no secret, and the gateway may run as any user.
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_made_once_and_changed_only_when_they_say_something_else() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
        let mount = |source| MountSpec { source, path: "/x".to_owned(), read_only: true };
        let mounts = |content: &str| {
            let file = MountSource::File { file: at("a/gateway.toml"), content: content.to_owned() };
            [mount(file), mount(MountSource::Folder { folder: at("data/deep") })]
        };
        make(&mounts("one"), true).unwrap();
        let before = fs::metadata(at("a/gateway.toml")).unwrap().modified().unwrap();
        make(&mounts("one"), true).unwrap();
        assert_eq!(fs::metadata(at("a/gateway.toml")).unwrap().modified().unwrap(), before);
        make(&mounts("two"), true).unwrap();
        assert_eq!(fs::read_to_string(at("a/gateway.toml")).unwrap(), "two");
        assert!(Path::new(&at("data/deep")).is_dir());
        assert!(make(&mounts("three"), false).is_err());
        assert_eq!(fs::read_dir(place.path().join("a")).unwrap().count(), 1, "nothing is left over");
    }
}
