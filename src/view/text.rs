//! The result for people: what happened, what is there, what to type next; and in the last line where the data is.

use engine::{Advice, Decision, Discard, Effect, End, How, Plan, Refusal, SandboxName, Status};

use super::page::Page;
use super::{Asked, BackupThere, Mark, Report, Simulated, data, decision, hints, names, sentence};

/// The result of one run.
pub fn text(report: &Report, color: bool) -> String {
    let mut page = Page::new(color);
    if let Some(Simulated { instead_of, .. }) = &report.simulated {
        page.headline(Mark::Warn, &format!("Simulated: no gateway is there and none listens. {instead_of}"));
        page.blank();
    }
    match (report.outcome.refusal(), &report.outcome.end) {
        (Some(refusal @ Refusal::Interrupted { .. }), _) => interrupted(&mut page, report, refusal),
        (Some(refusal), _) => refused(&mut page, report, refusal),
        (None, End::Looked { decision }) if report.asked == Asked::DryRun => planned(&mut page, report, decision),
        (None, End::Looked { decision }) => match decision.plan {
            Plan::Keep { .. } => ready(&mut page, report),
            Plan::Look(_)
            | Plan::Refuse { .. }
            | Plan::Perform { .. }
            | Plan::RollBack { .. }
            | Plan::Replace { .. }
            | Plan::EndReplacement { .. }
            | Plan::Reset { .. } => not_ready(&mut page, report),
        },
        (None, End::Stopped) => stopped(&mut page, report),
        (None, End::BackedUp) => backed_up(&mut page, report),
        (None, End::Destroyed { what, .. }) => destroyed(&mut page, report, *what),
        (None, End::Ready { .. } | End::Refused { .. }) => ready(&mut page, report),
    }
    page.said(report);
    page.blank();
    page.line(&data::line(report));
    page.text
}

fn ready(page: &mut Page, report: &Report) {
    let in_doubt = report.reason() == engine::Reason::Unverified || !report.outcome.seen.missing.is_empty();
    let mark = if in_doubt { Mark::Warn } else { Mark::Good };
    page.headline(mark, &report.message());
    if let End::Ready { how, .. } = &report.outcome.end {
        page.line(&format!("  {}", how_it_came(*how, report.outcome.changed)));
    }
    let mut rows: Vec<_> = report.restored_from.iter().map(|path| ("From", path.clone())).collect();
    rows.extend(seen_rows(report));
    rows.extend(backup_row(report));
    page.rows(&rows);
}

fn destroyed(page: &mut Page, report: &Report, what: Discard) {
    page.headline(Mark::Good, &report.message());
    if !report.outcome.changed {
        page.line("  Nothing was changed.");
    }
    // That the container is gone is said already, and so is a helper's coming and going of no interest.
    let removed = report.steps.iter().filter_map(|step| step.did.as_deref()?.strip_prefix("removed "));
    let removed: Vec<_> = removed.filter(|what| !what.starts_with("container ")).collect();
    let mut rows = Vec::new();
    if !removed.is_empty() {
        rows.push(("Removed", removed.join("\n")));
    }
    match what {
        Discard::Container | Discard::SetAside => rows.extend(seen_rows(report)),
        Discard::Volumes => {}
    }
    rows.extend(backup_row(report));
    let lost = !report.removed.is_empty() && report.outcome.backup.is_none();
    let back = match what {
        Discard::Volumes if lost => Some("nothing: no backup was made, as asked".to_owned()),
        Discard::Container | Discard::Volumes | Discard::SetAside => report.advice(),
    };
    rows.extend(back.map(|command| ("Bring back", command)));
    page.rows(&rows);
    if what == Discard::Container {
        page.exposed(report);
    }
}

fn backed_up(page: &mut Page, report: &Report) {
    page.headline(Mark::Good, &report.message());
    let mut rows: Vec<_> = backup_row(report).into_iter().collect();
    rows.extend(seen_rows(report));
    page.rows(&rows);
}

