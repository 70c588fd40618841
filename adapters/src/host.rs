//! The real host: carries out the engine's commands, one at a time, and keeps the time that the engine does not.
//! Promises an answer to every command inside the run's time limit, but for an image, a backup, a restore and carried
//! files that still move, and for a stop that has its grace. Absent on purpose: retries, and any choice of names, IDs or flags.

mod ready;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{
    Command, ContainerId, Endpoint, Event, Failure, GatewayName, Host, HostSeen, ImageSource, Known, Older, PortHolder,
    PortSpec, Probe, RecordSeen, SandboxListing, SandboxName, Target,
};
use tokio::time::{Instant, sleep};

use crate::docker::{Address, BadAddress, Credentials, Daemon, PortContainer, PullProgress};
use crate::http::Prober;
use crate::older::OlderTool;
use crate::own_files::Existing;
use crate::state::{LockFailed, LockGuard, Locks, Registry, StateDir};
use crate::{backup, disk, executable, own_files, ports};

/// How long one question to Docker may take: its answers take milliseconds. One that waits behind the daemon's lock on a
/// container that is being stopped is asked again by the next look.
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// How long a program in the gateway's container may take: `kubectl` on a busy k3s takes seconds.
const EXEC_LIMIT: Duration = Duration::from_secs(15);

/// How long an act may take to be answered: a start waits for the container's runtime, on a slow disk for seconds.
const ACT_LIMIT: Duration = Duration::from_secs(60);

/// How long a health endpoint gets to answer one question: a gateway on a busy machine answers late, and is well.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

/// What a run may still ask after its time limit, so that it can say how things stand.
const CLOSING_LIMIT: Duration = Duration::from_secs(3);

/// What a run on a real host needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Docker is.
    pub address: Address,
    /// Where the state is kept.
    pub state: StateDir,
    /// Where the older tool keeps its files.
    pub older: OlderTool,
    /// Where the credentials for registries are kept.
    pub credentials: Credentials,
    /// How long answers and readiness may take in all. What a pull takes does not count.
    pub time_limit: Duration,
}

/// A real host.
pub struct RealHost {
    daemon: Daemon,
    prober: Prober,
    registry: Registry,
    older: OlderTool,
    locks: Locks,
    lock: Option<LockGuard>,
    credentials: Credentials,
    on_pull: Box<dyn Fn(PullProgress)>,
    on_backup: Box<dyn Fn(u64)>,
    state: StateDir,
    ends: Instant,
}

impl RealHost {
    /// Prepares a run; asks nobody anything. The time limit begins now.
    ///
    /// # Errors
    /// An address whose TLS certificates cannot be read.
    pub fn new(settings: Settings) -> Result<Self, BadAddress> {
        let remote = settings.address.host().map(str::to_owned);
        Ok(Self {
            daemon: Daemon::new(settings.address)?,
            prober: Prober::new(remote),
            registry: Registry::new(&settings.state),
            older: settings.older,
            locks: Locks::new(&settings.state),
            lock: None,
            credentials: settings.credentials,
            on_pull: Box::new(|_| {}),
            on_backup: Box::new(|_| {}),
            state: settings.state,
            ends: Instant::now() + settings.time_limit,
        })
    }

    /// Has this told, many times a second, how far a pull has come.
    pub fn on_pull(self, tell: impl Fn(PullProgress) + 'static) -> Self {
        Self { on_pull: Box::new(tell), ..self }
    }

    /// Has this told, many times a second, how many bytes have been copied into a backup, or out of one.
    pub fn on_backup(self, tell: impl Fn(u64) + 'static) -> Self {
        Self { on_backup: Box::new(tell), ..self }
    }
}

impl Host for RealHost {
    async fn perform(&mut self, command: &Command) -> Event {
        let began = Instant::now();
        let event = self.carry_out(command).await;
        match command {
            // It takes as long as it moves: that is no part of the time for answers and readiness.
            Command::ProvideImage { .. }
            | Command::CarryOver { .. }
            | Command::BackUp(_)
            | Command::VerifyBackup { .. }
            | Command::Restore(_) => self.ends += began.elapsed(),
            // A grace may outlast the limit; what came of it can still be asked.
            Command::StopContainer { .. } | Command::RestartContainer { .. } => {
                self.ends = self.ends.max(Instant::now())
            }
            Command::TakeLock { .. }
            | Command::ReadRecord { .. }
            | Command::FindNames { .. }
            | Command::Observe(_)
            | Command::CreateNetwork { .. }
            | Command::CreateVolume { .. }
            | Command::CreateContainer(_)
            | Command::ConnectNetwork { .. }
            | Command::StartContainer { .. }
            | Command::UnpauseContainer { .. }
            | Command::AwaitReady { .. }
            | Command::ListSandboxes { .. }
            | Command::ReadLogs { .. }
            | Command::MeasureVolumes { .. }
            | Command::CreateNext(_)
            | Command::RenameContainer { .. }
            | Command::SetRestartPolicy { .. }
            | Command::RemoveContainer { .. }
            | Command::CreateHelper(_)
            | Command::RemoveVolume { .. }
            | Command::RemoveNetwork { .. }
            | Command::SetRecordAside { .. }
            | Command::BeginRollBack { .. }
            | Command::WriteRecord { .. } => {}
        }
        event
    }
}

