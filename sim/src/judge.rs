//! One case, judged whole: the run that meets its faults, then undisturbed runs that must converge, then one that must
//! change nothing.

use engine::{
    ContainerId, End, Intent, LABEL_REPLACES, LABEL_RESTART, LABEL_ROLE, Outcome, Purpose, ROLE_HELPER, ROLE_NEXT,
    Reason, RestartPolicy, Typed,
};

use crate::base::Names;
use crate::fault::{Rule, Verdict};
use crate::host::{Both, Nobody, SimHost, Witness};
use crate::oracle::{Acts, Breach, Invariant, Oracle};
use crate::run::{Ran, through};
use crate::seam::{Open, Seam};
use crate::world::World;
use crate::world::container::Container;
use crate::world::effect::{Actor, History};

/// A world, what a person asks for in it, and what goes wrong.
#[derive(Clone, Debug)]
pub struct Case {
    /// The world before the run.
    pub world: World,
    /// What its gateway is called.
    pub names: Names,
    /// What is asked for.
    pub intent: Intent,
    /// What goes wrong.
    pub rules: Vec<Rule>,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What did not hold.
    pub breaches: Vec<Breach>,
    /// The run that met the faults.
    pub first: Ran,
    /// How the undisturbed run after it ended.
    pub converged: Option<Outcome>,
    /// What the first run did, by the truth.
    pub acts: Acts,
    /// The world in the end.
    pub world: World,
    /// What happened in all.
    pub history: History,
}

/// How long everything that is still to come may take, in milliseconds.
const SETTLED_AFTER_MS: u64 = 120_000;

/// How many acts a restart is.
const REPAIR: u32 = 2;

/// How many more acts a replacement takes that is undone half-way: a helper and the next container are removed, the one
/// ends and the other starts.
const UNDONE: u32 = 4;

impl Case {
    /// Runs it and judges it.
    pub fn judge(&self) -> Judged {
        self.judge_watched(&mut Nobody)
    }

    /// The same while somebody watches the run that meets the faults.
    pub fn judge_watched(&self, watcher: &mut impl Witness) -> Judged {
        self.judge_through(&|_| Open, watcher)
    }

    /// The same with what `seam` makes for each run between the engine and its host.
    pub fn judge_through<S: Seam>(&self, seam: &impl Fn(&Intent) -> S, watcher: &mut impl Witness) -> Judged {
        self.judge_all(seam, watcher, false)
    }

    /// The same where somebody runs it again at once, while effects of the first run may still be to come.
    pub fn judge_hurried(&self) -> Judged {
        self.judge_all(&|_| Open, &mut Nobody, true)
    }

    fn judge_all<S: Seam>(&self, seam: &impl Fn(&Intent) -> S, watcher: &mut impl Witness, hurried: bool) -> Judged {
        let mut world = self.world.clone();
        let mut history = History::default();
        let (first, mut acts, mut breaches) =
            self.step(seam, &self.intent, &mut world, &mut history, &self.rules, watcher);
        let again = self.plain();
        if hurried {
            world.leave_late_to(Actor::OtherRun);
            let (_, more_acts, more) = self.step(seam, &again, &mut world, &mut history, &[], &mut Nobody);
            breaches.extend(more);
            acts += more_acts;
        }
        heal(&mut world, &mut history);
        world.pass(SETTLED_AFTER_MS, &mut history);
        let (second, second_acts, more) = self.step(seam, &again, &mut world, &mut history, &[], &mut Nobody);
        breaches.extend(more);
        let (third, third_acts, more) = self.step(seam, &again, &mut world, &mut history, &[], &mut Nobody);
        breaches.extend(more);
        let ends = |ran: &Ran| ran.outcome.as_ref().map(Outcome::reason);
        // A gateway that warms up longer than anybody waits for it, or that also has to be restarted once it is unpaused,
        // is ready in the end.
        let became_ready = ends(&second) == Some(Reason::NotRecovered) && third.outcome.as_ref().is_some_and(is_ready);
        let both_ready = [&second, &third].iter().all(|ran| ran.outcome.as_ref().is_some_and(is_ready));
        // Whether one whose health nobody can ask has ended again or is about to depends on when it is looked at.
        let hidden = [Some(Reason::NotRecovered), Some(Reason::ReadinessUnknown)];
        let both_hidden =
            world.health_hidden.is_some() && [&second, &third].iter().all(|ran| hidden.contains(&ends(ran)));
        let settled = ends(&third) == ends(&second) || both_ready || became_ready || both_hidden;
        if ends(&second).is_none() || !settled {
            let what = format!("undisturbed runs end as {:?}, then as {:?}", ends(&second), ends(&third));
            breaches.push(Breach { invariant: Invariant::ItEnds, what });
        }
        // A gateway that is not ready is started or restarted once by each run.
        let is_ready = third.outcome.as_ref().is_some_and(is_ready);
        if (is_ready && !became_ready && third_acts.sum() > 0) || third_acts.sum() > second_acts.sum().max(REPAIR) {
            let what = format!("the undisturbed run after an undisturbed run still acts: {third_acts:?}");
            breaches.push(Breach { invariant: Invariant::NoNeedlessActs, what });
        }
        if is_ready && ends(&third) != Some(Reason::Unverified) {
            self.judge_left_over(&world, &mut breaches);
        }
        if !became_ready {
            self.compare(seam, &again, &second, acts, second_acts, &world, &mut breaches);
        }
        Judged { breaches, first, converged: second.outcome, acts, world, history }
    }

