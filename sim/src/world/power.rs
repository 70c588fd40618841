//! What happens to containers when their daemon ends and starts again, and when the machine does.

use engine::RestartPolicy;

use super::World;
use super::container::Life;
use super::daemon::Daemon;
use super::effect::{Actor, Effect, History};

/// The exit code of a process that was killed. After a reboot Docker also shows others, even 0: it says nothing.
const KILLED: i64 = 137;

impl World {
    /// Power is cut: every process ends at once, the daemons' included.
    pub fn cut_power(&mut self, history: &mut History) {
        for at in 0..self.daemons.len() {
            self.kill_daemon(at, Actor::Machine, history);
        }
        self.late.clear();
        self.state.locks.clear();
        self.held_ports.clear();
    }

    /// A daemon and its containers end at once. It notes nothing, so that it finds them as running when it is back.
    pub fn kill_daemon(&mut self, at: usize, by: Actor, history: &mut History) {
        let daemon = &mut self.daemons[at];
        daemon.up = false;
        for container in daemon.store.containers.values_mut() {
            if container.may_write() {
                history.note(by, Effect::ContainerEnded { id: container.id.clone() });
                container.life = Life::Exited;
                container.exit.code = KILLED;
            }
        }
        self.late.retain(|late| late.daemon != at);
    }

    /// A daemon starts, and starts those containers that their policy says (moby `daemon.go` `restore`): `always` even
    /// after a manual stop, `unless-stopped` not, `on-failure` by the exit code alone (moby `restartmanager.go`,
    /// `ShouldRestart`). Those that remove themselves when they end are removed, never started or not; their anonymous
    /// volumes stay, since the daemon has not loaded them yet (Docker 20.10, `tests/conformance/recorded/`). Any other
    /// that was never started stays so.
    pub fn start_daemon(&mut self, at: usize, history: &mut History) {
        if std::mem::replace(&mut self.daemons[at].up, true) {
            return;
        }
        let ended: Vec<_> = self.daemons[at].store.containers.keys().cloned().collect();
        for id in ended {
            let Some(container) = self.daemons[at].store.containers.get_mut(&id) else { continue };
            if container.config.auto_remove {
                self.remove_container(at, &id, false, Actor::Daemon, history);
                continue;
            }
            if container.life != Life::Exited {
                continue;
            }
            let starts = match container.restart() {
                RestartPolicy::No => false,
                RestartPolicy::Always => true,
                RestartPolicy::UnlessStopped => !container.stopped_by_hand,
                RestartPolicy::OnFailure => container.exit.code != 0,
            };
            if starts {
                let _stays_as_it_is = self.start_process(at, &id, Actor::Daemon, history);
            }
        }
    }

    /// The daemon uses another storage driver from now on: what it held with the other one is there, and not shown.
    pub fn switch_store(&mut self, at: usize, driver: &str) {
        let daemon = &mut *self.daemons[at];
        let store = daemon.other_stores.remove(driver).unwrap_or_default();
        let old = std::mem::replace(&mut daemon.store, store);
        let old_driver = std::mem::replace(&mut daemon.identity.storage_driver, driver.to_owned());
        daemon.other_stores.insert(old_driver, old);
    }

    /// Everything under the data root is gone, as when its disk is not mounted.
    pub fn empty_data_root(&mut self, at: usize) {
        let daemon = &mut self.daemons[at];
        let empty = Daemon::new(daemon.identity.clone());
        **daemon = Daemon { up: daemon.up, ..empty };
    }
}
