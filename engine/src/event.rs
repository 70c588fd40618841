//! What was learnt: the answers that a host gives to commands.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::helper::BackupContents;

use crate::known::{Known, Why};
use crate::names::{SandboxName, VolumeName};
use crate::observation::HostSeen;
use crate::older::Older;
use crate::preset_choice::Named;
use crate::record::RecordSeen;

/// The answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Event {
    /// The lock is ours until the run ends.
    LockTaken,
    /// Another run holds it.
    LockHeld {
        /// Who.
        holder: LockHolder,
    },
    /// The record was looked for.
    RecordRead {
        /// What was found.
        record: RecordSeen,
        /// What the older tool left, where there is no record of ours.
        older: Option<Older>,
    },
    /// Names were looked for.
    NamesFound {
        /// What bears one of them.
        found: Known<Vec<Named>>,
    },
    /// A look was taken.
    Observed {
        /// What it showed.
        host: Box<HostSeen>,
    },
    /// What was commanded is so: it was done, or was so already.
    Done,
    /// It was not done, or nobody knows.
    Failed {
        /// What went wrong.
        failure: Failure,
    },
    /// The wait for readiness ended.
    Waited {
        /// How.
        end: WaitEnd,
    },
    /// The sandboxes were listed.
    SandboxesListed {
        /// Their names, and their statuses where those are told; a list that could not be had is unknown and never an
        /// empty one.
        sandboxes: Known<BTreeMap<SandboxName, Option<String>>>,
    },
    /// The last log lines were read; none where they could not be had.
    LogsRead {
        /// The lines, oldest first.
        lines: Vec<String>,
    },
    /// The volumes were measured.
    VolumesMeasured {
        /// Each with its size where that could be had.
        volumes: Vec<MeasuredVolume>,
    },
    /// A backup was made and verified.
    BackedUp {
        /// Which.
        backup: BackupMade,
    },
    /// A backup was verified.
    BackupVerified {
        /// What it holds.
        contents: Box<BackupContents>,
    },
    /// Somebody asked the run to end, during whichever command was under way.
    Interrupted {
        /// By which signal.
        signal: Signal,
    },
}

/// A verified backup.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BackupMade {
    /// Its folder.
    pub path: String,
    /// What the volumes' files hold in all, in bytes.
    pub bytes: u64,
    /// What it does not hold, each as a person reads it.
    pub lacks: Vec<String>,
}

/// Why a command was not done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Failure {
    /// Whoever was asked said no, with authority (a 4xx in Docker's own form, an error of the file system).
    Rejected {
        /// The HTTP status, where it was Docker.
        status: Option<u16>,
        /// What was said.
        message: String,
    },
    /// The image would be packed from this executable, and that cannot run where the daemon runs containers.
    NotForThisDaemon {
        /// Why not.
        message: String,
    },
    /// No answer that can be relied on: it may have been done, or may yet be.
    Unknown {
        /// Why.
        why: Why,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { message, .. } | Self::NotForThisDaemon { message } => f.write_str(message),
            Self::Unknown { why } => write!(f, "{why}"),
        }
    }
}

/// How a wait for readiness ended. The picture after it decides; this only says why the wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitEnd {
    /// It is ready.
    Ready,
    /// The warm-up is over and it is not.
    NotReady,
    /// Its container ended, or keeps ending.
    Ended,
    /// The run's own time limit came first.
    OutOfTime,
}

/// Who holds a gateway's lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LockHolder {
    /// Its process ID, where it left one.
    pub pid: Option<u32>,
    /// Its command line.
    pub command: Option<String>,
    /// Since when, as text.
    pub since: Option<String>,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}")?,
            None => f.write_str("another process")?,
        }
        if let Some(command) = &self.command {
            write!(f, " (`{command}`)")?;
        }
        if let Some(since) = &self.since {
            write!(f, " since {since}")?;
        }
        Ok(())
    }
}

/// A volume and its size.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MeasuredVolume {
    /// Its name.
    pub name: VolumeName,
    /// When it was made, as Docker says it.
    pub created: Option<String>,
    /// What it holds, in bytes.
    pub size_bytes: Option<u64>,
}

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}
