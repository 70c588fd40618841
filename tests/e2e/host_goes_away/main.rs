//! The host goes away: power cuts, daemons that hang, lose their data or are taken for another, on private daemons.
//!
//! Every case has a second Docker daemon of its own, with all that a daemon keeps in folders of its own. All of them
//! run in a network, mount and process namespace of this run: nothing that they do reaches the machine's own daemon,
//! its bridge or its firewall, and the kernel ends every process of theirs with the run, however that ends. That needs
//! root, `dockerd`, `ip` and `unshare`; where one lacks, cases are reported as ignored with the reason, and with
//! `NEMOCLAW_REQUIRE_DOCKER=1` they fail instead. Absent on purpose: writes that a disk had not taken when its power
//! went.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]

mod power_cut;

mod apart;
mod dockerd;
mod frozen;
mod lost;
#[path = "../presets/world.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod presets;
mod processes;
mod restarted;
mod started_again;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite uses all of it")]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

use dockerd::Dockerd;
use support::{Suite, Unready};

/// How many cases run at once: each has a daemon to start.
const AT_ONCE: usize = 4;

/// What a case does with its own daemon. It panics where the product, or the world, is not as it says.
type Body = fn(&Suite, &mut Dockerd);

macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($case)), $module::$case as Body)),+),+]
    };
}

const CASES: &[(&str, Body)] = cases! {
    power_cut: policy_no policy_unless_stopped policy_always stopped_by_hand_policy_no
        stopped_by_hand_policy_unless_stopped stopped_by_hand_policy_always of_todays_kind run_files_left in_the_middle_of_onboard;
    frozen: at_each_read_of_a_no_op at_each_read_before_the_start at_each_read_after_the_start before_a_stopped_gateway_is_seen beside_a_ready_gateway out_of_time_beside_a_ready_gateway
        before_the_start after_the_start before_the_create after_the_create;
    restarted: onboard_before_its_act onboard_after_its_act start_before_its_act start_after_its_act
        stop_before_its_act stop_after_its_act;
    lost: other_daemon_on_the_same_host emptied_data_root other_storage_driver other_storage_driver_accepted
        emptied_container_file;
    started_again: two_stopped_with_policy_always stopped_without_its_image;
};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let possible = apart::possible();
    if possible.is_ok() && !arguments.list && !apart::is_so() {
        return apart::go();
    }
    let trials = CASES.iter().zip(0..).map(|((name, body), number)| trial(name, *body, number, possible.clone()));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(name: &str, body: Body, number: u8, possible: Result<(), String>) -> Trial {
    Trial::ignorable_test(name, move || match possible.map_err(Unready::NoDocker).and_then(|()| run(body, number)) {
        Ok(()) => Ok(Completion::Completed),
        Err(unready) => unready.ends_case(),
    })
}

fn run(body: Body, number: u8) -> Result<(), Unready> {
    // A case may have two daemons.
    let mut dockerd = Dockerd::boot(number * 2).map_err(Unready::NoDocker)?;
    let suite = Suite::new(dockerd.socket());
    suite.ready()?;
    body(&suite, &mut dockerd);
    Ok(())
}
