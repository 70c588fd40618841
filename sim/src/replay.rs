//! Replays a run that left a trace: feeds its events to the engine and compares the commands. Commands are never read
//! back: what differs is told, and nothing is carried out.

use std::io::BufRead;

use engine::{Consent, Event, GatewayName, GatewaySpec, Intent, Onboarding, Purpose, Replace, Then, Typed, VolumeName};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// What became of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How many steps were replayed.
    pub steps: usize,
    /// The first command that differs.
    pub differs: Option<Difference>,
    /// Whether the last line was cut short, as by a killed run.
    pub cut: bool,
}

/// A command that the engine did not name, or another one that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In which line of the trace, from 1.
    pub line: usize,
    /// The command in the trace.
    pub traced: Value,
    /// What the engine names; none where it has finished.
    pub named: Option<Value>,
}

/// Why a trace cannot be replayed.
#[derive(Debug, Error)]
pub enum BadTrace {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// A line is not one of a trace.
    #[error("line {line}: {problem}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// It was written by a newer version.
    #[error("its schema is {0}, and this version reads {known}", known = engine::TRACE_SCHEMA)]
    Newer(u32),
}

#[derive(Deserialize)]
struct AnyHead {
    schema: u32,
}

#[derive(Deserialize)]
struct Head {
    intent: TracedIntent,
}

/// An intent as a trace holds it. An owner's consent is made anew from the name that was typed.
#[derive(Deserialize)]
struct TracedIntent {
    gateway: GatewayName,
    purpose: Purpose,
    spec: GatewaySpec,
    alternatives: Vec<GatewaySpec>,
    typed: Typed,
    replace: Option<Replace>,
    leave_behind: bool,
    #[serde(default)]
    no_backup: bool,
    carry: Vec<String>,
    reset: Option<TracedConsent>,
    #[serde(default)]
    consent: Option<TracedConsent>,
    #[serde(default)]
    restore: Option<String>,
    node_name: Option<String>,
    adopt: Option<VolumeName>,
    accept_daemon: bool,
    wait_for_lock: bool,
}

#[derive(Deserialize)]
struct TracedConsent {
    gateway: GatewayName,
}

#[derive(Deserialize)]
struct Step {
    command: Value,
    event: Event,
}

/// Replays a trace.
///
/// # Errors
/// A trace that is none, or that a newer version wrote.
pub fn replay(trace: impl BufRead) -> Result<Replayed, BadTrace> {
    let lines: Vec<String> = trace.lines().collect::<Result<_, _>>()?;
    let (head, steps) = lines.split_first().ok_or(BadTrace::Empty)?;
    let (mut machine, first) = Onboarding::new(read_head(head)?);
    let mut next = Some(first);
    let mut replayed = Replayed { steps: 0, differs: None, cut: false };
    for (at, line) in steps.iter().enumerate() {
        let number = at + 2;
        let step: Step = match serde_json::from_str(line) {
            Ok(step) => step,
            Err(_) if at + 1 == steps.len() => {
                replayed.cut = true;
                break;
            }
            Err(error) => return Err(BadTrace::Line { line: number, problem: error.to_string() }),
        };
        let named = next.as_ref().map(serde_json::to_value).transpose();
        let named = named.map_err(|error| BadTrace::Line { line: number, problem: error.to_string() })?;
        if named.as_ref() != Some(&step.command) {
            replayed.differs = Some(Difference { line: number, traced: step.command, named });
            break;
        }
        next = match machine.answer(&step.event) {
            Some(Then::Perform(command)) => Some(command),
            Some(Then::Finish(_)) => None,
            None => {
                let problem = "its event is no answer to its command".to_owned();
                return Err(BadTrace::Line { line: number, problem });
            }
        };
        replayed.steps += 1;
    }
    Ok(replayed)
}

fn read_head(line: &str) -> Result<Intent, BadTrace> {
    let bad = |error: serde_json::Error| BadTrace::Line { line: 1, problem: error.to_string() };
    let AnyHead { schema } = serde_json::from_str(line).map_err(bad)?;
    if schema > engine::TRACE_SCHEMA {
        return Err(BadTrace::Newer(schema));
    }
    let Head { intent } = serde_json::from_str(line).map_err(bad)?;
    let refused = |refused: engine::ConsentRefused| BadTrace::Line { line: 1, problem: refused.to_string() };
    let consent = |typed: &TracedConsent| Consent::typed(&intent.gateway, typed.gateway.as_str()).map_err(refused);
    Ok(Intent {
        reset: intent.reset.as_ref().map(consent).transpose()?,
        consent: intent.consent.as_ref().map(consent).transpose()?,
        restore: intent.restore,
        gateway: intent.gateway,
        purpose: intent.purpose,
        spec: intent.spec,
        alternatives: intent.alternatives,
        typed: intent.typed,
        replace: intent.replace,
        leave_behind: intent.leave_behind,
        no_backup: intent.no_backup,
        carry: intent.carry,
        node_name: intent.node_name,
        adopt: intent.adopt,
        accept_daemon: intent.accept_daemon,
        wait_for_lock: intent.wait_for_lock,
    })
}