    /// What is asked for afterwards: who asked for a reset or a replacement does not ask again, so that what was cut is
    /// finished or undone; what was to be left behind and taken along is still said.
    fn plain(&self) -> Intent {
        let plain = Intent { reset: None, replace: None, ..self.intent.clone() };
        if !self.replaces() {
            return plain;
        }
        let typed = Typed { spec: false, image: false, port: false, ..self.intent.typed };
        Intent { typed, spec: self.names.spec.clone(), ..plain }
    }

    /// Whether a replacement was asked for: where there is nothing to replace, what was typed is how it is to be made.
    fn replaces(&self) -> bool {
        let typed = self.intent.typed;
        let names = [self.names.container.clone(), self.names.next(), self.names.previous()];
        if names.iter().all(|name| self.world.daemon().named(name).is_none()) {
            return false;
        }
        self.intent.replace.is_some() || typed.spec || typed.image || typed.port
    }

    fn step<S: Seam>(
        &self,
        seam: &impl Fn(&Intent) -> S,
        intent: &Intent,
        world: &mut World,
        history: &mut History,
        rules: &[Rule],
        watcher: &mut impl Witness,
    ) -> (Ran, Acts, Vec<Breach>) {
        let mut oracle = Oracle::new(&self.names, intent, history);
        let mut both = Both(&mut oracle, watcher);
        let host = SimHost::new(world, history, &self.names, Actor::Run, rules, &mut both);
        let ran = through(&mut seam(intent), host, intent.clone());
        match &ran.outcome {
            Some(outcome) => oracle.ended(outcome, world, history),
            None => oracle.died(world, history),
        }
        (ran, oracle.acts, oracle.breaches)
    }

