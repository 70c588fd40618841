//! One run on the real host, watched: its progress is shown, its steps are timed, and a run that may change something
//! leaves a trace. A demo may go on on a simulated host, where no Docker answers.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use adapters::{Backups, RealHost, StateDir, TraceFile, TraceKept, reached};
use engine::{
    Command, Event, GatewayName, Grounds, Outcome, Purpose, RecordSeen, Refusal, SandboxName, VolumeName, Watch, Why,
    drive,
};

use crate::args::Args;
use crate::input::Request;
use crate::progress::{Progress, told};
use crate::signals::Interruptible;
use crate::simulated::StandIn;
use crate::view::{Asked, BackupThere, Report, Simulated, Step, complain};

/// How many backups are named where the data is gone: who wants an older one has `backups`.
const BACKUPS_SHOWN: usize = 3;

/// Carries a request out and gathers all that is told of it.
///
/// # Errors
/// The system refuses a handler for signals.
pub async fn run(request: Request, asked: Asked, args: &Args) -> io::Result<Report> {
    let stand_in = (request.again.demo && asked != Asked::Logs).then(|| StandIn::of(&request));
    let Ran { mut report, has_record } = on_docker(request, asked, args).await?;
    let no_docker = matches!(
        report.outcome.refusal(),
        Some(Refusal::DockerUnknown { why: Why::NotListening { .. } } | Refusal::ImageUnfit { .. })
    );
    if let Some(stand_in) = stand_in.filter(|_| no_docker && !has_record) {
        let path = stand_in.path();
        let mut watching = Watching::new(Rc::new(Progress::new(args)), None);
        match stand_in.run(&mut watching).await {
            Ok(outcome) => {
                report.simulated = Some(Simulated { instead_of: report.message(), kept_in: path });
                (report.outcome, report.recorded) = (outcome, watching.recorded.take());
                report.removed = std::mem::take(&mut watching.removed);
                (report.trace, report.trace_problem) = (None, None);
                report.backups.clear();
                (report.steps, _) = watching.end(&report.outcome);
            }
            Err(problem) => {
                watching.progress.end();
                let path = path.display();
                complain(&format!("nemoclaw: no simulated host takes Docker's place: `{path}`: {problem}\n"));
            }
        }
    }
    Ok(report)
}

/// A run on the real host.
struct Ran {
    report: Report,
    /// Whether anything lies in the place of the gateway's record, usable or not; so, too, where nobody could look.
    has_record: bool,
}

async fn on_docker(request: Request, asked: Asked, args: &Args) -> io::Result<Ran> {
    let Request { intent, settings, again } = request;
    let (gateway, restored_from) = (intent.gateway.clone(), intent.restore.clone());
    let state = settings.state.clone();
    let (address, remote) = (settings.address.to_string(), settings.address.host().map(str::to_owned));
    let trace = match intent.purpose {
        Purpose::Onboard | Purpose::Start | Purpose::Stop | Purpose::BackUp | Purpose::Destroy(_) => {
            Some(TraceFile::new(&settings.state, &intent))
        }
        Purpose::Look => None,
    };
    let progress = Rc::new(Progress::new(args));
    let shown = Rc::clone(&progress);
    let copied = Rc::clone(&progress);
    let host = RealHost::new(settings).map_err(io::Error::other)?;
    let host = host.on_pull(move |now| shown.pulls(now)).on_backup(move |bytes| copied.copies(bytes));
    let mut host = Interruptible::new(host)?;
    let mut watching = Watching::new(progress, trace);
    let mut outcome = drive(&mut host, &mut watching, intent).await;
    outcome.seen.endpoint = outcome.seen.endpoint.map(|endpoint| reached(remote.as_deref(), endpoint));
    let (recorded, has_record) = (watching.recorded.take(), watching.has_record);
    let removed = std::mem::take(&mut watching.removed);
    let (steps, TraceKept { path: trace, problem: trace_problem }) = watching.end(&outcome);
    let backups = backups(&outcome, &state, &gateway);
    let report = Report {
        asked,
        gateway,
        address,
        again,
        outcome,
        restored_from,
        recorded,
        backups,
        removed,
        steps,
        trace,
        trace_problem,
        simulated: None,
    };
    Ok(Ran { report, has_record })
}

/// The backups that could bring the data back, where it is gone: the newest first.
fn backups(outcome: &Outcome, state: &StateDir, gateway: &GatewayName) -> Vec<BackupThere> {
    let Some(Refusal::DataGone { .. }) = outcome.refusal() else { return Vec::new() };
    // What cannot be looked into names none; `backups` says why.
    let listed = Backups::new(state).list(Some(gateway)).unwrap_or_default();
    let usable = listed.into_iter().filter_map(|listed| Some((listed.path, listed.backup.ok()?)));
    let mut there: Vec<_> = usable.map(|(path, backup)| BackupThere { path, made: backup.made }).collect();
    there.sort_by(|one, other| other.made.cmp(&one.made));
    there.truncate(BACKUPS_SHOWN);
    there
}

struct Watching {
    progress: Rc<Progress>,
    trace: Option<TraceFile>,
    steps: Vec<Step>,
    /// The sandboxes that the record names.
    recorded: Option<BTreeSet<SandboxName>>,
    has_record: bool,
    /// The volumes with data of the gateway's that were removed.
    removed: Vec<VolumeName>,
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
            self.has_record = *record != RecordSeen::Absent;
            self.recorded = record.record().map(|record| record.sandboxes.clone());
        }
        if let (Command::RemoveVolume { absence }, Event::Done) = (command, event)
            && absence.grounds() != Grounds::Unfinished
        {
            self.removed.push(absence.volume().clone());
        }
        self.progress.ended(command, event, took);
        self.steps.push(step(command, event, took));
    }
}

impl Watching {
    fn new(progress: Rc<Progress>, trace: Option<TraceFile>) -> Self {
        Self {
            progress,
            trace,
            steps: Vec::new(),
            recorded: None,
            has_record: true,
            removed: Vec::new(),
            began: Instant::now(),
        }
    }

    fn end(self, outcome: &Outcome) -> (Vec<Step>, TraceKept) {
        self.progress.end();
        let nothing = TraceKept { path: None, problem: None };
        (self.steps, self.trace.map_or(nothing, |trace| trace.finish(outcome.changed)))
    }
}

fn step(command: &Command, event: &Event, took: Duration) -> Step {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let did = command.changes_something() && matches!(event, Event::Done | Event::BackedUp { .. });
    Step { command: command.describe(), did: did.then(|| told(command).done), took_ms }
}
