//! What a container mounts, and which volumes' files it sees by a bind of a folder of the host.
//!
//! A bind shows a volume if it lies in the volume's folder or holds it. A folder that holds every volume of the daemon
//! (`/var/lib/docker/volumes`, up to the data root) counts only where it may be written through: monitors of the whole
//! host bind it read-only, and so do they bind `/`, which never counts. Only paths are compared: nothing on the host is
//! touched, so a dead network mount cannot hang a look, and a remote daemon is judged like a local one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bollard::models::MountPoint;
use engine::{MountSeen, MountedSource, VolumeName};

use super::field::{Unreadable, need, need_text};
use super::volumes::ListedVolume;

/// The folders in which the files of the gateway's volumes lie.
#[derive(Debug, Default)]
pub struct Folders(Vec<Folder>);

#[derive(Debug)]
struct Folder {
    volume: VolumeName,
    path: PathBuf,
    /// The widest folder that holds nothing but this volume.
    alone: PathBuf,
    /// The widest folder whose writable bind still counts as one of the volume's.
    widest: PathBuf,
}

impl Folders {
    /// The folders of those of the daemon's volumes that are the gateway's.
    pub fn of(all: &[ListedVolume], ours: &BTreeSet<VolumeName>) -> Self {
        let ours = all.iter().filter(|volume| ours.contains(&volume.seen.name));
        Self(
            ours.flat_map(|volume| {
                [Some(&volume.folder), volume.device.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(|path| Folder::new(&volume.seen.name, path))
            })
            .collect(),
        )
    }

    /// The volumes whose files a bind of this folder shows.
    fn shown_by(&self, bind: &Path, writable: bool) -> BTreeSet<&VolumeName> {
        self.0.iter().filter(|folder| folder.is_shown_by(bind, writable)).map(|folder| &folder.volume).collect()
    }
}

impl Folder {
    fn new(volume: &VolumeName, path: &Path) -> Self {
        // Docker's own driver keeps a volume's files in `DATA-ROOT/volumes/NAME/_data`.
        let tail = Path::new("volumes").join(volume.as_str()).join("_data");
        let root = path.ends_with(&tail).then(|| path.ancestors().nth(3)).flatten();
        let (alone, widest) = match root {
            Some(root) => (path.parent().unwrap_or(path), root),
            None => (path, path.parent().unwrap_or(path)),
        };
        Self { volume: volume.clone(), path: path.into(), alone: alone.into(), widest: widest.into() }
    }

    fn is_shown_by(&self, bind: &Path, writable: bool) -> bool {
        let holds = self.path.starts_with(bind);
        bind.starts_with(&self.path)
            || holds && bind.starts_with(&self.alone)
            || holds && writable && bind.starts_with(&self.widest)
            || self.is_shown_under_another_root(bind)
    }

