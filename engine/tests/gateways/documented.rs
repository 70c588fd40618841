//! Today's gateway as its documentation says it is run: no health port, no HOME, no file of ours, no label.

use std::collections::BTreeMap;

use engine::{
    ContainerSeen, How, ImageRef, Known, Note, PortBinding, PortHolder, Probe, Readiness, Reason, RecordSeen, Status,
};

use crate::host::{SmallHost, as_docker_shows, host};
use crate::{GATEWAY, how, notes, onboard, preset_of, record, volumes_of, with_image, with_port};

/// `docker run` with the port published outside as inside.
fn documented(port: u16) -> ContainerSeen {
    let mut host = host();
    let mut intent = with_image(with_port(onboard(), port), "ghcr.io/nvidia/openshell/gateway:latest");
    intent.spec.port.health = None;
    intent.spec.readiness.asks.clear();
    intent.alternatives.clear();
    host.run(intent);
    let mut own = as_docker_shows(host.created(), 77);
    own.env.0 = BTreeMap::from([("PATH".to_owned(), "/usr/bin".to_owned())]);
    own.labels.clear();
    own.mounts.retain(|mount| mount.volume().is_some());
    own.hostname = "0123456789ab".to_owned();
    own.restart = engine::RestartPolicy::No;
    own
}

/// A host on which it runs.
fn running(port: u16) -> SmallHost {
    let mut host = host();
    host.add_volume("openshell-state");
    host.images.insert(ImageRef::new("ghcr.io/nvidia/openshell/gateway:latest"));
    host.containers.push(documented(port));
    host.set_status(Status::Running);
    host
}

#[test]
fn it_looks_as_its_documentation_says() {
    let own = documented(8080);
    assert_eq!(own.command, ["/usr/local/bin/openshell-gateway", "--bind-address", "0.0.0.0", "--port", "8080"]);
    assert_eq!((own.name.as_str(), own.networks[0].network.as_str()), ("openshell-gateway", "bridge"));
    assert_eq!((own.mounts.len(), own.mounts[0].path.as_str()), (1, "/var/openshell"));
    let main = PortBinding { container: 8080, host_ip: "127.0.0.1".to_owned(), host: Some(8080), published: true };
    assert_eq!(own.ports, [main]);
}

#[test]
fn it_is_reused_and_what_could_not_be_seen_is_said() {
    for port in [8080, 9000] {
        let mut host = running(port);
        let outcome = host.run(onboard());
        assert_eq!((how(&outcome), outcome.reason()), (Some(How::Reused), Reason::Ready), "{outcome:#?}");
        assert_eq!(
            (notes(&outcome), preset_of(&outcome)),
            (vec![&Note::HomeNotKept, &Note::HealthNotPublished], GATEWAY)
        );
        assert_eq!(host.did(), ["write-record"]);
        assert_eq!(outcome.seen.endpoint.unwrap().port, port);
    }
}

#[test]
fn its_record_says_what_is_there() {
    let mut host = running(9000);
    host.run(onboard());
    let spec = record(&host).spec.clone();
    assert_eq!(spec.image.as_str(), "ghcr.io/nvidia/openshell/gateway:latest");
    assert_eq!((spec.port.host, spec.port.container, spec.port.health), (9000, 9000, None));
    assert_eq!(spec.command_line(), ["--bind-address", "0.0.0.0", "--port", "9000"]);
    assert!(spec.keeps_entry_point && spec.env.0.is_empty() && spec.network.is_none(), "{spec:#?}");
    assert_eq!(spec.mounts.len(), 1);
    assert_eq!((record(&host).node_name.as_str(), spec.restart), ("0123456789ab", engine::RestartPolicy::No));
}

#[test]
fn a_second_run_finds_nothing_to_do_and_no_drift() {
    let mut host = running(8080);
    host.run(onboard());
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), outcome.changed, host.did().len()), (Some(How::Reused), false, 0));
    assert!(notes(&outcome).contains(&&Note::HealthNotPublished));
    assert!(!notes(&outcome).iter().any(|note| matches!(note, Note::Drifted { .. })), "{outcome:#?}");
}

