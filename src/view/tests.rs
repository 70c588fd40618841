//! Every word of every end, as people and programs read it.

mod restored;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use engine::{
    Act, Command, ContainerId, Decision, Difference, Discard, End, Endpoint, GatewayName, GatewaySeen, How, ImageId,
    ImageRef, ImageSource, NetworkName, NewContainer, NodeNameFrom, Note, Outcome, Plan, PortSpec, PresetName, Reason,
    Refusal, RestartPolicy, Row, SandboxName, Scheme, Status, Told, Verdict, VolumeName, Why,
};

use super::{Asked, Listing, Report, Step, json, text};
use crate::again::Again;
use crate::samples::{backup, container, daemon, refusals, volume};

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn names(names: &[&str]) -> BTreeSet<SandboxName> {
    names.iter().map(|name| SandboxName::new(*name)).collect()
}

/// Sandboxes of which no status is told.
fn listed(listed: &[&str]) -> BTreeMap<SandboxName, Option<String>> {
    names(listed).into_iter().map(|name| (name, None)).collect()
}

/// A gateway that is all there, with its container in that status.
fn seen(status: Status) -> GatewaySeen {
    let endpoint = Endpoint { scheme: Scheme::Http, host_ip: "127.0.0.1".to_owned(), port: 8080 };
    GatewaySeen {
        preset: Some(PresetName::new("reference")),
        container: Some((ContainerId::new(ID), container(), Some(status))),
        image: Some((ImageRef::new("nemoclaw-reference:0.1.0"), ImageId::new("sha256:aa"))),
        volumes: vec![volume()],
        set_aside: Vec::new(),
        endpoint: (status == Status::Running).then_some(endpoint),
        daemon: Some(daemon("/var/lib/docker")),
        sandboxes: (status == Status::Running).then(|| listed(&["alpha", "beta"])),
        missing: BTreeSet::new(),
    }
}

/// A gateway of which nothing but the daemon was seen.
fn nothing_seen() -> GatewaySeen {
    GatewaySeen { daemon: Some(daemon("/var/lib/docker")), ..GatewaySeen::default() }
}

fn report(asked: Asked, outcome: Outcome) -> Report {
    Report {
        asked,
        gateway: GatewayName::parse("prod").unwrap(),
        address: "unix:///var/run/docker.sock".to_owned(),
        again: Again::default(),
        outcome,
        restored_from: None,
        recorded: None,
        backups: Vec::new(),
        removed: Vec::new(),
        steps: Vec::new(),
        trace: None,
        trace_problem: None,
        simulated: None,
    }
}

fn ready(how: How, reason: Reason, seen: GatewaySeen, notes: Vec<Told>) -> Report {
    let changed = how != How::Reused;
    report(
        Asked::Onboard,
        Outcome { end: End::Ready { how, reason }, row: Some(Row::Ready), changed, seen, backup: None, notes },
    )
}

fn refused(asked: Asked, refusal: Refusal, seen: GatewaySeen) -> Report {
    let end = End::Refused { refusal: Box::new(refusal) };
    report(asked, Outcome { end, row: None, changed: false, seen, backup: None, notes: Vec::new() })
}

fn looked(asked: Asked, row: Row, plan: Plan, seen: GatewaySeen) -> Report {
    let decision = Arc::new(Decision { row, plan, waits_on: None });
    let end = End::Looked { decision };
    report(asked, Outcome { end, row: Some(row), changed: false, seen, backup: None, notes: Vec::new() })
}

fn start() -> Plan {
    Plan::Perform {
        act: Act::Start,
        step: Command::StartContainer { container: ContainerId::new(ID), files: Vec::new() },
    }
}

fn keep(notes: Vec<Note>) -> Plan {
    Plan::Keep { verdict: Verdict { reason: Reason::Ready, notes } }
}

