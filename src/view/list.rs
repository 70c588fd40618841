//! Every gateway in one table, or in one document. Each line is told as its own `status` tells it.

use std::io;
use std::process::ExitCode;

use engine::{End, Plan, PresetName, Reason, Refusal, Status, Why};

use super::{Output, Report, clean, json, put, sentence, text};

/// The heads of the columns.
const HEADS: [&str; 6] = ["NAME", "PRESET", "STATUS", "URL", "VOLUMES", "SANDBOXES"];

/// What stands in a cell of which nothing is known.
const NOTHING: &str = "-";

/// All that is told of every gateway.
#[derive(Debug)]
pub struct Listing {
    /// The look at each, by name.
    pub gateways: Vec<Report>,
    /// Why it is not known which gateways labels name.
    pub unlabelled: Option<Why>,
    /// Why it is not known which have a record.
    pub unread: Option<io::Error>,
}

/// Tells it on stdout, and gives the exit code of it.
pub fn tell(listing: &Listing, output: Output) -> ExitCode {
    let document = match output {
        Output::Text => clean(&page(listing)),
        Output::Json => json::list(listing),
    };
    put(&document, listing.reason().exit())
}

impl Listing {
    /// The stable ID of how the list ended; how each gateway stands is told of each.
    pub fn reason(&self) -> Reason {
        let any = |reason: Reason| self.gateways.iter().any(|gateway| gateway.reason() == reason);
        if let Some(signal) = [Reason::Interrupted, Reason::Terminated].into_iter().find(|signal| any(*signal)) {
            signal
        } else if self.unlabelled.is_some() || any(Reason::DockerUnknown) {
            Reason::DockerUnknown
        } else if self.unread.is_some() {
            Reason::StateUnusable
        } else {
            Reason::AsAsked
        }
    }

    /// How many there are, in one sentence.
    pub fn message(&self) -> String {
        let more = if self.unlabelled.is_some() || self.unread.is_some() { " There may be more." } else { "" };
        match self.gateways.len() {
            0 if more.is_empty() => "There is no gateway: none has a record, and no container or volume bears a label \
                                     of one."
                .to_owned(),
            0 => "No gateway was seen. There may be some.".to_owned(),
            1 => format!("There is 1 gateway.{more}"),
            count => format!("There are {count} gateways.{more}"),
        }
    }

    /// What makes the list less than whole: what could not be asked or read, and each record that cannot be used, with
    /// what to do about it.
    pub fn warnings(&self) -> Vec<String> {
        let unlabelled = self.unlabelled.as_ref().map(|why| format!("Docker could not be asked: {why}"));
        let unread = self.unread.as_ref().map(|error| format!("the records could not be read: {error}"));
        let unusable = self.gateways.iter().filter_map(|gateway| {
            let refusal = gateway.outcome.refusal()?;
            let told = || format!("{} Next: {}", sentence(&refusal.to_string()), gateway.next(refusal));
            matches!(refusal, Refusal::RecordUnusable { .. }).then(told)
        });
        let said = unlabelled.into_iter().chain(unread).map(|text| sentence(&text));
        said.chain(unusable).collect()
    }
}

/// The table, and what makes it less than whole.
pub fn page(listing: &Listing) -> String {
    let mut page = match listing.gateways.as_slice() {
        [] => listing.message() + "\n",
        gateways => table(gateways.iter().map(row).collect()),
    };
    let warnings = listing.warnings();
    if !warnings.is_empty() {
        page.push('\n');
    }
    warnings.iter().for_each(|warning| page.push_str(&format!("Warning: {warning}\n")));
    page
}

fn row(report: &Report) -> [String; 6] {
    let seen = &report.outcome.seen;
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    let volumes: Vec<_> = seen.volumes.iter().map(ToString::to_string).collect();
    [
        report.gateway.to_string(),
        or_nothing(preset(report).map(ToString::to_string)),
        status(report),
        or_nothing(seen.endpoint.as_ref().map(engine::Endpoint::url)),
        or_nothing(Some(volumes.join(", ")).filter(|volumes| !volumes.is_empty())),
        or_nothing(text::sandboxes(report)),
    ]
}

/// The preset that it belongs to, also where that is not the one that was looked for.
fn preset(report: &Report) -> Option<&PresetName> {
    match report.outcome.refusal() {
        Some(Refusal::OtherPreset { preset, .. }) => Some(preset),
        _ => report.outcome.seen.preset.as_ref(),
    }
}

/// How it stands in a word, with the reason's ID where that says more.
fn status(report: &Report) -> String {
    let reason = report.reason();
    let ready = matches!(&report.outcome.end, End::Looked { decision } if matches!(decision.plan, Plan::Keep { .. }));
    let stands = match (&report.outcome.seen.container, report.outcome.refusal()) {
        _ if ready => "ready",
        (_, Some(Refusal::DockerUnknown { .. })) => return "unknown".to_owned(),
        (None, Some(_)) | (Some(_), Some(Refusal::Interrupted { .. })) => return reason.id().to_owned(),
        (None, None) => "missing",
        (Some((_, _, Some(Status::Running))), None | Some(Refusal::NotRecovered { .. })) => "not-ready",
        (Some((_, _, Some(Status::Exited | Status::Dead))), _) => "stopped",
        (Some((_, _, Some(status))), _) => status.as_str(),
        (Some((_, _, None)), _) => "unknown",
    };
    // That a container exists and does not run, in whichever way, is said.
    if reason.id() == stands || reason == Reason::Stopped {
        stands.to_owned()
    } else {
        format!("{stands} ({})", reason.id())
    }
}

/// Columns as wide as their widest cell, two spaces apart.
fn table(rows: Vec<[String; 6]>) -> String {
    let rows: Vec<_> = std::iter::once(HEADS.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  "));
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