impl RealHost {
    async fn carry_out(&mut self, command: &Command) -> Event {
        let act = self.limit(ACT_LIMIT);
        match command {
            Command::TakeLock { gateway, wait } => self.take_lock(gateway, *wait).await,
            Command::ReadRecord { gateway } => self.read_record(gateway),
            Command::FindNames { containers, volumes, wait_ms } => {
                self.wait(*wait_ms).await;
                let found = self.daemon.find_names(containers, volumes, self.limit(ASK_LIMIT)).await;
                Event::NamesFound { found }
            }
            Command::Observe(target) => Event::Observed { host: Box::new(self.observe(target).await) },
            Command::ProvideImage { reference, source } => {
                let provided = match source {
                    ImageSource::Registry => self.daemon.pull(reference, &self.credentials, &self.on_pull).await,
                    ImageSource::Executable => executable::provide(&self.daemon, reference).await,
                    ImageSource::Empty => self.daemon.import_empty(reference).await,
                };
                answer(provided)
            }
            Command::CreateNetwork { name, labels } => self.daemon.create_network(name, labels, act).await,
            Command::CreateVolume { name, labels } => self.daemon.create_volume(name, labels, act).await,
            Command::CreateContainer(new) => {
                match own_files::make(&new.mounts, self.daemon.address().is_local(), Existing::Corrected) {
                    Ok(()) => self.daemon.create_container(new, act).await,
                    Err(failure) => Event::Failed { failure },
                }
            }
            Command::ConnectNetwork { container, network, aliases, ipv4 } => {
                self.daemon.connect_network(container, network, aliases, ipv4.as_deref(), act).await
            }
            Command::StartContainer { container, files } => {
                match own_files::make(files, self.daemon.address().is_local(), Existing::Kept) {
                    Ok(()) => self.daemon.start(container, act).await,
                    Err(failure) => Event::Failed { failure },
                }
            }
            Command::UnpauseContainer { container } => self.daemon.unpause(container, act).await,
            Command::StopContainer { container, grace_s } => self.daemon.stop(container, *grace_s, act).await,
            Command::RestartContainer { container, grace_s } => self.daemon.restart(container, *grace_s, act).await,
            Command::AwaitReady { container, probe, limit_ms } => {
                self.await_ready(container, probe, Duration::from_millis(*limit_ms)).await
            }
            Command::ListSandboxes { container, endpoint, listing } => {
                Event::SandboxesListed { sandboxes: self.list_sandboxes(container, endpoint, listing).await }
            }
            Command::ReadLogs { container, lines } => self.daemon.read_logs(container, *lines, CLOSING_LIMIT).await,
            Command::MeasureVolumes { volumes } => self.daemon.measure_volumes(volumes, self.limit(ASK_LIMIT)).await,
            Command::CreateNext(next) => {
                match own_files::make(&next.mounts, self.daemon.address().is_local(), Existing::Corrected) {
                    Ok(()) => self.daemon.create_next(next, act).await,
                    Err(failure) => Event::Failed { failure },
                }
            }
            Command::CarryOver { from, to, paths } => self.daemon.carry_over(from, to, paths).await,
            Command::RenameContainer { container, name } => self.daemon.rename(container, name, act).await,
            Command::SetRestartPolicy { container, policy } => {
                self.daemon.set_restart_policy(container, *policy, act).await
            }
            Command::RemoveContainer { container } => self.daemon.remove_container(container, act).await,
            Command::CreateHelper(helper) => self.daemon.create_helper(helper, act).await,
            Command::BackUp(order) => match backup::make(&self.daemon, &self.state, order, &self.on_backup).await {
                Ok(backup) => Event::BackedUp { backup },
                Err(failure) => Event::Failed { failure },
            },
            Command::RemoveVolume { absence } => self.daemon.remove_volume(absence, self.limit(ASK_LIMIT), act).await,
            Command::VerifyBackup { backup } => match backup::contents(backup).await {
                Ok(contents) => Event::BackupVerified { contents: Box::new(contents) },
                Err(failure) => Event::Failed { failure },
            },
            Command::Restore(order) => answer(backup::restore(&self.daemon, order, &self.on_backup).await),
            Command::RemoveNetwork { network } => self.daemon.remove_network(network, act).await,
            Command::SetRecordAside { gateway } => answer(self.registry.set_aside(gateway)),
            Command::BeginRollBack { next, lines, limit_ms } => {
                self.ends = self.ends.max(Instant::now() + Duration::from_millis(*limit_ms));
                self.daemon.read_logs(next, *lines, CLOSING_LIMIT).await
            }
            Command::WriteRecord { record, keep_old } => answer(self.registry.write(record, *keep_old)),
        }
    }

