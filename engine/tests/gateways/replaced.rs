//! A gateway that is replaced: step by step, back again, cut at each step, and never without its volumes.

use std::collections::BTreeMap;

use engine::{
    Because, Command, Consent, End, Event, Failure, How, ImageRef, Intent, Known, MountSeen, MountedSource, Onboarding,
    Outcome, Purpose, Reason, RecordSeen, Refusal, Replace, RestartPolicy, SandboxName, Signal, Status, Then,
    VolumeName,
};

use crate::host::SmallHost;
use crate::{
    CLUSTER, GATEWAY, REFERENCE, how, kill_after, made, onboard, onboard_as, only, record, to, with_image, with_port,
};

const NEW: &str = "nemoclaw-reference:new";

fn upgrade() -> Intent {
    with_image(onboard_as(REFERENCE), NEW)
}

fn refusal(outcome: &Outcome) -> &Refusal {
    outcome.refusal().unwrap_or_else(|| panic!("{outcome:#?}"))
}

fn with_anonymous_volume(mut host: SmallHost) -> SmallHost {
    host.add_volume("anonymous");
    let source = MountedSource::Volume { name: VolumeName::new("anonymous") };
    host.containers[0].mounts.push(MountSeen { source, path: "/cache".to_owned(), writable: true });
    host
}

#[test]
fn each_step_is_an_act_of_its_own_and_the_record_commits() {
    let mut host = made(REFERENCE);
    let old = only(&host).id.clone();
    let outcome = host.run(upgrade());
    assert_eq!(how(&outcome), Some(How::Upgraded), "{outcome:#?}");
    assert_eq!(
        host.did(),
        [
            "provide-image",
            "create-next",
            "set-restart-policy",
            "stop-container",
            "create-helper",
            "provide-image",
            "create-helper",
            "back-up",
            "remove-container",
            "rename-container",
            "rename-container",
            "start-container",
            "write-record",
            "set-restart-policy",
            "remove-container",
        ]
    );
    let now = only(&host);
    assert_ne!(now.id, old);
    assert_eq!((now.image.as_str(), now.restart), (NEW, RestartPolicy::UnlessStopped));
    assert_eq!((record(&host).container.clone(), record(&host).spec.image.as_str()), (now.id.clone(), NEW));
    assert!(outcome.backup.is_some());
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), host.did()), (Some(How::Reused), vec![]));
    let outcome = host.run(upgrade());
    assert_eq!((how(&outcome), host.did()), (Some(How::Reused), vec![]), "what was asked is so");
}

#[test]
fn every_mount_and_the_hosts_name_go_along() {
    let mut host = with_anonymous_volume(made(REFERENCE));
    host.run(onboard());
    let old = only(&host).clone();
    assert_eq!(how(&host.run(upgrade())), Some(How::Upgraded));
    let now = only(&host);
    assert_eq!((&now.mounts, &now.hostname), (&old.mounts, &old.hostname));
    assert!(record(&host).volume_names().contains(&VolumeName::new("anonymous")));
}

#[test]
fn without_a_backup_only_where_that_is_typed() {
    let mut host = made(REFERENCE);
    let outcome = host.run(Intent { no_backup: true, ..upgrade() });
    assert_eq!((how(&outcome), outcome.backup), (Some(How::Upgraded), None));
    assert!(!host.did().contains(&"back-up".to_owned()));
}

#[test]
fn another_port_and_a_re_creation_are_replacements() {
    for preset in [REFERENCE, GATEWAY, CLUSTER] {
        let mut host = made(preset);
        let outcome = host.run(with_port(onboard_as(preset), 9000));
        assert_eq!(how(&outcome), Some(How::Upgraded), "{preset}: {outcome:#?}");
        assert_eq!(record(&host).spec.port.host, 9000);
        let outcome = host.run(Intent { replace: Some(Replace::Recreate), ..onboard_as(preset) });
        assert_eq!(how(&outcome), Some(How::Upgraded), "{preset}: {outcome:#?}");
        assert_eq!(record(&host).spec.port.host, 9000);
        let outcome = host.run(Intent { replace: Some(Replace::Upgrade), ..onboard_as(preset) });
        assert_eq!(how(&outcome), Some(How::Reused), "{preset}: the port is its owner's");
    }
}

