//! Ports: outside equals inside, the health endpoint beside it, and what follows a port or an image chosen anew.

use engine::{
    Command, Difference, Endpoint, How, Note, Plan, PortBinding, PortHolder, PortSpec, Probe, Purpose, Reason, Refusal,
    Scheme, Status,
};

use crate::host::host;
use crate::{CLUSTER, GATEWAY, REFERENCE, how, made, notes, onboard_as, preset, record, to, with_image, with_port};

fn binding(container: u16, host: u16) -> PortBinding {
    PortBinding { container, host_ip: "127.0.0.1".to_owned(), host: Some(host), published: true }
}

fn process() -> PortHolder {
    PortHolder::Process { pid: Some(7), command: None }
}

fn todays() -> PortSpec {
    preset(GATEWAY).port
}

#[test]
fn outside_equals_inside_where_the_preset_says_so_and_only_there() {
    let on = |name: &str| {
        let port = preset(name).port.on(9000);
        (port.host, port.container, port.health_on_host())
    };
    assert_eq!(on(GATEWAY), (9000, 9000, Some(9001)));
    assert_eq!(on(CLUSTER), (9000, 30051, None));
    assert_eq!(on(REFERENCE), (9000, 8080, None));
}

#[test]
fn a_port_that_cannot_be_is_said_to_be_none() {
    for (name, port, can_be) in [
        (GATEWAY, 8080, true),
        (GATEWAY, 0, false),
        (GATEWAY, u16::MAX, false),
        (GATEWAY, 8081, false),
        (GATEWAY, 8082, true),
        (CLUSTER, 8081, true),
        (CLUSTER, u16::MAX, true),
        (CLUSTER, 0, false),
    ] {
        assert_eq!(preset(name).port.on(port).check().is_ok(), can_be, "{name} on {port}");
    }
}

#[test]
fn a_gateway_is_not_made_on_a_port_that_cannot_be() {
    let mut host = host();
    let outcome = host.run(with_port(onboard_as(GATEWAY), 8081));
    assert_eq!((outcome.reason(), host.did()), (Reason::NotCreated, Vec::new()));
}

#[test]
fn a_containers_binding_is_found_by_its_port_else_as_the_same_outside_and_inside() {
    let found = |port: &PortSpec, bindings: &[PortBinding]| {
        let bound = port.as_bound(bindings);
        (bound.host, bound.container)
    };
    assert_eq!(found(&todays(), &[binding(8080, 8080)]), (8080, 8080));
    assert_eq!(found(&todays(), &[binding(9000, 9000)]), (9000, 9000));
    assert_eq!(found(&todays(), &[binding(8080, 7000)]), (7000, 8080), "by its port inside, whatever is outside");
    let health_first = [binding(8081, 8081), binding(9000, 9000)];
    assert_eq!(found(&todays(), &health_first), (9000, 9000), "the health endpoint is no main port");
    assert_eq!(found(&todays().on(9100), &[binding(8081, 8081)]), (9100, 9100));
    assert_eq!(found(&preset(CLUSTER).port, &[binding(30051, 7000)]), (7000, 30051));
    assert_eq!(found(&preset(CLUSTER).port, &[binding(9000, 9000)]), (8080, 30051), "another port is not its own");
    assert_eq!(found(&todays(), &[]), (8080, 8080));
    let any = PortBinding { host: None, ..binding(8080, 1) };
    assert_eq!(found(&todays(), &[any]), (8080, 8080), "where Docker chooses the port it is the wanted one");
}

