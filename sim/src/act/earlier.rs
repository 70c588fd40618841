//! What earlier runs of nemoclaw left: a backup, a gateway that was restored or destroyed, and a restore that was killed.
//! They are runs of the same engine, so that what they leave is what it leaves.

use engine::{Consent, Discard, Intent, Purpose};
use serde::{Deserialize, Serialize};

use crate::base::Names;
use crate::fault::{CallKind, Point, Rule, Trigger, Verdict};
use crate::run::{earlier, intent};
use crate::world::World;
use crate::world::effect::History;

/// How far a restore had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestoreReached {
    /// The first empty volume was made.
    VolumeMade,
    /// The helper was made.
    HelperMade,
    /// The half of the first volume's files was written.
    HalfWritten,
    /// All of the first volume's files were written, and not read back.
    Written,
    /// The container that is to take the gateway's place was made on them.
    NextMade,
    /// That one was started. Where the gateway had none, its own was.
    Started,
}

impl RestoreReached {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::VolumeMade, Self::HelperMade, Self::HalfWritten, Self::Written, Self::NextMade, Self::Started];

    /// The rules that kill a restore there.
    pub(super) fn kills(self) -> Vec<Rule> {
        let (command, call) = match self {
            Self::VolumeMade => ("create-volume", CallKind::Change),
            Self::HelperMade => ("create-helper", CallKind::Change),
            Self::HalfWritten | Self::Written => ("restore", CallKind::ArchiveWrite),
            Self::NextMade => ("create-next", CallKind::Change),
            Self::Started => ("start-container", CallKind::Change),
        };
        let rule = |at: Point, what: Verdict| Rule {
            when: Trigger { command: Some(command.to_owned()), nth: 1, call: Some(call), at },
            what,
        };
        let cut = (self == Self::HalfWritten).then(|| rule(Point::Before, Verdict::CutShort));
        cut.into_iter().chain([rule(Point::After, Verdict::Killed)]).collect()
    }
}

pub(super) fn back_up(world: &mut World, names: &Names, history: &mut History) {
    earlier(world, names, intent(names, Purpose::BackUp), &[], history);
}

pub(super) fn damage_backup(world: &mut World, names: &Names) {
    let mut all = world.state.backups.iter_mut().rev();
    if let Some(backup) = all.find(|backup| backup.gateway == names.gateway) {
        backup.complete = false;
    }
}

pub(super) fn restore(world: &mut World, names: &Names, rules: &[Rule], history: &mut History) {
    let Some(backup) = world.state.latest_backup(&names.gateway).map(|backup| backup.path.clone()) else { return };
    let wish = Intent { restore: Some(backup), ..intent(names, Purpose::Onboard) };
    earlier(world, names, wish, rules, history);
}

pub(super) fn destroy(world: &mut World, names: &Names, volumes: bool, history: &mut History) {
    let discard = if volumes { Discard::Volumes } else { Discard::Container };
    let consent = Consent::typed(&names.gateway, names.gateway.as_str()).ok().filter(|_| volumes);
    let wish = Intent { consent, ..intent(names, Purpose::Destroy(discard)) };
    earlier(world, names, wish, &[], history);
}
