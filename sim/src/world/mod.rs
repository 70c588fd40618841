//! A host with Docker on it, as one plain value: daemons, the machine they run on, and nemoclaw's own files there.
//!
//! It does what Docker does, from Docker's documentation and source; each fact has its source beside it. Two worlds with
//! the same history are equal: identifiers come from the world's own counter, everything is ordered, and time is an
//! argument ([`World::pass`]): a world holds what is left of each wait and never what o'clock it is.
//! Absent on purpose: faults in answers, which are the host's that carries the answers ([`crate::host`]), and any
//! judgement.

mod apply;
pub mod archive;
pub mod backup;
pub mod call;
pub mod container;
mod create;
pub mod daemon;
pub mod effect;
mod objects;
mod power;
pub mod program;
mod start;

use std::collections::BTreeMap;

use engine::{ContainerId, Disk, GatewayName, Gpu, ImageId, ImageRef, Older, Readiness, RecordSeen, Shared};
use serde::{Deserialize, Serialize};

use self::backup::Backup;
use self::call::Call;
use self::container::{Container, Life, Process};
use self::daemon::Daemon;
use self::effect::{Actor, Effect, History};
use self::program::{Does, FORM, Program};

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct World {
    /// The daemons that run here, or could.
    pub daemons: Vec<Shared<Daemon>>,
    /// Which of them the run's address leads to.
    pub at_address: usize,
    /// What the registry gives for a reference.
    pub published: Shared<BTreeMap<ImageRef, ImageId>>,
    /// What each image does.
    pub programs: Shared<BTreeMap<ImageId, Program>>,
    /// Processes of the host that hold ports.
    pub held_ports: BTreeMap<u16, HostProcess>,
    /// Whether there is room for Docker's data.
    pub disk: Disk,
    /// Why the gateway's health cannot be asked from where nemoclaw runs, if it cannot.
    pub health_hidden: Option<String>,
    /// Folders of the host that are gone, such as a disk that is not mounted.
    pub gone_folders: Vec<String>,
    /// How the daemons give GPUs to containers.
    pub gpu: Option<Gpu>,
    /// nemoclaw's own files.
    pub state: Shared<StateDir>,
    late: Vec<Late>,
    born: u64,
}

/// A process of the host that holds a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HostProcess {
    /// Its process ID.
    pub pid: u32,
    /// Its command line.
    pub command: String,
    /// The HTTP status that it answers with; none where it does not speak HTTP.
    pub answers: Option<u16>,
}

/// nemoclaw's own files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StateDir {
    /// The records.
    pub records: BTreeMap<GatewayName, RecordSeen>,
    /// Records that were kept beside newer ones.
    pub kept: Vec<RecordSeen>,
    /// Whether it can be written to.
    pub read_only: bool,
    /// Whose lock on which gateway is held.
    pub locks: BTreeMap<GatewayName, u32>,
    /// What the older tool left.
    pub older: BTreeMap<GatewayName, Older>,
    /// The backups, oldest first.
    #[serde(default)]
    pub backups: Vec<Backup>,
}

impl StateDir {
    /// The latest backup of a gateway.
    pub fn latest_backup(&self, gateway: &GatewayName) -> Option<&Backup> {
        self.backups.iter().rev().find(|backup| backup.gateway == *gateway)
    }
}

/// A request whose effect comes later than the connection's end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Late {
    in_ms: u64,
    /// How late it is in all.
    late_ms: u64,
    by: Actor,
    daemon: usize,
    call: Call,
}

/// How long Docker waits before it starts a container again: 100 ms the first time, doubled up to a minute
/// (moby `restartmanager`).
const RESTART_AFTER_MS: u64 = 100;
const RESTART_AFTER_MAX_MS: u64 = 60_000;

/// The exit code of a program that finds data of a newer form than its own.
const DATA_TOO_NEW: i64 = 1;

impl World {
    /// A machine with these daemons, of which the first one answers.
    pub fn new(daemons: Vec<Daemon>, programs: BTreeMap<ImageId, Program>) -> Self {
        Self {
            daemons: daemons.into_iter().map(Shared::new).collect(),
            at_address: 0,
            published: Shared::default(),
            programs: Shared::new(programs),
            held_ports: BTreeMap::new(),
            disk: Disk::Room,
            health_hidden: None,
            gone_folders: Vec::new(),
            gpu: None,
            state: Shared::default(),
            late: Vec::new(),
            born: 0,
        }
    }