    /// Whether the bind names the volume's folder by another path to the data root: where `/var/lib/docker` is a link
    /// to a larger disk, Docker tells the link's target, and people type the link.
    fn is_shown_under_another_root(&self, bind: &Path) -> bool {
        let parts: Vec<_> = bind.iter().collect();
        parts.windows(2).any(|pair| pair[0] == "volumes" && pair[1] == self.volume.as_str())
    }
}

/// What is mounted, from `Mounts` of list or inspect. A bind that shows several volumes is told once for each.
pub fn seen(points: &[MountPoint], folders: &Folders) -> Result<Vec<MountSeen>, Unreadable> {
    let mut mounts = Vec::new();
    for point in points {
        let path = need_text(point.destination.clone(), "Mounts[].Destination")?;
        let writable = need(point.rw, "Mounts[].RW")?;
        let sources = sources(point, writable, folders)?;
        mounts.extend(sources.into_iter().map(|source| MountSeen { source, path: path.clone(), writable }));
    }
    mounts.sort_by(|a, b| (&a.path, a.volume()).cmp(&(&b.path, b.volume())));
    Ok(mounts)
}

fn sources(point: &MountPoint, writable: bool, folders: &Folders) -> Result<Vec<MountedSource>, Unreadable> {
    let word = need_text(point.typ.clone(), "Mounts[].Type")?;
    Ok(match word.as_str() {
        "volume" | "cluster" => {
            vec![MountedSource::Volume { name: VolumeName::new(need_text(point.name.clone(), "Mounts[].Name")?) }]
        }
        "bind" => {
            let folder = need_text(point.source.clone(), "Mounts[].Source")?;
            let shown = folders.shown_by(Path::new(&folder), writable);
            if shown.is_empty() {
                vec![MountedSource::Bind { folder }]
            } else {
                let of =
                    |name: &VolumeName| MountedSource::FolderOfVolume { name: name.clone(), folder: folder.clone() };
                shown.into_iter().map(of).collect()
            }
        }
        _ => vec![MountedSource::Other { word }],
    })
}

/// The volumes that a container mounts by name.
pub fn volume_names(points: &[MountPoint]) -> impl Iterator<Item = VolumeName> {
    points
        .iter()
        .filter(|point| matches!(point.typ.as_deref(), Some("volume" | "cluster")))
        .filter_map(|point| point.name.as_deref().map(VolumeName::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bind: &str, writable: bool) -> bool {
        let volume = VolumeName::new("gw");
        let folder = Folder::new(&volume, Path::new("/var/lib/docker/volumes/gw/_data"));
        !Folders(vec![folder]).shown_by(Path::new(bind), writable).is_empty()
    }

    #[test]
    fn a_bind_of_a_volumes_folder_or_of_what_lies_in_it_shows_the_volume() {
        let folders = [
            "/var/lib/docker/volumes/gw/_data",
            "/var/lib/docker/volumes/gw/_data/",
            "/var/lib/docker/volumes/gw/_data/workspace/x",
            "/var/lib/docker/volumes/gw",
            "/mnt/big/docker/volumes/gw/_data",
        ];
        for folder in folders {
            assert!(shown(folder, true) && shown(folder, false), "{folder}");
        }
    }

    #[test]
    fn a_bind_of_all_volumes_counts_where_it_may_be_written_and_one_of_the_whole_host_never() {
        for folder in ["/var/lib/docker/volumes", "/var/lib/docker"] {
            assert!(shown(folder, true) && !shown(folder, false), "{folder}");
        }
        for folder in ["/var/lib", "/"] {
            assert!(!shown(folder, true), "{folder}");
        }
    }

    #[test]
    fn a_neighbours_folder_is_not_the_volumes() {
        for folder in
            ["/var/lib/docker/volumes/gw2/_data", "/var/lib/docker/volumes/g", "/var/lib/docker/volumes/gw-eu"]
        {
            assert!(!shown(folder, true), "{folder}");
        }
    }

    #[test]
    fn the_folder_behind_a_volume_that_is_itself_a_bind_counts_too() {
        let json = r#"{"Name":"gw","Driver":"local","Mountpoint":"/d/volumes/gw/_data","Labels":null,"Scope":"local",
            "Options":{"type":"none","o":"bind,ro","device":"/srv/gw"}}"#;
        let volume = super::super::volumes::listed(serde_json::from_str(json).unwrap());
        let folders = Folders::of(&[volume], &[VolumeName::new("gw")].into());
        for (bind, expected) in [("/srv/gw", 1), ("/srv/gw/x", 1), ("/d/volumes/gw/_data", 1), ("/srv/gw2", 0)] {
            assert_eq!(folders.shown_by(Path::new(bind), true).len(), expected, "{bind}");
        }
    }

    #[test]
    fn a_bind_that_shows_two_volumes_is_told_for_each() {
        let of = |name: &str| Folder::new(&VolumeName::new(name), Path::new(&format!("/d/volumes/{name}/_data")));
        let json = r#"[{"Type":"bind","Source":"/d/volumes","Destination":"/v","RW":true}]"#;
        let points: Vec<MountPoint> = serde_json::from_str(json).unwrap();
        let mounts = seen(&points, &Folders(vec![of("b"), of("a")])).unwrap();
        let names: Vec<_> = mounts.iter().filter_map(|mount| mount.volume()).map(VolumeName::as_str).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
