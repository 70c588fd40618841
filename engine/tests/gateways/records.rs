//! What a record keeps of a container: everything that a later container on the same volumes is made from.

use engine::{GatewaySpec, How, MountSource, NewContainer, RecordSeen, Status};

use crate::{CLUSTER, GATEWAY, REFERENCE, how, made, onboard_as, preset, record, with_image};

/// What the one file of ours among the mounts says.
pub fn content_of(new: &NewContainer) -> String {
    let content = new.mounts.iter().find_map(|mount| match &mount.source {
        MountSource::File { content, .. } => Some(content.clone()),
        MountSource::Volume { .. } | MountSource::Bind { .. } | MountSource::Folder { .. } => None,
    });
    content.unwrap()
}

#[test]
fn the_record_of_a_gateway_that_we_made_is_its_wish() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        let host = made(name);
        assert_eq!(record(&host).spec, GatewaySpec { from_nothing: true, ..preset(name) }, "{name}");
    }
}

#[test]
fn the_record_that_is_made_anew_from_the_container_is_the_same() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        let mut host = made(name);
        let before = record(&host).clone();
        host.record = RecordSeen::Absent;
        assert_eq!(how(&host.run(onboard_as(name))), Some(How::Reused));
        assert_eq!(*record(&host), before, "{name}, by label");
        host.record = RecordSeen::Absent;
        host.containers[0].labels.clear();
        host.run(onboard_as(name));
        assert_eq!(record(&host).spec, preset(name), "{name}, without label");
    }
}

#[test]
fn a_container_that_is_made_again_is_made_as_the_first_was() {
    for name in [GATEWAY, REFERENCE, CLUSTER] {
        for with_record in [true, false] {
            let mut host = made(name);
            let first = host.created().clone();
            host.containers.clear();
            if !with_record {
                host.record = RecordSeen::Absent;
            }
            assert_eq!(how(&host.run(onboard_as(name))), Some(How::Adopted));
            assert_eq!(*host.created(), first, "{name}, record: {with_record}");
        }
    }
}

#[test]
fn files_and_folders_of_ours_are_written_again() {
    let mut host = made(GATEWAY);
    host.containers.clear();
    host.run(with_image(onboard_as(GATEWAY), "ghcr.io/nvidia/openshell/gateway:0.0.200"));
    let content = content_of(host.created());
    assert!(content.contains("supervisor:0.0.200"), "{content}");
    let folders = host.created().mounts.iter().filter(|mount| matches!(mount.source, MountSource::Folder { .. }));
    assert_eq!(folders.count(), 1);
}

#[test]
fn what_its_owner_changed_by_hand_is_recorded_as_it_is() {
    let mut host = made(CLUSTER);
    host.record = RecordSeen::Absent;
    host.containers[0].labels.clear();
    host.containers[0].env.0.insert("IMAGE_TAG".to_owned(), "pinned".to_owned());
    host.containers[0].env.0.remove("REGISTRY_MODE");
    host.run(onboard_as(CLUSTER));
    let env = record(&host).spec.environment();
    assert_eq!(env.0["IMAGE_TAG"], "pinned");
    assert!(!env.0.contains_key("REGISTRY_MODE"));
}

#[test]
fn the_older_kinds_own_command_line_is_kept_whole() {
    let mut host = made(CLUSTER);
    host.record = RecordSeen::Absent;
    host.containers[0].labels.clear();
    host.containers[0].command = ["/entry", "server", "--other"].map(str::to_owned).into();
    host.set_status(Status::Exited);
    assert_eq!(how(&host.run(onboard_as(CLUSTER))), Some(How::Recovered));
    host.containers.clear();
    assert_eq!(how(&host.run(onboard_as(CLUSTER))), Some(How::Adopted));
    assert_eq!((host.created().keeps_entry_point, host.created().command.len()), (false, 3));
}
