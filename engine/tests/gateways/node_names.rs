//! The node name that a container on old volumes gets: the older kind keys its data by it.

use engine::{Command, How, Intent, Known, NodeNameFrom, Reason, RecordSeen, Refusal, Told, Why};

use crate::host::{SmallHost, host};
use crate::support::LABEL_NODE_NAME;
use crate::{CLUSTER, GATEWAY, REFERENCE, how, made, name, onboard_as};

/// The volume of the older kind is there, and nothing else.
fn left() -> SmallHost {
    let mut host = host();
    host.add_volume("openshell-cluster-nemoclaw");
    host
}

fn labelled(mut host: SmallHost, node_name: &str) -> SmallHost {
    host.volumes[0].labels.insert(engine::LABEL_GATEWAY.to_owned(), "nemoclaw".to_owned());
    host.volumes[0].labels.insert(LABEL_NODE_NAME.to_owned(), node_name.to_owned());
    host
}

fn written(mut host: SmallHost, node_name: &str) -> SmallHost {
    host.node_name = Known::Known(node_name.to_owned());
    host
}

fn typed(node_name: &str) -> Intent {
    Intent { node_name: Some(node_name.to_owned()), ..onboard_as(CLUSTER) }
}

/// The node name that the created container got, in both places, and where it is said to come from.
fn adopted(host: &mut SmallHost, intent: Intent) -> (String, Option<NodeNameFrom>) {
    let outcome = host.run(intent);
    assert_eq!(how(&outcome), Some(How::Adopted), "{outcome:#?}");
    let new = host.created();
    assert_eq!(new.env.0["OPENSHELL_NODE_NAME"], new.hostname);
    let said = |from: &NodeNameFrom| Told::NodeName { name: new.hostname.clone(), from: *from };
    let from = [NodeNameFrom::Typed, NodeNameFrom::Record, NodeNameFrom::VolumeLabel, NodeNameFrom::Volume]
        .into_iter()
        .chain([NodeNameFrom::Preset])
        .find(|from| outcome.notes.contains(&said(from)));
    (new.hostname.clone(), from)
}

fn asked_the_volume(host: &SmallHost) -> bool {
    let asks = |command: &Command| matches!(command, Command::Observe(target) if target.node_name_file.is_some());
    host.commands.iter().any(asks)
}

/// Every source says another; the ones above are taken away one by one.
#[test]
fn the_owner_then_the_record_then_the_label_then_the_volume() {
    let everything = || {
        let mut host = made(CLUSTER);
        host.containers.clear();
        let RecordSeen::Present { record } = &mut host.record else { panic!("there is no record") };
        std::sync::Arc::make_mut(record).node_name = "recorded".to_owned();
        written(labelled(host, "labelled"), "written")
    };
    assert_eq!(adopted(&mut everything(), typed("typed")), ("typed".to_owned(), Some(NodeNameFrom::Typed)));
    assert_eq!(adopted(&mut everything(), onboard_as(CLUSTER)), ("recorded".to_owned(), Some(NodeNameFrom::Record)));
    let mut host = everything();
    host.record = RecordSeen::Absent;
    assert_eq!(adopted(&mut host, onboard_as(CLUSTER)), ("labelled".to_owned(), Some(NodeNameFrom::VolumeLabel)));
    assert!(!asked_the_volume(&host), "nobody reads a volume for what is known");
    let mut host = written(left(), "written");
    assert_eq!(adopted(&mut host, onboard_as(CLUSTER)), ("written".to_owned(), Some(NodeNameFrom::Volume)));
    assert!(asked_the_volume(&host));
}

#[test]
fn where_nothing_says_it_nothing_is_made_and_the_advice_leads_out() {
    let mut host = left();
    let outcome = host.run(onboard_as(CLUSTER));
    let Some(refusal @ Refusal::NodeNameUnknown { volume, .. }) = outcome.refusal() else { panic!("{outcome:#?}") };
    assert_eq!(volume.as_ref().map(|volume| volume.as_str()), Some("openshell-cluster-nemoclaw"));
    assert_eq!((outcome.reason().id(), outcome.reason().exit()), ("node-name-unknown", 3));
    assert_eq!(host.did(), Vec::<String>::new(), "no image is pulled either");
    let advice = refusal.advice(&name()).command;
    assert_eq!(advice, "nemoclaw onboard --gateway nemoclaw --node-name openshell-nemoclaw");
    assert_eq!(adopted(&mut host, typed("openshell-nemoclaw")).1, Some(NodeNameFrom::Typed));
}

