//! Waiting until a gateway is ready, its container ends, or the time is over. Docker has no event for readiness, so its
//! health endpoint is asked again and again. What cannot be seen ends no wait: the picture after it decides.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::Duration;

use engine::{ContainerId, Event, Known, Probe, Readiness, Status, WaitEnd};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{ASK_LIMIT, PROBE_LIMIT, RealHost};

/// When a gateway that is warming up is asked again although it has not answered yet: what it took before it was
/// listening to requests it may never answer.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often a gateway that is warming up is asked, at first and at last: one that starts at once is not kept waiting for,
/// and one that takes minutes is left alone. Docker has no event for it.
const PROBE_EVERY: RangeInclusive<Duration> = Duration::from_millis(5)..=Duration::from_millis(20);

/// The pause before the next question is this part of the time waited so far.
const PROBE_PAUSE_PART: u32 = 50;

/// How often its container is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How many restarts by Docker during one wait make a crash loop: a gateway may fail once or twice while what it needs
/// is still coming up after a reboot.
const RESTARTS_MAX: u64 = 5;

/// How many make one when the warm-up is over and it is still not ready.
const RESTARTS_BY_THE_END: u64 = 2;

impl RealHost {
    pub(super) async fn await_ready(&self, container: &ContainerId, probe: &Probe, warm_up: Duration) -> Event {
        let warm = Instant::now() + warm_up;
        let over = if warm <= self.ends { WaitEnd::NotReady } else { WaitEnd::OutOfTime };
        let until = warm.min(self.ends);
        let restarts = Cell::new(0);
        let end = tokio::select! {
            () = self.answers_ready(probe) => WaitEnd::Ready,
            () = self.keeps_ending(container, &restarts) => WaitEnd::Ended,
            () = sleep_until(until) => over,
        };
        let loops = end == WaitEnd::NotReady && restarts.get() >= RESTARTS_BY_THE_END;
        Event::Waited { end: if loops { WaitEnd::Ended } else { end } }
    }

    /// Ends when the health endpoint says that it is ready.
    async fn answers_ready(&self, probe: &Probe) {
        let began = Instant::now();
        let mut asked = FuturesUnordered::new();
        loop {
            asked.push(self.prober.readiness(probe, PROBE_LIMIT));
            let answer = timeout(ASK_AGAIN_AFTER, asked.next()).await;
            match answer {
                Ok(Some(Known::Known(Readiness::Ready { .. }))) => return,
                Ok(_) => {
                    let pause = began.elapsed() / PROBE_PAUSE_PART;
                    sleep(pause.clamp(*PROBE_EVERY.start(), *PROBE_EVERY.end())).await;
                }
                Err(_) => {}
            }
        }
    }

    /// Ends when the container has ended and stays so, or was restarted by Docker again and again; tells how often so
    /// far. What cannot be seen ends nothing: the picture after the wait decides.
    async fn keeps_ending(&self, container: &ContainerId, restarts: &Cell<u64>) {
        let mut first = None;
        loop {
            sleep(LOOK_EVERY).await;
            let Ok((status, exit)) = self.daemon.status_of(container, ASK_LIMIT).await else { continue };
            restarts.set(exit.restarts.saturating_sub(*first.get_or_insert(exit.restarts)));
            match status {
                Known::Known(Status::Created | Status::Exited | Status::Dead) => return,
                Known::Known(Status::Running | Status::Paused | Status::Restarting) | Known::Unknown(_) => {}
            }
            if restarts.get() >= RESTARTS_MAX {
                return;
            }
        }
    }
}
