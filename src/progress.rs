//! What is shown while a run goes on, on stderr: on a terminal a line that moves and one line for each step that was
//! done; into a pipe plain lines. Absent on purpose: the result, which the views tell.

mod pull;

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use adapters::PullProgress;
use engine::{Command, Event, Failure, ImageSource, WaitEnd};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::{Args, Job};
use crate::view::{self, Mark};
use pull::Pull;

/// How often the moving line moves.
const TICK: Duration = Duration::from_millis(100);

/// The progress display.
#[derive(Debug)]
pub struct Progress {
    quiet: bool,
    verbose: bool,
    color: bool,
    spinner: Option<ProgressBar>,
    /// The pull that is under way.
    pull: RefCell<Option<Pull>>,
}

impl Progress {
    /// As the flags and the terminal would have it.
    pub fn new(args: &Args) -> Self {
        let stderr = io::stderr();
        // A list looks at several gateways at once, and logs are the result themselves.
        let quiet = args.quiet || matches!(args.job, Job::List(_) | Job::Logs(_));
        let moves = !quiet && stderr.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let color = view::color(&stderr);
        let spinner = moves.then(|| spinner(color));
        Self { quiet, verbose: args.verbose, color, spinner, pull: RefCell::new(None) }
    }

    /// A command is about to be carried out.
    pub fn begins(&self, command: &Command) {
        let doing = told(command).doing;
        if let Command::ProvideImage { source: ImageSource::Registry, .. } = command {
            self.pull.replace(Some(Pull::new(view::clean(&doing), Instant::now())));
        }
        match &self.spinner {
            Some(spinner) => {
                spinner.set_message(view::clean(&doing));
                spinner.reset();
            }
            // Into a pipe, only what may take long is told before it is done.
            None if matches!(command, Command::AwaitReady { .. } | Command::ProvideImage { .. }) || copies(command) => {
                self.line(None, &doing);
            }
            None => {}
        }
    }

    /// The pull under way has come this far.
    pub fn pulls(&self, now: PullProgress) {
        let mut pull = self.pull.borrow_mut();
        let Some(pull) = pull.as_mut() else { return };
        pull.note(now);
        match &self.spinner {
            // Nothing came yet, or all of it was there: then there is no bar to show.
            Some(spinner) if now.bytes_total > 0 => {
                spinner.set_style(bar(self.color));
                pull.show(spinner);
            }
            Some(_) => {}
            None => pull.line(Instant::now()).iter().for_each(|line| self.line(None, line)),
        }
    }

    /// So many bytes were copied into a backup, or out of one.
    pub fn copies(&self, bytes: u64) {
        if let Some(spinner) = &self.spinner {
            spinner.set_style(copying(self.color));
            spinner.set_position(bytes);
        }
    }

    /// It was answered.
    pub fn ended(&self, command: &Command, event: &Event, took: Duration) {
        let is_step = command.changes_something() && !matches!(command, Command::WriteRecord { .. });
        let shown = is_step || copies(command) || self.verbose;
        let mut time = seconds(took);
        if let Some(pull) = self.pull.take() {
            time = format!("{}, {time}", pull.came());
            self.spinner.iter().for_each(|spinner| spinner.set_style(moving(self.color)));
        }
        if copies(command) {
            self.spinner.iter().for_each(|spinner| spinner.set_style(moving(self.color)));
        }
        match event {
            Event::Waited { end: WaitEnd::Ready } => self.line(Some(Mark::Good), &format!("ready after {time}")),
            Event::Waited { end } => self.line(Some(Mark::Warn), &format!("{} after {time}", waited(*end))),
            // That the empty image is not there yet is found out by asking for the helper.
            Event::Failed { failure: Failure::Rejected { status: Some(404), .. } }
                if matches!(command, Command::CreateHelper(_)) && !self.verbose => {}
            Event::Failed { failure } if shown => {
                self.line(Some(Mark::Bad), &format!("could not {}: {failure}", command.describe()));
            }
            Event::LockTaken
            | Event::RecordRead { .. }
            | Event::NamesFound { .. }
            | Event::Observed { .. }
            | Event::Done
            | Event::SandboxesListed { .. }
            | Event::LogsRead { .. }
            | Event::VolumesMeasured { .. }
            | Event::BackedUp { .. }
            | Event::BackupVerified { .. }
                if shown =>
            {
                self.line(Some(Mark::Good), &format!("{} ({time})", told(command).done));
            }
            Event::LockTaken
            | Event::LockHeld { .. }
            | Event::RecordRead { .. }
            | Event::NamesFound { .. }
            | Event::Observed { .. }
            | Event::Done
            | Event::Failed { .. }
            | Event::SandboxesListed { .. }
            | Event::LogsRead { .. }
            | Event::VolumesMeasured { .. }
            | Event::BackedUp { .. }
            | Event::BackupVerified { .. }
            | Event::Interrupted { .. } => {}
        }
    }

    /// The run is over: the moving line goes.
    pub fn end(&self) {
        self.spinner.iter().for_each(ProgressBar::finish_and_clear);
    }

    fn line(&self, mark: Option<Mark>, text: &str) {
        if self.quiet {
            return;
        }
        let text = view::clean(text);
        match &self.spinner {
            Some(spinner) => {
                let mark = mark.map_or("  ".to_owned(), |mark| format!("{} ", mark.sign(self.color)));
                spinner.suspend(|| put(&format!("{mark}{text}")));
            }
            None => put(&text),
        }
    }
}

