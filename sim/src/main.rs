//! `nemoclaw-sim`: runs, explores, shrinks and replays what can happen to an onboarding, on a simulated host.
//! Exit codes: 0 it holds, or replays clean; 1 internal; 2 bad input; 3 an invariant broke or a command differs.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// A check makes and drops millions of small values a second.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    match cli::run(&args) {
        Ok(verdict) => ExitCode::from(verdict.exit()),
        Err(bad) => {
            eprintln!("error: {bad}");
            ExitCode::from(cli::BAD_INPUT)
        }
    }
}
