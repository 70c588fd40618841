//! One case, judged whole: the run that meets its faults, then undisturbed runs that must converge, then one that must
//! change nothing.

mod after;
mod left_over;

use engine::{Intent, Outcome, Purpose, Reason, Shared, Typed};

use self::after::inventory;
pub use self::after::{After, Disturbed, End, Reference};
use crate::base::Names;
use crate::fault::Rule;
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
    /// Where somebody runs it again at once: what goes wrong then.
    pub again: Option<Vec<Rule>>,
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
        self.judge_all(seam, watcher, self.again.as_deref())
    }

    /// The same where somebody runs it again at once, while effects of the first run may still be to come.
    pub fn judge_hurried(&self) -> Judged {
        self.judge_all(&|_| Open, &mut Nobody, Some(self.again.as_deref().unwrap_or_default()))
    }

    fn judge_all<S: Seam>(
        &self,
        seam: &impl Fn(&Intent) -> S,
        watcher: &mut impl Witness,
        hurried: Option<&[Rule]>,
    ) -> Judged {
        let mut world = self.world.clone();
        let mut history = History::default();
        let (first, mut acts, mut breaches) =
            self.step(seam, &self.intent(), &mut world, &mut history, &self.rules, watcher);
        let again = Shared::new(self.plain());
        if let Some(rules) = hurried {
            world.leave_late_to(Actor::OtherRun);
            let (_, more_acts, more) = self.step(seam, &again, &mut world, &mut history, rules, &mut Nobody);
            breaches.extend(more);
            acts += more_acts;
        }
        let (after, converged) = self.settle(seam, &again, &mut world, &mut history);
        let disturbed = Disturbed::by(self.rules.iter().chain(hurried.unwrap_or_default()));
        breaches.extend(self.judge_after(disturbed, acts, &after, || self.reference(seam)));
        Judged { breaches, first, converged, acts, world, history }
    }

    /// What broke the machine is over, and everything that was still to come has come: two undisturbed runs, one after
    /// the other. Also tells how the first of them ended.
    pub fn settle<S: Seam>(
        &self,
        seam: &impl Fn(&Intent) -> S,
        again: &Shared<Intent>,
        world: &mut World,
        history: &mut History,
    ) -> (After, Option<Outcome>) {
        heal(world, history);
        world.pass(SETTLED_AFTER_MS, history);
        let there: Vec<_> = world.daemon().volumes.keys().cloned().collect();
        let (ran, acts, mut breaches) = self.step(seam, again, world, history, &[], &mut Nobody);
        let (second, converged) = (End::of(ran.outcome.as_ref(), acts), ran.outcome);
        let left = self.unfinished(world);
        if let Some(name) = left.iter().find(|name| second.restored || !there.contains(*name)) {
            let what = format!("volume `{name}`, which nobody uses, is left over of a restore");
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        // A gateway that was restored is a gateway: to restore it again would be another wish.
        let then = if second.restored {
            Shared::new(self.plain_of(&Intent { restore: None, ..Intent::clone(again) }))
        } else {
            again.clone()
        };
        let (ran, acts, more) = self.step(seam, &then, world, history, &[], &mut Nobody);
        breaches.extend(more);
        let third = End::of(ran.outcome.as_ref(), acts);
        (After::new(&self.names, breaches, second, third, world), converged)
    }

    /// Judges what became of it in the end: `acts` are those of all runs before the undisturbed ones.
    pub fn judge_after(
        &self,
        disturbed: Disturbed,
        acts: Acts,
        after: &After,
        reference: impl FnOnce() -> Reference,
    ) -> Vec<Breach> {
        let mut breaches = after.breaches.clone();
        let After { second, third, .. } = after;
        let restores = self.intent.restore.is_some();
        // A gateway that warms up longer than anybody waits for it, or that also has to be restarted once it is unpaused,
        // is ready in the end.
        let tried_in_vain =
            second.reason == Some(Reason::NotRecovered) || restores && second.reason == Some(Reason::RolledBack);
        let became_ready = tried_in_vain && third.ready;
        // Whether one whose health nobody can ask has ended again or is about to depends on when it is looked at.
        // And whether a replacement was finished that another run began is not to be known either, changed or not.
        let hidden = [Reason::NotRecovered, Reason::ReadinessUnknown, Reason::DockerUnknown].map(Some);
        let both_hidden = after.health_hidden && [second, third].iter().all(|end| hidden.contains(&end.reason));
        // Each restore that is asked for is tried anew, also where the last one could not be undone.
        let not_restored = [Reason::NotRecovered, Reason::RolledBack, Reason::NotPutBack, Reason::PortHeld].map(Some);
        let both_tried = restores && [second, third].iter().all(|end| not_restored.contains(&end.reason));
        let both_ready = second.ready && third.ready;
        let settled = third.reason == second.reason || both_tried || both_ready || became_ready || both_hidden;
        if second.reason.is_none() || !settled {
            let what = format!("undisturbed runs end as {:?}, then as {:?}", second.reason, third.reason);
            breaches.push(Breach { invariant: Invariant::ItEnds, what });
        }
        // A gateway that is not ready is started or restarted once by each run, and one that is stopped for a backup that
        // fails is started again by each run that asks for it. A backup is made as often as it is asked for.
        let attempt = if self.intent.is_for_ready() { REPAIR } else { UNDONE };
        let acts_on =
            !both_tried && third.acts.sum() > second.acts.sum().max(attempt) && self.intent.purpose != Purpose::BackUp;
        // What others have given the gateway's label is only known to be its own once there is no record.
        let settles = (third.ready && !became_ready) || third.destroyed_nothing;
        if settles && third.acts.sum() > 0 || acts_on {
            let what = format!("the undisturbed run after an undisturbed run still acts: {:?}", third.acts);
            breaches.push(Breach { invariant: Invariant::NoNeedlessActs, what });
        }
        if third.ready && third.reason != Some(Reason::Unverified) {
            self.judge_left_over(disturbed, after, &mut breaches);
        }
        if !became_ready {
            self.compare(disturbed, acts, after, reference, &mut breaches);
        }
        breaches
    }

    fn intent(&self) -> Shared<Intent> {
        Shared::new(self.intent.clone())
    }

    /// What is asked for afterwards: who asked for a reset or a replacement does not ask again, so that what was cut is
    /// finished or undone; what was to be left behind and taken along is still said.
    /// Who asked for a restore or a destruction asks for it again.
    pub fn plain(&self) -> Intent {
        self.plain_of(&self.intent)
    }

    fn plain_of(&self, intent: &Intent) -> Intent {
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
        intent: &Shared<Intent>,
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

    /// How the undisturbed run ends, and one after it.
    pub fn reference<S: Seam>(&self, seam: &impl Fn(&Intent) -> S) -> Reference {
        let mut world = self.world.clone();
        let mut history = History::default();
        let (_, first, _) = self.step(seam, &self.intent(), &mut world, &mut history, &[], &mut Nobody);
        heal(&mut world, &mut history);
        world.pass(SETTLED_AFTER_MS, &mut history);
        let (ran, again, _) = self.step(seam, &Shared::new(self.plain()), &mut world, &mut history, &[], &mut Nobody);
        Reference { end: End::of(ran.outcome.as_ref(), again), first, inventory: inventory(&world) }
    }

    /// Where nobody but the daemon's answers and our own death disturbed the run, it ends where the undisturbed one
    /// does, with the same things there, and did not act much more often.
    fn compare(
        &self,
        disturbed: Disturbed,
        acts: Acts,
        after: &After,
        reference: impl FnOnce() -> Reference,
        breaches: &mut Vec<Breach>,
    ) {
        // What a reset that was cut short is worth depends on when.
        let purpose = self.intent.purpose;
        let comparable = disturbed.answers_only
            && self.intent.reset.is_none()
            && (purpose == Purpose::Onboard || matches!(purpose, Purpose::Destroy(_)));
        // So is how far a gateway came that warms up longer than anybody waits, and what a replacement is worth whose image
        // has rewritten the data; and a second daemon that comes up may take the port.
        let programs = || self.world.programs.values();
        let slow = programs().any(|program| program.warm_up_ms > self.names.spec.warm_up_ms);
        let migrates = self.replaces() && programs().any(|program| program.form > 0);
        if disturbed.faults == 0 || !comparable || slow || migrates || self.world.daemons.len() > 1 {
            return;
        }
        let Reference { end: there, first, inventory: had } = reference();
        let here = &after.second;
        if there.reason.is_none() || here.reason.is_none() {
            return;
        }
        // A replacement that was cut ends undone or finished; what it was to bring may be no gateway at all.
        if self.replaces() && !there.ready {
            return;
        }
        if there.ready != here.ready || (!there.ready && there.reason != here.reason) {
            let what = format!("undisturbed it ends as {:?}, disturbed as {:?}", there.reason, here.reason);
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        // What a next container's image declares as a volume stays where it is undone, and a container that is replaced
        // and one that is started again do not need the same networks.
        let restores = self.intent.restore.is_some();
        let compared = |(containers, volumes, networks): (usize, usize, usize)| {
            if self.replaces() {
                (containers, 0, 0)
            } else {
                (containers, if restores { 0 } else { volumes }, networks)
            }
        };
        let (has, had) = (compared(after.inventory), compared(had));
        if (there.ready || there.destroyed) && has != had {
            let what = format!("there is {has:?} instead of {had:?}");
            breaches.push(Breach { invariant: Invariant::CrashOnly, what });
        }
        // A restart is an end and a start.
        let undoes = if self.replaces() || restores || purpose != Purpose::Onboard { UNDONE } else { 0 };
        let most = first.sum() + there.acts.sum() + 2 * disturbed.faults + undoes;
        let more = here.acts;
        if acts.sum() + more.sum() > most {
            let what = format!("{acts:?} and {more:?}, instead of {first:?} and {:?} without faults", there.acts);
            breaches.push(Breach { invariant: Invariant::NoNeedlessActs, what });
        }
    }
}

/// What broke the machine is over: every daemon runs. What a person did stays.
fn heal(world: &mut World, history: &mut History) {
    for at in 0..world.daemons.len() {
        world.start_daemon(at, history);
    }
}
