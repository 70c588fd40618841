//! The proof that a volume's container is missing: it cannot be forged, and each piece that is lacking is named.

mod support;

use engine::{Absence, ContainerName, GatewayName, Known, NotProved, Remains, Status, VolumeName, Why};

use support::*;

/// What does not compile, each with the compiler's own words. `TRYBUILD=overwrite` writes them anew.
#[test]
fn nothing_is_forged() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

/// A world in which the absence of the volume's container is proved.
fn proved() -> World {
    world().volume(volume(NAME)).record(record())
}

fn prove(world: &World) -> Result<Absence, NotProved> {
    prove_of(world, NAME)
}

fn prove_of(world: &World, volume: &str) -> Result<Absence, NotProved> {
    Absence::prove(&world.seen, &consent(), &gateway(), &spec(), &VolumeName::new(volume))
}

#[test]
fn a_proof_says_which_volume_of_which_gateway_at_which_daemon() {
    let absence = prove(&proved()).unwrap();
    assert_eq!((absence.volume().as_str(), absence.gateway(), absence.daemon()), (NAME, &gateway(), &daemon("one")));
}

#[test]
fn each_missing_piece_is_named() {
    let why = Why::TimedOut { call: "GET".to_owned() };
    let unknown = NotProved::Unknown { why };
    let there = |name: &str| NotProved::Container { name: ContainerName::new(name) };
    let host = |change: fn(&mut engine::HostSeen)| proved().but(|world| change(&mut world.seen.host));
    let without_record = world().volume(volume(NAME));
    let lacking = [
        (host(|host| host.daemon = None), NotProved::DaemonNotAsked),
        (host(|host| host.daemon = Some(timed_out())), unknown.clone()),
        (host(|host| host.daemon = Some(Known::Known(daemon("two")))), NotProved::OtherDaemon),
        (proved().but(|world| world.seen.record = unusable()), NotProved::Record),
        (host(|host| host.containers = timed_out()), unknown.clone()),
        (proved().container(own(Status::Exited)), there(NAME)),
        (proved().container(own(Status::Dead).but(|own| own.status = timed_out())), there(NAME)),
        (proved().container(stranger(Status::Created)), there("stranger")),
        (without_record.clone().container(next(Status::Created, &id('1'))), there("openshell-cluster-prod-next")),
        (host(|host| host.remains = Some(Remains::There)), NotProved::Remains),
        (host(|host| host.remains = None), NotProved::Remains),
        (host(|host| host.volumes = timed_out()), unknown),
        (host(|host| host.volumes = Known::Known(Vec::new())), NotProved::NotItsVolume),
        (world().volume(labelled(NAME, "other")), NotProved::NotItsVolume),
        (world().volume(labelled(NAME, "other")).record(record()), NotProved::NotItsVolume),
    ];
    for (world, lacks) in lacking {
        assert_eq!(prove(&world), Err(lacks), "{:#?}", world.seen);
    }
    assert!(prove(&without_record).is_ok(), "without a record no container is known whose removal nobody saw");
    assert!(prove(&host(|host| host.remains = Some(Remains::NotVisible))).is_ok(), "the question to the owner says so");
}

#[test]
fn only_a_volume_that_is_the_gateways_by_label_record_or_exact_name_is_proved() {
    let strangers = world().volume(volume("my-database")).volume(volume(NEIGHBOUR));
    assert_eq!(prove_of(&strangers, "my-database"), Err(NotProved::NotItsVolume));
    assert_eq!(prove_of(&strangers, NEIGHBOUR), Err(NotProved::NotItsVolume));
    assert!(prove_of(&world().volume(labelled("two", "prod")), "two").is_ok());
    let recorded = record().but(|record| record.volumes[0].name = VolumeName::new("my-database"));
    assert!(prove_of(&strangers.record(recorded), "my-database").is_ok());
}

#[test]
fn consent_is_for_the_one_gateway_whose_name_was_typed() {
    let other = GatewayName::parse("other").unwrap();
    let volume = VolumeName::new(NAME);
    assert_eq!(Absence::prove(&proved().seen, &consent(), &other, &spec(), &volume), Err(NotProved::NoConsent));
    for typed in ["", "Prod", "prod ", "prod-eu", "pro", "yes"] {
        assert!(engine::Consent::typed(&gateway(), typed).is_err(), "{typed:?} was taken for consent");
    }
}
