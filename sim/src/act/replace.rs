//! What a run of nemoclaw leaves that is killed while it replaces the gateway's container, or reads its volumes.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{
    ContainerId, ContainerName, Env, ImageId, ImageRef, LABEL_GATEWAY, LABEL_REPLACES, LABEL_RESTART, LABEL_ROLE,
    LABEL_STOPPED, MountedSource, NetworkName, ROLE_HELPER, ROLE_NEXT, RecordSeen, RestartPolicy,
};

use super::perform::{ask, create, own, with};
use super::{Reached, Which};
use crate::base::Names;
use crate::world::World;
use crate::world::call::Call;
use crate::world::container::{Config, Container, Mounted};
use crate::world::effect::{Actor, History};

/// The image of helpers.
const EMPTY_IMAGE: &str = "nemoclaw-empty:1";

/// How long the next one gets to become ready before it is recorded, in milliseconds.
const READY_IN_MS: u64 = 10_000;

/// A replacement step by step, as far as it came.
pub(super) fn cut(world: &mut World, names: &Names, reached: Reached, by: Actor, history: &mut History) {
    // No run begins another one before the first is ended.
    let containers = &world.daemon().store.containers;
    let replaces = |one: &Container| {
        one.config.labels.get(LABEL_REPLACES).is_some_and(|id| containers.contains_key(&ContainerId::new(id.as_str())))
    };
    let is_taken = |name: &ContainerName| world.daemon().named(name).is_some();
    let is_under_way = containers.values().any(replaces) || [names.next(), names.previous()].iter().any(is_taken);
    let Some(old) = own(world, names).filter(|own| !is_under_way && !own.config.auto_remove) else {
        return;
    };
    // What lives only in the old one is carried over before that is set aside, or nothing is begun.
    let reached = if old.layer.is_empty() { reached } else { reached.min(Reached::Stopped) };
    let (previous, policy) = (old.id.clone(), old.restart());
    let mut config = Config { restart: RestartPolicy::No, ..(*old.config).clone() };
    config.labels.extend([
        (LABEL_GATEWAY.to_owned(), names.gateway.to_string()),
        (LABEL_ROLE.to_owned(), ROLE_NEXT.to_owned()),
        (LABEL_REPLACES.to_owned(), previous.to_string()),
        (LABEL_RESTART.to_owned(), policy.as_str().to_owned()),
    ]);
    create(world, names, names.next(), config, by, history);
    let rename = |id: ContainerId, to: ContainerName| Call::Rename { id, to };
    for step in Reached::ALL.into_iter().filter(|step| *step <= reached) {
        match step {
            Reached::Created => {}
            Reached::Disarmed => {
                let call = Call::SetRestartPolicy { id: previous.clone(), policy: RestartPolicy::No };
                ask(world, by, &call, history);
            }
            Reached::Stopped => ask(world, by, &Call::Stop { id: previous.clone() }, history),
            Reached::SetAside => ask(world, by, &rename(previous.clone(), names.previous()), history),
            Reached::InPlace => {
                let next = Which { container: Some("next".to_owned()) };
                with(world, names, &next, by, history, |id| rename(id, names.container.clone()));
            }
            Reached::Started => with(world, names, &Which::default(), by, history, |id| Call::Start { id }),
            Reached::Committed => commit(world, names, history),
            Reached::Armed => {
                with(world, names, &Which::default(), by, history, |id| Call::SetRestartPolicy { id, policy });
            }
        }
    }
}

/// The record names the container that has the gateway's name now. It was waited for before that.
fn commit(world: &mut World, names: &Names, history: &mut History) {
    world.pass(READY_IN_MS, history);
    let Some(next) = own(world, names).map(|next| next.id.clone()) else { return };
    if let Some(RecordSeen::Present { record }) = world.state.records.get_mut(&names.gateway) {
        Arc::make_mut(record).container = next;
    }
}

pub(super) fn leave_helper(world: &mut World, names: &Names, stopped: bool, by: Actor, history: &mut History) {
    let Some(own) = own(world, names) else { return };
    let (id, config) = (own.id.clone(), Arc::clone(&own.config));
    let image = ImageRef::new(EMPTY_IMAGE);
    ask(world, by, &Call::ImportEmptyImage { reference: image.clone() }, history);
    let mut labels = BTreeMap::from([
        (LABEL_GATEWAY.to_owned(), names.gateway.to_string()),
        (LABEL_ROLE.to_owned(), ROLE_HELPER.to_owned()),
    ]);
    if stopped {
        labels.insert(LABEL_STOPPED.to_owned(), id.to_string());
    }
    let volumes = config.mounts.iter().filter_map(Mounted::volume).enumerate();
    let mounts = volumes.map(|(nth, name)| Mounted {
        source: MountedSource::Volume { name: name.clone() },
        path: format!("/v{nth}"),
        writable: false,
    });
    let config = Config {
        image: image.clone(),
        image_id: ImageId::new(""),
        command: vec!["/none".to_owned()],
        env: Env::default(),
        labels,
        mounts: mounts.collect(),
        ports: Vec::new(),
        restart: RestartPolicy::No,
        auto_remove: false,
        hostname: "helper".to_owned(),
    };
    let (name, network) = (names.helper(), NetworkName::new("none"));
    ask(world, by, &Call::CreateContainer { name, image, config: Arc::new(config), network }, history);
    if stopped {
        ask(world, by, &Call::Stop { id }, history);
    }
}
