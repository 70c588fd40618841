//! The rows about a replacement that is asked for: whether it can be, and how it begins. It keeps every volume; what it
//! could lose is what lives only in the container's own layer. How it goes on is in `under_way.rs`.

use crate::act::Act;
use crate::as_seen::node_name_as_seen;
use crate::case::{Case, Waits, own_names};
use crate::command::Command;
use crate::container::{ContainerSeen, MountedSource};
use crate::decide::Judged;
use crate::drift::{differences, image_difference, port_difference};
use crate::event::Failure;
use crate::intent::{Purpose, Replace};
use crate::known::{Known, Why};
use crate::labels;
use crate::make::{provide_images, with_content};
use crate::names::ContainerName;
use crate::next::{NextContainer, PortChange};
use crate::observation::PortHolder;
use crate::plan::{Difference, Plan};
use crate::refusal::Refusal;
use crate::rows::ownership::{expected_volumes, held_by_writer};
use crate::rows::says::refuse;
use crate::rows::{carried, restore};
use crate::spec::{MountSource, MountSpec};

/// How many paths of a container's layer a refusal lists.
const PATHS_SHOWN: usize = 10;

/// An image that is needed and cannot be had ends the run before anything is changed for it.
pub fn image_unavailable(case: &Case<'_>) -> Judged {
    let Some(failed) = case.tried.gave_up(&[Act::ProvideImage]) else { return Ok(None) };
    // The gateway's own image comes first.
    let image = match (case.seen.host.image.known(), case.seen.host.lacking.known().map(Vec::as_slice)) {
        (Some(Some(_)), Some([])) => return Ok(None),
        (Some(Some(_)), Some([lacking, ..])) => lacking.clone(),
        (Some(None) | None, _) | (_, None) => case.wanted.image.clone(),
    };
    refuse(match &failed.failure {
        // Where the image went while the gateway was being made, it is no longer so that nothing was changed.
        Failure::NotForThisDaemon { message } if !case.tried.may_have_changed() => {
            Refusal::ImageUnfit { image, because: message.clone() }
        }
        failure @ (Failure::NotForThisDaemon { .. } | Failure::Rejected { .. } | Failure::Unknown { .. }) => {
            Refusal::ImageUnavailable { image, failure: failure.clone() }
        }
    })
}

/// Another program's container, and one that Docker removes by itself, are not ours to replace.
pub fn not_replaceable(case: &Case<'_>) -> Judged {
    let Some((own, _)) = to_replace(case)? else { return Ok(None) };
    if own.auto_remove {
        return refuse(Refusal::AutoRemove { container: own.name.clone() });
    }
    match labels::manager_of(&own.labels) {
        Some(manager) => {
            let (container, command) = (own.name.clone(), manager.replaces);
            refuse(Refusal::ManagedElsewhere { container, manager: manager.name.to_owned(), command })
        }
        // Beside a ready gateway a writer is a warning, but the next container would be a second one.
        None => held_by_writer(case),
    }
}

/// Files that live only in the old container are left behind only when their owner says so.
pub fn layer_holds_data(case: &Case<'_>) -> Judged {
    let Some((own, _)) = to_replace(case)? else { return Ok(None) };
    if case.intent.leave_behind {
        return Ok(None);
    }
    would_lose(own, &carried::left_behind(case, own)?)
}

/// What would be lost with a container speaks against it; none where that is nothing.
pub fn would_lose(own: &ContainerSeen, left: &[String]) -> Judged {
    if left.is_empty() {
        return Ok(None);
    }
    let (paths, count) = (left.iter().take(PATHS_SHOWN).cloned().collect(), left.len());
    refuse(Refusal::LayerHoldsData { container: own.name.clone(), paths, count })
}