fn put(line: &str) {
    // A terminal that is gone is no reason to end a run half way.
    let _ = writeln!(io::stderr(), "{line}");
}

fn spinner(color: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(moving(color));
    bar.enable_steady_tick(TICK);
    bar
}

/// The style of a line that only shows that something moves.
fn moving(color: bool) -> ProgressStyle {
    style(if color { "{spinner:.cyan} {msg} {elapsed:.dim}" } else { "{spinner} {msg} {elapsed}" })
}

/// The style of a line that shows how far a pull has come.
fn bar(color: bool) -> ProgressStyle {
    style(if color {
        "{spinner:.cyan} {msg} {wide_bar:.cyan/dim} {bytes} of {total_bytes} {bytes_per_sec:.dim}"
    } else {
        "{spinner} {msg} {wide_bar} {bytes} of {total_bytes} {bytes_per_sec}"
    })
}

/// The style of a line that shows how much was copied, of which nobody knows how much it will be.
fn copying(color: bool) -> ProgressStyle {
    style(if color {
        "{spinner:.cyan} {msg} {bytes} {bytes_per_sec:.dim} {elapsed:.dim}"
    } else {
        "{spinner} {msg} {bytes} {bytes_per_sec} {elapsed}"
    })
}

/// The template is ours; were it wrong, the default one would do.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A command as a person reads it while it goes on, and once it is done.
#[derive(Debug)]
pub struct ToldAs {
    /// While it goes on: `creating volume …`.
    pub doing: String,
    /// Once it is done: `created volume …`.
    pub done: String,
}

/// The command in both forms.
pub fn told(command: &Command) -> ToldAs {
    let (doing, done) = match command {
        Command::TakeLock { .. } => ("taking", "took"),
        Command::ReadRecord { .. } | Command::ReadLogs { .. } | Command::BeginRollBack { .. } => ("reading", "read"),
        Command::FindNames { .. } | Command::Observe(_) => ("looking", "looked"),
        Command::ProvideImage { source: engine::ImageSource::Registry, .. } => ("pulling", "pulled"),
        Command::ProvideImage { source: engine::ImageSource::Executable, .. } => ("packing", "packed"),
        Command::ProvideImage { source: engine::ImageSource::Empty, .. } => ("making", "made"),
        Command::CreateNetwork { .. }
        | Command::CreateVolume { .. }
        | Command::CreateContainer(_)
        | Command::CreateNext(_)
        | Command::CreateHelper(_) => ("creating", "created"),
        Command::CarryOver { .. } => ("copying", "copied"),
        Command::RenameContainer { .. } => ("renaming", "renamed"),
        Command::SetRestartPolicy { .. } | Command::SetRecordAside { .. } => ("setting", "set"),
        Command::RemoveContainer { .. } | Command::RemoveVolume { .. } | Command::RemoveNetwork { .. } => {
            ("removing", "removed")
        }
        Command::VerifyBackup { .. } => ("verifying", "verified"),
        Command::Restore(_) => ("restoring", "restored"),
        Command::BackUp(_) => ("backing", "backed"),
        Command::ConnectNetwork { .. } => ("connecting", "connected"),
        Command::StartContainer { .. } => ("starting", "started"),
        Command::UnpauseContainer { .. } => ("unpausing", "unpaused"),
        Command::StopContainer { .. } => ("stopping", "stopped"),
        Command::RestartContainer { .. } => ("restarting", "restarted"),
        Command::AwaitReady { .. } => ("waiting", "waited"),
        Command::ListSandboxes { .. } => ("listing", "listed"),
        Command::MeasureVolumes { .. } => ("measuring", "measured"),
        Command::WriteRecord { .. } => ("writing", "wrote"),
    };
    let whole = command.describe();
    let rest = whole.split_once(' ').map_or("", |(_, rest)| rest);
    ToldAs { doing: format!("{doing} {rest}"), done: format!("{done} {rest}") }
}

/// Whether a command reads or writes whole volumes: that takes as long as they are large.
fn copies(command: &Command) -> bool {
    matches!(command, Command::BackUp(_) | Command::Restore(_) | Command::VerifyBackup { .. })
}

fn waited(end: WaitEnd) -> &'static str {
    match end {
        WaitEnd::Ready => "ready",
        WaitEnd::NotReady => "not ready",
        WaitEnd::Ended => "its process ended",
        WaitEnd::OutOfTime => "the time limit is over",
    }
}

/// A time as a person reads it.
fn seconds(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{ContainerId, VolumeName};

    #[test]
    fn a_step_is_told_while_it_goes_on_and_once_it_is_done() {
        let name = VolumeName::new("openshell-cluster-demo");
        let volume = told(&Command::CreateVolume { name, labels: std::collections::BTreeMap::default() });
        assert_eq!(volume.doing, "creating volume `openshell-cluster-demo`");
        let start =
            told(&Command::StartContainer { container: ContainerId::new("0123456789abcdef"), files: Vec::new() });
        assert_eq!(start.done, "started container 0123456789ab");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(seconds(Duration::from_millis(31)), "31 ms");
        assert_eq!(seconds(Duration::from_millis(2149)), "2.1 s");
    }
}
