//! One run on the real host, watched: its progress is shown, its steps are timed, and a run that may change something
//! leaves a trace.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use adapters::{RealHost, TraceFile, TraceKept, reached};
use engine::{Command, Event, Outcome, Purpose, SandboxName, Watch, drive};

use crate::args::Args;
use crate::input::Request;
use crate::progress::{Progress, told};
use crate::signals::Interruptible;
use crate::view::{Asked, Report, Step};

/// Carries a request out and gathers all that is told of it.
///
/// # Errors
/// The system refuses a handler for signals.
pub async fn run(request: Request, asked: Asked, args: &Args) -> io::Result<Report> {
    let Request { intent, settings, again } = request;
    let gateway = intent.gateway.clone();
    let (address, remote) = (settings.address.to_string(), settings.address.host().map(str::to_owned));
    let trace = match intent.purpose {
        Purpose::Onboard | Purpose::Start | Purpose::Stop => Some(TraceFile::new(&settings.state, &intent)),
        Purpose::Look => None,
    };
    let progress = Rc::new(Progress::new(args));
    let shown = Rc::clone(&progress);
    let host = RealHost::new(settings).map_err(io::Error::other)?.on_pull(move |now| shown.pulls(now));
    let mut host = Interruptible::new(host)?;
    let mut watching = Watching { progress, trace, steps: Vec::new(), recorded: None, began: Instant::now() };
    let mut outcome = drive(&mut host, &mut watching, intent).await;
    outcome.seen.endpoint = outcome.seen.endpoint.map(|endpoint| reached(remote.as_deref(), endpoint));
    let recorded = watching.recorded.take();
    let (steps, TraceKept { path: trace, problem: trace_problem }) = watching.end(&outcome);
    Ok(Report { asked, gateway, address, again, outcome, recorded, steps, trace, trace_problem })
}

struct Watching {
    progress: Rc<Progress>,
    trace: Option<TraceFile>,
    steps: Vec<Step>,
    /// The sandboxes that the record names.
    recorded: Option<BTreeSet<SandboxName>>,
    began: Instant,
}

impl Watch for Watching {
    fn begins(&mut self, _: &'static str, command: &Command) {
        self.progress.begins(command);
        self.began = Instant::now();
    }

    fn ended(&mut self, state: &'static str, command: &Command, event: &Event) {
        let took = self.began.elapsed();
        if let Some(trace) = &mut self.trace {
            trace.note(state, command, event);
        }
        if let Event::RecordRead { record, .. } = event {
            self.recorded = record.record().map(|record| record.sandboxes.clone());
        }
        self.progress.ended(command, event, took);
        self.steps.push(step(command, event, took));
    }
}

impl Watching {
    fn end(self, outcome: &Outcome) -> (Vec<Step>, TraceKept) {
        self.progress.end();
        let nothing = TraceKept { path: None, problem: None };
        (self.steps, self.trace.map_or(nothing, |trace| trace.finish(outcome.changed)))
    }
}

fn step(command: &Command, event: &Event, took: Duration) -> Step {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let did = command.changes_something() && *event == Event::Done;
    Step { command: command.describe(), did: did.then(|| told(command).done), took_ms }
}
