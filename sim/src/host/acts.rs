//! Each command as the calls that it takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{
    Command, ContainerId, ContainerName, Event, GatewayName, ImageId, ImageSource, Known, LockHolder, MeasuredVolume,
    Named, NamedThing, NewContainer, Older, PresetName, RecordSeen, SandboxListing, SandboxName, VolumeName, Why,
};

use super::gate::{Gate, Told};
use super::replace::gone;
use super::words::{cut_short, failed, name, rejected, unknown};
use super::{SimHost, Stop, Witness};
use crate::base::sandbox_folder;
use crate::fault::CallKind;
use crate::world::call::Call;
use crate::world::container::{Config, Mounted, Published};
use crate::world::effect::Effect;

/// How long a process takes to end when it is asked to, in milliseconds.
const ENDS_IN_MS: u64 = 50;

/// Nobody's process ID but a simulated run's.
const PID: u32 = 1000;

/// What is said where nemoclaw's own files cannot be written.
const NOT_WRITABLE: &str = "the state directory cannot be written to";

impl<W: Witness> SimHost<'_, W> {
    pub(super) fn carry_out(&mut self, command: &Command) -> Result<Event, Stop> {
        match command {
            Command::TakeLock { gateway, wait } => self.take_lock(gateway, *wait),
            Command::ReadRecord { gateway } => self.read_record(gateway),
            Command::FindNames { containers, volumes, wait_ms } => {
                self.pass(*wait_ms);
                Ok(Event::NamesFound { found: self.find_names(containers, volumes)? })
            }
            Command::Observe(target) => {
                self.pass(target.wait_ms);
                Ok(Event::Observed { host: Box::new(self.look(target)?) })
            }
            Command::ProvideImage { reference, source: ImageSource::Empty } => {
                self.change(Call::ImportEmptyImage { reference: reference.clone() }, true)
            }
            Command::ProvideImage { reference, source: ImageSource::Registry | ImageSource::Executable } => {
                self.change(Call::ProvideImage { reference: reference.clone() }, true)
            }
            Command::CreateNetwork { name, labels } => {
                self.change(Call::CreateNetwork { name: name.clone(), labels: labels.clone() }, true)
            }
            Command::CreateVolume { name, labels } => self.create_volume(name, labels),
            Command::CreateContainer(new) => {
                let call = self.creation(new);
                self.change(call, true)
            }
            Command::ConnectNetwork { container, network, aliases, ipv4 } => {
                match self.ask(CallKind::ListNetworks)? {
                    Err(why) => return Ok(unknown(why)),
                    Ok(Told::Now | Told::First) if self.world.daemon().networks.contains_key(network) => {}
                    Ok(Told::Now | Told::First | Told::Denied) => {
                        return Ok(failed(404, "no such network".to_owned(), true));
                    }
                }
                let (id, network) = (container.clone(), network.clone());
                self.change(Call::Connect { id, network, aliases: aliases.clone(), ipv4: ipv4.clone() }, true)
            }
            Command::StartContainer { container, .. } => self.change(Call::Start { id: container.clone() }, true),
            Command::UnpauseContainer { container } => self.change(Call::Unpause { id: container.clone() }, true),
            // Docker also says 500 when a killed process has not ended yet.
            Command::StopContainer { container, .. } => {
                self.pass_whatever(ENDS_IN_MS);
                self.change(Call::Stop { id: container.clone() }, false)
            }
            Command::RestartContainer { container, .. } => {
                self.pass_whatever(ENDS_IN_MS);
                self.change(Call::Restart { id: container.clone() }, false)
            }
            Command::AwaitReady { container, probe, limit_ms } => self.await_ready(container, probe, *limit_ms),
            Command::ListSandboxes { container, listing, .. } => {
                Ok(Event::SandboxesListed { sandboxes: self.list_sandboxes(container, listing)? })
            }
            Command::ReadLogs { .. } => self.read_logs(),
            Command::MeasureVolumes { volumes } => Ok(Event::VolumesMeasured { volumes: self.measure(volumes)? }),
            Command::CreateNext(next) => self.create_next(next),
            Command::CarryOver { from, to, paths } => self.carry_over(from, to, paths),
            Command::RenameContainer { container, name } => {
                self.change(Call::Rename { id: container.clone(), to: name.clone() }, true)
            }
            Command::SetRestartPolicy { container, policy } => {
                self.change(Call::SetRestartPolicy { id: container.clone(), policy: *policy }, true)
            }
            Command::RemoveContainer { container } => self.remove_container(container),
            Command::CreateHelper(helper) => self.create_helper(helper),
            Command::BackUp(order) => self.back_up(order),
            Command::RemoveVolume { absence } => self.remove_volume(absence),
            Command::VerifyBackup { backup } => self.verify_backup(backup),
            Command::Restore(order) => self.restore(order),
            Command::RemoveNetwork { network } => {
                Ok(gone(self.change(Call::RemoveNetwork { id: network.clone() }, true)?))
            }
            Command::SetRecordAside { gateway } => self.set_record_aside(gateway),
            Command::BeginRollBack { limit_ms, .. } => {
                self.ends_ms = self.ends_ms.max(self.now_ms + limit_ms);
                self.read_logs()
            }
            Command::WriteRecord { record, keep_old } => self.write_record(record, *keep_old),
        }
    }

    fn read_logs(&mut self) -> Result<Event, Stop> {
        let lines = self.ask(CallKind::Logs)?.map(|_| vec!["the gateway's last words".to_owned()]);
        Ok(Event::LogsRead { lines: lines.unwrap_or_default() })
    }

    /// Makes a request that changes something.
    pub(super) fn change(&mut self, call: Call, server_error_says_no: bool) -> Result<Event, Stop> {
        self.change_by(CallKind::Change, call, server_error_says_no)
    }

    /// The same as a call of this kind.
    pub(super) fn change_by(&mut self, kind: CallKind, call: Call, server_error_says_no: bool) -> Result<Event, Stop> {
        let event = match self.gate(kind)? {
            Gate::Through | Gate::Stale => match self.world.apply(self.actor, &call, self.history) {
                Ok(_) => Event::Done,
                Err(no) => failed(no.status, no.message, server_error_says_no),
            },
            Gate::Fails(why) => unknown(why),
            Gate::Cut => unknown(cut_short(kind)),
            Gate::Lost(why) => {
                let _nobody_hears_it = self.world.apply(self.actor, &call, self.history);
                unknown(why)
            }
            Gate::Late(in_ms, why) => {
                self.world.apply_later(in_ms, self.actor, call);
                unknown(why)
            }
            Gate::Refused(status) => failed(status, "refused".to_owned(), server_error_says_no),
        };
        self.after(kind)?;
        Ok(event)
    }

    /// A new container as Docker takes it.
    fn creation(&self, new: &NewContainer) -> Call {
        let program = self.world.daemon().store.images.get(&new.image).map(|image| self.world.program(image));
        let entry = program.filter(|_| new.keeps_entry_point).map(|program| program.entry_point).unwrap_or_default();
        let published = |container: u16, host: u16| Published { container, host_ip: new.port.host_ip.clone(), host };
        let health = new.port.health.zip(new.port.health_on_host()).map(|(inside, host)| published(inside, host));
        let config = Config {
            image: new.image.clone(),
            // The daemon says which one it is.
            image_id: ImageId::new(""),
            command: entry.into_iter().chain(new.command.iter().cloned()).collect(),
            env: new.env.clone(),
            labels: new.labels.clone(),
            mounts: new.mounts.iter().map(Mounted::of).collect(),
            ports: std::iter::once(published(new.port.container, new.port.host)).chain(health).collect(),
            restart: new.restart,
            auto_remove: false,
            hostname: new.hostname.clone(),
        };
        let network = new.network.clone().unwrap_or_else(|| engine::NetworkName::new("bridge"));
        Call::CreateContainer { name: new.name.clone(), image: new.image.clone(), config: Arc::new(config), network }
    }

    fn take_lock(&mut self, gateway: &GatewayName, wait: bool) -> Result<Event, Stop> {
        if self.world.state.locks.contains_key(gateway) {
            if wait {
                // The other one does not end while this one waits: all of its run happens at one point of another's.
                self.pass(self.left_ms());
            }
            let holder = LockHolder { pid: Some(PID), command: None, since: None };
            return Ok(Event::LockHeld { holder });
        }
        self.world.state.locks.insert(gateway.clone(), PID);
        self.lock = Some(gateway.clone());
        self.ask(CallKind::File)?.ok();
        Ok(Event::LockTaken)
    }

    fn read_record(&mut self, gateway: &GatewayName) -> Result<Event, Stop> {
        self.ask(CallKind::File)?.ok();
        let record = self.world.state.records.get(gateway).cloned().unwrap_or(RecordSeen::Absent);
        let older = (record == RecordSeen::Absent).then(|| {
            let none = || Older { port: None, sandboxes: Default::default(), problems: Vec::new() };
            self.world.state.older.get(gateway).cloned().unwrap_or_else(none)
        });
        Ok(Event::RecordRead { record, older })
    }

    fn write_record(&mut self, record: &Arc<engine::GatewayRecord>, keep_old: bool) -> Result<Event, Stop> {
        self.write_own_file(|host| {
            let state = &mut host.world.state;
            let is_unusable = matches!(state.records.get(&record.gateway), Some(RecordSeen::Unusable { .. }));
            if state.read_only || is_unusable {
                return None;
            }
            let seen = RecordSeen::Present { record: Arc::clone(record) };
            let old = state.records.insert(record.gateway.clone(), seen);
            let over_unusable = matches!(old, Some(RecordSeen::Unusable { .. }));
            if keep_old {
                state.kept.extend(old);
            }
            let gateway = record.gateway.to_string();
            host.history.note(host.actor, Effect::RecordWritten { gateway, over_unusable });
            Some(Event::Done)
        })
    }

    /// Writes a file of nemoclaw's own, unless something is in the way of that. Whatever goes wrong with one is known at once.
    pub(super) fn write_own_file(&mut self, write: impl FnOnce(&mut Self) -> Option<Event>) -> Result<Event, Stop> {
        let written = match self.gate(CallKind::File)? {
            Gate::Through | Gate::Stale => write(self),
            Gate::Fails(_) | Gate::Cut | Gate::Lost(_) | Gate::Late(..) | Gate::Refused(_) => None,
        };
        self.after(CallKind::File)?;
        Ok(written.unwrap_or_else(|| rejected(NOT_WRITABLE)))
    }

    /// The file gets another name: nothing of it is lost. One that is not there is aside already.
    fn set_record_aside(&mut self, gateway: &GatewayName) -> Result<Event, Stop> {
        self.write_own_file(|host| {
            if host.world.state.read_only {
                return None;
            }
            let aside = host.world.remove_record(gateway, host.actor, host.history);
            host.world.state.kept.extend(aside);
            Some(Event::Done)
        })
    }

    fn find_names(&mut self, containers: &[ContainerName], volumes: &[VolumeName]) -> Result<Known<Vec<Named>>, Stop> {
        let preset = |labels: &BTreeMap<String, String>| {
            labels.get(engine::LABEL_PRESET).map(|name| PresetName::new(name.as_str()))
        };
        let listed = self.ask(CallKind::ListContainers)?;
        let mut found = Vec::new();
        match listed {
            Err(why) => return Ok(Known::Unknown(why)),
            Ok(from) => {
                for container in self.world_of(from).daemon().store.containers.values() {
                    if containers.contains(&container.name) {
                        let (name, image) = (container.name.clone(), container.config.image.clone());
                        let what = NamedThing::Container { name, image };
                        found.push(Named { what, preset: preset(&container.config.labels) });
                    }
                }
            }
        }
        match self.ask(CallKind::ListVolumes)? {
            Err(why) => return Ok(Known::Unknown(why)),
            Ok(from) => {
                for (name, volume) in self.world_of(from).daemon().volumes.iter() {
                    if volumes.contains(name) {
                        let what = NamedThing::Volume { name: name.clone() };
                        found.push(Named { what, preset: preset(&volume.labels) });
                    }
                }
            }
        }
        Ok(Known::Known(found))
    }

    fn list_sandboxes(
        &mut self,
        id: &ContainerId,
        listing: &SandboxListing,
    ) -> Result<Known<BTreeMap<SandboxName, Option<String>>>, Stop> {
        if *listing == SandboxListing::None {
            return Ok(Known::Known(BTreeMap::new()));
        }
        if let Err(why) = self.ask(CallKind::Sandboxes)? {
            return Ok(Known::Unknown(why));
        }
        let daemon = self.world.daemon();
        let gone = || Known::Unknown(Why::ConnectionLost { call: name(CallKind::Sandboxes) });
        let Some(container) = daemon.store.containers.get(id).filter(|container| container.process().is_some()) else {
            return Ok(gone());
        };
        let folder = sandbox_folder(self.world, container);
        let Some(volume) = container.writes_to().next().and_then(|volume| daemon.volumes.get(volume)) else {
            return Ok(gone());
        };
        let names = volume.files.keys().filter_map(|path| path.strip_prefix(&folder));
        Ok(Known::Known(names.map(|name| (SandboxName::new(name), None)).collect()))
    }

    fn measure(&mut self, names: &[VolumeName]) -> Result<Vec<MeasuredVolume>, Stop> {
        let answered = self.ask(CallKind::Measure)?.is_ok();
        let measured = names.iter().map(|name| {
            let volume = self.world.daemon().volumes.get(name).filter(|_| answered);
            MeasuredVolume {
                name: name.clone(),
                created: volume.map(|volume| format!("birth {}", volume.born)),
                size_bytes: volume.map(|volume| volume.files.len() as u64),
            }
        });
        Ok(measured.collect())
    }
}
