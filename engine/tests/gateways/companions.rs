//! Images that a gateway itself uses on the host: at hand before anything is made.

use engine::{Command, How, ImageRef, Reason, Refusal};

use crate::host::{SmallHost, host};
use crate::{GATEWAY, how, onboard_as};

const OWN: &str = "ghcr.io/nvidia/openshell/gateway:0.0.111";
const SUPERVISOR: &str = "ghcr.io/nvidia/openshell/supervisor:0.0.111";

/// The images that the last run asked for, in order.
fn provided(host: &SmallHost) -> Vec<&str> {
    let provided = host.commands.iter().filter_map(|command| {
        if let Command::ProvideImage { reference, .. } = command { Some(reference.as_str()) } else { None }
    });
    provided.collect()
}

#[test]
fn they_are_provided_after_its_own_and_before_anything_is_made() {
    let mut host = host();
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Created));
    assert_eq!(provided(&host), [OWN, SUPERVISOR]);
    assert_eq!(host.did()[..3], ["provide-image", "provide-image", "create-volume"]);
}

#[test]
fn several_come_in_their_order_and_those_at_hand_are_not_asked_for() {
    let mut host = host();
    host.images.insert(ImageRef::new(OWN));
    host.images.insert(ImageRef::new("b:1"));
    let mut intent = onboard_as(GATEWAY);
    intent.spec.companions = ["c:1", "b:1", "a:{tag}"].map(str::to_owned).into();
    host.run(intent);
    assert_eq!(provided(&host), ["c:1", "a:0.0.111"]);
}

#[test]
fn one_that_cannot_be_had_is_named_and_nothing_is_made() {
    for (lost, asked_for) in [(OWN, vec![OWN]), (SUPERVISOR, vec![OWN, SUPERVISOR])] {
        let mut host = host();
        host.lost_images.insert(ImageRef::new(lost));
        let outcome = host.run(onboard_as(GATEWAY));
        let Some(Refusal::ImageUnavailable { image, .. }) = outcome.refusal() else { panic!("{outcome:#?}") };
        assert_eq!((image.as_str(), outcome.reason()), (lost, Reason::ImageUnavailable));
        assert_eq!(provided(&host), asked_for);
        assert!(host.volumes.is_empty() && host.containers.is_empty());
        host.lost_images.clear();
        assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Created), "the next run goes on");
    }
}

#[test]
fn adoption_needs_them_too() {
    let mut host = host();
    host.add_volume("openshell-state");
    host.lost_images.insert(ImageRef::new(SUPERVISOR));
    assert_eq!(host.run(onboard_as(GATEWAY)).reason(), Reason::ImageUnavailable);
    host.lost_images.clear();
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Adopted));
}

#[test]
fn a_gateway_that_is_there_is_kept_without_them() {
    let mut host = crate::made(GATEWAY);
    host.images.clear();
    host.lost_images.insert(ImageRef::new(SUPERVISOR));
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Reused));
    host.set_status(engine::Status::Exited);
    assert_eq!(how(&host.run(onboard_as(GATEWAY))), Some(How::Recovered));
}
