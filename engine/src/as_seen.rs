//! The wish behind a container that has no record: what its owner must have wanted, read from what they made.

use crate::container::{ContainerSeen, MountedSource};
use crate::labels;
use crate::names::GatewayName;
use crate::spec::{Env, GatewaySpec, MountSource, MountSpec};

/// The spec of a container that is there: its own label's, else the preset's, with everything that can be seen of the
/// container in its place. Measured against it the container has not drifted.
pub fn spec_as_seen(gateway: &GatewayName, preset: &GatewaySpec, own: &ContainerSeen) -> GatewaySpec {
    let labelled = (labels::gateway_of(&own.labels) == Some(gateway.as_str()))
        .then(|| labels::spec_of(&own.labels))
        .flatten()
        .filter(|labelled| labelled.preset == preset.preset && labelled.container == own.name);
    let base = labelled.map_or_else(|| preset.clone(), |labelled| GatewaySpec { env: preset.env.clone(), ..labelled });
    // What the image's entry point is given stays as the preset says it, as long as it is the same.
    let given = base.command_line();
    let (command, keeps_entry_point) = if base.keeps_entry_point && own.command.ends_with(&given) {
        (base.command.clone(), true)
    } else {
        (own.command.clone(), false)
    };
    let has = |name: &&crate::names::NetworkName| own.networks.iter().any(|attachment| attachment.network == **name);
    GatewaySpec {
        image: own.image.clone(),
        command,
        keeps_entry_point,
        env: Env(base.env.0.keys().filter_map(|name| own.env.0.get_key_value(name)).map(owned).collect()),
        mounts: base.mounts.iter().filter_map(|mount| mount_as_seen(mount, own)).collect(),
        port: base.port.as_bound(&own.ports),
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

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// What the container has at the path of a mount; none where it has nothing there.
fn mount_as_seen(wanted: &MountSpec, own: &ContainerSeen) -> Option<MountSpec> {
    let seen = own.mounts.iter().find(|seen| seen.path == wanted.path)?;
    let source = match &seen.source {
        MountedSource::Volume { name } => MountSource::Volume { name: name.clone() },
        MountedSource::FolderOfVolume { folder, .. } | MountedSource::Bind { folder } => {
            MountSource::Bind { folder: folder.clone() }
        }
        MountedSource::Other { .. } => return None,
    };
    Some(MountSpec { source, path: wanted.path.clone(), read_only: !seen.writable })
}
