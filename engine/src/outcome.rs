//! How a run ended, with everything that is told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::command::Endpoint;
use crate::container::Status;
use crate::event::BackupMade;
use crate::intent::Discard;
use crate::names::{ContainerId, ContainerName, ImageId, ImageRef, PresetName, SandboxName, VolumeName};
use crate::observation::DaemonIdentity;
use crate::plan::{Decision, Note, Plan, Row};
use crate::reason::Reason;
use crate::refusal::Refusal;

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// The row that decided it; none where the run ended before any decision.
    pub row: Option<Row>,
    /// Whether anything was changed on the host.
    pub changed: bool,
    /// What was last seen of the gateway.
    pub seen: GatewaySeen,
    /// The backup that was made.
    pub backup: Option<BackupMade>,
    /// What there is to tell.
    pub notes: Vec<Told>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "end")]
pub enum End {
    /// The gateway is ready, and that was seen after the last change.
    Ready {
        /// How it came to be.
        how: How,
        /// The stable ID.
        reason: Reason,
    },
    /// It does not run, as asked.
    Stopped,
    /// Its volumes were copied, as asked.
    BackedUp,
    /// What its owner gave up was removed, as asked.
    Destroyed {
        /// What was given up.
        what: Discard,
        /// The volumes that this run has removed.
        removed: Vec<VolumeName>,
    },
    /// Nothing destructive was done.
    Refused {
        /// Why.
        refusal: Box<Refusal>,
    },
    /// It was only a look.
    Looked {
        /// What onboarding would do.
        decision: Arc<Decision>,
    },
}

impl Outcome {
    /// The stable ID of how it ended; for a look, of how the gateway stands.
    pub fn reason(&self) -> Reason {
        match &self.end {
            End::Ready { reason, .. } => *reason,
            End::Stopped | End::BackedUp | End::Destroyed { .. } => Reason::AsAsked,
            End::Refused { refusal } => refusal.reason(),
            End::Looked { decision } => match &decision.plan {
                Plan::Refuse { refusal } => refusal.reason(),
                Plan::Keep { .. } if !self.seen.missing.is_empty() => Reason::SandboxesMissing,
                Plan::Keep { verdict } => verdict.reason,
                Plan::Look(_)
                | Plan::Perform { .. }
                | Plan::RollBack { .. }
                | Plan::Replace { .. }
                | Plan::EndReplacement { .. }
                | Plan::Reset { .. } => match &self.seen.container {
                    None => Reason::Missing,
                    Some((_, _, Some(Status::Running))) => Reason::NotReady,
                    Some(_) => Reason::Stopped,
                },
            },
        }
    }

    /// The stable ID of a look that only asked what onboarding would do.
    pub fn planned(&self) -> Reason {
        match &self.end {
            End::Looked { decision } if !matches!(decision.plan, Plan::Refuse { .. }) => Reason::Planned,
            End::Looked { .. }
            | End::Ready { .. }
            | End::Stopped
            | End::BackedUp
            | End::Destroyed { .. }
            | End::Refused { .. } => self.reason(),
        }
    }

    /// The refusal, where it is one, a look's included.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.end {
            End::Refused { refusal } => Some(refusal),
            End::Looked { decision } => decision.plan.refusal(),
            End::Ready { .. } | End::Stopped | End::BackedUp | End::Destroyed { .. } => None,
        }
    }
}

/// How a ready gateway came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was ready already.
    Reused,
    /// It was there and stopped, and is running again.
    Recovered,
    /// It was running and not reachable or not ready.
    Repaired,
    /// A new container was made on the volumes that were left.
    Adopted,
    /// Nothing was there, and it was made.
    Created,
    /// A new container took the place of the one that was there, on the same volumes.
    Upgraded,
    /// Its owner gave up what was there, and it was made anew.
    Reset,
    /// It runs on volumes that were written from a backup.
    Restored,
}

impl How {
    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reused => "reused",
            Self::Recovered => "recovered",
            Self::Repaired => "repaired",
            Self::Adopted => "adopted",
            Self::Created => "created",
            Self::Upgraded => "upgraded",
            Self::Reset => "reset",
            Self::Restored => "restored",
        }
    }
}

/// What was last seen of the gateway, for people and for JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct GatewaySeen {
    /// Its preset.
    pub preset: Option<PresetName>,
    /// Its container.
    pub container: Option<(ContainerId, ContainerName, Option<Status>)>,
    /// Its image.
    pub image: Option<(ImageRef, ImageId)>,
    /// Its volumes.
    pub volumes: Vec<VolumeName>,
    /// Volumes that held its data before a restore, and that are kept.
    pub set_aside: Vec<VolumeName>,
    /// Its URL.
    pub endpoint: Option<Endpoint>,
    /// The daemon that holds it.
    pub daemon: Option<DaemonIdentity>,
    /// Its sandboxes, and their statuses where those are told; none where they were not listed.
    pub sandboxes: Option<BTreeMap<SandboxName, Option<String>>>,
    /// Sandboxes that were recorded and not found.
    pub missing: BTreeSet<SandboxName>,
}

/// Something told at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "told")]
pub enum Told {
    /// What the decision had to tell.
    Note {
        /// The note.
        said: Note,
    },
    /// Which node name a new container on old volumes got.
    NodeName {
        /// The name.
        name: String,
        /// Where it comes from.
        from: NodeNameFrom,
    },
    /// A container was made on old volumes from the spec in a volume's label.
    SpecAsOfBirth {
        /// The image.
        image: ImageRef,
        /// When the volume was made.
        created: Option<String>,
    },
    /// What its preset has to say to the owner of a container that was just made.
    Notice {
        /// One sentence.
        text: String,
    },
    /// The list of sandboxes could not be had.
    SandboxesUnknown {
        /// Why.
        why: crate::known::Why,
    },
    /// GPUs were asked for, and the daemon has none to give, or did not say.
    NoGpu,
    /// A file of the older tool could not be used.
    Older {
        /// Which, and why.
        problem: String,
    },
    /// A replacement that another run had begun was undone.
    ReplacementUndone,
    /// The container that was replaced could not be removed.
    PreviousKept {
        /// Its name.
        container: ContainerName,
    },
    /// The network could not be removed.
    NetworkKept {
        /// Why not.
        failure: crate::event::Failure,
    },
    /// The record could not be written.
    RecordNotWritten {
        /// Why.
        failure: crate::event::Failure,
    },
}

/// Where a node name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeNameFrom {
    /// The backup.
    Backup,
    /// The record.
    Record,
    /// Its owner typed it.
    Typed,
    /// The volume's label.
    VolumeLabel,
    /// What the gateway itself wrote on the volume.
    Volume,
    /// The preset's rule.
    Preset,
}
