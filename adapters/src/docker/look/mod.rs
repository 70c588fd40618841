//! One look at everything that Docker holds for one gateway, as values of the engine.
//!
//! Each part is a fact or the reason why it is unknown, and no part makes another unknown unless it bears on it. List
//! and inspect must agree before a container or volume is said to be missing. Independent calls run concurrently, in
//! two rounds: the second asks for what the first has shown. Absent on purpose: retries (the engine's), waiting
//! ([`Target::wait_ms`] is the caller's), and all that is not asked of Docker (readiness, host processes, the disk).

mod absent;
mod ask;
mod containers;
pub(super) mod field;
#[cfg(test)]
mod fixtures;
mod gpu;
mod identity;
mod image;
mod inspect;
mod layer;
mod listed;
mod mounts;
mod names;
mod networks;
mod node_name;
mod ports;
mod remains;
mod volumes;

use std::time::Duration;

use engine::{
    ContainerId, ContainerName, ContainerSeen, DaemonIdentity, Exit, Gpu, ImageRef, ImageSeen, Known, NetworkSeen,
    PortBinding, PortSpec, Remains, Status, Target, VolumeName, VolumeSeen, Why,
};
use futures_util::future::join_all;

use self::ask::{Asker, known};
use self::containers::Found;
use self::inspect::Inspected;
use self::volumes::ListedVolume;
use super::Daemon;

/// What one look at Docker showed. The parts that bear the names of [`engine::HostSeen`]'s are those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerSeen {
    /// Who the daemon is; none where [`Target::identity`] does not ask.
    pub daemon: Option<Known<DaemonIdentity>>,
    /// Every container that bears on the gateway, ordered by name.
    pub containers: Known<Vec<ContainerSeen>>,
    /// The gateway's volumes that exist: those looked for, labelled as its own, or mounted by its container.
    pub volumes: Known<Vec<VolumeSeen>>,
    /// The image looked for, if the daemon has it.
    pub image: Known<Option<ImageSeen>>,
    /// The network looked for and those that the gateway's container refers to.
    pub networks: Known<Vec<NetworkSeen>>,
    /// What is left of the recorded container; none where the daemon did not deny it.
    pub remains: Option<Remains>,
    /// What lives only in the gateway's container; none where [`Target::layer`] does not ask.
    pub layer: Option<Known<Vec<String>>>,
    /// The port that the gateway's container has on the host, else the one asked for.
    pub port: PortSpec,
    /// The container that publishes that port now, if one does.
    pub port_container: Known<Option<PortContainer>>,
    /// The port of the health endpoint, where it has one of its own, and the container that publishes it now.
    pub health_port: Option<(PortSpec, Known<Option<PortContainer>>)>,
    /// The port that was asked for, where the gateway's container has another, and the container that publishes it now.
    pub wanted_port: Option<(PortSpec, Known<Option<PortContainer>>)>,
    /// What the gateway's container publishes; none where there is none.
    pub bindings: Option<Vec<PortBinding>>,
    /// Those of the further images looked for that the daemon does not have.
    pub lacking: Known<Vec<ImageRef>>,
    /// How the daemon gives GPUs to containers; none where [`Target::gpu`] does not ask.
    pub gpu: Option<Known<Option<Gpu>>>,
    /// The node name on the volume; none where [`Target::node_name_file`] does not ask.
    pub node_name: Option<Known<String>>,
}

/// A container that publishes the port looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortContainer {
    /// Its name.
    pub name: ContainerName,
    /// Its ID.
    pub id: ContainerId,
    /// Whether it bears the gateway's name.
    pub is_own: bool,
}

impl Daemon {
    /// The status of one container and how it ended last, while it is being waited for.
    ///
    /// # Errors
    /// Why it is not known; a container that is gone is so, too.
    pub async fn status_of(&self, id: &ContainerId, limit: Duration) -> Result<(Known<Status>, Exit), Why> {
        let ask = Asker { daemon: self, limit };
        match ask.container_with(id).await? {
            Some(found) => found.status_and_exit(),
            None => Err(Why::Contradiction { what: format!("container `{id}` was there, and is not found") }),
        }
    }