/// Drift by flag or spec file, an upgrade, a re-creation: only when somebody asks.
pub fn asked_for(case: &Case<'_>) -> Judged {
    let Some((own, differences)) = to_replace(case)? else { return Ok(None) };
    // A container that is found proves its daemon for every act but removal, and a replacement ends in one.
    case.daemon()?;
    match &case.seen.host.readiness {
        // Nobody could say whether the next one is ready.
        Known::Unknown(why @ Why::NotVisible { .. }) => {
            return refuse(Refusal::ReadinessUnknown { container: own.name.clone(), why: why.clone() });
        }
        Known::Unknown(why) => return Err(why.into()),
        Known::Known(_) => {}
    }
    if let Some(held) = other_port_held(case, own)? {
        return Ok(Some(held));
    }
    if case.intent.purpose == Purpose::Look {
        return Ok(Some(Plan::Replace { differences }));
    }
    begin(case, own).map(Some)
}

/// Somebody else holds the port that the next container is to have: that is known before anything is stopped.
fn other_port_held(case: &Case<'_>, own: &ContainerSeen) -> Judged {
    let wanted = &case.wanted.port;
    if case.port_of(own).host == wanted.host {
        return Ok(None);
    }
    let Some(holder) = &case.seen.host.wanted_port else {
        let what = "nothing is said of the port that was asked for".to_owned();
        return Err(Waits::Unknown(Why::Malformed { call: "the look".to_owned(), what }));
    };
    match holder.get()? {
        PortHolder::Free | PortHolder::Gateway | PortHolder::NotVisible => Ok(None),
        holder @ (PortHolder::Container { .. } | PortHolder::Process { .. }) => {
            refuse(Refusal::PortHeld { port: wanted.clone(), holder: holder.clone(), container_has_it: false })
        }
    }
}

/// The steps before the gateway is touched: images, sandboxes, volumes that the next container has besides, and it.
fn begin(case: &Case<'_>, own: &ContainerSeen) -> Result<Plan, Waits> {
    let spec = &case.wanted;
    if let Some(failed) = case.tried.gave_up(&[Act::MakeVolume, Act::CreateNext]) {
        let refusal = Refusal::NotCreated { what: failed.what.clone(), failure: failed.failure.clone() };
        return Ok(Plan::Refuse { refusal });
    }
    if let Err(problem) = spec.port.check() {
        let failure = Failure::Rejected { status: None, message: problem.to_owned() };
        let what = format!("publish port {}", spec.port.host);
        return Ok(Plan::Refuse { refusal: Refusal::NotCreated { what, failure } });
    }
    let [next, previous, _] = own_names(&spec.container);
    let taken = |name: &ContainerName| case.containers().map(|all| all.iter().any(|one| one.name == *name));
    for name in [&next, &previous] {
        if taken(name)? {
            let because = "its labels do not say that it belongs to this gateway's replacement".to_owned();
            let refusal = Refusal::ForeignContainer { what: "container".to_owned(), name: name.to_string(), because };
            return Ok(Plan::Refuse { refusal });
        }
    }
    if let Some(provide) = provide_images(case)? {
        return Ok(provide);
    }
    if case.is_ready()? && !case.tried.has(Act::ListBefore) {
        let step = Command::ListSandboxes {
            container: own.id.clone(),
            endpoint: case.endpoint(),
            listing: spec.sandboxes.clone(),
        };
        return Ok(Plan::Perform { act: Act::ListBefore, step });
    }
    let node_name = case.restored_node_name().unwrap_or_else(|| node_name_as_seen(spec, own));
    let mut labels = labels::labels(&case.intent.gateway, spec, &node_name);
    for (name, path) in spec.volumes() {
        if own.mounts.iter().all(|mount| mount.path != path) && !case.has_volume(name)? {
            let step = Command::CreateVolume { name: name.clone(), labels };
            return Ok(Plan::Perform { act: Act::MakeVolume, step });
        }
    }
    let restart = if case.intent.asks_for_spec() { spec.restart } else { own.restart };
    labels.insert(labels::ROLE.to_owned(), labels::ROLE_NEXT.to_owned());
    labels.insert(labels::REPLACES.to_owned(), own.id.to_string());
    labels.insert(labels::RESTART.to_owned(), restart.as_str().to_owned());
    let mut env = spec.environment();
    if let Some(variable) = &spec.node_name_env {
        env.0.insert(variable.clone(), node_name);
    }
    let command = spec.command_line();
    let bound = case.port_of(own);
    let next = NextContainer {
        replaces: own.id.clone(),
        name: next,
        image: spec.image.clone(),
        command: (!command.is_empty()).then_some(command),
        keeps_entry_point: spec.keeps_entry_point,
        env,
        labels,
        mounts: mounts_on_top(case, own)?,
        port: (bound != spec.port).then(|| PortChange { from: bound, to: spec.port.clone() }),
        hostname: case.restored_node_name().unwrap_or_else(|| own.hostname.clone()),
    };
    Ok(Plan::Perform { act: Act::CreateNext, step: Command::CreateNext(Box::new(next)) })
}

