//! The result for programs: one document. Absent fields are null where the run did not learn them, never a default.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use engine::{Decision, End, Outcome, Plan, Reason, Refusal, Row, SandboxName, Status, VolumeName, Why};
use serde::Serialize;
use serde_json::Value;

use super::{Asked, Listing, Report, Step, sentence, text};

/// The version of the document's form.
const SCHEMA: u32 = 1;

/// The document of one run.
pub fn json(report: &Report) -> String {
    document(&of_run(report))
}

/// One run as a document, to be one itself or one of a list.
fn of_run(report: &Report) -> Document<'_> {
    let outcome = &report.outcome;
    let seen = &outcome.seen;
    let acts = report.asked.acts();
    Document {
        schema: SCHEMA,
        outcome: outcome_id(report),
        reason: report.reason().id(),
        message: report.message(),
        advice: report.advice(),
        row: outcome.row.map(row_id),
        changed: acts.then_some(outcome.changed),
        simulated: report.simulated.is_some(),
        gateway: report.gateway.as_str(),
        preset: seen.preset.as_ref().map(engine::PresetName::as_str),
        endpoint: seen.endpoint.as_ref().map(engine::Endpoint::url),
        container: container(report),
        image: seen.image.as_ref().map(|(reference, id)| Image { reference: reference.as_str(), id: id.as_str() }),
        volumes: &seen.volumes,
        set_aside: &seen.set_aside,
        removed: matches!(report.asked, Asked::Destroy(_)).then_some(&report.removed),
        restored_from: report.restored_from.as_deref(),
        sandboxes: Sandboxes {
            found: seen.sandboxes.as_ref().map(|found| found.keys().collect()),
            status: statuses(report),
            recorded: report.recorded.as_ref(),
            missing: &seen.missing,
        },
        daemon: Daemon {
            address: &report.address,
            id: seen.daemon.as_ref().map(|daemon| daemon.id.as_str()),
            name: seen.daemon.as_ref().map(|daemon| daemon.name.as_str()),
            data_root: seen.daemon.as_ref().map(|daemon| daemon.data_root.as_str()),
        },
        backup: outcome.backup.as_ref().map(|backup| Backup {
            path: &backup.path,
            bytes: backup.bytes,
            lacks: &backup.lacks,
        }),
        backups: report.backups.iter().map(|there| There { path: &there.path, made: &there.made }).collect(),
        plan: if report.asked == Asked::DryRun { plan(outcome) } else { None },
        steps: acts.then(|| report.steps.iter().map(Took::from).collect()),
        warnings: report.said().into_iter().map(|said| said.text).chain(exposed(report)).collect(),
        trace: acts.then_some(report.trace.as_deref()),
    }
}

fn container(report: &Report) -> Option<Container<'_>> {
    let (id, name, status) = report.outcome.seen.container.as_ref()?;
    Some(Container { id: id.as_str(), name: name.as_str(), status: status.map(Status::as_str) })
}

/// The statuses of the sandboxes of which one was told.
fn statuses(report: &Report) -> BTreeMap<&SandboxName, &str> {
    let found = report.outcome.seen.sandboxes.iter().flatten();
    found.filter_map(|(name, status)| Some((name, status.as_deref()?))).collect()
}

/// What a prune would take of a gateway that does not run, on one line.
fn exposed(report: &Report) -> Option<String> {
    let looked = report.asked == Asked::Status && report.reason() == Reason::Stopped;
    let stopped = looked || report.outcome.end == End::Stopped;
    text::exposed(report).filter(|_| stopped).map(|lines| lines.replace('\n', " "))
}

/// The document of a list.
pub fn list(listing: &Listing) -> String {
    document(&Listed {
        schema: SCHEMA,
        outcome: "listed",
        reason: listing.reason().id(),
        message: listing.message(),
        gateways: listing.gateways.iter().map(of_run).collect(),
        warnings: listing.warnings(),
    })
}

/// The document of a container's logs, which may have broken off.
pub fn logs(report: &Report, written: &str, broken_off: Option<&Why>) -> String {
    let (outcome, reason) = match broken_off {
        None => ("printed", Reason::AsAsked),
        Some(_) => ("broken-off", Reason::DockerUnknown),
    };
    document(&LogsRead {
        schema: SCHEMA,
        outcome,
        reason: reason.id(),
        message: broken_off.map_or_else(|| reason.meaning().to_owned(), |why| sentence(&why.to_string())),
        gateway: report.gateway.as_str(),
        container: container(report),
        lines: written.lines().collect(),
    })
}

/// The document of a fault of our own.
pub fn internal(message: &str) -> String {
    let (outcome, reason) = ("failed", "internal");
    document(&serde_json::json!({ "schema": SCHEMA, "outcome": outcome, "reason": reason, "message": message }))
}

