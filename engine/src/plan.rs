//! What a decision is: the row of the table that held, and the one thing to do about it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::act::Act;
use crate::command::Command;
use crate::event::{Failure, Signal};
use crate::evidence::Absence;
use crate::known::Why;
use crate::names::{ContainerId, ContainerName, ImageId, ImageRef, SandboxName, VolumeName};
use crate::reason::Reason;
use crate::refusal::{Refusal, Trouble};

/// What is to be done about an observation, and by which row.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Decision {
    /// The row of the table that held.
    pub row: Row,
    /// What it says to do.
    pub plan: Plan,
    /// What the decision waits on, where the row could not be judged for want of knowledge.
    pub waits_on: Option<Why>,
}

/// The rows of the decision table (DESIGN section 4), from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// Docker did not answer with authority.
    DockerUnknown,
    /// The record is corrupt, newer, or unreadable.
    RecordUnusable,
    /// The daemon is not the recorded one.
    OtherDaemon,
    /// What bears the name belongs to another preset or to a stranger.
    NotOurs,
    /// Another container may be writing to one of the gateway's volumes.
    VolumeHeldByWriter,
    /// A replacement was begun and not ended.
    HalfDoneReplacement,
    /// The container does not mount its volume.
    WrongVolume,
    /// A reset was asked, but the container exists.
    ResetContainerExists,
    /// An image that is needed cannot be had.
    ImageUnavailable,
    /// A replacement was asked, but the container is another program's or auto-removed.
    NotReplaceable,
    /// A replacement was asked, but the container's own layer holds files.
    LayerHoldsData,
    /// A replacement was asked.
    Replacement,
    /// Somebody else holds the port of a gateway that does not run.
    PortHeld,
    /// The container exists and does not run.
    Stopped,
    /// It cannot be started, or does not become ready.
    NotRecovered,
    /// It runs without its networks or published ports.
    Disconnected,
    /// It runs and is not ready.
    NotReady,
    /// It runs, and its health cannot be asked.
    ReadinessUnknown,
    /// It runs and is ready, with something to tell.
    ReadyWithNotes,
    /// It runs and is ready.
    Ready,
    /// It is missing, and a container under another name has its volume.
    VolumeHeldByName,
    /// Docker denies it, but its files are there.
    ContainerHidden,
    /// It is missing, and several volumes could be its own.
    VolumesAmbiguous,
    /// It is missing, and so is its data.
    DataGone,
    /// It is missing, and its volumes are there.
    VolumesLeft,
    /// It is missing, its volumes are there, and its owner wants to begin anew.
    Reset,
    /// There is nothing.
    Nothing,
    /// A stop was asked.
    Stop,
    /// A helper that another run has left is there.
    LeftOverHelper,
    /// A backup was asked.
    BackUp,
    /// A restore was asked, and the container exists.
    Restore,
    /// A restore was asked, and there is no container.
    RestoreMissing,
    /// A destruction was asked.
    Destroy,
    /// The removal of what restores have set aside was asked.
    SetAside,
}

/// The one thing to do next.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Plan {
    /// Look again, at more or after a pause.
    Look(Look),
    /// Leave everything as it is: the gateway is ready.
    Keep {
        /// How that is said.
        verdict: Verdict,
    },
    /// Leave everything as it is, and explain.
    Refuse {
        /// Why.
        refusal: Refusal,
    },
    /// Carry out one command, then look again.
    Perform {
        /// What it is for.
        act: Act,
        /// The command.
        step: Command,
    },
    /// Undo this run's replacement, or one that another run has begun.
    RollBack {
        /// Why.
        because: Because,
        /// The container that was to take the gateway's place.
        next: ContainerId,
    },
    /// Only looked at: the container would be replaced, keeping its volumes.
    Replace {
        /// How the container differs from what is wanted.
        differences: Vec<Difference>,
    },
    /// Only looked at: a replacement that was begun would be brought to its end.
    EndReplacement {
        /// How.
        how: EndReplacement,
    },
    /// Only looked at: the volumes whose absence of a container is proved would be removed, to begin anew.
    Reset {
        /// The proofs, one a volume.
        absences: Vec<Absence>,
    },
}

impl Plan {
    /// The refusal, where it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refuse { refusal } => Some(refusal),
            Self::Look(_)
            | Self::Keep { .. }
            | Self::Perform { .. }
            | Self::RollBack { .. }
            | Self::Replace { .. }
            | Self::EndReplacement { .. }
            | Self::Reset { .. } => None,
        }
    }
}

/// What the next look is to show beyond the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Look {
    /// How long to wait before it, in milliseconds.
    pub wait_ms: u64,
    /// Whether to ask who the daemon is.
    pub identity: bool,
    /// Whether to ask which files exist only in the container's own layer.
    pub layer: bool,
    /// Whether to ask which node name is written on the gateway's volume.
    pub node_name: bool,
}

/// Why a replacement is undone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "because")]
pub enum Because {
    /// Another run has begun it and not ended it.
    LeftOver,
    /// Something was not done that it needs.
    Act {
        /// What, as a person reads it.
        what: String,
        /// What went wrong.
        failure: Failure,
    },
    /// The next container does not become ready.
    Trouble {
        /// Why not.
        trouble: Trouble,
    },
    /// The next container does not list sandboxes that were there before.
    Sandboxes {
        /// Which.
        lacks: BTreeSet<SandboxName>,
    },
    /// Whether the sandboxes are still there cannot be told.
    SandboxesUnknown {
        /// Why not.
        why: Why,
    },
    /// That the next container is the gateway now could not be written down.
    NotRecorded {
        /// Why not.
        failure: Failure,
    },
    /// Files that nobody takes along came into the old container's own layer since it was looked at.
    Layer {
        /// One of them.
        path: String,
    },
    /// Somebody else holds the port that the next container is to have.
    PortHeld {
        /// The port.
        port: u16,
    },
    /// Somebody asked the run to end.
    Interrupted {
        /// By which signal.
        signal: Signal,
    },
}

