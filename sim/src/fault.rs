//! What goes wrong with one run, as data: a rule says when, and what then. Triggers count relatively (the second
//! inspect, the third act), so that leaving one rule out does not shift the others.

use serde::{Deserialize, Serialize};

use crate::act::Act;

/// One rule. It holds once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// When.
    pub when: Trigger,
    /// What then.
    pub what: Verdict,
}

/// When a rule comes to hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trigger {
    /// At a command of this kind, as a trace names it; any where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The how-manieth of them, from 1.
    #[serde(default = "first")]
    pub nth: u32,
    /// Within it, at a call of this kind; at its first one where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallKind>,
    /// Where, about the call.
    #[serde(default)]
    pub at: Point,
}

fn first() -> u32 {
    1
}

/// Where, about a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// Before it is made.
    #[default]
    Before,
    /// After it was answered.
    After,
}

/// What a call asks, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallKind {
    /// Who the daemon is.
    Info,
    /// All containers.
    ListContainers,
    /// One container.
    InspectContainer,
    /// All volumes.
    ListVolumes,
    /// One volume.
    InspectVolume,
    /// One image.
    InspectImage,
    /// All networks.
    ListNetworks,
    /// What lives in a container's own layer.
    Changes,
    /// The gateway's health.
    Health,
    /// The gateway's sandboxes.
    Sandboxes,
    /// A container's log.
    Logs,
    /// What a volume holds.
    Measure,
    /// A request that changes something.
    Change,
    /// A file of nemoclaw's own.
    File,
}

/// What happens then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Verdict {
    /// The call is not answered in time, and does nothing.
    Hangs,
    /// Nobody takes the call.
    NotListening,
    /// The daemon does not let us.
    Forbidden,
    /// It is answered with a status that is no answer, and does nothing.
    BadStatus {
        /// The status.
        status: u16,
    },
    /// It is answered with something that is not Docker's, and does nothing.
    BadBody,
    /// It takes effect, and the answer is lost.
    AnswerLost,
    /// The answer is lost, and the effect comes later.
    EffectLate {
        /// How much later, in milliseconds.
        in_ms: u64,
    },
    /// The daemon says no, in its own form.
    Refused {
        /// The status.
        status: u16,
    },
    /// The answer tells how things stood when the run began.
    Stale,
    /// Calls fail from here on, until as many were made.
    DownFor {
        /// How many.
        calls: u32,
    },
    /// Somebody acts.
    Act {
        /// How.
        act: Act,
    },
    /// This run is killed.
    Killed,
    /// It is asked to end.
    Interrupted,
    /// It is answered slowly.
    Slow {
        /// By how much, in milliseconds.
        ms: u64,
    },
}

impl Verdict {
    /// Its name, for counters.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hangs => "hangs",
            Self::NotListening => "not-listening",
            Self::Forbidden => "forbidden",
            Self::BadStatus { .. } => "bad-status",
            Self::BadBody => "bad-body",
            Self::AnswerLost => "answer-lost",
            Self::EffectLate { .. } => "effect-late",
            Self::Refused { .. } => "refused",
            Self::Stale => "stale",
            Self::DownFor { .. } => "down-for",
            Self::Act { .. } => "act",
            Self::Killed => "killed",
            Self::Interrupted => "interrupted",
            Self::Slow { .. } => "slow",
        }
    }
}
