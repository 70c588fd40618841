//! What the oracle says: nothing to a replacement and a reset that are done well, and its sentence to those that are not.

use std::sync::Arc;

use engine::{CarriedPath, Command, ContainerId, Event, GatewayRecord, PortChange, RestartPolicy};
use sim::act::Act;
use sim::fault::{CallKind, Point, Rule, Trigger, Verdict};
use sim::oracle::{Breach, Invariant, Oracle};
use sim::scenario::{Base, Kind};
use sim::world::effect::History;

use crate::hand::{Giver, Hand};

const KEY: &str = "/root/.local/state/openshell/key";

/// A gateway with an anonymous volume, and with a key in its container's own layer.
fn with_key() -> Hand {
    let mut hand = Hand::new(Kind::OpenshellGateway, Base::ByHand);
    let mut history = History::default();
    // Run as its documentation says it has no home on a volume.
    let own = hand.names.container.clone();
    for container in hand.world.daemon_mut().store.containers.values_mut().filter(|one| one.name == own) {
        std::sync::Arc::make_mut(&mut container.config).env.0.remove("HOME");
    }
    for path in [KEY, "/tmp/scratch"] {
        Act::WriteLayer { path: path.to_owned() }.perform(&mut hand.world, &hand.names, &mut history);
    }
    hand
}

/// Which steps of a replacement are left out.
#[derive(Clone, Copy, Default)]
struct Leaves {
    carrying: bool,
    disarming: bool,
    stopping: bool,
    waiting: bool,
    commit: bool,
}

/// A replacement, step by step, without what is left out.
fn replace(giver: &mut Giver<'_, Oracle<'_>>, leaves: Leaves) {
    let own = giver.id_of(&giver.names.container);
    giver.look();
    let mut wanted = giver.next();
    if leaves.stopping {
        // On its own port Docker would not start it.
        let from = giver.names.spec.port.clone();
        wanted.port = Some(PortChange { to: from.on(9090), from });
    }
    giver.done(&Command::CreateNext(Box::new(wanted)));
    let next = giver.id_of(&giver.names.next());
    giver.look();
    if !leaves.disarming {
        giver.policy(&own, RestartPolicy::No);
    }
    if !leaves.stopping {
        giver.stop(&own);
    }
    if !leaves.carrying {
        let to = "/var/openshell/.local/state/openshell".to_owned();
        let paths = vec![CarriedPath { from: "/root/.local/state/openshell".to_owned(), to }];
        giver.done(&Command::CarryOver { from: own.clone(), to: next.clone(), paths });
    }
    giver.rename(&own, giver.names.previous());
    giver.rename(&next, giver.names.container.clone());
    giver.look();
    giver.start(&next);
    if !leaves.waiting {
        giver.host.world.pass(10_000, &mut History::default());
        giver.look();
    }
    if !leaves.commit {
        commit(giver, &next);
    }
    giver.policy(&next, RestartPolicy::UnlessStopped);
    if leaves.stopping {
        return;
    }
    giver.remove(&own);
    giver.look();
}

fn commit(giver: &mut Giver<'_, Oracle<'_>>, next: &ContainerId) {
    let record = GatewayRecord { container: next.clone(), ..giver.record() };
    giver.done(&Command::WriteRecord { record: Arc::new(record), keep_old: false });
}

fn broken(breaches: &[Breach]) -> Vec<Invariant> {
    let mut all: Vec<_> = breaches.iter().map(|breach| breach.invariant).collect();
    all.dedup();
    all
}

#[test]
fn a_replacement_that_is_done_well_is_right() {
    let mut hand = with_key();
    let (breaches, acts) = hand.judged(|giver| replace(giver, Leaves::default()));
    assert_eq!(breaches, []);
    assert_eq!((acts.created, acts.removed, acts.started, acts.ended), (1, 1, 1, 1));
}

#[test]
fn each_step_that_is_left_out_breaks_what_it_is_for() {
    let none = Leaves::default();
    for (leaves, invariant, says) in [
        (Leaves { carrying: true, ..none }, Invariant::DriftKeepsData, "has not got"),
        (Leaves { disarming: true, ..none }, Invariant::DriftKeepsData, "after a power cut"),
        (Leaves { stopping: true, ..none }, Invariant::DriftKeepsData, "it was started beside"),
        (Leaves { waiting: true, ..none }, Invariant::RecordsFollowFacts, "before it was ready"),
        (Leaves { commit: true, ..none }, Invariant::DriftKeepsData, "the record does not name"),
    ] {
        let mut hand = with_key();
        let (breaches, _) = hand.judged(|giver| replace(giver, leaves));
        let found = breaches.iter().any(|breach| breach.invariant == invariant && breach.what.contains(says));
        assert!(found, "{says}: {breaches:?}");
    }
}