#[test]
fn a_volume_that_could_not_be_read_just_now_is_asked_again() {
    let mut host = written(left(), "written");
    host.node_name_unknown = 3;
    assert_eq!(adopted(&mut host, onboard_as(CLUSTER)).0, "written");
    let mut host = written(left(), "written");
    host.node_name_unknown = u8::MAX;
    let outcome = host.run(onboard_as(CLUSTER));
    assert_eq!((outcome.reason(), host.did().len()), (Reason::DockerUnknown, 0), "no advice from a hiccup");
}

#[test]
fn a_file_that_is_not_there_is_no_hiccup() {
    let mut host = left();
    host.node_name = Known::Unknown(Why::NotVisible { what: "no such file".to_owned() });
    host.run(onboard_as(CLUSTER));
    let looks = host.commands.iter().filter(|command| matches!(command, Command::Observe(_))).count();
    assert_eq!(looks, 2);
}

#[test]
fn kinds_whose_data_is_not_keyed_fall_back_to_their_rule() {
    let mut host = left();
    assert_eq!(
        adopted(&mut host, onboard_as(REFERENCE)),
        ("openshell-nemoclaw".to_owned(), Some(NodeNameFrom::Preset))
    );
    assert!(!asked_the_volume(&host));
    let mut host = crate::made_by_others(GATEWAY);
    host.containers.clear();
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Adopted));
    assert_eq!(host.created().hostname, "openshell-gateway");
}

#[test]
fn another_gateways_label_says_nothing() {
    let mut host = written(labelled(left(), "labelled"), "written");
    host.volumes[0].labels.insert(engine::LABEL_GATEWAY.to_owned(), "other".to_owned());
    assert_eq!(host.run(onboard_as(CLUSTER)).reason(), Reason::ForeignContainer);
}

#[test]
fn a_container_that_is_there_keeps_its_own_whatever_is_typed() {
    let mut host = made(CLUSTER);
    host.set_status(engine::Status::Exited);
    assert_eq!(how(&host.run(typed("other"))), Some(How::Recovered));
    assert_eq!(crate::record(&host).node_name, "openshell-nemoclaw");
}

#[test]
fn from_nothing_there_is_only_the_older_tool_and_the_advice_leads_out() {
    let mut host = host();
    let outcome = host.run(onboard_as(CLUSTER));
    assert_eq!((outcome.reason().id(), outcome.reason().exit(), host.did().len()), ("preset-legacy", 3, 0));
    let advice = outcome.refusal().unwrap().advice(&name()).command;
    assert_eq!(advice, "nemoclaw onboard --gateway nemoclaw --preset openshell-gateway");
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Created));
}

/// Its data is gone, and its record says which kind it was: begun anew it cannot be, and under the same name another
/// kind is refused.
#[test]
fn a_reset_of_the_older_kind_removes_nothing_and_does_not_lead_in_a_circle() {
    let reset = || Intent {
        reset: Some(engine::Consent::typed(&name(), "nemoclaw").unwrap()),
        spec: crate::preset(CLUSTER),
        ..onboard_as(CLUSTER)
    };
    for volume_left in [true, false] {
        let mut host = made(CLUSTER);
        let RecordSeen::Present { record } = &mut host.record else { panic!("there is no record") };
        std::sync::Arc::make_mut(record).spec.from_nothing = false;
        host.containers.clear();
        if !volume_left {
            host.volumes.clear();
        }
        let outcome = host.run(reset());
        assert_eq!((outcome.reason(), host.did().len()), (Reason::PresetLegacy, 0), "{volume_left}");
        let advice = outcome.refusal().unwrap().advice(&name()).command;
        assert_eq!(advice, "nemoclaw onboard --gateway nemoclaw-2 --preset openshell-gateway");
    }
}
