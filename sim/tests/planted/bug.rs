//! A bug that is planted: what it does to a command, to its answer or to the host, at the seam between the engine and
//! the simulated host.

use std::sync::Arc;

use engine::{Command, Event, GatewayRecord, Host, HostSeen, Intent, Purpose, VolumeName};
use sim::base::Names;
use sim::host::{SimHost, Witness};
use sim::oracle::Invariant;
use sim::scenario::Scenario;
use sim::seam::Seam;
use sim::world::World;
use sim::world::call::Call;
use sim::world::effect::{Actor, History};

/// One bug.
#[derive(Clone, Copy)]
pub struct Bug {
    /// What is wrong.
    pub name: &'static str,
    /// Where it was a real one; empty where it is one that could be.
    pub from: &'static str,
    /// The invariant that it breaks.
    pub breaks: Invariant,
    /// Where it takes two or more exactly placed faults, which random exploration is not asked to place: they.
    pub exact: Option<fn() -> Scenario>,
    /// Another command in the place of the engine's.
    pub instead: fn(&Ground<'_>, &Command) -> Option<Command>,
    /// What happens to the host before a command.
    pub before: fn(&mut Ground<'_>, &Command),
    /// What happens to the host and to the answer after it.
    pub after: fn(&mut Ground<'_>, &Command, &mut Event),
    /// Whether the command is given once more, without a look.
    pub again: fn(&Command, &Event) -> bool,
}

/// What a bug can reach.
pub struct Ground<'a> {
    pub world: &'a mut World,
    pub history: &'a mut History,
    pub names: &'a Names,
    pub memory: &'a mut Memory,
}

/// What a run with a bug remembers.
#[derive(Clone, Default)]
pub struct Memory {
    /// Whether its owner consented to a reset.
    pub consented: bool,
    /// Whether it is to destroy something.
    pub destroys: bool,
    /// Whether it is to restore a backup.
    pub restores: bool,
    /// The record as it was read.
    pub record: Option<Arc<GatewayRecord>>,
    /// The first picture.
    pub first: Option<Box<HostSeen>>,
}

/// A bug at its seam, in one run.
#[derive(Clone)]
pub struct Planted {
    bug: Bug,
    memory: Memory,
}

impl Planted {
    /// In a run with this intent.
    pub fn new(bug: Bug, intent: &Intent) -> Self {
        Self {
            bug,
            memory: Memory {
                consented: intent.reset.is_some(),
                destroys: matches!(intent.purpose, Purpose::Destroy(_)),
                restores: intent.restore.is_some(),
                ..Memory::default()
            },
        }
    }
}

impl Seam for Planted {
    async fn perform<W: Witness>(&mut self, host: &mut SimHost<'_, W>, command: &Command) -> Event {
        let Self { bug, memory } = self;
        let names = host.names();
        let mut ground = Ground { world: host.world, history: host.history, names, memory };
        (bug.before)(&mut ground, command);
        let instead = (bug.instead)(&ground, command);
        let mut event = host.perform(instead.as_ref().unwrap_or(command)).await;
        if (bug.again)(command, &event) {
            event = host.perform(command).await;
        }
        if let Event::RecordRead { record: engine::RecordSeen::Present { record }, .. } = &event {
            memory.record = Some(record.clone());
        }
        let mut ground = Ground { world: host.world, history: host.history, names, memory };
        (bug.after)(&mut ground, command, &mut event);
        event
    }
}

impl Ground<'_> {
    /// Whether the picture shows no container of the gateway's name.
    pub fn is_missing_in(&self, host: &HostSeen) -> bool {
        host.containers.known().is_some_and(|all| all.iter().all(|one| one.name != self.names.container))
    }

    /// Asks the daemon for something that the engine has no command for.
    pub fn ask(&mut self, call: &Call) {
        if self.world.daemon().up {
            let _answer = self.world.apply(Actor::Run, call, self.history);
        }
    }

    /// Removes a volume.
    pub fn remove_volume(&mut self, name: &VolumeName) {
        self.ask(&Call::RemoveVolume { name: name.clone() });
    }

    /// Removes the gateway's volumes, as what cleans up does.
    pub fn remove_volumes(&mut self) {
        let names = self.names;
        for (name, _) in names.spec.volumes() {
            self.remove_volume(name);
        }
    }

    /// Removes the gateway's container, running or not.
    pub fn remove_container(&mut self, volumes: bool) {
        if let Some(container) = self.world.daemon().named(&self.names.container) {
            let id = container.id.clone();
            self.ask(&Call::RemoveContainer { id, force: true, volumes });
        }
    }
}
