//! Traces of simulated runs: each replays clean, and one that was tampered with is told, line by line.

use engine::{Command, Event, GatewayName, Purpose, RecordSeen, Tracer, Watch};
use serde_json::Value;
use sim::base::{Names, at_once};
use sim::demo::Demo;
use sim::replay::{BadTrace, replay};
use sim::run::intent;

/// Writes a run down.
#[derive(Default)]
struct Traced {
    tracer: Tracer,
    lines: Vec<String>,
}

impl Watch for Traced {
    fn begins(&mut self, _state: &'static str, _command: &Command) {}

    fn ended(&mut self, state: &'static str, command: &Command, event: &Event) {
        self.lines.extend(self.tracer.step(state, command, event));
    }
}

/// The traces of making a gateway, of finding it ready, of stopping it and of bringing it back, for a preset.
fn traces(preset: &str) -> Vec<Vec<String>> {
    let gateway = GatewayName::parse("demo").unwrap_or_else(|bad| panic!("{bad}"));
    let names = Names::of(gateway.clone(), preset).unwrap_or_else(|bad| panic!("{bad}"));
    let mut demo = Demo::new(gateway, names.spec.clone());
    let purposes = [Purpose::Onboard, Purpose::Onboard, Purpose::Stop, Purpose::Start, Purpose::Look];
    let run = |purpose| {
        let mut traced = Traced::default();
        let wish = intent(&names, purpose);
        traced.lines.extend(traced.tracer.head(&wish, Some(&RecordSeen::Absent)));
        at_once(demo.run(&mut traced, wish)).unwrap_or_else(|| panic!("nothing kills it"));
        traced.lines
    };
    purposes.map(run).into()
}

#[test]
fn a_run_replays_clean() {
    for preset in ["reference", "openshell-gateway", "openshell-cluster"] {
        for trace in traces(preset) {
            let text = trace.join("\n");
            let replayed = replay(text.as_bytes()).unwrap();
            assert_eq!((replayed.steps, replayed.differs), (trace.len() - 1, None), "{text}");
        }
    }
}

#[test]
fn an_event_that_answers_another_command_is_told_in_its_line() {
    let trace = traces("reference").swap_remove(0);
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
    for at in 1..trace.len() {
        for other in 1..trace.len() {
            let mut tampered = trace.clone();
            let mut step: Value = serde_json::from_str(&trace[at]).unwrap();
            step["event"] = event(&trace[other]);
            tampered[at] = step.to_string();
            let same_kind = event(&trace[at])["kind"] == event(&trace[other])["kind"];
            match replay(tampered.join("\n").as_bytes()) {
                Ok(_) => {}
                Err(BadTrace::Line { line, .. }) => assert!(!same_kind && line == at + 1, "{line}, not {}", at + 1),
                Err(bad) => panic!("{bad}"),
            }
        }
    }
    let unanswered = [&trace[0], &trace[1].replace("lock-taken", "done")].map(String::as_str).join("\n");
    assert!(matches!(replay(unanswered.as_bytes()), Err(BadTrace::Line { line: 2, .. })), "{unanswered}");
}
