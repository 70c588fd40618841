//! One run of the engine on a simulated host, to its end or its death.

use engine::{Intent, Outcome, Purpose, Row, Shared, Typed, Watch, drive};

use crate::base::{Names, at_once};
use crate::fault::Rule;
use crate::host::{Nobody, SimHost, Witness};
use crate::seam::{Behind, Open, Seam};
use crate::world::World;
use crate::world::effect::{Actor, History};

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended; none where it was killed.
    pub outcome: Option<Outcome>,
    /// How many commands it gave.
    pub commands: u32,
    /// How long it took, in virtual milliseconds.
    pub took_ms: u64,
    /// Which of the rules came to hold.
    pub held: Vec<bool>,
    /// The rows that decided, one after another, each with how many commands had been answered by then.
    pub rows: Vec<(u32, Row)>,
}

/// Notes the rows that decide.
#[derive(Default)]
struct Rows {
    answered: u32,
    rows: Vec<(u32, Row)>,
}

impl Watch for Rows {
    fn begins(&mut self, _state: &'static str, _command: &engine::Command) {}

    fn ended(&mut self, _state: &'static str, _command: &engine::Command, _event: &engine::Event) {
        self.answered += 1;
    }

    fn decided(&mut self, row: Option<Row>) {
        if let Some(row) = row
            && self.rows.last().is_none_or(|(_, last)| *last != row)
        {
            self.rows.push((self.answered, row));
        }
    }
}

/// Runs `intent` in a world in which these rules hold.
pub fn run<W: Witness>(
    world: &mut World,
    names: &Names,
    intent: Intent,
    rules: &[Rule],
    history: &mut History,
    witness: &mut W,
) -> Ran {
    let host = SimHost::new(world, history, names, Actor::Run, rules, witness);
    through(&mut Open, host, intent)
}

/// Runs `intent` on a host behind a seam.
pub fn through<W: Witness>(seam: &mut impl Seam, mut host: SimHost<'_, W>, intent: impl Into<Shared<Intent>>) -> Ran {
    let mut rows = Rows::default();
    let outcome = at_once(drive(&mut Behind(seam, &mut host), &mut rows, intent));
    host.end();
    Ran { outcome, commands: host.commands(), took_ms: host.took_ms(), held: host.held().to_vec(), rows: rows.rows }
}

/// An undisturbed onboarding.
pub fn onboard(world: &mut World, names: &Names, history: &mut History) -> Option<Outcome> {
    run(world, names, intent(names, Purpose::Onboard), &[], history, &mut Nobody).outcome
}

/// Another onboarding, from a state directory of its own, to its end.
pub fn another(world: &mut World, names: &Names, history: &mut History) {
    let ours = std::mem::take(&mut world.state);
    let wish = intent(names, Purpose::Onboard);
    through(&mut Open, SimHost::new(world, history, names, Actor::OtherRun, &[], &mut Nobody), wish);
    world.state = ours;
}

/// An earlier run, from the same state directory, to its end or to where these rules kill it.
pub fn earlier(world: &mut World, names: &Names, wish: Intent, rules: &[Rule], history: &mut History) {
    let wish = Intent { wait_for_lock: false, ..wish };
    through(&mut Open, SimHost::new(world, history, names, Actor::OtherRun, rules, &mut Nobody), wish);
}

/// What a person wants who types no more than the preset and the command.
pub fn intent(names: &Names, purpose: Purpose) -> Intent {
    let typed = Typed { preset: true, ..Typed::default() };
    Intent { typed, ..Intent::of(names.gateway.clone(), names.spec.clone(), purpose) }
}
