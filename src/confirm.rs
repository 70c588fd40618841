//! The owner's word for what cannot be undone, asked for on a terminal where it was not typed with the command. Absent on
//! purpose: a way to consent with anything but the gateway's name.

use std::io::{self, BufRead, IsTerminal, Write};

use engine::{Discard, GatewayRecord, SandboxListing};

use crate::args::OnboardArgs;
use crate::input::{DEFAULT_NAMES, Request};
use crate::view::{clean, names};

/// What was typed, with the name that its owner confirms a reset with; none where nothing has to be asked, or nobody is
/// there to answer.
///
/// # Errors
/// The terminal cannot be written or read.
pub fn asked(typed: &OnboardArgs) -> io::Result<Option<OnboardArgs>> {
    if !typed.reset || typed.confirm.is_some() || typed.dry_run || !at_terminal() {
        return Ok(None);
    }
    let gateway = typed.gateway.gateway.as_deref().unwrap_or(DEFAULT_NAMES[usize::from(typed.gateway.demo)]);
    let confirm = ask(&format!(
        "A reset gives up what is on the volumes of `{gateway}`, which has no container. A backup is made before, unless\n\
         --no-backup is typed; it holds the volumes, and no sandbox that is a container beside the gateway."
    ))?;
    Ok(Some(OnboardArgs { confirm: Some(confirm), ..typed.clone() }))
}

/// The name that its owner confirms the removal of volumes with; none where nobody is there to answer.
///
/// # Errors
/// The terminal cannot be written or read.
pub fn removal(request: &Request, what: Discard) -> io::Result<Option<String>> {
    if !at_terminal() {
        return Ok(None);
    }
    let gateway = &request.intent.gateway;
    let record = request.settings.state.record(gateway);
    ask(&clean(&gives_up(gateway.as_str(), record.record(), what, request.intent.no_backup))).map(Some)
}

/// What goes, and what of it no backup holds.
fn gives_up(gateway: &str, record: Option<&GatewayRecord>, what: Discard, no_backup: bool) -> String {
    let what = match (what, record) {
        (Discard::SetAside, Some(record)) => {
            let volumes = names(&record.set_aside);
            return format!(
                "This removes for good the volumes that restores of `{gateway}` have set aside: {}.",
                if volumes.is_empty() { "none".to_owned() } else { volumes }
            );
        }
        (Discard::SetAside, None) => {
            return format!("This removes for good the volumes that restores of `{gateway}` have set aside.");
        }
        (Discard::Container | Discard::Volumes, Some(record)) => {
            format!("its volumes {}", names(record.volume_names()))
        }
        (Discard::Container | Discard::Volumes, None) => "its volumes (no record names them)".to_owned(),
    };
    let backup = if no_backup { "No backup is made, as asked." } else { "A backup of the volumes is made before." };
    let beside = record.filter(|record| is_beside(&record.spec.sandboxes) && !record.sandboxes.is_empty());
    let beside = beside.map_or(String::new(), |record| {
        format!("\nNo backup holds its sandboxes, which are containers beside it: {}.", names(&record.sandboxes))
    });
    format!("This removes for good the container of `{gateway}`, its network, and {what}.\n{backup}{beside}")
}

fn is_beside(sandboxes: &SandboxListing) -> bool {
    match sandboxes {
        SandboxListing::Siblings { .. } => true,
        SandboxListing::None | SandboxListing::Http { .. } | SandboxListing::Exec { .. } => false,
    }
}

fn at_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Says what is at stake, and takes the name.
fn ask(at_stake: &str) -> io::Result<String> {
    let mut stderr = io::stderr();
    writeln!(stderr, "{at_stake}")?;
    write!(stderr, "Type the gateway's name to go on: ")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
