//! A gateway that is restored from a backup, or destroyed: never over what is there, never without what was asked for, and
//! cut after each step.

use std::collections::BTreeSet;

use engine::{
    Command, Consent, ContainerSeen, Discard, End, Failure, How, ImageRef, Intent, Known, MountSeen, MountedSource,
    NotProved, Outcome, Purpose, Reason, RecordSeen, Refusal, Status, VolumeName,
};

use crate::host::SmallHost;
use crate::{CLUSTER, GATEWAY, REFERENCE, how, kill_after, made, onboard, onboard_as, only, record, to};

fn restore(preset: &str) -> Intent {
    Intent { restore: Some("/backups/one".to_owned()), ..onboard_as(preset) }
}

fn destroy(what: Discard) -> Intent {
    let intent = to(Purpose::Destroy(what), onboard());
    let consent = Consent::typed(&intent.gateway, intent.gateway.as_str()).unwrap();
    Intent { consent: Some(consent), ..intent }
}

/// A gateway of which there is a backup, and which is as it was before.
fn backed_up(preset: &str) -> SmallHost {
    let mut host = made(preset);
    let outcome = host.run(to(Purpose::BackUp, onboard_as(preset)));
    assert_eq!(outcome.end, End::BackedUp, "{outcome:#?}");
    host.run(onboard_as(preset));
    host
}

fn mounted(container: &ContainerSeen) -> BTreeSet<VolumeName> {
    let name = |mount: &MountSeen| match &mount.source {
        MountedSource::Volume { name } => Some(name.clone()),
        MountedSource::FolderOfVolume { .. } | MountedSource::Bind { .. } | MountedSource::Other { .. } => None,
    };
    container.mounts.iter().filter_map(name).collect()
}

fn there(host: &SmallHost) -> BTreeSet<VolumeName> {
    host.volumes.iter().map(|volume| volume.name.clone()).collect()
}

fn names(of: &[VolumeName]) -> BTreeSet<VolumeName> {
    of.iter().cloned().collect()
}

fn refused(message: &str) -> Failure {
    Failure::Rejected { status: None, message: message.to_owned() }
}

fn outcome_of(host: &mut SmallHost, intent: Intent, reason: Reason) -> Outcome {
    let outcome = host.run(intent);
    assert_eq!(outcome.reason(), reason, "{outcome:#?}");
    outcome
}

#[test]
fn what_is_restored_takes_the_place_of_what_is_in_use_and_that_is_set_aside() {
    for preset in [REFERENCE, GATEWAY, CLUSTER] {
        for status in [Status::Running, Status::Exited] {
            let mut host = backed_up(preset);
            host.set_status(status);
            let before = mounted(only(&host));
            let old = only(&host).id.clone();
            let outcome = host.run(restore(preset));
            assert_eq!(how(&outcome), Some(How::Restored), "{preset} {status:?}: {outcome:#?}");
            let now = mounted(only(&host));
            assert!(now.is_disjoint(&before), "{preset}: {now:?}");
            assert_eq!(there(&host), before.union(&now).cloned().collect(), "{preset}: nothing is removed");
            assert_ne!(only(&host).id, old);
            assert_eq!(record(&host).set_aside, before, "{preset}");
            assert_eq!(names(&outcome.seen.set_aside), before);
            let outcome = host.run(onboard());
            assert_eq!((how(&outcome), host.did()), (Some(How::Reused), vec![]), "{preset}: {outcome:#?}");
        }
    }
}

#[test]
fn the_order_of_a_restore() {
    let mut host = backed_up(REFERENCE);
    host.run(Intent { no_backup: true, ..restore(REFERENCE) });
    assert_eq!(
        host.did(),
        [
            "create-volume",
            "create-helper",
            "restore",
            "remove-container",
            "create-next",
            "set-restart-policy",
            "stop-container",
            "rename-container",
            "rename-container",
            // Before anything runs on it.
            "write-record",
            "start-container",
            "write-record",
            "set-restart-policy",
            "remove-container",
        ]
    );
}

#[test]
fn without_a_container_one_is_made_on_what_is_restored() {
    for preset in [REFERENCE, GATEWAY, CLUSTER] {
        for (keeps_volumes, keeps_record) in [(true, true), (false, true), (false, false)] {
            let mut host = backed_up(preset);
            let before = mounted(only(&host));
            host.containers.clear();
            if !keeps_volumes {
                host.volumes.clear();
            }
            if !keeps_record {
                host.record = RecordSeen::Absent;
            }
            let outcome = host.run(restore(preset));
            assert_eq!(how(&outcome), Some(How::Restored), "{preset}: {outcome:#?}");
            assert!(mounted(only(&host)).is_disjoint(&before));
            let kept = if keeps_volumes { before } else { BTreeSet::new() };
            assert_eq!(record(&host).set_aside, kept, "{preset}");
            let outcome = host.run(onboard());
            assert_eq!((how(&outcome), host.did()), (Some(How::Reused), vec![]), "{preset}: {outcome:#?}");
        }
    }
}

