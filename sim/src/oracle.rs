//! What must always hold (DESIGN section 5), as named functions over the world's true history, on every step. Nothing is
//! judged by what the engine believes: what it was told counts only where an invariant is about that.

mod commands;
mod effects;
mod invariant;
mod removal;
mod replacement;
mod restore;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use engine::{
    Command, ContainerId, End, Event, Failure, GatewayRecord, Grounds, How, Intent, Outcome, Purpose, Readiness,
    Reason, Shared, VolumeName, gateway_of,
};

pub use self::invariant::{Acts, Breach, Invariant};
use self::restore::HeldBefore;
use crate::base::{Names, sandbox_folder};
use crate::fault::Verdict;
use crate::host::{Happening, Moment, Witness};
use crate::world::World;
use crate::world::container::{Container, Mounted};
use crate::world::effect::{Actor, Effect, Happened, History};

/// What a judge is lent for one run, or shares with others for as long as any of them needs it.
#[derive(Clone, Debug)]
enum Held<'a, T> {
    Lent(&'a T),
    Shared(Shared<T>),
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Lent(lent) => lent,
            Self::Shared(shared) => shared,
        }
    }
}

/// The judge of one run.
#[derive(Clone, Debug)]
pub struct Oracle<'a> {
    names: Held<'a, Names>,
    intent: Held<'a, Intent>,
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
    own: BTreeMap<ContainerId, Container>,
    /// The volumes that the record named when the run began.
    recorded_before: BTreeSet<VolumeName>,
    /// The gateway's own containers when the run began.
    before: BTreeSet<ContainerId>,
    /// The containers of the gateway that this run made.
    made: BTreeSet<ContainerId>,
    /// Whether anybody else did anything since the run began.
    others_acted: bool,
    /// Whether, since the last look began, anything kept its picture from being true, or from staying so.
    disturbed: bool,
    /// Whether that look showed what the gateway's health endpoint answers.
    health_known: bool,
    /// Whether the answer to a stop or a restart was lost.
    stop_lost: bool,
    /// The volumes of containers that this run removed.
    bereaved: BTreeSet<VolumeName>,
    /// The volumes whose removal was ordered with a proof, where the history stood then, and on what grounds.
    proved: BTreeMap<VolumeName, (usize, Grounds)>,
    /// Whether anybody meddled since the last backup.
    meddled: bool,
    /// Whether anybody did since the run began.
    acted: bool,
    /// What the gateway's volumes held when the run began.
    held_before: HeldBefore,
    /// The volumes that the gateway's containers mounted then.
    mounted_before: BTreeSet<VolumeName>,
    /// The volumes that this run has made to restore into.
    made_to_restore: BTreeSet<VolumeName>,
    /// The node name that the record told then.
    node_name_before: Option<String>,
    /// The volumes on which the gateway had run by then.
    used_before: BTreeSet<VolumeName>,
    /// How many left-overs of an earlier run were removed.
    tidied: u32,
    done: u32,
}

/// What a run says that put another container into the gateway's place, and one that put the old one back.
const UPGRADED: &str = "upgraded";
const ROLLED_BACK: &str = "rolled-back";

/// How many commands a run may give. The longest undisturbed one, a replacement that is rolled back, takes some fifty; each
/// unknown answer is asked for a few times more.
pub const COMMANDS_MAX: u32 = 240;

impl<'a> Oracle<'a> {
    /// A judge for one run.
    pub fn new(names: &'a Names, intent: &'a Intent, history: &History) -> Self {
        Self::of(Held::Lent(names), Held::Lent(intent), history)
    }

