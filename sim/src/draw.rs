//! Scenarios drawn from a list of choices. Every list draws one: a choice that is not there is zero, which is the
//! simplest, so that a shorter list, or one with more zeros, is a simpler scenario. There are no preconditions: an act
//! that cannot be done does nothing, a rule whose time never comes never holds.

mod replacement;
mod restore;

use crate::act::{Act, Reached, Which};
use crate::fault::{CallKind, Point, Rule, Trigger, Verdict};
use crate::scenario::{Ask, Base, Before, Kind, Scenario, Verb};
use crate::world::call::PrunedVolumes;
use crate::world::program::Does;

/// The most rules in one scenario.
pub const RULES_MAX: usize = 30;

/// The most acts before a run.
const ACTS_MAX: usize = 4;

/// A source of choices.
pub trait Choices {
    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize;

    /// One of these.
    fn one_of<T: Clone>(&mut self, all: &[T]) -> T
    where
        Self: Sized,
    {
        all[self.below(all.len())].clone()
    }

    /// Whether something holds that holds once in `n`; not where there is no choice.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}

/// Choices from a list.
#[derive(Debug)]
pub struct Listed<'a> {
    list: &'a [u32],
    at: usize,
}

impl<'a> Listed<'a> {
    /// From the first one on.
    pub fn new(list: &'a [u32]) -> Self {
        Self { list, at: 0 }
    }
}

impl Choices for Listed<'_> {
    fn below(&mut self, n: usize) -> usize {
        let choice = self.list.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        choice as usize % n
    }
}

/// Choices from a seed: SplitMix64 (Steele, Lea, Flood 2014), whose numbers are the same on every machine and build.
#[derive(Clone, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// The choices of one run of an exploration.
    pub fn new(seed: u64, run: u64) -> Self {
        Self(seed ^ run.wrapping_mul(0xa076_1d64_78bd_642f))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Choices for Seeded {
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or_default()
    }
}

/// Which kinds of fault one run of a swarm leaves out (Groce and others, "Swarm Testing", 2012): a run with fewer kinds
/// goes deeper into those that it has.
#[derive(Clone, Copy, Debug)]
pub struct Swarm {
    answers: bool,
    losses: bool,
    acts: bool,
    death: bool,
}

impl Swarm {
    /// Every kind.
    pub const ALL: Self = Self { answers: true, losses: true, acts: true, death: true };

    /// Some of them.
    pub fn draw(choices: &mut impl Choices) -> Self {
        let mut kind = || !choices.once_in(3);
        Self { answers: kind(), losses: kind(), acts: kind(), death: kind() }
    }

    /// Whether it has this kind, and whether it may come after an answer: what becomes of one is decided before it is
    /// given.
    fn wants(self, what: &Verdict) -> (bool, bool) {
        match what {
            Verdict::AnswerLost | Verdict::EffectLate { .. } => (self.losses, false),
            Verdict::Act { .. } => (self.acts, true),
            Verdict::Stale => (self.acts, false),
            Verdict::Killed | Verdict::Interrupted => (self.death, true),
            Verdict::DownFor { .. } | Verdict::Slow { .. } => (self.answers, true),
            Verdict::Hangs
            | Verdict::NotListening
            | Verdict::Forbidden
            | Verdict::BadStatus { .. }
            | Verdict::BadBody
            | Verdict::CutShort
            | Verdict::Refused { .. } => (self.answers, false),
        }
    }
}

/// Draws a scenario.
pub fn scenario(choices: &mut impl Choices, swarm: Swarm) -> Scenario {
    let preset = choices.one_of(&[Kind::Reference, Kind::Reference, Kind::OpenshellGateway, Kind::OpenshellCluster]);
    let base = match preset {
        Kind::OpenshellCluster => Base::Older,
        Kind::Reference | Kind::OpenshellGateway => {
            choices.one_of(&[Base::Made, Base::Made, Base::ByHand, Base::Fresh])
        }
    };
    let acts = (0..choices.below(ACTS_MAX + 1)).map(|_| act(choices)).collect();
    let ask = ask(choices);
    let many = if choices.once_in(20) { RULES_MAX } else { 4 };
    let rules = (0..choices.below(many + 1)).filter_map(|_| rule(choices, swarm)).collect();
    let world = Before { preset, base, acts };
    let mut drawn = Scenario { story: "Drawn.".to_owned(), world, ask, rules, ..Scenario::default() };
    // Drawn last, so that a seed still draws what it drew where there were none.
    if choices.once_in(3) {
        replacement::add(choices, swarm, &mut drawn);
    }
    if choices.once_in(3) {
        restore::add(choices, swarm, &mut drawn);
    }
    drawn
}

