//! `nemoclaw backups`: lists the backups that there are, and with `--verify` reads each whole. Docker is not asked. What
//! lies among them and is none, or cannot be used, is listed too, with why.

use std::io;
use std::process::ExitCode;

use adapters::{BackupListed, BackupSummary, Backups, StateDir};
use engine::{GatewayName, Reason};
use serde_json::json;

use crate::args::{Args, Output};
use crate::view::{self, complain, size};

/// Lists them and gives the exit code: one that cannot be used is a refusal.
pub fn backups(gateway: Option<&GatewayName>, state: &StateDir, verify: bool, args: &Args) -> ExitCode {
    match Backups::new(state).list(gateway) {
        Ok(listed) => tell(&listed.into_iter().map(|one| checked(one, verify)).collect::<Vec<_>>(), verify, args),
        Err(error) => cannot_be_listed(&error, args),
    }
}

/// One backup, read whole where that was asked for.
fn checked(listed: BackupListed, verify: bool) -> BackupListed {
    if !verify || listed.backup.is_err() {
        return listed;
    }
    let backup = Backups::verify(&listed.path).map(|verified| verified.summary);
    BackupListed { backup, ..listed }
}

fn tell(listed: &[BackupListed], verified: bool, args: &Args) -> ExitCode {
    let good = listed.iter().all(|one| one.backup.is_ok());
    let reason = if good { Reason::AsAsked } else { Reason::BadBackup };
    let message = message(listed, verified);
    let document = match args.output {
        Output::Json => {
            let backups: Vec<_> = listed.iter().map(as_json).collect();
            let document = json!({
                "schema": 1,
                "outcome": "listed",
                "reason": reason.id(),
                "message": message,
                "verified": verified,
                "backups": backups,
            });
            format!("{document:#}\n")
        }
        Output::Text => {
            let lines = listed.iter().map(|one| as_text(one, verified));
            format!("{message}\n{}", lines.collect::<String>())
        }
    };
    view::put(&document, reason.exit())
}

fn message(listed: &[BackupListed], verified: bool) -> String {
    let bad = listed.iter().filter(|one| one.backup.is_err()).count();
    let read = if verified { ", each read whole and compared with its manifest" } else { "" };
    match (listed.len(), bad) {
        (0, _) => "There are no backups. `nemoclaw backup` makes one.".to_owned(),
        (1, 0) => format!("There is one backup{read}."),
        (count, 0) => format!("There are {count} backups{read}."),
        (count, bad) => format!("Of {count} backups {bad} cannot be used."),
    }
}

fn as_json(one: &BackupListed) -> serde_json::Value {
    let gateway = one.gateway.as_ref().map(GatewayName::as_str);
    match &one.backup {
        Ok(BackupSummary { made, bytes, stored_bytes, volumes, lacks }) => json!({
            "path": one.path, "gateway": gateway, "made": made, "bytes": bytes, "stored_bytes": stored_bytes,
            "volumes": volumes, "lacks": lacks, "problem": null,
        }),
        Err(problem) => json!({ "path": one.path, "gateway": gateway, "problem": problem.to_string() }),
    }
}

fn as_text(one: &BackupListed, verified: bool) -> String {
    let path = view::clean(&one.path.display().to_string());
    let gateway = one.gateway.as_ref().map_or("?", GatewayName::as_str);
    match &one.backup {
        Ok(summary) => {
            let sign = if verified { "verified, " } else { "" };
            let volumes = view::names(&summary.volumes);
            format!("\n{gateway}, {}: {sign}{} of {volumes}\n  {path}\n", summary.made, size(summary.bytes))
        }
        Err(problem) => format!("\n{gateway}: cannot be used: {}\n  {path}\n", view::clean(&problem.to_string())),
    }
}

fn cannot_be_listed(error: &io::Error, args: &Args) -> ExitCode {
    let message = format!("The backups could not be listed: {error}.");
    match args.output {
        Output::Text => {
            complain(&format!("nemoclaw: {message}\n"));
            ExitCode::from(Reason::StateUnusable.exit())
        }
        Output::Json => {
            let reason = Reason::StateUnusable;
            let document = json!({ "schema": 1, "outcome": "refused", "reason": reason.id(), "message": message });
            view::put(&format!("{document:#}\n"), reason.exit())
        }
    }
}
