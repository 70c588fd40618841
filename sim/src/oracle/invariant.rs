//! The invariants of DESIGN section 5 by name and sentence, what breaks one, and how often a run did what.

use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::world::effect::Effect;

/// The invariants, by the names of DESIGN section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// No volume is removed unless its container is truly missing and its owner consented.
    VolumesKept,
    /// After an unknown answer nothing is changed until a known one.
    UnknownIsInert,
    /// A new container has every volume of the old one, and never two run on one volume.
    DriftKeepsData,
    /// Killed anywhere and run again, it ends where the uninterrupted run ends, with nothing left over.
    CrashOnly,
    /// A success is only said after readiness was seen following the last change.
    HonestEnds,
    /// Bounded commands and time; without faults the next run succeeds, or refuses for a cause that stays.
    ItEnds,
    /// Two runs on one gateway and state directory never interleave.
    OneAtATime,
    /// No unusable record is written over, and none of another gateway is touched.
    RecordsFollowFacts,
    /// Nothing without this gateway's exact name or label is ever changed.
    NoStrangersHarmed,
    /// A run on a healthy gateway changes nothing, and no run acts more often than it must.
    NoNeedlessActs,
}

impl Invariant {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VolumesKept => "volumes-kept",
            Self::UnknownIsInert => "unknown-is-inert",
            Self::DriftKeepsData => "drift-keeps-data",
            Self::CrashOnly => "crash-only",
            Self::HonestEnds => "honest-ends",
            Self::ItEnds => "it-ends",
            Self::OneAtATime => "one-at-a-time",
            Self::RecordsFollowFacts => "records-follow-facts",
            Self::NoStrangersHarmed => "no-strangers-harmed",
            Self::NoNeedlessActs => "no-needless-acts",
        }
    }

    /// It, as one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::VolumesKept => "No volume is removed unless its container is truly missing and its owner consented.",
            Self::UnknownIsInert => "After an unknown answer nothing is changed until a known one.",
            Self::DriftKeepsData => {
                "A new container has every volume and the node name of the old one, and never two run on one volume."
            }
            Self::CrashOnly => {
                "Killed anywhere and run again, it ends where the uninterrupted run ends, with nothing left over."
            }
            Self::HonestEnds => "A success is only said after readiness was seen following the last change.",
            Self::ItEnds => {
                "Commands and time are bounded; without faults the next run succeeds or refuses for a cause that stays."
            }
            Self::OneAtATime => "Two runs on one gateway and state directory never interleave.",
            Self::RecordsFollowFacts => "No unusable record is written over, and none of another gateway is touched.",
            Self::NoStrangersHarmed => "Nothing without this gateway's exact name or label is ever changed.",
            Self::NoNeedlessActs => {
                "A run on a healthy gateway changes nothing, and no run acts more often than it must."
            }
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// What happened.
    pub what: String,
}

/// How often a run did what, by the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Acts {
    /// Containers, volumes and networks made.
    pub created: u32,
    /// Things removed.
    pub removed: u32,
    /// Containers started.
    pub started: u32,
    /// Containers that ended by it.
    pub ended: u32,
    /// Volumes lost that nothing could have kept: between check and removal somebody mounted one, at a daemon that has
    /// lost its references. They are removed, too.
    pub unpreventable: u32,
}

impl AddAssign for Acts {
    fn add_assign(&mut self, more: Self) {
        self.created += more.created;
        self.removed += more.removed;
        self.started += more.started;
        self.ended += more.ended;
        self.unpreventable += more.unpreventable;
    }
}

impl Acts {
    /// All of them.
    pub fn sum(self) -> u32 {
        self.created + self.removed + self.started + self.ended
    }

    pub(super) fn count(&mut self, effect: &Effect) {
        match effect {
            Effect::ContainerCreated { .. } | Effect::VolumeCreated { .. } | Effect::Network { exists: true, .. } => {
                self.created += 1;
            }
            Effect::ContainerRemoved { .. } | Effect::VolumeRemoved { .. } | Effect::Network { exists: false, .. } => {
                self.removed += 1;
            }
            Effect::ContainerStarted { .. } => self.started += 1,
            Effect::ContainerEnded { .. } => self.ended += 1,
            Effect::ContainerFrozen { .. }
            | Effect::ContainerRenamed { .. }
            | Effect::ContainerConnected { .. }
            | Effect::RestartPolicySet { .. }
            | Effect::FilesWritten { .. }
            | Effect::BackedUp { .. }
            | Effect::Image { .. }
            | Effect::VolumeRemovalAsked { .. }
            | Effect::RecordWritten { .. }
            | Effect::RecordRemoved { .. } => {}
        }
    }
}