#[test]
fn a_next_container_without_the_anonymous_volume_or_under_another_host_name_is_wrong() {
    let mut hand = with_key();
    let (breaches, _) = hand.judged(|giver| {
        let own = giver.id_of(&giver.names.container);
        let mut next = giver.next();
        next.hostname = "another".to_owned();
        giver.look();
        giver.done(&Command::CreateNext(Box::new(next)));
        let id = giver.id_of(&giver.names.next());
        let container = giver.host.world.daemon_mut().store.containers.get_mut(&id).expect("it is there");
        Arc::make_mut(&mut container.config).mounts.retain(|mount| mount.path != "/scratch");
        giver.rename(&own, giver.names.previous());
        giver.rename(&id, giver.names.container.clone());
    });
    for says in ["/scratch", "it is `another`"] {
        assert!(breaches.iter().any(|breach| breach.what.contains(says)), "{breaches:?}");
    }
}

#[test]
fn what_only_the_layer_holds_goes_only_where_it_was_left_behind() {
    for leave_behind in [false, true] {
        let mut hand = with_key();
        Act::WriteLayer { path: "/etc/other".to_owned() }.perform(
            &mut hand.world,
            &hand.names,
            &mut History::default(),
        );
        hand.intent.leave_behind = leave_behind;
        let (breaches, _) = hand.judged(|giver| replace(giver, Leaves::default()));
        assert_eq!(breaches.iter().any(|breach| breach.what.contains("/etc/other")), !leave_behind, "{breaches:?}");
    }
}

/// A reset: back up, look, remove.
fn reset(hand: &mut Hand, backs_up: bool) -> (Vec<Breach>, sim::oracle::Acts) {
    hand.remove_own();
    hand.judged(|giver| {
        giver.look();
        if backs_up {
            let order = giver.helper();
            let made = giver.give(&Command::BackUp(Box::new(order.clone())));
            assert!(matches!(made, Event::BackedUp { .. }), "{made:?}");
            giver.remove(&order.helper);
        }
        let absence = giver.absence();
        giver.give(&Command::RemoveVolume { absence });
    })
}

#[test]
fn a_reset_that_is_done_well_is_right() {
    let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
    let (breaches, _) = reset(&mut hand, true);
    assert_eq!(breaches, []);
    assert!(!hand.world.daemon().volumes.contains_key(&hand.names.volume));
}

#[test]
fn a_reset_without_a_backup_is_wrong() {
    let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
    let (breaches, _) = reset(&mut hand, false);
    assert_eq!(broken(&breaches), [Invariant::VolumesKept]);
    assert!(breaches[0].what.contains("no complete backup"), "{breaches:?}");
}

#[test]
fn a_reset_of_what_this_run_removed_itself_is_wrong() {
    let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
    let (breaches, _) = hand.judged(|giver| {
        let own = giver.id_of(&giver.names.container);
        giver.look();
        giver.stop(&own);
        giver.remove(&own);
        let absence = giver.absence();
        giver.give(&Command::RemoveVolume { absence });
    });
    assert!(breaches.iter().any(|breach| breach.what.contains("removed its container itself")), "{breaches:?}");
}

/// Between check and removal somebody mounts the volume: Docker keeps it, unless it has lost its references.
#[test]
fn the_one_loss_that_nothing_can_prevent_is_counted_apart() {
    for forgot in [false, true] {
        let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
        hand.world.daemon_mut().forgot_references = forgot;
        let act = Act::RunStranger {
            name: Some("passer-by".to_owned()),
            volume: Some("own".to_owned()),
            by_folder: false,
            port: None,
            always: false,
        };
        hand.rules = vec![Rule {
            when: Trigger {
                command: Some("remove-volume".to_owned()),
                nth: 1,
                call: Some(CallKind::Change),
                at: Point::Before,
            },
            what: Verdict::Act { act },
        }];
        let (breaches, acts) = reset(&mut hand, true);
        assert_eq!(breaches, []);
        assert_eq!(acts.unpreventable, u32::from(forgot));
        assert_eq!(hand.world.daemon().volumes.contains_key(&hand.names.volume), !forgot);
    }
}
