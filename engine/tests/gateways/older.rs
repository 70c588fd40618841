//! What the older tool left: read where there is no record of ours; whatever it says, the container decides.

use std::collections::{BTreeMap, BTreeSet};

use engine::{How, Intent, Known, Older, Reason, RecordSeen, SandboxName, Status, Told, Typed, Why};

use crate::host::{SmallHost, host};
use crate::{CLUSTER, GATEWAY, REFERENCE, how, made_by_others, onboard, onboard_as, record, with_port};

fn names(list: &[&str]) -> BTreeSet<SandboxName> {
    list.iter().map(|name| SandboxName::new(*name)).collect()
}

fn older(port: Option<u16>, sandboxes: &[&str]) -> Option<Older> {
    Some(Older { port, sandboxes: names(sandboxes), problems: Vec::new() })
}

fn lists(host: &mut SmallHost, sandboxes: &[&str]) {
    let listed: BTreeMap<_, _> = names(sandboxes).into_iter().map(|name| (name, None)).collect();
    host.sandboxes = Known::Known(listed);
}

/// The volume of the older kind is left, as after the older tool's own failed start.
fn left(port: Option<u16>, sandboxes: &[&str]) -> SmallHost {
    let mut host = host();
    host.add_volume("openshell-cluster-nemoclaw");
    host.node_name = Known::Known("openshell-nemoclaw".to_owned());
    host.older = older(port, sandboxes);
    host
}

#[test]
fn its_port_is_taken_where_none_is_typed() {
    let mut host = left(Some(9000), &[]);
    assert_eq!(how(&host.run(onboard())), Some(How::Adopted));
    assert_eq!((host.created().port.host, host.created().port.container), (9000, 30051));
    let mut host = left(Some(9000), &[]);
    host.run(with_port(onboard_as(CLUSTER), 9100));
    assert_eq!(host.created().port.host, 9100);
}

/// Else a later repair would connect it to the network that Docker takes where none is named.
#[test]
fn one_that_was_taken_from_its_network_is_recorded_with_it() {
    let mut host = made_by_others(CLUSTER);
    host.containers[0].networks.clear();
    host.run(onboard());
    let recorded = host.record.record().map(|record| record.spec.network.clone());
    assert_eq!(recorded, Some(Some(engine::NetworkName::new("openshell-cluster-nemoclaw"))));
}

#[test]
fn a_file_of_ones_own_says_its_port_itself() {
    let mut host = left(Some(9000), &[]);
    let typed = Typed { spec: true, ..Typed::default() };
    host.run(Intent { typed, ..onboard_as(CLUSTER) });
    assert_eq!(host.created().port.host, 8080);
}

#[test]
fn it_knows_nothing_of_a_gateway_that_only_we_make() {
    let mut host = host();
    host.older = older(Some(9000), &[]);
    host.run(onboard_as(REFERENCE));
    assert_eq!(host.created().port.host, 8080);
}

#[test]
fn a_port_that_cannot_be_is_not_taken() {
    for port in [0, 8081, u16::MAX] {
        let mut host = host();
        host.older = older(Some(port), &[]);
        assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Created), "{port}");
        assert_eq!(host.created().port.host, 8080);
    }
}

#[test]
fn where_there_is_a_record_it_is_not_asked() {
    let mut host = left(None, &[]);
    host.run(onboard());
    host.older = older(Some(9000), &["old"]);
    host.containers.clear();
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), outcome.reason()), (Some(How::Adopted), Reason::Ready));
    assert_eq!(host.created().port.host, 8080);
}

#[test]
fn the_containers_own_port_decides() {
    let mut host = made_by_others(CLUSTER);
    host.older = older(Some(9000), &[]);
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), outcome.seen.endpoint.unwrap().port), (Some(How::Reused), 8080));
    assert_eq!(record(&host).spec.port.host, 8080);
}

#[test]
fn its_sandboxes_are_missed_after_recovery_and_adoption() {
    for adopt in [false, true] {
        let mut host = if adopt { left(None, &["a", "b"]) } else { made_by_others(CLUSTER) };
        host.older = older(None, &["a", "b"]);
        host.set_status(Status::Exited);
        lists(&mut host, &["a"]);
        let outcome = host.run(onboard());
        assert_eq!(how(&outcome), Some(if adopt { How::Adopted } else { How::Recovered }));
        assert_eq!((outcome.reason().exit(), &outcome.seen.missing), (7, &names(&["b"])));
        assert_eq!((&record(&host).sandboxes, &record(&host).missing), (&names(&["a"]), &names(&["b"])));
        assert_eq!(host.run(onboard()).reason(), Reason::SandboxesMissing, "it stays recorded");
        lists(&mut host, &["a", "b"]);
        assert_eq!(host.run(onboard()).reason(), Reason::Ready);
    }
}

#[test]
fn of_a_gateway_that_simply_runs_its_own_list_is_the_truth() {
    let mut host = made_by_others(CLUSTER);
    host.older = older(None, &["a", "stale"]);
    lists(&mut host, &["a"]);
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), outcome.reason()), (Some(How::Reused), Reason::Ready));
    assert_eq!((&record(&host).sandboxes, &record(&host).missing), (&names(&["a"]), &names(&[])));
    assert_eq!(host.run(onboard()).reason(), Reason::Ready);
}

#[test]
fn a_list_that_could_not_be_had_is_made_up_for_by_the_next_run() {
    let mut host = left(None, &["a", "b"]);
    host.sandboxes = Known::Unknown(Why::TimedOut { call: "exec".to_owned() });
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), outcome.reason()), (Some(How::Adopted), Reason::Ready));
    assert_eq!(record(&host).sandboxes, names(&["a", "b"]));
    lists(&mut host, &["a"]);
    assert_eq!(host.run(onboard()).reason(), Reason::SandboxesMissing);
}

#[test]
fn what_could_not_be_used_is_told_and_is_no_hindrance() {
    let mut host = left(None, &[]);
    let problems = vec!["`metadata.json` is no JSON".to_owned(), "`sandboxes.json` cannot be read".to_owned()];
    host.older = Some(Older { problems: problems.clone(), ..Older::default() });
    let outcome = host.run(onboard());
    assert_eq!(how(&outcome), Some(How::Adopted));
    let told: Vec<_> = outcome.notes.into_iter().filter(|told| matches!(told, Told::Older { .. })).collect();
    assert_eq!(told, problems.into_iter().map(|problem| Told::Older { problem }).collect::<Vec<_>>());
}

#[test]
fn an_unusable_record_is_not_made_up_for_by_it() {
    let mut host = left(Some(9000), &["a"]);
    host.record = crate::support::unusable();
    assert_eq!(host.run(onboard()).reason(), Reason::RecordUnusable);
    assert!(matches!(host.record, RecordSeen::Unusable { .. }));
}
