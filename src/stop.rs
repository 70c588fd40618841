//! `nemoclaw stop`: the one act, as an intent of the machine that onboards, under the same guards. What
//! would be lost by a stop is not stopped.

use std::io;
use std::process::ExitCode;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Stops the gateway's container, tells how that went, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn stop(request: Request, args: &Args) -> io::Result<ExitCode> {
    let report = run(request, Asked::Stop, args).await?;
    Ok(view::tell(&report, args.output))
}
