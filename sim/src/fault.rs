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
    /// An archive of files of a container or volume.
    ArchiveRead,
    /// An archive that is unpacked into a container.
    ArchiveWrite,
    /// A request that changes something.
    Change,
    /// A file of nemoclaw's own.
    File,
}

/// What happens then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "kind", deny_unknown_fields)]
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
    /// Its body ends early under a clean 200, as an archive does when a file shrinks while it is read, and it does
    /// nothing.
    CutShort,
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

/// The commands, as a trace names them, each with the calls that it makes.
pub const COMMANDS: [(&str, &[CallKind]); 31] = [
    ("take-lock", &[CallKind::File]),
    ("read-record", &[CallKind::File]),
    ("find-names", &[CallKind::ListContainers, CallKind::ListVolumes]),
    (
        "observe",
        &[
            CallKind::Info,
            CallKind::ListVolumes,
            CallKind::InspectVolume,
            CallKind::ListContainers,
            CallKind::InspectContainer,
            CallKind::InspectImage,
            CallKind::ListNetworks,
            CallKind::Changes,
            CallKind::Health,
        ],
    ),
    ("provide-image", &[CallKind::Change]),
    ("create-network", &[CallKind::Change]),
    ("create-volume", &[CallKind::Change]),
    ("create-container", &[CallKind::Change]),
    ("connect-network", &[CallKind::ListNetworks, CallKind::Change]),
    ("start-container", &[CallKind::Change]),
    ("unpause-container", &[CallKind::Change]),
    ("stop-container", &[CallKind::Change]),
    ("restart-container", &[CallKind::Change]),
    ("await-ready", &[CallKind::Health]),
    ("list-sandboxes", &[CallKind::Sandboxes]),
    ("read-logs", &[CallKind::Logs]),
    ("measure-volumes", &[CallKind::Measure]),
    ("create-next", &[CallKind::InspectContainer, CallKind::InspectImage, CallKind::Change]),
    ("carry-over", &[CallKind::ArchiveRead, CallKind::ArchiveWrite]),
    ("rename-container", &[CallKind::Change]),
    ("set-restart-policy", &[CallKind::Change]),
    ("remove-container", &[CallKind::Change]),
    ("create-helper", &[CallKind::Change]),
    ("back-up", &[CallKind::InspectContainer, CallKind::ArchiveRead, CallKind::File]),
    ("verify-backup", &[CallKind::File]),
    ("restore", &[CallKind::InspectContainer, CallKind::File, CallKind::ArchiveRead, CallKind::ArchiveWrite]),
    ("remove-network", &[CallKind::Change]),
    ("set-record-aside", &[CallKind::File]),
    ("remove-volume", &[CallKind::Info, CallKind::ListContainers, CallKind::Change]),
    ("begin-roll-back", &[CallKind::Logs]),
    ("write-record", &[CallKind::File]),
];

impl Rule {
    /// Why it can never come to hold, or never do anything, whatever the world; none where it can.
    pub fn never(&self) -> Option<String> {
        let Trigger { command, nth, call, at } = &self.when;
        if *nth == 0 {
            return Some("`nth` counts from 1".to_owned());
        }
        if *at == Point::After && self.what.is_of_the_answer() {
            let kind = self.what.kind();
            return Some(format!("`{kind}` is what becomes of an answer: after it, it is too late; leave out `at`"));
        }
        let command = command.as_deref()?;
        let Some((_, calls)) = COMMANDS.iter().find(|(name, _)| *name == command) else {
            return Some(no_such_word("command", command, COMMANDS.iter().map(|(name, _)| *name)));
        };
        let call = call.filter(|call| !calls.contains(call))?;
        let calls: Vec<_> = calls.iter().map(|call| format!("`{}`", word(call))).collect();
        Some(format!("`{command}` never makes the call `{}`; it makes {}", word(&call), calls.join(", ")))
    }
}

/// A value that is one word, as a scenario has it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
}

/// Says that there is no such word, and which was probably meant; all of them where none is near.
pub fn no_such_word<'a>(what: &str, typed: &str, words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.collect();
    let score = |word: &str| strsim::jaro_winkler(word, typed);
    match words.iter().max_by(|a, b| score(a).total_cmp(&score(b))).filter(|word| score(word) > NEAR) {
        Some(near) => format!("there is no {what} `{typed}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{typed}`; there are {}", words.join(", ")),
    }
}

/// How like another a word is that was probably meant.
const NEAR: f64 = 0.7;

impl Verdict {
    /// Whether it is what becomes of an answer, which is decided before the answer is given.
    fn is_of_the_answer(&self) -> bool {
        match self {
            Self::Hangs
            | Self::NotListening
            | Self::Forbidden
            | Self::BadStatus { .. }
            | Self::BadBody
            | Self::CutShort
            | Self::AnswerLost
            | Self::EffectLate { .. }
            | Self::Refused { .. }
            | Self::Stale => true,
            Self::DownFor { .. } | Self::Act { .. } | Self::Killed | Self::Interrupted | Self::Slow { .. } => false,
        }
    }

    /// Its name, for counters.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hangs => "hangs",
            Self::NotListening => "not-listening",
            Self::Forbidden => "forbidden",
            Self::BadStatus { .. } => "bad-status",
            Self::BadBody => "bad-body",
            Self::CutShort => "cut-short",
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
