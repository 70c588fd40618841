//! One look, as the calls that the real adapter makes, in the order of what needs what. Others may act between any two,
//! so that a picture can be torn; what list and inspect disagree about is a contradiction, as it is there.

use std::collections::BTreeSet;

use engine::{
    ContainerId, ContainerSeen, HostSeen, ImageRef, ImageSeen, Known, NetworkSeen, PortHolder, Probe, Readiness,
    Remains, Target, VolumeName, VolumeSeen, Why, gateway_of,
};

use super::gate::Told;
use super::{SimHost, Stop, Witness};
use crate::fault::CallKind;
use crate::world::World;
use crate::world::container::Container;

/// How long a health endpoint gets to answer, in milliseconds, as the real adapter has it.
const PROBE_LIMIT_MS: u64 = 10_000;

/// What a container of the list tells.
struct Listed {
    id: ContainerId,
    bears: bool,
    named: bool,
}

type Answer<T> = Result<Result<T, Why>, Stop>;

/// Passes an unknown part on as such, and the run's end as the run's.
macro_rules! known {
    ($answer:expr) => {
        match $answer? {
            Ok(fact) => fact,
            Err(why) => return Ok(Err(why)),
        }
    };
}

impl<W: Witness> SimHost<'_, W> {
    pub(super) fn look(&mut self, target: &Target) -> Result<HostSeen, Stop> {
        let daemon = if target.identity { Some(self.identity()?) } else { None };
        let volumes = self.volumes(target)?;
        let containers = self.containers(target, &volumes)?;
        let own = containers.as_ref().ok().and_then(|(all, _)| all.iter().find(|one| one.name == target.container));
        let own = own.cloned();
        let image = self.image(&target.image)?;
        let mut lacking = Ok(Vec::new());
        for companion in &target.companions {
            match (self.image(companion)?, &mut lacking) {
                (Ok(None), Ok(lacking)) => lacking.push(companion.clone()),
                (Err(why), _) => lacking = Err(why),
                (Ok(_), _) => {}
            }
        }
        let networks = self.networks(target, own.as_ref())?;
        let layer = if target.layer { Some(self.layer(own.as_ref(), &containers)?) } else { None };
        let port = own.as_ref().map_or_else(|| target.port.clone(), |own| target.port.as_bound(&own.ports));
        let probe = Probe::of(&target.readiness, &port, own.as_ref().map(|own| own.ports.as_slice()));
        let readiness = known(self.readiness(&probe)?);
        let holder = |host: &Self, port: u16| match &containers {
            Ok(_) => Known::Known(host.holder(target, port)),
            Err(why) => Known::Unknown(why.clone()),
        };
        let (port_holder, health_port) =
            (holder(self, port.host), port.health_on_host().map(|port| holder(self, port)));
        let wanted_port = (target.port.host != port.host).then(|| holder(self, target.port.host));
        let (containers, denied) = match containers {
            Ok((containers, denied)) => (Known::Known(containers), denied),
            Err(why) => (Known::Unknown(why), false),
        };
        let remains = target.recorded.as_ref().filter(|_| denied && target.data_root.is_some()).map(|id| {
            // Only where the daemon's own data root is the recorded one is there anything to find.
            if self.world.daemons.iter().any(|daemon| daemon.has_folder_of(id)) {
                Remains::There
            } else {
                Remains::Gone
            }
        });
        Ok(HostSeen {
            daemon,
            containers,
            volumes: match volumes {
                Ok(all) => Known::Known(bearing(all, target, own.as_ref())),
                Err(why) => Known::Unknown(why),
            },
            image: known(image),
            lacking: known(lacking),
            networks: known(networks),
            port: port_holder,
            health_port,
            wanted_port,
            readiness,
            disk: Known::Known(self.world.disk),
            remains,
            layer,
            gpu: target.gpu.then_some(Known::Known(self.world.gpu)),
            node_name: target.node_name_file.as_ref().map(|_| self.node_name(target)),
        })
    }

    fn readiness(&mut self, probe: &Probe) -> Answer<Readiness> {
        known!(self.ask(CallKind::Health));
        if let Some(what) = &self.world.health_hidden {
            return Ok(Err(Why::NotVisible { what: what.clone() }));
        }
        let port = probe.endpoint().port;
        let is_silent = self.world.is_silent(port);
        Ok(Ok(match (self.world.answers_at(port), probe) {
            // Whether somebody takes the connection is all that is asked.
            (Readiness::Ready { .. }, Probe::Accepts { .. }) => Readiness::Ready { marked: false },
            (Readiness::Unreachable, Probe::Accepts { .. }) if is_silent => Readiness::Ready { marked: false },
            (answer, Probe::Accepts { .. }) => answer,
            (answer, Probe::Http { .. }) => {
                if is_silent {
                    self.pass(PROBE_LIMIT_MS);
                }
                answer
            }
        }))
    }

    fn identity(&mut self) -> Result<Known<engine::DaemonIdentity>, Stop> {
        let answer = self.ask(CallKind::Info)?;
        Ok(known(answer.map(|from| self.world_of(from).daemon().identity.clone())))
    }

    /// Every volume of the daemon; those looked for that the list does not show are asked for by name.
    fn volumes(&mut self, target: &Target) -> Answer<Vec<VolumeSeen>> {
        let from = known!(self.ask(CallKind::ListVolumes));
        let listed = self.world_of(from).daemon().volumes.iter().map(|(name, volume)| VolumeSeen {
            name: name.clone(),
            labels: volume.labels.clone(),
            created: Some(format!("birth {}", volume.born)),
        });
        let listed: Vec<_> = listed.collect();
        for name in &target.volumes {
            if listed.iter().all(|volume| volume.name != *name) {
                let from = known!(self.ask(CallKind::InspectVolume));
                if from != Told::Denied && self.world_of(from).daemon().volumes.contains_key(name) {
                    let what = format!("inspect shows volume `{name}`, the list does not");
                    return Ok(Err(Why::Contradiction { what }));
                }
            }
        }
        Ok(Ok(listed))
    }

    /// Every container that bears on the gateway, and whether the daemon denies the recorded one.
    fn containers(
        &mut self,
        target: &Target,
        volumes: &Result<Vec<VolumeSeen>, Why>,
    ) -> Answer<(Vec<ContainerSeen>, bool)> {
        let from = known!(self.ask(CallKind::ListContainers));
        let volumes = match volumes {
            Ok(volumes) => volumes,
            Err(why) => return Ok(Err(why.clone())),
        };
        let listed = listed(self.world_of(from), target, volumes);
        let named = known!(self.inspect(|container| container.name == target.container));
        if let Err(why) = agree(listed.iter().find(|listed| listed.named).map(|listed| &listed.id), named.as_ref()) {
            return Ok(Err(why));
        }
        let mut denied = false;
        let mut seen: Vec<ContainerSeen> = named.into_iter().collect();
        if let Some(id) = &target.recorded {
            // Asked by its ID only where the name's answer is another one.
            let by_name = seen.first().filter(|one| one.id == *id).cloned();
            let recorded = match by_name {
                Some(one) => Some(one),
                None => known!(self.inspect(|container| container.id == *id)),
            };
            let in_list = listed.iter().find(|listed| listed.id == *id).map(|listed| &listed.id);
            if let Err(why) = agree(in_list, recorded.as_ref()) {
                return Ok(Err(why));
            }
            denied = recorded.is_none();
            seen.extend(recorded.filter(|recorded| seen.iter().all(|one| one.id != recorded.id)));
        }
        // A volume that only the gateway's container mounts makes others that mount it bear on the gateway, too.
        let mounted: BTreeSet<_> = seen.iter().flat_map(|one| &one.mounts).filter_map(|mount| mount.volume()).collect();
        let further: Vec<_> = listed
            .iter()
            .filter(|listed| seen.iter().all(|one| one.id != listed.id))
            .filter(|listed| listed.bears || self.mounts_one_of(&listed.id, &mounted))
            .map(|listed| listed.id.clone())
            .collect();
        for id in further {
            match known!(self.inspect(|container| container.id == id)) {
                Some(container) => seen.push(container),
                None => {
                    let what = format!("the list shows container `{id}`, inspect does not find it");
                    return Ok(Err(Why::Contradiction { what }));
                }
            }
        }
        seen.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Ok((seen, denied)))
    }

    fn mounts_one_of(&self, id: &ContainerId, volumes: &BTreeSet<&VolumeName>) -> bool {
        let container = self.world.daemon().store.containers.get(id);
        container.is_some_and(|container| volumes.iter().any(|volume| container.has(volume)))
    }

    fn inspect(&mut self, is: impl Fn(&Container) -> bool) -> Answer<Option<ContainerSeen>> {
        let from = known!(self.ask(CallKind::InspectContainer));
        if from == Told::Denied {
            return Ok(Ok(None));
        }
        let daemon = self.world_of(from).daemon();
        let found = daemon.store.containers.values().find(|container| is(container));
        Ok(Ok(found.map(|container| container.seen(|endpoint| daemon.has_network_of(endpoint)))))
    }

    fn image(&mut self, reference: &ImageRef) -> Answer<Option<ImageSeen>> {
        let from = known!(self.ask(CallKind::InspectImage));
        let id = self.world_of(from).daemon().store.images.get(reference).filter(|_| from != Told::Denied);
        Ok(Ok(id.map(|id| ImageSeen { reference: reference.clone(), id: id.clone() })))
    }

    fn networks(&mut self, target: &Target, own: Option<&ContainerSeen>) -> Answer<Vec<NetworkSeen>> {
        let from = known!(self.ask(CallKind::ListNetworks));
        let all = self.world_of(from).daemon().networks.iter();
        let bears = all.filter(|(id, network)| {
            Some(&network.name) == target.network.as_ref()
                || own.is_some_and(|own| {
                    own.networks.iter().any(|one| one.id.as_ref() == Some(id) || one.network == network.name)
                })
        });
        let seen = bears.map(|(id, network)| NetworkSeen {
            name: network.name.clone(),
            id: id.clone(),
            labels: network.labels.clone(),
        });
        Ok(Ok(seen.collect()))
    }

    fn layer(
        &mut self,
        own: Option<&ContainerSeen>,
        containers: &Result<(Vec<ContainerSeen>, bool), Why>,
    ) -> Result<Known<Vec<String>>, Stop> {
        if let Err(why) = containers {
            return Ok(Known::Unknown(why.clone()));
        }
        let Some(own) = own else { return Ok(Known::Known(Vec::new())) };
        let answer = self.ask(CallKind::Changes)?;
        Ok(match answer {
            Err(why) => Known::Unknown(why),
            Ok(_) => match self.world.daemon().store.containers.get(&own.id) {
                Some(container) => Known::Known(container.layer.keys().cloned().collect()),
                None => Known::Unknown(Why::Contradiction { what: "its changes are not found".to_owned() }),
            },
        })
    }

    fn holder(&self, target: &Target, port: u16) -> PortHolder {
        match self.world.publisher(port) {
            Some((at, container)) if at == self.world.at_address => {
                if container.name == target.container {
                    return PortHolder::Gateway;
                }
                PortHolder::Container { name: container.name.clone(), id: container.id.clone() }
            }
            // Another daemon's container shows as a process of that daemon.
            Some(_) => PortHolder::Process { pid: Some(1), command: Some("docker-proxy".to_owned()) },
            None => match self.world.held_ports.get(&port) {
                Some(process) => PortHolder::Process { pid: Some(process.pid), command: Some(process.command.clone()) },
                None => PortHolder::Free,
            },
        }
    }

    /// The node name that the gateway itself wrote on its volume: the folder that its sandboxes are in.
    fn node_name(&self, target: &Target) -> Known<String> {
        let daemon = self.world.daemon();
        let found = target.volumes.iter().filter_map(|name| daemon.volumes.get(name)).find_map(|volume| {
            volume.files.keys().find_map(|path| path.strip_prefix("sandboxes/")?.split_once('/').map(|(node, _)| node))
        });
        match found {
            Some(node) => Known::Known(node.to_owned()),
            None => Known::Unknown(Why::NotVisible { what: "no such file".to_owned() }),
        }
    }
}

