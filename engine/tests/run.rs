//! Whole runs of the machine against a script: which commands it names, in which order, and how it ends.

#[path = "run/script.rs"]
mod script;

use engine::{
    Command, Event, Failure, HostSeen, How, ImageRef, Known, Purpose, Readiness, Reason, RecordSeen, Refusal, Signal,
    Status, WaitEnd, Why,
};

use script::*;

#[test]
fn a_fresh_host_gets_a_gateway_step_by_step_and_each_step_is_decided_anew() {
    let (outcome, commands) = onboard(
        RecordSeen::Absent,
        vec![
            observed(parts(false, false, false)),
            Event::Done,
            observed(parts(true, false, false)),
            Event::Done,
            observed(parts(true, true, false)),
            Event::Done,
            observed(parts(true, true, true)),
            Event::Done,
            observed(whole(Status::Created)),
            Event::Done,
            Event::Done,
            observed(whole(Status::Running)),
            Event::Waited { end: WaitEnd::Ready },
            observed(ready()),
            listed(&[]),
            Event::Done,
        ],
    );
    assert_eq!(how(&outcome), Some(How::Created));
    assert!(outcome.changed);
    let acts: Vec<_> = names(&commands).into_iter().filter(|name| name != "observe").collect();
    assert_eq!(
        acts,
        [
            "take-lock",
            "read-record",
            "provide-image",
            "create-network",
            "create-volume",
            "create-container",
            "write-record",
            "start-container",
            "await-ready",
            "list-sandboxes",
            "write-record"
        ]
    );
}

#[test]
fn a_healthy_gateway_with_a_true_record_is_left_alone() {
    let (outcome, commands) = onboard(recorded(&["a"]), vec![observed(ready()), listed(&["a"])]);
    assert_eq!((how(&outcome), outcome.reason(), outcome.changed), (Some(How::Reused), Reason::Ready, false));
    assert_eq!(names(&commands), ["take-lock", "read-record", "observe", "list-sandboxes"]);
}

#[test]
fn every_status_in_which_a_container_does_not_run_is_recovered_and_never_made_anew() {
    for (status, act) in [
        (Status::Exited, "start-container"),
        (Status::Created, "start-container"),
        (Status::Dead, "start-container"),
        (Status::Paused, "unpause-container"),
    ] {
        let script = vec![observed(whole(status)), Event::Done, observed(ready()), listed(&[])];
        let (outcome, commands) = onboard(recorded(&[]), script);
        assert_eq!(how(&outcome), Some(How::Recovered), "{status:?}");
        let changing: Vec<_> = commands.into_iter().filter(Command::changes_something).collect();
        assert_eq!(names(&changing), [act], "{status:?}");
    }
}

#[test]
fn a_daemon_that_does_not_answer_is_asked_a_few_times_and_nothing_is_changed() {
    let (outcome, commands) = onboard(recorded(&[]), vec![observed(unknown()); 6]);
    assert_eq!((outcome.reason(), outcome.changed), (Reason::DockerUnknown, false));
    assert!(changes_nothing(&commands));
    assert_eq!(pauses(&commands), [0, 0, 100, 200, 400, 800]);
}

#[test]
fn a_gateway_that_answers_while_docker_does_not_is_told_with_its_url() {
    let answers = HostSeen { readiness: Known::Known(Readiness::Ready { marked: true }), ..unknown() };
    for purpose in [Purpose::Onboard, Purpose::Look] {
        let (outcome, _) = run(intent(purpose), recorded(&[]), vec![observed(answers.clone()); 6]);
        assert_eq!(outcome.reason(), Reason::Unverified);
        let url = outcome.seen.endpoint.map(|endpoint| endpoint.url());
        assert_eq!(url, Some(format!("http://127.0.0.1:{}", spec().port.host)));
    }
}

#[test]
fn a_hiccup_of_the_daemon_is_outlasted() {
    let (outcome, _) =
        onboard(recorded(&[]), vec![observed(unknown()), observed(unknown()), observed(ready()), listed(&[])]);
    assert_eq!(how(&outcome), Some(How::Reused));
}

/// The same picture from a daemon of another name and ID.
fn elsewhere(host: HostSeen) -> HostSeen {
    let other = engine::DaemonIdentity { id: "WXYZ".to_owned(), ..daemon() };
    HostSeen { daemon: Some(Known::Known(other)), ..host }
}

