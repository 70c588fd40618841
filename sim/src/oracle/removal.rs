//! What an oracle says to the removal of volumes, by the truth at three moments: when it is ordered, when it is asked of
//! Docker, and when a volume is gone.

use engine::{Absence, ContainerName, VolumeName};

use super::{Invariant, Oracle};
use crate::world::World;
use crate::world::effect::{Actor, Effect, Happened, History};

impl Oracle<'_> {
    /// Ordered with a proof: its owner consented, this run did not bereave the volume itself, and a backup holds what is
    /// on it. That no container bears the gateway's names or has the volume holds as far as the look could show.
    pub(super) fn judge_removal_order(&mut self, absence: &Absence, world: &World, history: &History) {
        let name = absence.volume();
        self.proved.insert(name.clone(), history.point());
        let mut whats = Vec::new();
        if *absence.gateway() != self.names.gateway {
            whats.push("the proof is for another gateway".to_owned());
        }
        if self.intent.reset.as_ref().is_none_or(|consent| *consent.gateway() != self.names.gateway) {
            whats.push("its owner did not consent".to_owned());
        }
        if self.bereaved.contains(name) {
            whats.push("this run removed its container itself".to_owned());
        }
        let daemon = world.daemon();
        let mut backups = world.state.backups.iter().filter(|backup| backup.gateway == self.names.gateway);
        let is_kept = match daemon.volumes.get(name) {
            None => true,
            Some(volume) if volume.files.is_empty() => true,
            // What somebody wrote after the backup was made, nobody could know of.
            Some(_) if self.meddled => backups.any(|backup| backup.complete && backup.volumes.contains_key(name)),
            Some(volume) => backups.any(|backup| backup.holds(name, volume)),
        };
        if !is_kept {
            whats.push("no complete backup holds what is on it".to_owned());
        }
        let bears = daemon.store.containers.values().filter(|container| absence.names().contains(&container.name));
        if let Some(container) = bears.chain(daemon.having(name)).next()
            && self.saw_all(history)
            && !self.nobody_could_know(std::slice::from_ref(&container.name), world)
        {
            whats.push(format!("there is `{}`", container.name));
        }
        for what in whats {
            self.breach(Invariant::VolumesKept, format!("volume `{name}` was to be removed: {what}"));
        }
    }

    /// Asked of Docker: that it refuses is the last guard, not the first.
    pub(super) fn judge_removal(
        &mut self,
        name: &VolumeName,
        owner: Option<&str>,
        of: &[ContainerName],
        world: &World,
        history: &History,
    ) {
        if !self.proved.contains_key(name) {
            self.breach(Invariant::VolumesKept, format!("volume `{name}` was to be removed without a proof"));
        }
        let unforeseen = self.came_since_the_order(name, of, history) || self.nobody_could_know(of, world);
        // A helper of our own holds nothing: Docker refuses as long as it is there, and the next look shows it.
        let helper = self.names.helper();
        let has_container = of.iter().any(|name| *name != helper) && !unforeseen;
        if self.intent.reset.is_none() || has_container || self.bereaved.contains(name) {
            self.breach(Invariant::VolumesKept, format!("volume `{name}` was to be removed; containers: {of:?}"));
        }
        if owner != Some(self.names.gateway.as_str()) && !self.is_its_volume(name, world) {
            self.breach(Invariant::NoStrangersHarmed, format!("volume `{name}`, another's, was to be removed"));
        }
    }

    /// Gone, also by what Docker removes of itself because something was stopped.
    pub(super) fn judge_loss(
        &mut self,
        name: &VolumeName,
        files: usize,
        of: &[ContainerName],
        world: &World,
        history: &History,
    ) {
        let unforeseen = self.came_since_the_order(name, of, history) || self.nobody_could_know(of, world);
        if !of.is_empty() && unforeseen {
            self.acts.unpreventable += 1;
        } else if self.intent.reset.is_none() || !of.is_empty() || self.bereaved.contains(name) {
            let what = format!("volume `{name}` with {files} files was removed; containers: {of:?}");
            self.breach(Invariant::VolumesKept, what);
        }
    }

    /// Whether the daemon denies all these containers, and no record names one: then nothing says that they are.
    fn nobody_could_know(&self, of: &[ContainerName], world: &World) -> bool {
        let daemon = world.daemon();
        let is_shown = |name: &ContainerName| daemon.store.containers.values().any(|one| one.name == *name);
        let recorded = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        let is_recorded = daemon
            .all_containers()
            .any(|one| of.contains(&one.name) && recorded.is_some_and(|record| record.container == one.id));
        !is_recorded && !of.iter().any(is_shown)
    }

    /// Whether others made all these containers since the removal was ordered.
    fn came_since_the_order(&self, volume: &VolumeName, of: &[ContainerName], history: &History) -> bool {
        let Some(ordered) = self.proved.get(volume) else { return false };
        let made = |container: &ContainerName| {
            history.since(*ordered).iter().any(|Happened { by, effect }| {
                *by != Actor::Run && matches!(effect, Effect::ContainerCreated { name, .. } if name == container)
            })
        };
        of.iter().all(made)
    }
}
