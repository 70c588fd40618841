//! What an oracle says to each effect of the run's requests, by the truth at that moment.

use std::collections::BTreeSet;

use engine::{ContainerId, MountedSource, Purpose, VolumeName, gateway_of};

use super::replacement::{is_helper, replaced_by};
use super::{Invariant, Oracle};
use crate::world::World;
use crate::world::container::Container;
use crate::world::effect::{Actor, Effect, History};

impl Oracle<'_> {
    pub(super) fn judge(&mut self, effect: &Effect, world: &World, history: &History) {
        match effect {
            // A removal is judged when it is asked for: that Docker refuses it is the last guard, not the first.
            Effect::VolumeRemovalAsked { name, owner, of } => {
                self.judge_removal(name, owner.as_deref(), of, world, history);
            }
            Effect::VolumeRemoved { name, files, of } => self.judge_loss(name, *files, of, world, history),
            Effect::ContainerRemoved { id, name, files } => {
                self.judge_stranger(id);
                self.judge_container_removal(id, name, *files, world, history);
            }
            Effect::ContainerStarted { id, beside } => {
                self.judge_stranger(id);
                let others_acted = history.since(self.looked_at).iter().any(|happened| happened.by != Actor::Run);
                if !beside.is_empty() && !others_acted {
                    self.breach(Invariant::DriftKeepsData, format!("it was started beside {beside:?}"));
                }
            }
            Effect::ContainerEnded { id } | Effect::ContainerFrozen { id, .. } => self.judge_stranger(id),
            Effect::FilesWritten { id, .. } => {
                self.judge_stranger(id);
                if let Some(into) = world.daemon().store.containers.get(id).filter(|_| self.own.contains_key(id)) {
                    self.judge_written(into, world);
                }
            }
            Effect::ContainerRenamed { id, to } => {
                self.judge_stranger(id);
                if *to == self.names.container {
                    self.judge_place_taken(id, world);
                }
            }
            Effect::RestartPolicySet { id, .. } => {
                self.judge_stranger(id);
                self.judge_policies(world, history);
            }
            Effect::ContainerConnected { id, network, connected } => {
                self.judge_stranger(id);
                if *connected && *network != self.names.network {
                    self.breach(Invariant::NoStrangersHarmed, format!("it was connected to `{network}`"));
                }
                let left = world.daemon().store.containers.get(id);
                if !connected && left.is_some_and(|container| container.networks.is_empty()) {
                    let what = "cut here, it would start with no network and no port".to_owned();
                    self.breach(Invariant::CrashOnly, what);
                }
            }
            Effect::ContainerCreated { id, .. } => {
                if let Some(container) = world.daemon().store.containers.get(id) {
                    self.own.insert(id.clone(), container.clone());
                    if !is_helper(container) {
                        self.made.insert(id.clone());
                    }
                    self.judge_volumes_of(container, world);
                    self.judge_policies(world, history);
                }
            }
            Effect::VolumeCreated { name } => {
                let restores = self.intent.restore.is_some();
                // One that has gone again within the same command cannot be asked.
                let made = world.daemon().volumes.get(name);
                let is_restored = restores && made.is_none_or(|volume| volume.is_restored_of(&self.names.gateway));
                if is_restored {
                    self.made_to_restore.insert(name.clone());
                }
                if !self.is_its_volume(name, world) && !is_anonymous(world, name) && !is_restored {
                    self.breach(Invariant::NoStrangersHarmed, format!("volume `{name}` was made"));
                }
            }
            Effect::Network { name, exists } => {
                if *name != self.names.network {
                    self.breach(Invariant::NoStrangersHarmed, format!("network `{name}` exists: {exists}"));
                }
                if !exists && !matches!(self.intent.purpose, Purpose::Destroy(_)) {
                    self.breach(Invariant::NoNeedlessActs, format!("network `{name}` was removed"));
                }
            }
            Effect::RecordWritten { gateway, over_unusable } => {
                if *over_unusable {
                    self.breach(Invariant::RecordsFollowFacts, "a record that cannot be used was written over");
                }
                if gateway != self.names.gateway.as_str() {
                    self.breach(Invariant::RecordsFollowFacts, format!("the record of `{gateway}` was written"));
                }
            }
            Effect::RecordRemoved { gateway, of, volumes } => {
                let mut all = world.daemons.iter().flat_map(|daemon| daemon.all_containers());
                let is_there = |name: &VolumeName| world.daemon().volumes.contains_key(name);
                let left = volumes.iter().any(is_there) && !self.others_since_the_look(history);
                let lives = all.any(|container| Some(&container.id) == of.as_ref());
                if lives || left || gateway != self.names.gateway.as_str() {
                    let what = format!("the record of `{gateway}` was removed before what it records");
                    self.breach(Invariant::RecordsFollowFacts, what);
                }
            }
            Effect::Image { .. } | Effect::BackedUp { .. } => {}
        }
    }

    /// Whether a volume is this gateway's: by its exact name, the record, or because its owner chose it.
    pub(super) fn is_its_volume(&self, name: &VolumeName, world: &World) -> bool {
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        self.names.spec.volumes().any(|(own, _)| own == name)
            || self.intent.adopt.as_ref() == Some(name)
            || record.is_some_and(|record| record.volumes.iter().any(|volume| volume.name == *name))
            || record.is_some_and(|record| record.set_aside.contains(name))
            || self.recorded_before.contains(name)
            // Where others have removed it, Docker makes one of that name with the container.
            || self.made_to_restore.contains(name)
    }

    fn judge_stranger(&mut self, id: &ContainerId) {
        if !self.own.contains_key(id) {
            self.breach(Invariant::NoStrangersHarmed, format!("container {id} is not this gateway's"));
        }
    }

    /// A new container has every volume with work on it that bears the gateway's exact name, unless a label decided. What
    /// a next one and a helper have is what the gateway's container has.
    fn judge_volumes_of(&mut self, container: &Container, world: &World) {
        let daemon = world.daemon();
        let gateway = self.names.gateway.clone();
        let labelled = |name: &VolumeName| {
            let labels = daemon.volumes.get(name).map(|volume| &volume.labels);
            labels.and_then(gateway_of) == Some(gateway.as_str())
        };
        let beside = is_helper(container) || replaced_by(container).is_some();
        let of_another =
            |name: &VolumeName| beside && self.own.values().any(|own| own.id != container.id && own.has(name));
        let strange = container.config.mounts.iter().find_map(|mount| match &mount.source {
            MountedSource::Volume { name } => Some(name)
                .filter(|name| !labelled(name) && !is_anonymous(world, name) && !self.is_its_volume(name, world))
                .filter(|name| !of_another(name)),
            MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
        });
        if let Some(strange) = strange {
            self.breach(Invariant::NoStrangersHarmed, format!("the new container has `{strange}`, another's"));
        }
        // What a restore puts nothing into the place of is judged when it says that it has restored.
        if beside
            || self.intent.restore.is_some()
            || self.names.spec.volumes().any(|(name, _)| !labelled(name)) && daemon.volumes.keys().any(labelled)
        {
            return;
        }
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        let recorded = record.filter(|record| {
            self.intent.adopt.is_none() && self.intent.reset.is_none() && record.daemon.is_same_as(&daemon.identity)
        });
        let recorded = recorded.into_iter().flat_map(|record| &record.volumes).map(|volume| &volume.name);
        // In the place of the first one its owner may choose another.
        let by_name = self.names.spec.volumes().skip(usize::from(self.intent.adopt.is_some())).map(|(name, _)| name);
        let left: BTreeSet<_> = by_name
            .chain(recorded)
            .filter(|name| daemon.volumes.get(*name).is_some_and(|volume| !volume.files.is_empty()))
            .filter(|name| !container.has(name) && !record.is_some_and(|record| record.set_aside.contains(*name)))
            .map(ToString::to_string)
            .collect();
        if !left.is_empty() {
            self.breach(Invariant::DriftKeepsData, format!("the new container has not got {left:?}"));
        }
    }
}

fn is_anonymous(world: &World, name: &VolumeName) -> bool {
    world.daemon().volumes.get(name).is_some_and(|volume| volume.anonymous)
}