#[test]
fn a_backup_that_cannot_be_used_changes_nothing() {
    let mut host = backed_up(REFERENCE);
    host.backup = None;
    let outcome = outcome_of(&mut host, restore(REFERENCE), Reason::BackupUnusable);
    assert_eq!((host.did(), outcome.changed), (vec![], false));
    let mut host = backed_up(REFERENCE);
    host.backup.as_mut().unwrap().preset = engine::PresetName::new(CLUSTER);
    outcome_of(&mut host, restore(REFERENCE), Reason::OtherPreset);
    assert_eq!(host.did(), Vec::<String>::new());
}

#[test]
fn a_restore_that_fails_leaves_nothing_and_the_gateway_as_it_was() {
    let mut host = backed_up(REFERENCE);
    let (container, volumes) = (only(&host).clone(), there(&host));
    host.no_restore = Some(refused("no space left on device"));
    outcome_of(&mut host, restore(REFERENCE), Reason::NotRestored);
    assert_eq!((only(&host), there(&host)), (&container, volumes));
}

#[test]
fn a_restored_gateway_that_does_not_become_ready_is_put_back_and_nothing_is_left() {
    let mut host = backed_up(REFERENCE);
    let (container, volumes) = (only(&host).clone(), there(&host));
    let new = "nemoclaw-reference:new";
    host.broken.insert(ImageRef::new(new));
    outcome_of(&mut host, crate::with_image(restore(REFERENCE), new), Reason::RolledBack);
    assert_eq!((&only(&host).id, there(&host)), (&container.id, volumes));
    assert!(record(&host).set_aside.is_empty());
}

#[test]
fn restored_twice_there_are_two_set_aside_and_their_owner_gives_them_up() {
    let mut host = backed_up(REFERENCE);
    let first = mounted(only(&host));
    host.run(restore(REFERENCE));
    let second = mounted(only(&host));
    let outcome = host.run(restore(REFERENCE));
    assert_eq!(how(&outcome), Some(How::Restored), "{outcome:#?}");
    let third = mounted(only(&host));
    assert_eq!(record(&host).set_aside, first.union(&second).cloned().collect());
    outcome_of(&mut host, destroy(Discard::Volumes), Reason::SetAsideLeft);
    let outcome = outcome_of(&mut host, destroy(Discard::SetAside), Reason::AsAsked);
    let End::Destroyed { removed, .. } = &outcome.end else { panic!("{outcome:#?}") };
    assert_eq!((names(removed), there(&host)), (first.union(&second).cloned().collect(), third));
    assert_eq!((only(&host).status.clone(), record(&host).set_aside.len()), (Known::Known(Status::Running), 0));
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), host.did()), (Some(How::Reused), vec![]));
}

#[test]
fn what_is_set_aside_and_mounted_by_anybody_stays() {
    let mut host = backed_up(REFERENCE);
    let first = mounted(only(&host));
    host.run(restore(REFERENCE));
    let mut stranger = only(&host).clone();
    stranger.id = engine::ContainerId::new("5".repeat(64));
    stranger.name = engine::ContainerName::new("strangers");
    stranger.labels.clear();
    stranger.status = Known::Known(Status::Exited);
    stranger.mounts[0].source = MountedSource::Volume { name: first.first().unwrap().clone() };
    host.containers.push(stranger);
    let outcome = outcome_of(&mut host, destroy(Discard::SetAside), Reason::NotProved);
    assert!(matches!(outcome.refusal(), Some(Refusal::NotProved { lacks: NotProved::Container { .. }, .. })));
    assert!(there(&host).is_superset(&first));
}

#[test]
fn killed_during_a_restore_the_next_run_ends_where_one_would_have() {
    let undisturbed = {
        let mut host = backed_up(REFERENCE);
        host.run(restore(REFERENCE));
        host.volumes.len()
    };
    for (next, hows) in [
        (restore(REFERENCE), [How::Restored].as_slice()),
        (onboard_as(REFERENCE), [How::Recovered, How::Reused, How::Upgraded, How::Restored].as_slice()),
    ] {
        for cut in 0.. {
            let mut host = backed_up(REFERENCE);
            let before = mounted(only(&host));
            let was_cut = kill_after(&mut host, restore(REFERENCE), cut);
            let outcome = host.run(next.clone());
            assert!(how(&outcome).is_some_and(|how| hows.contains(&how)), "cut after {cut}: {outcome:#?}");
            assert_eq!(only(&host).status, Known::Known(Status::Running), "cut after {cut}");
            assert!(there(&host).is_superset(&before), "cut after {cut}");
            if next.restore.is_some() {
                assert!(host.volumes.len() <= undisturbed + 1, "cut after {cut}: {:?}", host.volumes);
                let named: BTreeSet<_> = record(&host).set_aside.iter().cloned().chain(mounted(only(&host))).collect();
                assert_eq!(named, there(&host), "cut after {cut}: every volume is accounted for");
            }
            if !was_cut {
                break;
            }
        }
    }
}