#[test]
fn a_next_one_that_does_not_become_ready_is_undone() {
    let mut host = made(REFERENCE);
    host.broken.insert(ImageRef::new(NEW));
    let before = only(&host).clone();
    let outcome = host.run(upgrade());
    let Refusal::RolledBack { because: Because::Trouble { .. }, log, .. } = refusal(&outcome) else {
        panic!("{outcome:#?}")
    };
    assert_eq!((outcome.reason(), log.as_slice()), (Reason::RolledBack, ["it said no".to_owned()].as_slice()));
    let now = only(&host).clone();
    assert_eq!((&now.id, &now.name, now.restart), (&before.id, &before.name, before.restart));
    assert_eq!(now.status, Known::Known(Status::Running));
    assert_ne!(record(&host).spec.image.as_str(), NEW);
    assert_eq!(how(&host.run(onboard())), Some(How::Reused));
}

#[test]
fn a_next_one_that_lacks_a_sandbox_is_undone() {
    let mut host = made(REFERENCE);
    host.sandboxes = listed(&["survivor"]);
    host.run(onboard());
    // Only while the new image runs.
    let outcome = run_with(&mut host, upgrade(), |host, command| {
        if let Command::StartContainer { container, .. } = command {
            let image = &host.containers.iter().find(|one| one.id == *container).unwrap().image;
            host.sandboxes = listed(if image.as_str() == NEW { &[] } else { &["survivor"] });
        }
        None
    });
    let Refusal::RolledBack { because: Because::Sandboxes { lacks }, .. } = refusal(&outcome) else {
        panic!("{outcome:#?}")
    };
    assert_eq!(lacks.iter().map(SandboxName::as_str).collect::<Vec<_>>(), ["survivor"]);
    assert_ne!(only(&host).image.as_str(), NEW);
}

#[test]
fn sandboxes_are_listed_before_so_that_one_made_since_counts() {
    let mut host = made(REFERENCE);
    host.sandboxes = listed(&["made-since"]);
    host.run(upgrade());
    assert!(record(&host).sandboxes.iter().any(|name| name.as_str() == "made-since"));
}

#[test]
fn where_no_backup_can_be_made_nothing_is_replaced() {
    let mut host = made(REFERENCE);
    host.no_backup = Some(Failure::Rejected { status: None, message: "no space".to_owned() });
    let before = only(&host).id.clone();
    let outcome = host.run(upgrade());
    assert_eq!(outcome.reason(), Reason::RolledBack, "{outcome:#?}");
    assert_eq!((&only(&host).id, only(&host).status.clone()), (&before, Known::Known(Status::Running)));
}

#[test]
fn what_lives_only_in_the_container_goes_along_where_its_new_home_is() {
    let mut host = made(GATEWAY);
    host.containers[0].env.0.insert("HOME".to_owned(), "/root".to_owned());
    host.layer = vec!["/root/.local/state/openshell/key".to_owned()];
    let outcome = host.run(with_image(onboard_as(GATEWAY), "ghcr.io/nvidia/openshell/gateway:9"));
    assert_eq!(how(&outcome), Some(How::Upgraded), "{outcome:#?}");
    let carried = ("/root/.local/state/openshell".to_owned(), "/var/openshell/.local/state/openshell".to_owned());
    assert_eq!(host.carried, [carried]);
    host.layer = vec!["/etc/mine".to_owned()];
    let outcome = host.run(Intent { replace: Some(Replace::Recreate), ..onboard_as(GATEWAY) });
    assert_eq!((outcome.reason(), host.did()), (Reason::LayerHoldsData, vec![]));
    let typed = Intent { replace: Some(Replace::Recreate), carry: vec!["/etc/mine".to_owned()], ..onboard_as(GATEWAY) };
    assert_eq!(how(&host.run(typed)), Some(How::Upgraded));
}

#[test]
fn killed_after_any_step_the_next_run_ends_it() {
    for undisturbed in [onboard(), upgrade()] {
        for cut in 0.. {
            let mut host = with_anonymous_volume(made(REFERENCE));
            host.sandboxes = listed(&["a"]);
            host.run(onboard());
            let policy = only(&host).restart;
            let was_cut = kill_after(&mut host, upgrade(), cut);
            let outcome = host.run(undisturbed.clone());
            let ready = matches!(outcome.end, End::Ready { reason: Reason::Ready | Reason::Drifted, .. });
            assert!(ready, "cut after {cut}: {outcome:#?}");
            let now = only(&host);
            assert_eq!((now.restart, now.mounts.len()), (policy, 2), "cut after {cut}");
            assert_eq!(record(&host).container, now.id, "cut after {cut}");
            assert_eq!(record(&host).spec.image, now.image, "cut after {cut}");
            assert_eq!(
                record(&host).spec.restart,
                policy,
                "cut after {cut}: what its owner wants is the policy it had"
            );
            let outcome = host.run(onboard());
            assert_eq!((how(&outcome), host.did()), (Some(How::Reused), vec![]), "cut after {cut}: {outcome:#?}");
            if !was_cut {
                break;
            }
        }
    }
}

