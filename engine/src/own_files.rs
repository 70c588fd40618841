//! The files and folders of our own that a container reads by a bind. Where the state directory is lost they are lost with
//! it, and Docker does not start the container without them; so what starts it names them.

use crate::container::{ContainerSeen, MountedSource};
use crate::labels;
use crate::make::with_content;
use crate::spec::{GatewaySpec, MountSource, MountSpec};

/// Those of this container, as its own labels say that they were made. Labels may be anybody's, so that they choose no
/// path: only what the gateway's own spec has as ours is named.
pub fn bound_by(own: &ContainerSeen, wanted: &GatewaySpec) -> Vec<MountSpec> {
    let is_bound = |path: &str| {
        own.mounts.iter().any(|mount| matches!(&mount.source, MountedSource::Bind { folder } if folder == path))
    };
    let born = labels::spec_of(&own.labels).map(|born| mounts(&born)).unwrap_or_default();
    let ours = mounts(wanted).into_iter().filter(|mount| path_of_ours(mount).is_some_and(is_bound));
    ours.map(|mount| {
        let at_birth = born.iter().find(|born| path_of_ours(born) == path_of_ours(&mount));
        at_birth.unwrap_or(&mount).clone()
    })
    .collect()
}

fn mounts(spec: &GatewaySpec) -> Vec<MountSpec> {
    with_content(spec, spec.mounts.clone())
}

/// The path on the host of a file or folder of ours.
fn path_of_ours(mount: &MountSpec) -> Option<&str> {
    match &mount.source {
        MountSource::File { file, .. } => Some(file),
        MountSource::Folder { folder } => Some(folder),
        MountSource::Volume { .. } | MountSource::Bind { .. } => None,
    }
}
