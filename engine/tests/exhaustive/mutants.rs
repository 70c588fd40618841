//! The faults that used to lose data, as wrappers between what is there and what the table is shown.

use engine::{ContainerSeen, HostSeen, Known, Readiness, RecordSeen, Status, VolumeName};

use crate::support::NAME;

/// One way to misread a picture.
pub struct Mutant {
    /// The fault.
    pub name: &'static str,
    /// How it shows the picture.
    pub misread: fn(&mut HostSeen, &mut RecordSeen),
    /// The property that it breaks; none for the one that misreads nothing.
    pub breaks: Option<&'static str>,
}

/// All of them.
pub const MUTANTS: [Mutant; 10] = [
    Mutant { name: "nothing is misread", misread: |_, _| (), breaks: None },
    Mutant {
        name: "stopped is read as missing",
        misread: |host, _| drop_containers(host, |container| !runs(container)),
        breaks: Some("a container that is there is never missing"),
    },
    Mutant {
        name: "stopped is read as missing, and its volume as free to be reset",
        misread: |host, _| drop_containers(host, |container| !runs(container)),
        breaks: Some("a reset needs consent, no container, and its own volumes"),
    },
    Mutant {
        name: "unknown is read as missing",
        misread: |host, _| {
            let containers = host.containers.known().cloned();
            host.containers = Known::Known(containers.unwrap_or_default());
        },
        breaks: Some("unknown is inert"),
    },
    Mutant {
        name: "a container that is being removed is read as removed",
        misread: |host, _| drop_containers(host, |container| container.status.known().is_none()),
        breaks: Some("a container that is there is never missing"),
    },
    Mutant {
        name: "an unknown health is read as an unreachable one",
        misread: |host, _| {
            let readiness = host.readiness.known().copied();
            host.readiness = Known::Known(readiness.unwrap_or(Readiness::Unreachable));
        },
        breaks: Some("unknown is inert"),
    },
    Mutant {
        name: "a corrupt record is read as none",
        misread: |_, record| {
            if let RecordSeen::Unusable { .. } = record {
                *record = RecordSeen::Absent;
            }
        },
        breaks: Some("unknown is inert"),
    },
    Mutant {
        name: "volumes are matched by a name's prefix",
        misread: |host, _| {
            let Known::Known(volumes) = &mut host.volumes else { return };
            for volume in volumes.iter_mut().filter(|volume| volume.name.as_str().starts_with(NAME)) {
                volume.name = VolumeName::new(NAME);
            }
        },
        breaks: Some("no volume is made that is there, none used that is not"),
    },
    Mutant {
        name: "a volume's label is not read",
        misread: |host, _| {
            let Known::Known(volumes) = &mut host.volumes else { return };
            volumes.iter_mut().for_each(|volume| volume.labels.clear());
        },
        breaks: Some("only what is the gateway's is changed"),
    },
    Mutant {
        name: "a bind of a volume's folder is not seen",
        misread: |host, _| drop_containers(host, |container| container.mounts.iter().any(|it| it.folder().is_some())),
        breaks: Some("one writer"),
    },
];

fn drop_containers(host: &mut HostSeen, gone: impl Fn(&ContainerSeen) -> bool) {
    if let Known::Known(containers) = &mut host.containers {
        containers.retain(|container| !gone(container));
    }
}

fn runs(container: &ContainerSeen) -> bool {
    container.status == Known::Known(Status::Running)
}
