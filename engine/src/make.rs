//! The steps that lead from no container to one: image, network, volumes, container. Each is decided from the picture
//! after the last, so that a run which was cut anywhere goes on from there.

use crate::candidates::mounts_on;
use crate::case::{Case, Waits};
use crate::command::{Command, NewContainer};
use crate::event::Failure;
use crate::labels;
use crate::names::VolumeName;
use crate::outcome::NodeNameFrom;
use crate::plan::{Act, Plan};
use crate::refusal::Refusal;

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
    let (node_name, _) = node_name(case)?;
    let labels = labels::labels(&case.intent.gateway, spec, &node_name);
    if case.seen.host.image.get()?.is_none() {
        let step = Command::ProvideImage { reference: spec.image.clone(), source: spec.image_source };
        return Ok(Plan::Perform { act: Act::ProvideImage, step });
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
    let mut env = spec.env.clone();
    if let Some(variable) = &spec.node_name_env {
        env.0.insert(variable.clone(), node_name.clone());
    }
    let container = NewContainer {
        name: spec.container.clone(),
        image: spec.image.clone(),
        command: spec.command.clone(),
        env,
        labels,
        mounts: mounts_on(spec, chosen),
        port: spec.port.clone(),
        network: spec.network.clone(),
        hostname: node_name,
        restart: spec.restart,
    };
    Ok(Plan::Perform { act, step: Command::CreateContainer(Box::new(container)) })
}

/// The node name of a new container, by which the data on its volumes is keyed: the record's, else the volume's
/// label's, else the preset's rule.
pub fn node_name(case: &Case<'_>) -> Result<(String, NodeNameFrom), Waits> {
    if let Some(record) = case.past() {
        return Ok((record.node_name.clone(), NodeNameFrom::Record));
    }
    let intent = case.intent;
    let chosen = |volume: &&crate::observation::VolumeSeen| {
        intent.adopt.as_ref().map_or_else(
            || labels::gateway_of(&volume.labels) == Some(intent.gateway.as_str()),
            |adopt| volume.name == *adopt,
        )
    };
    let label = case.volumes()?.iter().filter(chosen).find_map(|volume| volume.labels.get(labels::NODE_NAME));
    Ok(match label {
        Some(name) => (name.clone(), NodeNameFrom::VolumeLabel),
        None => (case.wanted.node_name.clone(), NodeNameFrom::Preset),
    })
}
