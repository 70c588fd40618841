//! The wish behind a container that has no record: what its owner must have wanted, read from what they made.

use crate::container::{ContainerSeen, MountedSource};
use crate::labels;
use crate::names::{GatewayName, NetworkName};
use crate::spec::{Env, GatewaySpec, MountSource, MountSpec, PortSpec, ReadinessSpec};

/// The spec of a container that is there: its own label's, else the preset's, with everything that can be seen of the
/// container in its place. Measured against it the container has not drifted.
pub fn spec_as_seen(gateway: &GatewayName, preset: &GatewaySpec, own: &ContainerSeen) -> GatewaySpec {
    let labelled = (labels::gateway_of(&own.labels) == Some(gateway.as_str()))
        .then(|| labels::spec_of(&own.labels))
        .flatten()
        .filter(|labelled| labelled.preset == preset.preset && labelled.container == own.name);
    let base = labelled.map_or_else(|| preset.clone(), |labelled| GatewaySpec { env: preset.env.clone(), ..labelled });
    let base = GatewaySpec { image: own.image.clone(), port: base.port.as_bound(&own.ports), ..base };
    // What follows port and image goes on to follow them as long as it says the same.
    let given = base.command_line();
    let given_to_entry_point = base.keeps_entry_point && own.command.ends_with(&given);
    let same_command = given_to_entry_point || own.command == given;
    // One that was taken from all its networks belongs to the preset's still: it is given back to that one.
    let has = |name: &&NetworkName| {
        own.networks.is_empty() || own.networks.iter().any(|attachment| attachment.network == **name)
    };
    let lacks_health =
        base.port.health.is_some_and(|health| own.ports.iter().all(|binding| binding.container != health));
    GatewaySpec {
        command: if same_command { base.command.clone() } else { own.command.clone() },
        keeps_entry_point: given_to_entry_point,
        env: env_as_seen(&base, own),
        mounts: base.mounts.iter().filter_map(|mount| mount_as_seen(mount, own)).collect(),
        port: PortSpec {
            // A command line that says its port otherwise cannot follow another.
            same_inside: base.port.same_inside && same_command,
            health: base.port.health.filter(|_| !lacks_health),
            ..base.port.clone()
        },
        readiness: if lacks_health {
            ReadinessSpec { asks: Vec::new(), mark: None, ..base.readiness.clone() }
        } else {
            base.readiness.clone()
        },
        network: base.network.as_ref().filter(has).cloned(),
        restart: own.restart,
        ..base
    }
}

/// The node name that a container goes by: in its environment, else its host name.
pub fn node_name_as_seen(spec: &GatewaySpec, own: &ContainerSeen) -> String {
    let variable = spec.node_name_env.as_ref().and_then(|variable| own.env.0.get(variable));
    variable.unwrap_or(&own.hostname).clone()
}

/// The variables that the spec names and the container has.
fn env_as_seen(base: &GatewaySpec, own: &ContainerSeen) -> Env {
    let seen = |(name, text): (&String, &String)| {
        let value = own.env.0.get(name)?;
        let text = if base.filled(text) == *value { text } else { value };
        Some((name.clone(), text.clone()))
    };
    Env(base.env.0.iter().filter_map(seen).collect())
}

/// What the container has at the path of a mount; none where it has nothing there.
fn mount_as_seen(wanted: &MountSpec, own: &ContainerSeen) -> Option<MountSpec> {
    let seen = own.mounts.iter().find(|seen| seen.path == wanted.path)?;
    let source = match &seen.source {
        MountedSource::Volume { name } => MountSource::Volume { name: name.clone() },
        // What is ours to write stays so.
        MountedSource::FolderOfVolume { folder, .. } | MountedSource::Bind { folder } => match &wanted.source {
            own if own.on_host() == Some(folder) => own.clone(),
            MountSource::Volume { .. }
            | MountSource::Bind { .. }
            | MountSource::File { .. }
            | MountSource::Folder { .. } => MountSource::Bind { folder: folder.clone() },
        },
        MountedSource::Other { .. } => return None,
    };
    Some(MountSpec { source, path: wanted.path.clone(), read_only: !seen.writable })
}