#[test]
fn killed_before_it_is_written_down_the_next_run_finishes_it_with_the_policy_that_its_owner_wants() {
    for has_record in [true, false] {
        let mut host = made(REFERENCE);
        host.run(onboard());
        let before = only(&host).clone();
        let (mut machine, mut command) = Onboarding::new(upgrade());
        while !matches!(command, Command::WriteRecord { .. }) {
            let Then::Perform(next) = machine.handle(&host.answer_to(&command)) else { panic!("it ended") };
            command = next;
        }
        if !has_record {
            host.record = RecordSeen::Absent;
        }
        let outcome = host.run(onboard_as(REFERENCE));
        let End::Ready { how: How::Upgraded, reason: Reason::Ready, .. } = outcome.end else { panic!("{outcome:#?}") };
        assert_ne!(only(&host).id, before.id);
        assert_eq!((only(&host).restart, record(&host).spec.restart), (before.restart, before.restart));
    }
}

#[test]
fn killed_while_it_is_undone_the_next_run_ends_it() {
    for cut in 0.. {
        let mut host = made(REFERENCE);
        host.broken.insert(ImageRef::new(NEW));
        let before = only(&host).clone();
        let was_cut = kill_after(&mut host, upgrade(), cut);
        let outcome = host.run(onboard());
        assert!(matches!(outcome.end, End::Ready { .. }), "cut after {cut}: {outcome:#?}");
        let now = only(&host);
        assert_eq!((&now.id, &now.name, now.restart), (&before.id, &before.name, before.restart), "cut after {cut}");
        if !was_cut {
            break;
        }
    }
}

#[test]
fn asked_to_end_it_puts_back_what_it_took_apart() {
    for cut in 0.. {
        let mut host = made(REFERENCE);
        let before = only(&host).clone();
        let mut left = cut;
        let outcome = run_with(&mut host, upgrade(), |_, command| {
            let counts = command.changes_something() || matches!(command, Command::AwaitReady { .. });
            left -= i32::from(counts);
            (counts && left == -1).then_some(Event::Interrupted { signal: Signal::Interrupt })
        });
        if left >= 0 {
            break;
        }
        assert_eq!(outcome.reason(), Reason::Interrupted, "{outcome:#?}");
        let committed = record(&host).container != before.id;
        if !committed && host.containers.len() == 1 {
            let now = only(&host);
            assert_eq!((&now.id, &now.name, now.restart), (&before.id, &before.name, before.restart), "cut at {cut}");
            assert_eq!(now.status, Known::Known(Status::Running), "cut at {cut}");
        }
        assert!(matches!(host.run(onboard()).end, End::Ready { .. }), "cut at {cut}");
        assert_eq!(host.containers.len(), 1, "cut at {cut}");
    }
}

#[test]
fn where_no_record_can_be_written_it_comes_to_an_end_all_the_same() {
    let not_written = |_: &mut SmallHost, command: &Command| {
        let failure = Failure::Rejected { status: None, message: "read-only file system".to_owned() };
        matches!(command, Command::WriteRecord { .. }).then_some(Event::Failed { failure })
    };
    // With a record that would go on to name the old one, the old one is put back.
    let mut host = made(REFERENCE);
    let before = only(&host).id.clone();
    let outcome = run_with(&mut host, upgrade(), not_written);
    assert_eq!((outcome.reason(), &only(&host).id), (Reason::RolledBack, &before), "{outcome:#?}");
    // Without one nothing names it.
    let mut host = made(REFERENCE);
    host.record = engine::RecordSeen::Absent;
    let outcome = run_with(&mut host, upgrade(), not_written);
    assert_eq!((how(&outcome), only(&host).image.as_str()), (Some(How::Upgraded), NEW), "{outcome:#?}");
}

