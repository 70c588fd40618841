//! What stands below the flags of each command's help: examples, exit codes, the environment.

/// An exit code and what it says.
type Exit = (u8, &'static str);

/// The examples of the program as a whole.
pub const EXAMPLES: &str = "\
Examples:
  nemoclaw onboard --demo     try it: a small gateway, nothing to download
  nemoclaw onboard            bring the gateway `nemoclaw` up
  nemoclaw status             look at it; changes nothing
  nemoclaw list               look at every gateway";

/// Those of `onboard`.
pub const ONBOARD: &str = "\
Examples:
  nemoclaw onboard --demo                    try it: a small gateway, nothing to download
  nemoclaw onboard --gateway prod --dry-run  say what would be done to `prod`
  nemoclaw onboard --port 8181               make it on another port
  nemoclaw onboard --upgrade                 replace the container by this release's, after a backup
  nemoclaw onboard --adopt old-volume        make the missing container on this volume";

/// Those of `status`.
pub const STATUS: &str = "\
Examples:
  nemoclaw status --gateway prod   say how `prod` stands
  nemoclaw status --output json    the same for a program";

/// Those of `start`.
pub const START: &str = "\
Examples:
  nemoclaw start --gateway prod   start `prod`, and wait until it is ready";

/// Those of `stop`.
pub const STOP: &str = "\
Examples:
  nemoclaw stop --gateway prod    stop `prod`; its container and volumes stay";

/// Those of `list`.
pub const LIST: &str = "\
Examples:
  nemoclaw list                   a table, one line a gateway
  nemoclaw list --output json     the same for a program";

/// Those of `logs`.
pub const LOGS: &str = "\
Examples:
  nemoclaw logs --tail 50                 the last 50 lines of the gateway `nemoclaw`
  nemoclaw logs --gateway prod --follow   everything that `prod` wrote, and what it goes on to write";

/// Those of `backup`.
pub const BACKUP: &str = "\
Examples:
  nemoclaw backup --gateway prod          stop `prod`, copy its volumes, start it again
  nemoclaw backup --output json           the same; `backup.path` names the folder";

/// Those of `restore`.
pub const RESTORE: &str = "\
Examples:
  nemoclaw restore prod/20260301T080000Z-k3x9qa   as `nemoclaw backups` lists it
  nemoclaw restore /mnt/backups/prod/20260301T080000Z-k3x9qa
  nemoclaw restore BACKUP --gateway trial --port 8181   into a gateway of another name";

/// Those of `destroy`.
pub const DESTROY: &str = "\
Examples:
  nemoclaw destroy --gateway prod                            remove the container; `onboard` brings it back
  nemoclaw destroy --gateway prod --volumes --confirm prod   the volumes too, after a backup
  nemoclaw destroy --gateway prod --set-aside --confirm prod what restores have set aside";

/// Those of `backups`.
pub const BACKUPS: &str = "\
Examples:
  nemoclaw backups                        every backup, one line each
  nemoclaw backups --gateway prod --verify  read those of `prod` whole, and compare them";

/// Those of `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  nemoclaw completions bash > ~/.local/share/bash-completion/completions/nemoclaw
  nemoclaw completions zsh > ~/.zfunc/_nemoclaw";

/// Those of `man`.
pub const MAN: &str = "\
Examples:
  nemoclaw man ~/.local/share/man/man1    then: man nemoclaw, man nemoclaw-onboard";

const ENVIRONMENT: &str = "

Environment:
  NEMOCLAW_HOME                where records, locks and traces live
  DOCKER_HOST, DOCKER_CONTEXT  where Docker is, as for the docker command
  NO_COLOR                     no colors
  RUST_LOG                     logs of the libraries, on stderr";

const BUG: Exit = (1, "a fault of nemoclaw itself");
const BAD_INPUT: Exit = (2, "usage or bad input; nothing was asked of Docker");
const REFUSED: Exit = (3, "refused; nothing destructive was done");
const UNKNOWN: Exit = (4, "Docker unknown; nothing was changed");
const UNKNOWN_LOOK: Exit = (4, "Docker unknown");
const LOCKED: Exit = (6, "another run on this gateway is under way");
const SANDBOXES: Exit = (7, "ready, but sandboxes recorded earlier were not found");
const SIGNALS: [Exit; 2] = [(130, "interrupted"), (143, "terminated")];

/// The whole of it for the program.
pub fn long() -> String {
    let not_ready = (5, "not ready; the gateway is kept with its data");
    let good = (0, "ready, or the asked thing done");
    page(EXAMPLES, &[good, BUG, BAD_INPUT, REFUSED, UNKNOWN, not_ready, LOCKED, SANDBOXES]) + ENVIRONMENT
}

/// For `onboard`.
pub fn onboard() -> String {
    let good = (0, "ready; with --dry-run: it would not be refused");
    let not_ready = (5, "it did not become ready; the gateway is kept with its data");
    page(ONBOARD, &[good, BUG, BAD_INPUT, REFUSED, UNKNOWN, not_ready, LOCKED, SANDBOXES])
}

/// For `status`.
pub fn status() -> String {
    let refused = (3, "there is no container, or onboarding would refuse");
    let not_ready = (5, "stopped, or not ready");
    page(STATUS, &[(0, "ready"), BUG, BAD_INPUT, refused, UNKNOWN_LOOK, not_ready, SANDBOXES])
}

/// For `start`.
pub fn start() -> String {
    let refused = (3, "refused, or there is no container; nothing was made");
    let not_ready = (5, "it did not become ready; the gateway is kept with its data");
    page(START, &[(0, "ready"), BUG, BAD_INPUT, refused, UNKNOWN, not_ready, LOCKED, SANDBOXES])
}

/// For `stop`.
pub fn stop() -> String {
    let refused = (3, "refused: there is no container, or stopping it would lose something");
    let still_runs = (5, "it could not be stopped; the gateway is kept with its data");
    page(STOP, &[(0, "it does not run"), BUG, BAD_INPUT, refused, UNKNOWN, still_runs, LOCKED])
}

/// For `list`.
pub fn list() -> String {
    let unread = (3, "the records could not be read");
    page(LIST, &[(0, "listed, however each stands"), BUG, BAD_INPUT, unread, UNKNOWN_LOOK])
}

/// For `logs`.
pub fn logs() -> String {
    let refused = (3, "there is no container, or it is not this gateway's");
    page(LOGS, &[(0, "printed to its end"), BUG, BAD_INPUT, refused, UNKNOWN_LOOK])
}

/// For `backup`.
pub fn backup() -> String {
    let refused = (3, "refused, or no complete backup could be made; nothing was lost");
    let not_ready = (5, "the gateway did not come back after it; it is kept with its data");
    page(BACKUP, &[(0, "made and verified"), BUG, BAD_INPUT, refused, UNKNOWN, not_ready, LOCKED])
}

/// For `restore`.
pub fn restore() -> String {
    let refused = (3, "refused, or the backup cannot be restored whole; the gateway is as it was");
    let not_ready = (5, "it did not become ready, or was put back (`rolled-back`); all volumes are kept");
    page(RESTORE, &[(0, "ready, on the restored volumes"), BUG, BAD_INPUT, refused, UNKNOWN, not_ready, LOCKED])
}

/// For `destroy`.
pub fn destroy() -> String {
    let refused = (3, "refused: something would be lost, or the backup could not be made");
    let still_there = (5, "it could not be stopped, or Docker fell silent half way");
    page(DESTROY, &[(0, "gone, as asked"), BUG, BAD_INPUT, refused, UNKNOWN, still_there, LOCKED])
}

/// For `backups`.
pub fn backups() -> String {
    let refused = (3, "a backup cannot be used, or the folder of backups cannot be read");
    page(BACKUPS, &[(0, "listed, and each can be used"), BUG, BAD_INPUT, refused])
}

fn page(examples: &str, exits: &[Exit]) -> String {
    let codes = exits.iter().chain(&SIGNALS).map(|(code, says)| format!("\n  {code:>3}  {says}"));
    format!("{examples}\n\nExit codes:{}", codes.collect::<String>())
}
