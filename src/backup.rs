//! `nemoclaw backup`: copies the gateway's volumes into a verified backup, as an intent of the machine that onboards, under
//! the same guards. What runs is stopped for that time and runs again afterwards.

use std::io;
use std::process::ExitCode;

use crate::args::Args;
use crate::input::Request;
use crate::run::run;
use crate::view::{self, Asked};

/// Makes a backup, tells where it is, and gives the exit code.
///
/// # Errors
/// As [`run`].
pub async fn backup(request: Request, args: &Args) -> io::Result<ExitCode> {
    let report = run(request, Asked::Backup, args).await?;
    Ok(view::tell(&report, args.output))
}
