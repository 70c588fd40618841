//! One case, judged whole: the run that meets its faults, then undisturbed runs that must converge, then one that must
//! change nothing.

mod left_over;

use engine::{End, How, Intent, Outcome, Purpose, Reason, Typed};

use crate::base::Names;
use crate::fault::{Rule, Verdict};
use crate::host::{Both, Nobody, SimHost, Witness};
use crate::oracle::{Acts, Breach, Invariant, Oracle};
use crate::run::{Ran, through};
use crate::seam::{Open, Seam};
use crate::world::World;
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
        let again = self.plain(&self.intent);
        if hurried {
            world.leave_late_to(Actor::OtherRun);
            let (_, more_acts, more) = self.step(seam, &again, &mut world, &mut history, &[], &mut Nobody);
            breaches.extend(more);
            acts += more_acts;
        }
        heal(&mut world, &mut history);
        world.pass(SETTLED_AFTER_MS, &mut history);
        let there: Vec<_> = world.daemon().volumes.keys().cloned().collect();
        let (second, second_acts, more) = self.step(seam, &again, &mut world, &mut history, &[], &mut Nobody);
        breaches.extend(more);
        let restored = second.outcome.as_ref().is_some_and(|outcome| is_how(outcome, How::Restored));
        let left = self.unfinished(&world);
        if let Some(name) = left.iter().find(|name| restored || !there.contains(*name)) {
            let what = format!("volume `{name}`, which nobody uses, is left over of a restore");
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        // A gateway that was restored is a gateway: to restore it again would be another wish.
        let then = if restored { self.plain(&Intent { restore: None, ..again.clone() }) } else { again.clone() };
        let (third, third_acts, more) = self.step(seam, &then, &mut world, &mut history, &[], &mut Nobody);
        breaches.extend(more);
        // Docker is as unknown where this run has changed something before as where it has not.
        let ends = |ran: &Ran| match ran.outcome.as_ref().map(Outcome::reason) {
            Some(Reason::DockerLost) => Some(Reason::DockerUnknown),
            end => end,
        };
        // A gateway that warms up longer than anybody waits for it, or that also has to be restarted once it is unpaused,
        // is ready in the end.
        let tried_in_vain = ends(&second) == Some(Reason::NotRecovered)
            || again.restore.is_some() && ends(&second) == Some(Reason::RolledBack);
        let became_ready = tried_in_vain && third.outcome.as_ref().is_some_and(is_ready);
        let both_ready = [&second, &third].iter().all(|ran| ran.outcome.as_ref().is_some_and(is_ready));
        // Whether one whose health nobody can ask has ended again or is about to depends on when it is looked at.
        // And whether a replacement was finished that another run began is not to be known either, changed or not.
        let hidden = [Reason::NotRecovered, Reason::ReadinessUnknown, Reason::DockerUnknown].map(Some);
        let both_hidden =
            world.health_hidden.is_some() && [&second, &third].iter().all(|ran| hidden.contains(&ends(ran)));
        // Each restore that is asked for is tried anew, also where the last one could not be undone.
        let not_restored = [Reason::NotRecovered, Reason::RolledBack, Reason::NotPutBack, Reason::PortHeld].map(Some);
        let both_tried =
            again.restore.is_some() && [&second, &third].iter().all(|ran| not_restored.contains(&ends(ran)));
        let settled = ends(&third) == ends(&second) || both_tried || both_ready || became_ready || both_hidden;
        if ends(&second).is_none() || !settled {
            let what = format!("undisturbed runs end as {:?}, then as {:?}", ends(&second), ends(&third));
            breaches.push(Breach { invariant: Invariant::ItEnds, what });
        }
        // A gateway that is not ready is started or restarted once by each run.
        let is_ready = third.outcome.as_ref().is_some_and(is_ready);
        // What others have given the gateway's label is only known to be its own once there is no record.
        let is_destroyed = third
            .outcome
            .as_ref()
            .is_some_and(|outcome| matches!(&outcome.end, End::Destroyed { removed, .. } if removed.is_empty()));
        // One that is stopped for a backup that fails is started again by each run that asks for it.
        let attempt = if again.is_for_ready() { REPAIR } else { UNDONE };
        if (is_destroyed && third_acts.sum() > 0)
            || (is_ready && !became_ready && third_acts.sum() > 0)
            || !both_tried && third_acts.sum() > second_acts.sum().max(attempt)
        {
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
    /// finished or undone; what was to be left behind and taken along is still said. Who asked for a restore or a destruction
    /// asks for it again.
    fn plain(&self, intent: &Intent) -> Intent {
        if intent.restore.is_some() {
            return intent.clone();
        }
        let plain = Intent { reset: None, replace: None, ..intent.clone() };
        if !self.replaces() {
            return plain;
        }
        let typed = Typed { spec: false, image: false, port: false, ..intent.typed };
        Intent { typed, spec: self.names.spec.clone(), ..plain }
    }

    /// Whether a replacement was asked for: where there is nothing to replace, what was typed is how it is to be made.
    fn replaces(&self) -> bool {
        let typed = self.intent.typed;
        let names = [self.names.container.clone(), self.names.next(), self.names.previous()];
        if names.iter().all(|name| self.world.daemon().named(name).is_none()) {
            return false;
        }
        self.intent.replace.is_some() || self.intent.restore.is_some() || typed.spec || typed.image || typed.port
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
        let purpose = self.intent.purpose;
        let comparable = answers_only
            && self.intent.reset.is_none()
            && (purpose == Purpose::Onboard || matches!(purpose, Purpose::Destroy(_)));
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
        let restores = self.intent.restore.is_some();
        let inventory = |world: &World| {
            let (containers, volumes, networks) = inventory(world);
            // What a next container's image declares as a volume stays where it is undone.
            (containers, if self.replaces() || restores { 0 } else { volumes }, networks)
        };
        let (mut has, mut had) = (inventory(world), inventory(&alone));
        if self.replaces() {
            // A container that is replaced and one that is started again do not need the same networks.
            (has.2, had.2) = (0, 0);
        }
        let ended_well = |outcome: &Outcome| is_ready(outcome) || matches!(outcome.end, End::Destroyed { .. });
        if ended_well(there) && has != had {
            let what = format!("there is {has:?} instead of {had:?}");
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        let faults = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        // A restart is an end and a start.
        let undoes = if self.replaces() || restores || purpose != Purpose::Onboard { UNDONE } else { 0 };
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

fn is_how(outcome: &Outcome, wanted: How) -> bool {
    matches!(&outcome.end, End::Ready { how, .. } if *how == wanted)
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
