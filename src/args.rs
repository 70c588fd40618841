//! What can be typed: commands, flags and their help. Texts are taken as they are here and checked in `input`, which
//! can point at what is wrong with them. Absent on purpose: any check of what a text says.

mod pages;

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
    after_help = pages::EXAMPLES,
    after_long_help = pages::long(),
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
    #[command(after_help = pages::ONBOARD, after_long_help = pages::onboard())]
    Onboard(OnboardArgs),
    /// Say how a gateway stands; change nothing
    #[command(after_help = pages::STATUS, after_long_help = pages::status())]
    Status(StatusArgs),
    /// Start a gateway's container; make, restart and replace nothing
    #[command(after_help = pages::START, after_long_help = pages::start())]
    Start(ActArgs),
    /// Stop a gateway's container; keep it and its volumes
    #[command(after_help = pages::STOP, after_long_help = pages::stop())]
    Stop(ActArgs),
    /// Say how every gateway stands that has a record or a label; change nothing
    #[command(after_help = pages::LIST, after_long_help = pages::list())]
    List(ListArgs),
    /// Print what a gateway's container wrote; change nothing
    #[command(after_help = pages::LOGS, after_long_help = pages::logs())]
    Logs(LogsArgs),
    /// Copy a gateway's volumes into a verified backup; it stands still for that time
    #[command(after_help = pages::BACKUP, after_long_help = pages::backup())]
    Backup(ActArgs),
    /// Write a backup into new volumes, and bring its gateway up on them; keep the old ones
    #[command(after_help = pages::RESTORE, after_long_help = pages::restore())]
    #[command(mut_arg("gateway", |arg| arg.help("The gateway to restore [default: the backup's own]")))]
    #[command(mut_arg("preset", |arg| arg.help("The kind of gateway, one of those built in [default: the backup's]")))]
    Restore(RestoreArgs),
    /// Remove a gateway's container and network, after a backup; keep its volumes unless told otherwise
    #[command(after_help = pages::DESTROY, after_long_help = pages::destroy())]
    Destroy(DestroyArgs),
    /// List the backups that there are; change nothing
    #[command(after_help = pages::BACKUPS, after_long_help = pages::backups())]
    Backups(BackupsArgs),
    /// Print the script that completes commands and flags in a shell
    #[command(after_help = pages::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one for each command
    #[command(after_help = pages::MAN)]
    Man {
        /// The folder to write them to, which exists
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Serve the small gateway for demos and tests, inside its container
    #[command(hide = true)]
    ReferenceGateway,
    /// Print the sandboxes of the small gateway in whose container this runs
    #[command(hide = true)]
    ReferenceSandboxes,
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
#[derive(Clone, Debug, Flags)]
pub struct GatewayArgs {
    /// The gateway's name [default: nemoclaw, or demo with --demo]
    #[arg(long, value_name = "NAME")]
    pub gateway: Option<String>,
    /// The kind of gateway, one of those built in [default: the one recorded, else found, else openshell-gateway]
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,
    /// The kind of gateway, from a TOML file
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub spec: Option<PathBuf>,
    /// Short for --preset reference --gateway demo
    #[arg(long, conflicts_with_all = ["preset", "spec"])]
    pub demo: bool,
}

/// What a run that may change something waits for.
#[derive(Clone, Debug, Flags)]
pub struct WaitArgs {
    /// How long to wait for answers: 90s, 5m [default: two warm-ups and 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Do not wait for another run on the same gateway
    #[arg(long)]
    pub no_wait: bool,
}

/// Flags of `onboard`.
#[derive(Clone, Debug, Flags)]
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
    /// Give the gateway the host's GPUs, where there are any
    #[arg(long)]
    pub gpu: bool,
    /// The node name by which the data on the volume is kept, where nothing else says it
    #[arg(long, value_name = "NAME")]
    pub node_name: Option<String>,
    /// Make the missing container on this volume
    #[arg(long, value_name = "VOLUME")]
    pub adopt: Option<String>,
    /// Go on with a Docker daemon that is not the recorded one
    #[arg(long)]
    pub accept_daemon: bool,
    /// Replace the container by one of this release's image and settings, on the same volumes
    #[arg(long)]
    pub upgrade: bool,
    /// Replace the container as it is wanted, on the same volumes
    #[arg(long, conflicts_with = "upgrade")]
    pub recreate: bool,
    /// Take this path of the old container along into its replacement; may be given again
    #[arg(long, value_name = "PATH")]
    pub carry: Vec<String>,
    /// Leave behind what lives only in the old container
    #[arg(long)]
    pub leave_behind: bool,
    /// Make no backup before the container is replaced, or before a reset
    #[arg(long)]
    pub no_backup: bool,
    /// Give up what is on the volumes of a gateway without a container, and begin anew; asks for the name, or needs --confirm
    #[arg(long)]
    pub reset: bool,
    /// The gateway's name once more, as the owner's consent to --reset
    #[arg(long, value_name = "NAME", requires = "reset")]
    pub confirm: Option<String>,
    /// Say what would be done; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What is waited for.
    #[command(flatten)]
    pub waits: WaitArgs,
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

/// Flags of `start`, `stop` and `backup`.
#[derive(Debug, Flags)]
pub struct ActArgs {
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// What is waited for.
    #[command(flatten)]
    pub waits: WaitArgs,
}

/// Flags of `restore`.
#[derive(Clone, Debug, Flags)]
pub struct RestoreArgs {
    /// The backup's folder, or its name as `nemoclaw backups` lists it
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// The port on this machine [default: the one recorded, else the backup's, for another gateway the preset's]
    #[arg(long, value_name = "N")]
    pub port: Option<String>,
    /// Take this path of the container that is there along into its replacement; may be given again
    #[arg(long, value_name = "PATH")]
    pub carry: Vec<String>,
    /// Leave behind what lives only in the container that is there
    #[arg(long)]
    pub leave_behind: bool,
    /// Make no backup of what is there before it is replaced
    #[arg(long)]
    pub no_backup: bool,
    /// What is waited for.
    #[command(flatten)]
    pub waits: WaitArgs,
}

/// Flags of `destroy`.
#[derive(Clone, Debug, Flags)]
pub struct DestroyArgs {
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// Remove its volumes too, with all that is on them; asks for the name, or needs --confirm
    #[arg(long, group = "given_up")]
    pub volumes: bool,
    /// Remove only the volumes that restores have set aside; asks for the name, or needs --confirm
    #[arg(long, group = "given_up", conflicts_with_all = ["no_backup", "leave_behind"])]
    pub set_aside: bool,
    /// The gateway's name once more, as the owner's consent to --volumes or --set-aside
    #[arg(long, value_name = "NAME", requires = "given_up")]
    pub confirm: Option<String>,
    /// Make no backup before
    #[arg(long)]
    pub no_backup: bool,
    /// Give up what lives only in the container
    #[arg(long)]
    pub leave_behind: bool,
    /// What is waited for.
    #[command(flatten)]
    pub waits: WaitArgs,
}

/// Flags of `list`.
#[derive(Debug, Flags)]
pub struct ListArgs {
    /// How long to wait for answers about each: 90s, 5m [default: two warm-ups and 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
}

/// Flags of `backups`.
#[derive(Debug, Flags)]
pub struct BackupsArgs {
    /// Only this gateway's
    #[arg(long, value_name = "NAME")]
    pub gateway: Option<String>,
    /// Read each backup whole, and compare it with what its manifest says
    #[arg(long)]
    pub verify: bool,
}

/// Flags of `logs`.
#[derive(Debug, Flags)]
pub struct LogsArgs {
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// Only the last N lines [default: all]
    #[arg(long, value_name = "N")]
    pub tail: Option<String>,
    /// Go on with what it writes, until it ends
    #[arg(short, long)]
    pub follow: bool,
    /// How long to wait for answers: 90s, 5m [default: two warm-ups and 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
}
