//! `stop`, `start` and `onboard` in any order: what they do, and that nothing is lost by them.

use std::collections::BTreeMap;

use engine::{Command, End, Event, How, Intent, Known, Outcome, Purpose, Reason, SandboxName, Status, Then};

use crate::host::SmallHost;
use crate::{CLUSTER, GATEWAY, REFERENCE, how, made, made_by_others, onboard, record, to};

fn stop() -> Intent {
    to(Purpose::Stop, onboard())
}

fn start() -> Intent {
    to(Purpose::Start, onboard())
}

fn status(host: &SmallHost) -> Status {
    *host.containers[0].status.known().unwrap()
}

fn is_stopped(outcome: &Outcome) -> bool {
    outcome.end == End::Stopped && outcome.reason() == Reason::AsAsked && outcome.reason().exit() == 0
}

#[test]
fn in_any_order_they_keep_container_sandboxes_and_record() {
    for name in [GATEWAY, CLUSTER, REFERENCE] {
        let mut host = made(name);
        let box_ = (SandboxName::new("a"), None);
        host.sandboxes = Known::Known(BTreeMap::from([box_]));
        host.run(onboard());
        let (id, before) = (host.containers[0].id.clone(), record(&host).sandboxes.clone());
        for (intent, runs) in
            [(stop(), false), (stop(), false), (start(), true), (onboard(), true), (stop(), false), (onboard(), true)]
        {
            let outcome = host.run(intent);
            assert_eq!(outcome.reason().exit(), 0, "{name}: {outcome:#?}");
            assert_eq!(status(&host) == Status::Running, runs);
            assert_eq!((&host.containers[0].id, &record(&host).sandboxes), (&id, &before));
        }
    }
}

#[test]
fn a_stop_is_one_act_and_a_second_one_none() {
    let mut host = made(GATEWAY);
    let outcome = host.run(stop());
    assert!(is_stopped(&outcome) && outcome.changed, "{outcome:#?}");
    assert_eq!(host.did(), ["stop-container"]);
    let outcome = host.run(stop());
    assert!(is_stopped(&outcome) && !outcome.changed);
    assert_eq!(host.did(), Vec::<String>::new());
}

#[test]
fn a_paused_one_is_woken_and_then_stopped() {
    let mut host = made(GATEWAY);
    host.set_status(Status::Paused);
    assert!(is_stopped(&host.run(stop())));
    assert_eq!(host.did(), ["unpause-container", "stop-container"]);
}

#[test]
fn a_stop_needs_no_record_and_leaves_none() {
    let mut host = made_by_others(GATEWAY);
    assert!(is_stopped(&host.run(stop())));
    assert!(host.record.record().is_none());
}

#[test]
fn a_start_is_the_acts_that_it_takes_and_a_second_one_none() {
    let mut host = made(GATEWAY);
    host.set_status(Status::Exited);
    let outcome = host.run(start());
    assert_eq!(how(&outcome), Some(How::Recovered));
    assert_eq!(host.did().first().map(String::as_str), Some("start-container"));
    let outcome = host.run(start());
    assert_eq!((how(&outcome), host.did().len()), (Some(How::Reused), 0));
}

#[test]
fn a_start_gives_a_lost_network_back() {
    let mut host = made(REFERENCE);
    host.set_status(Status::Exited);
    host.containers[0].networks[0].exists = false;
    host.networks.clear();
    assert_eq!(how(&host.run(start())), Some(How::Recovered));
    assert_eq!(host.did()[..3], ["create-network", "connect-network", "start-container"]);
}

#[test]
fn where_there_is_no_container_neither_makes_one_and_the_advice_leads_out() {
    for intent in [start, stop] {
        let mut host = made_by_others(GATEWAY);
        host.containers.clear();
        let outcome = host.run(intent());
        assert_eq!((outcome.reason(), outcome.reason().exit(), outcome.changed), (Reason::Missing, 3, false));
        assert_eq!(host.did(), Vec::<String>::new());
        let advice = outcome.refusal().unwrap().advice(&crate::name()).command;
        assert_eq!(advice, "nemoclaw onboard --gateway nemoclaw");
        assert_eq!(how(&host.run(onboard())), Some(How::Adopted));
    }
}

/// Carries out a stop, of which the first answers are lost though the container has ended by then.
fn stop_with_lost_answers(lost: usize) -> (Outcome, Vec<u64>) {
    let mut host = made(GATEWAY);
    let (mut machine, mut command) = engine::Onboarding::new(stop());
    let (mut stops, mut waits) = (0, Vec::new());
    loop {
        if let Command::Observe(target) = &command {
            waits.push(target.wait_ms);
        }
        let is_lost = matches!(command, Command::StopContainer { .. }) && stops < lost;
        let event = if is_lost {
            stops += 1;
            if stops == lost {
                host.set_status(Status::Exited);
            }
            Event::Failed { failure: crate::support::lost() }
        } else {
            host.answer_to(&command)
        };
        match machine.handle(&event) {
            Then::Perform(next) => command = next,
            Then::Finish(outcome) => return (*outcome, waits),
        }
    }
}

#[test]
fn after_a_lost_stop_its_grace_is_waited_out_and_what_is_seen_then_counts() {
    for lost in [1, 2] {
        let (outcome, waits) = stop_with_lost_answers(lost);
        assert!(is_stopped(&outcome) && outcome.changed, "{lost}: {outcome:#?}");
        assert_eq!(waits[1..], vec![10_000; lost]);
    }
}
