//! One onboarding run.
use crate::{command::Command, event::Event, intent::Intent, outcome::Outcome};
/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Onboarding;
/// What comes next.
#[derive(Debug)]
pub enum Then {
    /// Carry this out.
    Perform(Command),
    /// The run is over.
    Finish(Box<Outcome>),
}
impl Onboarding {
    /// Begins.
    pub fn new(_intent: Intent) -> (Self, Command) {
        unimplemented!()
    }
    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        ""
    }
    /// Moves.
    pub fn handle(&mut self, _event: &Event) -> Then {
        unimplemented!()
    }
}