    /// After undisturbed runs that end in a ready gateway there is nothing of a replacement or a backup left, and the one
    /// container that is there has the policy that the gateway had.
    fn judge_left_over(&self, world: &World, breaches: &mut Vec<Breach>) {
        let mut breach = |what| breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        let containers = &world.daemon().store.containers;
        let role = |container: &Container| {
            let labels = &container.config.labels;
            let is_ours = engine::gateway_of(labels) == Some(self.names.gateway.as_str());
            labels.get(LABEL_ROLE).cloned().filter(|_| is_ours)
        };
        let replaced =
            |next: &Container| next.config.labels.get(LABEL_REPLACES).map(|id| ContainerId::new(id.as_str()));
        for container in containers.values().filter(|container| container.name != self.names.container) {
            // A next one with nothing to go back to is a gateway, whatever its name.
            let is_next = role(container).is_some_and(|role| role == ROLE_NEXT)
                && replaced(container).is_some_and(|id| containers.contains_key(&id));
            let is_helper = role(container).is_some_and(|role| role == ROLE_HELPER);
            let is_previous = containers.values().any(|next| {
                role(next).is_some_and(|role| role == ROLE_NEXT) && replaced(next).as_ref() == Some(&container.id)
            });
            if is_next || is_helper || is_previous {
                breach(format!("`{}` is left over", container.name));
            }
        }
        let (Some(wanted), Some(own)) = (self.policy(), world.daemon().named(&self.names.container)) else { return };
        // One that was made anew where the old one had gone has the policy that its owner wants.
        let before = self.world.daemon().named(&self.names.container);
        if before.is_none_or(|before| before.id != own.id) && role(own).is_none() {
            return;
        }
        let chosen = self.replaces() && own.restart() == self.intent.spec.restart;
        let meddled = self.rules.iter().any(|rule| matches!(rule.what, Verdict::Act { .. }));
        if own.restart() != wanted && !chosen && !meddled {
            let what = format!("its restart policy is `{}`, and was `{}`", own.restart().as_str(), wanted.as_str());
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
        let promised = next.and_then(|next| next.config.labels.get(LABEL_RESTART));
        match promised {
            Some(word) => RestartPolicy::ALL.into_iter().find(|policy| policy.as_str() == word),
            None => own.map(Container::restart),
        }
    }

    /// Where nobody but the daemon's answers and our own death disturbed the run, it ends where the undisturbed one
    /// does, with the same things there, and did not act much more often.
    #[expect(clippy::too_many_arguments, reason = "each is a part of one comparison")]
    fn compare<S: Seam>(
        &self,
        seam: &impl Fn(&Intent) -> S,
        again: &Intent,
        second: &Ran,
        acts: Acts,
        more: Acts,
        world: &World,
        breaches: &mut Vec<Breach>,
    ) {
        let answers_only = self.rules.iter().all(|rule| match rule.what {
            Verdict::Act { .. } | Verdict::Stale => false,
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
            | Verdict::Slow { .. } => true,
        });
        // What a reset that was cut short is worth depends on when.
        let comparable = answers_only && self.intent.reset.is_none() && self.intent.purpose == Purpose::Onboard;
        // So is how far a gateway came that warms up longer than anybody waits, and what a replacement is worth whose image
        // has rewritten the data; and a second daemon that comes up may take the port.
        let programs = || self.world.programs.values();
        let slow = programs().any(|program| program.warm_up_ms > self.names.spec.warm_up_ms);
        let migrates = self.replaces() && programs().any(|program| program.form > 0);
        if self.rules.is_empty() || !comparable || slow || migrates || self.world.daemons.len() > 1 {
            return;
        }
        let mut alone = self.world.clone();
        let mut history = History::default();
        let (_, first_acts, _) = self.step(seam, &self.intent, &mut alone, &mut history, &[], &mut Nobody);
        heal(&mut alone, &mut history);
        alone.pass(SETTLED_AFTER_MS, &mut history);
        let (reference, again_acts, _) = self.step(seam, again, &mut alone, &mut history, &[], &mut Nobody);
        let (Some(there), Some(here)) = (&reference.outcome, &second.outcome) else { return };
        // A replacement that was cut ends undone or finished; what it was to bring may be no gateway at all.
        if self.replaces() && !is_ready(there) {
            return;
        }
        if is_ready(there) != is_ready(here) || (!is_ready(there) && there.reason() != here.reason()) {
            let what = format!("undisturbed it ends as {:?}, disturbed as {:?}", there.reason(), here.reason());
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        let inventory = |world: &World| {
            let (containers, volumes, networks) = inventory(world);
            // What a next container's image declares as a volume stays where it is undone.
            (containers, if self.replaces() { 0 } else { volumes }, networks)
        };
        let (mut has, mut had) = (inventory(world), inventory(&alone));
        if self.replaces() {
            // A container that is replaced and one that is started again do not need the same networks.
            (has.2, had.2) = (0, 0);
        }
        if is_ready(there) && has != had {
            let what = format!("there is {has:?} instead of {had:?}");
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        let faults = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        // A restart is an end and a start.
        let undoes = if self.replaces() { UNDONE } else { 0 };
        let most = first_acts.sum() + again_acts.sum() + 2 * faults + undoes;
        if acts.sum() + more.sum() > most {
            let what = format!("{acts:?} and {more:?}, instead of {first_acts:?} and {again_acts:?} without faults");
            breaches.push(Breach { invariant: Invariant::NoNeedlessActs, what });
        }
    }
}

fn is_ready(outcome: &Outcome) -> bool {
    matches!(outcome.end, End::Ready { .. })
}

/// How many of each there are, whatever they are called.
fn inventory(world: &World) -> (usize, usize, usize) {
    let daemon = world.daemon();
    (daemon.store.containers.len(), daemon.volumes.len(), daemon.networks.len())
}

/// What broke the machine is over: every daemon runs. What a person did stays.
fn heal(world: &mut World, history: &mut History) {
    for at in 0..world.daemons.len() {
        world.start_daemon(at, history);
    }
}