/// Where the backup of this run is, what it holds, and what it does not.
fn backup_row(report: &Report) -> Option<(&'static str, String)> {
    let backup = report.outcome.backup.as_ref()?;
    let mut text = format!("{} ({})", backup.path, size(backup.bytes));
    for lacks in &backup.lacks {
        text.push_str(&format!("\nnot in it: {lacks}"));
    }
    Some(("Backup", text))
}

/// The backups that could bring the data back.
fn backups_row(report: &Report) -> Option<(&'static str, String)> {
    let told = |there: &BackupThere| format!("{}, made {}", there.path.display(), there.made);
    let told: Vec<_> = report.backups.iter().map(told).collect();
    (!told.is_empty()).then(|| ("Backups", told.join("\n")))
}

/// What the run did, in a sentence that says what became of the container.
fn how_it_came(how: How, changed: bool) -> &'static str {
    match how {
        How::Reused if changed => "It was ready already; its container was left as it is.",
        How::Reused => "It was ready already; nothing was changed.",
        How::Recovered => "It was stopped; the same container runs again, on the same volumes.",
        How::Repaired => "It ran and did not answer; the same container answers again, on the same volumes.",
        How::Adopted => "Its container was missing; a new one was made on the volumes that were there.",
        How::Created => "Nothing of it was there; container and volumes are new.",
        How::Upgraded => "A new container took the place of the old one, on the same volumes.",
        How::Reset => "What was on its volumes was given up, as its owner asked; container and volumes are new.",
        How::Restored => "It runs on new volumes, which were written from the backup and read back.",
    }
}

fn stopped(page: &mut Page, report: &Report) {
    page.headline(Mark::Good, &report.message());
    page.line(if report.outcome.changed {
        "  Its container stays as it is, and so do its volumes."
    } else {
        "  It did not run; nothing was changed."
    });
    let mut rows = seen_rows(report);
    rows.extend(report.advice().map(|command| ("Start again", command)));
    page.rows(&rows);
    page.exposed(report);
}

fn not_ready(page: &mut Page, report: &Report) {
    page.headline(Mark::Warn, &report.message());
    let mut rows = seen_rows(report);
    rows.extend(report.advice().map(|command| ("Next", command)));
    page.rows(&rows);
    page.exposed(report);
}

/// What a prune would take. A container that runs or is paused is safe from it, and so are its volumes.
pub fn exposed(report: &Report) -> Option<&'static str> {
    let seen = &report.outcome.seen;
    match &seen.container {
        Some((_, _, Some(Status::Created | Status::Exited | Status::Dead))) => Some(
            "Until it runs again, `docker system prune` would take its container and its network.\n\
             Its volumes would stay, but have no container: then `docker volume prune --all` would take them\n\
             (with a Docker client older than 23, any `docker volume prune`).",
        ),
        None if !seen.volumes.is_empty() => Some(
            "Until it has a container again, `docker volume prune --all` would take its volumes\n\
             (with a Docker client older than 23, any `docker volume prune`).\n\
             Onboarding makes a new container on them.",
        ),
        None => Some("No volume of it was seen either: onboarding makes a new gateway."),
        Some((_, _, Some(Status::Running | Status::Paused | Status::Restarting) | None)) => None,
    }
}

fn planned(page: &mut Page, report: &Report, decision: &Decision) {
    page.headline(Mark::Good, &report.message());
    let mut rows = vec![("Row", decision::row(decision))];
    rows.extend(decision::changes(&decision.plan).map(|changes| ("Changes", changes)));
    if let Plan::Replace { .. } = decision.plan {
        let what = "every volume goes along, and is backed up before; the gateway stands still for that time";
        rows.push(("Data", what.to_owned()));
    }
    rows.extend(decision.waits_on.as_ref().map(|why| ("Waits on", why.to_string())));
    rows.extend(seen_rows(report));
    page.rows(&rows);
}

