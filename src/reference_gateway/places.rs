//! The places of connections that are served at once, and who gives one up when somebody waits for it.
//!
//! Nobody who connects is kept out by those who do nothing: the connection that has waited longest between two requests
//! goes first, at once; where all have a request under way, the one that was begun first goes, once it has had
//! `patience`. Absent on purpose: the connections themselves, and any limit where nobody waits.

use std::{
    future::pending,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

/// Descriptors that are not for connections: the standard streams, the listeners, the runtime's, the open folders.
const OTHER_DESCRIPTORS: u64 = 32;
/// Descriptors that one connection may need at once: its socket, a file, and two folders on the way to that.
const DESCRIPTORS_EACH: u64 = 4;

/// As many places as may be taken, of these many wanted: each must have its descriptors.
pub fn affordable(wanted: usize, descriptors: Option<u64>) -> usize {
    let Some(descriptors) = descriptors else { return wanted };
    let places = descriptors.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS_EACH;
    usize::try_from(places).map_or(wanted, |places| places.clamp(1, wanted))
}

/// All places that are taken.
pub struct Places {
    patience: Duration,
    taken: Vec<Weak<Place>>,
    fell_idle: Arc<Notify>,
}

/// One connection's place, which is free again once this is dropped.
pub struct Place {
    doing: watch::Sender<Doing>,
    fell_idle: Arc<Notify>,
    asked: Notify,
}

#[derive(Clone, Copy)]
struct Doing {
    /// A request is under way.
    busy: bool,
    /// Since it is, or is not.
    since: Instant,
    /// It was asked for its place.
    leaving: bool,
}

/// A request under way; dropped, it has ended.
pub struct Busy(Arc<Place>);

impl Places {
    /// None is taken. A request has `patience`, however many wait.
    pub fn new(patience: Duration) -> Self {
        Self { patience, taken: Vec::new(), fell_idle: Arc::default() }
    }

    /// Takes a place.
    pub fn take(&mut self) -> Arc<Place> {
        let doing = watch::Sender::new(Doing { busy: false, since: Instant::now(), leaving: false });
        let place = Arc::new(Place { doing, fell_idle: Arc::clone(&self.fell_idle), asked: Notify::new() });
        self.taken.retain(|place| place.strong_count() > 0);
        self.taken.push(Arc::downgrade(&place));
        place
    }

    /// Asks one connection for its place, as soon as one may be asked. Then, and where one was asked before, it never
    /// ends: what is waited for is that connection's end. May be given up and begun again.
    pub async fn make_room(&self) {
        loop {
            let taken: Vec<_> = self.taken.iter().filter_map(Weak::upgrade).collect();
            let doings = || taken.iter().map(|place| (*place.doing.borrow(), place));
            if doings().any(|(doing, _)| doing.leaving) {
                return pending().await;
            }
            // Not busy comes before busy, and the longest of each first.
            let Some((doing, place)) = doings().min_by_key(|(doing, _)| (doing.busy, doing.since)) else {
                return pending().await;
            };
            let due = doing.since + self.patience;
            if !doing.busy || due <= Instant::now() {
                place.doing.send_modify(|doing| doing.leaving = true);
                place.asked.notify_one();
                continue;
            }
            // Held on to, it would keep its place.
            drop(taken);
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.fell_idle.notified() => {}
            }
        }
    }
}

impl Place {
    /// A request begins.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.become_busy(true);
        Busy(Arc::clone(self))
    }

    /// Waits until the place is wanted for somebody else; answers whether a request was under way.
    pub async fn wanted(&self) -> bool {
        self.asked.notified().await;
        self.doing.borrow().busy
    }

    fn become_busy(&self, busy: bool) {
        self.doing.send_modify(|doing| (doing.busy, doing.since) = (busy, Instant::now()));
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.become_busy(false);
        self.0.fell_idle.notify_one();
    }
}
