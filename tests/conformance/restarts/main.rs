//! Is a simulated Docker that is started again like Docker? The same sequences as in the suite beside this one, on private
//! daemons: with power that goes and comes back, and with prunes, which would take other people's things on a daemon
//! that is shared.
//!
//! 4 sequences are drawn; `NEMOCLAW_CONFORMANCE` sets another number, `NEMOCLAW_CONFORMANCE_SEED` other ones, and
//! `NEMOCLAW_CONFORMANCE_RECORD=1` writes what the daemon answered anew. A private daemon needs root, `dockerd`, `ip` and
//! `unshare`; where one lacks, the sequences are reported as ignored with the reason, and with
//! `NEMOCLAW_REQUIRE_DOCKER=1` they fail instead.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a case cannot go on without fails it")]
#![expect(clippy::wildcard_enum_match_arm, reason = "most questions are about a few steps or events only")]

#[path = "../adapter.rs"]
mod adapter;
#[path = "../../e2e/host_goes_away/apart.rs"]
mod apart;
#[path = "../../e2e/host_goes_away/dockerd.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod dockerd;
#[path = "../model.rs"]
mod model;
#[path = "../picture.rs"]
mod picture;
#[path = "../../e2e/host_goes_away/processes.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod processes;
#[path = "../real.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod real;
#[path = "../run.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod run;
#[path = "../sequences.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod sequences;
#[path = "../step.rs"]
mod step;
#[path = "../../e2e/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the other suite uses all of it")]
mod support;

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use dockerd::Dockerd;
use run::{Disagreement, Taken, both};
use sequences::{RecordedSequence, Sequence};
use step::Step;
use support::{Suite, Unready};

/// How many sequences are drawn where nothing else is said.
const DRAWN: u64 = 4;

/// How many run at once: each has a daemon to start.
const AT_ONCE: usize = 4;

/// What the daemons answered.
const RECORDED: &str = "restarts.json";

/// What they answered in this run, and the version of the last one.
#[derive(Default)]
struct Answers {
    taken: Mutex<Vec<RecordedSequence>>,
    docker: Mutex<String>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let possible = apart::possible();
    if possible.is_ok() && !arguments.list && !apart::is_so() {
        return apart::go();
    }
    let answers = Arc::new(Answers::default());
    let sequences = sequences::all(true, DRAWN).into_iter().zip(0..);
    let trials = sequences.map(|(sequence, number)| trial(&answers, sequence, number, possible.clone()));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if !conclusion.has_failed() && arguments.filter.is_none() && conclusion.num_ignored == 0 {
        sequences::record(RECORDED, &answers.docker.lock().unwrap(), &answers.taken);
    }
    conclusion.exit_code()
}

fn trial(answers: &Arc<Answers>, sequence: Sequence, number: u8, possible: Result<(), String>) -> Trial {
    let answers = Arc::clone(answers);
    Trial::ignorable_test(sequence.name.clone(), move || {
        let ran = possible.map_err(Unready::NoDocker).and_then(|()| run(&answers, &sequence.steps, number));
        match ran {
            Ok(Ok(steps)) => {
                answers.taken.lock().unwrap().push(RecordedSequence { name: sequence.name, steps });
                Ok(Completion::Completed)
            }
            Ok(Err(found)) => Err(Failed::from(found.to_string())),
            Err(unready) => unready.ends_case(),
        }
    })
}

fn run(answers: &Answers, steps: &[Step], number: u8) -> Result<Result<Vec<Taken>, Box<Disagreement>>, Unready> {
    let mut dockerd = Dockerd::boot(number).map_err(Unready::NoDocker)?;
    let suite = Suite::new(dockerd.socket());
    suite.ready()?;
    real::provide_images(&suite);
    *answers.docker.lock().unwrap() = sequences::version(&suite);
    let mut cut_power = || {
        dockerd.cut_power();
        dockerd.start();
    };
    Ok(both(&suite, steps, &mut cut_power))
}
