//! End to end: the binary on a real Docker daemon, judged by what a person would find.
//!
//! Why there is this project: `host_goes_away/power_cut.rs`, a suite of its own on private daemons.
//!
//! Every case puts work into a gateway of its own first and reads it back last. Where no daemon answers, or none that
//! can run the image packed from this build, cases are reported as ignored with the reason; with
//! `NEMOCLAW_REQUIRE_DOCKER=1` they fail instead. Absent on purpose: a Docker client on the path, any registry, and
//! any name that is not this run's own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]

mod disk;
mod fresh;
mod held;
mod interrupted;
mod missing;
mod neighbours;
mod no_daemon;
mod others;
mod ports;
mod presets;
mod read_only;
mod rebuilt;
mod records;
mod replaced;
mod sandboxes;
mod stopped;
mod suites;
#[expect(dead_code, unused_imports, reason = "some of it is for the suites beside this one")]
mod support;
mod unhealthy;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};

use disk::{full_disk, locks, older_files, outputs, record_files, state_folder, trace_files};
use presets::{cluster, found, node_name, permission, sandboxes as of_kind, today};
use rebuilt::{destroyed, destroyed_not, restored, restored_not, round};
use replaced::{backups, carried, cut_off, disk_full, kinds, not_ours, odd_files, reset, undone, upgrade};
use suites::{channels, cloud, older, survival};
use support::{Changes, Proxy, Suite, Unready, docker_socket};

/// Set for the process that runs the cases: the daemon's own socket.
const SOCKET: &str = "NEMOCLAW_E2E_SOCKET";

/// How many cases run at once: most of the time each waits for the daemon.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    match std::env::var_os(SOCKET) {
        Some(socket) => run_cases(socket.into()),
        None => run_behind_proxy(),
    }
}

/// testcontainers asks for the newest version of Docker's API and knows no older one. So that it can be used on any
/// daemon, the cases run in a second process, whose `DOCKER_HOST` is a proxy that leaves the version out.
fn run_behind_proxy() -> ExitCode {
    let socket = docker_socket();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let proxy = Proxy::start(runtime.handle(), &socket, Changes::Version);
    let status = Command::new(std::env::current_exe().unwrap())
        .args(std::env::args_os().skip(1))
        .env(SOCKET, socket)
        .env("DOCKER_HOST", proxy.address())
        .status()
        .unwrap();
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn run_cases(socket: PathBuf) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let suite = Arc::new(Suite::new(socket));
    let of = |cases: &[(&str, Body)], folder: &str, needs| {
        let named = |(name, body): &(&str, Body)| trial(&suite, &format!("{folder}{name}"), *body, needs);
        cases.iter().map(named).collect::<Vec<_>>()
    };
    let trials = [
        of(WITHOUT_DOCKER, "", Needs::Nothing),
        of(ON_DOCKER, "", Needs::Docker),
        of(REPLACED, "replaced::", Needs::Docker),
        of(REBUILT, "rebuilt::", Needs::Docker),
        of(AS_ROOT, "", Needs::Root),
        of(REPLACED_AS_ROOT, "replaced::", Needs::Root),
    ];
    let trials = trials.into_iter().flatten().collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    suite.end();
    conclusion.exit_code()
}

/// What a case does. It panics where the product, or the world, is not as it says.
type Body = fn(&Suite);

macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($case)), $module::$case as Body)),+),+]
    };
}