/// What the refusal's run would have seen.
fn seen_by(refusal: &Refusal) -> GatewaySeen {
    let reason = refusal.reason();
    let unseen =
        [Reason::DockerUnknown, Reason::DockerLost, Reason::Locked, Reason::RecordUnusable, Reason::StateUnusable];
    if unseen.contains(&reason) {
        return GatewaySeen::default();
    }
    if [Reason::DataGone, Reason::VolumesAmbiguous, Reason::NoSuchVolume].contains(&reason) {
        return nothing_seen();
    }
    if reason == Reason::VolumeHeld {
        return GatewaySeen { volumes: vec![volume()], ..nothing_seen() };
    }
    seen(if reason == Reason::NotRecovered { Status::Restarting } else { Status::Exited })
}

fn step(command: &str, did: Option<&str>, took_ms: u64) -> Step {
    Step { command: command.to_owned(), did: did.map(str::to_owned), took_ms }
}

/// Several ends under one another, each under what happened.
fn check(name: &str, ends: &[(&str, Report)], show: impl Fn(&Report) -> String) {
    let block = |(what, report): &(&str, Report)| format!("=== {what}: exit {}\n{}", report.exit(), show(report));
    insta::assert_snapshot!(name, ends.iter().map(block).collect::<Vec<_>>().join("\n"));
}

#[test]
fn ready_gateways() {
    let missing = GatewaySeen { missing: names(&["gamma"]), ..seen(Status::Running) };
    let notes = [
        Note::Drifted {
            differences: vec![Difference::Port {
                has: "127.0.0.1:8080".to_owned(),
                wanted: "127.0.0.1:9000".to_owned(),
            }],
        },
        Note::NewerDefault {
            has: ImageRef::new("nemoclaw-reference:0.1.0"),
            default: ImageRef::new("nemoclaw-reference:0.2.0"),
        },
        Note::AutoRemoved,
        Note::HealthNotPublished,
        Note::HomeNotKept,
    ];
    let notes = notes.into_iter().map(|said| Told::Note { said }).collect();
    let adopted = vec![
        Told::NodeName { name: "openshell-prod".to_owned(), from: NodeNameFrom::VolumeLabel },
        Told::SpecAsOfBirth {
            image: ImageRef::new("nemoclaw-reference:0.1.0"),
            created: Some("2026-01-01T10:00:00Z".to_owned()),
        },
    ];
    let created = vec![
        Told::Notice { text: "whoever reaches its port can use it".to_owned() },
        Told::NoGpu,
        Told::Older {
            problem: "the older tool's `/home/ada/.nemoclaw/sandboxes.json` is not used: no JSON".to_owned(),
        },
    ];
    let named = |from| vec![Told::NodeName { name: "0123456789ab".to_owned(), from }];
    let beside = [("alpha", Some("running")), ("beta", Some("exited")), ("gamma", None)];
    let beside = beside.map(|(name, status)| (SandboxName::new(name), status.map(str::to_owned)));
    let beside = GatewaySeen { sandboxes: Some(beside.into()), ..seen(Status::Running) };
    let unlisted = Told::SandboxesUnknown { why: Why::TimedOut { call: "GET /sandboxes".to_owned() } };
    let unverified = vec![Told::Note { said: Note::Unverified }];
    check(
        "ready",
        &[
            ("nothing was there", ready(How::Created, Reason::Ready, seen(Status::Running), created)),
            ("its sandboxes are beside it", ready(How::Reused, Reason::Ready, beside, Vec::new())),
            ("it was ready", ready(How::Reused, Reason::Ready, seen(Status::Running), Vec::new())),
            ("it was ready, with notes", ready(How::Reused, Reason::Drifted, seen(Status::Running), notes)),
            ("it was stopped", ready(How::Recovered, Reason::Ready, seen(Status::Running), vec![unlisted])),
            ("it did not answer", ready(How::Repaired, Reason::Ready, seen(Status::Running), Vec::new())),
            ("only its volume was there", ready(How::Adopted, Reason::Ready, seen(Status::Running), adopted)),
            (
                "the node name was typed",
                ready(How::Adopted, Reason::Ready, seen(Status::Running), named(NodeNameFrom::Typed)),
            ),
            (
                "the node name was on the volume",
                ready(How::Adopted, Reason::Ready, seen(Status::Running), named(NodeNameFrom::Volume)),
            ),
            ("a sandbox is gone", ready(How::Recovered, Reason::SandboxesMissing, missing, Vec::new())),
            ("Docker is unknown", ready(How::Reused, Reason::Unverified, GatewaySeen::default(), unverified)),
        ],
        |report| text::text(report, false),
    );
}