#[test]
fn readiness_is_asked_where_it_is_published() {
    let readiness = preset(GATEWAY).readiness;
    let asked = |bindings: Option<&[PortBinding]>| match Probe::of(&readiness, &todays(), bindings) {
        Probe::Http { endpoint, .. } => ("http", endpoint.port),
        Probe::Accepts { endpoint } => ("accepts", endpoint.port),
    };
    assert_eq!(asked(None), ("http", 8081), "of a gateway that is to be made");
    assert_eq!(asked(Some(&[binding(8080, 8080), binding(8081, 8081)])), ("http", 8081));
    assert_eq!(asked(Some(&[binding(8080, 8080), binding(8081, 7001)])), ("http", 7001));
    assert_eq!(asked(Some(&[binding(8080, 8080)])), ("accepts", 8080));
    let any = PortBinding { host: None, ..binding(8081, 1) };
    assert_eq!(asked(Some(&[binding(8080, 8080), any])), ("accepts", 8080));
    let elsewhere = PortBinding { host_ip: "10.0.0.5".to_owned(), ..binding(8081, 8081) };
    let probe = Probe::of(&readiness, &todays(), Some(&[binding(8080, 8080), elsewhere]));
    let at = Endpoint { scheme: Scheme::Http, host_ip: "10.0.0.5".to_owned(), port: 8081 };
    assert_eq!(*probe.endpoint(), at, "on the address that it is published on");
    let cluster = Probe::of(&preset(CLUSTER).readiness, &preset(CLUSTER).port, Some(&[]));
    assert!(matches!(cluster, Probe::Http { endpoint: Endpoint { port: 8080, .. }, .. }));
}

#[test]
fn the_command_line_follows_the_port_and_the_health_port_comes_next() {
    let mut host = host();
    assert_eq!(how(&host.run(with_port(onboard_as(GATEWAY), 9000))), Some(How::Created));
    let new = host.created();
    assert_eq!(new.command, ["--bind-address", "0.0.0.0", "--port", "9000"]);
    assert_eq!((new.port.host, new.port.container, new.port.health_on_host()), (9000, 9000, Some(9001)));
    let Probe::Http { endpoint, .. } = awaited(&host.commands) else { panic!("its health endpoint is not asked") };
    assert_eq!(endpoint.port, 9001);
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Reused), "the record says the port");
}

fn awaited(commands: &[Command]) -> &Probe {
    let awaited = commands
        .iter()
        .find_map(|command| if let Command::AwaitReady { probe, .. } = command { Some(probe) } else { None });
    awaited.unwrap()
}

#[test]
fn companions_and_files_follow_the_image() {
    let mut host = host();
    host.run(with_image(onboard_as(GATEWAY), "mirror.example/openshell/gateway:0.0.200"));
    let supervisor = "ghcr.io/nvidia/openshell/supervisor:0.0.200";
    assert!(host.images.contains(&engine::ImageRef::new(supervisor)), "{:?}", host.images);
    let content = crate::records::content_of(host.created());
    assert!(content.contains(&format!("supervisor_image = \"{supervisor}\"")), "{content}");
}

#[test]
fn the_environment_follows_the_image() {
    let mut host = host();
    host.add_volume("openshell-cluster-nemoclaw");
    let intent = with_image(onboard_as(CLUSTER), "ghcr.io/nvidia/openshell/cluster:0.0.40");
    host.run(engine::Intent { node_name: Some("n".to_owned()), ..intent });
    assert_eq!(host.created().env.0["IMAGE_TAG"], "0.0.40");
}

#[test]
fn an_image_without_a_tag_is_the_latest_and_a_digest_is_no_tag() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (image, tag) in [
        ("gateway".to_owned(), "latest"),
        (format!("gateway@{digest}"), "latest"),
        (format!("gateway:0.1@{digest}"), "0.1"),
        ("localhost:5000/gateway".to_owned(), "latest"),
    ] {
        let spec = with_image(onboard_as(GATEWAY), &image).spec;
        assert_eq!(spec.companion_images()[0].as_str(), format!("ghcr.io/nvidia/openshell/supervisor:{tag}"));
    }
}

