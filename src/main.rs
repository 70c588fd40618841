//! `nemoclaw`: what a person types and reads. Every decision is the engine's, every act the adapters'.
//!
//! Promises that each end has its exit code, and that a fault of our own is told as one. Absent on purpose: any knowledge
//! of Docker.

mod again;
mod args;
mod backup;
mod backups;
mod bad_input;
mod confirm;
mod destroy;
mod generate;
mod input;
mod list;
mod logs;
mod onboard;
mod progress;
#[cfg(test)]
mod reasons_doc;
mod reference_gateway;
mod restore;
mod run;
#[cfg(test)]
mod samples;
mod signals;
mod simulated;
mod start;
mod status;
mod stop;
mod view;

use std::env::VarError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use engine::{Discard, Purpose};

use crate::args::{Args, Job, Output};
use crate::bad_input::BadInput;
use crate::view::complain;

/// The exit code for a fault of our own.
const INTERNAL: u8 = 1;

/// The exit code for usage and bad input.
const BAD_INPUT: u8 = 2;

/// The variables that say where records, Docker and its configuration are: one that is not UTF-8 may not be taken for one
/// that is not set, since then they would be looked for elsewhere.
const WHERE: [&str; 9] = [
    "NEMOCLAW_HOME",
    "XDG_STATE_HOME",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
];

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(usage) => {
            // Nothing is left to do where not even this can be written.
            let _ = usage.print();
            return if usage.use_stderr() { ExitCode::from(BAD_INPUT) } else { ExitCode::SUCCESS };
        }
    };
    log_if_asked();
    std::panic::set_hook(Box::new(|panic| complain(&format!("nemoclaw: this is a bug: {panic}\n"))));
    match catch_unwind(AssertUnwindSafe(|| carry_out(&args))) {
        Ok(Ok(code)) => code,
        Ok(Err(End::BadInput(bad))) => {
            complain(&bad.render());
            ExitCode::from(BAD_INPUT)
        }
        Ok(Err(End::Internal(error))) => internal(&args, &error.to_string()),
        Err(_) => internal(&args, "a bug in nemoclaw ended the run"),
    }
}

/// An end without an outcome.
enum End {
    BadInput(BadInput),
    Internal(io::Error),
}

fn carry_out(args: &Args) -> Result<ExitCode, End> {
    if let Some(variable) =
        WHERE.into_iter().find(|variable| matches!(std::env::var(variable), Err(VarError::NotUnicode(_))))
    {
        return Err(End::BadInput(BadInput::plain(format!("`{variable}` is not UTF-8, and says where to look"))));
    }
    let host = args.host.as_deref();
    match &args.job {
        Job::Onboard(typed) => {
            let confirmed = confirm::asked(typed).map_err(End::Internal)?;
            let request = input::onboard(confirmed.as_ref().unwrap_or(typed), host, &env).map_err(End::BadInput)?;
            in_runtime(onboard::onboard(request, typed.dry_run, args))
        }
        Job::Status(typed) => {
            let request = input::status(typed, host, &env).map_err(End::BadInput)?;
            in_runtime(status::status(request, args))
        }
        Job::Start(typed) => {
            let request = input::act(typed, Purpose::Start, host, &env).map_err(End::BadInput)?;
            in_runtime(start::start(request, args))
        }
        Job::Stop(typed) => {
            let request = input::act(typed, Purpose::Stop, host, &env).map_err(End::BadInput)?;
            in_runtime(stop::stop(request, args))
        }
        Job::Backup(typed) => {
            let request = input::act(typed, Purpose::BackUp, host, &env).map_err(End::BadInput)?;
            in_runtime(backup::backup(request, args))
        }
        Job::Restore(typed) => {
            let request = input::restore(typed, host, &env).map_err(End::BadInput)?;
            in_runtime(restore::restore(request, args))
        }
        Job::Destroy(typed) => {
            let (mut request, what) = input::destroy(typed, host, &env).map_err(End::BadInput)?;
            if what != Discard::Container && request.intent.consent.is_none() {
                let name = confirm::removal(&request, what).map_err(End::Internal)?;
                request.consent_to_removal(name.as_deref()).map_err(End::BadInput)?;
            }
            in_runtime(destroy::destroy(request, what, args))
        }
        Job::Backups(typed) => {
            let (gateway, state) = input::backups(typed, &env).map_err(End::BadInput)?;
            Ok(backups::backups(gateway.as_ref(), &state, typed.verify, args))
        }
        Job::List(typed) => {
            let around = input::list(typed, host, &env).map_err(End::BadInput)?;
            in_runtime(list::list(around, args))
        }
        Job::Logs(typed) => {
            let (request, wanted) = input::logs(typed, args.output, host, &env).map_err(End::BadInput)?;
            in_runtime(logs::logs(request, wanted, args))
        }
        Job::Completions { shell } => generate::completions(*shell).map_err(End::Internal),
        Job::Man { folder } => generate::man(folder).map_err(End::BadInput),
        Job::ReferenceGateway => in_runtime(async { Ok(reference_gateway::serve().await) }),
        Job::ReferenceSandboxes => Ok(reference_gateway::print_sandboxes()),
    }
}

fn in_runtime(job: impl Future<Output = io::Result<ExitCode>>) -> Result<ExitCode, End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(End::Internal)?;
    let code = runtime.block_on(job);
    // A thread may still wait for a lock that another run holds; the process ends without it.
    runtime.shutdown_background();
    code.map_err(End::Internal)
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Logs of libraries go to stderr, where `RUST_LOG` asks for them.
fn log_if_asked() {
    if env("RUST_LOG").is_some_and(|filter| !filter.is_empty()) {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_writer(io::stderr)
            // It would panic where standard error cannot be written.
            .log_internal_errors(false)
            .with_ansi(view::color(&io::stderr()))
            .init();
    }
}

fn internal(args: &Args, what: &str) -> ExitCode {
    let message = format!("{what}. Nothing was removed by that; type the command again.");
    match args.output {
        Output::Text => {
            complain(&format!("nemoclaw: {message}\n"));
            ExitCode::from(INTERNAL)
        }
        Output::Json => view::put(&view::json::internal(&message), INTERNAL),
    }
}
