//! Which kind of gateway is meant where nobody says so.

use engine::{
    Command, ContainerName, DEFAULT_PRESET, GatewaySpec, How, ImageSource, Intent, Known, PresetName, Purpose, Reason,
    RecordSeen, Refusal, Signal, Then, Typed,
};

use crate::host::{SmallHost, host};
use crate::support::{But, LABEL_PRESET};
use crate::{
    CLUSTER, GATEWAY, REFERENCE, how, made, made_by_others, onboard, onboard_as, preset, preset_of, record, to,
    volumes_of, with_image, with_port,
};

impl But for SmallHost {}

/// Nothing of it but its volume is left.
fn only_the_volume(mut host: SmallHost) -> SmallHost {
    host.record = RecordSeen::Absent;
    host.containers.clear();
    host
}

/// A look without a word of which kind is meant.
fn looked(host: &mut SmallHost) -> String {
    preset_of(&host.run(to(Purpose::Look, onboard()))).to_owned()
}

#[test]
fn what_is_typed_is_not_asked_about() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        let mut host = made_by_others(CLUSTER);
        host.run(onboard_as(name));
        assert!(host.asked_for_names().is_empty(), "{name}");
    }
}

#[test]
fn where_nothing_is_there_it_is_todays() {
    let mut host = host();
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), preset_of(&outcome)), (Some(How::Created), DEFAULT_PRESET));
    assert_eq!(host.asked_for_names(), [0]);
    assert_eq!(host.created().name.as_str(), "openshell-gateway");
}

#[test]
fn a_record_says_it_without_being_asked_about() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        let mut host = made(name);
        let outcome = host.run(onboard());
        assert_eq!((how(&outcome), preset_of(&outcome)), (Some(How::Reused), name));
        assert!(host.asked_for_names().is_empty());
    }
}

/// A kind of gateway that no preset of ours is, as `--spec FILE` makes it.
fn own_kind() -> Intent {
    let spec = GatewaySpec {
        preset: PresetName::new("mine"),
        container: ContainerName::new("my-container"),
        ..preset(REFERENCE)
    };
    let typed = Typed { spec: true, ..Typed::default() };
    Intent { spec, typed, alternatives: Vec::new(), ..onboard() }
}

#[test]
fn the_record_of_a_kind_of_ones_own_is_enough() {
    let mut host = host();
    host.run(own_kind());
    host.set_status(engine::Status::Exited);
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), preset_of(&outcome)), (Some(How::Recovered), "mine"));
    host.containers.clear();
    assert_eq!(how(&host.run(onboard())), Some(How::Adopted));
    assert_eq!(host.created().name.as_str(), "my-container");
}

#[test]
fn what_is_typed_goes_on_top_of_a_kind_of_ones_own() {
    let mut host = host();
    host.run(own_kind());
    host.containers.clear();
    host.run(with_port(with_image(onboard(), "x:2"), 9000));
    assert_eq!((host.created().image.as_str(), host.created().port.host), ("x:2", 9000));
    let mut there = host;
    let outcome = there.run(with_port(onboard(), 9100));
    assert_eq!(how(&outcome), Some(How::Upgraded), "another port is another container, and not ignored");
}

#[test]
fn a_label_says_it() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        assert_eq!(looked(&mut made(name).but(|host| host.record = RecordSeen::Absent)), name, "container and volume");
        assert_eq!(looked(&mut only_the_volume(made(name))), name, "a volume");
    }
}

#[test]
fn without_labels_the_image_says_it() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        assert_eq!(looked(&mut made_by_others(name)), name);
    }
}

#[test]
fn a_container_speaks_for_the_volume_that_says_nothing() {
    let mut host = made(REFERENCE);
    host.record = RecordSeen::Absent;
    host.volumes.iter_mut().for_each(|volume| volume.labels.clear());
    assert_eq!(looked(&mut host), REFERENCE);
}

#[test]
fn without_labels_a_name_says_it_of_kinds_that_others_make_too() {
    assert_eq!(looked(&mut only_the_volume(made_by_others(GATEWAY))), GATEWAY);
    assert_eq!(looked(&mut only_the_volume(made_by_others(CLUSTER))), CLUSTER);
    // It shares its names with the older kind, and only we make it.
    assert_eq!(looked(&mut only_the_volume(made_by_others(REFERENCE))), CLUSTER);
    let mirrored = |name: &str| {
        made_by_others(name).but(|host| host.containers[0].image = engine::ImageRef::new("mirror.example/x:1"))
    };
    assert_eq!(looked(&mut mirrored(GATEWAY)), GATEWAY);
    assert_eq!(looked(&mut mirrored(CLUSTER)), CLUSTER);
}

#[test]
fn a_typed_image_or_port_does_not_make_another_kind_of_it() {
    for volume_only in [false, true] {
        let mut host = made_by_others(CLUSTER);
        if volume_only {
            host = only_the_volume(host);
        }
        let intent = with_port(with_image(onboard(), "ghcr.io/nvidia/openshell/cluster:0.0.40"), 9000);
        let outcome = host.run(to(Purpose::Look, intent));
        assert_eq!(preset_of(&outcome), CLUSTER, "{outcome:#?}");
    }
}

#[test]
fn what_is_typed_goes_on_top_of_the_kind_that_is_found() {
    let mut host = only_the_volume(made(REFERENCE));
    let outcome = host.run(with_port(with_image(onboard(), "other:1"), 9000));
    assert_eq!(how(&outcome), Some(How::Adopted));
    assert_eq!((host.created().image.as_str(), host.created().port.host), ("other:1", 9000));
    assert_eq!(host.created().port.container, preset(REFERENCE).port.container);
}

