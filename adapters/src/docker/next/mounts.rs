//! The next container's mounts: every one that the old one has, and those that are asked for on top.
//!
//! Volumes go along by name, whichever way the old container came to them: anonymous ones, those of its image and those
//! of `--volumes-from` too. Binds and all else stand as their owner wrote them, where the old container has them from its
//! own configuration; what it has from another container is written out.

use std::collections::{BTreeMap, BTreeSet};

use engine::{MountSpec, VolumeName};
use serde_json::{Value, json};

use super::json::{Object, Part};
use crate::docker::acts::mount;
use crate::docker::look::field::Unreadable;

/// Mounts as a creation asks for them.
#[derive(Debug, Default, PartialEq)]
pub struct Mounts {
    /// In bind syntax: `source:path:mode`.
    pub binds: Vec<String>,
    /// In mount syntax.
    pub mounts: Vec<Value>,
    /// `HostConfig.Tmpfs`.
    pub tmpfs: Object,
    /// The volumes among them.
    pub volumes: BTreeSet<VolumeName>,
}

/// What the old container's own configuration says of its mounts, by path.
struct Written<'a> {
    binds: BTreeMap<String, &'a str>,
    mounts: BTreeMap<String, Part<'a>>,
}

/// All mounts of the next container. `host` is the old one's host configuration, `points` its mounts as inspect tells
/// them: what is configured is there, and so is what came from the image and from other containers.
pub fn all(host: &Part<'_>, points: &[Part<'_>], added: &[MountSpec]) -> Result<Mounts, Unreadable> {
    let written = Written::read(host)?;
    let mut tmpfs = host.part_if_any("Tmpfs")?.map(|part| part.fields().clone()).unwrap_or_default();
    // Docker mounts a tmpfs in the place of a volume at the same path (moby `container/container_unix.go`, `setupMounts`),
    // and refuses both in one creation: the volume has never held anything.
    let hidden: BTreeSet<_> = tmpfs.keys().map(|path| clean(path)).collect();
    let replaced: BTreeSet<_> = added.iter().map(|mount| clean(&mount.path)).collect();
    tmpfs.retain(|path, _| !replaced.contains(&clean(path)));
    let points = by_path(points)?;
    if let Some(path) = written.binds.keys().chain(written.mounts.keys()).find(|path| !points.contains_key(*path)) {
        return Err(Unreadable::new(format!("`Mounts` lacks `{path}`, which the container is configured to have")));
    }
    let mut all = Mounts { tmpfs, ..Mounts::default() };
    for (path, point) in points.iter().filter(|(path, _)| !replaced.contains(*path)) {
        match point.text("Type")? {
            "volume" if hidden.contains(path) => {}
            "volume" => all.add_volume(path, point, written.mounts.get(path))?,
            kind => all.add_other(kind, path, point, &written)?,
        }
    }
    all.mounts.extend(added.iter().map(|spec| json!(mount(spec))));
    all.volumes.extend(added.iter().filter_map(|spec| match &spec.source {
        engine::MountSource::Volume { name } => Some(name.clone()),
        engine::MountSource::Bind { .. } | engine::MountSource::File { .. } | engine::MountSource::Folder { .. } => {
            None
        }
    }));
    Ok(all)
}