#[test]
fn refusals_of_each_kind() {
    let all: Vec<_> = refusals()
        .into_iter()
        .map(|refusal| {
            let (seen, reason) = (seen_by(&refusal), refusal.reason());
            let mut refused = refused(Asked::Onboard, refusal, seen);
            refused.outcome.changed = reason == Reason::DockerLost;
            (reason.id(), refused)
        })
        .collect();
    check("refused", &all, |report| text::text(report, false));
}

#[test]
fn runs_that_ended_half_way() {
    let mut interrupted =
        refused(Asked::Onboard, Refusal::Interrupted { signal: engine::Signal::Interrupt }, seen(Status::Running));
    interrupted.outcome.changed = true;
    interrupted.steps = vec![
        step("look at `openshell-cluster-prod`", None, 3),
        step("create volume `openshell-cluster-prod`", Some("created volume `openshell-cluster-prod`"), 12),
        step("start container 0123456789ab", Some("started container 0123456789ab"), 300),
    ];
    interrupted.trace = Some(PathBuf::from("/home/ada/.local/state/nemoclaw/traces/prod/20260301T080000.000Z-1.jsonl"));
    let not_created = refusals().into_iter().find(|refusal| refusal.reason() == Reason::NotCreated).unwrap();
    let mut failed = refused(Asked::Onboard, not_created, GatewaySeen { volumes: vec![volume()], ..nothing_seen() });
    failed.outcome.changed = true;
    failed.steps = interrupted.steps[..2].to_vec();
    failed.trace.clone_from(&interrupted.trace);
    failed.trace_problem = Some(std::io::Error::other("no space left on the device"));
    let docker_lost = refusals().into_iter().find(|refusal| refusal.reason() == Reason::DockerLost).unwrap();
    let mut silent = refused(Asked::Stop, docker_lost, GatewaySeen { container: None, ..seen(Status::Running) });
    silent.outcome.changed = true;
    silent.steps = interrupted.steps[..2].to_vec();
    let ends = [("Ctrl-C", interrupted), ("the container could not be made", failed), ("Docker fell silent", silent)];
    check("half_way", &ends, |report| text::text(report, false));
    check("half_way_json", &ends, json::json);
}

#[test]
fn starts_and_stops() {
    let stopped = |status, changed, row| {
        let outcome = Outcome { end: End::Stopped, row, changed, seen: seen(status), backup: None, notes: Vec::new() };
        Report { recorded: Some(names(&["alpha", "beta"])), ..report(Asked::Stop, outcome) }
    };
    let by_reason = |reason| refusals().into_iter().find(|refusal| refusal.reason() == reason).unwrap();
    let started = Report { asked: Asked::Start, ..ready(How::Recovered, Reason::Ready, seen(Status::Running), vec![]) };
    let ends = [
        ("it ran", stopped(Status::Exited, true, Some(Row::Stop))),
        ("it did not run", stopped(Status::Created, false, Some(Row::Stop))),
        ("it would be lost", refused(Asked::Stop, by_reason(Reason::AutoRemove), seen(Status::Running))),
        ("it does not end", refused(Asked::Stop, by_reason(Reason::NotStopped), seen(Status::Running))),
        ("nothing to start", refused(Asked::Start, by_reason(Reason::Missing), nothing_seen())),
        ("started", started),
        ("which is not clear", refused(Asked::Stop, by_reason(Reason::PresetAmbiguous), nothing_seen())),
        ("no logs", refused(Asked::Logs, by_reason(Reason::ForeignContainer), nothing_seen())),
    ];
    check("started_and_stopped", &ends, |report| text::text(report, false));
    check("started_and_stopped_json", &ends[..1], json::json);
}

