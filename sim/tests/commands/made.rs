//! What the host makes of each command.

use std::collections::{BTreeMap, BTreeSet};

use engine::{CarriedPath, Command, Event, Failure, PortChange, Replace, RestartPolicy, Status, VolumeName, Why};
use sim::act::{Act, Which};
use sim::fault::{COMMANDS, CallKind, Point, Rule, Trigger, Verdict};
use sim::host::{Happening, Moment, Nobody, Witness};
use sim::scenario::{Base, Kind};
use sim::world::call::Call;
use sim::world::container::Life;
use sim::world::effect::{Actor, History};
use sim::world::program::{DATA, Does, FORM};

use crate::hand::Hand;

fn rule(command: &str, call: CallKind, what: Verdict) -> Rule {
    let when = Trigger { command: Some(command.to_owned()), nth: 1, call: Some(call), at: Point::Before };
    Rule { when, what }
}

#[derive(Default)]
struct Calls(BTreeSet<(&'static str, CallKind)>);

impl Witness for Calls {
    fn saw(&mut self, moment: &Moment) {
        if let Happening::Called(call) = moment.what {
            self.0.insert((moment.command, call));
        }
    }
}

/// What `Rule::never` says of a trigger rests on the table.
#[test]
fn each_command_makes_the_calls_that_the_table_says() {
    let mut calls = Calls::default();
    let mut hand = Hand::new(Kind::OpenshellGateway, Base::Made);
    Act::WriteLayer { path: "/etc/key".to_owned() }.perform(&mut hand.world, &hand.names, &mut History::default());
    hand.watched(&mut calls, |giver| {
        let order = giver.helper();
        assert!(matches!(giver.give(&Command::BackUp(Box::new(order.clone()))), Event::BackedUp { .. }));
        giver.remove(&order.helper);
        giver.done(&Command::CreateNext(Box::new(giver.next())));
        let (own, next) = (giver.id_of(&giver.names.container), giver.id_of(&giver.names.next()));
        let paths = vec![CarriedPath { from: "/etc".to_owned(), to: "/etc".to_owned() }];
        giver.done(&Command::CarryOver { from: own.clone(), to: next.clone(), paths });
        giver.policy(&own, RestartPolicy::No);
        giver.rename(&own, giver.names.previous());
        giver.give(&Command::BeginRollBack { next, lines: 10, limit_ms: 1_000 });
    });
    let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
    hand.remove_own();
    hand.watched(&mut calls, |giver| {
        let absence = giver.absence();
        giver.done(&Command::RemoveVolume { absence });
    });
    let new = [
        "create-next",
        "carry-over",
        "rename-container",
        "set-restart-policy",
        "remove-container",
        "create-helper",
        "back-up",
        "remove-volume",
        "begin-roll-back",
    ];
    for (command, told) in COMMANDS.iter().filter(|(command, _)| new.contains(command)) {
        let made: BTreeSet<_> = calls.0.iter().filter(|(of, _)| of == command).map(|(_, call)| *call).collect();
        assert_eq!(made, told.iter().copied().collect(), "`{command}`");
    }
}

#[test]
fn the_next_container_is_as_the_old_one_is_less_what_its_image_gave() {
    let mut hand = Hand::new(Kind::Reference, Base::ByHand);
    let own = hand.own().clone();
    let image = own.config.image_id.clone();
    let programs = &mut *hand.world.programs;
    let program = programs.get_mut(&image).expect("it is there");
    program.env.insert("NEMOCLAW_REFERENCE_WARM_UP".to_owned(), "0s".to_owned());
    program.volumes = vec!["/declared".to_owned()];
    hand.watched(&mut Nobody, |giver| {
        let mut next = giver.next();
        next.env.0.insert("MORE".to_owned(), "1".to_owned());
        let from = giver.names.spec.port.clone();
        next.port = Some(PortChange { to: from.on(9090), from });
        giver.done(&Command::CreateNext(Box::new(next)));
    });
    let next = hand.world.daemon().named(&hand.names.next()).expect("it was made");
    assert_eq!(next.status(), Status::Created);
    assert_eq!(next.restart(), RestartPolicy::No);
    assert_eq!(next.config.hostname, own.config.hostname);
    assert_eq!(next.config.command, own.config.command);
    assert_eq!(next.config.ports[0].host, 9090);
    assert_eq!(next.config.env.0.get("MORE").map(String::as_str), Some("1"));
    // What the image gave is the image's to give again.
    assert_eq!(next.config.env.0.get("NEMOCLAW_REFERENCE_WARM_UP").map(String::as_str), Some("0s"));
    assert!(own.config.mounts.iter().all(|mount| next.config.mounts.contains(mount)));
    // And nothing is mounted over the path that its image declares.
    let declared = next.config.mounts.iter().find(|mount| mount.path == "/declared").expect("it is born");
    let name = declared.volume().expect("it is a volume");
    assert!(hand.world.daemon().volumes[name].anonymous);
}

#[test]
fn what_is_carried_lands_in_the_layer_or_on_the_volume_over_its_path() {
    let mut hand = Hand::new(Kind::OpenshellGateway, Base::Made);
    let key = "/root/.local/state/openshell/key";
    for path in [key, "/etc/other"] {
        Act::WriteLayer { path: path.to_owned() }.perform(&mut hand.world, &hand.names, &mut History::default());
    }
    let layer = hand.own().layer.clone();
    hand.watched(&mut Nobody, |giver| {
        giver.done(&Command::CreateNext(Box::new(giver.next())));
        let paths = [
            ("/root/.local/state/openshell", "/var/openshell/.local/state/openshell"),
            ("/etc/other", "/srv/other"),
            ("/not/there", "/not/there"),
        ];
        let paths = paths.map(|(from, to)| CarriedPath { from: from.to_owned(), to: to.to_owned() }).to_vec();
        let (from, to) = (giver.id_of(&giver.names.container), giver.id_of(&giver.names.next()));
        giver.done(&Command::CarryOver { from, to, paths });
    });
    let daemon = hand.world.daemon();
    let next = daemon.named(&hand.names.next()).expect("it was made");
    assert_eq!(next.layer, BTreeMap::from([("/srv/other".to_owned(), layer["/etc/other"])]));
    let files = &daemon.volumes[&hand.names.volume].files;
    assert_eq!(files.get(".local/state/openshell/key"), Some(&layer[key]));
}

#[test]
fn docker_starts_what_the_policy_says_that_was_set_last() {
    for (policy, starts) in
        [(RestartPolicy::No, false), (RestartPolicy::Always, true), (RestartPolicy::UnlessStopped, false)]
    {
        let mut hand = Hand::new(Kind::Reference, Base::Made);
        let id = hand.own().id.clone();
        hand.watched(&mut Nobody, |giver| {
            giver.stop(&id);
            giver.policy(&id, policy);
        });
        for act in [Act::CutPower, Act::Boot] {
            act.perform(&mut hand.world, &hand.names, &mut History::default());
        }
        assert_eq!(hand.own().process().is_some(), starts, "{policy:?}");
        assert_eq!(hand.own().seen(|_| true).restart, policy);
    }
}

#[test]
fn a_container_that_removes_itself_takes_no_policy() {
    let mut hand = Hand::new(Kind::Reference, Base::Made);
    let remake = Act::Remake { auto_remove: true, anonymous: false, compose: None, volume: None, node_name: None };
    remake.perform(&mut hand.world, &hand.names, &mut History::default());
    let id = hand.own().id.clone();
    let call = Call::SetRestartPolicy { id, policy: RestartPolicy::Always };
    let answer = hand.world.apply(Actor::Person, &call, &mut History::default());
    assert_eq!(answer.map_err(|no| no.status), Err(409));
}

#[test]
fn a_program_of_the_older_kind_ends_on_data_that_a_newer_one_has_migrated() {
    let mut hand = Hand::new(Kind::Reference, Base::Made);
    let mut history = History::default();
    let publish = Act::Publish { image: None, does: Does::Serves, migrates: true, volumes: Vec::new() };
    for act in [publish, Act::Retag] {
        act.perform(&mut hand.world, &hand.names, &mut history);
    }
    let before = hand.world.daemon().volumes[&hand.names.volume].files[DATA];
    let (own, next) = hand.replaced(|giver, next| {
        giver.start(next);
    });
    let files = &hand.world.daemon().volumes[&hand.names.volume].files;
    assert_eq!(files.get(FORM), Some(&1));
    assert_ne!(files[DATA], before);
    for call in [Call::Stop { id: next }, Call::Start { id: own.clone() }] {
        hand.world.apply(Actor::Person, &call, &mut history).expect("it can be done");
    }
    hand.world.pass(10_000, &mut history);
    let old = &hand.world.daemon().store.containers[&own];
    assert_eq!((&old.life, old.exit.code), (&Life::Exited, 1));
}

#[test]
fn a_backup_is_made_whole_or_not_at_all() {
    let mut hand = Hand::new(Kind::Reference, Base::ByHand);
    hand.rules = vec![rule("back-up", CallKind::ArchiveRead, Verdict::CutShort)];
    let mut backed_up = None;
    hand.watched(&mut Nobody, |giver| {
        let mut order = giver.helper();
        let cut = giver.give(&Command::BackUp(Box::new(order.clone())));
        let is_told = matches!(cut, Event::Failed { failure: Failure::Unknown { why: Why::Malformed { .. } } });
        assert!(is_told, "{cut:?}");
        assert!(giver.host.world.state.backups.is_empty());
        let made = giver.give(&Command::BackUp(Box::new(order.clone())));
        assert!(matches!(made, Event::BackedUp { .. }), "{made:?}");
        order.volumes[0].volume = VolumeName::new("another");
        let refused = giver.give(&Command::BackUp(Box::new(order)));
        assert!(matches!(refused, Event::Failed { failure: Failure::Rejected { status: None, .. } }), "{refused:?}");
        backed_up = giver.host.world.state.backups.first().cloned();
    });
    let backup = backed_up.expect("one was made");
    assert_eq!((backup.volumes.len(), hand.world.state.backups.len()), (2, 1));
    for name in backup.volumes.keys() {
        assert!(backup.holds(name, &hand.world.daemon().volumes[name]));
    }
}

#[test]
fn a_full_disk_holds_neither_backup_nor_empty_image() {
    let mut hand = Hand::new(Kind::Reference, Base::Made);
    hand.rules = vec![rule("back-up", CallKind::File, Verdict::Act { act: Act::Disk { full: true } })];
    hand.watched(&mut Nobody, |giver| {
        let order = giver.helper();
        let event = giver.give(&Command::BackUp(Box::new(order)));
        assert!(matches!(event, Event::Failed { failure: Failure::Rejected { .. } }), "{event:?}");
        let source = engine::ImageSource::Empty;
        let event = giver.give(&Command::ProvideImage { reference: engine::ImageRef::new("nemoclaw-empty:1"), source });
        assert!(matches!(event, Event::Failed { failure: Failure::Rejected { .. } }), "{event:?}");
    });
    assert!(hand.world.state.backups.is_empty());
}

#[test]
fn a_running_container_is_not_removed_and_one_that_is_gone_was() {
    let mut hand = Hand::new(Kind::Reference, Base::ByHand);
    let volumes = hand.world.daemon().volumes.len();
    hand.watched(&mut Nobody, |giver| {
        let own = giver.id_of(&giver.names.container);
        let event = giver.give(&Command::RemoveContainer { container: own.clone() });
        assert!(matches!(event, Event::Failed { failure: Failure::Rejected { status: Some(409), .. } }), "{event:?}");
        giver.stop(&own);
        giver.remove(&own);
        giver.remove(&own);
    });
    // Its anonymous volume stays.
    assert_eq!(hand.world.daemon().volumes.len(), volumes);
}

#[test]
fn a_roll_back_has_a_time_limit_of_its_own() {
    let mut hand = Hand::new(Kind::Reference, Base::Made);
    hand.intent.replace = Some(Replace::Recreate);
    let hangs = Act::Behave { does: Does::Hangs, warm_up_ms: None };
    hangs.perform(&mut hand.world, &hand.names, &mut History::default());
    let mut waited = Vec::new();
    hand.watched(&mut Nobody, |giver| {
        let own = giver.id_of(&giver.names.container);
        for limit_ms in [0, 30_000] {
            let endpoint = engine::Endpoint {
                scheme: giver.names.spec.readiness.scheme,
                host_ip: "127.0.0.1".to_owned(),
                port: giver.names.port,
            };
            let probe = engine::Probe::Http { endpoint, readiness: giver.names.spec.readiness.clone() };
            let wait = |limit_ms| Command::AwaitReady { container: own.clone(), probe: probe.clone(), limit_ms };
            giver.give(&wait(10_000_000));
            giver.give(&Command::BeginRollBack { next: own.clone(), lines: 1, limit_ms });
            let before = giver.host.took_ms();
            giver.give(&wait(20_000));
            waited.push(giver.host.took_ms() - before);
        }
        giver.give(&Command::StopContainer { container: own.clone(), grace_s: 1 });
    });
    assert_eq!(waited[0], 1);
    assert!(waited[1] > 19_000, "{waited:?}");
}

#[test]
fn a_proof_that_does_not_hold_any_more_removes_nothing() {
    let stranger = Act::RunStranger {
        name: Some("passer-by".to_owned()),
        volume: Some("own".to_owned()),
        by_folder: false,
        port: None,
        always: false,
    };
    for (call, status) in [(CallKind::Info, None), (CallKind::Change, Some(409))] {
        let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
        hand.remove_own();
        hand.rules = vec![rule("remove-volume", call, Verdict::Act { act: stranger.clone() })];
        hand.watched(&mut Nobody, |giver| {
            let absence = giver.absence();
            let event = giver.give(&Command::RemoveVolume { absence });
            let Event::Failed { failure: Failure::Rejected { status: told, .. } } = event else { panic!("{event:?}") };
            assert_eq!(told, status);
        });
        assert!(hand.world.daemon().volumes.contains_key(&hand.names.volume));
    }
}

#[test]
fn a_proof_is_none_after_another_command() {
    let mut hand = Hand::new(Kind::Reference, Base::Made).resets();
    hand.remove_own();
    hand.watched(&mut Nobody, |giver| {
        let absence = giver.absence();
        giver.give(&Command::ReadRecord { gateway: giver.names.gateway.clone() });
        let event = giver.give(&Command::RemoveVolume { absence });
        assert!(matches!(event, Event::Failed { failure: Failure::Rejected { status: None, .. } }), "{event:?}");
    });
    assert!(hand.world.daemon().volumes.contains_key(&hand.names.volume));
}

#[test]
fn those_beside_the_gateway_are_called_by_their_part() {
    let mut hand = Hand::new(Kind::Reference, Base::Made);
    let mut history = History::default();
    for act in [
        Act::LeaveHelper { stopped: true },
        Act::CutReplacement { reached: sim::act::Reached::Started },
        Act::Stop(Which { container: None }),
        Act::Start(Which { container: Some("previous".to_owned()) }),
        Act::Remove { container: Some("helper".to_owned()), force: false, volumes: false },
    ] {
        act.perform(&mut hand.world, &hand.names, &mut history);
    }
    let daemon = hand.world.daemon();
    assert!(daemon.named(&hand.names.previous()).is_some_and(|previous| previous.process().is_some()));
    assert_eq!(daemon.named(&hand.names.helper()), None);
    assert!(daemon.named(&hand.names.container).is_some_and(|next| next.process().is_none()));
}
