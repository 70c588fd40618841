//! One command: without a fault, and with each that can befall it.

use std::sync::Arc;

use engine::Then;

use super::model::Check;
use super::state::{Running, State, Way};
use crate::base::at_once;
use crate::fault::{CallKind, Rule};
use crate::host::{Both, Happening, Moment, SimHost, Witness, kind_of};
use crate::oracle::Breach;
use crate::seam::Seam;
use crate::world::World;
use crate::world::effect::Actor;

/// The calls that a command made.
#[derive(Default)]
struct Calls(Vec<CallKind>);

impl Witness for Calls {
    fn saw(&mut self, moment: &Moment) {
        if let Happening::Called(kind) = moment.what {
            self.0.push(kind);
        }
    }
}

impl<S: Seam + Clone + Send + Sync + 'static> Check<S> {
    /// Everything that can come of the next command.
    pub(super) fn step(&self, way: &Way, running: &Running<S>, next: &mut Vec<State<S>>) {
        let mut calls = Calls::default();
        next.extend(self.carry_out(way, running, &[], &mut calls));
        if way.left == 0 {
            return;
        }
        let command = kind_of(&running.command);
        let plans = self.faults.of(command, &calls.0, &running.world, &way.start.names, &self.coverage);
        for rules in plans {
            let way = way.disturbed_by(&rules, running.oracle.commands() + 1);
            next.extend(self.carry_out(&way, running, &rules, &mut Calls::default()));
        }
    }

    /// Carries the command out while these rules hold; none where one of them never came to hold.
    fn carry_out(&self, way: &Way, running: &Running<S>, rules: &[Rule], calls: &mut Calls) -> Option<State<S>> {
        let mut world = World::clone(&running.world);
        let mut history = running.history.clone();
        let mut oracle = running.oracle.clone();
        let mut seam = running.seam.clone();
        let began = history.point();
        let mut both = Both(&mut oracle, calls);
        let names = &way.start.names;
        let mut host = SimHost::new(&mut world, &mut history, names, Actor::Run, rules, &mut both)
            .going_on(running.host.clone(), Some(running.first.clone()));
        let event = at_once(seam.perform(&mut host, &running.command));
        if host.held().iter().any(|held| !held) {
            return None;
        }
        let between = host.between();
        let Some(event) = event else {
            oracle.died(&world, &history);
            between.end(&mut world);
            let way = Way { died: true, ..way.over(oracle.acts, oracle.commands()) };
            return Some(self.checked(&way, oracle.breaches).unwrap_or_else(|| State::over(way, world)));
        };
        self.coverage.note_effects(names, history.since(began), &world);
        let mut machine = running.machine.clone();
        let then = machine.handle(&event);
        self.coverage.went(running.machine.state_name(), &event, machine.state_name());
        self.coverage.decided(machine.row());
        Some(match then {
            Then::Perform(command) => {
                self.coverage.note_look(&event, &command);
                if let Some(broken) = self.checked(way, std::mem::take(&mut oracle.breaches)) {
                    return Some(broken);
                }
                oracle.rest(&mut history);
                let running = Running {
                    machine,
                    command: Arc::new(command),
                    host: between,
                    oracle,
                    history,
                    world: Arc::new(world),
                    first: running.first.clone(),
                    seam,
                };
                State::running(way.clone(), running)
            }
            Then::Finish(outcome) => {
                oracle.ended(&outcome, &world, &history);
                between.end(&mut world);
                self.coverage.note_end(&outcome, oracle.acts, way.died);
                let way = way.over(oracle.acts, oracle.commands());
                self.checked(&way, oracle.breaches).unwrap_or_else(|| State::over(way, world))
            }
        })
    }

    fn checked(&self, way: &Way, breaches: Vec<Breach>) -> Option<State<S>> {
        (!breaches.is_empty()).then(|| self.broken(way.clone(), breaches))
    }
}
