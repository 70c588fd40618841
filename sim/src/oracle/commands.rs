//! What an oracle says to each command when it is issued, by the truth then. A guard of Docker's that has to say no
//! although nothing disturbed the picture is itself a finding.

use engine::{Command, ContainerId, Disk, Event, Failure, GatewayRecord, Purpose, gateway_of};

use super::{COMMANDS_MAX, Invariant, Oracle};
use crate::host::kind_of;
use crate::world::World;
use crate::world::effect::{Actor, Effect, Happened, History};
use crate::world::program::Does;

impl Oracle<'_> {
    pub(super) fn judge_command(&mut self, command: &Command, world: &World, history: &History) {
        self.done += 1;
        if self.done == COMMANDS_MAX + 1 {
            self.breach(Invariant::ItEnds, format!("more than {COMMANDS_MAX} commands"));
        }
        if !command.changes_something() {
            return;
        }
        let kind = kind_of(command);
        if self.unknown {
            self.breach(Invariant::UnknownIsInert, format!("`{kind}` after an unknown answer"));
        }
        if !world.state.locks.contains_key(&self.names.gateway) {
            self.breach(Invariant::OneAtATime, format!("`{kind}` without the lock"));
        }
        if self.intent.purpose == Purpose::Look {
            self.breach(Invariant::NoNeedlessActs, format!("`{kind}` where only a look was asked"));
        }
        match command {
            Command::WriteRecord { record, keep_old } => self.judge_record(record, *keep_old, world, history),
            Command::StartContainer { container, .. } if self.saw_all(history) => self.judge_start(container, world),
            Command::RestartContainer { container, .. } => {
                if !self.health_known {
                    self.breach(Invariant::UnknownIsInert, "a restart, and nobody knows how its health is");
                }
                if self.saw_all(history) {
                    self.judge_restart(container, world);
                }
            }
            Command::RemoveVolume { absence } => self.judge_removal_order(absence, world, history),
            Command::RemoveNetwork { network } => {
                let labels = world.daemon().networks.get(network).map(|network| &network.labels);
                if labels.is_some_and(|labels| gateway_of(labels) != Some(self.names.gateway.as_str())) {
                    self.breach(Invariant::NoStrangersHarmed, format!("network {network} is not this gateway's"));
                }
            }
            Command::StartContainer { .. }
            | Command::TakeLock { .. }
            | Command::ReadRecord { .. }
            | Command::FindNames { .. }
            | Command::Observe(_)
            | Command::ProvideImage { .. }
            | Command::CreateNetwork { .. }
            | Command::CreateVolume { .. }
            | Command::CreateContainer(_)
            | Command::ConnectNetwork { .. }
            | Command::UnpauseContainer { .. }
            | Command::StopContainer { .. }
            | Command::AwaitReady { .. }
            | Command::ListSandboxes { .. }
            | Command::ReadLogs { .. }
            | Command::MeasureVolumes { .. }
            | Command::CreateNext(_)
            | Command::CarryOver { .. }
            | Command::RenameContainer { .. }
            | Command::SetRestartPolicy { .. }
            | Command::RemoveContainer { .. }
            | Command::CreateHelper(_)
            | Command::BackUp(_)
            | Command::VerifyBackup { .. }
            | Command::Restore(_)
            | Command::SetRecordAside { .. }
            | Command::BeginRollBack { .. } => {}
        }
    }

    /// Whether the last look showed the truth, and nothing changed since.
    pub(super) fn saw_all(&self, history: &History) -> bool {
        let is_own_file =
            |happened: &Happened| matches!(happened.effect, Effect::RecordWritten { .. } | Effect::BackedUp { .. });
        !self.disturbed && history.since(self.looked_at).iter().all(is_own_file)
    }

    /// Whether anybody else did anything since the last look, or kept it from showing the truth.
    pub(super) fn others_since_the_look(&self, history: &History) -> bool {
        self.disturbed || history.since(self.looked_at).iter().any(|happened| happened.by != Actor::Run)
    }

    /// Docker says that what was asked for is so already, or that another has the name.
    pub(super) fn judge_answer(&mut self, command: &Command, event: &Event, history: &History) {
        let conflict = matches!(event, Event::Failed { failure: Failure::Rejected { status: Some(409), .. } });
        // A look does not show volumes that bear neither label nor one of the gateway's names.
        let is_seen = !matches!(command, Command::CreateVolume { .. });
        if conflict && is_seen && self.saw_all(history) {
            let what = format!("`{}` met a conflict although nobody acted since the look", kind_of(command));
            self.breach(Invariant::NoNeedlessActs, what);
        }
    }

    fn judge_start(&mut self, id: &ContainerId, world: &World) {
        let Some(container) = world.daemon().store.containers.get(id) else { return };
        let taken = container.config.ports.iter().find(|port| {
            let by_another = world.publisher(port.host).is_some_and(|(_, holder)| holder.id != *id);
            by_another || world.held_ports.contains_key(&port.host)
        });
        if let Some(port) = taken {
            let what = format!("a start, and another held port {} when it looked", port.host);
            self.breach(Invariant::NoNeedlessActs, what);
        }
    }

    fn judge_restart(&mut self, id: &ContainerId, world: &World) {
        if world.disk == Disk::Full {
            self.breach(Invariant::NoNeedlessActs, "a restart, and the disk is full: it would not start again");
        }
        let Some(container) = world.daemon().store.containers.get(id) else { return };
        let program = world.program(&container.config.image_id);
        let Some(process) = container.process() else { return };
        let for_ms = program.warm_up_ms.saturating_sub(process.warm_in_ms);
        let warms_up = program.does == Does::Serves && process.warm_in_ms > 0 && container.exit.restarts == 0;
        if warms_up && for_ms < self.names.spec.warm_up_ms {
            let what = format!("a restart after {for_ms} ms of its warm-up");
            self.breach(Invariant::NoNeedlessActs, what);
        }
    }

    /// A sandbox, or a gateway on another daemon, leaves the records only after it has gone.
    fn judge_record(&mut self, record: &GatewayRecord, keep_old: bool, world: &World, history: &History) {
        if !self.others_since_the_look(history) {
            self.judge_commit(record, world);
        }
        let Some(old) = world.state.records.get(&record.gateway).and_then(|seen| seen.record()) else { return };
        if keep_old {
            return;
        }
        let elsewhere = world.daemons.iter().enumerate().filter(|(at, _)| *at != world.at_address);
        let lives = elsewhere.flat_map(|(_, daemon)| daemon.all_containers()).any(|one| one.id == old.container);
        if lives && !record.daemon.is_same_as(&old.daemon) {
            let what = "the record of what is on another daemon was written over".to_owned();
            self.breach(Invariant::RecordsFollowFacts, what);
        }
        let (daemon, volume) = (world.daemon(), self.names.data_volume(world));
        let forgotten = old.set_aside.iter().find(|name| {
            let named = record.set_aside.contains(*name) || record.volumes.iter().any(|volume| volume.name == **name);
            // What this run itself has named before it ran on it, and undone, goes again.
            daemon.volumes.contains_key(*name) && !named && self.recorded_before.contains(*name)
        });
        if let Some(name) = forgotten.filter(|_| !self.others_since_the_look(history)) {
            let what = format!("the volume `{name}` that was set aside left the record, and it is there");
            self.breach(Invariant::RecordsFollowFacts, what);
        }
        let dropped = old.sandboxes.iter().chain(&old.missing).find(|name| {
            let path = self.names.sandbox_path(world, name.as_str());
            let there = path
                .is_some_and(|path| daemon.volumes.get(&volume).is_some_and(|volume| volume.files.contains_key(&path)));
            there && !record.sandboxes.contains(*name) && !record.missing.contains(*name)
        });
        // What is restored is as old as its backup.
        if let Some(name) = dropped.filter(|_| self.intent.restore.is_none()) {
            let what = format!("the sandbox `{name}` left the record, and it is there");
            self.breach(Invariant::RecordsFollowFacts, what);
        }
    }
}
