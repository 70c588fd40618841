//! `nemoclaw onboard`: one run of the engine on the real host, or with `--dry-run` only its decision.

use std::io;
use std::process::ExitCode;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Brings the gateway up, tells how that went, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn onboard(request: Request, dry_run: bool, args: &Args) -> io::Result<ExitCode> {
    let asked = if dry_run { Asked::DryRun } else { Asked::Onboard };
    let report = run(request, asked, args).await?;
    Ok(view::tell(&report, args.output))
}