/// What the list shows of each container.
fn listed(world: &World, target: &Target, volumes: &[VolumeSeen]) -> Vec<Listed> {
    let labelled = volumes.iter().filter(|volume| gateway_of(&volume.labels) == Some(target.gateway.as_str()));
    let ours: BTreeSet<_> = target.volumes.iter().chain(labelled.map(|volume| &volume.name)).collect();
    let of = |container: &Container| Listed {
        id: container.id.clone(),
        named: container.name == target.container,
        bears: container.name == target.container
            || target.replacement.contains(&container.name)
            || target.recorded.as_ref() == Some(&container.id)
            || gateway_of(&container.config.labels) == Some(target.gateway.as_str())
            || ours.iter().any(|volume| container.has(volume)),
    };
    world.daemon().store.containers.values().map(of).collect()
}

/// List and inspect must show the same container, or both none.
fn agree(listed: Option<&ContainerId>, inspected: Option<&ContainerSeen>) -> Result<(), Why> {
    if listed == inspected.map(|container| &container.id) {
        return Ok(());
    }
    Err(Why::Contradiction { what: "list and inspect show different containers".to_owned() })
}

/// Those of the daemon's volumes that bear on the gateway.
fn bearing(all: Vec<VolumeSeen>, target: &Target, own: Option<&ContainerSeen>) -> Vec<VolumeSeen> {
    let mounted: BTreeSet<_> = own.into_iter().flat_map(|own| &own.mounts).filter_map(|mount| mount.volume()).collect();
    let bears = |volume: &VolumeSeen| {
        target.volumes.contains(&volume.name)
            || gateway_of(&volume.labels) == Some(target.gateway.as_str())
            || mounted.contains(&volume.name)
    };
    all.into_iter().filter(bears).collect()
}

fn known<T>(answer: Result<T, Why>) -> Known<T> {
    match answer {
        Ok(fact) => Known::Known(fact),
        Err(why) => Known::Unknown(why),
    }
}