fn refused(page: &mut Page, report: &Report, refusal: &Refusal) {
    let (gateway, reason) = (&report.gateway, refusal.reason());
    let lost = matches!(refusal, Refusal::DockerLost { .. });
    let headline = match report.asked {
        Asked::Onboard | Asked::Start if lost => {
            format!("Whether the gateway `{gateway}` is up now is not known ({}).", reason.id())
        }
        Asked::Stop if lost => {
            format!("Whether the gateway `{gateway}` is stopped now is not known ({}).", reason.id())
        }
        Asked::Onboard if matches!(refusal, Refusal::RolledBack { .. }) => {
            format!("The gateway `{gateway}` was not replaced, and is as it was ({}).", reason.id())
        }
        Asked::Restore if matches!(refusal, Refusal::RolledBack { .. }) => {
            format!("The gateway `{gateway}` was not restored, and is as it was ({}).", reason.id())
        }
        Asked::Restore => format!("The gateway `{gateway}` was not restored ({}).", reason.id()),
        Asked::Destroy(_) if !report.removed.is_empty() => {
            format!("The gateway `{gateway}` was destroyed in part only ({}).", reason.id())
        }
        Asked::Destroy(_) => format!("The gateway `{gateway}` was not destroyed ({}).", reason.id()),
        Asked::Onboard => format!("The gateway `{gateway}` was not brought up ({}).", reason.id()),
        Asked::Backup => format!("The gateway `{gateway}` was not backed up ({}).", reason.id()),
        Asked::Start => format!("The gateway `{gateway}` was not started ({}).", reason.id()),
        Asked::Stop => format!("The gateway `{gateway}` was not stopped ({}).", reason.id()),
        Asked::Logs => format!("The logs of the gateway `{gateway}` cannot be printed ({}).", reason.id()),
        Asked::Status if own_at_rest(report, refusal) => {
            let stands = report.stands();
            format!("The gateway `{gateway}` {stands}, and onboarding would be refused ({}).", reason.id())
        }
        Asked::DryRun | Asked::Status => format!("Onboarding `{gateway}` would be refused ({}).", reason.id()),
    };
    page.headline(Mark::Bad, &headline);
    let why = match hints::hint(report, refusal) {
        Some(hint) => format!("{}\n{hint}", reason.meaning()),
        None => reason.meaning().to_owned(),
    };
    let mut rows = vec![("Saw", saw(refusal)), data::untouched(report)];
    rows.extend(done(report));
    rows.extend(backup_row(report));
    rows.extend(backups_row(report));
    rows.extend([("Why", why), ("Next", next(report, refusal))]);
    rows.extend(report.trace.as_ref().map(|path| ("Trace", path.display().to_string())));
    page.rows(&rows);
    for (whose, log) in logs(refusal) {
        page.blank();
        page.line(&format!("The last lines that {whose} wrote:"));
        log.iter().for_each(|line| page.line(&format!("  | {}", line.trim_end())));
    }
    if report.asked == Asked::Status && own_at_rest(report, refusal) {
        page.exposed(report);
    }
}

/// How many of a next container's last log lines are shown: the trace has them all.
const NEXT_LOG_LINES_SHOWN: usize = 20;