/// How a replacement that was begun is brought to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReplacement {
    /// The record names the next one: only the previous container is removed.
    RemovePrevious,
    /// The next one is ready: it takes the gateway's place.
    Finish,
    /// The previous one gets its place back.
    RollBack,
}

/// A gateway that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Verdict {
    /// Its stable ID.
    pub reason: Reason,
    /// What there is to tell.
    pub notes: Vec<Note>,
}

/// One way in which a container differs from what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "differs")]
pub enum Difference {
    /// Another image reference.
    Image {
        /// The container's.
        has: ImageRef,
        /// The wanted one.
        wanted: ImageRef,
    },
    /// The same reference stands for another image by now.
    ImageMoved {
        /// The reference.
        reference: ImageRef,
        /// The container's image.
        has: ImageId,
        /// What the reference stands for now.
        wanted: ImageId,
    },
    /// Another published port.
    Port {
        /// The container's, as `address:port`.
        has: String,
        /// The wanted one.
        wanted: String,
    },
    /// A mount that the container lacks.
    Mount {
        /// The path inside.
        path: String,
    },
    /// Another value of an environment variable. Values are secrets and are not shown.
    Environment {
        /// The variable.
        name: String,
    },
    /// Another command line.
    CommandLine,
    /// Another restart policy.
    Restart,
}

/// Something to tell beside a ready gateway, or about how a run went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "note")]
pub enum Note {
    /// Docker could not be asked; only the health endpoint was.
    Unverified,
    /// The container differs from what its owner wants.
    Drifted {
        /// How.
        differences: Vec<Difference>,
    },
    /// A newer release has another default image.
    NewerDefault {
        /// The image in the record.
        has: ImageRef,
        /// This release's default.
        default: ImageRef,
    },
    /// Docker removes the container as soon as it stops.
    AutoRemoved,
    /// Another program owns the container.
    Managed {
        /// The program.
        manager: String,
    },
    /// Its home folder does not lie on a volume, where the preset's does.
    HomeNotKept,
    /// Its health endpoint is not published, so that only a connection to its port was tried.
    HealthNotPublished,
    /// Another container may be writing to the gateway's volume.
    SecondWriter {
        /// The container.
        container: ContainerName,
        /// The volume.
        volume: VolumeName,
    },
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOver => f.write_str("another run has begun it and not ended it"),
            Self::Act { what, failure } => write!(f, "it was not possible to {what}: {failure}"),
            Self::Trouble { trouble } => write!(f, "the next container {trouble}"),
            Self::Sandboxes { lacks } => {
                let names: Vec<_> = lacks.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "the next container does not list {}, which the old one did", names.join(", "))
            }
            Self::SandboxesUnknown { why } => {
                write!(f, "whether the sandboxes are still there cannot be told: {why}")
            }
            Self::NotRecorded { failure } => write!(f, "the record could not be written: {failure}"),
            Self::Layer { path } => {
                write!(f, "`{path}` came into the old container meanwhile, and nothing takes it along")
            }
            Self::PortHeld { port } => write!(f, "somebody else holds port {port}"),
            Self::Interrupted { signal: Signal::Interrupt } => f.write_str("it was interrupted"),
            Self::Interrupted { signal: Signal::Terminate } => f.write_str("it was terminated"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image { has, wanted } => write!(f, "image `{has}`, wanted `{wanted}`"),
            Self::ImageMoved { reference, .. } => write!(f, "`{reference}` stands for another image by now"),
            Self::Port { has, wanted } => write!(f, "port {has}, wanted {wanted}"),
            Self::Mount { path } => write!(f, "nothing of ours is mounted at `{path}`"),
            Self::Environment { name } => write!(f, "the environment variable `{name}`"),
            Self::CommandLine => f.write_str("the command line"),
            Self::Restart => f.write_str("the restart policy"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unverified => f.write_str("Docker could not be asked: only the gateway's own health endpoint answered"),
            Self::Drifted { differences } => {
                f.write_str("the container differs from what was asked for when it was made: ")?;
                let all: Vec<_> = differences.iter().map(ToString::to_string).collect();
                f.write_str(&all.join("; "))
            }
            Self::NewerDefault { has, default } => {
                write!(f, "it runs `{has}`; this release's default is `{default}`. Nothing is upgraded unasked")
            }
            Self::AutoRemoved => {
                f.write_str("the container was started with `--rm`: Docker removes it, and its anonymous volumes, as soon as it stops")
            }
            Self::HomeNotKept => f.write_str(
                "its HOME does not lie on a volume: what it keeps there, such as the key to stored credentials, goes with its container",
            ),
            Self::HealthNotPublished => f.write_str(
                "its health endpoint is not published: what was seen is that its container runs and its port accepts connections",
            ),
            Self::Managed { manager } => write!(f, "the container belongs to {manager}"),
            Self::SecondWriter { container, volume } => {
                write!(f, "the container `{container}`, which is not this gateway, may be writing to its volume `{volume}`")
            }
        }
    }
}