/// The cases that need a daemon and an image that runs there.
const ON_DOCKER: &[(&str, Body)] = cases! {
    fresh: created_then_reused same_container_over_three_runs proxy_variables_make_no_difference;
    stopped: stopped killed paused created_never_started stopped_without_its_network
        created_with_two_networks_of_its_name stopped_without_a_record;
    others: running_is_reused stopped_is_recovered auto_removed_is_reused_with_a_warning foreign_container other_preset
        other_daemon;
    missing: removed_with_record removed_without_record removed_by_others data_gone several_volumes
        several_volumes_advice not_created no_such_volume;
    held: renamed_running renamed_stopped second_container_by_mount second_container_by_bind
        second_container_beside_a_ready_gateway stopped_stranger made_again_without_the_volume;
    ports: held_by_a_container held_by_a_container_on_a_fresh_host held_by_an_http_server held_by_another_server
        another_port_leads_out;
    unhealthy: crash_loop exit_0_loop health_never_answers late_health_is_waited_for very_late_health_is_waited_for warming_is_waited_for;
    neighbours: prod_and_prod_eu;
    sandboxes: record_is_rebuilt killed_is_told missing_is_named;
    read_only: nothing_there ready stopped missing;
    interrupted: interrupted terminated interrupted_twice interrupted_while_waiting killed two_at_once no_wait;
    records: corrupt newer;
    today: made_then_reused stopped killed paused created_never_started removed_with_record
        removed_without_record port_held renamed_running renamed_stopped as_documented_running as_documented_stopped
        composed another_preset_recorded another_preset_there;
    cluster: made_then_reused stopped killed paused created_never_started removed_with_record
        removed_without_record port_held renamed_running renamed_stopped as_documented_running as_documented_stopped
        composed another_preset_recorded another_preset_there;
    found: several_kinds volume_alone volume_of_another_kind todays_cut_off_from_its_network prefix_is_no_name older_kind_from_nothing
        older_kind_without_its_network health_port_held_on_a_fresh_host reference_is_not_the_older_kind;
    node_name: unknown typed on_the_volume of_a_container_is_kept;
    of_kind: beside_todays todays_after_a_reboot todays_removed of_the_older_kind_removed of_the_older_kind_unknown;
    permission: privileged gpu_is_optional gpu_of_others;
    cloud: everything_agrees list_knows_by_label_and_by_record list_without_docker logs_show_what_it_wrote;
    channels: today cluster start_makes_nothing stop_keeps_what_it_would_lose paused_is_stopped;
    survival: today cluster;
    state_folder: made_for_its_owner link_to_a_folder link_to_nowhere file_in_its_place lost;
    record_files: each_damage any_byte beside_a_missing_container with_a_strange_path beside_a_good_one unfinished;
    locks: not_a_file left_over;
    trace_files: folder_in_the_way they_do_not_pile_up;
    outputs: full closed deaf_standard_error;
    older_files: each_damage;
    older: failed_start stale_files stale_files_of_a_stopped_gateway garbage of_another_gateway;
};

/// The cases of `replaced`, by whose name all of them can be asked for.
const REPLACED: &[(&str, Body)] = cases! {
    upgrade: to_another_image by_image_alone tag_that_moved to_another_port made_again while_stopped by_a_spec_file
        only_looked_at;
    undone: ends_at_once ends_before_it_is_ready is_never_ready lacks_a_sandbox port_is_taken_meanwhile
        own_port_is_taken_meanwhile image_cannot_be_had;
    cut_off: interrupted terminated interrupted_late interrupted_twice;
    carried: anonymous_volume what_its_owner_set layer_refused layer_carried layer_left_behind;
    kinds: todays_key_goes_along older_ones_node_name;
    not_ours: auto_removed composed;
    backups: of_a_running_gateway of_a_stopped_gateway of_a_removed_gateway prod_and_prod_eu;
    odd_files: are_in_a_backup;
    reset: with_consent without_consent of_a_gateway_that_is_there while_a_stranger_has_the_volume;
};

/// The cases of `rebuilt`, by whose name all of them can be asked for.
const REBUILT: &[(&str, Body)] = cases! {
    round: every_kind_of_file stopped_gateway without_its_record with_what_lives_only_in_the_container;
    restored: into_a_running_gateway without_a_container as_another_gateway where_the_data_is_gone
        what_a_newer_image_changed;
    restored_not: damaged_archives damaged_manifests of_another_kind on_a_port_that_is_held;
    destroyed: then_onboarded without_a_backup prod_and_prod_eu what_is_not_there;
    destroyed_not: without_consent composed auto_removed with_a_file_of_its_own while_a_stranger_has_the_volume
        while_a_stranger_has_what_is_set_aside;
};

/// The cases about a daemon that cannot be asked, or about what is told before one is.
const WITHOUT_DOCKER: &[(&str, Body)] = cases! {
    no_daemon: no_socket dead_socket forbidden_socket not_docker demo_is_simulated;
    state_folder: relative not_utf8;
    outputs: full_without_docker;
};

/// The cases in which somebody else than root runs the binary, or on a disk that root has mounted for it.
const AS_ROOT: &[(&str, Body)] = cases! {
    state_folder: of_another_user;
    record_files: unreadable;
    locks: of_another_user;
    full_disk: from_the_start while_stopped under_way no_file_more read_only;
};

/// Those of `replaced`.
const REPLACED_AS_ROOT: &[(&str, Body)] = cases! {
    disk_full: at_a_backup;
};

/// What a case cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    Docker,
    /// Docker too.
    Root,
}

fn trial(suite: &Arc<Suite>, name: &str, body: Body, needs: Needs) -> Trial {
    let suite = Arc::clone(suite);
    Trial::ignorable_test(name, move || {
        let ready = match needs {
            Needs::Nothing => Ok(()),
            Needs::Docker => suite.ready(),
            Needs::Root => suite.ready().and_then(|()| disk::possible().map_err(Unready::NoDocker)),
        };
        match ready {
            Ok(()) => {
                body(&suite);
                Ok(Completion::Completed)
            }
            Err(unready) => unready.ends_case(),
        }
    })
}
