//! What must always hold (DESIGN section 5), as named functions over the world's true history, on every step. Nothing is
//! judged by what the engine believes: what it was told counts only where an invariant is about that.

use std::collections::BTreeSet;
use std::fmt;

use engine::{
    Command, ContainerId, End, Event, Failure, How, Outcome, Purpose, Readiness, Reason, VolumeName, gateway_of,
};
use serde::{Deserialize, Serialize};

use crate::base::{Names, sandbox_folder};
use crate::host::{Witness, kind_of};
use crate::world::World;
use crate::world::container::Container;
use crate::world::effect::{Actor, Effect, Happened, History};

/// The invariants, by the names of DESIGN section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// No volume is removed unless its container is truly missing and its owner consented.
    VolumesKept,
    /// After an unknown answer nothing is changed until a known one.
    UnknownIsInert,
    /// A new container has every volume of the old one, and never two run on one volume.
    DriftKeepsData,
    /// Killed anywhere and run again, it ends where the uninterrupted run ends, with nothing left over.
    CrashOnly,
    /// A success is only said after readiness was seen following the last change.
    HonestEnds,
    /// Bounded commands and time; without faults the next run succeeds, or refuses for a cause that stays.
    ItEnds,
    /// Two runs on one gateway and state directory never interleave.
    OneAtATime,
    /// No unusable record is written over, and none of another gateway is touched.
    RecordsFollowFacts,
    /// Nothing without this gateway's exact name or label is ever changed.
    NoStrangersHarmed,
    /// A run on a healthy gateway changes nothing, and no run acts more often than it must.
    NoNeedlessActs,
}

impl Invariant {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VolumesKept => "volumes-kept",
            Self::UnknownIsInert => "unknown-is-inert",
            Self::DriftKeepsData => "drift-keeps-data",
            Self::CrashOnly => "crash-only",
            Self::HonestEnds => "honest-ends",
            Self::ItEnds => "it-ends",
            Self::OneAtATime => "one-at-a-time",
            Self::RecordsFollowFacts => "records-follow-facts",
            Self::NoStrangersHarmed => "no-strangers-harmed",
            Self::NoNeedlessActs => "no-needless-acts",
        }
    }

    /// It, as one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::VolumesKept => "No volume is removed unless its container is truly missing and its owner consented.",
            Self::UnknownIsInert => "After an unknown answer nothing is changed until a known one.",
            Self::DriftKeepsData => {
                "A new container has every volume and the node name of the old one, and never two run on one volume."
            }
            Self::CrashOnly => {
                "Killed anywhere and run again, it ends where the uninterrupted run ends, with nothing left over."
            }
            Self::HonestEnds => "A success is only said after readiness was seen following the last change.",
            Self::ItEnds => {
                "Commands and time are bounded; without faults the next run succeeds or refuses for a cause that stays."
            }
            Self::OneAtATime => "Two runs on one gateway and state directory never interleave.",
            Self::RecordsFollowFacts => "No unusable record is written over, and none of another gateway is touched.",
            Self::NoStrangersHarmed => "Nothing without this gateway's exact name or label is ever changed.",
            Self::NoNeedlessActs => {
                "A run on a healthy gateway changes nothing, and no run acts more often than it must."
            }
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// What happened.
    pub what: String,
}

/// How often a run did what, by the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Acts {
    /// Containers, volumes and networks made.
    pub created: u32,
    /// Things removed.
    pub removed: u32,
    /// Containers started.
    pub started: u32,
    /// Containers that ended by it.
    pub ended: u32,
}

impl Acts {
    /// All of them.
    pub fn sum(self) -> u32 {
        self.created + self.removed + self.started + self.ended
    }

    fn count(&mut self, effect: &Effect) {
        match effect {
            Effect::ContainerCreated { .. } | Effect::VolumeCreated { .. } | Effect::Network { exists: true, .. } => {
                self.created += 1;
            }
            Effect::ContainerRemoved { .. } | Effect::VolumeRemoved { .. } | Effect::Network { exists: false, .. } => {
                self.removed += 1;
            }
            Effect::ContainerStarted { .. } => self.started += 1,
            Effect::ContainerEnded { .. } => self.ended += 1,
            Effect::ContainerFrozen { .. }
            | Effect::ContainerRenamed { .. }
            | Effect::ContainerConnected { .. }
            | Effect::Image { .. }
            | Effect::RecordWritten { .. } => {}
        }
    }
}

/// The judge of one run.
#[derive(Debug)]
pub struct Oracle<'a> {
    names: &'a Names,
    purpose: Purpose,
    consented: bool,
    /// What did not hold.
    pub breaches: Vec<Breach>,
    /// What the run did so far.
    pub acts: Acts,
    /// How much of the history was judged.
    judged: usize,
    /// Whether the last answer that bears on it was unknown.
    unknown: bool,
    /// Whether the last look or wait showed a ready gateway, truly, after the last change.
    ready: bool,
    /// Where the history stood when the last look began.
    looked_at: usize,
    /// Where it stood when the command under way began.
    began_at: usize,
    /// The gateway's own containers when the command under way began.
    own: BTreeSet<ContainerId>,
    /// Whether this run made the gateway's container.
    made: bool,
    /// Whether anybody else did anything since the run began.
    others_acted: bool,
    done: u32,
}