    /// The status of a container; none where Docker says that there is no such container.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn status_if_there(&self, id: &ContainerId, limit: Duration) -> Result<Option<Known<Status>>, Why> {
        let found = Asker { daemon: self, limit }.container_with(id).await?;
        found.map(|found| found.status_and_exit().map(|(status, _)| status)).transpose()
    }

    /// The name of a container; none where Docker says that there is no such container.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn name_of(&self, id: &ContainerId, limit: Duration) -> Result<Option<ContainerName>, Why> {
        Ok(Asker { daemon: self, limit }.container_with(id).await?.map(|found| found.name))
    }

    /// Takes one look. Each call is answered within `limit`, or what it asked for is unknown.
    pub async fn look(&self, target: &Target, limit: Duration) -> DockerSeen {
        let ask = Asker { daemon: self, limit };
        let info = async { if target.identity || target.gpu { Some(ask.info().await) } else { None } };
        let (listed, (named, recorded), volumes, image, lacking, networks, info) = tokio::join!(
            ask.containers(),
            named_and_recorded(ask, target),
            ask.volumes(),
            ask.image(&target.image),
            ask.lacking(&target.companions),
            ask.networks(),
            info,
        );
        let found = containers::find(target, &listed, named, recorded, &volumes);
        let (further, volumes, layer, remains) = tokio::join!(
            further(ask, &found),
            confirmed(ask, &target.volumes, volumes),
            layer(ask, target, &found),
            remains(ask, &found, target),
        );
        let containers = found.and_then(|found| found.seen(further, &networks));
        let own = containers.as_ref().ok().and_then(|all| all.iter().find(|one| one.name == target.container)).cloned();
        let port = ports::effective(&target.port, own.as_ref());
        let holder = |port: &PortSpec| {
            let listed = listed.as_ref().map_err(Clone::clone);
            known(listed.map(|listed| ports::holder(listed, port, &target.container)))
        };
        let wanted_port = (port.host != target.port.host).then(|| (target.port.clone(), holder(&target.port)));
        let health_port = port.health_on_host().map(|host| PortSpec { host, ..port.clone() });
        let (daemon, gpu) = info.unzip();
        let node_name = target.node_name_file.as_ref().map(|file| node_name(target, file, &volumes, self));
        DockerSeen {
            health_port: health_port.map(|port| (port.clone(), holder(&port))),
            wanted_port,
            bindings: own.as_ref().map(|own| own.ports.clone()),
            lacking: known(lacking),
            gpu: gpu.filter(|_| target.gpu),
            node_name,
            daemon: daemon.filter(|_| target.identity),
            containers: known(containers),
            volumes: known(volumes.map(|all| bearing(target, all, own.as_ref()))),
            image: known(image),
            networks: known(networks.map(|all| networks::bearing(all, target.network.as_ref(), own.as_ref()))),
            remains,
            layer,
            port_container: holder(&port),
            port,
        }
    }
}

/// The container that bears the gateway's name, and the recorded one. They are the same one where nothing has happened,
/// and inspect is then asked once: the answer bears the whole recorded ID.
async fn named_and_recorded(
    ask: Asker<'_>,
    target: &Target,
) -> (Result<Option<Inspected>, Why>, Result<Option<Inspected>, Why>) {
    let named = ask.container_named(&target.container).await;
    let recorded = match (&target.recorded, &named) {
        (None, _) => Ok(None),
        (Some(id), Ok(Some(found))) if found.id == *id => Ok(Some(found.clone())),
        (Some(id), Ok(_)) => ask.container_with(id).await,
        // A daemon that does not answer is not waited for twice.
        (Some(_), Err(why)) => Err(why.clone()),
    };
    (named, recorded)
}

