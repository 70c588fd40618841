//! What every case needs: the suite and its image, a gateway of its own, the binary, the daemon, the gateway's HTTP.
//! Nothing here judges the product but by what a person or Docker could see.

mod advice;
mod by_hand;
mod case;
mod cli;
mod daemon;
mod gateway;
mod holder;
mod neighbour;
mod picture;
mod proxy;
mod relay;
mod situation;
mod spec;
mod suite;
mod traces;
mod worlds;

pub use advice::follow;
pub use by_hand::ByHand;
pub use case::{Case, NOBODY, assert_only_a_trace_written, assert_same};
pub use cli::{Cli, Run, Running};
pub use gateway::Work;
pub use holder::{Holder, Speaks};
pub use neighbour::Neighbour;
pub use picture::{Files, files};
pub use proxy::{Changes, Proxy};
pub use relay::{Body, Client, Conduct, Relay, forward, is_mutating, shape};
pub use situation::{Situation, World};
pub use spec::Spec;
pub use suite::{Suite, Unready, docker_socket};
pub use worlds::{Worlds, sweep_repacked};

use std::time::{Duration, Instant};

/// How long anything that is sure to come is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds that nothing announces.
///
/// # Panics
/// When it does not come to hold.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