#[test]
fn without_a_record_what_was_interrupted_is_put_back_too() {
    let mut host = made(REFERENCE);
    host.record = engine::RecordSeen::Absent;
    let before = only(&host).id.clone();
    let outcome = run_with(&mut host, upgrade(), |_, command| {
        if let Command::WriteRecord { .. } = command {
            let failure = Failure::Rejected { status: None, message: "read-only file system".to_owned() };
            return Some(Event::Failed { failure });
        }
        let after = matches!(command, Command::ListSandboxes { container, .. } if *container != before);
        after.then_some(Event::Interrupted { signal: Signal::Interrupt })
    });
    assert_eq!((outcome.reason(), only(&host).id.clone()), (Reason::Interrupted, before), "{outcome:#?}");
}

#[test]
fn a_backup_stops_what_runs_and_starts_it_again() {
    for status in [Status::Running, Status::Exited] {
        let mut host = made(REFERENCE);
        host.set_status(status);
        let outcome = host.run(to(Purpose::BackUp, onboard()));
        assert_eq!((&outcome.end, only(&host).status.clone()), (&End::BackedUp, Known::Known(status)), "{outcome:#?}");
        assert!(outcome.backup.is_some());
    }
    let mut host = made(REFERENCE);
    host.no_backup = Some(Failure::Rejected { status: None, message: "no space".to_owned() });
    let outcome = host.run(to(Purpose::BackUp, onboard()));
    assert_eq!((outcome.reason(), only(&host).status.clone()), (Reason::NotBackedUp, Known::Known(Status::Running)));
}

#[test]
fn killed_during_a_backup_the_next_run_brings_back_what_ran() {
    for (next, cuts) in [(onboard(), true), (to(Purpose::BackUp, onboard()), true)] {
        for cut in 0.. {
            let mut host = made(REFERENCE);
            let was_cut = kill_after(&mut host, to(Purpose::BackUp, onboard()), cut);
            let outcome = host.run(next.clone());
            assert!(matches!(outcome.end, End::Ready { .. } | End::BackedUp), "cut after {cut}: {outcome:#?}");
            assert_eq!(only(&host).status, Known::Known(Status::Running), "cut after {cut}");
            if !was_cut || !cuts {
                break;
            }
        }
    }
}

#[test]
fn a_reset_removes_the_volumes_after_their_backup_and_never_without() {
    let consent = |host: &SmallHost| Consent::typed(&record(host).gateway, record(host).gateway.as_str()).unwrap();
    let mut host = made(REFERENCE);
    let reset = Intent { reset: Some(consent(&host)), ..onboard() };
    assert_eq!(host.run(reset.clone()).reason(), Reason::ResetContainerExists);
    host.containers.clear();
    let outcome = host.run(reset.clone());
    assert_eq!(how(&outcome), Some(How::Reset), "{outcome:#?}");
    let did = host.did();
    let at = |what: &str| did.iter().position(|did| did == what).unwrap();
    assert!(at("back-up") < at("remove-volume") && at("remove-volume") < at("create-volume"), "{did:?}");
    host.containers.clear();
    host.no_backup = Some(Failure::Rejected { status: None, message: "no space".to_owned() });
    let outcome = host.run(reset.clone());
    assert_eq!((outcome.reason(), host.volumes.len(), host.containers.len()), (Reason::NotBackedUp, 1, 0));
    let outcome = host.run(Intent { no_backup: true, ..reset });
    assert_eq!(how(&outcome), Some(How::Reset), "{outcome:#?}");
}

fn listed(names: &[&str]) -> Known<BTreeMap<SandboxName, Option<String>>> {
    Known::Known(names.iter().map(|name| (SandboxName::new(*name), None)).collect())
}

/// A run in which somebody may act before a command, or answer it in the host's stead.
fn run_with(
    host: &mut SmallHost,
    intent: Intent,
    mut before: impl FnMut(&mut SmallHost, &Command) -> Option<Event>,
) -> Outcome {
    let (mut machine, mut command) = Onboarding::new(intent);
    let mut given = 0;
    loop {
        let event = before(host, &command).unwrap_or_else(|| host.answer_to(&command));
        given += 1;
        assert!(given < 200, "it does not end: {command:?}");
        match machine.handle(&event) {
            Then::Perform(next) => command = next,
            Then::Finish(outcome) => return *outcome,
        }
    }
}