/// The stable ID of a row.
pub fn row_id(row: Row) -> String {
    match serde_json::to_value(row) {
        Ok(Value::String(id)) => id,
        Ok(_) | Err(_) => unreachable!("a row serializes as its ID"),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    outcome: &'static str,
    reason: &'static str,
    message: String,
    advice: Option<String>,
    row: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    simulated: bool,
    gateway: &'a str,
    /// Null where it was not settled which.
    preset: Option<&'a str>,
    endpoint: Option<String>,
    container: Option<Container<'a>>,
    image: Option<Image<'a>>,
    volumes: &'a [VolumeName],
    /// Volumes that held its data before a restore, and are kept.
    set_aside: &'a [VolumeName],
    /// The volumes that a destruction has removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<&'a Vec<VolumeName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_from: Option<&'a str>,
    sandboxes: Sandboxes<'a>,
    daemon: Daemon<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<Backup<'a>>,
    /// Those that could bring back data that is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    backups: Vec<There<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<Took<'a>>>,
    warnings: Vec<String>,
    /// None where there is none to be told of; some null where none was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Option<&'a Path>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    schema: u32,
    outcome: &'static str,
    reason: &'static str,
    message: String,
    gateways: Vec<Document<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct LogsRead<'a> {
    schema: u32,
    outcome: &'static str,
    reason: &'static str,
    message: String,
    gateway: &'a str,
    container: Option<Container<'a>>,
    lines: Vec<&'a str>,
}

#[derive(Serialize)]
struct Container<'a> {
    id: &'a str,
    name: &'a str,
    status: Option<&'static str>,
}

#[derive(Serialize)]
struct Image<'a> {
    reference: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Sandboxes<'a> {
    /// Null where they were not listed.
    found: Option<Vec<&'a SandboxName>>,
    /// Of those whose status was told.
    status: BTreeMap<&'a SandboxName, &'a str>,
    /// As the record named them when the run began; null where there was none that could be used.
    recorded: Option<&'a BTreeSet<SandboxName>>,
    missing: &'a BTreeSet<SandboxName>,
}

#[derive(Serialize)]
struct Daemon<'a> {
    address: &'a str,
    id: Option<&'a str>,
    name: Option<&'a str>,
    data_root: Option<&'a str>,
}

#[derive(Serialize)]
struct Backup<'a> {
    path: &'a str,
    bytes: u64,
    lacks: &'a [String],
}

#[derive(Serialize)]
struct There<'a> {
    path: &'a Path,
    made: &'a str,
}

#[derive(Serialize)]
struct Took<'a> {
    command: &'a str,
    took_ms: u64,
}

impl<'a> From<&'a Step> for Took<'a> {
    fn from(step: &'a Step) -> Self {
        Self { command: &step.command, took_ms: step.took_ms }
    }
}

fn document(document: &impl Serialize) -> String {
    match serde_json::to_string_pretty(document) {
        Ok(text) => text + "\n",
        Err(error) => unreachable!("a document of strings and numbers has a JSON form: {error}"),
    }
}

fn outcome_id(report: &Report) -> &'static str {
    match report.outcome.refusal() {
        Some(Refusal::Interrupted { .. }) => return "interrupted",
        Some(Refusal::RolledBack { .. }) => return "rolled-back",
        Some(_) => return "refused",
        None => {}
    }
    match (&report.outcome.end, report.asked) {
        (End::Ready { how, .. }, _) => how.as_str(),
        (End::Refused { .. }, _) => "refused",
        (End::Looked { .. }, Asked::DryRun) => "planned",
        (End::Stopped, _) => "stopped",
        (End::BackedUp, _) => "backed-up",
        (End::Destroyed { .. }, _) => "destroyed",
        (End::Looked { decision }, _) => stands(decision, report.reason()),
    }
}

/// How a gateway stands that was only looked at.
fn stands(decision: &Decision, reason: Reason) -> &'static str {
    match decision.plan {
        Plan::Keep { .. } => "ready",
        Plan::Look(_)
        | Plan::Refuse { .. }
        | Plan::Perform { .. }
        | Plan::RollBack { .. }
        | Plan::Replace { .. }
        | Plan::EndReplacement { .. }
        | Plan::Reset { .. } => reason.id(),
    }
}

/// The decision itself, less the values of environment variables, which are secrets.
fn plan(outcome: &Outcome) -> Option<Value> {
    let End::Looked { decision } = &outcome.end else { return None };
    let mut plan = serde_json::to_value(decision.as_ref()).ok()?;
    redact(&mut plan);
    Some(plan)
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::Object(env) if key == "env" => {
                        env.values_mut().for_each(|secret| *secret = Value::String("<redacted>".to_owned()));
                    }
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_) => redact(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