impl Mounts {
    /// A volume, by its name and without copying the image's files into it, with the options that it was mounted with.
    fn add_volume(&mut self, path: &str, point: &Part<'_>, written: Option<&Part<'_>>) -> Result<(), Unreadable> {
        let name = point.text("Name")?;
        if name.is_empty() {
            return Err(Unreadable::new(format!("`Mounts[].Name` of `{path}` is empty")));
        }
        self.volumes.insert(VolumeName::new(name));
        let writable = point.flag("RW")?;
        // SELinux lets only this container have it, which mount syntax cannot say. (`z`, which all may have, is what
        // Docker takes where nothing is said.)
        if words(point.text("Mode")?).any(|word| word == "Z") {
            let access = if writable { "rw" } else { "ro" };
            self.binds.push(format!("{name}:{path}:{access},Z,nocopy"));
            return Ok(());
        }
        let mut entry = written.map(|written| written.fields().clone()).unwrap_or_default();
        let mut options = match written.map(|written| written.part_if_any("VolumeOptions")).transpose()?.flatten() {
            Some(options) => options.fields().clone(),
            None => Object::new(),
        };
        options.insert("NoCopy".to_owned(), json!(true));
        for (field, value) in [
            ("Type", json!("volume")),
            ("Source", json!(name)),
            ("Target", json!(path)),
            ("ReadOnly", json!(!writable)),
            ("VolumeOptions", Value::Object(options)),
        ] {
            entry.insert(field.to_owned(), value);
        }
        self.mounts.push(Value::Object(entry));
        Ok(())
    }

    /// Anything else, as it was written.
    fn add_other(&mut self, kind: &str, path: &str, point: &Part<'_>, written: &Written<'_>) -> Result<(), Unreadable> {
        if let Some(bind) = written.binds.get(path) {
            self.binds.push((*bind).to_owned());
            return Ok(());
        }
        if let Some(mount) = written.mounts.get(path) {
            self.mounts.push(Value::Object(mount.fields().clone()));
            return Ok(());
        }
        let writable = point.flag("RW")?;
        match kind {
            "bind" => {
                let (source, mode, propagation) =
                    (point.text("Source")?, point.text("Mode")?, point.text("Propagation")?);
                if words(mode).any(|word| word == "z" || word == "Z") {
                    let others = words(mode).filter(|word| !matches!(*word, "ro" | "rw"));
                    let access = std::iter::once(if writable { "rw" } else { "ro" });
                    let mode = access.chain(others).collect::<Vec<_>>().join(",");
                    self.binds.push(format!("{source}:{path}:{mode}"));
                    return Ok(());
                }
                let options = if propagation.is_empty() { json!({}) } else { json!({ "Propagation": propagation }) };
                self.mounts.push(json!({
                    "Type": "bind", "Source": source, "Target": path, "ReadOnly": !writable, "BindOptions": options,
                }));
                Ok(())
            }
            "tmpfs" => {
                self.mounts.push(json!({ "Type": "tmpfs", "Target": path, "ReadOnly": !writable }));
                Ok(())
            }
            other => Err(Unreadable::new(format!("`Mounts` has a `{other}` at `{path}` of unknown origin"))),
        }
    }
}

impl<'a> Written<'a> {
    fn read(host: &Part<'a>) -> Result<Self, Unreadable> {
        let mut written = Self { binds: BTreeMap::new(), mounts: BTreeMap::new() };
        for bind in host.texts_or_null("Binds")? {
            written.binds.insert(clean(path_of_bind(bind)?), bind);
        }
        for mount in host.parts_if_any("Mounts")? {
            written.mounts.insert(clean(mount.text("Target")?), mount);
        }
        Ok(written)
    }
}

/// The path in a mount of bind syntax: `path`, `source:path` or `source:path:mode` (moby `volume/mounts/linux_parser.go`).
fn path_of_bind(bind: &str) -> Result<&str, Unreadable> {
    let parts: Vec<_> = bind.split(':').collect();
    match parts.as_slice() {
        [path] | [_, path] | [_, path, _] => Ok(path),
        [] | [..] => Err(Unreadable::new(format!("`HostConfig.Binds` has `{bind}`"))),
    }
}

/// Mounts as inspect tells them, in the order of their paths: Docker's own order changes from answer to answer.
fn by_path<'a>(points: &[Part<'a>]) -> Result<BTreeMap<String, Part<'a>>, Unreadable> {
    points.iter().map(|point| Ok((clean(point.text("Destination")?), point.clone()))).collect()
}

fn words(mode: &str) -> impl Iterator<Item = &str> {
    mode.split(',').filter(|word| !word.is_empty())
}

/// A path as Docker keeps it (Go's `filepath.Clean` of an absolute one).
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