    /// The daemon that the run's address leads to.
    pub fn daemon(&self) -> &Daemon {
        &self.daemons[self.at_address]
    }

    /// The same, to change.
    pub fn daemon_mut(&mut self) -> &mut Daemon {
        &mut self.daemons[self.at_address]
    }

    /// The next number of this world: for identifiers and births.
    pub fn number(&mut self) -> u64 {
        self.born += 1;
        self.born
    }

    /// What a container's program does, if its image is one that this world knows.
    pub fn program(&self, image: &ImageId) -> Program {
        self.programs.get(image).cloned().unwrap_or_default()
    }

    /// What a container's program does once it is warm. One that this world does not know serves; one that finds data
    /// of a newer form than its own ends.
    fn does(&self, daemon: &Daemon, container: &Container) -> Does {
        let Some(program) = self.programs.get(&container.config.image_id) else { return Does::Serves };
        let volume = container.writes_to().next().and_then(|name| daemon.volumes.get(name));
        let form = volume.and_then(|volume| volume.files.get(FORM).copied()).unwrap_or_default();
        if form > program.form { Does::Ends { code: DATA_TOO_NEW } } else { program.does }
    }

    /// Removes the registry's record of a gateway, and says what it was.
    pub fn remove_record(&mut self, gateway: &GatewayName, by: Actor, history: &mut History) -> Option<RecordSeen> {
        let seen = self.state.records.remove(gateway)?;
        let of = seen.record().map(|record| record.container.clone());
        let named = |record: &engine::GatewayRecord| {
            record.volume_names().into_iter().chain(record.set_aside.iter().cloned()).collect()
        };
        let volumes = seen.record().map(named).unwrap_or_default();
        history.note(by, Effect::RecordRemoved { gateway: gateway.to_string(), of, volumes });
        Some(seen)
    }

    /// Has the effect of a request come later.
    pub fn apply_later(&mut self, in_ms: u64, by: Actor, call: Call) {
        self.late.push(Late { in_ms, late_ms: in_ms, by, daemon: self.at_address, call });
    }

    /// What is still to come is from now on somebody else's, as what an earlier run asked for.
    pub fn leave_late_to(&mut self, by: Actor) {
        self.late.iter_mut().for_each(|late| late.by = by);
    }

    /// Whether a stop or restart that this one asked for is still to come, as long after the request as that at most.
    pub fn will_stop(&self, by: Actor, at_most_ms: u64) -> bool {
        self.late.iter().any(|late| {
            let stops = matches!(late.call, Call::Stop { .. } | Call::Kill { .. } | Call::Restart { .. });
            stops && late.by == by && late.late_ms <= at_most_ms
        })
    }

    /// Whether anything is still to come by itself: an effect, a restart, the end of a warm-up.
    pub fn next_change_in_ms(&self) -> Option<u64> {
        let late = self.late.iter().map(|late| late.in_ms);
        let timers = self.daemons.iter().filter(|daemon| daemon.up).flat_map(|daemon| {
            daemon.store.containers.values().filter_map(|container| match container.life {
                Life::Running { process } if process.warm_in_ms > 0 => Some(process.warm_in_ms),
                Life::Restarting { in_ms } => Some(in_ms),
                Life::Running { .. } | Life::Created | Life::Paused { .. } | Life::Exited | Life::Dead => None,
            })
        });
        late.chain(timers).min()
    }

    /// Lets time pass; whatever comes by itself within it happens, in order.
    pub fn pass(&mut self, ms: u64, history: &mut History) {
        let mut left = ms;
        loop {
            let step = self.next_change_in_ms().map_or(left, |next| next.min(left));
            self.count_down(step);
            left -= step;
            if !self.happen(history) && left == 0 {
                return;
            }
        }
    }

