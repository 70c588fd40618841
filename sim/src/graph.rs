//! The states of a run as a Mermaid diagram: what leads from which to which, as seen where everything that can befall a
//! few cases befell them. Drawn from the machine itself, so that the page that shows it can be kept true by a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};

use engine::{Event, Onboarding};

use crate::check::{Faults, Kinds, Round, Tally, check, own_cases, shipped};
use crate::scenario::Bases;
use crate::seam::Open;

/// From which state, on which event, to which.
pub type Edge = (&'static str, String, &'static str);

/// The edges that were seen, by several threads.
#[derive(Debug, Default)]
pub struct Edges(Mutex<BTreeSet<Edge>>);

impl Edges {
    pub(crate) fn note(&self, from: &'static str, event: &Event, to: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((from, name_of(event), to));
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<Edge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The name of an event's variant, whichever there are.
fn name_of(event: &Event) -> String {
    let mut word = FirstWord(String::new());
    let _it_stops_behind_the_first_word = write!(word, "{event:?}");
    word.0
}

struct FirstWord(String);

impl Write for FirstWord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let word = text.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
        self.0.push_str(word);
        if word.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Of the shipped cases every so-manieth meets faults, too: more of them show no further edge.
const EVERY: usize = 4;

/// The diagram of the machine as it is: what its shipped cases come to, and some of them where Docker and we ourselves
/// fail.
///
/// # Errors
/// A shipped scenario that cannot be used.
pub fn diagram(bases: &Bases) -> Result<String, String> {
    let starts = own_cases(&shipped()?, bases).map_err(|error| error.to_string())?;
    let some = starts.iter().step_by(EVERY).cloned().collect();
    let tally = Tally::with_edges(&[]);
    let rounds = vec![
        Round { starts, faults: Faults::new(Kinds::All, 0, &[]) },
        Round { starts: some, faults: Faults::new(Kinds::All, 1, &[]) },
    ];
    check(rounds, &tally, 2, |_| Open);
    Ok(mermaid(&tally.edges()))
}

/// The diagram of these edges. An interruption leads from everywhere to the end, or begins to undo: that is not drawn.
fn mermaid(edges: &[Edge]) -> String {
    let id = |state: &str| state.replace('-', "_");
    let mut text = String::from("stateDiagram-v2\n");
    let mut phases: BTreeMap<usize, (&str, Vec<&str>)> = BTreeMap::new();
    for (nth, (phase, state)) in Onboarding::STATES.iter().enumerate() {
        let at = Onboarding::STATES.iter().position(|(other, _)| other == phase).unwrap_or(nth);
        phases.entry(at).or_insert((phase, Vec::new())).1.push(state);
    }
    for (phase, states) in phases.into_values() {
        let indent = if phase.is_empty() { "    " } else { "        " };
        if !phase.is_empty() {
            text += &format!("    state {phase} {{\n");
        }
        for state in states {
            text += &format!("{indent}{}: {state}\n", id(state));
        }
        if !phase.is_empty() {
            text += "    }\n";
        }
    }
    text += &format!("    [*] --> {}\n    [*] --> {}\n", id("taking-lock"), id("reading-record"));
    let mut labels: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (from, event, to) in edges.iter().filter(|(_, event, _)| event != "Interrupted") {
        labels.entry((from, to)).or_default().push(event);
    }
    for ((from, to), events) in labels {
        text += &format!("    {} --> {}: {}\n", id(from), id(to), events.join(", "));
    }
    text + &format!("    {} --> [*]\n", id("finished"))
}
