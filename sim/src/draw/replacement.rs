//! What is drawn of replacements, backups and resets: one that was cut before, one that is asked for, who meddles with its
//! containers, and what goes wrong with its commands.

use super::{Choices, Swarm, does, verdict};
use crate::act::{Act, Reached, Which};
use crate::fault::{Point, Rule, Trigger, Verdict};
use crate::scenario::{Scenario, Verb};

/// The commands of a replacement, a backup and a reset, as a trace names them, in the order in which they come.
const COMMANDS: [&str; 15] = [
    "create-next",
    "create-helper",
    "back-up",
    "stop-container",
    "carry-over",
    "set-restart-policy",
    "rename-container",
    "start-container",
    "await-ready",
    "list-sandboxes",
    "write-record",
    "remove-container",
    "remove-volume",
    "begin-roll-back",
    "provide-image",
];

/// Another image than the gateway's own.
const OTHER_IMAGE: &str = "another-gateway:2";

/// Adds to a scenario.
pub(super) fn add(choices: &mut impl Choices, swarm: Swarm, scenario: &mut Scenario) {
    let acts = &mut scenario.world.acts;
    acts.extend((0..choices.below(4)).map(|_| before(choices)));
    let ask = &mut scenario.ask;
    match choices.below(7) {
        0 | 1 => ask.upgrade = true,
        2 => ask.recreate = true,
        3 => ask.port = Some(9090),
        4 => {
            ask.image = Some(OTHER_IMAGE.to_owned());
            acts.push(published(choices, Some(OTHER_IMAGE.to_owned())));
        }
        5 => {
            ask.reset = true;
            acts.push(Act::Remove { container: None, force: true, volumes: false });
        }
        _ => {}
    }
    if !choices.once_in(4) {
        ask.command = Verb::Onboard;
    }
    ask.leave_behind = choices.once_in(4);
    ask.carry = if choices.once_in(4) { vec!["/etc".to_owned()] } else { Vec::new() };
    scenario.rules.extend((0..choices.below(4)).filter_map(|_| rule(choices, swarm)));
}

/// What happened before the run.
fn before(choices: &mut impl Choices) -> Act {
    match choices.below(9) {
        8 => Act::LeaveHelper { stopped: choices.once_in(2) },
        0..=2 => Act::CutReplacement { reached: choices.one_of(&Reached::ALL) },
        3 | 4 => Act::WriteLayer {
            path: choices.one_of(&["/root/.local/state/openshell/key", "/etc/key", "/tmp/scratch"]).to_owned(),
        },
        5 | 6 => published(choices, None),
        _ => meddle(choices),
    }
}

fn published(choices: &mut impl Choices, image: Option<String>) -> Act {
    Act::Publish {
        image,
        does: does(choices),
        migrates: choices.once_in(3),
        volumes: if choices.once_in(3) { vec!["/declared".to_owned()] } else { Vec::new() },
    }
}

/// A person does something to the containers of a replacement.
fn meddle(choices: &mut impl Choices) -> Act {
    let container = choices.one_of(&["next", "previous", "helper"]).to_owned();
    let which = || Which { container: Some(container.clone()) };
    match choices.below(6) {
        0 => Act::Start(which()),
        1 => Act::Stop(which()),
        2 => Act::Kill(which()),
        3 => Act::Pause(which()),
        4 => Act::Remove { container: Some(container.clone()), force: true, volumes: choices.once_in(3) },
        _ => Act::Rename { container: Some(container.clone()), to: "moved".to_owned() },
    }
}

fn rule(choices: &mut impl Choices, swarm: Swarm) -> Option<Rule> {
    let command = choices.one_of(&COMMANDS);
    let what = match choices.below(6) {
        0 => Verdict::Killed,
        1 => Verdict::CutShort,
        2 => Verdict::Act { act: meddle(choices) },
        _ => verdict(choices),
    };
    let (wanted, may_be_after) = swarm.wants(&what);
    let nth = 1 + u32::try_from(choices.below(3)).unwrap_or_default();
    let at = if may_be_after { choices.one_of(&[Point::Before, Point::After]) } else { Point::Before };
    let when = Trigger { command: Some(command.to_owned()), nth, call: None, at };
    wanted.then_some(Rule { when, what })
}
