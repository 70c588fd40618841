//! The steps that lead from no container to one: image, network, volumes, container. Each is decided from the picture
//! after the last, so that a run which was cut anywhere goes on from there.

use crate::act::Act;
use crate::candidates::mounts_on;
use crate::case::{Case, Waits};
use crate::command::{Command, NewContainer};
use crate::event::Failure;
use crate::known::{Known, Why};
use crate::labels;
use crate::names::VolumeName;
use crate::observation::VolumeSeen;
use crate::outcome::NodeNameFrom;
use crate::plan::{Look, Plan};
use crate::refusal::Refusal;
use crate::spec::{GatewaySpec, ImageSource, MountSource, MountSpec};

/// Every act on the way to a new container, but for its image.
const ACTS: [Act; 4] = [Act::MakeNetwork, Act::MakeVolume, Act::Create, Act::Adopt];

/// The next step to a container on these volumes. `act` says whether they outlived another container.
pub fn next_step(case: &Case<'_>, act: Act, chosen: &[(String, VolumeName)]) -> Result<Plan, Waits> {
    if let Some(failed) = case.tried.gave_up(&ACTS) {
        let refusal = Refusal::NotCreated { what: failed.what.clone(), failure: failed.failure.clone() };
        return Ok(Plan::Refuse { refusal });
    }
    if case.tried.has(Act::Create) || case.tried.has(Act::Adopt) {
        let message = "somebody removed it right after it was made".to_owned();
        let failure = Failure::Rejected { status: None, message };
        return Ok(Plan::Refuse { refusal: Refusal::NotCreated { what: act.as_str().to_owned(), failure } });
    }
    let spec = &case.wanted;
    if let Err(problem) = spec.port.check() {
        let failure = Failure::Rejected { status: None, message: problem.to_owned() };
        let what = format!("publish port {}", spec.port.host);
        return Ok(Plan::Refuse { refusal: Refusal::NotCreated { what, failure } });
    }
    let Some((node_name, _)) = node_name(case)? else {
        let refusal = Refusal::NodeNameUnknown { volume: chosen_volume(chosen), usual: spec.node_name.clone() };
        return Ok(Plan::Refuse { refusal });
    };
    let mut labels = labels::labels(&case.intent.gateway, spec, &node_name);
    if let Some(provide) = provide_images(case)? {
        return Ok(provide);
    }
    if let Some(name) = &spec.network {
        let networks = case.seen.host.networks.get()?;
        if !networks.iter().any(|network| network.name == *name) {
            let step = Command::CreateNetwork { name: name.clone(), labels };
            return Ok(Plan::Perform { act: Act::MakeNetwork, step });
        }
    }
    for (_, name) in chosen {
        if !case.has_volume(name)? {
            let step = Command::CreateVolume { name: name.clone(), labels };
            return Ok(Plan::Perform { act: Act::MakeVolume, step });
        }
    }
    if let Some(contents) = &case.tried.restoring {
        labels.insert(labels::RESTORED.to_owned(), contents.name.clone());
    }
    let mut env = spec.environment();
    if let Some(variable) = &spec.node_name_env {
        env.0.insert(variable.clone(), node_name.clone());
    }
    let container = NewContainer {
        name: spec.container.clone(),
        image: spec.image.clone(),
        command: spec.command_line(),
        keeps_entry_point: spec.keeps_entry_point,
        env,
        user: spec.user.clone(),
        privileged: spec.privileged,
        host_cgroups: spec.host_cgroups,
        extra_hosts: spec.extra_hosts.clone(),
        gpu: case.gpu(),
        labels,
        mounts: with_content(spec, mounts_on(spec, chosen)),
        port: spec.port.clone(),
        network: spec.network.clone(),
        hostname: node_name,
        restart: spec.restart,
    };
    Ok(Plan::Perform { act, step: Command::CreateContainer(Box::new(container)) })
}

/// Has the next image at hand that a container needs, its own first; none where all are.
pub fn provide_images(case: &Case<'_>) -> Result<Option<Plan>, Waits> {
    let spec = &case.wanted;
    let (reference, source) = if case.seen.host.image.get()?.is_none() {
        (spec.image.clone(), spec.image_source)
    } else if let Some(lacking) = case.seen.host.lacking.get()?.first() {
        (lacking.clone(), ImageSource::Registry)
    } else {
        return Ok(None);
    };
    Ok(Some(Plan::Perform { act: Act::ProvideImage, step: Command::ProvideImage { reference, source } }))
}

/// The mounts with what our own files say filled in.
pub fn with_content(spec: &GatewaySpec, mut mounts: Vec<MountSpec>) -> Vec<MountSpec> {
    for mount in &mut mounts {
        if let MountSource::File { content, .. } = &mut mount.source {
            *content = spec.filled(content);
        }
    }
    mounts
}

fn chosen_volume(chosen: &[(String, VolumeName)]) -> Option<VolumeName> {
    chosen.first().map(|(_, name)| name.clone())
}

/// The node name of a new container, by which the data on its volumes is keyed: the one in the backup that is restored, else the
/// one its owner typed, else the record's, else the volume's label's, else the one written on the volume where such a gateway writes it, else, where
/// there is no data yet or none that is keyed so, the preset's rule. None where data is there and nothing says its key.
pub fn node_name(case: &Case<'_>) -> Result<Option<(String, NodeNameFrom)>, Waits> {
    let intent = case.intent;
    if let Some(restored) = case.restored_node_name() {
        return Ok(Some((restored, NodeNameFrom::Backup)));
    }
    if let Some(typed) = &intent.node_name {
        return Ok(Some((typed.clone(), NodeNameFrom::Typed)));
    }
    if let Some(record) = case.past() {
        return Ok(Some((record.node_name.clone(), NodeNameFrom::Record)));
    }
    let chosen = |volume: &&VolumeSeen| {
        intent.adopt.as_ref().map_or_else(
            || labels::gateway_of(&volume.labels) == Some(intent.gateway.as_str()),
            |adopt| volume.name == *adopt,
        )
    };
    let volumes = case.volumes()?;
    if let Some(name) = volumes.iter().filter(chosen).find_map(|volume| volume.labels.get(labels::NODE_NAME)) {
        return Ok(Some((name.clone(), NodeNameFrom::VolumeLabel)));
    }
    if case.wanted.node_name_file.is_some() && !volumes.is_empty() && !case.tried.may_have(Act::MakeVolume) {
        return match &case.seen.host.node_name {
            None => Err(Waits::NotAsked(Look { node_name: true, ..Look::default() })),
            Some(Known::Known(name)) => Ok(Some((name.clone(), NodeNameFrom::Volume))),
            Some(Known::Unknown(Why::NotVisible { .. })) => Ok(None),
            Some(Known::Unknown(why)) => Err(why.into()),
        };
    }
    Ok(Some((case.wanted.node_name.clone(), NodeNameFrom::Preset)))
}
