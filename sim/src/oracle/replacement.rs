//! What an oracle says to a replacement, by the truth: what the next container must have when it takes the gateway's place,
//! when the previous one may go, and who may be started by Docker meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    ContainerId, ContainerName, Discard, GatewayRecord, LABEL_REPLACES, LABEL_ROLE, Purpose, ROLE_HELPER, ROLE_NEXT,
    RestartPolicy, gateway_of,
};

use super::{Invariant, Oracle};
use crate::world::World;
use crate::world::archive::lies_in;
use crate::world::container::{Container, Content, Mounted};
use crate::world::effect::History;

impl Oracle<'_> {
    /// The gateway's own containers: by label or exact name; one without a label also where a next one of ours says that
    /// it replaces it, or where it bears the name of a previous one and is recorded; and what was its own when the run began.
    pub(super) fn own_in(&self, world: &World) -> BTreeMap<ContainerId, Container> {
        let all = &world.daemon().store.containers;
        let own: Vec<&Container> = all.values().filter(|container| self.is_own(container)).collect();
        // One that the daemon denies says all the same whose place it took.
        let everywhere = world.daemon().all_containers().filter(|container| self.is_own(container));
        let replaced: BTreeSet<ContainerId> = everywhere.filter_map(replaced_by).collect();
        let recorded = self.recorded(world);
        let set_aside = self.names.previous();
        let further = all.values().filter(|container| {
            let is_previous = container.name == set_aside && recorded == Some(&container.id);
            let was_own = self.before.contains(&container.id);
            gateway_of(&container.config.labels).is_none()
                && (replaced.contains(&container.id) || is_previous || was_own)
        });
        own.into_iter().chain(further).map(|container| (container.id.clone(), container.clone())).collect()
    }

    fn recorded<'w>(&self, world: &'w World) -> Option<&'w ContainerId> {
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        record.map(|record| &record.container)
    }

    /// The next container has every volume of the one that it replaces, its host name, and what is to be carried over. A
    /// re-creation may put the gateway's own volume into the place of a wrong one.
    pub(super) fn judge_place_taken(&mut self, id: &ContainerId, world: &World) {
        let daemon = world.daemon();
        let Some(next) = daemon.store.containers.get(id) else { return };
        let old = replaced_by(next).and_then(|old| daemon.store.containers.get(&old).or_else(|| self.own.get(&old)));
        let Some(old) = old else { return };
        let has = |mount: &Mounted| {
            next.config.mounts.iter().any(|own| own.path == mount.path && own.volume() == mount.volume())
        };
        let is_restored = |mount: &Mounted| {
            let at = next.config.mounts.iter().find(|own| own.path == mount.path).and_then(Mounted::volume);
            let volume = at.and_then(|name| daemon.volumes.get(name));
            self.intent.restore.is_some() && volume.is_some_and(|volume| volume.is_restored_of(&self.names.gateway))
        };
        let is_wrong = |mount: &Mounted| {
            let at = next.config.mounts.iter().find(|own| own.path == mount.path).and_then(Mounted::volume);
            self.intent.replace.is_some() && at.is_some_and(|name| self.is_its_volume(name, world))
        };
        let volumes = old.config.mounts.iter().filter(|mount| mount.volume().is_some());
        let lost: Vec<_> = volumes
            .filter(|mount| !has(mount) && !is_wrong(mount) && !is_restored(mount))
            .map(|mount| &mount.path)
            .collect();
        let mut whats = Vec::new();
        if !lost.is_empty() {
            whats.push(format!("the next container does not have the volumes at {lost:?}"));
        }
        let restored = self.backup_restored(world).map(|backup| backup.node_name);
        let hostname = restored.unwrap_or_else(|| old.config.hostname.clone());
        if next.config.hostname != hostname {
            whats.push(format!("it is `{}`, and was to be `{hostname}`", next.config.hostname));
        }
        let not_carried =
            own_files(old).find(|(path, content)| self.is_carried(old, path) && !holds(world, next, **content));
        if let Some((path, _)) = not_carried {
            whats.push(format!("the next container has not got `{path}`"));
        }
        for what in whats {
            self.breach(Invariant::DriftKeepsData, what);
        }
    }

    /// A previous container goes only after the record names the next one, and with nothing in its own layer that its owner
    /// did not leave behind. What a next one wrote that is undone, and a helper, may go; nothing else of ours may, unless
    /// another one has its volumes.
    pub(super) fn judge_container_removal(
        &mut self,
        id: &ContainerId,
        name: &ContainerName,
        files: usize,
        world: &World,
        history: &History,
    ) {
        let containers = &world.daemon().store.containers;
        let Some(removed) = self.own.get(id).cloned() else {
            if files > 0 {
                let what = format!("`{name}` was removed with {files} files of its own");
                self.breach(Invariant::DriftKeepsData, what);
            }
            return;
        };
        if is_helper(&removed) {
            self.tidied += u32::from(self.made.is_empty());
            return;
        }
        self.bereaved.extend(removed.config.mounts.iter().filter_map(Mounted::volume).cloned());
        let is_undone = replaced_by(&removed).is_some_and(|old| containers.contains_key(&old));
        if is_undone && *name != self.names.container {
            return;
        }
        let next = containers.values().find(|other| replaced_by(other).as_ref() == Some(id) && self.is_own(other));
        let mut whats = Vec::new();
        let destroys = matches!(self.intent.purpose, Purpose::Destroy(Discard::Container | Discard::Volumes));
        match next {
            None if destroys && *name == self.names.container => self.judge_own_removal(&removed, world),
            // Another run began it since the look.
            Some(_) if destroys && self.acted => {}
            Some(next) => {
                let committed = match self.recorded(world) {
                    Some(recorded) => *recorded == next.id,
                    // Without a record the one that ran last is the gateway's.
                    None => next.run > removed.run,
                };
                if !committed {
                    whats.push(format!("`{name}` was removed, and the record does not name `{}`", next.name));
                }
            }
            // That the other one is gone a stale list does not show.
            None if !self.disturbed
                && !self.others_since_the_look(history)
                && !containers.values().any(|other| other.id != *id && self.is_own(other) && !is_helper(other)) =>
            {
                whats.push(format!("`{name}` was removed before another had its volumes"));
            }
            None => {}
        }
        // What is destroyed is kept where a backup holds it.
        let backups = world.state.backups.iter().filter(|backup| destroys && backup.complete);
        let backed_up: Vec<_> =
            backups.flat_map(|backup| &backup.carried).flat_map(|(_, files)| files.values()).collect();
        let is_kept =
            |content: Content| next.is_some_and(|next| holds(world, next, content)) || backed_up.contains(&&content);
        let left = own_files(&removed)
            .filter(|(path, content)| !self.is_noise(path) && !is_kept(**content))
            .map(|(path, _)| path.clone())
            .collect::<Vec<_>>();
        if !left.is_empty() && !self.intent.leave_behind {
            whats.push(format!("`{name}` was removed with files of its own: {left:?}"));
        }
        self.tidied += u32::from(whats.is_empty() && self.made.is_empty());
        for what in whats {
            self.breach(Invariant::DriftKeepsData, what);
        }
    }

    fn is_carried(&self, old: &Container, path: &str) -> bool {
        let home = old.config.env.0.get("HOME").map_or("/root", String::as_str);
        self.names.spec.carry.iter().chain(&self.intent.carry).any(|folder| match folder.strip_prefix("~/") {
            Some(rest) => lies_in(path, &format!("{home}/{rest}")),
            None => lies_in(path, folder),
        })
    }

    fn is_noise(&self, path: &str) -> bool {
        self.names.spec.noise.iter().any(|folder| lies_in(path, folder))
    }

    /// At most one container of the gateway is ever started by Docker of itself: after a power cut two would run on the
    /// same volumes.
    pub(super) fn judge_policies(&mut self, world: &World, history: &History) {
        let own = self.own_in(world);
        let started: Vec<_> =
            own.values().filter(|own| own.restart() != RestartPolicy::No).map(|own| own.name.as_str()).collect();
        if started.len() > 1 && !self.others_since_the_look(history) {
            let what = format!("after a power cut {started:?} would run on one volume");
            self.breach(Invariant::DriftKeepsData, what);
        }
    }

    /// The record names a next container, while there still is one to go back to, only once that one was seen ready in the
    /// gateway's place.
    pub(super) fn judge_commit(&mut self, record: &GatewayRecord, world: &World) {
        let daemon = world.daemon();
        let named = daemon.store.containers.get(&record.container);
        let is_next = named.and_then(replaced_by).is_some_and(|old| daemon.store.containers.contains_key(&old));
        let was_so = self.recorded(world) == Some(&record.container);
        let in_place = named.is_some_and(|next| next.name == self.names.container);
        if is_next && !was_so && !(self.ready && in_place) {
            let what = "the record names the next container before it was ready in the gateway's place";
            self.breach(Invariant::RecordsFollowFacts, what);
        }
    }

    /// Said to be upgraded is what is a next container, in the place of one that is gone.
    pub(super) fn judge_upgraded(&mut self, world: &World) {
        let daemon = world.daemon();
        let replaced = daemon.named(&self.names.container).and_then(replaced_by);
        if replaced.is_none() {
            self.breach(Invariant::HonestEnds, "it says that it was upgraded, and no next container is in its place");
        }
    }

    /// Said to be rolled back is what was there, by its ID, when the run began, and is in its place again and runs.
    pub(super) fn judge_rolled_back(&mut self, world: &World) {
        let own = world.daemon().named(&self.names.container);
        let is_back = own.is_some_and(|own| self.before.contains(&own.id) && own.process().is_some());
        if !is_back {
            self.breach(Invariant::HonestEnds, "it says that it was rolled back, and the old container does not run");
        }
    }
}

/// The container that one was made to replace.
pub(super) fn replaced_by(container: &Container) -> Option<ContainerId> {
    let labels = &container.config.labels;
    labels.get(LABEL_ROLE).filter(|role| *role == ROLE_NEXT)?;
    labels.get(LABEL_REPLACES).map(|id| ContainerId::new(id.as_str()))
}

/// Whether it is one through which volumes are read.
pub(super) fn is_helper(container: &Container) -> bool {
    container.config.labels.get(LABEL_ROLE).is_some_and(|role| role == ROLE_HELPER)
}

/// The files of a container's own layer that nothing is mounted over.
fn own_files(container: &Container) -> impl Iterator<Item = (&String, &Content)> {
    container.layer.iter().filter(|(path, _)| !container.config.mounts.iter().any(|mount| lies_in(path, &mount.path)))
}

/// Whether a container has that content, in its own layer or on one of its volumes.
fn holds(world: &World, container: &Container, content: Content) -> bool {
    let volumes = &world.daemon().volumes;
    let mounted = container.config.mounts.iter().filter_map(Mounted::volume).filter_map(|name| volumes.get(name));
    container.layer.values().chain(mounted.flat_map(|volume| volume.files.values())).any(|own| *own == content)
}