#[test]
fn lists() {
    let unknown = || Plan::Refuse { refusal: refusals().remove(0) };
    let named = |name: &str, report: Report| Report { gateway: GatewayName::parse(name).unwrap(), ..report };
    let recorded = GatewaySeen {
        preset: Some(PresetName::new("openshell-gateway")),
        volumes: vec![volume()],
        ..GatewaySeen::default()
    };
    let held = refusals().into_iter().find(|refusal| refusal.reason() == Reason::PortHeld).unwrap();
    let stopped = looked(Asked::Status, Row::Stopped, start(), seen(Status::Exited));
    let corrupt = Plan::Refuse {
        refusal: refusals().into_iter().find(|refusal| refusal.reason() == Reason::RecordUnusable).unwrap(),
    };
    let all = Listing {
        gateways: vec![
            named("ready", looked(Asked::Status, Row::Ready, keep(Vec::new()), seen(Status::Running))),
            named("at-rest", Report { recorded: Some(names(&["alpha"])), ..stopped }),
            named("held", looked(Asked::Status, Row::PortHeld, Plan::Refuse { refusal: held }, seen(Status::Exited))),
            named("slow", looked(Asked::Status, Row::NotReady, start(), seen(Status::Running))),
            named("gone", looked(Asked::Status, Row::Nothing, start(), nothing_seen())),
            named("unread", looked(Asked::Status, Row::RecordUnusable, corrupt, seen(Status::Running))),
        ],
        unlabelled: None,
        unread: None,
    };
    let without_docker = Listing {
        gateways: vec![named("prod", looked(Asked::Status, Row::DockerUnknown, unknown(), recorded))],
        unlabelled: Some(Why::NotListening { address: "unix:///var/run/docker.sock".to_owned() }),
        unread: None,
    };
    let nothing = Listing { gateways: Vec::new(), unlabelled: None, unread: None };
    let blind = Listing { unread: Some(std::io::Error::other("it is no folder")), ..nothing };
    let nothing = Listing { gateways: Vec::new(), unlabelled: None, unread: None };
    let ends = [("all kinds", all), ("without Docker", without_docker), ("no records", blind), ("none", nothing)];
    let told = |show: fn(&Listing) -> String| {
        let block =
            |(what, list): &(&str, Listing)| format!("=== {what}: exit {}\n{}", list.reason().exit(), show(list));
        ends.iter().map(block).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!("listed", told(super::list::page));
    insta::assert_snapshot!("listed_json", json::list(&ends[1].1));
}

#[test]
fn looks() {
    let docker_unknown = || refusals().remove(0);
    let volumes_left = GatewaySeen { volumes: vec![volume()], ..nothing_seen() };
    let make = || Plan::Perform {
        act: Act::MakeNetwork,
        step: Command::CreateNetwork { name: NetworkName::new("openshell-cluster-prod"), labels: Default::default() },
    };
    let mut far = looked(Asked::Status, Row::Stopped, start(), seen(Status::Exited));
    far.again.host = Some("tcp://far:2375".to_owned());
    let ends = [
        ("ready", looked(Asked::Status, Row::Ready, keep(vec![Note::AutoRemoved]), seen(Status::Running))),
        ("stopped, on another host", far),
        ("paused", looked(Asked::Status, Row::Stopped, start(), seen(Status::Paused))),
        ("not ready", looked(Asked::Status, Row::NotReady, start(), seen(Status::Running))),
        ("container missing", looked(Asked::Status, Row::VolumesLeft, make(), volumes_left)),
        ("nothing there", looked(Asked::Status, Row::Nothing, make(), nothing_seen())),
        (
            "Docker unknown",
            looked(
                Asked::Status,
                Row::DockerUnknown,
                Plan::Refuse { refusal: docker_unknown() },
                GatewaySeen::default(),
            ),
        ),
        (
            "stopped, and its port is held",
            looked(
                Asked::Status,
                Row::PortHeld,
                Plan::Refuse {
                    refusal: refusals().into_iter().find(|refusal| refusal.reason() == Reason::PortHeld).unwrap(),
                },
                seen(Status::Exited),
            ),
        ),
        ("dry run, ready", looked(Asked::DryRun, Row::Ready, keep(Vec::new()), seen(Status::Running))),
        ("dry run, stopped", looked(Asked::DryRun, Row::Stopped, start(), seen(Status::Exited))),
        ("dry run, nothing there", looked(Asked::DryRun, Row::Nothing, make(), nothing_seen())),
        (
            "dry run, Docker unknown",
            looked(
                Asked::DryRun,
                Row::DockerUnknown,
                Plan::Refuse { refusal: docker_unknown() },
                GatewaySeen::default(),
            ),
        ),
    ];
    check("looked", &ends, |report| text::text(report, false));
    check("looked_json", &ends[1..9], json::json);
}

#[test]
fn a_plan_is_told_whole_but_for_secrets() {
    let env = engine::Env([("TOKEN".to_owned(), "hunter2hunter2".to_owned())].into());
    let new = NewContainer {
        name: container(),
        image: ImageRef::new("x:1"),
        command: vec!["/nemoclaw".to_owned()],
        keeps_entry_point: false,
        env,
        user: None,
        privileged: false,
        host_cgroups: false,
        extra_hosts: Vec::new(),
        gpu: None,
        labels: Default::default(),
        mounts: Vec::new(),
        port: PortSpec {
            host_ip: "127.0.0.1".to_owned(),
            host: 8080,
            container: 8080,
            same_inside: false,
            health: None,
        },
        network: None,
        hostname: "openshell-prod".to_owned(),
        restart: RestartPolicy::UnlessStopped,
    };
    let plan = Plan::Perform { act: Act::Create, step: Command::CreateContainer(Box::new(new)) };
    let told = json::json(&looked(Asked::DryRun, Row::Nothing, plan, nothing_seen()));
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!("planned_json", told);
}

#[test]
fn the_last_line_always_says_where_the_data_is() {
    for refusal in refusals() {
        let acts = [Asked::Onboard, Asked::DryRun, Asked::Status, Asked::Start, Asked::Stop, Asked::Logs];
        for asked in acts.into_iter().chain([Asked::Backup, Asked::Restore, Asked::Destroy(Discard::Volumes)]) {
            for seen in [seen(Status::Exited), nothing_seen(), GatewaySeen::default()] {
                let told = text::text(&refused(asked, refusal.clone(), seen), false);
                let last = told.lines().last().unwrap_or_default();
                assert!(last.starts_with("Your data: "), "{told}");
                assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told:?}");
            }
        }
    }
}