#[test]
fn killed_while_a_missing_gateway_is_restored_the_next_restore_ends_it() {
    for cut in 0.. {
        let mut host = backed_up(REFERENCE);
        let before = mounted(only(&host));
        host.containers.clear();
        let was_cut = kill_after(&mut host, restore(REFERENCE), cut);
        let outcome = host.run(restore(REFERENCE));
        assert_eq!(how(&outcome), Some(How::Restored), "cut after {cut}: {outcome:#?}");
        assert!(there(&host).is_superset(&before) && mounted(only(&host)).is_disjoint(&before), "cut after {cut}");
        if !was_cut {
            break;
        }
    }
}

#[test]
fn what_a_restore_has_left_unfinished_is_never_adopted() {
    for cut in 0.. {
        let mut host = backed_up(REFERENCE);
        let before = mounted(only(&host));
        let was_cut = kill_after(&mut host, restore(REFERENCE), cut);
        if !was_cut || host.containers.len() > 1 || mounted(only(&host)) != before {
            break;
        }
        host.containers.clear();
        let outcome = host.run(onboard());
        assert_eq!(how(&outcome), Some(How::Adopted), "cut after {cut}: {outcome:#?}");
        assert_eq!(mounted(only(&host)), before, "cut after {cut}");
        host.containers.clear();
        host.record = RecordSeen::Absent;
        host.volumes.retain(|volume| !before.contains(&volume.name));
        let outcome = host.run(onboard_as(REFERENCE));
        let unfinished = there(&host).iter().any(|name| name.as_str().contains("-restored-"));
        let (ambiguous, created) = (outcome.reason() == Reason::VolumesAmbiguous, how(&outcome) == Some(How::Created));
        assert!(ambiguous && unfinished || created && !unfinished, "cut after {cut}: {outcome:#?}");
    }
}

#[test]
fn a_destroyed_gateway_leaves_its_volumes_and_comes_back_on_them() {
    for preset in [REFERENCE, GATEWAY, CLUSTER] {
        for status in [Status::Running, Status::Exited, Status::Paused] {
            let mut host = made(preset);
            host.set_status(status);
            let before = there(&host);
            let outcome = host.run(to(Purpose::Destroy(Discard::Container), onboard_as(preset)));
            let removed = End::Destroyed { what: Discard::Container, removed: Vec::new() };
            assert_eq!(outcome.end, removed, "{preset} {status:?}: {outcome:#?}");
            assert_eq!((host.containers.len(), host.networks.len()), (0, 0), "{preset} {status:?}");
            assert_eq!(there(&host), before);
            assert!(outcome.backup.is_some());
            let again = host.run(to(Purpose::Destroy(Discard::Container), onboard_as(preset)));
            assert_eq!((again.end, host.did()), (removed, vec![]));
            let outcome = host.run(onboard_as(preset));
            assert_eq!(how(&outcome), Some(How::Adopted), "{preset}: {outcome:#?}");
            assert_eq!(mounted(only(&host)), before);
        }
    }
}

#[test]
fn its_volumes_go_only_with_consent_after_a_backup_and_without_a_container() {
    let mut host = made(REFERENCE);
    let before = there(&host);
    let outcome = outcome_of(&mut host, Intent { consent: None, ..destroy(Discard::Volumes) }, Reason::NotProved);
    assert!(matches!(outcome.refusal(), Some(Refusal::NotProved { lacks: NotProved::NoConsent, .. })));
    assert_eq!((host.did(), there(&host)), (vec![], before.clone()));
    host.no_backup = Some(refused("no space left on device"));
    outcome_of(&mut host, destroy(Discard::Volumes), Reason::NotBackedUp);
    assert_eq!((only(&host).status.clone(), there(&host)), (Known::Known(Status::Running), before.clone()));
    host.no_backup = None;
    let outcome = outcome_of(&mut host, destroy(Discard::Volumes), Reason::AsAsked);
    let End::Destroyed { removed, .. } = &outcome.end else { panic!("{outcome:#?}") };
    assert_eq!((names(removed), there(&host), host.record.clone()), (before, BTreeSet::new(), RecordSeen::Absent));
    let did = host.did();
    let at = |what: &str| did.iter().position(|did| did == what).unwrap();
    assert!(at("back-up") < at("remove-volume") && at("remove-volume") < at("set-record-aside"), "{did:?}");
    let outcome = host.run(restore(REFERENCE));
    assert_eq!(how(&outcome), Some(How::Restored), "{outcome:#?}");
}

