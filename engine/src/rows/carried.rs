//! What lives only in a container's own layer: what goes along into the next one, and what would be lost.

use crate::case::{Case, Waits};
use crate::container::ContainerSeen;
use crate::known::Known;
use crate::next::CarriedPath;
use crate::plan::Look;

/// The variable that names a process's home folder.
pub const HOME: &str = "HOME";

/// The paths of the old container's layer that go along into the next one: those of the preset and of whoever typed
/// `--carry`, as far as anything is there.
pub fn paths(case: &Case<'_>, old: &ContainerSeen) -> Result<Vec<CarriedPath>, Waits> {
    let wanted = wanted(case, old);
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let layer = layer(case)?;
    let is_there = |path: &CarriedPath| layer.iter().any(|there| lies_in(there, &path.from));
    let mut paths: Vec<_> = wanted.into_iter().filter(is_there).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Those of the layer's paths that neither go along nor are worth nothing.
pub fn left_behind(case: &Case<'_>, old: &ContainerSeen) -> Result<Vec<String>, Waits> {
    worth_keeping(case, old, &wanted(case, old))
}

/// Those of the layer's paths that are neither taken nor worth nothing.
fn worth_keeping(case: &Case<'_>, old: &ContainerSeen, taken: &[CarriedPath]) -> Result<Vec<String>, Waits> {
    let layer = layer(case)?;
    let kept: Vec<_> = taken
        .iter()
        .map(|path| path.from.as_str())
        .chain(case.wanted.noise.iter().map(String::as_str))
        .chain(old.mounts.iter().map(|mount| mount.path.as_str()))
        .collect();
    let holds = |path: &str, inner: &str| inner != path && lies_in(inner, path);
    let is_kept = |path: &&String| kept.iter().any(|folder| lies_in(path, folder) || holds(path, folder));
    Ok(layer.iter().filter(|path| !is_kept(path)).cloned().collect())
}

/// What a backup holds of a container's own layer: what a next container would get onto a volume. And what it does not.
pub fn backed_up(case: &Case<'_>, container: &ContainerSeen) -> Result<(Vec<CarriedPath>, Vec<String>), Waits> {
    let onto_a_volume = |path: &CarriedPath| {
        container.mounts.iter().any(|mount| mount.volume().is_some() && lies_in(&path.to, &mount.path))
    };
    let kept: Vec<_> = paths(case, container)?.into_iter().filter(onto_a_volume).collect();
    let left_out = worth_keeping(case, container, &kept)?;
    Ok((kept, left_out))
}

/// Those of the layer's paths that are worth something, whether a next container would get them or not.
pub fn only_there(case: &Case<'_>, container: &ContainerSeen) -> Result<Vec<String>, Waits> {
    worth_keeping(case, container, &[])
}

/// What the preset and whoever typed `--carry` want to go along, whether it is there or not.
fn wanted(case: &Case<'_>, old: &ContainerSeen) -> Vec<CarriedPath> {
    case.wanted.carry.iter().chain(&case.intent.carry).map(|path| carried(case, old, path)).collect()
}

/// A path that lies under the old container's home lies under the next one's home there.
fn carried(case: &Case<'_>, old: &ContainerSeen, path: &str) -> CarriedPath {
    let Some(rest) = path.strip_prefix("~/") else {
        return CarriedPath { from: path.to_owned(), to: path.to_owned() };
    };
    let home = old.env.0.get(HOME);
    CarriedPath { from: under_home(home, rest), to: under_home(case.wanted.env.0.get(HOME).or(home), rest) }
}

/// A process without a `HOME` that runs as root has root's.
fn under_home(home: Option<&String>, rest: &str) -> String {
    let home = home.map_or("/root", String::as_str).trim_end_matches('/');
    format!("{home}/{rest}")
}

fn layer<'a>(case: &Case<'a>) -> Result<&'a [String], Waits> {
    match &case.seen.host.layer {
        Some(Known::Known(layer)) => Ok(layer),
        Some(Known::Unknown(why)) => Err(why.into()),
        None => Err(Waits::NotAsked(Look { layer: true, ..Look::default() })),
    }
}

/// Whether a path is a folder's, or the folder itself.
pub fn lies_in(path: &str, folder: &str) -> bool {
    path == folder || !folder.is_empty() && path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
