//! What this run has done so far. Nothing of it outlives the run: the next one begins with none of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::act::Act;
use crate::event::{BackupMade, Failure, WaitEnd};
use crate::helper::BackupContents;
use crate::known::{Known, Why};
use crate::names::{ContainerId, VolumeName};
use crate::observation::{DaemonIdentity, HostSeen};
use crate::plan::{Because, Look};

/// How often a look may end in something unknown before the run gives up. With [`Tried::pause_ms`] that is some
/// 2 seconds: a daemon's hiccup passes in that time, and a person still waits.
pub const LOOKS_MAX: u8 = 5;

/// How many acts one run carries out at most, and how many to undo what it did. The longest way there is takes some thirty
/// (a restore of several volumes into the place of a container on several networks, with a backup); who needs more is
/// fighting somebody.
const ACTS_MAX: u8 = 48;

/// How often a creation is tried whose name is taken by a container that no look shows. Docker keeps a name for a
/// container from the moment in which it begins to make it: an earlier request of ours, whose answer was lost, may be
/// under way. With [`Tried::pause_after_conflict_ms`] that is some 6 seconds.
const CONFLICTS_MAX: u8 = 6;

/// How often an act is tried whose answer is unknown.
const TRIES_MAX: u8 = 2;

/// What a backup needs.
const BACKUP_ACTS: [Act; 4] = [Act::ProvideEmptyImage, Act::MakeHelper, Act::StopToBackUp, Act::BackUp];

/// What a restore needs before anything of the gateway is touched.
const RESTORE_ACTS: [Act; 4] = [Act::MakeRestored, Act::ProvideEmptyImage, Act::MakeHelper, Act::Restore];

/// What one run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Tried {
    /// How many looks in a row did not suffice to decide.
    pub looks: u8,
    /// What every further look is to show.
    pub look: Look,
    /// How many acts were carried out or attempted.
    pub acts: u8,
    /// The acts that were done.
    pub done: BTreeSet<Act>,
    /// The acts that were asked for and not answered: they may have been done, or may yet be.
    pub unsure: BTreeSet<Act>,
    /// The act that failed last.
    pub failed: Option<Failed>,
    /// How the wait since the last start ended.
    pub waited: Option<WaitEnd>,
    /// The daemon that this run has seen first: all its acts are for that one.
    pub daemon: Option<DaemonIdentity>,
    /// Why a replacement is being undone, and what its next container wrote last.
    pub rolling_back: Option<RollingBack>,
    /// Whether a replacement that another run had begun was undone.
    pub undone: bool,
    /// The next container that this run has written down to be the gateway.
    pub committed: Option<ContainerId>,
    /// The backup that this run has made.
    pub backup: Option<BackupMade>,
    /// The volumes that it was made of.
    pub backed_up: BTreeSet<VolumeName>,
    /// Why this run gave a backup up.
    pub backup_failed: Option<Failure>,
    /// The verified backup that is being restored.
    pub restoring: Option<BackupContents>,
    /// The empty volume that this run has made for each of the backup's.
    pub restored_into: BTreeMap<VolumeName, VolumeName>,
    /// Names that volumes have which no look shows: they bear neither label nor a name of the gateway's.
    pub taken: BTreeSet<VolumeName>,
    /// Why this run gave a restore up.
    pub restore_failed: Option<Failure>,
    /// The volumes whose removal was done, or asked for with an unknown answer.
    pub removed: BTreeSet<VolumeName>,
}

/// A replacement that is being undone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RollingBack {
    /// Why.
    pub because: Because,
    /// What the next container wrote last.
    pub log: Vec<String>,
}

/// An act that failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Failed {
    /// Which.
    pub act: Act,
    /// What it was, as a person reads it.
    pub what: String,
    /// What went wrong.
    pub failure: Failure,
    /// How often in a row.
    pub times: u8,
}