/// How many commands a run may give. The longest undisturbed one takes some fifteen; each unknown answer is asked for a
/// few times more.
pub const COMMANDS_MAX: u32 = 120;

impl<'a> Oracle<'a> {
    /// A judge for one run.
    pub fn new(names: &'a Names, purpose: Purpose, consented: bool, history: &History) -> Self {
        Self {
            names,
            purpose,
            consented,
            breaches: Vec::new(),
            acts: Acts::default(),
            judged: history.point(),
            unknown: false,
            ready: false,
            looked_at: history.point(),
            began_at: history.point(),
            own: BTreeSet::new(),
            made: false,
            others_acted: false,
            done: 0,
        }
    }

    fn breach(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.breaches.push(Breach { invariant, what: what.into() });
    }

    /// Judges how the run ended.
    pub fn ended(&mut self, outcome: &Outcome, world: &World, history: &History) {
        self.judge_history(world, history);
        match &outcome.end {
            End::Ready { how, reason } => {
                if *reason != Reason::Unverified && !self.ready {
                    self.breach(Invariant::HonestEnds, format!("it says `{}`, and was not ready", how.as_str()));
                }
                // What somebody else made meanwhile is found, and said to be.
                if *how == How::Reused && *reason != Reason::Unverified && self.acts.sum() > 0 && !self.others_acted {
                    self.breach(Invariant::NoNeedlessActs, format!("a ready gateway was acted on: {:?}", self.acts));
                }
                if self.made {
                    self.judge_node_name(outcome, world);
                }
            }
            End::Stopped => {
                if self.purpose != Purpose::Stop {
                    self.breach(Invariant::HonestEnds, "it says that it stopped what it was to bring up");
                }
            }
            End::Refused { .. } | End::Looked { .. } => {}
        }
        if !outcome.changed && self.acts.sum() > 0 {
            self.breach(Invariant::HonestEnds, format!("it says that nothing was changed: {:?}", self.acts));
        }
    }

    /// Sandboxes that the new container does not see must have been told.
    fn judge_node_name(&mut self, outcome: &Outcome, world: &World) {
        let daemon = world.daemon();
        let Some(container) = daemon.named(&self.names.container) else { return };
        let folder = sandbox_folder(world, container);
        let Some(volume) = container.writes_to().next().and_then(|volume| daemon.volumes.get(volume)) else { return };
        let unseen =
            volume.files.keys().find(|path| path.starts_with("sandboxes/") && !path.starts_with(folder.as_str()));
        if let Some(unseen) = unseen.filter(|_| outcome.seen.missing.is_empty()) {
            self.breach(Invariant::DriftKeepsData, format!("the new container does not see `{unseen}`"));
        }
    }

    fn judge_history(&mut self, world: &World, history: &History) {
        let news: Vec<Happened> = history.since(self.judged).to_vec();
        self.judged = history.point();
        for Happened { by, effect } in &news {
            self.others_acted |= *by != Actor::Run;
            if *by == Actor::Run {
                self.acts.count(effect);
                // What nemoclaw writes for itself, and which images are at hand, changes no gateway.
                self.ready &= matches!(effect, Effect::RecordWritten { .. } | Effect::Image { .. });
                self.judge(effect, world, history);
            }
        }
    }

