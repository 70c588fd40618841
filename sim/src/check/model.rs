//! The stateright model. Its transition function is the engine's own, its world the simulator's own, and it is judged by
//! the oracle that judges everything else: this only says which states and faults there are.
//!
//! A step is one command, with or without a fault within it. A run's graph has no cycles: each command takes time, and
//! what is left of a run's time is a part of its state. After its end, or its death, a case goes on in two ways: it is run
//! again at once, with the faults that are left; or what broke is over, and two undisturbed runs must end alike.

use std::sync::Arc;

use engine::Intent;
use stateright::{Model, Property};

use super::cases::Start;
use super::coverage::Coverage;
use super::faults::Faults;
use super::found::{Exception, Finds};
use super::properties::{Sight, properties};
use super::report::{Round, Tally};
use super::settled::Settled;
use super::state::{At, Running, State, Trail, Way};
use crate::host::Between;
use crate::judge::Disturbed;
use crate::oracle::{Acts, Breach, Invariant, Oracle};
use crate::scenario::{Again, Scenario};
use crate::seam::Seam;
use crate::world::World;
use crate::world::effect::{Actor, History};

/// What is checked.
pub struct Check<S> {
    pub(super) starts: Vec<Arc<Start>>,
    pub(super) faults: Faults,
    pub(super) seam: Box<dyn Fn(&Intent) -> S + Send + Sync>,
    pub(super) coverage: Arc<Coverage>,
    pub(super) finds: Arc<Finds>,
    pub(super) settled: Settled,
}

/// A transition, which holds where it leads: that was found out in order to know that there is one.
pub struct Action<S>(State<S>);

impl<S: Clone> Clone for Action<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> PartialEq for Action<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S> std::fmt::Debug for Action<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Seam + Clone + Send + Sync + 'static> Model for Check<S> {
    type State = State<S>;
    type Action = Action<S>;

    fn init_states(&self) -> Vec<State<S>> {
        self.starts.iter().map(|start| self.begin(start)).collect()
    }

    fn actions(&self, state: &State<S>, actions: &mut Vec<Action<S>>) {
        let mut next = Vec::new();
        match &state.at {
            At::Running(running) => self.step(&state.way, running, &mut next),
            At::Over(world) => self.go_on(&state.way, world, &mut next),
            At::Settled | At::Broken(_) | At::Excepted => {}
        }
        actions.extend(next.into_iter().map(Action));
    }

    fn next_state(&self, _: &State<S>, action: Action<S>) -> Option<State<S>> {
        Some(action.0)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties()
    }
}

impl<S: Seam + Clone + Send + Sync + 'static> Check<S> {
    /// The cases with their faults; `seam` makes what stands between the engine and the host in each run.
    pub fn new(round: Round, tally: &Tally, seam: impl Fn(&Intent) -> S + Send + Sync + 'static) -> Self {
        let Round { starts, faults } = round;
        let (coverage, finds) = (tally.coverage.clone(), tally.finds.clone());
        Self { starts, faults, seam: Box::new(seam), coverage, finds, settled: Settled::default() }
    }

    fn begin(&self, start: &Arc<Start>) -> State<S> {
        let way = Way {
            start: start.clone(),
            is_first: true,
            left: self.faults.most,
            disturbed: Disturbed::BY_NOTHING,
            acts: Acts::default(),
            commands: 0,
            died: false,
            trail: None,
        };
        self.run(way, start.world.clone())
    }

    /// A run begins.
    fn run(&self, way: Way, world: Arc<World>) -> State<S> {
        let start = &way.start;
        let intent = start.intent(way.is_first);
        let (machine, command) = engine::Onboarding::new(intent.clone());
        self.coverage.entered(machine.state_name());
        let running = Running {
            machine,
            command: Arc::new(command),
            host: Between::first(&start.names),
            oracle: Oracle::shared(start.names.clone(), intent.clone(), &History::default()),
            history: History::default(),
            first: world.clone(),
            world,
            seam: (self.seam)(intent),
        };
        State::running(way, running)
    }

    /// What comes after a run's end: another one at once, and the end of everything.
    fn go_on(&self, way: &Way, world: &Arc<World>, next: &mut Vec<State<S>>) {
        let pending = world.next_change_in_ms().is_some() || world.daemons.iter().any(|daemon| !daemon.up);
        if way.is_first && (way.left > 0 || pending) {
            let mut left = World::clone(world);
            left.leave_late_to(Actor::OtherRun);
            let trail = way.trail.as_deref().cloned().unwrap_or_default();
            let trail = Trail { again: Some(Vec::new()), ..trail };
            let way = Way { is_first: false, trail: Some(Arc::new(trail)), ..way.clone() };
            next.push(self.run(way, Arc::new(left)));
        }
        next.push(self.settle(way, world));
    }

    fn settle(&self, way: &Way, world: &World) -> State<S> {
        let start = &way.start;
        let after = self.settled.after(start, world, &self.seam, &self.coverage);
        let reference = || *start.reference.get_or_init(|| start.case.reference(&self.seam));
        let breaches = start.case.judge_after(way.disturbed, way.acts, &after, reference);
        self.coverage.ended(way.commands, way.acts.unpreventable > 0);
        if !breaches.is_empty() {
            return self.broken(way.clone(), breaches);
        }
        if way.disturbed.faults > 0 {
            self.coverage.saw(Sight::Settled);
        }
        State::end(way.clone(), At::Settled, &(after.second.reason, after.third.reason))
    }

    /// An invariant did not hold: nothing comes after that.
    pub(super) fn broken(&self, way: Way, breaches: Vec<Breach>) -> State<S> {
        let scenario = way.scenario();
        let excepted: Vec<_> = breaches.iter().map(|breach| Exception::of(breach, &scenario)).collect();
        if excepted.iter().all(Option::is_some) {
            excepted.iter().flatten().for_each(|nth| self.finds.except(*nth));
            return State::end(way, At::Excepted, &excepted);
        }
        let rules = way.disturbed.faults as usize + usize::from(!way.is_first);
        for (breach, excepted) in breaches.iter().zip(excepted) {
            if excepted.is_none() {
                self.finds.add(breach, rules, way.start.nth, || scenario.clone());
            }
        }
        let invariants: Vec<_> = breaches.iter().map(|breach| breach.invariant).collect();
        State::end(way, At::Broken(invariants.clone()), &invariants)
    }

    /// Whether an invariant does not hold in a state.
    pub(super) fn breaks(&self, state: &State<S>, invariant: Invariant) -> bool {
        match &state.at {
            At::Broken(invariants) => invariants.contains(&invariant),
            At::Running(_) | At::Over(_) | At::Settled | At::Excepted => false,
        }
    }
}

impl Way {
    /// What came so far, as a scenario.
    fn scenario(&self) -> Scenario {
        let trail = self.trail.as_deref().cloned().unwrap_or_default();
        let again = trail.again.map(|rules| Again { rules });
        Scenario { rules: trail.rules, again, ..self.start.scenario.clone() }
    }
}