#[test]
fn a_pulled_image_is_told_as_pulled() {
    let step = Command::ProvideImage { reference: ImageRef::new("x:1"), source: ImageSource::Registry };
    let plan = Plan::Perform { act: Act::ProvideImage, step };
    let told = looked(Asked::DryRun, Row::Nothing, plan, nothing_seen()).message();
    assert_eq!(told, "Nothing was changed. Onboarding `prod` would pull image `x:1`, then look and go on.");
}

#[test]
fn colors_are_only_where_they_are_asked_for() {
    let report = ready(How::Created, Reason::Ready, seen(Status::Running), Vec::new());
    assert!(text::text(&report, true).starts_with("\u{1b}[32m✓"));
    assert!(!text::text(&report, false).contains('\u{1b}'));
}

#[test]
fn volumes_without_a_container_are_named_all() {
    let volumes = vec![volume(), VolumeName::new("openshell-cluster-prod-keys")];
    let seen = GatewaySeen { volumes, ..seen(Status::Running) };
    let told = text::text(&ready(How::Created, Reason::Ready, seen, Vec::new()), false);
    assert!(told.ends_with(
        "Your data: volumes `openshell-cluster-prod`, `openshell-cluster-prod-keys` at Docker \
         (unix:///var/run/docker.sock, data root /var/lib/docker).\n"
    ));
}
