//! The owner's word for a reset, asked for on a terminal where it was not typed with the command. Absent on purpose: a way
//! to consent with anything but the gateway's name.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::args::OnboardArgs;
use crate::input::DEFAULT_NAMES;

/// What was typed, with the name that its owner confirms a reset with; none where nothing has to be asked, or nobody is
/// there to answer.
///
/// # Errors
/// The terminal cannot be written or read.
pub fn asked(typed: &OnboardArgs) -> io::Result<Option<OnboardArgs>> {
    let at_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !typed.reset || typed.confirm.is_some() || typed.dry_run || !at_terminal {
        return Ok(None);
    }
    let gateway = typed.gateway.gateway.as_deref().unwrap_or(DEFAULT_NAMES[usize::from(typed.gateway.demo)]);
    let mut stderr = io::stderr();
    writeln!(
        stderr,
        "A reset gives up what is on the volumes of `{gateway}`, which has no container. A backup is made before, unless"
    )?;
    writeln!(
        stderr,
        "--no-backup is typed; it holds the volumes, and no sandbox that is a container beside the gateway."
    )?;
    write!(stderr, "Type the gateway's name to go on: ")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(Some(OnboardArgs { confirm: Some(line.trim().to_owned()), ..typed.clone() }))
}
