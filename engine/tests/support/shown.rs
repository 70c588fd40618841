//! Containers that a small host has made, as list and inspect show them.

use engine::{
    Attachment, ContainerId, ContainerSeen, Exit, ImageId, ImageRef, ImageSeen, Instance, Known, MountSeen,
    MountSource, MountedSource, NetworkId, NetworkName, NewContainer, PortBinding, Status,
};

use super::ENTRY_POINT;

pub fn seen_image(reference: &ImageRef) -> ImageSeen {
    ImageSeen { reference: reference.clone(), id: ImageId::new(format!("sha256:{reference}")) }
}

/// A next container as list and inspect show it.
pub fn as_the_next_one(old: &ContainerSeen, next: &engine::NextContainer, number: u32) -> ContainerSeen {
    let mut env = old.env.clone();
    env.0.extend(next.env.0.clone());
    let mut labels = old.labels.clone();
    labels.extend(next.labels.clone());
    let mut ports = old.ports.clone();
    if let Some(change) = &next.port {
        for binding in ports.iter_mut().filter(|binding| binding.container == change.from.container) {
            (binding.container, binding.host) = (change.to.container, Some(change.to.host));
        }
    }
    let mut mounts = old.mounts.clone();
    for spec in &next.mounts {
        if let MountSource::Volume { name } = &spec.source {
            mounts.retain(|mount| mount.path != spec.path);
            let source = MountedSource::Volume { name: name.clone() };
            mounts.push(MountSeen { source, path: spec.path.clone(), writable: !spec.read_only });
        }
    }
    ContainerSeen {
        mounts,
        id: ContainerId::new(format!("{number:064}")),
        name: next.name.clone(),
        status: Known::Known(Status::Created),
        exit: Exit::default(),
        instance: Instance::new("never"),
        image: next.image.clone(),
        image_id: seen_image(&next.image).id,
        command: next.command.clone().unwrap_or_else(|| old.command.clone()),
        env,
        labels,
        ports,
        restart: engine::RestartPolicy::No,
        hostname: next.hostname.clone(),
        ..old.clone()
    }
}

/// A helper as list and inspect show it.
pub fn as_a_helper(helper: &engine::HelperContainer, number: u32) -> ContainerSeen {
    ContainerSeen {
        id: ContainerId::new(format!("{number:064}")),
        name: helper.name.clone(),
        status: Known::Known(Status::Created),
        exit: Exit::default(),
        instance: Instance::new("never"),
        image: helper.image.clone(),
        image_id: seen_image(&helper.image).id,
        command: Vec::new(),
        env: engine::Env::default(),
        labels: helper.labels.clone(),
        mounts: helper
            .volumes
            .iter()
            .map(|mount| MountSeen {
                source: MountedSource::Volume { name: mount.volume.clone() },
                path: mount.at.clone(),
                writable: false,
            })
            .collect(),
        networks: Vec::new(),
        ports: Vec::new(),
        restart: engine::RestartPolicy::No,
        auto_remove: false,
        hostname: String::new(),
    }
}

/// A container as list and inspect show it after `create`.
pub fn as_docker_shows(new: &NewContainer, number: u32) -> ContainerSeen {
    let program = if new.image.repository().ends_with("/gateway") { ENTRY_POINT } else { "/bin/entry" };
    let entry_point = new.keeps_entry_point.then(|| program.to_owned());
    let binding = |container: u16, host: u16| PortBinding {
        container,
        host_ip: new.port.host_ip.clone(),
        host: Some(host),
        published: true,
    };
    let health = new.port.health.zip(new.port.health_on_host()).map(|(inside, host)| binding(inside, host));
    let network = new.network.clone().unwrap_or_else(|| NetworkName::new("bridge"));
    ContainerSeen {
        id: ContainerId::new(format!("{number:064}")),
        name: new.name.clone(),
        status: Known::Known(Status::Created),
        exit: Exit::default(),
        instance: Instance::new("never"),
        image: new.image.clone(),
        image_id: seen_image(&new.image).id,
        command: entry_point.into_iter().chain(new.command.iter().cloned()).collect(),
        env: new.env.clone(),
        labels: new.labels.clone(),
        mounts: new
            .mounts
            .iter()
            .map(|mount| MountSeen {
                source: match &mount.source {
                    MountSource::Volume { name } => MountedSource::Volume { name: name.clone() },
                    MountSource::Bind { folder } | MountSource::Folder { folder } => {
                        MountedSource::Bind { folder: folder.clone() }
                    }
                    MountSource::File { file, .. } => MountedSource::Bind { folder: file.clone() },
                },
                path: mount.path.clone(),
                writable: !mount.read_only,
            })
            .collect(),
        networks: vec![Attachment {
            network,
            id: Some(NetworkId::new("n")),
            exists: true,
            aliases: Vec::new(),
            ipv4: None,
        }],
        // In no order that a reader could rely on: the health endpoint first.
        ports: health.into_iter().chain([binding(new.port.container, new.port.host)]).collect(),
        restart: new.restart,
        auto_remove: false,
        hostname: new.hostname.clone(),
    }
}