/// The refusal for a held port, and the port that is advised instead.
fn refused(held: u16, preset_name: &str) -> (u16, String) {
    let mut host = host();
    host.held.insert(held, process());
    let outcome = host.run(onboard_as(preset_name));
    let Some(Refusal::PortHeld { port, .. }) = outcome.refusal() else { panic!("{outcome:#?}") };
    assert_eq!(host.did(), Vec::<String>::new());
    let advice = outcome.refusal().unwrap().advice(&crate::name()).command;
    let (_, instead) = advice.split_once("--port ").unwrap();
    let instead: u16 = instead.parse().unwrap();
    assert_eq!(how(&host.run(with_port(onboard_as(preset_name), instead))), Some(How::Created), "{advice}");
    (port.host, instead.to_string())
}

#[test]
fn whoever_holds_the_port_or_the_health_port_is_named_and_the_advice_leads_out() {
    assert_eq!(refused(8080, GATEWAY), (8080, "8082".to_owned()));
    assert_eq!(refused(8081, GATEWAY), (8081, "8082".to_owned()));
    assert_eq!(refused(8080, REFERENCE), (8080, "8081".to_owned()));
}

#[test]
fn the_next_port_of_a_gateway_without_health_endpoint_is_none_of_its_business() {
    let mut host = host();
    host.held.insert(8081, process());
    assert_eq!(how(&host.run(onboard_as(REFERENCE))), Some(How::Created));
}

#[test]
fn a_stopped_gateway_is_not_started_while_its_health_port_is_held() {
    let mut host = made(GATEWAY);
    host.set_status(Status::Exited);
    host.held.insert(8081, process());
    assert_eq!(host.run(onboard_as(GATEWAY)).reason(), Reason::PortHeld);
    host.held.clear();
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Recovered));
}

#[test]
fn who_holds_the_health_port_must_be_known() {
    use crate::support::{But, world};
    let asked = |told| {
        world().but(|world| world.seen.host.health_port = told).asked(|intent| intent.spec.port.health = Some(8081))
    };
    let decision = asked(None).decide();
    assert!(matches!(decision.plan, Plan::Look(_)) && decision.waits_on.is_some(), "{decision:?}");
    let decision = asked(Some(crate::support::timed_out())).decide();
    assert!(matches!(decision.plan, Plan::Look(_)) && decision.waits_on.is_some(), "{decision:?}");
    let decision = asked(Some(engine::Known::Known(PortHolder::Free))).decide();
    assert!(matches!(decision.plan, Plan::Perform { .. }), "{decision:?}");
}

#[test]
fn another_port_is_drift_where_it_is_asked_for_and_the_health_port_is_not_taken_for_it() {
    let mut host = made(GATEWAY);
    let look = |port: u16| to(Purpose::Look, with_port(onboard_as(GATEWAY), port));
    for port in [9000, 9081] {
        let outcome = host.run(look(port));
        let engine::End::Looked { decision } = &outcome.end else { panic!("{outcome:#?}") };
        let Plan::Replace { differences } = &decision.plan else { panic!("{decision:?}") };
        let (has, wanted) = ("127.0.0.1:8080".to_owned(), format!("127.0.0.1:{port}"));
        assert_eq!(*differences, [Difference::Port { has, wanted }]);
    }
    assert_eq!(how(&host.run(with_port(onboard_as(GATEWAY), 8080))), Some(How::Reused));
}

#[test]
fn a_gateway_as_it_was_made_has_not_drifted() {
    for (name, port) in [(GATEWAY, 8080), (GATEWAY, 9000), (CLUSTER, 9000), (REFERENCE, 8080)] {
        let mut host = host();
        let mut intent = with_port(onboard_as(name), port);
        intent.spec.from_nothing = true;
        host.run(intent);
        let outcome = host.run(onboard_as(name));
        assert_eq!((how(&outcome), notes(&outcome)), (Some(How::Reused), Vec::<&Note>::new()), "{name} on {port}");
        assert_eq!(record(&host).spec.port.host, port);
    }
}
