//! `proxy`: plays a scenario's daemon faults between a real client and a real daemon.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use sim::proxy::{Ended, LINGER, Proxy, Schedule};
use tokio::signal::unix::{SignalKind, signal};

use super::find::scenario;
use super::{Bad, Verdict};

/// What is typed after `proxy`.
#[derive(Debug, Args)]
pub struct ProxyArgs {
    /// A shipped scenario's name, or a file. Its rules are played; its world is brought about by whoever runs this.
    scenario: String,
    /// Where it listens: a socket that is made, and removed at the end.
    #[arg(long, value_name = "PATH")]
    listen: PathBuf,
    /// The daemon's socket.
    #[arg(long, value_name = "ADDRESS", default_value = "unix:///var/run/docker.sock")]
    docker: String,
    /// For how long at most.
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = humantime::parse_duration)]
    limit: Duration,
    /// A file for what passed, one JSON line a request; without bodies and queries.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

pub fn proxy(args: &ProxyArgs) -> Result<Verdict, Bad> {
    let found = scenario(&args.scenario)?;
    let schedule = Schedule::of(&found.scenario)
        .map_err(|why| Bad::Value(format!("`{}` cannot be played by a proxy: {why}", found.name)))?;
    let Some(docker) = args.docker.strip_prefix("unix://") else {
        return Err(Bad::Value(format!("`--docker {}`: only `unix://PATH` can be asked", args.docker)));
    };
    let record = args.record.as_deref().map(create).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Bad::Value(format!("no runtime: {error}")))?;
    let ended = runtime.block_on(serve(args, docker.into(), schedule, record));
    match ended.map_err(|error| Bad::Value(format!("`--listen {}`: {error}", args.listen.display())))? {
        Some(Ended::ScheduleOver) => eprintln!("ended: the schedule is over"),
        Some(Ended::TimeOver) => eprintln!("ended: the time is over"),
        None => eprintln!("ended: by a signal"),
    }
    Ok(Verdict::Holds)
}

/// Serves until it ends by itself, or by a signal.
async fn serve(
    args: &ProxyArgs,
    docker: PathBuf,
    schedule: Schedule,
    record: Option<Box<dyn Write + Send>>,
) -> io::Result<Option<Ended>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let proxy = Proxy::listen(&args.listen, docker, schedule, record)?;
    println!("listening at unix://{}", proxy.path().display());
    tokio::select! {
        ended = proxy.serve(args.limit, LINGER) => ended.map(Some),
        _ = interrupt.recv() => Ok(None),
        _ = terminate.recv() => Ok(None),
    }
}

fn create(path: &Path) -> Result<Box<dyn Write + Send>, Bad> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let file = file.map_err(|error| Bad::Value(format!("`--record {}`: {error}", path.display())))?;
    Ok(Box::new(file))
}
