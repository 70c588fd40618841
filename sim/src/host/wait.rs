//! The wait for readiness, in virtual time: as the real adapter ends it, without asking when nothing can have changed.

use engine::{ContainerId, Event, Probe, Readiness, Status, WaitEnd};

use super::{SimHost, Stop, Witness};
use crate::fault::CallKind;

/// How many restarts by Docker during one wait make a crash loop, as the real adapter counts.
const RESTARTS_MAX: u64 = 5;

/// How many make one when the warm-up is over and it is still not ready.
const RESTARTS_BY_THE_END: u64 = 2;

impl<W: Witness> SimHost<'_, W> {
    pub(super) fn await_ready(&mut self, id: &ContainerId, probe: &Probe, limit_ms: u64) -> Result<Event, Stop> {
        let mut left_ms = limit_ms.min(self.left_ms());
        let over = if limit_ms <= self.left_ms() { WaitEnd::NotReady } else { WaitEnd::OutOfTime };
        let mut first_restarts = None;
        self.ask(CallKind::Health)?.ok();
        let end = loop {
            let visible = self.world.health_hidden.is_none();
            if visible && matches!(self.world.answers_at(probe.endpoint().port), Readiness::Ready { .. }) {
                break WaitEnd::Ready;
            }
            let mut restarts = 0;
            if let Some(container) = self.world.daemon().store.containers.get(id).filter(|_| self.world.daemon().up) {
                restarts = container.exit.restarts - *first_restarts.get_or_insert(container.exit.restarts);
                match container.status() {
                    Status::Created | Status::Exited | Status::Dead => break WaitEnd::Ended,
                    Status::Running | Status::Paused | Status::Restarting => {}
                }
                if restarts >= RESTARTS_MAX {
                    break WaitEnd::Ended;
                }
            }
            if left_ms == 0 {
                break if over == WaitEnd::NotReady && restarts >= RESTARTS_BY_THE_END { WaitEnd::Ended } else { over };
            }
            // Nothing else than time changes what is asked for.
            let step = self.world.next_change_in_ms().unwrap_or(left_ms).clamp(1, left_ms);
            self.pass_whatever(step);
            left_ms -= step;
        };
        self.after(CallKind::Health)?;
        Ok(Event::Waited { end })
    }
}
