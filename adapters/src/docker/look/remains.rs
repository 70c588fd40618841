//! Whether a container that the daemon denies has left its folder under the data root. Docker keeps one folder a
//! container (`DATA-ROOT/containers/ID`) and removes it with the container; where the daemon's configuration was lost
//! instead, it is still there. Only a folder that was looked for where this daemon's containers lie is said to be gone.

use std::io;
use std::path::{Path, PathBuf};

use engine::{ContainerId, Remains};

/// What is left of a container of a local daemon that has `others`.
pub async fn look(data_root: &str, denied: &ContainerId, others: Vec<ContainerId>) -> Remains {
    let folder = Path::new(data_root).join("containers");
    let denied = denied.clone();
    // Files are looked at on a thread of their own; should that fail, nothing was seen.
    tokio::task::spawn_blocking(move || remains(&folder, &denied, &others)).await.unwrap_or(Remains::NotVisible)
}

fn remains(folder: &Path, denied: &ContainerId, others: &[ContainerId]) -> Remains {
    match has(folder, denied) {
        Ok(true) => Remains::There,
        Ok(false) if shows_all(folder, others) => Remains::Gone,
        Ok(false) | Err(_) => Remains::NotVisible,
    }
}

/// Whether this is the folder in which the daemon keeps its containers, as far as can be seen: it can be read, and each
/// container that the daemon tells of lies in it. It is not in a container of its own, nor a virtual machine's.
fn shows_all(folder: &Path, others: &[ContainerId]) -> bool {
    std::fs::read_dir(folder).is_ok() && others.iter().all(|other| matches!(has(folder, other), Ok(true)))
}

fn has(folder: &Path, container: &ContainerId) -> io::Result<bool> {
    let path: PathBuf = folder.join(container.as_str());
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_gone_only_where_the_daemons_other_containers_are_seen() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().to_str().unwrap();
        let id = |text: &str| ContainerId::new(text);
        assert_eq!(look(path, &id("a"), vec![]).await, Remains::NotVisible, "no such folder");
        std::fs::create_dir_all(root.path().join("containers/a")).unwrap();
        assert_eq!(look(path, &id("a"), vec![]).await, Remains::There);
        assert_eq!(look(path, &id("b"), vec![]).await, Remains::Gone);
        assert_eq!(look(path, &id("b"), vec![id("a")]).await, Remains::Gone);
        assert_eq!(look(path, &id("b"), vec![id("a"), id("c")]).await, Remains::NotVisible, "not this daemon's");
    }
}
