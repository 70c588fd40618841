//! What an oracle says to a restore and to a destruction, by the truth: what may be written into, what must be where after
//! a restore, and what must have gone, and what not, after a destruction.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Discard, Outcome, Purpose, Told, VolumeName, gateway_of};

use super::replacement::is_helper;
use super::{Invariant, Oracle};
use crate::world::World;
use crate::world::backup::Backup;
use crate::world::container::{Container, Content, Mounted};
use crate::world::daemon::Volume;
use crate::world::program::{DATA, FORM};

/// Volumes with what is on them.
pub(super) type HeldBefore = BTreeMap<VolumeName, Volume>;

impl Oracle<'_> {
    /// What the gateway's volumes hold: those of its containers, of its record, of its label and of its spec's names.
    pub(super) fn held_in(&self, world: &World) -> HeldBefore {
        let mounted: BTreeSet<_> =
            self.own.values().flat_map(|own| &own.config.mounts).filter_map(Mounted::volume).collect();
        let is_its = |name: &VolumeName, labels: &BTreeMap<String, String>| {
            mounted.contains(name)
                || gateway_of(labels) == Some(self.names.gateway.as_str())
                || self.is_its_volume(name, world)
        };
        let all = world.daemon().volumes.iter();
        let its = all.filter(|(name, volume)| !volume.files.is_empty() && is_its(name, &volume.labels));
        its.map(|(name, volume)| (name.clone(), volume.clone())).collect()
    }

    /// A restore writes only into volumes that were empty when it began, that nothing else has and that the record does not
    /// name.
    pub(super) fn judge_written(&mut self, into: &Container, world: &World) {
        if !is_helper(into) {
            return;
        }
        let volumes: Vec<_> = into.writes_to().cloned().collect();
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        for name in volumes {
            let is_named = record.is_some_and(|record| record.volumes.iter().any(|one| one.name == name));
            let born = world.daemon().volumes.get(&name).map(|volume| volume.born);
            let held = self.held_before.get(&name).is_some_and(|before| Some(before.born) == born);
            if held || is_named {
                let what = format!("volume `{name}`, which held data or was in use, was written over");
                self.breach(Invariant::VolumesKept, what);
            }
        }
    }

    fn backup<'w>(&self, world: &'w World) -> Option<&'w Backup> {
        let path = self.intent.restore.as_ref()?;
        world.state.backups.iter().find(|backup| backup.path == *path)
    }

    /// The backup whose data the gateway is to have, where it is one that may be relied on.
    pub(super) fn backup_restored(&self, world: &World) -> Option<Backup> {
        self.backup(world).filter(|backup| backup.complete).cloned()
    }

    /// Said to be restored is a gateway that has what the backup lists, where the backup says, and whose former volumes are
    /// there with every byte, set aside in the record.
    pub(super) fn judge_restored(&mut self, outcome: &Outcome, world: &World) {
        let Some(backup) = self.backup(world).cloned() else {
            return self.breach(Invariant::HonestEnds, "it says that it was restored, and there is no such backup");
        };
        if !backup.complete && !self.acted {
            self.breach(Invariant::HonestEnds, "it says that it was restored, from a backup that is damaged");
        }
        let daemon = world.daemon();
        let Some(own) = daemon.named(&self.names.container) else { return };
        let has_restored = own
            .config
            .mounts
            .iter()
            .filter_map(Mounted::volume)
            .any(|name| daemon.volumes.get(name).is_some_and(|volume| volume.is_restored_of(&self.names.gateway)));
        if !has_restored && !self.made.is_empty() {
            self.breach(Invariant::HonestEnds, "it says that it was restored, and is on none of what was restored");
        }
        if self.acted {
            return;
        }
        let mounts: Vec<_> =
            own.config.mounts.iter().filter_map(|one| Some((one.volume()?, one.path.as_str()))).collect();
        let migrates = world.program(&own.config.image_id).form > 0;
        let mut whats = Vec::new();
        let carried: Vec<_> = backup.carried.iter().map(|(path, _)| path.clone()).collect();
        for name in backup.volumes.keys() {
            let path = backup.paths.get(name).map(String::as_str);
            let files = backup.restored(name, path.unwrap_or("/"), &carried).unwrap_or_default();
            let at = mounts.iter().find(|(_, at)| path.is_none_or(|path| path == *at)).map(|(volume, _)| *volume);
            let there = at.and_then(|volume| daemon.volumes.get(volume));
            let is_there = |(file, content): (&String, &Content)| {
                let rewritten = migrates && (file == DATA || file == FORM);
                rewritten || there.is_some_and(|volume| volume.files.get(file) == Some(content))
            };
            if let Some((file, _)) = files.iter().find(|one| !is_there(*one)) {
                whats.push(format!("it says that it was restored, and has not got `{file}` of `{name}`"));
            }
            if there.is_some_and(|volume| !volume.is_restored_of(&self.names.gateway)) {
                whats.push(format!("it says that it was restored, and runs on {at:?}"));
            }
        }
        for what in whats {
            self.breach(Invariant::HonestEnds, what);
        }
        let is_recorded = outcome.notes.iter().all(|told| !matches!(told, Told::RecordNotWritten { .. }));
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        let has = |name: &VolumeName| mounts.iter().any(|(volume, _)| *volume == name);
        let is_told = |name: &VolumeName| record.is_some_and(|record| record.set_aside.contains(name)) || has(name);
        let was_used = |name: &VolumeName| {
            let restored = daemon.volumes.get(name).is_some_and(|volume| volume.is_restored_of(&self.names.gateway));
            let undecided = self.recorded_before.is_empty() && !restored;
            undecided || self.recorded_before.contains(name) || self.mounted_before.contains(name)
        };
        let held = self.held_before.keys().filter(|name| is_recorded && was_used(name));
        let forgotten: Vec<_> = held.filter(|name| !is_told(name)).map(ToString::to_string).collect();
        if !forgotten.is_empty() && !self.others_acted {
            let what = format!("{forgotten:?} held its data before the restore, and the record does not say so");
            self.breach(Invariant::RecordsFollowFacts, what);
        }
    }

    /// Whatever a volume of the gateway held when the run began is on it when the run ends, unless it was given up, or
    /// others did something.
    pub(super) fn judge_kept(&mut self, world: &World) {
        if self.acted || self.others_acted {
            return;
        }
        let daemon = world.daemon();
        let is_kept = |name: &VolumeName, file: &String, content: &Content| {
            let Some(volume) = daemon.volumes.get(name) else { return true };
            let may_be_rewritten = file == DATA || file == FORM;
            may_be_rewritten || volume.files.get(file) == Some(content)
        };
        let mut all = self.held_before.iter().flat_map(|(name, held)| held.files.iter().map(move |one| (name, one)));
        let lost = all.find(|(name, (file, content))| !is_kept(name, file, content)).map(|(name, (file, _))| {
            format!("`{file}` was on volume `{name}` when the run began, and is not any more")
        });
        if let Some(lost) = lost {
            self.breach(Invariant::VolumesKept, lost);
        }
    }

    /// Said to be destroyed is what was asked to be: the container has gone, and the network, or it is said why not; the
    /// volumes have gone where they were given up, and only then.
    pub(super) fn judge_destroyed(&mut self, what: Discard, removed: &[VolumeName], outcome: &Outcome, world: &World) {
        if self.intent.purpose != Purpose::Destroy(what) {
            self.breach(Invariant::HonestEnds, "it says that it destroyed what it was not to destroy");
        }
        if self.others_acted || self.acted {
            return;
        }
        let daemon = world.daemon();
        let mut whats = Vec::new();
        if let Some(name) = removed.iter().find(|name| daemon.volumes.contains_key(*name)) {
            whats.push(format!("it says that volume `{name}` was removed, and it is there"));
        }
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        let its = daemon.volumes.iter().filter(|(name, volume)| {
            // What somebody else has given its label is nobody's that it knows of.
            let is_named = self.recorded_before.contains(*name) || self.mounted_before.contains(*name);
            let is_by_name = self.names.spec.volumes().any(|(own, _)| own == *name);
            match gateway_of(&volume.labels) {
                Some(owner) if owner != self.names.gateway.as_str() => false,
                Some(_) => is_named || is_by_name || volume.is_restored_of(&self.names.gateway),
                None => is_named,
            }
        });
        match what {
            Discard::SetAside => {
                let left = record.and_then(|record| record.set_aside.first());
                whats.extend(left.map(|name| format!("`{name}` is still set aside")));
            }
            Discard::Volumes => {
                whats.extend(its.map(|(name, _)| format!("volume `{name}` is still there")));
                let of_this = record.filter(|record| record.daemon.is_same_as(&daemon.identity));
                whats.extend(of_this.map(|_| "its record is still there".to_owned()));
            }
            Discard::Container => {}
        }
        if what != Discard::SetAside {
            let mut own = self.own_in(world).into_values();
            whats.extend(own.next().map(|own| format!("the container `{}` is still there", own.name)));
            let is_told = outcome.notes.iter().any(|told| matches!(told, Told::NetworkKept { .. }));
            let owner = self.names.gateway.as_str();
            let mut networks = daemon.networks.values();
            let left = networks.any(|one| one.name == self.names.network && gateway_of(&one.labels) == Some(owner));
            if left && !is_told {
                whats.push("its network is still there, and that is not said".to_owned());
            }
        }
        for what in whats {
            self.breach(Invariant::HonestEnds, format!("it says that it was destroyed: {what}"));
        }
    }

    /// What its container goes with is written down before: what its volumes are called, and, unless that was waived, a
    /// backup of what is on them.
    pub(super) fn judge_own_removal(&mut self, removed: &Container, world: &World) {
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        let mounted: Vec<_> = removed.config.mounts.iter().filter_map(Mounted::refers_to).cloned().collect();
        let is_recorded =
            |name: &VolumeName| record.is_some_and(|record| record.volumes.iter().any(|volume| volume.name == *name));
        let mut whats = Vec::new();
        if let Some(name) = mounted.iter().find(|name| !is_recorded(name) && !self.acted) {
            whats.push(format!("its container was removed, and the record does not name `{name}`"));
        }
        for what in whats {
            self.breach(Invariant::RecordsFollowFacts, what);
        }
        if let Some(name) = mounted.iter().find(|name| !self.is_backed_up(name, world))
            && !self.intent.no_backup
        {
            let what = format!("its container was removed, and no complete backup holds what is on `{name}`");
            self.breach(Invariant::DriftKeepsData, what);
        }
    }
}
