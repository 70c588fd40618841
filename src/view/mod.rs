//! What is told of a run: once gathered, then told to people ([`mod@text`]) or to programs ([`mod@json`]) in the same words.
//! Absent on purpose: decisions, and anything that is not in the outcome.

mod advice;
mod data;
mod decision;
mod hints;
pub mod json;
mod list;
mod page;
mod said;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use engine::{Discard, End, GatewayName, How, Outcome, Plan, Reason, Refusal, SandboxName, Status, VolumeName};

use crate::INTERNAL;
use crate::again::Again;
use crate::args::Output;

use said::{noted, told, warning};

pub use list::{Listing, tell as tell_list};
pub use text::{size, text};

/// What the person asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `onboard`.
    Onboard,
    /// `onboard --dry-run`.
    DryRun,
    /// `status`, or one gateway of a `list`.
    Status,
    /// `start`.
    Start,
    /// `stop`.
    Stop,
    /// `logs`.
    Logs,
    /// `backup`.
    Backup,
    /// `restore`.
    Restore,
    /// `destroy`.
    Destroy(Discard),
}

impl Asked {
    /// Whether something could be done, or would have been.
    pub fn acts(self) -> bool {
        match self {
            Self::Onboard
            | Self::DryRun
            | Self::Start
            | Self::Stop
            | Self::Backup
            | Self::Restore
            | Self::Destroy(_) => true,
            Self::Status | Self::Logs => false,
        }
    }
}

/// One command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it was to do.
    pub command: String,
    /// What it did, where it changed something.
    pub did: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// All that is told of one run.
#[derive(Debug)]
pub struct Report {
    /// What was asked for.
    pub asked: Asked,
    /// The gateway meant.
    pub gateway: GatewayName,
    /// Docker's address.
    pub address: String,
    /// What further commands have to repeat.
    pub again: Again,
    /// How the run ended.
    pub outcome: Outcome,
    /// The backup that it was to restore.
    pub restored_from: Option<String>,
    /// The sandboxes that the record named when the run began; none where there was no usable record.
    pub recorded: Option<BTreeSet<SandboxName>>,
    /// The backups that could bring the data back, where it is gone: the newest first.
    pub backups: Vec<BackupThere>,
    /// The volumes with data of the gateway's that this run has removed.
    pub removed: Vec<VolumeName>,
    /// What was carried out, in order.
    pub steps: Vec<Step>,
    /// Where the trace lies.
    pub trace: Option<PathBuf>,
    /// Why there is no whole trace.
    pub trace_problem: Option<io::Error>,
    /// What took Docker's place.
    pub simulated: Option<Simulated>,
}

/// A backup that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupThere {
    /// Its folder.
    pub path: PathBuf,
    /// When it was made, in UTC.
    pub made: String,
}

/// A simulated host in Docker's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Why, as one sentence of what Docker did.
    pub instead_of: String,
    /// The file that it is kept in.
    pub kept_in: PathBuf,
}

/// Something told beside the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it calls for attention.
    pub warning: bool,
    /// One sentence.
    pub text: String,
}

/// Tells the result on stdout, and gives the exit code of it.
pub fn tell(report: &Report, output: Output) -> ExitCode {
    let document = match output {
        Output::Text => text(report, color(&io::stdout())),
        Output::Json => json::json(report),
    };
    put(&document, report.exit())
}

/// Writes to stdout, and gives the exit code: nobody may take a result that could not be written for a good one, and an
/// exit code that tells of something worse stays. A reader that is gone is no fault of the run's.
pub fn put(text: &str, exit: u8) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("nemoclaw: the result could not be written: {error}\n"));
            ExitCode::from(if exit == 0 { INTERNAL } else { exit })
        }
        Ok(()) | Err(_) => ExitCode::from(exit),
    }
}

/// Writes to stderr. Where that cannot be written the exit code still tells.
pub fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether colors are wanted there: on a terminal, unless `NO_COLOR` is set.
pub fn color(stream: &impl IsTerminal) -> bool {
    let says_no = |name: &str, no: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| no(&value));
    stream.is_terminal() && !says_no("NO_COLOR", |value| !value.is_empty()) && !says_no("TERM", |value| value == "dumb")
}

/// Foreign text (log lines, Docker's messages) without characters that would steer a terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A text as a sentence: it begins with a capital letter and ends with a full stop.
pub fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let mut chars = text.chars();
    let first = chars.next().map_or(String::new(), |first| first.to_uppercase().to_string());
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// Names in backticks, with commas.
pub fn names<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The sign before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is as it should be.
    Good,
    /// It needs a look.
    Warn,
    /// It is not as it should be.
    Bad,
}

impl Mark {
    /// The sign itself.
    pub fn sign(self, color: bool) -> String {
        let (sign, code) = match self {
            Self::Good => ("✓", 32),
            Self::Warn => ("!", 33),
            Self::Bad => ("✗", 31),
        };
        if color { format!("\x1b[{code}m{sign}\x1b[0m") } else { sign.to_owned() }
    }
}

