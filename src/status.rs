//! `nemoclaw status`: the look that onboarding begins with, and what it shows. It changes nothing and leaves no trace.

use std::io;
use std::process::ExitCode;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Looks at the gateway, tells how it stands, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn status(request: Request, args: &Args) -> io::Result<ExitCode> {
    let report = run(request, Asked::Status, args).await?;
    Ok(view::tell(&report, args.output))
}
