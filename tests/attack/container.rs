//! The gateway in its container, as people have it: nothing of the container's own file system is touched.

use std::path::Path;

use bollard::models::FilesystemChange;

use super::support::{Case, Suite};
use super::{paths, volume};

/// Every way up, and links in the volume that lead to the container's own files.
pub fn keeps_to_its_volume(suite: &Suite) {
    let case = Case::new(suite, "attacked");
    let (_, work) = case.created();
    let gateway = format!("127.0.0.1:{}", case.port());
    let before = changes(&case);

    let count = paths::up(&gateway);
    assert!(count > 1000, "{count}");
    paths::elsewhere(&gateway);
    let data = case.daemon().folder_of_volume(&case.name());
    let workspace = Path::new(&data).join("nodes").join(case.node_name()).join("workspace");
    // Only root may look into Docker's own folders.
    if workspace.is_dir() {
        let planted = volume::plant(&workspace, Path::new("/"));
        volume::planted_is_not_touched(&gateway, &planted);
    }

    assert_eq!(changes(&case), before);
    case.assert_kept(&work);
    case.onboard().run().ended(0, "reused", "ready");
}

/// What differs between the container's file system and its image.
fn changes(case: &Case) -> Vec<FilesystemChange> {
    let docker = case.daemon().docker();
    case.daemon().run(docker.container_changes(&case.name())).unwrap().unwrap_or_default()
}
