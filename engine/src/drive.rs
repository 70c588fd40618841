//! The one loop that feeds the machine: on a real host, on the simulated one, in the checker and in a replay.

use crate::command::Command;
use crate::event::Event;
use crate::intent::Intent;
use crate::machine::{Onboarding, Then};
use crate::outcome::Outcome;
use crate::plan::Row;
use crate::shared::Shared;

/// Something that carries out commands: a real Docker host, or a simulated one.
///
/// A host does just what the command says, answers what it learnt, and keeps time: an answer that does not come in time
/// is `Unknown`. It retries nothing by itself.
#[expect(async_fn_in_trait, reason = "one task drives one run; no `Send` is needed, and none is promised")]
pub trait Host {
    /// Carries out one command and tells the answer.
    async fn perform(&mut self, command: &Command) -> Event;
}

/// Somebody who watches a run: the progress display, the trace.
pub trait Watch {
    /// A command is about to be carried out. `state` is the machine's state that waits for the answer.
    fn begins(&mut self, state: &'static str, command: &Command);
    /// It was answered.
    fn ended(&mut self, state: &'static str, command: &Command, event: &Event);
    /// What the answer led to: the row that decided last, if one did by now.
    fn decided(&mut self, _row: Option<Row>) {}
}

/// Runs one onboarding to its end.
pub async fn drive(host: &mut impl Host, watch: &mut impl Watch, intent: impl Into<Shared<Intent>>) -> Outcome {
    let (mut machine, mut command) = Onboarding::new(intent);
    loop {
        let state = machine.state_name();
        watch.begins(state, &command);
        let event = host.perform(&command).await;
        watch.ended(state, &command, &event);
        let then = machine.handle(&event);
        watch.decided(machine.row());
        command = match then {
            Then::Perform(next) => next,
            Then::Finish(outcome) => return *outcome,
        };
    }
}