    /// The same, for a run that is taken step by step.
    pub fn shared(names: Shared<Names>, intent: Shared<Intent>, history: &History) -> Oracle<'static> {
        Oracle::of(Held::Shared(names), Held::Shared(intent), history)
    }

    fn of(names: Held<'a, Names>, intent: Held<'a, Intent>, history: &History) -> Self {
        Self {
            names,
            intent,
            breaches: Vec::new(),
            acts: Acts::default(),
            judged: history.point(),
            unknown: false,
            ready: false,
            looked_at: history.point(),
            began_at: history.point(),
            own: BTreeMap::new(),
            recorded_before: BTreeSet::new(),
            before: BTreeSet::new(),
            made: BTreeSet::new(),
            others_acted: false,
            disturbed: true,
            health_known: true,
            stop_lost: false,
            bereaved: BTreeSet::new(),
            proved: BTreeMap::new(),
            meddled: false,
            acted: false,
            held_before: HeldBefore::new(),
            mounted_before: BTreeSet::new(),
            made_to_restore: BTreeSet::new(),
            node_name_before: None,
            used_before: BTreeSet::new(),
            tidied: 0,
            done: 0,
        }
    }

    /// Forgets what nothing can depend on any more between two commands, so that two runs that came to the same point
    /// on different ways are the same.
    pub fn rest(&mut self, history: &mut History) {
        let needed = self.proved.values().map(|(at, _)| *at).fold(self.looked_at.min(self.judged), usize::min);
        history.forget_before(needed);
        self.looked_at -= needed;
        self.judged -= needed;
        self.proved.values_mut().for_each(|(ordered, _)| *ordered -= needed);
        self.began_at = 0;
        self.own.clear();
    }

    /// How many commands the run gave.
    pub fn commands(&self) -> u32 {
        self.done
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
                let acted = self.acts.sum() > self.tidied;
                if *how == How::Reused && *reason != Reason::Unverified && acted && !self.others_acted {
                    self.breach(Invariant::NoNeedlessActs, format!("a ready gateway was acted on: {:?}", self.acts));
                }
                // Of one that took another's place the name is judged by that one's.
                if !self.made.is_empty() && how.as_str() != UPGRADED && *how != How::Restored {
                    self.judge_node_name(outcome, world);
                }
                if how.as_str() == UPGRADED {
                    self.judge_upgraded(world);
                }
                if *how == How::Restored {
                    self.judge_restored(outcome, world);
                }
                // As long as a stop may take, its effect is waited for; what comes later nobody can know of.
                let grace_ms = u64::from(self.names.spec.stop_grace_s) * 1000;
                if self.stop_lost && world.will_stop(Actor::Run, grace_ms) {
                    self.breach(Invariant::HonestEnds, "it says that it is ready, and its own stop is still to come");
                }
            }
            End::BackedUp => {
                if self.intent.purpose != Purpose::BackUp {
                    self.breach(Invariant::HonestEnds, "it says that it made a backup, and was to do something else");
                }
            }
            End::Destroyed { what, removed } => self.judge_destroyed(*what, removed, outcome, world),
            End::Stopped => {
                if self.intent.purpose != Purpose::Stop {
                    self.breach(Invariant::HonestEnds, "it says that it stopped what it was to bring up");
                }
            }
            End::Refused { .. } => {
                // A look that was disturbed may show a container that has ended since, or as it was when the run began.
                if outcome.reason() == Reason::NotRecovered && self.ready && !self.disturbed {
                    self.breach(Invariant::HonestEnds, "it says that it did not come up, and the look showed it ready");
                }
            }
            End::Looked { .. } => {}
        }
        if outcome.reason().id() == ROLLED_BACK && !self.others_acted {
            self.judge_rolled_back(world);
        }
        self.judge_kept(world);
        if !outcome.changed && self.acts.sum() > 0 {
            self.breach(Invariant::HonestEnds, format!("it says that nothing was changed: {:?}", self.acts));
        }
    }

    /// Judges what a run did within the command in which it was killed.
    pub fn died(&mut self, world: &World, history: &History) {
        self.judge_history(world, history);
        self.judge_kept(world);
    }

    /// Sandboxes that the new container does not see must have been told.
    fn judge_node_name(&mut self, outcome: &Outcome, world: &World) {
        let daemon = world.daemon();
        // For one that another put in its place nobody answers.
        let own = daemon.named(&self.names.container).filter(|own| self.made.contains(&own.id));
        let Some(container) = own else { return };
        let folder = sandbox_folder(world, container);
        let Some(volume) = container.writes_to().next().and_then(|volume| daemon.volumes.get(volume)) else { return };
        // Of what was made under a name that neither the record nor the volume tells nobody could know.
        let is_told = |path: &str| match &self.node_name_before {
            Some(name) if self.names.spec.node_name_file.is_none() => path
                .strip_prefix("sandboxes/")
                .and_then(|rest| rest.split_once('/'))
                .is_none_or(|(node, _)| node == name),
            Some(_) | None => true,
        };
        let mut sandboxes = volume.files.keys().filter(|path| path.starts_with("sandboxes/"));
        let unseen = sandboxes.find(|path| !path.starts_with(folder.as_str()) && is_told(path));
        if let Some(unseen) = unseen.filter(|_| outcome.seen.missing.is_empty()) {
            self.breach(Invariant::DriftKeepsData, format!("the new container does not see `{unseen}`"));
        }
    }

    fn judge_history(&mut self, world: &World, history: &History) {
        let news: Vec<Happened> = history.since(self.judged).to_vec();
        self.judged = history.point();
        for Happened { by, effect } in &news {
            self.others_acted |= *by != Actor::Run;
            if let Effect::VolumeRemoved { name, .. } = effect {
                self.held_before.remove(name);
                self.used_before.remove(name);
            }
            if *by == Actor::Run {
                self.acts.count(effect);
                // What nemoclaw writes for itself, and which images are at hand, changes no gateway.
                self.ready &=
                    matches!(effect, Effect::RecordWritten { .. } | Effect::Image { .. } | Effect::BackedUp { .. });
                self.judge(effect, world, history);
            }
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

    /// Whether the gateway is truly ready now, at whichever daemon: while a look was taken the address may have come to lead
    /// to another one.
    fn is_ready(&self, world: &World) -> bool {
        world.daemons.iter().filter_map(|daemon| daemon.named(&self.names.container)).any(|container| {
            let answers = |port: u16| matches!(world.answers_at(port), Readiness::Ready { .. });
            container.process().is_some() && container.config.ports.first().is_some_and(|port| answers(port.host))
        })
    }
}

/// What it remembers of the run, between two commands. Left out is whom it judges, and how many commands there were:
/// that they do not go on for ever is for its user to see to.
impl Hash for Oracle<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let flags = [self.unknown, self.ready, self.others_acted, self.disturbed, self.health_known, self.stop_lost];
        (flags, &self.made, self.meddled, self.tidied, self.acts, self.looked_at, self.judged).hash(state);
        (&self.recorded_before, &self.before, &self.bereaved, &self.proved).hash(state);
        (&self.held_before, &self.mounted_before, &self.made_to_restore, &self.used_before).hash(state);
        (self.acted, &self.node_name_before).hash(state);
        self.breaches.hash(state);
    }
}

