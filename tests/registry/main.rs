//! Pulls, end to end: the binary and a real Docker daemon before a registry of our own on the loopback.
//!
//! Each case has its own registry, with its own faults, and an image with a layer that nobody has. Where no daemon
//! answers, or none that can run the image packed from this build, cases are reported as ignored with the reason; with
//! `NEMOCLAW_REQUIRE_DOCKER=1` they fail instead. Absent on purpose: TLS, which Docker does not ask of a loopback.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]

mod credentials;
mod image;
mod pulled;
mod refused;
mod server;
#[path = "../e2e/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite uses all of it")]
mod support;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};

use support::docker_socket;
use world::World;

/// How many cases run at once: those that take a minute wait for Docker's patience, or for ours.
const AT_ONCE: usize = 4;

/// What a case does. It panics where the product, or the world, is not as it says.
type Body = fn(&World);

macro_rules! cases {
    ($($module:ident: $($case:ident)+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($case)), $module::$case as Body)),+),+]
    };
}

/// The slowest come first.
const CASES: &[(&str, Body)] = cases! {
    refused: stalled_layer layer_that_is_always_cut broken_layer missing_tag nobody_listens;
    pulled: created by_digest layer_that_is_cut_once longer_than_the_time_limit interrupted;
    credentials: of_the_file wrong none of_a_helper of_the_store failing_helper failing_helper_of_no_importance;
};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let world = Arc::new(World::new(docker_socket()));
    let trials = CASES.iter().map(|(name, body)| trial(&world, name, *body)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    world.suite.end();
    conclusion.exit_code()
}

fn trial(world: &Arc<World>, name: &str, body: Body) -> Trial {
    let world = Arc::clone(world);
    Trial::ignorable_test(name, move || match world.suite.ready() {
        Ok(()) => {
            body(&world);
            Ok(Completion::Completed)
        }
        Err(unready) => unready.ends_case(),
    })
}
