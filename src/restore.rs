//! `nemoclaw restore`: writes a verified backup into new volumes and brings its gateway up on them, as an intent of the
//! machine that onboards, under the same guards. What held the data before is kept, set aside.

use std::io;
use std::process::ExitCode;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Restores the backup, tells how the gateway stands, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn restore(request: Request, args: &Args) -> io::Result<ExitCode> {
    let report = run(request, Asked::Restore, args).await?;
    Ok(view::tell(&report, args.output))
}