/// The mounts that the next container has besides the old one's, or in their place: of a gateway that is re-created on its
/// own volumes, those that it should have had; of one that is restored, those that were written from the backup.
fn mounts_on_top(case: &Case<'_>, own: &ContainerSeen) -> Result<Vec<MountSpec>, Waits> {
    let spec = &case.wanted;
    let mut mounts: Vec<_> = spec.mounts.iter().filter(|mount| is_on_top(mount, own)).cloned().collect();
    if case.intent.replace == Some(Replace::Recreate) {
        for (name, path) in expected_volumes(case, own)? {
            let has = own.mounts.iter().any(|mount| mount.path == path && mount.volume() == Some(&name));
            if has || !case.has_volume(&name)? {
                continue;
            }
            mounts.retain(|mount| mount.path != path);
            mounts.push(MountSpec { source: MountSource::Volume { name }, path, read_only: false });
        }
    }
    for (path, name) in restore::restored(case)? {
        mounts.retain(|mount| mount.path != path);
        mounts.push(MountSpec { source: MountSource::Volume { name }, path, read_only: false });
    }
    Ok(with_content(spec, mounts))
}

/// Whether a mount of the spec goes on top of the old container's: a volume only where that one mounts nothing.
fn is_on_top(mount: &MountSpec, own: &ContainerSeen) -> bool {
    let seen = own.mounts.iter().find(|seen| seen.path == mount.path);
    match (&mount.source, seen) {
        (_, None) => true,
        (MountSource::Volume { .. }, Some(_)) => false,
        (MountSource::Bind { folder }, Some(seen)) => {
            !matches!(&seen.source, MountedSource::Bind { folder: has } if has == folder) && seen.volume().is_none()
        }
        (MountSource::File { .. } | MountSource::Folder { .. }, Some(seen)) => seen.volume().is_none(),
    }
}

/// The container that is to be replaced and how it differs, where a replacement is asked for. One that this run has begun
/// is under way, or over.
pub fn to_replace<'a>(case: &Case<'a>) -> Result<Option<(&'a ContainerSeen, Vec<Difference>)>, Waits> {
    let Some(own) = case.own()? else { return Ok(None) };
    let typed = case.intent.typed;
    // What this run has made is as it is wanted.
    if case.tried.may_have(Act::Create) || case.tried.may_have(Act::Adopt) {
        return Ok(None);
    }
    let over = case.tried.has(Act::CreateNext) && case.tried.gave_up(&[Act::CreateNext]).is_none();
    let is_under_way = over || case.replacement()?.is_some();
    if is_under_way || case.intent.purpose != Purpose::Onboard && case.intent.purpose != Purpose::Look {
        return Ok(None);
    }
    let restores = case.intent.restore.is_some();
    if !restores && case.intent.replace.is_none() && !typed.spec && !typed.image && !typed.port {
        return Ok(None);
    }
    let image = case.seen.host.image.get()?.as_ref();
    let asked = if case.intent.replace.is_some() || typed.spec {
        differences(own, &case.wanted, image)
    } else {
        let by_image = typed.image.then(|| image_difference(own, &case.wanted, image)).flatten();
        let by_port = typed.port.then(|| port_difference(own, &case.wanted)).flatten();
        by_image.into_iter().chain(by_port).collect()
    };
    let anyway = restores || case.intent.replace == Some(Replace::Recreate);
    Ok((anyway || !asked.is_empty()).then_some((own, asked)))
}