fn ask(choices: &mut impl Choices) -> Ask {
    let onboard = Verb::Onboard;
    let command = choices.one_of(&[onboard, onboard, onboard, onboard, onboard, Verb::Start, Verb::Stop, Verb::Status]);
    Ask {
        command,
        accept_daemon: choices.once_in(8),
        reset: choices.once_in(8),
        adopt: choices.once_in(12).then(|| choices.one_of(&["own", "other-volume"]).to_owned()),
        port: choices.once_in(12).then_some(9090),
        image: None,
        recreate: choices.once_in(16),
        upgrade: choices.once_in(16),
        leave_behind: false,
        carry: Vec::new(),
        preset_not_typed: choices.once_in(4),
        ..Ask::default()
    }
}

/// The commands of a run besides the looks, as a trace names them, those that come more often first.
const COMMANDS: [&str; 16] = [
    "start-container",
    "await-ready",
    "create-container",
    "write-record",
    "create-volume",
    "create-network",
    "provide-image",
    "list-sandboxes",
    "restart-container",
    "stop-container",
    "unpause-container",
    "connect-network",
    "take-lock",
    "read-record",
    "find-names",
    "read-logs",
];

/// The calls of a look. Other commands have one each, or two.
const LOOKS: [CallKind; 9] = [
    CallKind::ListContainers,
    CallKind::InspectContainer,
    CallKind::ListVolumes,
    CallKind::InspectVolume,
    CallKind::InspectImage,
    CallKind::ListNetworks,
    CallKind::Info,
    CallKind::Health,
    CallKind::Changes,
];

fn rule(choices: &mut impl Choices, swarm: Swarm) -> Option<Rule> {
    let what = verdict(choices);
    let (wanted, may_be_after) = swarm.wants(&what);
    let command = match choices.below(3) {
        0 => None,
        1 => Some("observe"),
        _ => Some(choices.one_of(&COMMANDS)),
    };
    // What comes often comes first.
    let most = match command {
        None => 12,
        Some("observe") => 4,
        Some(_) if choices.once_in(2) => 4,
        Some(_) => 1,
    };
    let nth = 1 + u32::try_from(choices.below(most)).unwrap_or_default();
    let looks = command.is_none_or(|command| command == "observe");
    let call = (looks && !choices.once_in(2)).then(|| choices.one_of(&LOOKS));
    let at = if may_be_after { choices.one_of(&[Point::Before, Point::After]) } else { Point::Before };
    wanted.then(|| Rule { when: Trigger { command: command.map(str::to_owned), nth, call, at }, what })
}

fn verdict(choices: &mut impl Choices) -> Verdict {
    match choices.below(16) {
        0 => Verdict::Hangs,
        1 => Verdict::NotListening,
        2 => Verdict::BadStatus { status: choices.one_of(&[500, 502, 404, 429, 301]) },
        3 => Verdict::BadBody,
        4 => Verdict::Forbidden,
        5 => Verdict::DownFor { calls: 1 + u32::try_from(choices.below(40)).unwrap_or_default() },
        6 => Verdict::Slow { ms: choices.one_of(&[100, 3_000, 20_000]) },
        7 => Verdict::AnswerLost,
        8 => Verdict::EffectLate { in_ms: choices.one_of(&[5, 200, 2_000, 30_000]) },
        9 => Verdict::Refused { status: choices.one_of(&[409, 404, 403, 500, 400]) },
        10 => Verdict::Stale,
        11 => Verdict::Killed,
        12 => Verdict::Interrupted,
        _ => Verdict::Act { act: act(choices) },
    }
}

