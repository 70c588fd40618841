//! The reference gateway under attack: the shipped binary as a process, and once in its container, against clients that
//! send anything and never mean well.
//!
//! What every case asks: each attack ends in a clear 4xx or 5xx or in a closed connection; who comes meanwhile is served;
//! memory stays bounded; nothing outside the volume is touched, to the byte; and afterwards the gateway still serves what
//! was put into it. Where there is no Docker, or no small disk can be had, the case is reported as ignored with the
//! reason; with `NEMOCLAW_REQUIRE_DOCKER=1` it fails instead.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]

mod bodies;
mod client;
mod container;
mod crowd;
#[expect(dead_code, reason = "the suite of the process uses the rest")]
mod gateway;
mod messages;
mod paths;
#[path = "../e2e/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite uses all of it")]
mod support;
mod volume;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use support::{Suite, Unready, docker_socket};

/// How many cases run at once: each of the crowds keeps a processor busy.
const AT_ONCE: usize = 2;

macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($case)), $module::$case as fn())),+),+]
    };
}

/// The attacks on a process.
const CASES: &[(&str, fn())] = cases! {
    paths: lead_nowhere;
    messages: framing smuggling bombs other_protocols pipelining;
    volume: planted hard_links swapped at_its_start;
    bodies: too_long broken_off torn terminated;
    crowd: idle few_descriptors slow half_closed;
};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    // Crowds need descriptors on this side, too.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let suite = Arc::new(Suite::new(docker_socket()));
    let mut trials: Vec<_> = CASES.iter().map(|(name, body)| trial(name, || Ok(()), *body)).collect();
    trials.push(trial("bodies::full_disk", || bodies::small_disk().map_err(Unready::NoDocker), bodies::full_disk));
    let (ready, on) = (Arc::clone(&suite), Arc::clone(&suite));
    trials.push(trial(
        "container::keeps_to_its_volume",
        move || ready.ready(),
        move || container::keeps_to_its_volume(&on),
    ));
    let conclusion = libtest_mimic::run(&arguments, trials);
    suite.end();
    conclusion.exit_code()
}

fn trial(
    name: &str,
    ready: impl FnOnce() -> Result<(), Unready> + Send + 'static,
    body: impl FnOnce() + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match ready() {
        Ok(()) => {
            body();
            Ok(Completion::Completed)
        }
        Err(unready) => unready.ends_case(),
    })
}
