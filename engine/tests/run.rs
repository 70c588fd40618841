//! Whole runs of the machine against a script: which commands it names, in which order, and how it ends.

#![expect(clippy::unwrap_used, reason = "a mistake of the test itself may panic")]

use std::collections::{BTreeMap, VecDeque};

use engine::{
    Attachment, BUILT_IN, Command, ContainerId, ContainerSeen, DaemonIdentity, Disk, End, Event, Exit, Failure,
    GatewayName, GatewayRecord, GatewaySpec, HostSeen, How, ImageId, ImageRef, ImageSeen, Instance, Intent, Known,
    MountSeen, MountedSource, NetworkId, NetworkSeen, Onboarding, Outcome, Place, PortBinding, PortHolder, Preset,
    Purpose, Readiness, Reason, RecordSeen, Refusal, SandboxName, Signal, Status, Then, Typed, VolumeSeen, WaitEnd,
    Why,
};

fn gateway() -> GatewayName {
    GatewayName::parse("prod").unwrap()
}

fn place() -> Place {
    Place { files: "/files".to_owned(), docker_socket: None, certificates: None }
}

fn spec() -> GatewaySpec {
    Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway(), &place()).unwrap()
}

fn intent(purpose: Purpose) -> Intent {
    Intent {
        gateway: gateway(),
        purpose,
        spec: spec(),
        alternatives: Vec::new(),
        node_name: None,
        typed: Typed::default(),
        replace: None,
        leave_behind: false,
        carry: Vec::new(),
        reset: None,
        adopt: None,
        accept_daemon: false,
        wait_for_lock: true,
    }
}

fn daemon() -> DaemonIdentity {
    DaemonIdentity {
        id: "ABCD".to_owned(),
        data_root: "/var/lib/docker".to_owned(),
        storage_driver: "overlay2".to_owned(),
        name: "host".to_owned(),
    }
}

fn own(status: Status) -> ContainerSeen {
    let spec = spec();
    let (volume, path) = spec.volumes().next().unwrap();
    let mut env = spec.env.clone();
    env.0.insert("OPENSHELL_NODE_NAME".to_owned(), spec.node_name.clone());
    ContainerSeen {
        id: ContainerId::new("c".repeat(64)),
        name: spec.container.clone(),
        status: Known::Known(status),
        exit: Exit::default(),
        instance: Instance::new("first"),
        image: spec.image.clone(),
        image_id: ImageId::new("sha256:1"),
        command: spec.command.clone(),
        env,
        labels: BTreeMap::from([("io.nemoclaw.gateway".to_owned(), "prod".to_owned())]),
        mounts: vec![MountSeen {
            source: MountedSource::Volume { name: volume.clone() },
            path: path.to_owned(),
            writable: true,
        }],
        networks: vec![Attachment {
            network: spec.network.clone().unwrap(),
            id: Some(NetworkId::new("n")),
            exists: true,
            aliases: Vec::new(),
            ipv4: None,
        }],
        ports: vec![PortBinding {
            container: spec.port.container,
            host_ip: spec.port.host_ip.clone(),
            host: Some(spec.port.host),
            published: true,
        }],
        restart: spec.restart,
        auto_remove: false,
        hostname: spec.node_name,
    }
}

/// A host on which the first parts of a gateway are there: its image, its network, its volume.
fn parts(image: bool, network: bool, volume: bool) -> HostSeen {
    let spec = spec();
    let image = image.then(|| ImageSeen { reference: spec.image.clone(), id: ImageId::new("sha256:1") });
    let network = network.then(|| NetworkSeen {
        name: spec.network.clone().unwrap(),
        id: NetworkId::new("n"),
        labels: BTreeMap::new(),
    });
    let volume = volume.then(|| VolumeSeen {
        name: spec.volumes().next().unwrap().0.clone(),
        labels: BTreeMap::new(),
        created: None,
    });
    HostSeen {
        daemon: Some(Known::Known(daemon())),
        containers: Known::Known(Vec::new()),
        volumes: Known::Known(volume.into_iter().collect()),
        image: Known::Known(image),
        networks: Known::Known(network.into_iter().collect()),
        port: Known::Known(PortHolder::Free),
        readiness: Known::Known(Readiness::Unreachable),
        disk: Known::Known(Disk::Room),
        remains: Some(engine::Remains::Gone),
        layer: None,
        lacking: Known::Known(Vec::new()),
        health_port: None,
        gpu: None,
        node_name: None,
    }
}

