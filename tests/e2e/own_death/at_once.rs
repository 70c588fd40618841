//! Several runs at once: on one gateway they take turns or say who is at it, on several they do not see each other, and
//! from two state directories, which share no lock, they still end with one gateway.

use std::path::{Path, PathBuf};

use crate::support::{Case, Cli, Run, Running, Suite, Work};

/// Two on a host with nothing on it: one makes the gateway, the other finds it.
pub fn two_on_a_fresh_host(suite: &Suite) {
    take_turns(&Case::new(suite, "two"), 2, "created");
}

/// Five.
pub fn five_on_a_fresh_host(suite: &Suite) {
    take_turns(&Case::new(suite, "five"), 5, "created");
}

/// Five on a gateway that was stopped: one starts it.
pub fn five_on_a_stopped_gateway(suite: &Suite) {
    let case = Case::new(suite, "five-stopped");
    let (made, work) = case.created();
    case.daemon().stop(&case.name());
    let runs = take_turns(&case, 5, "recovered");
    assert!(runs.iter().all(|run| run.container_id() == made.container_id()), "another container");
    case.assert_kept(&work);
}

/// Five that do not wait: those that come while another is at it say so.
pub fn five_that_do_not_wait(suite: &Suite) {
    let case = Case::new(suite, "five-no-wait");
    let mut made = 0;
    for run in at_once((0..5).map(|_| case.onboard_as(&case.spec()).args(&["--no-wait"]))) {
        match (run.code(), run.text("outcome"), run.text("reason")) {
            (Some(0), "created", "ready") => made += 1,
            (Some(0), "reused", "ready") | (Some(6), "refused", "locked") => {}
            (_, _, _) => panic!("{}", run.dump()),
        }
    }
    assert_eq!(made, 1, "one of them made it");
    assert_one_gateway(&case, None);
}

/// Five on five gateways, each with a port of its own.
pub fn five_on_five_gateways(suite: &Suite) {
    let cases: Vec<_> = (1..=5).map(|number| Case::new(suite, &format!("of-five-{number}"))).collect();
    let runs = at_once(cases.iter().map(|case| case.onboard_as(&case.spec())));
    for (case, run) in cases.iter().zip(runs) {
        run.ended(0, "created", "ready");
        assert_one_gateway(case, None);
    }
}

/// Runs at once on one gateway all end ready, and one of them has done what was to do.
fn take_turns(case: &Case<'_>, count: usize, done: &str) -> Vec<Run> {
    let runs = at_once((0..count).map(|_| case.onboard_as(&case.spec())));
    let dump = || runs.iter().map(Run::dump).collect::<Vec<_>>().join("\n");
    assert!(runs.iter().all(|run| (run.code(), run.text("reason")) == (Some(0), "ready")), "{}", dump());
    let outcomes = |wanted: &str| runs.iter().filter(|run| run.text("outcome") == wanted).count();
    assert_eq!((outcomes(done), outcomes("reused")), (1, count - 1), "{}", dump());
    assert_one_gateway(case, None);
    runs
}

/// From two state directories on a host with nothing on it.
pub fn two_state_directories_on_a_fresh_host(suite: &Suite) {
    from_two_state_directories(&Case::new(suite, "states-fresh"), None);
}

/// On a gateway whose container was removed.
pub fn two_state_directories_on_a_removed_gateway(suite: &Suite) {
    let case = Case::new(suite, "states-removed");
    let work = made(&case);
    case.daemon().remove(&case.name());
    from_two_state_directories(&case, Some(&work));
}

/// On one that was stopped.
pub fn two_state_directories_on_a_stopped_gateway(suite: &Suite) {
    let case = Case::new(suite, "states-stopped");
    let work = made(&case);
    case.daemon().stop(&case.name());
    from_two_state_directories(&case, Some(&work));
}

/// On one that runs without its network: each may stop what the other has just started.
pub fn two_state_directories_on_a_gateway_without_its_network(suite: &Suite) {
    let case = Case::new(suite, "states-netless");
    let work = made(&case);
    case.daemon().disconnect(&case.name(), &case.name());
    case.daemon().remove_network(&case.name());
    from_two_state_directories(&case, Some(&work));
}

/// A gateway that both state directories know.
fn made(case: &Case<'_>) -> Work {
    let (_, work) = case.created();
    in_state(case, &other_state(case)).run().ended(0, "reused", "ready");
    work
}

/// Each of two runs ends in a success or in a refusal that can be understood, and there is one gateway with all its work.
fn from_two_state_directories(case: &Case<'_>, work: Option<&Work>) {
    let runs = at_once([case.home(), other_state(case)].iter().map(|home| in_state(case, home)));
    let dump = || runs.iter().map(Run::dump).collect::<Vec<_>>().join("\n");
    for run in &runs {
        let refused = matches!(run.code(), Some(3 | 5)) && run.text("outcome") == "refused";
        let ready = (run.code(), run.text("reason")) == (Some(0), "ready");
        assert!(ready || refused && !run.text("advice").is_empty(), "{}", dump());
    }
    assert!(runs.iter().any(|run| run.code() == Some(0)), "neither brought it up\n{}", dump());
    // Whatever each of them came to, the next finds the gateway.
    for home in [other_state(case), case.home()] {
        in_state(case, &home).run().ended(0, "reused", "ready");
    }
    // A daemon before Docker 25 may have given each of them a network of that name; one of the two is used.
    assert_one_container(case, work);
}

fn other_state(case: &Case<'_>) -> PathBuf {
    case.file("other-home")
}

fn in_state(case: &Case<'_>, home: &Path) -> Cli {
    case.onboard_as(&case.spec()).env("NEMOCLAW_HOME", &home.display().to_string())
}

/// Runs all of them at once, each to its end. Their spec file is written before the first begins.
fn at_once(typed: impl Iterator<Item = Cli>) -> Vec<Run> {
    let typed: Vec<_> = typed.collect();
    let running: Vec<_> = typed.into_iter().map(Cli::spawn).collect();
    running.into_iter().map(Running::end).collect()
}

/// There is one container, one volume and one network, and a gateway in them that works.
#[track_caller]
fn assert_one_gateway(case: &Case<'_>, work: Option<&Work>) {
    assert_one_container(case, work);
    assert_eq!(case.daemon().networks(&case.other_name("")), [case.name()]);
}

#[track_caller]
fn assert_one_container(case: &Case<'_>, work: Option<&Work>) {
    let (daemon, token) = (case.daemon(), case.other_name(""));
    assert_eq!([daemon.containers(&token), daemon.volumes(&token)], [[case.name()], [case.name()]]);
    case.assert_kept(&work.cloned().unwrap_or_else(|| case.put_work()));
    case.onboard().run().ended(0, "reused", "ready");
}
