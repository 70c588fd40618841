//! What is left of a case in the end, as far as it is judged by: few facts, so that a checker can keep many of them.

use engine::{
    ContainerId, ContainerName, How, LABEL_REPLACES, LABEL_ROLE, Outcome, ROLE_HELPER, ROLE_NEXT, Reason, RestartPolicy,
};

use crate::base::Names;
use crate::fault::{Rule, Verdict};
use crate::oracle::{Acts, Breach};
use crate::world::World;
use crate::world::container::Container;

/// How an undisturbed run ended, and what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// Why it ended so; none where it was killed.
    pub reason: Option<Reason>,
    /// Whether in a ready gateway.
    pub ready: bool,
    /// Whether that was restored.
    pub restored: bool,
    /// Whether in a destruction.
    pub destroyed: bool,
    /// Whether in a destruction that removed no volume.
    pub destroyed_nothing: bool,
    /// What it did, by the truth.
    pub acts: Acts,
}

impl End {
    /// Of a run that ended so.
    pub(super) fn of(outcome: Option<&Outcome>, acts: Acts) -> Self {
        let end = outcome.map(|outcome| &outcome.end);
        let ready = end.is_some_and(|end| matches!(end, engine::End::Ready { .. }));
        let restored = end.is_some_and(|end| matches!(end, engine::End::Ready { how: How::Restored, .. }));
        let destroyed = end.is_some_and(|end| matches!(end, engine::End::Destroyed { .. }));
        let destroyed_nothing =
            end.is_some_and(|end| matches!(end, engine::End::Destroyed { removed, .. } if removed.is_empty()));
        // Docker is as unknown where this run has changed something before as where it has not.
        let reason = match outcome.map(Outcome::reason) {
            Some(Reason::DockerLost) => Some(Reason::DockerUnknown),
            reason => reason,
        };
        Self { reason, ready, restored, destroyed, destroyed_nothing, acts }
    }
}

/// The case without its faults.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// How the run after the first one ended.
    pub end: End,
    /// What the first one did.
    pub first: Acts,
    /// How much of each there was in the end.
    pub inventory: (usize, usize, usize),
}

/// By what a case was disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Disturbed {
    /// How many rules there are.
    pub faults: u32,
    /// Whether all are about the daemon's answers and our own death.
    pub answers_only: bool,
    /// Whether anybody else acted.
    pub meddled: bool,
}

impl Disturbed {
    /// By nothing.
    pub const BY_NOTHING: Self = Self { faults: 0, answers_only: true, meddled: false };

    /// By these.
    pub fn by<'a>(rules: impl Iterator<Item = &'a Rule>) -> Self {
        rules.fold(Self::BY_NOTHING, |disturbed, rule| {
            let (is_answer, meddles) = match rule.what {
                Verdict::Act { .. } => (false, true),
                Verdict::Stale => (false, false),
                Verdict::Hangs
                | Verdict::NotListening
                | Verdict::Forbidden
                | Verdict::BadStatus { .. }
                | Verdict::BadBody
                | Verdict::CutShort
                | Verdict::AnswerLost
                | Verdict::EffectLate { .. }
                | Verdict::Refused { .. }
                | Verdict::DownFor { .. }
                | Verdict::Killed
                | Verdict::Interrupted
                | Verdict::Slow { .. } => (true, false),
            };
            disturbed.and(Self { faults: 1, answers_only: is_answer, meddled: meddles })
        })
    }

    /// By these and those.
    pub fn and(self, more: Self) -> Self {
        Self {
            faults: self.faults + more.faults,
            answers_only: self.answers_only && more.answers_only,
            meddled: self.meddled || more.meddled,
        }
    }
}

/// What two undisturbed runs came to.
#[derive(Clone, Debug)]
pub struct After {
    /// The first of them.
    pub second: End,
    /// The one after it.
    pub third: End,
    /// What did not hold within them.
    pub(super) breaches: Vec<Breach>,
    pub(super) health_hidden: bool,
    /// The containers beside the gateway's that a replacement or a backup should have removed.
    pub(super) left_over: Vec<ContainerName>,
    pub(super) own: Option<Own>,
    pub(super) inventory: (usize, usize, usize),
}

/// The gateway's container.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub id: ContainerId,
    pub restart: RestartPolicy,
    /// Whether its label says that it was made for a replacement or a backup.
    pub has_role: bool,
}

impl After {
    pub(super) fn new(names: &Names, breaches: Vec<Breach>, second: End, third: End, world: &World) -> Self {
        let own = world.daemon().named(&names.container).map(|own| Own {
            id: own.id.clone(),
            restart: own.restart(),
            has_role: role(own, names).is_some(),
        });
        Self {
            second,
            third,
            breaches,
            health_hidden: world.health_hidden.is_some(),
            left_over: left_over(world, names),
            own,
            inventory: inventory(world),
        }
    }
}

/// How many of each there are, whatever they are called.
pub(super) fn inventory(world: &World) -> (usize, usize, usize) {
    let daemon = world.daemon();
    (daemon.store.containers.len(), daemon.volumes.len(), daemon.networks.len())
}

/// What this gateway's label says that a container was made for.
fn role<'a>(container: &'a Container, names: &Names) -> Option<&'a str> {
    let labels = &container.config.labels;
    let is_ours = engine::gateway_of(labels) == Some(names.gateway.as_str());
    labels.get(LABEL_ROLE).map(String::as_str).filter(|_| is_ours)
}

fn left_over(world: &World, names: &Names) -> Vec<ContainerName> {
    let containers = &world.daemon().store.containers;
    let replaced = |next: &Container| next.config.labels.get(LABEL_REPLACES).map(|id| ContainerId::new(id.as_str()));
    let is_left_over = |container: &&Container| {
        // A next one with nothing to go back to is a gateway, whatever its name.
        let is_next = role(container, names) == Some(ROLE_NEXT)
            && replaced(container).is_some_and(|id| containers.contains_key(&id));
        let is_helper = role(container, names) == Some(ROLE_HELPER);
        let is_previous = containers
            .values()
            .any(|next| role(next, names) == Some(ROLE_NEXT) && replaced(next).as_ref() == Some(&container.id));
        is_next || is_helper || is_previous
    };
    let beside = containers.values().filter(|container| container.name != names.container);
    beside.filter(is_left_over).map(|container| container.name.clone()).collect()
}
