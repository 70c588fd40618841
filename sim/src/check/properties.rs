//! The invariants as stateright has them: each as `always`, with a `sometimes` beside it that shows that there was
//! something to judge.

use stateright::Property;

use super::model::Check;
use crate::oracle::Invariant;
use crate::seam::Seam;

/// What must have been seen at least once, or an invariant says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// A volume was removed, with proof and consent.
    VolumeRemoved,
    /// A run looked again after an unknown answer.
    LookedAgain,
    /// A container was replaced.
    Replaced,
    /// A run after one that was killed ended in a ready gateway.
    ReadyAfterDeath,
    /// A run acted and ended in a ready gateway.
    ReadyAfterActs,
    /// An undisturbed run after faults ended as the one before it.
    Settled,
    /// A run found that another one holds the lock.
    Locked,
    /// A record was written.
    Recorded,
    /// A run changed something while a container stood there that is not the gateway's.
    StrangerBeside,
    /// A run found a ready gateway and changed nothing.
    LeftAlone,
}

impl Sight {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::VolumeRemoved,
        Self::LookedAgain,
        Self::Replaced,
        Self::ReadyAfterDeath,
        Self::ReadyAfterActs,
        Self::Settled,
        Self::Locked,
        Self::Recorded,
        Self::StrangerBeside,
        Self::LeftAlone,
    ];
}

/// One invariant with what shows that it is not kept for want of an occasion.
macro_rules! twins {
    ($($invariant:ident, $name:literal, $sight:ident, $seen:literal;)*) => {
        /// The invariants, each with its name as a property, and its twin.
        pub const TWINS: [(Invariant, &str, Sight, &str); 10] =
            [$((Invariant::$invariant, $name, Sight::$sight, $seen)),*];

        /// All of them, as stateright has them.
        pub(super) fn properties<S: Seam + Clone + Send + Sync + 'static>() -> Vec<Property<Check<S>>> {
            vec![$(
                Property::always($name, |model: &Check<S>, state| !model.breaks(state, Invariant::$invariant)),
                Property::sometimes($seen, |model: &Check<S>, _| model.coverage.has_seen(Sight::$sight)),
            )*]
        }
    };
}

twins! {
    VolumesKept, "volumes-kept", VolumeRemoved, "a volume is removed with proof and consent";
    UnknownIsInert, "unknown-is-inert", LookedAgain, "a run looks again after an unknown answer";
    DriftKeepsData, "drift-keeps-data", Replaced, "a container is replaced";
    CrashOnly, "crash-only", ReadyAfterDeath, "a run after one that was killed ends ready";
    HonestEnds, "honest-ends", ReadyAfterActs, "a run acts and ends ready";
    ItEnds, "it-ends", Settled, "an undisturbed run ends as the one before it";
    OneAtATime, "one-at-a-time", Locked, "a run finds the lock held";
    RecordsFollowFacts, "records-follow-facts", Recorded, "a record is written";
    NoStrangersHarmed, "no-strangers-harmed", StrangerBeside, "a run changes something beside a stranger";
    NoNeedlessActs, "no-needless-acts", LeftAlone, "a run leaves a ready gateway alone";
}