#[test]
fn killed_during_a_destruction_the_next_one_ends_it() {
    for what in [Discard::Container, Discard::Volumes] {
        for cut in 0.. {
            let mut host = made(REFERENCE);
            let before = there(&host);
            let was_cut = kill_after(&mut host, destroy(what), cut);
            let outcome = host.run(destroy(what));
            assert!(matches!(outcome.end, End::Destroyed { .. }), "cut after {cut}: {outcome:#?}");
            assert_eq!((host.containers.len(), host.networks.len()), (0, 0), "cut after {cut}");
            let kept = if what == Discard::Container { before } else { BTreeSet::new() };
            assert_eq!(there(&host), kept, "cut after {cut}");
            if !was_cut {
                break;
            }
        }
    }
}

#[test]
fn an_onboarding_after_a_destruction_that_was_cut_removes_nothing() {
    for cut in 0.. {
        let mut host = made(REFERENCE);
        let was_cut = kill_after(&mut host, destroy(Discard::Volumes), cut);
        let before = there(&host);
        let outcome = host.run(onboard());
        assert!(there(&host).is_superset(&before), "cut after {cut}: {outcome:#?}");
        let refused = matches!(outcome.reason(), Reason::DataGone);
        assert!(how(&outcome).is_some() || refused, "cut after {cut}: {outcome:#?}");
        if !was_cut {
            break;
        }
    }
}

#[test]
fn what_is_only_in_the_layer_keeps_a_container_from_being_destroyed() {
    let mut host = made(REFERENCE);
    host.layer = vec!["/etc/its-own-key".to_owned()];
    outcome_of(&mut host, destroy(Discard::Container), Reason::LayerHoldsData);
    assert_eq!(host.containers.len(), 1);
    let outcome = host.run(Intent { leave_behind: true, ..destroy(Discard::Container) });
    assert!(matches!(outcome.end, End::Destroyed { .. }), "{outcome:#?}");
}

#[test]
fn without_a_record_what_it_had_is_written_down_before_it_goes() {
    let mut host = made(REFERENCE);
    host.volumes.push(engine::VolumeSeen {
        name: VolumeName::new("anonymous"),
        labels: std::collections::BTreeMap::new(),
        created: None,
    });
    let source = MountedSource::Volume { name: VolumeName::new("anonymous") };
    host.containers[0].mounts.push(MountSeen { source, path: "/cache".to_owned(), writable: true });
    host.record = RecordSeen::Absent;
    let before = there(&host);
    host.run(destroy(Discard::Container));
    assert_eq!(names(&record(&host).volume_names()), before);
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), mounted(only(&host))), (Some(How::Adopted), before), "{outcome:#?}");
}

#[test]
fn a_backup_holds_what_lives_only_in_the_container_and_says_what_it_does_not_hold() {
    let mut host = made(GATEWAY);
    host.containers[0].env.0.insert("HOME".to_owned(), "/root".to_owned());
    host.layer = vec!["/root/.local/state/openshell/key".to_owned(), "/etc/mine".to_owned()];
    host.run(to(Purpose::BackUp, onboard_as(GATEWAY)));
    let order = host
        .commands
        .iter()
        .find_map(|command| if let Command::BackUp(order) = command { Some(order.clone()) } else { None });
    let order = order.unwrap();
    assert_eq!(order.left_out, ["/etc/mine"]);
    let belongs = "/var/openshell/.local/state/openshell";
    assert_eq!(
        (order.carried[0].from.as_str(), order.carried[0].to.as_str()),
        ("/root/.local/state/openshell", belongs)
    );
    host.layer.pop();
    let outcome = host.run(Intent { no_backup: true, ..to(Purpose::Destroy(Discard::Container), onboard_as(GATEWAY)) });
    assert_eq!(outcome.reason(), Reason::LayerHoldsData);
    let outcome = host.run(to(Purpose::Destroy(Discard::Container), onboard_as(GATEWAY)));
    assert!(matches!(outcome.end, End::Destroyed { .. }), "{outcome:#?}");
    host.layer.clear();
    let outcome = host.run(restore(GATEWAY));
    assert_eq!(how(&outcome), Some(How::Restored), "{outcome:#?}");
    let (_, into) = host.carried.last().unwrap();
    assert_eq!(into, "/v0/.local/state/openshell");
}
