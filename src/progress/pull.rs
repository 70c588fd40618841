//! What is shown of a pull while it goes on: on a terminal a bar, into a pipe a plain line now and then. Absent on
//! purpose: the line that tells of its end, which every step has.

use std::time::{Duration, Instant};

use adapters::PullProgress;
use indicatif::{HumanBytes, ProgressBar};

/// How long nothing is told into a pipe after the last line.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// A pull under way.
#[derive(Debug)]
pub struct Pull {
    /// `pulling image …`.
    doing: String,
    now: PullProgress,
    /// When the last plain line was told, or the pull began, and how many bytes had come by then.
    told: (Instant, u64),
}

impl Pull {
    /// A pull that begins.
    pub fn new(doing: String, now: Instant) -> Self {
        Self { doing, now: PullProgress::default(), told: (now, 0) }
    }

    /// Takes in how far it has come.
    pub fn note(&mut self, now: PullProgress) {
        self.now = now;
    }

    /// Shows it on a bar; which image that is was told before the first byte came, and there is no room for it.
    pub fn show(&self, bar: &ProgressBar) {
        bar.set_message(format!("pulling, {}", self.layers()));
        bar.set_length(self.now.bytes_total);
        bar.set_position(self.now.bytes);
    }

    /// The next plain line, when it is time for one.
    pub fn line(&mut self, now: Instant) -> Option<String> {
        let (then, bytes_then) = self.told;
        let passed = now.duration_since(then);
        if passed < PLAIN_EVERY {
            return None;
        }
        self.told = (now, self.now.bytes);
        let PullProgress { bytes, bytes_total, .. } = self.now;
        // Docker may begin a layer anew; nothing came backwards.
        let a_second = bytes.saturating_sub(bytes_then) as f64 / passed.as_secs_f64();
        let rate = HumanBytes(a_second as u64);
        let (came, total) = (HumanBytes(bytes), HumanBytes(bytes_total));
        Some(format!("{}: {}, {came} of {total}, {rate}/s", self.doing, self.layers()))
    }

    /// How much came in all.
    pub fn came(&self) -> HumanBytes {
        HumanBytes(self.now.bytes)
    }

    fn layers(&self) -> String {
        format!("{} of {} layers", self.now.layers_done, self.now.layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bytes: u64) -> PullProgress {
        PullProgress { layers: 3, layers_done: 1, bytes, bytes_total: 20 << 20 }
    }

    #[test]
    fn a_plain_line_is_told_every_few_seconds_at_most() {
        let begun = Instant::now();
        let mut pull = Pull::new("pulling image `x`".to_owned(), begun);
        pull.note(at(5 << 20));
        assert_eq!(pull.line(begun + Duration::from_millis(4999)), None);
        let line = pull.line(begun + Duration::from_secs(5));
        assert_eq!(line.as_deref(), Some("pulling image `x`: 1 of 3 layers, 5.00 MiB of 20.00 MiB, 1.00 MiB/s"));
        assert_eq!(pull.line(begun + Duration::from_secs(9)), None);
        pull.note(at(1 << 20));
        let line = pull.line(begun + Duration::from_secs(10));
        assert_eq!(line.as_deref(), Some("pulling image `x`: 1 of 3 layers, 1.00 MiB of 20.00 MiB, 0 B/s"));
    }
}
