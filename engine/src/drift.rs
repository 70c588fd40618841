//! How a container differs from what is wanted. Measured against the record and today's flags, never against a new
//! release's defaults.

use crate::container::{ContainerSeen, MountedSource};
use crate::observation::ImageSeen;
use crate::plan::Difference;
use crate::spec::GatewaySpec;

/// Every difference between a container and a spec. Host name and node name are none: a container keeps its own.
pub fn differences(container: &ContainerSeen, wanted: &GatewaySpec, image: Option<&ImageSeen>) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(image_difference(container, wanted, image));
    differences.extend(port_difference(container, wanted));
    for mount in &wanted.mounts {
        let there = container.mounts.iter().any(|seen| {
            seen.path == mount.path
                && match (&seen.source, mount.source.on_host()) {
                    (MountedSource::Volume { .. }, wanted) => wanted.is_none(),
                    (MountedSource::FolderOfVolume { folder, .. }, wanted) => {
                        wanted.is_none_or(|wanted| folder == wanted)
                    }
                    (MountedSource::Bind { folder }, wanted) => wanted == Some(folder),
                    (MountedSource::Other { .. }, _) => false,
                }
        });
        if !there {
            differences.push(Difference::Mount { path: mount.path.clone() });
        }
    }
    for (name, value) in &wanted.environment().0 {
        if container.env.0.get(name) != Some(value) {
            differences.push(Difference::Environment { name: name.clone() });
        }
    }
    let command = wanted.command_line();
    let same_command =
        if wanted.keeps_entry_point { container.command.ends_with(&command) } else { container.command == command };
    if !command.is_empty() && !same_command {
        differences.push(Difference::CommandLine);
    }
    if container.restart != wanted.restart {
        differences.push(Difference::Restart);
    }
    differences
}

/// Another reference, or the same one that stands for another image by now.
pub fn image_difference(
    container: &ContainerSeen,
    wanted: &GatewaySpec,
    image: Option<&ImageSeen>,
) -> Option<Difference> {
    if container.image != wanted.image {
        return Some(Difference::Image { has: container.image.clone(), wanted: wanted.image.clone() });
    }
    image.filter(|image| image.id != container.image_id).map(|image| Difference::ImageMoved {
        reference: wanted.image.clone(),
        has: container.image_id.clone(),
        wanted: image.id.clone(),
    })
}

/// Another address or port of the host.
pub fn port_difference(container: &ContainerSeen, wanted: &GatewaySpec) -> Option<Difference> {
    let binding = wanted.port.binding(&container.ports);
    let has = binding.map_or_else(
        || "none".to_owned(),
        |port| format!("{}:{}", port.host_ip, port.host.map_or_else(|| "any".to_owned(), |port| port.to_string())),
    );
    let wants = format!("{}:{}", wanted.port.host_ip, wanted.port.host);
    (has != wants).then_some(Difference::Port { has, wanted: wants })
}