    /// What is left of the run's time, at most `most`; a little of it is left for saying how things stand.
    fn limit(&self, most: Duration) -> Duration {
        let closing = self.ends + CLOSING_LIMIT;
        let left = self.ends.saturating_duration_since(Instant::now());
        left.max(closing.saturating_duration_since(Instant::now()).min(CLOSING_LIMIT)).min(most)
    }

    async fn wait(&self, wait_ms: u64) {
        if wait_ms > 0 {
            sleep(self.limit(Duration::from_millis(wait_ms))).await;
        }
    }

    /// The record, and, where there is none, what the older tool left.
    fn read_record(&self, gateway: &GatewayName) -> Event {
        let record = self.registry.read(gateway);
        let older = (record == RecordSeen::Absent).then(|| {
            let older = self.older.read(gateway);
            Older { port: older.port, sandboxes: older.sandboxes, problems: older.problems }
        });
        Event::RecordRead { record, older }
    }

    async fn list_sandboxes(
        &self,
        container: &ContainerId,
        endpoint: &Endpoint,
        listing: &SandboxListing,
    ) -> Known<BTreeMap<SandboxName, Option<String>>> {
        let limit = self.limit(ASK_LIMIT);
        match listing {
            SandboxListing::None => Known::Known(BTreeMap::new()),
            SandboxListing::Http { path } => match self.prober.sandboxes(endpoint, path, limit).await {
                Known::Known(names) => Known::Known(names.into_iter().map(|name| (name, None)).collect()),
                Known::Unknown(why) => Known::Unknown(why),
            },
            SandboxListing::Siblings { label, name_label } => self.daemon.siblings(label, name_label, limit).await,
            SandboxListing::Exec { command } => self.daemon.printed(container, command, self.limit(EXEC_LIMIT)).await,
        }
    }

    async fn take_lock(&mut self, gateway: &GatewayName, wait: bool) -> Event {
        let limit = self.ends.saturating_duration_since(Instant::now());
        match self.locks.take(gateway, wait, limit).await {
            Ok(guard) => {
                self.lock = Some(guard);
                Event::LockTaken
            }
            Err(LockFailed::Held(holder)) => Event::LockHeld { holder },
            Err(LockFailed::Unusable(failure)) => Event::Failed { failure },
        }
    }

    /// One whole picture. Docker and the health endpoint are asked at the same time; where the container turns out to
    /// publish another port than the wanted one, its health is asked again there.
    async fn observe(&self, target: &Target) -> HostSeen {
        self.wait(target.wait_ms).await;
        let limit = self.limit(ASK_LIMIT);
        let wanted = Probe::of(&target.readiness, &target.port, None);
        let (seen, wanted_readiness) =
            tokio::join!(self.daemon.look(target, limit), self.prober.readiness(&wanted, self.limit(PROBE_LIMIT)));
        let probe = Probe::of(&target.readiness, &seen.port, seen.bindings.as_deref());
        let readiness = if probe == wanted {
            wanted_readiness
        } else {
            self.prober.readiness(&probe, self.limit(PROBE_LIMIT)).await
        };
        let local = self.daemon.address().is_local();
        let daemon_root =
            seen.daemon.as_ref().and_then(|daemon| daemon.known()).map(|daemon| daemon.data_root.as_str());
        let disk = disk::room(daemon_root.or(target.data_root.as_deref()), local);
        let port = holder_of_port(&seen.port, &seen.port_container, local);
        let holder = |of: &Option<(PortSpec, Known<Option<PortContainer>>)>| {
            of.as_ref().map(|(port, container)| holder_of_port(port, container, local))
        };
        let (health_port, wanted_port) = (holder(&seen.health_port), holder(&seen.wanted_port));
        HostSeen {
            daemon: seen.daemon,
            containers: seen.containers,
            volumes: seen.volumes,
            image: seen.image,
            lacking: seen.lacking,
            networks: seen.networks,
            port,
            health_port,
            wanted_port,
            readiness,
            disk: Known::Known(disk),
            remains: seen.remains,
            layer: seen.layer,
            gpu: seen.gpu,
            node_name: seen.node_name,
        }
    }
}

fn answer<T>(result: Result<T, Failure>) -> Event {
    match result {
        Ok(_) => Event::Done,
        Err(failure) => Event::Failed { failure },
    }
}

/// Who holds the port: Docker is asked first, because a container's port is held by a process of Docker's own.
fn holder_of_port(port: &PortSpec, container: &Known<Option<PortContainer>>, local: bool) -> Known<PortHolder> {
    match container {
        Known::Unknown(why) => Known::Unknown(why.clone()),
        Known::Known(Some(holder)) if holder.is_own => Known::Known(PortHolder::Gateway),
        Known::Known(Some(holder)) => {
            Known::Known(PortHolder::Container { name: holder.name.clone(), id: holder.id.clone() })
        }
        Known::Known(None) if !local => Known::Known(PortHolder::NotVisible),
        Known::Known(None) => ports::holder_of(port),
    }
}
