//! Two contenders, measured in turn: whatever else the machine does meanwhile falls on both alike.

use std::io;
use std::time::{Duration, Instant};

/// What two contenders took, by their medians.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Ours.
    pub ours: Duration,
    /// The other.
    pub theirs: Duration,
}

impl Pair {
    /// Ours in units of the other.
    pub fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.theirs.as_secs_f64()
    }
}

/// Runs both `rounds` times in turn, each after an untimed `prepare`, and every second round the other first.
///
/// # Errors
/// Whatever fails first: a failed run measures nothing.
pub fn versus(
    rounds: usize,
    prepare: impl Fn() -> io::Result<()>,
    ours: impl Fn() -> io::Result<()>,
    theirs: impl Fn() -> io::Result<()>,
) -> io::Result<Pair> {
    let timed = |contender: &dyn Fn() -> io::Result<()>| {
        prepare()?;
        let began = Instant::now();
        contender()?;
        Ok::<_, io::Error>(began.elapsed())
    };
    let (mut all_ours, mut all_theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        if round % 2 == 0 {
            all_ours.push(timed(&ours)?);
            all_theirs.push(timed(&theirs)?);
        } else {
            all_theirs.push(timed(&theirs)?);
            all_ours.push(timed(&ours)?);
        }
    }
    Ok(Pair { ours: median(all_ours), theirs: median(all_theirs) })
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}