    fn count_down(&mut self, ms: u64) {
        for late in &mut self.late {
            late.in_ms = late.in_ms.saturating_sub(ms);
        }
        let ticks = |container: &Container| match container.life {
            Life::Running { process } => process.warm_in_ms > 0,
            Life::Restarting { in_ms } => in_ms > 0,
            Life::Created | Life::Paused { .. } | Life::Exited | Life::Dead => false,
        };
        for daemon in self.daemons.iter_mut().filter(|daemon| daemon.up) {
            // Touched is only what changes, so that the rest stays shared.
            if !daemon.store.containers.values().any(ticks) {
                continue;
            }
            for container in daemon.store.containers.values_mut() {
                match &mut container.life {
                    Life::Running { process } => process.warm_in_ms = process.warm_in_ms.saturating_sub(ms),
                    Life::Restarting { in_ms } => *in_ms = in_ms.saturating_sub(ms),
                    Life::Created | Life::Paused { .. } | Life::Exited | Life::Dead => {}
                }
            }
        }
    }

    /// Whatever is due happens; whether anything did.
    fn happen(&mut self, history: &mut History) -> bool {
        if let Some(at) = self.late.iter().position(|late| late.in_ms == 0) {
            let late = self.late.remove(at);
            // A daemon that is down loses the request.
            if self.daemons[late.daemon].up {
                let _lost = self.apply_at(late.daemon, late.by, &late.call, history);
            }
            return true;
        }
        for at in 0..self.daemons.len() {
            if !self.daemons[at].up {
                continue;
            }
            if let Some((id, due)) = self.due(at) {
                match due {
                    Due::Ends { code, oom } => self.end(at, &id, code, oom, Actor::Daemon, history),
                    Due::Starts => {
                        let _fails_again = self.start_process(at, &id, Actor::Daemon, history);
                    }
                }
                return true;
            }
        }
        false
    }

    fn due(&self, daemon: usize) -> Option<(ContainerId, Due)> {
        let daemon = &self.daemons[daemon];
        daemon.store.containers.values().find_map(|container| {
            let due = match container.life {
                Life::Running { process: Process { warm_in_ms: 0, .. } } => match self.does(daemon, container) {
                    Does::Ends { code } => Due::Ends { code, oom: false },
                    Does::RunsOutOfMemory => Due::Ends { code: 137, oom: true },
                    Does::Serves | Does::Answers { .. } | Does::Hangs => return None,
                },
                Life::Restarting { in_ms: 0 } => Due::Starts,
                Life::Running { .. }
                | Life::Restarting { .. }
                | Life::Created
                | Life::Paused { .. }
                | Life::Exited
                | Life::Dead => return None,
            };
            Some((container.id.clone(), due))
        })
    }

    /// Who publishes a port of the host now, if a container does, on whichever daemon.
    pub fn publisher(&self, port: u16) -> Option<(usize, &Container)> {
        self.daemons.iter().enumerate().find_map(|(at, daemon)| {
            let publishes = |container: &&Container| {
                matches!(container.life, Life::Running { .. } | Life::Paused { .. })
                    && container.is_reached()
                    && container.config.ports.iter().any(|published| published.host == port)
            };
            daemon.store.containers.values().find(publishes).map(|container| (at, container))
        })
    }

    /// What answers over HTTP at a port of the host. Whoever takes a connection and stays silent is unreachable, too:
    /// see [`World::is_silent`].
    pub fn answers_at(&self, port: u16) -> Readiness {
        if let Some(process) = self.held_ports.get(&port) {
            return process.answers.map_or(Readiness::Unreachable, |status| Readiness::NotReady { status });
        }
        let Some((at, container)) = self.publisher(port) else { return Readiness::Unreachable };
        match container.process() {
            Some(Process { warm_in_ms: 0, hangs: false }) => match self.does(&self.daemons[at], container) {
                Does::Serves => Readiness::Ready { marked: true },
                Does::Answers { status } => Readiness::NotReady { status },
                Does::Hangs | Does::Ends { .. } | Does::RunsOutOfMemory => Readiness::Unreachable,
            },
            Some(_) | None => Readiness::Unreachable,
        }
    }

    /// Whether a connection to a port of the host is taken and never answered: a frozen process, or one that hangs.
    pub fn is_silent(&self, port: u16) -> bool {
        let Some((at, container)) = self.publisher(port) else { return false };
        match container.process() {
            Some(process) => {
                process.warm_in_ms == 0 && (process.hangs || self.does(&self.daemons[at], container) == Does::Hangs)
            }
            None => true,
        }
    }
}

/// What comes by itself.
enum Due {
    Ends { code: i64, oom: bool },
    Starts,
}