/// What was written by whom, where it helps to understand.
fn logs(refusal: &Refusal) -> Vec<(&'static str, &[String])> {
    let last = |log: &'_ Vec<String>| log.len().saturating_sub(NEXT_LOG_LINES_SHOWN);
    let mut logs: Vec<(&'static str, &[String])> = Vec::new();
    if let Refusal::NotRecovered { log, .. } | Refusal::NotPutBack { log, .. } = refusal {
        logs.push(("it", log));
    }
    if let Refusal::RolledBack { log, .. } | Refusal::NotPutBack { next_log: log, .. } = refusal {
        logs.push(("the next container", &log[last(log)..]));
    }
    logs.retain(|(_, log)| !log.is_empty());
    logs
}

/// Whether the gateway's own container was seen and does not run.
fn own_at_rest(report: &Report, refusal: &Refusal) -> bool {
    let foreign = matches!(refusal, Refusal::ForeignContainer { .. } | Refusal::OtherPreset { .. });
    let at_rest = match &report.outcome.seen.container {
        Some((_, _, Some(Status::Created | Status::Exited | Status::Dead))) => true,
        Some((_, _, Some(Status::Running | Status::Paused | Status::Restarting) | None)) | None => false,
    };
    at_rest && !foreign
}

/// What was seen; volumes to choose from one a line.
fn saw(refusal: &Refusal) -> String {
    let Refusal::VolumesAmbiguous { path, candidates } = refusal else { return sentence(&refusal.to_string()) };
    let mut text = format!("{} volumes could be the gateway's `{path}`:", candidates.len());
    for volume in candidates {
        text.push_str(&format!("\n`{}`", volume.name));
        text.extend(volume.created.as_ref().map(|created| format!(", made {created}")));
        text.extend(volume.size_bytes.map(|bytes| format!(", holding {}", size(bytes))));
    }
    text
}

fn next(report: &Report, refusal: &Refusal) -> String {
    let Advice { command, effect } = report.way_out(refusal);
    // An advice that is a command of our own says it already.
    match hints::effect(effect).filter(|_| !(effect == Effect::OnTheMachine && command.starts_with("nemoclaw "))) {
        Some(effect) => format!("{command}\n({effect})"),
        None => command,
    }
}

fn interrupted(page: &mut Page, report: &Report, refusal: &Refusal) {
    page.headline(Mark::Warn, &report.message());
    let mut rows = vec![data::untouched(report)];
    rows.extend(done(report));
    rows.push(("Next", next(report, refusal)));
    page.rows(&rows);
}

/// What the run had changed before it ended.
fn done(report: &Report) -> Option<(&'static str, String)> {
    let did: Vec<_> = report.steps.iter().filter_map(|step| step.did.as_deref()).collect();
    (!did.is_empty()).then(|| ("Done before", did.join("\n")))
}

/// What was seen of the gateway.
fn seen_rows(report: &Report) -> Vec<(&'static str, String)> {
    let seen = &report.outcome.seen;
    let mut rows = Vec::new();
    if let Some((id, name, status)) = &seen.container {
        let status = status.map_or("status unknown", Status::as_str);
        rows.push(("Container", format!("{name} ({}, {status})", id.as_str().get(..12).unwrap_or(id.as_str()))));
    }
    rows.extend(seen.image.as_ref().map(|(reference, _)| ("Image", reference.to_string())));
    if !seen.volumes.is_empty() {
        let volumes: Vec<_> = seen.volumes.iter().map(ToString::to_string).collect();
        rows.push((if volumes.len() == 1 { "Volume" } else { "Volumes" }, volumes.join("\n")));
    }
    if !seen.set_aside.is_empty() {
        let gateway = &report.gateway;
        let gives_up = format!("nemoclaw destroy --gateway {gateway} --set-aside --confirm {gateway}");
        let gives_up = report.again.complete(&gives_up);
        let volumes: Vec<_> = seen.set_aside.iter().map(ToString::to_string).collect();
        rows.push(("Set aside", format!("{}\n(kept until: {gives_up})", volumes.join("\n"))));
    }
    rows.extend(sandboxes(report).map(|sandboxes| ("Sandboxes", sandboxes)));
    if !seen.missing.is_empty() {
        rows.push(("Missing", format!("{} (they stay in the record)", names(&seen.missing))));
    }
    rows
}

/// The sandboxes as they were listed; where they were not, as they were recorded.
pub fn sandboxes(report: &Report) -> Option<String> {
    if let Some(found) = &report.outcome.seen.sandboxes {
        let told = |(name, status): (&SandboxName, &Option<String>)| match status {
            Some(status) => format!("{name} ({status})"),
            None => name.to_string(),
        };
        let all: Vec<_> = found.iter().map(told).collect();
        return Some(if all.is_empty() { "none".to_owned() } else { all.join(", ") });
    }
    let recorded = report.recorded.as_ref().filter(|recorded| !recorded.is_empty())?;
    let all: Vec<_> = recorded.iter().map(ToString::to_string).collect();
    Some(format!("{} (as recorded)", all.join(", ")))
}

/// A size as a person reads it.
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}