/// The node name on whichever of the gateway's volumes has such a file.
fn node_name(target: &Target, file: &str, volumes: &Result<Vec<ListedVolume>, Why>, daemon: &Daemon) -> Known<String> {
    let volumes = match volumes {
        Ok(volumes) if daemon.address().is_local() => volumes,
        Ok(_) => {
            let what = "the volume lies on another machine".to_owned();
            return Known::Unknown(Why::NotVisible { what });
        }
        Err(why) => return Known::Unknown(why.clone()),
    };
    let ours = volumes::ours(target, volumes, std::collections::BTreeSet::new());
    let folders = volumes.iter().filter(|volume| ours.contains(&volume.seen.name)).map(|volume| &volume.folder);
    let mut names: Vec<_> = folders.map(|folder| node_name::read(folder, file)).collect();
    let known = names.iter().position(|name| name.known().is_some());
    match known.or_else(|| (!names.is_empty()).then_some(0)) {
        Some(at) => names.swap_remove(at),
        None => Known::Unknown(Why::NotVisible { what: "there is no volume to read it from".to_owned() }),
    }
}

/// Inspects the further containers that the first round has shown, all at once.
async fn further(ask: Asker<'_>, found: &Result<Found, Why>) -> Vec<Result<Option<Inspected>, Why>> {
    let ids = found.as_ref().map(|found| found.further.as_slice()).unwrap_or_default();
    join_all(ids.iter().map(|id| ask.container_with(id))).await
}

/// The volumes of the list, if inspect agrees that those looked for and not in it do not exist.
async fn confirmed(
    ask: Asker<'_>,
    names: &[VolumeName],
    volumes: Result<Vec<ListedVolume>, Why>,
) -> Result<Vec<ListedVolume>, Why> {
    let volumes = volumes?;
    let lacking: Vec<_> = names.iter().filter(|name| volumes.iter().all(|volume| volume.seen.name != **name)).collect();
    let answers = join_all(lacking.iter().map(|name| ask.has_volume(name))).await;
    for (name, exists) in lacking.into_iter().zip(answers) {
        if exists? {
            let what = format!("inspect shows volume `{name}`, the list does not");
            return Err(Why::Contradiction { what });
        }
    }
    Ok(volumes)
}

/// What lives only in the gateway's container: nothing where there is none.
async fn layer(ask: Asker<'_>, target: &Target, found: &Result<Found, Why>) -> Option<Known<Vec<String>>> {
    if !target.layer {
        return None;
    }
    Some(match found {
        Ok(Found { own: Some(own), .. }) => ask.layer(own).await,
        Ok(Found { own: None, .. }) => Known::Known(Vec::new()),
        Err(why) => Known::Unknown(why.clone()),
    })
}

/// What is left of the recorded container, where the daemon denies it.
async fn remains(ask: Asker<'_>, found: &Result<Found, Why>, target: &Target) -> Option<Remains> {
    let found = found.as_ref().ok()?;
    let (denied, data_root) = (found.denied.as_ref()?, target.data_root.as_ref()?);
    if !ask.daemon.address().is_local() {
        return Some(Remains::NotVisible);
    }
    let others = found.listed.iter().map(|entry| entry.id.clone()).collect();
    let look = tokio::time::timeout(ask.limit, remains::look(data_root, denied, others));
    Some(look.await.unwrap_or(Remains::NotVisible))
}

/// Those of the daemon's volumes that bear on the gateway.
fn bearing(target: &Target, all: Vec<ListedVolume>, own: Option<&ContainerSeen>) -> Vec<VolumeSeen> {
    let mounted = own.into_iter().flat_map(|own| &own.mounts).filter_map(|mount| mount.volume().cloned()).collect();
    let ours = volumes::ours(target, &all, mounted);
    volumes::named(all, &ours)
}