    fn judge(&mut self, effect: &Effect, world: &World, history: &History) {
        match effect {
            Effect::VolumeRemoved { name, files, of } => {
                if !self.consented || !of.is_empty() {
                    let what = format!("volume `{name}` with {files} files was removed; containers: {of:?}");
                    self.breach(Invariant::VolumesKept, what);
                }
            }
            Effect::ContainerRemoved { id, name, files } => {
                self.judge_stranger(id);
                if *files > 0 {
                    self.breach(
                        Invariant::DriftKeepsData,
                        format!("`{name}` was removed with {files} files of its own"),
                    );
                }
            }
            Effect::ContainerStarted { id, beside } => {
                self.judge_stranger(id);
                let others_acted = history.since(self.looked_at).iter().any(|happened| happened.by != Actor::Run);
                if !beside.is_empty() && !others_acted {
                    self.breach(Invariant::DriftKeepsData, format!("it was started beside {beside:?}"));
                }
            }
            Effect::ContainerEnded { id }
            | Effect::ContainerFrozen { id, .. }
            | Effect::ContainerRenamed { id, .. }
            | Effect::ContainerConnected { id, .. } => self.judge_stranger(id),
            Effect::ContainerCreated { id, .. } => {
                self.own.insert(id.clone());
                self.made = true;
                self.judge_volumes_of(id, world);
            }
            Effect::VolumeCreated { name } => {
                if !self.names.spec.volumes().any(|(own, _)| own == name) && !is_anonymous(world, name) {
                    self.breach(Invariant::NoStrangersHarmed, format!("volume `{name}` was made"));
                }
            }
            Effect::Network { name, exists } => {
                if *name != self.names.network {
                    self.breach(Invariant::NoStrangersHarmed, format!("network `{name}` exists: {exists}"));
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
            Effect::Image { .. } => {}
        }
    }

    fn judge_stranger(&mut self, id: &ContainerId) {
        if !self.own.contains(id) {
            self.breach(Invariant::NoStrangersHarmed, format!("container {id} is not this gateway's"));
        }
    }

    /// A new container has every volume with work on it that bears the gateway's exact name, unless a label decided.
    fn judge_volumes_of(&mut self, id: &ContainerId, world: &World) {
        let daemon = world.daemon();
        let labelled = |name: &VolumeName| {
            let labels = daemon.volumes.get(name).map(|volume| &volume.labels);
            labels.and_then(gateway_of) == Some(self.names.gateway.as_str())
        };
        if self.names.spec.volumes().any(|(name, _)| !labelled(name)) && daemon.volumes.keys().any(labelled) {
            return;
        }
        let Some(container) = daemon.store.containers.get(id) else { return };
        let left: Vec<_> = self
            .names
            .spec
            .volumes()
            .filter(|(name, _)| daemon.volumes.get(*name).is_some_and(|volume| !volume.files.is_empty()))
            .filter(|(name, _)| !container.has(name))
            .map(|(name, _)| name.to_string())
            .collect();
        if !left.is_empty() {
            self.breach(Invariant::DriftKeepsData, format!("the new container has not got {left:?}"));
        }
    }

    /// Whether it is the gateway's own container: by its label, or by its exact name where it is of its kind.
    fn is_own(&self, container: &Container) -> bool {
        match gateway_of(&container.config.labels) {
            Some(gateway) => gateway == self.names.gateway.as_str(),
            None => {
                container.name == self.names.container
                    && container.config.image.repository() == self.names.image.repository()
            }
        }
    }

    /// Whether the gateway is truly ready now.
    fn is_ready(&self, world: &World) -> bool {
        let daemon = world.daemon();
        let Some(container) = daemon.named(&self.names.container) else { return false };
        container.process().is_some()
            && container
                .config
                .ports
                .first()
                .is_some_and(|port| matches!(world.answers_at(port.host), Readiness::Ready { .. }))
    }
}

fn is_anonymous(world: &World, name: &VolumeName) -> bool {
    world.daemon().volumes.get(name).is_some_and(|volume| volume.anonymous)
}

impl Witness for Oracle<'_> {
    fn commanded(&mut self, command: &Command, world: &World, history: &History) {
        self.judge_history(world, history);
        self.done += 1;
        if self.done == COMMANDS_MAX + 1 {
            self.breach(Invariant::ItEnds, format!("more than {COMMANDS_MAX} commands"));
        }
        self.began_at = history.point();
        let own = world.daemon().store.containers.values().filter(|container| self.is_own(container));
        self.own = own.map(|container| container.id.clone()).collect();
        if matches!(command, Command::Observe(_)) {
            self.looked_at = history.point();
        }
        if !command.changes_something() {
            return;
        }
        let kind = kind_of(command);
        if self.unknown {
            self.breach(Invariant::UnknownIsInert, format!("`{kind}` after an unknown answer"));
        }
        if !world.state.locks.contains_key(&self.names.gateway) {
            self.breach(Invariant::OneAtATime, format!("`{kind}` without the lock"));
        }
        if self.purpose == Purpose::Look {
            self.breach(Invariant::NoNeedlessActs, format!("`{kind}` where only a look was asked"));
        }
    }

    fn answered(&mut self, command: &Command, event: &Event, world: &World, history: &History) {
        self.judge_history(world, history);
        match event {
            Event::Observed { host } => {
                self.unknown = host.containers.known().is_none();
                let others_acted = history.since(self.began_at).iter().any(|happened| happened.by != Actor::Run);
                let says = matches!(host.readiness.known(), Some(Readiness::Ready { .. }));
                self.ready = says && (self.is_ready(world) || others_acted);
            }
            Event::NamesFound { found } => self.unknown = found.known().is_none(),
            Event::Failed { failure: Failure::Unknown { .. } } => {
                self.unknown = !matches!(command, Command::WriteRecord { .. });
            }
            Event::LockTaken
            | Event::LockHeld { .. }
            | Event::RecordRead { .. }
            | Event::Done
            | Event::Failed { failure: Failure::Rejected { .. } | Failure::NotForThisDaemon { .. } }
            | Event::Waited { .. }
            | Event::SandboxesListed { .. }
            | Event::LogsRead { .. }
            | Event::VolumesMeasured { .. }
            | Event::Interrupted { .. } => {}
        }
    }
}
