//! `nemoclaw destroy`: removes what its owner does not want any more, as an intent of the machine that onboards, under the
//! same guards. Absent on purpose: the owner's consent, which is asked for before.

use std::io;
use std::process::ExitCode;

use engine::Discard;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Removes what was asked, tells what is kept and what brings it back, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn destroy(request: Request, what: Discard, args: &Args) -> io::Result<ExitCode> {
    let report = run(request, Asked::Destroy(what), args).await?;
    Ok(view::tell(&report, args.output))
}
