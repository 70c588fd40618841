//! What undisturbed runs leave over: nothing of a replacement, of a backup or of a restore.

use std::collections::BTreeSet;

use engine::{ContainerId, LABEL_REPLACES, LABEL_RESTART, RestartPolicy, VolumeName};

use super::Case;
use super::after::{After, Disturbed};
use crate::oracle::{Breach, Invariant};
use crate::world::World;
use crate::world::container::Container;

impl Case {
    /// After undisturbed runs that end in a ready gateway there is nothing of a replacement or a backup left, and the one
    /// container that is there has the policy that the gateway had.
    pub(super) fn judge_left_over(&self, disturbed: Disturbed, after: &After, breaches: &mut Vec<Breach>) {
        let mut breach = |what| breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        for name in &after.left_over {
            breach(format!("`{name}` is left over"));
        }
        let (Some(wanted), Some(own)) = (self.policy(), &after.own) else { return };
        // One that was made anew where the old one had gone has the policy that its owner wants.
        let before = self.world.daemon().named(&self.names.container);
        if before.is_none_or(|before| before.id != own.id) && !own.has_role {
            return;
        }
        let chosen = self.replaces() && own.restart == self.intent.spec.restart;
        if own.restart != wanted && !chosen && !disturbed.meddled {
            let what = format!("its restart policy is `{}`, and was `{}`", own.restart.as_str(), wanted.as_str());
            breach(what);
        }
    }

    /// The restart policy that the gateway's container had before the run: the one that a next container is to get, where
    /// a replacement was under way.
    fn policy(&self) -> Option<RestartPolicy> {
        let daemon = self.world.daemon();
        let own = daemon.named(&self.names.container);
        let next = daemon.store.containers.values().find(|next| {
            let replaced = next.config.labels.get(LABEL_REPLACES);
            replaced.is_some_and(|id| daemon.store.containers.contains_key(&ContainerId::new(id.as_str())))
        });
        let is_named = |own: &&Container| {
            let record = self.world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
            record.is_some_and(|record| record.container == own.id)
        };
        // One that took its place, and whose previous one has gone since, is not at its end before it is recorded.
        let promised = next.or(own.filter(|own| !is_named(own))).and_then(|next| next.config.labels.get(LABEL_RESTART));
        match promised {
            Some(word) => RestartPolicy::ALL.into_iter().find(|policy| policy.as_str() == word),
            None => own.map(Container::restart),
        }
    }

    /// The volumes that restores have begun to write and that neither the record names nor a container has. Without a record
    /// nobody can tell which those are.
    pub(super) fn unfinished(&self, world: &World) -> BTreeSet<VolumeName> {
        let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
        let Some(record) = record else { return BTreeSet::new() };
        let daemon = world.daemon();
        let is_named = |name: &VolumeName| record.set_aside.contains(name) || record.volume_names().contains(name);
        let is_left = |name: &VolumeName| !is_named(name) && daemon.having(name).next().is_none();
        let all = daemon.volumes.iter().filter(|(_, volume)| volume.is_restored_of(&self.names.gateway));
        all.map(|(name, _)| name.clone()).filter(is_left).collect()
    }
}
