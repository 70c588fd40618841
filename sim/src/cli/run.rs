//! `run`: one scenario, its timeline and its verdict.

use engine::Row;
use serde::Serialize;
use sim::host::{Happening, Moment, Witness};
use sim::judge::Judged;
use sim::oracle::Breach;
use sim::scenario::{Scenario, end_of};
use sim::world::World;
use sim::world::effect::{Happened, History};

use super::find::{bases, scenario};
use super::{Bad, Output, Verdict, print_json};

/// What is printed of a scenario's run.
#[derive(Serialize)]
struct Report {
    schema: u32,
    scenario: String,
    outcome: String,
    reason: Option<&'static str>,
    converges: Option<&'static str>,
    commands: u32,
    took_ms: u64,
    timeline: Vec<Line>,
    breaches: Vec<Breach>,
    unfulfilled: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    #[serde(skip)]
    nth: u32,
    at_ms: u64,
    actor: &'static str,
    command: &'static str,
    what: String,
}

/// Writes down what happens, in order: calls and faults by the run's own clock, changes as they are found.
#[derive(Default)]
struct Timeline {
    lines: Vec<Line>,
    told: usize,
    /// How many commands there were.
    commands: u32,
}

impl Timeline {
    fn tell_changes(&mut self, command: &'static str, history: &History) {
        let at_ms = self.lines.last().map_or(0, |line| line.at_ms);
        for Happened { by, effect } in history.since(self.told) {
            let actor = match by {
                sim::world::effect::Actor::Run => "run",
                sim::world::effect::Actor::OtherRun => "other run",
                sim::world::effect::Actor::Person => "person",
                sim::world::effect::Actor::Daemon => "daemon",
                sim::world::effect::Actor::Machine => "machine",
            };
            let what = serde_json::to_string(effect).unwrap_or_default();
            self.lines.push(Line { nth: self.commands, at_ms, actor, command, what });
        }
        self.told = history.point();
    }

    /// Puts each row that decided behind the command whose answer it decided by.
    fn tell_rows(&mut self, rows: &[(u32, Row)]) {
        for (answered, row) in rows.iter().rev() {
            let behind = self.lines.iter().rposition(|line| line.nth <= *answered).map_or(0, |at| at + 1);
            let at_ms = behind.checked_sub(1).map_or(0, |before| self.lines[before].at_ms);
            let line = Line { nth: *answered, at_ms, actor: "engine", command: "decides", what: word(row) };
            self.lines.insert(behind, line);
        }
    }
}

impl Witness for Timeline {
    fn saw(&mut self, moment: &Moment) {
        let (actor, what) = match &moment.what {
            Happening::Called(kind) => ("run", format!("calls {}", word(kind))),
            Happening::Broke(verdict) => ("fault", word(verdict)),
        };
        self.lines.push(Line { nth: self.commands, at_ms: moment.at_ms, actor, command: moment.command, what });
    }

    fn commanded(&mut self, _command: &engine::Command, _world: &World, _history: &History) {
        self.commands += 1;
    }

    fn answered(&mut self, command: &engine::Command, _event: &engine::Event, _world: &World, history: &History) {
        self.tell_changes(sim::host::kind_of(command), history);
    }
}

/// A value as one line of JSON, without quotes where it is one word.
fn word(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
}

pub fn run(typed: &str, output: Output) -> Result<Verdict, Bad> {
    let found = scenario(typed)?;
    let bases = bases()?;
    let case = found.scenario.case(&bases).map_err(|error| Bad::Scenario { path: found.name.clone(), error })?;
    let mut timeline = Timeline::default();
    let judged = case.judge_watched(&mut timeline);
    let unfulfilled = found.scenario.unfulfilled(&case, &judged);
    let holds = judged.breaches.is_empty() && unfulfilled.is_empty();
    let never = judged.first.held.iter().position(|held| !held);
    timeline.tell_rows(&judged.first.rows);
    let report = report(found.name.clone(), judged, timeline.lines, unfulfilled);
    match output {
        Output::Json => print_json(&report),
        Output::Text => print(&found.scenario.story, &report),
    }
    match never {
        // A run is the same each time: what did not come to hold in it never does.
        Some(rule) if holds => Err(Bad::Text {
            path: found.name,
            line: Scenario::line_of_rule(&found.text, rule),
            problem: "this rule never comes to hold".to_owned(),
        }),
        Some(_) | None => Ok(if holds { Verdict::Holds } else { Verdict::Broken }),
    }
}

fn report(scenario: String, judged: Judged, timeline: Vec<Line>, unfulfilled: Vec<String>) -> Report {
    let reason = |outcome: &Option<engine::Outcome>| outcome.as_ref().map(|outcome| outcome.reason().id());
    Report {
        schema: 1,
        scenario,
        outcome: end_of(judged.first.outcome.as_ref()),
        reason: reason(&judged.first.outcome),
        converges: reason(&judged.converged),
        commands: judged.first.commands,
        took_ms: judged.first.took_ms,
        timeline,
        breaches: judged.breaches,
        unfulfilled,
    }
}

fn print(story: &str, report: &Report) {
    println!("{}\n", story.trim());
    for Line { at_ms, actor, command, what, .. } in &report.timeline {
        println!("{at_ms:>8} ms  {actor:<9} {command:<18} {what}");
    }
    println!();
    for Breach { invariant, what } in &report.breaches {
        println!("✗ {invariant}: {}\n  {what}", invariant.sentence());
    }
    for what in &report.unfulfilled {
        println!("✗ {what}");
    }
    let mark = if report.breaches.is_empty() && report.unfulfilled.is_empty() { "✓" } else { "✗" };
    let reason = report.reason.unwrap_or("none");
    println!(
        "{mark} {} ({reason}) after {} commands and {} ms; undisturbed it ends as {}.",
        report.outcome,
        report.commands,
        report.took_ms,
        report.converges.unwrap_or("nothing"),
    );
}
