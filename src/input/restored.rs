//! The request of `restore`: which backup is meant and, by its manifest, which gateway, of which kind, and how made. The
//! manifest is read here, the archives are not. Absent on purpose: what becomes of a gateway that is there, which is the
//! engine's to decide.

use std::error::Error;
use std::path::{Path, PathBuf};

use adapters::{BackupOf, Backups, StateDir};
use engine::{BUILT_IN, GatewayName, GatewaySpec, MountSource, MountSpec, Place, Purpose};

use crate::args::{GatewayArgs, RestoreArgs};
use crate::bad_input::BadInput;

use super::candidates::{self, Candidates};
use super::texts::{self, whole};
use super::{Around, DEMO_GATEWAY, Makes, Request, Variable, set_port};

/// What to type where no backup is meant.
const LIST_THEM: &str = "`nemoclaw backups` lists those that there are";

/// The request of `restore`.
///
/// # Errors
/// The first text that cannot be used, or why the backup cannot be.
pub fn restore(args: &RestoreArgs, host: Option<&str>, env: Variable<'_>) -> Result<Request, BadInput> {
    let around = Around::find(args.waits.timeout.as_deref(), host, env)?;
    let path = find(&args.backup, &around.state)?;
    let backup = look_into(&path)?;
    let gateway = match (&args.gateway.gateway, args.gateway.demo) {
        (Some(name), _) => super::gateway(name)?,
        (None, true) => super::gateway(DEMO_GATEWAY)?,
        (None, false) => backup.gateway.clone(),
    };
    let place = around.place(&gateway, Makes::Gateways)?;
    let candidates = of(&args.gateway, &backup, &gateway, &place)?;
    let mut request = around.request_for(gateway, &args.gateway, candidates, Purpose::Onboard);
    let (intent, flags) = (&mut request.intent, &mut request.again.flags);
    if let Some(text) = &args.port {
        set_port(intent, text)?;
        flags.push(("--port", Some(text.clone())));
    }
    for text in &args.carry {
        intent.carry.push(texts::carried(text)?);
        flags.push(("--carry", Some(text.clone())));
    }
    intent.leave_behind = args.leave_behind;
    intent.no_backup = args.no_backup;
    intent.restore = Some(text_of(&path)?.to_owned());
    intent.wait_for_lock = !args.waits.no_wait;
    Ok(request)
}

/// The folder that is meant: one that is there, else the backup of that name.
fn find(typed: &Path, state: &StateDir) -> Result<PathBuf, BadInput> {
    let absolute =
        |path: &Path| path.canonicalize().map_err(|error| bad(typed, &format!("it cannot be looked into: {error}")));
    if typed.is_dir() {
        return absolute(typed);
    }
    let named = Backups::new(state).named(typed);
    match named.map_err(|error| bad(typed, &format!("the backups cannot be listed: {error}")))?.as_slice() {
        [only] => absolute(only),
        [] => Err(bad(typed, "there is no such folder, and no backup of that name").with_help(LIST_THEM)),
        several => {
            let several: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            Err(bad(typed, &format!("several backups have that name: {}", several.join(", "))))
        }
    }
}

fn look_into(path: &Path) -> Result<BackupOf, BadInput> {
    Backups::look_into(path).map_err(|problem| {
        let cause = problem.source().map_or(String::new(), |cause| format!(": {cause}"));
        bad(path, &format!("it is no backup that could be restored: {problem}{cause}")).with_help(LIST_THEM)
    })
}

fn bad(path: &Path, problem: &str) -> BadInput {
    let path = path.display().to_string();
    BadInput::flag("restore", &path, whole(&path), problem)
}

fn text_of(path: &Path) -> Result<&str, BadInput> {
    path.to_str().ok_or_else(|| bad(path, "its path is not UTF-8"))
}

/// The kind that was typed, else the backup's own: the gateway as it was backed up where it is that one.
fn of(args: &GatewayArgs, backup: &BackupOf, gateway: &GatewayName, place: &Place) -> Result<Candidates, BadInput> {
    let only = |spec, flag| Candidates { spec, alternatives: Vec::new(), flag };
    if args.spec.is_some() {
        return candidates::of(args, gateway, place);
    }
    let recorded = backup.spec.as_ref().filter(|spec| spec.preset == backup.preset);
    let own = recorded.filter(|_| backup.gateway == *gateway);
    let (preset, flag) = if args.preset.is_some() || args.demo {
        let Candidates { spec, flag, .. } = candidates::of(args, gateway, place)?;
        (spec, flag)
    } else if BUILT_IN.iter().any(|(name, _)| *name == backup.preset.as_str()) {
        (candidates::built_in(backup.preset.as_str(), gateway, place)?, None)
    } else if let Some(own) = own {
        return Ok(only(as_backed_up(own.clone(), None), None));
    } else {
        let what = format!("the backup is of a gateway of the kind `{}`, which is not built in", backup.preset);
        return Err(BadInput::plain(what).with_help("name its file: --spec FILE"));
    };
    Ok(match own.filter(|own| own.preset == preset.preset) {
        Some(own) => only(as_backed_up(own.clone(), Some(&preset)), flag),
        None => {
            let image_source = recorded.map_or(preset.image_source, |spec| spec.image_source);
            only(GatewaySpec { image: backup.image.clone(), image_source, ..preset }, flag)
        }
    })
}

/// A gateway as it was backed up. What a backup does not hold, or what lies elsewhere on this machine, is its preset's: the
/// values of environment variables, and where files of our own are.
fn as_backed_up(mut own: GatewaySpec, preset: Option<&GatewaySpec>) -> GatewaySpec {
    let of_preset = preset.map(|preset| &preset.env.0);
    let value = |name: &String| of_preset.and_then(|env| env.get(name)).cloned();
    own.env.0 = own.env.0.into_keys().filter_map(|name| value(&name).map(|value| (name, value))).collect();
    for mount in &mut own.mounts {
        let ours = |other: &&MountSpec| other.path == mount.path && is_ours(&other.source);
        let here = preset.and_then(|preset| preset.mounts.iter().find(ours)).filter(|_| is_ours(&mount.source));
        if let Some(here) = here {
            mount.source = here.source.clone();
        }
    }
    own
}

fn is_ours(source: &MountSource) -> bool {
    match source {
        MountSource::File { .. } | MountSource::Folder { .. } => true,
        MountSource::Volume { .. } | MountSource::Bind { .. } => false,
    }
}
