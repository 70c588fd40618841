//! What an oracle says to the removal of volumes, by the truth at three moments: when it is ordered, when it is asked of
//! Docker, and when a volume is gone.

use engine::{Absence, ContainerName, Discard, GatewayRecord, Grounds, Purpose, VolumeName};

use super::{Invariant, Oracle};
use crate::world::World;
use crate::world::container::{Container, Content};
use crate::world::effect::{Actor, Effect, Happened, History};
use crate::world::program::{DATA, FORM};

impl Oracle<'_> {
    /// Ordered with a proof: its owner gave it up, it is what the proof says that it is, and a backup holds what is on it
    /// unless that was waived. That no container bears the gateway's names or has the volume holds as far as the look could
    /// show.
    pub(super) fn judge_removal_order(&mut self, absence: &Absence, world: &World, history: &History) {
        let (name, grounds) = (absence.volume(), absence.grounds());
        self.proved.insert(name.clone(), (history.point(), grounds));
        let mut whats = Vec::new();
        if *absence.gateway() != self.names.gateway {
            whats.push("the proof is for another gateway".to_owned());
        }
        if !self.is_given_up(grounds) {
            whats.push("its owner did not consent".to_owned());
        }
        let record = self.record(world);
        match grounds {
            Grounds::ContainerMissing => {
                if self.bereaved.contains(name) && !self.may_bereave() {
                    whats.push("this run removed its container itself".to_owned());
                }
                if !self.is_backed_up(name, world) && !self.intent.no_backup {
                    whats.push("no complete backup holds what is on it".to_owned());
                }
            }
            Grounds::SetAside => {
                // Of a record that was lost since it was read, what it said then.
                let is_aside = match record {
                    Some(record) => record.set_aside.contains(name) && !is_current(record, name),
                    None => self.acted && self.recorded_before.contains(name),
                };
                if !is_aside {
                    whats.push("the record does not say that it is set aside".to_owned());
                }
            }
            Grounds::Unfinished => whats.extend(self.not_unfinished(name, world)),
        }
        let daemon = world.daemon();
        let bears = daemon.store.containers.values().filter(|container| absence.names().contains(&container.name));
        if let Some(container) = bears.chain(daemon.having(name)).next()
            && self.saw_all(history)
            && !self.nobody_could_know(container, world)
        {
            whats.push(format!("there is `{}`", container.name));
        }
        for what in whats {
            self.breach(Invariant::VolumesKept, format!("volume `{name}` was to be removed: {what}"));
        }
    }

    /// Whether its owner asked for the removal of what is gone for that reason.
    fn is_given_up(&self, grounds: Grounds) -> bool {
        let consents = |consent: &Option<engine::Consent>| {
            consent.as_ref().is_some_and(|consent| *consent.gateway() == self.names.gateway)
        };
        match (grounds, self.intent.purpose) {
            (Grounds::ContainerMissing, Purpose::Onboard) => consents(&self.intent.reset),
            (Grounds::ContainerMissing, Purpose::Destroy(Discard::Volumes)) => consents(&self.intent.consent),
            (Grounds::SetAside, Purpose::Destroy(Discard::SetAside)) => consents(&self.intent.consent),
            (Grounds::Unfinished, Purpose::Onboard) => self.intent.restore.is_some(),
            (Grounds::Unfinished, Purpose::Destroy(Discard::Volumes)) => consents(&self.intent.consent),
            (Grounds::ContainerMissing | Grounds::SetAside | Grounds::Unfinished, _) => false,
        }
    }

    /// Whether the order is for the gateway's own container, too.
    pub(super) fn may_bereave(&self) -> bool {
        matches!(self.intent.purpose, Purpose::Destroy(Discard::Volumes))
    }

    /// Whether a complete backup holds what is on a volume. What somebody wrote after it was made, or did
    /// to it, nobody could know of.
    pub(super) fn is_backed_up(&self, name: &VolumeName, world: &World) -> bool {
        let mut backups = world.state.backups.iter().filter(|backup| backup.gateway == self.names.gateway);
        match world.daemon().volumes.get(name) {
            None => true,
            Some(volume) if volume.files.is_empty() => true,
            Some(_) if self.meddled => backups.any(|backup| backup.volumes.contains_key(name)),
            Some(volume) => backups.any(|backup| backup.holds(name, volume)),
        }
    }

    /// Why a volume is not one that a restore has begun to write and that nothing ever ran on. What this run itself has
    /// started on it and undoes is nobody's work yet.
    fn not_unfinished(&self, name: &VolumeName, world: &World) -> Vec<String> {
        let mut whats = Vec::new();
        let Some(volume) = world.daemon().volumes.get(name) else { return whats };
        if !volume.is_restored_of(&self.names.gateway) {
            whats.push("no restore of this gateway made it".to_owned());
        }
        let is_named = |record: &GatewayRecord| record.set_aside.contains(name) || is_current(record, name);
        if self.record(world).is_some_and(is_named) {
            whats.push("the record names it".to_owned());
        }
        // What was started on it and undone is nobody's work as long as all that is there comes from a backup.
        let is_own = |file: &str| file == DATA || file == FORM;
        let backups = || world.state.backups.iter().filter(|backup| backup.complete);
        let is_kept = |content: &Content| {
            backups().flat_map(|backup| backup.volumes.values()).any(|files| files.values().any(|own| own == content))
        };
        let work = volume.files.iter().find(|(file, content)| !is_own(file) && !is_kept(content));
        if let (Some((file, _)), true) = (work, self.used_before.contains(name)) {
            whats.push(format!("a gateway has run on it, and `{file}` is nowhere else"));
        }
        whats
    }

    fn record<'w>(&self, world: &'w World) -> Option<&'w GatewayRecord> {
        world.state.records.get(&self.names.gateway).and_then(|seen| seen.record())
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
        let unforeseen = self.came_since_the_order(name, of, history) || self.nobody_could_know_who_has(name, world);
        // A helper of our own holds nothing: Docker refuses as long as it is there, and the next look shows it.
        let helper = self.names.helper();
        let has_container = of.iter().any(|name| *name != helper) && !unforeseen;
        if !self.may_go(name) || has_container {
            self.breach(Invariant::VolumesKept, format!("volume `{name}` was to be removed; containers: {of:?}"));
        }
        if owner != Some(self.names.gateway.as_str()) && !self.is_its_volume(name, world) {
            self.breach(Invariant::NoStrangersHarmed, format!("volume `{name}`, another's, was to be removed"));
        }
    }

    /// Whether a removal of it was ordered that its owner asked for, and whose container others removed.
    fn may_go(&self, name: &VolumeName) -> bool {
        let given_up = self.proved.get(name).is_some_and(|(_, grounds)| self.is_given_up(*grounds));
        let is_unfinished = self.proved.get(name).is_some_and(|(_, grounds)| *grounds == Grounds::Unfinished);
        given_up && (!self.bereaved.contains(name) || self.may_bereave() || is_unfinished)
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
        let unforeseen = self.came_since_the_order(name, of, history) || self.nobody_could_know_who_has(name, world);
        if !of.is_empty() && unforeseen {
            self.acts.unpreventable += 1;
        } else if !self.may_go(name) || !of.is_empty() {
            let what = format!("volume `{name}` with {files} files was removed; containers: {of:?}");
            self.breach(Invariant::VolumesKept, what);
        }
    }

    /// Whether the daemon denies a container, and no record names it: then nothing says that it is.
    fn nobody_could_know(&self, container: &Container, world: &World) -> bool {
        let is_shown = world.daemon().store.containers.contains_key(&container.id);
        let is_recorded = self.record(world).is_some_and(|record| record.container == container.id);
        !is_shown && !is_recorded
    }

    /// Whether that is so of all that have a volume.
    fn nobody_could_know_who_has(&self, volume: &VolumeName, world: &World) -> bool {
        world.daemon().having(volume).all(|container| self.nobody_could_know(container, world))
    }

    /// Whether others made all these containers since the removal was ordered.
    fn came_since_the_order(&self, volume: &VolumeName, of: &[ContainerName], history: &History) -> bool {
        let Some((ordered, _)) = self.proved.get(volume) else { return false };
        let made = |container: &ContainerName| {
            history.since(*ordered).iter().any(|Happened { by, effect }| {
                *by != Actor::Run && matches!(effect, Effect::ContainerCreated { name, .. } if name == container)
            })
        };
        of.iter().all(made)
    }
}

/// Whether a record names a volume as one that the gateway mounts.
fn is_current(record: &GatewayRecord, name: &VolumeName) -> bool {
    record.volumes.iter().any(|volume| volume.name == *name)
}