impl Report {
    /// The stable ID of how it ended.
    pub fn reason(&self) -> Reason {
        match self.asked {
            Asked::DryRun => self.outcome.planned(),
            Asked::Onboard
            | Asked::Status
            | Asked::Start
            | Asked::Stop
            | Asked::Logs
            | Asked::Backup
            | Asked::Restore
            | Asked::Destroy(_) => self.outcome.reason(),
        }
    }

    /// The process's exit code.
    pub fn exit(&self) -> u8 {
        self.reason().exit()
    }

    /// What happened, in one sentence.
    pub fn message(&self) -> String {
        let gateway = &self.gateway;
        if let Some(refusal) = self.outcome.refusal() {
            if let Refusal::Interrupted { .. } = refusal {
                return format!("The run was {refusal}; the next one goes on from what is there.");
            }
            return sentence(&refusal.to_string());
        }
        match (&self.outcome.end, self.asked) {
            (End::Looked { decision }, Asked::DryRun) => {
                format!("Nothing was changed. Onboarding `{gateway}` would {}.", decision::would(&decision.plan))
            }
            (End::Looked { decision }, _) => match &decision.plan {
                Plan::Keep { .. } => self.ready(None),
                Plan::Look(_)
                | Plan::Refuse { .. }
                | Plan::Perform { .. }
                | Plan::RollBack { .. }
                | Plan::Replace { .. }
                | Plan::EndReplacement { .. }
                | Plan::Reset { .. } => format!("The gateway `{gateway}` {}.", self.stands()),
            },
            (End::Ready { how, .. }, _) => self.ready(Some(*how)),
            (End::Stopped, _) => format!("The gateway `{gateway}` is stopped, as asked."),
            (End::BackedUp, _) => format!("The volumes of the gateway `{gateway}` are backed up."),
            (End::Destroyed { what, removed }, _) => self.destroyed(*what, removed),
            (End::Refused { refusal }, _) => sentence(&refusal.to_string()),
        }
    }

    fn destroyed(&self, what: Discard, removed: &[VolumeName]) -> String {
        let gateway = &self.gateway;
        let volumes = || format!("{} {}", if removed.len() == 1 { "volume" } else { "volumes" }, names(removed));
        match (what, self.outcome.changed) {
            (Discard::Container, true) => {
                format!("The gateway `{gateway}` is destroyed: its container is gone, its volumes are kept.")
            }
            (Discard::Container, false) => format!("The gateway `{gateway}` has no container."),
            (Discard::Volumes, true) if removed.is_empty() => format!("The gateway `{gateway}` is destroyed."),
            (Discard::Volumes, true) => {
                format!("The gateway `{gateway}` is destroyed: its container and its {} are gone.", volumes())
            }
            (Discard::Volumes, false) => format!("Nothing is there of the gateway `{gateway}`."),
            (Discard::SetAside, _) if removed.is_empty() => {
                format!("No volume of the gateway `{gateway}` is set aside.")
            }
            (Discard::SetAside, _) => {
                format!("What restores of the gateway `{gateway}` had set aside is gone: the {}.", volumes())
            }
        }
    }

    fn ready(&self, how: Option<How>) -> String {
        let seen = &self.outcome.seen;
        let at = seen.endpoint.as_ref().map_or(String::new(), |endpoint| format!(" at {}", endpoint.url()));
        let how = how.map_or(String::new(), |how| format!(" ({})", how.as_str()));
        let but = match seen.missing.len() {
            0 => String::new(),
            1 => format!(", but a sandbox recorded earlier was not found: {}", names(&seen.missing)),
            count => format!(", but {count} sandboxes recorded earlier were not found: {}", names(&seen.missing)),
        };
        format!("The gateway `{}` is ready{at}{how}{but}.", self.gateway)
    }

    /// How a gateway stands that is not ready, after its name.
    pub fn stands(&self) -> &'static str {
        match &self.outcome.seen.container {
            None => "has no container",
            Some((_, _, Some(Status::Running))) => "runs, and is not ready",
            Some((_, _, Some(Status::Created))) => "was made and never started",
            Some((_, _, Some(Status::Paused))) => "is paused",
            Some((_, _, Some(Status::Restarting))) => "has ended, and Docker is about to start it again",
            Some((_, _, Some(Status::Exited | Status::Dead))) => "is stopped",
            Some((_, _, None)) => "is in a state that Docker did not tell",
        }
    }

    /// What there is to tell beside the result.
    pub fn said(&self) -> Vec<Said> {
        let mut said: Vec<_> = self.outcome.notes.iter().map(told).collect();
        if let End::Looked { decision } = &self.outcome.end
            && let Plan::Keep { verdict } = &decision.plan
        {
            said.extend(verdict.notes.iter().map(noted));
        }
        if let Some(problem) = &self.trace_problem {
            said.push(warning(format!("the trace of this run could not be written: {problem}")));
        }
        // A look tells the same note in its decision and in its outcome.
        let mut once: Vec<Said> = Vec::new();
        for one in said {
            if !once.contains(&one) {
                once.push(one);
            }
        }
        once
    }
}
