//! What is drawn of restores and destructions: what earlier runs left, what is asked for, who meddles with what a restore
//! made or set aside, and what goes wrong with their commands.

use super::{Choices, Swarm, verdict};
use crate::act::{Act, RestoreReached, Which};
use crate::fault::{CallKind, Point, Rule, Trigger, Verdict};
use crate::scenario::{Ask, Scenario, Verb};

/// The commands of a restore and a destruction, as a trace names them, in the order in which they come.
const COMMANDS: [&str; 19] = [
    "verify-backup",
    "create-volume",
    "create-helper",
    "restore",
    "remove-container",
    "create-next",
    "create-container",
    "stop-container",
    "back-up",
    "rename-container",
    "start-container",
    "await-ready",
    "write-record",
    "set-restart-policy",
    "begin-roll-back",
    "remove-volume",
    "remove-network",
    "set-record-aside",
    "create-network",
];

/// Adds to a scenario.
pub(super) fn add(choices: &mut impl Choices, swarm: Swarm, scenario: &mut Scenario) {
    let acts = &mut scenario.world.acts;
    if !choices.once_in(4) {
        acts.push(Act::BackUp);
    }
    acts.extend((0..choices.below(4)).map(|_| before(choices)));
    let plain = Ask {
        accept_daemon: scenario.ask.accept_daemon,
        preset_not_typed: scenario.ask.preset_not_typed,
        leave_behind: choices.once_in(2),
        no_backup: choices.once_in(4),
        ..Ask::default()
    };
    let destroy = Ask { command: Verb::Destroy, confirm: !choices.once_in(4), ..plain.clone() };
    match choices.below(9) {
        0..=3 => {
            let backup = choices.once_in(6).then(|| "1".to_owned());
            scenario.ask = Ask { command: Verb::Restore, backup, ..plain };
        }
        4 => scenario.ask = destroy,
        5 | 6 => scenario.ask = Ask { volumes: true, ..destroy },
        7 => scenario.ask = Ask { set_aside: true, ..destroy },
        _ => {}
    }
    scenario.rules.extend((0..choices.below(4)).filter_map(|_| rule(choices, swarm)));
}

/// What happened before the run.
fn before(choices: &mut impl Choices) -> Act {
    match choices.below(12) {
        0 | 1 => Act::RestoreBackup,
        2..=4 => Act::CutRestore { reached: choices.one_of(&RestoreReached::ALL) },
        5 => Act::Destroy { volumes: choices.once_in(2) },
        6 => Act::Work { file: "more".to_owned() },
        7 => Act::Remove { container: None, force: true, volumes: false },
        8 => Act::DamageBackup,
        9 => Act::BackUp,
        _ => meddle(choices),
    }
}

/// Somebody does something to what a restore made or set aside, or to what it works with.
fn meddle(choices: &mut impl Choices) -> Act {
    let volume = choices.one_of(&["restored", "set-aside", "own"]).to_owned();
    match choices.below(8) {
        0 | 1 => Act::RunStranger {
            name: None,
            volume: Some(volume),
            by_folder: choices.once_in(4),
            port: None,
            always: false,
        },
        2 => Act::RemoveVolume { volume: Some(volume) },
        3 => Act::Remove {
            container: Some(choices.one_of(&["helper", "next", "previous"]).to_owned()),
            force: true,
            volumes: choices.once_in(3),
        },
        4 => Act::Work { file: "more".to_owned() },
        5 => Act::DamageBackup,
        6 => Act::Start(Which { container: None }),
        _ => Act::Stop(Which { container: None }),
    }
}

fn rule(choices: &mut impl Choices, swarm: Swarm) -> Option<Rule> {
    let command = choices.one_of(&COMMANDS);
    let what = match choices.below(7) {
        0 | 1 => Verdict::Killed,
        2 => Verdict::CutShort,
        3 => Verdict::Act { act: meddle(choices) },
        _ => verdict(choices),
    };
    let (wanted, may_be_after) = swarm.wants(&what);
    let nth = 1 + u32::try_from(choices.below(3)).unwrap_or_default();
    let calls = [None, None, Some(CallKind::ArchiveWrite), Some(CallKind::ArchiveRead)];
    let call = if command == "restore" { choices.one_of(&calls) } else { None };
    let at = if may_be_after { choices.one_of(&[Point::Before, Point::After]) } else { Point::Before };
    wanted.then(|| Rule { when: Trigger { command: Some(command.to_owned()), nth, call, at }, what })
}