#[test]
fn a_run_that_changed_something_before_docker_fell_silent_says_so_and_does_not_call_docker_merely_unknown() {
    for (answer, says, other) in
        [(Event::Done, "done before", "asked for"), (lost(), "asked for and not answered", "done before")]
    {
        let mut script = vec![observed(whole(Status::Exited)), answer];
        script.extend(vec![observed(unknown()); 6]);
        let (outcome, commands) = onboard(recorded(&[]), script);
        assert_eq!((outcome.reason(), outcome.reason().exit(), outcome.changed), (Reason::DockerLost, 5, true));
        let said = outcome.refusal().unwrap().to_string();
        assert!(said.contains(&format!("{says}: `start the container`")) && !said.contains(other), "{said}");
        let advice = outcome.refusal().unwrap().advice(&gateway()).command;
        assert_eq!(advice, "docker info");
        let acts = commands.iter().filter(|command| command.changes_something()).count();
        assert_eq!(acts, 1, "nothing more is done once Docker is unknown");
    }
}

#[test]
fn another_daemon_half_way_through_a_first_run_ends_it_wherever_it_comes_and_nothing_of_it_is_recorded() {
    let way = [
        parts(false, false, false),
        parts(true, false, false),
        parts(true, true, false),
        parts(true, true, true),
        whole(Status::Created),
    ];
    for changes_at in 1..way.len() {
        let mut script = Vec::new();
        for host in &way[..changes_at] {
            script.extend([observed(host.clone()), Event::Done]);
        }
        script.push(observed(elsewhere(way[changes_at].clone())));
        let (outcome, commands) = onboard(RecordSeen::Absent, script);
        assert_eq!((outcome.reason(), outcome.reason().exit()), (Reason::OtherDaemon, 3), "{changes_at}");
        assert!(!names(&commands).contains(&"write-record".to_owned()), "{changes_at}");
        assert_eq!(outcome.seen.daemon, Some(daemon()), "what it made is on the first one");
    }
}

#[test]
fn a_container_is_recorded_only_from_a_picture_that_shows_whose_daemon_has_it() {
    let unasked =
        HostSeen { daemon: Some(Known::Unknown(Why::TimedOut { call: "info".to_owned() })), ..whole(Status::Created) };
    let (outcome, commands) = onboard(
        RecordSeen::Absent,
        vec![
            observed(parts(true, true, true)),
            Event::Done,
            observed(unasked),
            observed(whole(Status::Created)),
            Event::Done,
            Event::Done,
            observed(ready()),
            listed(&[]),
            Event::Done,
        ],
    );
    assert_eq!(how(&outcome), Some(How::Adopted));
    let first = names(&commands).iter().position(|name| name == "write-record").unwrap();
    assert_eq!(names(&commands)[first - 2..first], ["observe", "observe"]);
}

#[test]
fn a_create_whose_answer_was_lost_is_looked_for_and_not_repeated() {
    let (outcome, commands) = onboard(
        RecordSeen::Absent,
        vec![
            observed(parts(true, true, true)),
            lost(),
            observed(whole(Status::Created)),
            Event::Done,
            Event::Done,
            observed(ready()),
            listed(&[]),
            Event::Done,
        ],
    );
    assert_eq!(how(&outcome), Some(How::Adopted));
    assert_eq!(names(&commands).iter().filter(|name| *name == "create-container").count(), 1);
}

#[test]
fn a_create_that_came_late_shows_as_a_conflict_and_is_looked_for() {
    let conflict = Event::Failed { failure: Failure::Rejected { status: Some(409), message: "in use".to_owned() } };
    let (outcome, _) = onboard(
        RecordSeen::Absent,
        vec![
            observed(parts(true, true, true)),
            lost(),
            observed(parts(true, true, true)),
            conflict,
            observed(whole(Status::Created)),
            Event::Done,
            Event::Done,
            observed(ready()),
            listed(&[]),
            Event::Done,
        ],
    );
    assert_eq!(how(&outcome), Some(How::Adopted));
}

#[test]
fn a_name_that_is_taken_by_nobody_seen_is_waited_for() {
    let conflict = || Event::Failed { failure: Failure::Rejected { status: Some(409), message: "in use".to_owned() } };
    let mut script = Vec::new();
    for _ in 0..4 {
        script.extend([observed(parts(true, true, true)), conflict()]);
    }
    script.extend([observed(whole(Status::Created)), Event::Done, observed(ready()), listed(&[]), Event::Done]);
    let (outcome, commands) = onboard(RecordSeen::Absent, script);
    assert_eq!(how(&outcome), Some(How::Recovered), "the container is an earlier run's");
    assert_eq!(pauses(&commands)[1..5], [200, 400, 800, 1600]);
}

#[test]
fn after_a_restart_whose_answer_was_lost_its_grace_is_waited_out_before_the_next_look() {
    let (outcome, commands) = onboard(
        recorded(&[]),
        vec![
            observed(whole(Status::Running)),
            Event::Waited { end: WaitEnd::NotReady },
            observed(whole(Status::Running)),
            lost(),
            observed(ready()),
            listed(&[]),
        ],
    );
    assert_eq!(how(&outcome), Some(How::Repaired));
    assert_eq!(pauses(&commands).last(), Some(&(u64::from(spec().stop_grace_s) * 1000)));
}

