//! The commands that read volumes into a backup and that remove them, as the calls that they take.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{
    Absence, BackupMade, BackupOrder, CarriedPath, Disk, Env, Event, HelperContainer, ImageId, MountedSource,
    RestartPolicy,
};

use super::gate::Told;
use super::replace::{gone, mounted};
use super::words::{failed, rejected, unknown};
use super::{SimHost, Stop, Witness};
use crate::fault::CallKind;
use crate::world::backup::Backup;
use crate::world::call::Call;
use crate::world::container::{Config, Content, Endpoint, Mounted};
use crate::world::effect::Effect;

impl<W: Witness> SimHost<'_, W> {
    pub(super) fn create_helper(&mut self, helper: &HelperContainer) -> Result<Event, Stop> {
        let mount = |one: &engine::HelperMount| Mounted {
            source: MountedSource::Volume { name: one.volume.clone() },
            path: one.at.clone(),
            writable: !helper.read_only,
        };
        let config = Config {
            image: helper.image.clone(),
            // The daemon says which one it is.
            image_id: ImageId::new(""),
            // One that is never started has to have some (moby `daemon/create.go`, "no command specified").
            command: vec!["/none".to_owned()],
            env: Env::default(),
            labels: helper.labels.clone(),
            mounts: helper.volumes.iter().map(mount).collect(),
            ports: Vec::new(),
            restart: RestartPolicy::No,
            auto_remove: false,
            hostname: "helper".to_owned(),
        };
        let network = engine::NetworkName::new("none");
        let (name, image) = (helper.name.clone(), helper.image.clone());
        let endpoint = Endpoint { network, id: None, aliases: Vec::new(), ipv4: None };
        self.change(Call::CreateContainerAt { name, image, config: Arc::new(config), endpoint }, true)
    }

    /// One archive a volume, then the folder gets its name: anything less is no backup.
    pub(super) fn back_up(&mut self, order: &BackupOrder) -> Result<Event, Stop> {
        let helper = match self.helper(&order.helper)? {
            Ok(helper) => helper,
            Err(no) => return Ok(no),
        };
        let unmounted = order.volumes.iter().find(|one| !mounted(&helper).any(|at| at == (&one.volume, &one.at)));
        if let Some(one) = unmounted {
            return Ok(rejected(format!("the helper does not mount volume `{}` at `{}`", one.volume, one.at)));
        }
        let mut volumes = BTreeMap::new();
        for one in &order.volumes {
            match self.files_at(&order.helper, &one.at)? {
                Err(event) => return Ok(event),
                Ok(files) => volumes.insert(one.volume.clone(), files),
            };
        }
        let mut carried = Vec::new();
        for path in &order.carried {
            let Some(container) = &order.container else { continue };
            let files = match self.read_archive(container, &path.from)? {
                Err(event) => return Ok(event),
                Ok(Err(no)) => return Ok(failed(no.status, no.message, true)),
                Ok(Ok(files)) => files,
            };
            let below = |(file, content): (String, Content)| {
                let below = file.strip_prefix(path.from.trim_end_matches('/')).unwrap_or_default();
                (below.to_owned(), content)
            };
            carried.push((path.clone(), files.into_iter().map(below).collect()));
        }
        self.write_own_file(|host| match host.world.disk {
            Disk::Full => Some(rejected("no space left on device")),
            Disk::Room | Disk::NotVisible if host.world.state.read_only => None,
            Disk::Room | Disk::NotVisible => Some(host.keep(order, volumes, carried)),
        })
    }

    fn keep(
        &mut self,
        order: &BackupOrder,
        volumes: BTreeMap<engine::VolumeName, BTreeMap<String, Content>>,
        carried: Vec<(CarriedPath, BTreeMap<String, Content>)>,
    ) -> Event {
        let nth = self.world.state.backups.len() + 1;
        let path = format!("backups/{}/{nth}", order.gateway);
        let gateway = order.gateway.to_string();
        let files: usize = volumes.values().map(BTreeMap::len).sum();
        self.history.note(self.actor, Effect::BackedUp { gateway, volumes: volumes.keys().cloned().collect() });
        self.world.state.backups.push(Backup {
            path: path.clone(),
            gateway: order.gateway.clone(),
            container: order.container.clone(),
            preset: order.spec.preset.clone(),
            node_name: order.spec.node_name.clone(),
            volumes,
            paths: order.volumes.iter().filter_map(|one| Some((one.volume.clone(), one.path.clone()?))).collect(),
            carried,
            complete: true,
        });
        let lacks = order.beside.iter().map(|sandbox| format!("sandbox `{sandbox}`"));
        let lacks = lacks.chain(order.left_out.iter().cloned()).collect();
        Event::BackedUp { backup: BackupMade { path, bytes: files as u64, lacks } }
    }

    /// The proof is of the look right before: after any other command it is none. What it says is asked again, and then
    /// the daemon's own references are the last guard.
    pub(super) fn remove_volume(&mut self, absence: &Absence) -> Result<Event, Stop> {
        if self.before != "observe" {
            return Ok(rejected("the proof of absence is not of the look right before"));
        }
        match self.ask(CallKind::Info)? {
            Err(why) => return Ok(unknown(why)),
            Ok(from) if !self.world_of(from).daemon().identity.is_same_as(absence.daemon()) => {
                return Ok(rejected("another daemon answers"));
            }
            Ok(_) => {}
        }
        match self.ask(CallKind::ListContainers)? {
            Err(why) => return Ok(unknown(why)),
            // A list that is denied is not an empty one.
            Ok(Told::Denied) => return Ok(failed(404, "refused".to_owned(), true)),
            Ok(from @ (Told::Now | Told::First)) => {
                let containers = self.world_of(from).daemon().store.containers.values();
                let mut speaks_against = containers
                    .filter(|container| absence.names().contains(&container.name) || container.has(absence.volume()));
                if let Some(container) = speaks_against.next() {
                    return Ok(rejected(format!("the container `{}` exists", container.name)));
                }
            }
        }
        let remains = |id| self.world.daemons.iter().any(|daemon| daemon.has_folder_of(id));
        if absence.recorded().is_some_and(remains) {
            return Ok(rejected("the recorded container's files are on the disk"));
        }
        Ok(gone(self.change(Call::RemoveVolume { name: absence.volume().clone() }, true)?))
    }
}
