//! What can be typed: commands, flags and their help. Texts are taken as they are here and checked in `input`, which
//! can point at what is wrong with them. Absent on purpose: flags of commands that do not exist yet.

use std::path::PathBuf;

use clap::{Args as Flags, Parser, Subcommand, ValueEnum};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "nemoclaw",
    version,
    about = "Bring an OpenShell gateway up, without ever losing its data",
    long_about = "Bring an OpenShell gateway up, without ever losing its data.\n\nA gateway is one Docker container; \
                  all that is made in it lives in Docker volumes. Run `onboard` whenever it is not there: after a \
                  reboot, a restart of Docker, a crash. It looks at what is there, does the least that is needed, and \
                  never removes a volume unless its container is truly missing and its owner has asked for that.",
    after_help = EXAMPLES,
    after_long_help = LONG,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub job: Job,
    /// Docker's address: unix:///PATH, tcp://HOST:PORT [default: as docker finds it]
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = "Everywhere")]
    pub host: Option<String>,
    /// How the result is told
    #[arg(long, global = true, value_name = "FORM", default_value = "text", help_heading = "Everywhere")]
    pub output: Output,
    /// Tell every step, also those that only read
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Everywhere")]
    pub verbose: bool,
    /// Tell the result only
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Bring a gateway up, whatever state it is in; keep its volumes
    #[command(after_help = ONBOARD_EXAMPLES, after_long_help = ONBOARD_LONG)]
    Onboard(OnboardArgs),
    /// Say how a gateway stands; change nothing
    #[command(after_help = STATUS_EXAMPLES, after_long_help = STATUS_LONG)]
    Status(StatusArgs),
    /// Serve the small gateway for demos and tests, inside its container
    #[command(hide = true)]
    ReferenceGateway,
}

/// How the result is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Which gateway is meant.
#[derive(Debug, Flags)]
pub struct GatewayArgs {
    /// The gateway's name [default: nemoclaw, or demo with --demo]
    #[arg(long, value_name = "NAME")]
    pub gateway: Option<String>,
    /// The kind of gateway, one of those built in [default: reference]
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,
    /// The kind of gateway, from a TOML file
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub spec: Option<PathBuf>,
    /// Short for --preset reference --gateway demo
    #[arg(long, conflicts_with_all = ["preset", "spec"])]
    pub demo: bool,
}

/// Flags of `onboard`.
#[derive(Debug, Flags)]
pub struct OnboardArgs {
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// The image to run [default: the one recorded, else the preset's]
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,
    /// The port on this machine [default: the one recorded, else the preset's]
    #[arg(long, value_name = "N")]
    pub port: Option<String>,
    /// Make the missing container on this volume
    #[arg(long, value_name = "VOLUME")]
    pub adopt: Option<String>,
    /// Go on with a Docker daemon that is not the recorded one
    #[arg(long)]
    pub accept_daemon: bool,
    /// Begin anew where container and data are gone; needs --confirm
    #[arg(long, requires = "confirm")]
    pub reset: bool,
    /// The gateway's name once more, as the owner's consent to --reset
    #[arg(long, value_name = "NAME", requires = "reset")]
    pub confirm: Option<String>,
    /// Say what would be done; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for answers: 90s, 5m [default: two warm-ups and 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Do not wait for another run on the same gateway
    #[arg(long)]
    pub no_wait: bool,
}

/// Flags of `status`.
#[derive(Debug, Flags)]
pub struct StatusArgs {
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// How long to wait for answers: 90s, 5m [default: two warm-ups and 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
}

macro_rules! examples {
    () => {
        "\
Examples:
  nemoclaw onboard --demo     try it: a small gateway, nothing to download
  nemoclaw onboard            bring the gateway `nemoclaw` up
  nemoclaw status             look at it; changes nothing"
    };
}

macro_rules! onboard_examples {
    () => {
        "\
Examples:
  nemoclaw onboard --demo                    try it: a small gateway, nothing to download
  nemoclaw onboard --gateway prod --dry-run  say what would be done to `prod`
  nemoclaw onboard --port 8181               make it on another port
  nemoclaw onboard --adopt old-volume        make the missing container on this volume"
    };
}

macro_rules! status_examples {
    () => {
        "\
Examples:
  nemoclaw status --gateway prod   say how `prod` stands
  nemoclaw status --output json    the same for a program"
    };
}

const EXAMPLES: &str = examples!();
const ONBOARD_EXAMPLES: &str = onboard_examples!();
const STATUS_EXAMPLES: &str = status_examples!();

const LONG: &str = concat!(
    examples!(),
    "

Exit codes:
    0  ready, or the asked thing done
    1  a fault of nemoclaw itself
    2  usage or bad input; nothing was asked of Docker
    3  refused; nothing destructive was done
    4  Docker unknown; nothing was changed
    5  not ready; the gateway is kept with its data
    6  another run on this gateway is under way
    7  ready, but sandboxes recorded earlier were not found
  130  interrupted
  143  terminated

Environment:
  NEMOCLAW_HOME                where records, locks and traces live
  DOCKER_HOST, DOCKER_CONTEXT  where Docker is, as for the docker command
  NO_COLOR                     no colors
  RUST_LOG                     logs of the libraries, on stderr"
);

const ONBOARD_LONG: &str = concat!(
    onboard_examples!(),
    "

Exit codes:
    0  ready; with --dry-run: it would not be refused
    1  a fault of nemoclaw itself
    2  usage or bad input; nothing was asked of Docker
    3  refused; nothing destructive was done
    4  Docker unknown; nothing was changed
    5  it did not become ready; the gateway is kept with its data
    6  another run on this gateway is under way
    7  ready, but sandboxes recorded earlier were not found
  130  interrupted
  143  terminated"
);

const STATUS_LONG: &str = concat!(
    status_examples!(),
    "

Exit codes:
    0  ready
    1  a fault of nemoclaw itself
    2  usage or bad input; nothing was asked of Docker
    3  there is no container, or onboarding would refuse
    4  Docker unknown
    5  stopped, or not ready
    7  ready, but sandboxes recorded earlier were not found
  130  interrupted
  143  terminated"
);
