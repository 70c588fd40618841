//! A trace: its first line says what was asked for, each further one holds an event. Every event is read back as it was
//! written, and a run to which they are the answers names what comes next, whatever they say, until it ends.

use std::collections::VecDeque;

use engine::{Command, Event, Onboarding, Purpose, Signal, Then, Tracer};
use serde_json::Value;

use super::scene::intent;

/// More steps than a run takes that looks, acts and retries as often as it may.
const STEPS_MAX: usize = 500;

pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.lines();
    let head: Value = lines.next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let purpose = match head["intent"]["purpose"].as_str() {
        Some("look") => Purpose::Look,
        Some("start") => Purpose::Start,
        Some("stop") => Purpose::Stop,
        Some(_) | None => Purpose::Onboard,
    };
    let events: VecDeque<_> = lines.filter_map(event_of).collect();
    for event in &events {
        let written = serde_json::to_value(event).expect("an event has a JSON form");
        assert_eq!(serde_json::from_value::<Event>(written).as_ref().ok(), Some(event));
    }
    run(purpose, events);
}

fn event_of(line: &str) -> Option<Event> {
    let mut step: Value = serde_json::from_str(line).ok()?;
    serde_json::from_value(step.get_mut("event")?.take()).ok()
}

fn run(purpose: Purpose, mut events: VecDeque<Event>) {
    let mut tracer = Tracer::default();
    let (mut machine, mut command) = Onboarding::new(intent(purpose));
    for _ in 0..STEPS_MAX {
        let state = machine.state_name();
        let answer = std::iter::from_fn(|| events.pop_front()).find(|event| answers(&command, event));
        let event = answer.unwrap_or(Event::Interrupted { signal: Signal::Terminate });
        let line = tracer.step(state, &command, &event).expect("a step has a JSON form");
        if !line.contains("<redacted:") {
            assert_eq!(event_of(&line).as_ref(), Some(&event), "a step is not read back as it was written");
        }
        command = match machine.handle(&event) {
            Then::Perform(next) => next,
            Then::Finish(outcome) => {
                let _ = (outcome.reason(), serde_json::to_string(&outcome).expect("an outcome has a JSON form"));
                return;
            }
        };
        if let Event::Observed { host } = &event
            && host.containers.known().is_none()
        {
            assert!(!command.changes_something(), "{} was named after an unknown picture", command.describe());
        }
        assert!(purpose != Purpose::Look || !command.changes_something(), "a look would {}", command.describe());
    }
    panic!("a run of {STEPS_MAX} steps has not ended");
}

/// Whether an event could be a host's answer to a command.
fn answers(command: &Command, event: &Event) -> bool {
    match command {
        Command::TakeLock { .. } => {
            matches!(event, Event::LockTaken | Event::LockHeld { .. } | Event::Failed { .. })
        }
        Command::ReadRecord { .. } => matches!(event, Event::RecordRead { .. }),
        Command::FindNames { .. } => matches!(event, Event::NamesFound { .. }),
        Command::Observe(_) => matches!(event, Event::Observed { .. }),
        Command::AwaitReady { .. } => matches!(event, Event::Waited { .. }),
        Command::ListSandboxes { .. } => matches!(event, Event::SandboxesListed { .. }),
        Command::ReadLogs { .. } => matches!(event, Event::LogsRead { .. }),
        Command::MeasureVolumes { .. } => matches!(event, Event::VolumesMeasured { .. }),
        Command::BeginRollBack { .. } => matches!(event, Event::LogsRead { .. }),
        Command::BackUp(_) => matches!(event, Event::BackedUp { .. } | Event::Failed { .. }),
        Command::VerifyBackup { .. } => matches!(event, Event::BackupVerified { .. } | Event::Failed { .. }),
        Command::ProvideImage { .. }
        | Command::CreateNetwork { .. }
        | Command::CreateVolume { .. }
        | Command::CreateContainer(_)
        | Command::CreateNext(_)
        | Command::CarryOver { .. }
        | Command::RenameContainer { .. }
        | Command::SetRestartPolicy { .. }
        | Command::RemoveContainer { .. }
        | Command::CreateHelper(_)
        | Command::Restore(_)
        | Command::RemoveVolume { .. }
        | Command::RemoveNetwork { .. }
        | Command::SetRecordAside { .. }
        | Command::ConnectNetwork { .. }
        | Command::StartContainer { .. }
        | Command::UnpauseContainer { .. }
        | Command::StopContainer { .. }
        | Command::RestartContainer { .. }
        | Command::WriteRecord { .. } => matches!(event, Event::Done | Event::Failed { .. }),
    }
}
