//! Is the simulated Docker like Docker? Sequences of the adapter's calls and of a person's docker operations are taken on
//! the simulated world and on a real daemon; what Docker says, what there is, how containers ended and the bytes of
//! volumes must agree after each step.
//!
//! 64 sequences are drawn; `NEMOCLAW_CONFORMANCE` sets another number, `NEMOCLAW_CONFORMANCE_SEED` other ones. A
//! disagreement is made as short as it will be, and belongs into `cases.toml` once the world does what Docker does. What
//! a real daemon answered is in `recorded/`, with its version, and the world is judged by it where there is no Docker;
//! `NEMOCLAW_CONFORMANCE_RECORD=1` writes it anew. Where no daemon answers whose volumes can be read, the rest is
//! reported as ignored with the reason; with `NEMOCLAW_REQUIRE_DOCKER=1` it fails instead. Daemons that end are in
//! `restarts/`. Absent on purpose: messages, which differ from version to version.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]
#![expect(clippy::wildcard_enum_match_arm, reason = "most questions are about a few steps or events only")]

mod adapter;
mod model;
mod picture;
mod real;
mod run;
mod sequences;
mod step;
#[path = "../e2e/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite uses all of it")]
mod support;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use run::{both, shortened};
use sequences::{RecordedSequence, Sequence};
use support::{Suite, Unready, docker_socket};

/// How many sequences are drawn where nothing else is said.
const DRAWN: u64 = 64;

/// How many run at once: most of the time each waits for the daemon.
const AT_ONCE: usize = 6;

/// What the daemon answered in this suite.
const RECORDED: &str = "sequences.json";

/// What a private daemon answered in the suite beside this one.
const RESTARTS: &str = "restarts.json";

/// What all sequences have in common.
struct Shared {
    suite: Suite,
    ready: Result<(), Unready>,
    taken: Mutex<Vec<RecordedSequence>>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let suite = Suite::new(docker_socket());
    let ready = if arguments.list { Ok(()) } else { ready(&suite) };
    let shared = Arc::new(Shared { suite, ready, taken: Mutex::default() });
    let sequences = sequences::all(false, DRAWN).into_iter().map(|sequence| trial(&shared, sequence));
    let recorded = [RECORDED, RESTARTS].map(|file| Trial::test(format!("recorded {file}"), move || recorded(file)));
    let conclusion = libtest_mimic::run(&arguments, recorded.into_iter().chain(sequences).collect());
    if !arguments.list && shared.ready.is_ok() {
        if !conclusion.has_failed() && arguments.filter.is_none() {
            sequences::record(RECORDED, &sequences::version(&shared.suite), &shared.taken);
        }
        real::remove_images(&shared.suite);
    }
    shared.suite.end();
    conclusion.exit_code()
}

/// Whether sequences can be run: Docker is there, and the bytes of its volumes can be read from here.
fn ready(suite: &Suite) -> Result<(), Unready> {
    if !rustix::process::geteuid().is_root() {
        return Err(Unready::NoDocker(
            "the bytes of Docker's volumes are read where it keeps them, as root".to_owned(),
        ));
    }
    suite.ready()?;
    real::provide_images(suite);
    Ok(())
}

fn trial(shared: &Arc<Shared>, sequence: Sequence) -> Trial {
    let shared = Arc::clone(shared);
    Trial::ignorable_test(sequence.name.clone(), move || {
        if let Err(unready) = &shared.ready {
            return unready.clone().ends_case();
        }
        let both = |steps: &[step::Step]| both(&shared.suite, steps, &mut || unreachable!("it is not our daemon"));
        match both(&sequence.steps) {
            Ok(steps) => {
                shared.taken.lock().unwrap().push(RecordedSequence { name: sequence.name, steps });
                Ok(Completion::Completed)
            }
            Err(found) => Err(shortened(found, both).to_string().into()),
        }
    })
}

/// The world does what a real daemon did when that was recorded.
fn recorded(file: &str) -> Result<(), Failed> {
    let recorded = sequences::recorded(file);
    for sequence in &recorded.sequences {
        run::recorded(&sequence.steps)
            .map_err(|found| format!("{}, with Docker {}: {found}", sequence.name, recorded.docker))?;
    }
    Ok(())
}
