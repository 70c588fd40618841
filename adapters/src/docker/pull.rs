//! How far a pull has come, read from the lines in which Docker tells it, and how long it may stand still.
//! A pull moves when a byte came or a layer went on; a line that only repeats what is known, or counts the seconds to
//! the next attempt, is no movement. Absent on purpose: a limit on the whole, which may take as long as it moves.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::models::{CreateImageInfo, ProgressDetail};

/// How long a pull or an import may stand still.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// How long it may stand still while all bytes are there and Docker unpacks them: with containerd's image store Docker
/// says nothing meanwhile, and a large image on a slow disk takes minutes.
const UNPACK_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How far a pull has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// How many layers Docker has told of.
    pub layers: usize,
    /// How many of them are at hand, unpacked.
    pub layers_done: usize,
    /// How many bytes have come, as the registry keeps them: compressed. None for layers that were there already.
    pub bytes: u64,
    /// How many bytes there are in the layers that have begun to come. It grows as others begin.
    pub bytes_total: u64,
}

/// What Docker has told of one pull so far.
#[derive(Default)]
pub(super) struct Pulled {
    layers: BTreeMap<String, Layer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layer {
    phase: Phase,
    /// Docker's own count within the phase.
    current: Option<i64>,
    bytes: u64,
    bytes_total: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Downloading,
    Downloaded,
    Unpacking,
    Done,
}

impl Pulled {
    /// Takes a line in, and says whether the pull has moved.
    pub(super) fn note(&mut self, line: &CreateImageInfo) -> bool {
        let Some(id) = &line.id else { return true };
        let Some(phase) = line.status.as_deref().and_then(phase) else {
            // The first line has the tag for its ID: `Pulling from library/x`.
            return !self.layers.contains_key(id);
        };
        let before = self.layers.get(id).copied();
        let after = Layer::after(before, phase, line.progress_detail.as_ref());
        self.layers.insert(id.clone(), after);
        before != Some(after)
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> PullProgress {
        PullProgress {
            layers: self.layers.len(),
            layers_done: self.layers.values().filter(|layer| layer.phase == Phase::Done).count(),
            bytes: self.sum(|layer| layer.bytes),
            bytes_total: self.sum(|layer| layer.bytes_total),
        }
    }

    /// The sum over all layers; no more than fits, whatever the daemon counts.
    fn sum(&self, bytes: impl Fn(&Layer) -> u64) -> u64 {
        self.layers.values().map(bytes).fold(0, u64::saturating_add)
    }

    /// How long it may stand still from here.
    pub(super) fn limit(&self) -> Duration {
        let is = |phases: &[Phase]| self.layers.values().any(|layer| phases.contains(&layer.phase));
        let all_came = !is(&[Phase::Waiting, Phase::Downloading]);
        if all_came && is(&[Phase::Downloaded, Phase::Unpacking]) { UNPACK_LIMIT } else { IDLE_LIMIT }
    }
}

impl Layer {
    fn after(before: Option<Self>, phase: Phase, detail: Option<&ProgressDetail>) -> Self {
        let current = detail.and_then(|detail| detail.current);
        let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        let (mut bytes, mut bytes_total) = before.map_or((0, 0), |layer| (layer.bytes, layer.bytes_total));
        match phase {
            Phase::Waiting => {}
            Phase::Downloading => {
                bytes = count(current).unwrap_or(bytes);
                // A registry need not say how much there is to come.
                bytes_total = count(detail.and_then(|detail| detail.total)).unwrap_or(bytes_total).max(bytes);
            }
            Phase::Downloaded | Phase::Unpacking | Phase::Done => bytes = bytes_total,
        }
        Self { phase, current, bytes, bytes_total }
    }
}

/// The phase that a layer's status means (moby `distribution/xfer/download.go`, `daemon/containerd/progress.go`; Podman
/// `pkg/api/handlers/compat/images.go`); none for any other word.
fn phase(status: &str) -> Option<Phase> {
    match status {
        "Pulling fs layer" | "Waiting" => Some(Phase::Waiting),
        "Downloading" => Some(Phase::Downloading),
        "Verifying Checksum" | "Download complete" => Some(Phase::Downloaded),
        "Extracting" => Some(Phase::Unpacking),
        "Pull complete" | "Already exists" => Some(Phase::Done),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line as Docker sends it, such as `a1 Downloading 5/10`.
    fn note(pulled: &mut Pulled, id: &str, status: &str, count: Option<(i64, i64)>) -> bool {
        let detail = count.map(|(current, total)| ProgressDetail { current: Some(current), total: Some(total) });
        let (id, status) = (Some(id.to_owned()), Some(status.to_owned()));
        pulled.note(&CreateImageInfo { id, status, progress_detail: detail, error_detail: None })
    }

    #[test]
    fn layers_and_bytes_are_counted() {
        let mut pulled = Pulled::default();
        note(&mut pulled, "latest", "Pulling from library/x", None);
        assert_eq!(pulled.progress(), PullProgress::default());
        note(&mut pulled, "a1", "Already exists", None);
        for id in ["b2", "c3"] {
            note(&mut pulled, id, "Pulling fs layer", None);
        }
        note(&mut pulled, "b2", "Downloading", Some((5, 10)));
        note(&mut pulled, "c3", "Downloading", Some((7, -1)));
        assert_eq!(pulled.progress(), PullProgress { layers: 3, layers_done: 1, bytes: 12, bytes_total: 17 });
        note(&mut pulled, "b2", "Download complete", None);
        note(&mut pulled, "b2", "Extracting", Some((3, 10)));
        assert_eq!(pulled.progress(), PullProgress { layers: 3, layers_done: 1, bytes: 17, bytes_total: 17 });
        note(&mut pulled, "b2", "Pull complete", None);
        assert_eq!(pulled.progress().layers_done, 2);
    }

    #[test]
    fn counts_that_no_image_has_are_as_many_as_fit() {
        let mut pulled = Pulled::default();
        for id in ["a1", "b2", "c3"] {
            note(&mut pulled, id, "Downloading", Some((i64::MAX, i64::MAX)));
        }
        assert_eq!((pulled.progress().bytes, pulled.progress().bytes_total), (u64::MAX, u64::MAX));
    }

    #[test]
    fn what_is_repeated_or_only_counts_seconds_is_no_movement() {
        let mut pulled = Pulled::default();
        assert!(note(&mut pulled, "latest", "Pulling from library/x", None));
        assert!(note(&mut pulled, "a1", "Pulling fs layer", None));
        assert!(note(&mut pulled, "a1", "Downloading", Some((5, 10))));
        assert!(!note(&mut pulled, "a1", "Downloading", Some((5, 10))));
        assert!(!note(&mut pulled, "a1", "Retrying in 5 seconds", None));
        assert!(note(&mut pulled, "a1", "Downloading", Some((1, 10))));
        assert!(note(&mut pulled, "a1", "Extracting", Some((1, 10))));
        assert!(note(&mut pulled, "a1", "Extracting", Some((2, 10))));
    }

    #[test]
    fn only_unpacking_may_be_silent_for_long() {
        let mut pulled = Pulled::default();
        assert_eq!(pulled.limit(), IDLE_LIMIT);
        note(&mut pulled, "a1", "Download complete", None);
        assert_eq!(pulled.limit(), UNPACK_LIMIT);
        note(&mut pulled, "b2", "Waiting", None);
        assert_eq!(pulled.limit(), IDLE_LIMIT);
        note(&mut pulled, "b2", "Already exists", None);
        note(&mut pulled, "a1", "Pull complete", None);
        assert_eq!(pulled.limit(), IDLE_LIMIT);
    }
}