#[test]
fn a_gateway_that_stays_unready_is_restarted_once_then_kept_with_its_log() {
    let (outcome, commands) = onboard(
        recorded(&[]),
        vec![
            observed(whole(Status::Running)),
            Event::Waited { end: WaitEnd::NotReady },
            observed(whole(Status::Running)),
            Event::Done,
            observed(whole(Status::Running)),
            Event::Waited { end: WaitEnd::NotReady },
            observed(whole(Status::Running)),
            Event::LogsRead { lines: vec!["no key".to_owned()] },
        ],
    );
    let Some(Refusal::NotRecovered { log, .. }) = outcome.refusal() else { panic!("{outcome:?}") };
    assert_eq!(*log, ["no key"]);
    assert_eq!(outcome.reason().exit(), 5);
    assert_eq!(names(&commands).iter().filter(|name| *name == "restart-container").count(), 1);
}

#[test]
fn a_sandbox_that_did_not_survive_is_reported_and_stays_recorded_until_it_is_back() {
    let gone = vec![observed(ready_after_restart()), listed(&["a"]), Event::Done];
    let (outcome, commands) = onboard(recorded(&["a", "b"]), gone);
    assert_eq!((outcome.reason(), outcome.reason().exit()), (Reason::SandboxesMissing, 7));
    let record = || RecordSeen::Present { record: written(&commands).into() };
    let (again, _) = onboard(record(), vec![observed(ready_after_restart()), listed(&["a"])]);
    assert_eq!(again.reason(), Reason::SandboxesMissing, "a second run must not turn a loss into a success");
    let (back, _) = onboard(record(), vec![observed(ready_after_restart()), listed(&["a", "b"]), Event::Done]);
    assert_eq!(back.reason(), Reason::Ready);
}

#[test]
fn a_sandbox_that_its_user_removed_while_the_gateway_ran_is_not_missed() {
    let (outcome, _) = onboard(recorded(&["a", "b"]), vec![observed(ready()), listed(&["a"]), Event::Done]);
    assert_eq!(outcome.reason(), Reason::Ready);
}

#[test]
fn a_list_that_could_not_be_had_is_no_empty_list() {
    let nobody = Event::SandboxesListed { sandboxes: Known::Unknown(Why::TimedOut { call: "list".to_owned() }) };
    let (outcome, commands) = onboard(recorded(&["a"]), vec![observed(ready()), nobody]);
    assert_eq!(outcome.reason(), Reason::Ready);
    assert!(changes_nothing(&commands), "the record keeps what it knew");
}

#[test]
fn an_interruption_ends_the_run_and_says_whether_anything_may_have_changed() {
    let interrupted = || Event::Interrupted { signal: Signal::Interrupt };
    let (outcome, _) = onboard(recorded(&[]), vec![interrupted()]);
    assert_eq!((outcome.reason().exit(), outcome.changed), (130, false));
    let (outcome, _) = onboard(recorded(&[]), vec![observed(whole(Status::Exited)), interrupted()]);
    assert_eq!((outcome.reason().exit(), outcome.changed), (130, true));
}

#[test]
fn a_look_takes_no_lock_and_changes_nothing_whatever_it_sees() {
    for (host, record, reason) in [
        (parts(true, true, false), RecordSeen::Absent, Reason::Missing),
        (parts(true, true, false), recorded(&[]), Reason::DataGone),
        (whole(Status::Exited), recorded(&[]), Reason::Stopped),
        (whole(Status::Running), recorded(&[]), Reason::NotReady),
    ] {
        let (outcome, commands) = run(intent(Purpose::Look), record, vec![observed(host)]);
        assert_eq!(names(&commands), ["read-record", "observe"]);
        assert_eq!((outcome.reason(), outcome.changed), (reason, false));
    }
    let (outcome, commands) = run(intent(Purpose::Look), RecordSeen::Absent, vec![observed(ready()), listed(&["a"])]);
    assert_eq!(outcome.reason(), Reason::Ready);
    assert!(changes_nothing(&commands));
}

#[test]
fn a_look_at_what_a_replacement_would_change_tells_it_and_touches_nothing() {
    let mut other_image = intent(Purpose::Look);
    other_image.spec.image = ImageRef::new("other:1");
    other_image.typed.image = true;
    let host = || HostSeen { layer: Some(Known::Known(Vec::new())), ..ready() };
    let (outcome, commands) = run(other_image, recorded(&[]), vec![observed(host())]);
    let engine::End::Looked { decision } = &outcome.end else { panic!("{outcome:#?}") };
    let engine::Plan::Replace { differences } = &decision.plan else { panic!("{decision:#?}") };
    assert!(differences[0].to_string().contains("wanted `other:1`"), "{differences:?}");
    assert!(changes_nothing(&commands));
}