/// A host with the whole gateway, its container in this status.
fn whole(status: Status) -> HostSeen {
    HostSeen { containers: Known::Known(vec![own(status)]), ..parts(true, true, true) }
}

fn ready() -> HostSeen {
    HostSeen {
        readiness: Known::Known(Readiness::Ready { marked: true }),
        port: Known::Known(PortHolder::Gateway),
        ..whole(Status::Running)
    }
}

/// The same gateway after another start.
fn ready_after_restart() -> HostSeen {
    HostSeen {
        containers: Known::Known(vec![ContainerSeen { instance: Instance::new("second"), ..own(Status::Running) }]),
        ..ready()
    }
}

fn unknown() -> HostSeen {
    HostSeen {
        containers: Known::Unknown(Why::TimedOut { call: "list".to_owned() }),
        readiness: Known::Known(Readiness::Unreachable),
        ..ready()
    }
}

fn observed(host: HostSeen) -> Event {
    Event::Observed { host: Box::new(host) }
}

fn listed(names: &[&str]) -> Event {
    let sandboxes = names.iter().map(|name| (SandboxName::new(*name), None)).collect();
    Event::SandboxesListed { sandboxes: Known::Known(sandboxes) }
}

fn lost() -> Event {
    Event::Failed { failure: Failure::Unknown { why: Why::ConnectionLost { call: "act".to_owned() } } }
}

/// The record that a run on a ready gateway with these sandboxes leaves behind.
fn recorded(sandboxes: &[&str]) -> RecordSeen {
    let script = vec![observed(ready()), listed(sandboxes), Event::Done];
    let (_, commands) = run(intent(Purpose::Onboard), RecordSeen::Absent, script);
    RecordSeen::Present { record: written(&commands).into() }
}

fn written(commands: &[Command]) -> GatewayRecord {
    match commands.last() {
        Some(Command::WriteRecord { record, .. }) => (**record).clone(),
        other => panic!("the last command is {other:?}"),
    }
}

/// Runs the machine against the events after its preflight; gives the outcome and the commands that they answered.
fn run(intent: Intent, record: RecordSeen, script: Vec<Event>) -> (Outcome, Vec<Command>) {
    let mut script: VecDeque<_> = script.into();
    script.push_front(Event::RecordRead { record, older: None });
    if intent.purpose == Purpose::Onboard {
        script.push_front(Event::LockTaken);
    }
    let (mut machine, mut command) = Onboarding::new(intent);
    let mut commands = Vec::new();
    loop {
        let event = script.pop_front().unwrap_or_else(|| panic!("the script is over, and there is {command:?}"));
        commands.push(command);
        match machine.handle(&event) {
            Then::Perform(next) => command = next,
            Then::Finish(outcome) => {
                assert!(script.is_empty(), "not asked for: {script:?}");
                return (*outcome, commands);
            }
        }
    }
}

fn onboard(record: RecordSeen, script: Vec<Event>) -> (Outcome, Vec<Command>) {
    run(intent(Purpose::Onboard), record, script)
}

fn names(commands: &[Command]) -> Vec<String> {
    let name = |command| serde_json::to_value(command).unwrap()["kind"].as_str().unwrap().to_owned();
    commands.iter().map(name).collect()
}

/// How long each look of a run waited first, in milliseconds.
fn pauses(commands: &[Command]) -> Vec<u64> {
    commands
        .iter()
        .filter_map(|command| if let Command::Observe(target) = command { Some(target.wait_ms) } else { None })
        .collect()
}

fn how(outcome: &Outcome) -> Option<How> {
    match outcome.end {
        End::Ready { how, .. } => Some(how),
        End::Stopped | End::Refused { .. } | End::Looked { .. } => None,
    }
}

fn changes_nothing(commands: &[Command]) -> bool {
    commands.iter().all(|command| !command.changes_something())
}

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
fn plans_that_this_version_cannot_carry_out_end_with_nothing_touched() {
    let mut other_image = intent(Purpose::Onboard);
    other_image.spec.image = ImageRef::new("other:1");
    other_image.typed.image = true;
    let host = || HostSeen { layer: Some(Known::Known(Vec::new())), ..ready() };
    let (outcome, commands) = run(other_image, recorded(&[]), vec![observed(host())]);
    assert_eq!(outcome.reason(), Reason::NotYet);
    let said = outcome.refusal().unwrap().to_string();
    assert!(said.contains("wanted `other:1`"), "{said}");
    assert!(changes_nothing(&commands));
}