impl Failed {
    /// Whether it is a creation whose name a container has, or a volume.
    fn is_name_taken(&self) -> bool {
        let is_creation = matches!(self.act, Act::Create | Act::Adopt | Act::MakeRestored);
        is_creation && matches!(self.failure, Failure::Rejected { status: Some(409), .. })
    }
}

impl Tried {
    /// Whether the act was done in this run.
    pub fn has(&self, act: Act) -> bool {
        self.done.contains(&act)
    }

    /// Whether the act was done, or may have been.
    pub fn may_have(&self, act: Act) -> bool {
        self.done.contains(&act) || self.unsure.contains(&act)
    }

    /// The failure of one of these acts, if trying again would be of no use.
    pub fn gave_up(&self, acts: &[Act]) -> Option<&Failed> {
        self.failed.as_ref().filter(|failed| {
            let final_word = match &failed.failure {
                // A conflict may be an earlier request of ours, whose answer was lost and which came late: look again.
                Failure::Rejected { status: Some(409), .. } => {
                    failed.times >= if failed.is_name_taken() { CONFLICTS_MAX } else { TRIES_MAX }
                }
                // The empty image that a helper is made from is not there: it is made, and then the helper.
                Failure::Rejected { status: Some(404), .. } if failed.act == Act::MakeHelper => {
                    self.has(Act::ProvideEmptyImage)
                }
                Failure::Rejected { .. }
                | Failure::NotForThisDaemon { .. }
                | Failure::Unknown { why: Why::OutOfTime } => true,
                // It was waited for as long as anything moved.
                Failure::Unknown { why: Why::TimedOut { .. } } if failed.act == Act::ProvideImage => true,
                Failure::Unknown { .. } => failed.times >= TRIES_MAX,
            };
            acts.contains(&failed.act) && final_word
        })
    }

    /// Whether a replacement that another run had begun was undone, or may have been.
    pub fn has_undone(&self) -> bool {
        self.undone || self.may_have(Act::RemoveNext) && !self.may_have(Act::CreateNext)
    }

    /// Whether a container that had the gateway's volumes was removed by this run, or may have been. A helper's is another
    /// matter: it was there for a backup.
    pub fn has_removed_a_container(&self) -> bool {
        self.may_have(Act::RemoveOld) || self.may_have(Act::RemoveNext)
    }

    /// Whether the run has done as much as one may.
    pub fn acts_are_used_up(&self) -> bool {
        self.acts >= ACTS_MAX
    }

    /// Whether anything may have been changed: done, or asked for with an unknown answer.
    pub fn may_have_changed(&self) -> bool {
        self.done.union(&self.unsure).any(|act| !matches!(act, Act::Await | Act::ListBefore | Act::VerifyBackup))
    }

