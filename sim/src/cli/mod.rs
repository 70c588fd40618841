//! What a person types to `nemoclaw-sim`, and what each command prints. Documents go to stdout, all else to stderr.

mod check;
mod explore;
mod find;
mod graph;
mod proxy;
mod replay;
mod run;
mod scenarios;
mod shrink;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use thiserror::Error;

/// The exit code of input that cannot be used.
pub const BAD_INPUT: u8 = 2;

/// Runs, explores, shrinks and replays what can happen to an onboarding, on a simulated host.
#[derive(Debug, Parser)]
#[command(name = "nemoclaw-sim", version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON document on stdout.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a scenario, shipped or in a file, and prints its timeline and verdict.
    Run {
        /// A shipped scenario's name, or a file.
        scenario: String,
    },
    /// Lists the shipped scenarios, or explains one.
    Scenarios {
        /// Which.
        name: Option<String>,
    },
    /// Runs drawn scenarios until an invariant breaks.
    Explore(explore::ExploreArgs),
    /// Checks every case with every fault, up to a bound.
    Check(check::CheckArgs),
    /// Prints the states of a run as a Mermaid diagram.
    Graph,
    /// Replays a trace: feeds its events to the engine and tells the first command that differs.
    Replay {
        /// The trace file.
        trace: PathBuf,
    },
    /// Plays a scenario's daemon faults between a real client and a real Docker daemon.
    Proxy(proxy::ProxyArgs),
    /// Makes a scenario that breaks an invariant as small as it can.
    Shrink {
        /// The scenario's file.
        file: PathBuf,
    },
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, or replays clean.
    Holds,
    /// An invariant broke, something did not hold, or a command differs.
    Broken,
    /// A trace that is cut short was replayed as far as it goes.
    Cut,
}

impl Verdict {
    /// The exit code.
    pub fn exit(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Broken => 3,
            Self::Cut => BAD_INPUT,
        }
    }
}

/// Input that cannot be used.
#[derive(Debug, Error)]
pub enum Bad {
    /// No such scenario.
    #[error("there is no scenario `{name}`{}", nearest(.near.as_deref()))]
    NoScenario {
        /// What was typed.
        name: String,
        /// The nearest that there is.
        near: Option<String>,
    },
    /// A file that cannot be read.
    #[error("`{path}` cannot be read: {error}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("`{path}` cannot be written: {error}")]
    Unwritable {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A file that does not say what it should.
    #[error("{path}:{line}: {problem}")]
    Text {
        /// Which.
        path: String,
        /// In which line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A scenario that cannot be run.
    #[error("`{path}`: {error}")]
    Scenario {
        /// Which.
        path: String,
        /// Why.
        error: sim::scenario::BadScenario,
    },
    /// A trace that cannot be replayed.
    #[error("`{path}`: {error}")]
    Trace {
        /// Which.
        path: String,
        /// Why.
        error: sim::replay::BadTrace,
    },
    /// A value on the command line.
    #[error("{0}")]
    Value(String),
}

fn nearest(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// Carries out what was typed.
///
/// # Errors
/// What was typed, or is in a file, and cannot be used.
pub fn run(args: &Args) -> Result<Verdict, Bad> {
    match &args.command {
        Command::Run { scenario } => run::run(scenario, args.output),
        Command::Scenarios { name } => scenarios::scenarios(name.as_deref(), args.output),
        Command::Explore(explore) => explore::explore(explore, args.output),
        Command::Graph => graph::graph(),
        Command::Check(check) => check::check(check, args.output),
        Command::Proxy(args) => proxy::proxy(args),
        Command::Replay { trace } => replay::replay(trace, args.output),
        Command::Shrink { file } => shrink::shrink(file, args.output),
    }
}

/// Prints a JSON document.
fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("error: no JSON form: {error}"),
    }
}