/// Draws an act of somebody.
pub fn act(choices: &mut impl Choices) -> Act {
    let own = Which::default;
    match choices.below(52) {
        0 => Act::Stop(own()),
        1 => Act::Kill(own()),
        2 => Act::Start(own()),
        3 => Act::Pause(own()),
        4 => Act::Unpause(own()),
        5 => Act::Remove { container: None, force: true, volumes: choices.once_in(2) },
        6 => Act::Remove { container: None, force: false, volumes: false },
        7 => Act::Rename { container: None, to: choices.one_of(&["moved", "openshell-cluster-prod-eu"]).to_owned() },
        8 => Act::RemoveVolume { volume: None },
        9 => Act::CreateVolume {
            volume: choices.one_of(&["other-volume", "openshell-cluster-prod-eu"]).to_owned(),
            labelled: choices.once_in(2).then(|| choices.one_of(&["prod", "prod-eu"]).to_owned()),
            files: 1,
        },
        10 => Act::RemoveNetwork,
        11 => Act::CreateNetwork,
        12 => Act::Disconnect,
        13 => Act::RemoveImage { force: choices.once_in(2) },
        14 => {
            Act::Prune { volumes: choices.one_of(&[PrunedVolumes::None, PrunedVolumes::Anonymous, PrunedVolumes::All]) }
        }
        15 | 16 => Act::RunStranger {
            name: choices.once_in(3).then(|| "own".to_owned()),
            volume: choices.once_in(2).then(|| "own".to_owned()),
            by_folder: choices.once_in(3),
            port: choices.once_in(3).then_some(0),
            always: choices.once_in(3),
        },
        17 => Act::TakePort { answers: choices.one_of(&[None, Some(200), Some(404)]) },
        18 => Act::LeavePort,
        19 => Act::Hang,
        20 | 21 => Act::Behave {
            does: does(choices),
            warm_up_ms: choices.one_of(&[None, Some(0), Some(5_000), Some(100_000)]),
        },
        22 => Act::Publish { image: None, does: does(choices), migrates: false, volumes: Vec::new() },
        23 => Act::Unpublish,
        24 => Act::Retag,
        25 => Act::Work { file: "more".to_owned() },
        26 => Act::MakeSandbox { name: "second".to_owned() },
        27 => Act::LoseSandbox { name: "agent".to_owned() },
        28 => Act::WriteLayer { path: "/etc/key".to_owned() },
        29 => Act::CutPower,
        30 => Act::Boot,
        31 => Act::KillDaemon,
        32 => Act::StartDaemon,
        33 => Act::RestartDaemon,
        34 => Act::LosePorts,
        35 => Act::ForgetReferences,
        36 => Act::SwitchStore { driver: choices.one_of(&["vfs", "overlay2"]).to_owned() },
        37 => Act::LoseContainer,
        38 => Act::EmptyDataRoot,
        39 => Act::OtherDaemon,
        40 => Act::Disk { full: !choices.once_in(3) },
        41 => Act::StateReadOnly { read_only: !choices.once_in(3) },
        42 => Act::LoseRecord,
        43 => choices.one_of(&[Act::CorruptRecord, Act::NewerRecord, Act::StaleRecord]),
        44 => Act::Wait { ms: choices.one_of(&[10, 1_000, 60_000]) },
        45 => Act::OtherRun,
        46 | 51 => Act::Remake {
            auto_remove: choices.once_in(2),
            anonymous: choices.once_in(2),
            compose: choices.once_in(3).then(|| "gateway".to_owned()),
            volume: choices.once_in(4).then(|| "other-volume".to_owned()),
            node_name: choices.once_in(4).then(|| "0a1b2c3d4e5f".to_owned()),
        },
        47 => {
            let reached = if choices.once_in(2) { Reached::InPlace } else { Reached::Created };
            Act::CutReplacement { reached }
        }
        48 => {
            Act::ShowStatus { word: choices.one_of(&[Some("stopped".to_owned()), Some("removing".to_owned()), None]) }
        }
        49 => Act::HideHealth { why: "it is on another host".to_owned() },
        _ => Act::RenameHost { name: "desk".to_owned() },
    }
}

fn does(choices: &mut impl Choices) -> Does {
    choices.one_of(&[
        Does::Serves,
        Does::Answers { status: 503 },
        Does::Hangs,
        Does::Ends { code: 0 },
        Does::Ends { code: 1 },
        Does::RunsOutOfMemory,
    ])
}