#[test]
fn stopped_it_is_recovered_with_and_without_a_record() {
    for with_record in [false, true] {
        let mut host = running(8080);
        if with_record {
            host.run(onboard());
        }
        host.set_status(Status::Exited);
        let outcome = host.run(onboard());
        assert_eq!(how(&outcome), Some(How::Recovered), "{outcome:#?}");
        assert!(notes(&outcome).contains(&&Note::HealthNotPublished));
        assert_eq!(host.containers[0].id.as_str(), format!("{:064}", 77));
    }
}

#[test]
fn whoever_holds_the_port_of_a_health_endpoint_that_it_does_not_publish_is_no_hindrance() {
    let mut host = running(8080);
    host.set_status(Status::Exited);
    host.held.insert(8081, PortHolder::Process { pid: None, command: None });
    assert_eq!(how(&host.run(onboard())), Some(How::Recovered));
}

#[test]
fn its_volume_left_without_a_record_it_is_made_as_the_preset_says() {
    let mut host = running(8080);
    host.containers.clear();
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), preset_of(&outcome)), (Some(How::Adopted), GATEWAY), "{outcome:#?}");
    assert_eq!(volumes_of(host.created())[0].as_str(), "openshell-state");
    assert_eq!(host.created().env.0["HOME"], "/var/openshell");
    assert!(notes(&outcome).is_empty());
}

#[test]
fn its_volume_left_with_a_record_it_is_made_as_it_was_and_becomes_ready() {
    let mut host = running(9000);
    host.run(onboard());
    host.containers.clear();
    let outcome = host.run(onboard());
    assert_eq!(how(&outcome), Some(How::Adopted), "{outcome:#?}");
    let new = host.created();
    assert_eq!((new.port.host, new.port.container, new.port.health), (9000, 9000, None));
    assert!(!new.env.0.contains_key("OPENSHELL_HEALTH_PORT"));
    assert_eq!(how(&host.run(onboard())), Some(How::Reused));
}

#[test]
fn a_command_line_of_its_own_is_kept_and_does_not_follow_another_port() {
    let mut host = running(8080);
    host.containers[0].command = ["/usr/local/bin/openshell-gateway", "--port", "8080", "-v"].map(str::to_owned).into();
    assert_eq!(how(&host.run(onboard())), Some(How::Reused));
    let spec = record(&host).spec.clone();
    assert_eq!(spec.command_line(), host.containers[0].command);
    assert_eq!((spec.keeps_entry_point, spec.port.on(9000).container), (false, 8080));
}

#[test]
fn docker_unknown_is_not_made_up_for_by_a_connection() {
    let mut host = running(8080);
    host.run(onboard());
    let accepted = Readiness::Ready { marked: false };
    let world = crate::support::world();
    let seen = engine::HostSeen {
        containers: crate::support::timed_out(),
        readiness: Known::Known(accepted),
        ..world.seen.host
    };
    let seen = engine::Observation {
        record: host.record.clone(),
        asked: engine::Asked::for_spec(&record(&host).spec),
        host: seen,
    };
    let tried = engine::Tried { looks: engine::LOOKS_MAX, ..Default::default() };
    let engine::Plan::Refuse { refusal } = engine::decide(&seen, &onboard(), &tried).plan else { panic!("it is kept") };
    assert_eq!(refusal.reason(), Reason::DockerUnknown);
}

#[test]
fn its_port_is_asked_only_for_a_connection() {
    let mut host = running(8080);
    host.record = RecordSeen::Absent;
    host.set_status(Status::Exited);
    host.run(onboard());
    let awaited: Vec<_> = host
        .commands
        .iter()
        .filter_map(
            |command| if let engine::Command::AwaitReady { probe, .. } = command { Some(probe.clone()) } else { None },
        )
        .collect();
    assert!(matches!(awaited.as_slice(), [Probe::Accepts { .. }]), "{awaited:?}");
}