#[test]
fn typing_the_image_that_it_has_anyway_does_not_make_it_one_of_a_registry() {
    let mut host = only_the_volume(made(REFERENCE));
    host.images.clear();
    host.run(with_image(onboard(), preset(REFERENCE).image.as_str()));
    let sources: Vec<_> = host
        .commands
        .iter()
        .filter_map(|command| if let Command::ProvideImage { source, .. } = command { Some(*source) } else { None })
        .collect();
    assert_eq!(sources, [ImageSource::Executable]);
}

#[test]
fn a_neighbours_names_are_not_its_own() {
    let mut host = host();
    host.add_volume("openshell-cluster-nemoclaw-eu");
    host.add_volume("openshell-state-nemoclaw");
    assert_eq!(how(&host.run(onboard())), Some(How::Created));
    assert_eq!(volumes_of(host.created())[0].as_str(), "openshell-state");
}

#[test]
fn a_label_that_no_preset_bears_is_not_taken_for_a_name() {
    let mut host = made(GATEWAY).but(|host| host.record = RecordSeen::Absent);
    let foreign = ("mine".to_owned(), LABEL_PRESET.to_owned());
    host.containers[0].labels.insert(foreign.1.clone(), foreign.0.clone());
    host.volumes[0].labels.insert(foreign.1, foreign.0);
    let outcome = host.run(onboard());
    assert_eq!((outcome.reason(), host.did()), (Reason::OtherPreset, Vec::<String>::new()));
}

/// A gateway of today's kind and one of the older kind bear the gateway's name.
fn two_kinds() -> SmallHost {
    let mut host = made_by_others(GATEWAY);
    host.add_volume("openshell-cluster-nemoclaw");
    host
}

#[test]
fn several_are_refused_by_name_and_the_advice_leads_out() {
    let mut host = two_kinds();
    let outcome = host.run(onboard());
    let Some(Refusal::PresetAmbiguous { presets }) = outcome.refusal() else { panic!("{outcome:#?}") };
    assert_eq!(presets.iter().map(PresetName::as_str).collect::<Vec<_>>(), [GATEWAY, CLUSTER]);
    assert_eq!((outcome.reason().exit(), outcome.changed, preset_of(&outcome)), (3, false, "none"));
    assert_eq!(host.did(), Vec::<String>::new());
    let advice = outcome.refusal().unwrap().advice(&crate::name());
    assert_eq!(advice.command, "nemoclaw onboard --gateway nemoclaw --preset openshell-gateway");
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Reused));
    assert_eq!(record(&host).spec.preset.as_str(), GATEWAY);
    assert_eq!(how(&host.run(onboard())), Some(How::Reused), "from then on the record says it");
}

#[test]
fn a_start_and_a_stop_ask_too() {
    for purpose in [Purpose::Start, Purpose::Stop] {
        assert_eq!(two_kinds().run(to(purpose, onboard())).reason(), Reason::PresetAmbiguous);
        let mut host = made_by_others(CLUSTER);
        assert_eq!(preset_of(&host.run(to(purpose, onboard()))), CLUSTER);
    }
}

#[test]
fn unknown_is_asked_again_with_pauses_and_then_given_up() {
    let mut host = made_by_others(CLUSTER).but(|host| host.names_unknown = u8::MAX);
    let outcome = host.run(onboard());
    assert_eq!((outcome.reason(), outcome.reason().exit(), outcome.changed), (Reason::DockerUnknown, 4, false));
    assert_eq!(host.asked_for_names(), [0, 0, 100, 200, 400, 800]);
    assert_eq!((host.did(), preset_of(&outcome)), (Vec::<String>::new(), "none"));
}

#[test]
fn a_hiccup_is_outlasted_and_does_not_count_against_the_looks_that_follow() {
    let mut host = made_by_others(CLUSTER).but(|host| host.names_unknown = engine::LOOKS_MAX);
    let outcome = host.run(onboard());
    assert_eq!((how(&outcome), preset_of(&outcome)), (Some(How::Reused), CLUSTER));
}

#[test]
fn an_interruption_while_it_is_asked_changes_nothing() {
    let (mut machine, _) = engine::Onboarding::new(onboard());
    let _ = machine.handle(&engine::Event::LockTaken);
    let _ = machine.handle(&engine::Event::RecordRead { record: RecordSeen::Absent, older: None });
    let Then::Finish(outcome) = machine.handle(&engine::Event::Interrupted { signal: Signal::Interrupt }) else {
        panic!("it goes on")
    };
    assert_eq!((outcome.reason(), outcome.changed), (Reason::Interrupted, false));
}

#[test]
fn an_unusable_record_is_refused_whatever_is_there() {
    let mut host = two_kinds().but(|host| host.record = crate::support::unusable());
    let outcome = host.run(onboard());
    assert_eq!((outcome.reason(), host.asked_for_names()), (Reason::RecordUnusable, Vec::new()));
}

#[test]
fn the_list_of_sandboxes_is_asked_of_the_kind_that_was_found() {
    let mut host = made_by_others(CLUSTER).but(|host| host.sandboxes = Known::Known(Default::default()));
    host.run(onboard());
    let listing = host.commands.iter().find_map(|command| {
        if let Command::ListSandboxes { listing, .. } = command { Some(listing.clone()) } else { None }
    });
    assert_eq!(listing, Some(preset(CLUSTER).sandboxes));
}