    /// The daemon that this run has seen first and the one that answers, where that is another.
    pub fn other_daemon<'a>(&'a self, host: &'a HostSeen) -> Option<(&'a DaemonIdentity, &'a DaemonIdentity)> {
        let found = host.daemon.as_ref().and_then(Known::known)?;
        self.daemon.as_ref().filter(|first| !found.is_same_as(first)).map(|first| (first, found))
    }

    /// Notes who answers: the first one that is known stays.
    pub fn note_daemon(&mut self, host: &HostSeen) {
        if self.daemon.is_none() {
            self.daemon = host.daemon.as_ref().and_then(Known::known).cloned();
        }
    }

    /// The pause before the next look, in milliseconds: none before the first, then 100, 200, 400, 800.
    pub fn pause_ms(&self) -> u64 {
        match self.looks {
            0 => 0,
            looks => 100 << (looks.min(LOOKS_MAX) - 1),
        }
    }

    /// The pause before the next look after a creation whose name was taken, in milliseconds: 200, 400, 800 and so on.
    pub fn pause_after_conflict_ms(&self) -> u64 {
        let taken = self.failed.as_ref().filter(|failed| failed.is_name_taken());
        taken.map_or(0, |failed| 100 << failed.times.min(CONFLICTS_MAX))
    }

    /// Notes that a look did not suffice, and what further ones are to show.
    pub fn note_look(&mut self, look: Look) {
        self.looks = self.looks.saturating_add(1);
        self.look.identity |= look.identity;
        self.look.layer |= look.layer;
        self.look.node_name |= look.node_name;
    }

    /// Notes that an act was done. Whatever was known of the wait before a start says nothing about after it.
    pub fn note_done(&mut self, act: Act) {
        self.acts = self.acts.saturating_add(1);
        self.done.insert(act);
        self.failed = None;
        match act {
            Act::Start | Act::Unpause | Act::Restart => self.waited = None,
            // It was stopped in order to be started.
            Act::StopToRepair | Act::StopToBackUp => {
                self.done.remove(&Act::Start);
            }
            // What was started before was another container.
            Act::CreateNext => {
                self.forget_starts();
                self.committed = None;
                self.done.remove(&Act::RemoveOld);
                // What was carried, another next one has.
                self.done.remove(&Act::Carry);
                self.undone |= self.rolling_back.take().is_some();
            }
            Act::RemoveNext => {
                // One that another run has begun is undone, and what was asked of this run comes next.
                if !self.may_have(Act::CreateNext) && self.rolling_back.take().is_some() {
                    self.undone = true;
                }
            }
            Act::ProvideImage
            | Act::MakeNetwork
            | Act::MakeVolume
            | Act::Create
            | Act::Adopt
            | Act::Connect
            | Act::Stop
            | Act::Await
            | Act::ListBefore
            | Act::Disarm
            | Act::StopOld
            | Act::Carry
            | Act::SetAside
            | Act::TakePlace
            | Act::Arm
            | Act::RemoveOld
            | Act::StopNext
            | Act::StepBack
            | Act::PutBack
            | Act::ProvideEmptyImage
            | Act::MakeHelper
            | Act::BackUp
            | Act::RemoveHelper
            | Act::RemoveVolume
            | Act::VerifyBackup
            | Act::RemoveUnfinished
            | Act::MakeRestored
            | Act::Restore
            | Act::RemoveOwn
            | Act::RemoveNetwork
            | Act::SetRecordAside
            | Act::Record => {}
        }
    }

    /// Notes that a replacement is undone from now on: what was started so far is the next container, and what was tried
    /// for it says nothing of the old one.
    pub fn note_rolling_back(&mut self, because: Because, log: Vec<String>) {
        self.forget_starts();
        self.failed = None;
        self.acts = 0;
        self.looks = 0;
        self.rolling_back = Some(RollingBack { because, log });
    }

    fn forget_starts(&mut self) {
        for act in [Act::Start, Act::Unpause, Act::Restart, Act::Await, Act::StopToRepair, Act::Connect] {
            self.done.remove(&act);
        }
        self.waited = None;
    }

    /// Notes that an act failed.
    pub fn note_failed(&mut self, act: Act, what: String, failure: Failure) {
        self.acts = self.acts.saturating_add(1);
        if let Failure::Unknown { .. } = failure {
            self.unsure.insert(act);
            if let Act::Start | Act::Unpause | Act::Restart = act {
                self.waited = None;
            }
        }
        let before = self.failed.take().filter(|failed| failed.act == act).map_or(0, |failed| failed.times);
        self.failed = Some(Failed { act, what, failure, times: before + 1 });
        // Both have a helper; the restore's comes first.
        if self.restoring.is_some() && !self.has(Act::Restore) {
            let gave_up = self.gave_up(&RESTORE_ACTS).map(|failed| failed.failure.clone());
            self.restore_failed = self.restore_failed.take().or(gave_up);
        } else if let Some(failed) = self.gave_up(&BACKUP_ACTS) {
            self.backup_failed = Some(failed.failure.clone());
        }
    }
}
