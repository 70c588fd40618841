//! `nemoclaw start`: the one act, as an intent of the machine that onboards, under the same guards. It makes, restarts
//! and replaces nothing.

use std::io;
use std::process::ExitCode;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Starts the gateway's container, tells how that went, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn start(request: Request, args: &Args) -> io::Result<ExitCode> {
    let report = run(request, Asked::Start, args).await?;
    Ok(view::tell(&report, args.output))
}