impl Witness for Oracle<'_> {
    fn saw(&mut self, moment: &Moment) {
        if let Happening::Broke(verdict) = &moment.what {
            self.meddled |= matches!(verdict, Verdict::Act { .. });
            self.acted |= matches!(verdict, Verdict::Act { .. });
            self.disturbed |= match verdict {
                Verdict::Act { .. } | Verdict::Stale | Verdict::Refused { .. } => true,
                Verdict::Hangs
                | Verdict::NotListening
                | Verdict::Forbidden
                | Verdict::BadStatus { .. }
                | Verdict::BadBody
                | Verdict::CutShort
                | Verdict::AnswerLost
                | Verdict::EffectLate { .. }
                | Verdict::DownFor { .. }
                | Verdict::Killed
                | Verdict::Interrupted
                | Verdict::Slow { .. } => false,
            };
        }
    }

    fn commanded(&mut self, command: &Command, world: &World, history: &History) {
        self.judge_history(world, history);
        self.began_at = history.point();
        self.own = self.own_in(world);
        if self.done == 0 {
            self.before = self.own.keys().cloned().collect();
            let record = world.state.records.get(&self.names.gateway).and_then(|seen| seen.record());
            let named =
                |record: &GatewayRecord| record.volume_names().into_iter().chain(record.set_aside.clone()).collect();
            self.recorded_before = record.map(named).unwrap_or_default();
            self.node_name_before = record.map(|record| record.node_name.clone());
            self.held_before = self.held_in(world);
            let recorded = record.map(|record| record.container.clone());
            let is_its = |own: &&Container| own.name == self.names.container || Some(&own.id) == recorded.as_ref();
            let own = self.own.values().filter(is_its);
            let mounted = own.flat_map(|own| &own.config.mounts).filter_map(Mounted::volume);
            self.mounted_before = mounted.cloned().collect();
            let used = world.daemon().volumes.iter().filter(|(_, volume)| volume.used);
            self.used_before = used.map(|(name, _)| name.clone()).collect();
        }
        if matches!(command, Command::Observe(_)) {
            self.looked_at = history.point();
            self.disturbed = false;
        }
        self.judge_command(command, world, history);
    }

    fn answered(&mut self, command: &Command, event: &Event, world: &World, history: &History) {
        self.judge_answer(command, event, history);
        self.judge_history(world, history);
        match event {
            Event::Observed { host } => {
                self.unknown = host.containers.known().is_none();
                self.health_known = host.readiness.known().is_some();
                let others_acted = history.since(self.began_at).iter().any(|happened| happened.by != Actor::Run);
                let says = matches!(host.readiness.known(), Some(Readiness::Ready { .. }));
                self.ready = says && (self.is_ready(world) || others_acted);
            }
            Event::BackedUp { .. } => self.meddled = false,
            Event::NamesFound { found } => self.unknown = found.known().is_none(),
            Event::Failed { failure: Failure::Unknown { .. } } => {
                self.unknown = !matches!(command, Command::WriteRecord { .. });
                self.stop_lost |= matches!(command, Command::StopContainer { .. } | Command::RestartContainer { .. });
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
            | Event::BackupVerified { .. }
            | Event::Interrupted { .. } => {}
        }
    }
}
