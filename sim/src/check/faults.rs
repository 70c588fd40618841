//! Every fault that can befall one command: which kinds at which of its calls, and whose acts where.

use serde::Serialize;

use super::coverage::Coverage;
use crate::act::{Act, Which};
use crate::base::Names;
use crate::fault::{COMMANDS, CallKind, Point, Rule, Trigger, Verdict};
use crate::world::World;
use crate::world::effect::History;

/// How much later an effect comes, in milliseconds: within the run that asked for it, during the next one, after both.
const LATE_MS: [u64; 4] = [3, 60, 2_000, 45_000];

/// Statuses with which a daemon says no in its own form.
const REFUSED: [u16; 4] = [403, 404, 409, 500];

/// Which faults there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kinds {
    /// All kinds.
    All,
    /// Those that the mission names: the host stops and starts, the daemon hiccups, the image drifts, we die.
    Mission,
}

/// Which faults may come, how many, and whose acts.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Which.
    pub kinds: Kinds,
    /// How many in one case.
    pub most: u8,
    /// What others do, each with its place among all that anybody does.
    pub(super) acts: Vec<(usize, Act)>,
}

impl Faults {
    /// Faults of these kinds; of what others do only what is of these kinds.
    pub fn new(kinds: Kinds, most: u8, acts: &[Act]) -> Self {
        let acts = acts.iter().cloned().enumerate();
        let acts = acts.filter(|(_, act)| kinds == Kinds::All || is_of_the_mission(act)).collect();
        Self { kinds, most, acts }
    }

    /// What can befall a command that makes these calls from this world, each as rules that count from the command on.
    pub(super) fn of(
        &self,
        command: &'static str,
        calls: &[CallKind],
        world: &World,
        names: &Names,
        coverage: &Coverage,
    ) -> Vec<Vec<Rule>> {
        let mut all = Vec::new();
        for (nth, call) in calls.iter().enumerate() {
            if calls[..nth].contains(call) {
                continue;
            }
            for plan in self.at(command, *call) {
                coverage.placed(command, *call, &plan[0].what);
                all.push(plan);
            }
        }
        for (nth, act) in &self.acts {
            for (call, plan) in act_about(act, calls, world, names) {
                coverage.placed(command, call, &plan[0].what);
                coverage.acted(*nth);
                all.push(plan);
            }
        }
        all
    }

    /// What can befall one call of a command, acts aside.
    fn at(&self, command: &'static str, call: CallKind) -> Vec<Vec<Rule>> {
        let before = |what| rule(Some(call), Point::Before, what);
        let killed = || rule(Some(call), Point::After, Verdict::Killed);
        let mut all: Vec<Vec<Rule>> = Vec::new();
        let mut add = |what: Verdict| {
            if self.wants(&what) && impossible(command, call, what.kind()).is_none() {
                all.push(vec![before(what)]);
            }
        };
        add(Verdict::Killed);
        add(Verdict::Interrupted);
        add(Verdict::Hangs);
        add(Verdict::NotListening);
        add(Verdict::Forbidden);
        add(Verdict::BadStatus { status: 502 });
        add(Verdict::BadBody);
        add(Verdict::CutShort);
        add(Verdict::AnswerLost);
        add(Verdict::Stale);
        add(Verdict::DownFor { calls: 3 });
        add(Verdict::DownFor { calls: 1_000 });
        add(Verdict::Slow { ms: 4_000 });
        add(Verdict::Slow { ms: 20_000 });
        REFUSED.into_iter().for_each(|status| add(Verdict::Refused { status }));
        LATE_MS.into_iter().for_each(|in_ms| add(Verdict::EffectLate { in_ms }));
        if changes(command, call) {
            all.push(vec![killed()]);
            if self.kinds == Kinds::All {
                all.push(vec![rule(Some(call), Point::After, Verdict::Interrupted)]);
            }
            if call != CallKind::File {
                let late = |in_ms| vec![before(Verdict::EffectLate { in_ms }), killed()];
                all.extend(LATE_MS.into_iter().map(late));
            }
        }
        all
    }

    fn wants(&self, what: &Verdict) -> bool {
        self.kinds == Kinds::All
            || match what {
                Verdict::Hangs
                | Verdict::NotListening
                | Verdict::BadStatus { .. }
                | Verdict::AnswerLost
                | Verdict::EffectLate { .. }
                | Verdict::DownFor { .. }
                | Verdict::Act { .. }
                | Verdict::Killed => true,
                Verdict::Forbidden
                | Verdict::BadBody
                | Verdict::CutShort
                | Verdict::Refused { .. }
                | Verdict::Stale
                | Verdict::Interrupted
                | Verdict::Slow { .. } => false,
            }
    }
}

/// An act right before the command, and behind each of its reads that would have been answered otherwise after the act:
/// anywhere else within the command it comes to the same as at one of these.
fn act_about(act: &Act, calls: &[CallKind], world: &World, names: &Names) -> Vec<(CallKind, Vec<Rule>)> {
    let mut acted = world.clone();
    act.perform(&mut acted, names, &mut History::default());
    let Some((last, others)) = calls.split_last() else { return Vec::new() };
    if acted == *world {
        return Vec::new();
    }
    let acts = |call, at| vec![rule(call, at, Verdict::Act { act: act.clone() })];
    let mut all = vec![(*others.first().unwrap_or(last), acts(None, Point::Before))];
    for (nth, call) in others.iter().enumerate() {
        if !others[..nth].contains(call) && answers_otherwise(*call, world, &acted) {
            all.push((*call, acts(Some(*call), Point::After)));
        }
    }
    all
}

fn rule(call: Option<CallKind>, at: Point, what: Verdict) -> Rule {
    Rule { when: Trigger { command: None, nth: 1, call, at }, what }
}

/// Whether a call of this command changes something.
fn changes(command: &str, call: CallKind) -> bool {
    matches!(call, CallKind::Change | CallKind::ArchiveWrite)
        || matches!((command, call), ("write-record" | "back-up", CallKind::File))
}

/// Why such a fault says nothing at this call; none where it may befall it.
pub(super) fn impossible(command: &str, call: CallKind, kind: &str) -> Option<&'static str> {
    let is_file = call == CallKind::File;
    let is_change = changes(command, call);
    match kind {
        "killed" | "interrupted" | "slow" => None,
        "act" if is_last_of(command, call) => Some("behind its last call is before the next command"),
        "act" => None,
        "hangs" if is_file && is_change => None,
        _ if is_file => Some("a file of our own is written or it is not: that is `hangs`, and reading is not broken"),
        "effect-late" if !is_change => Some("a question has no effect: it is `answer-lost`"),
        "stale" if is_change => Some("nobody caches the answer to a request that changes something"),
        "stale" if matches!(call, CallKind::ArchiveRead | CallKind::Logs | CallKind::Measure) => {
            Some("nobody caches it, or nothing is decided by it")
        }
        "down-for" if matches!(call, CallKind::Health | CallKind::Sandboxes) => {
            Some("it is the gateway's, and not the daemon's: the next call of the daemon meets it")
        }
        "stale" | "refused" | "forbidden" if matches!(call, CallKind::Health | CallKind::Sandboxes) => {
            Some("it is the gateway's own: an answer that cannot be had is `hangs`")
        }
        _ => None,
    }
}

/// Whether it is a later call of the command, and the last one.
fn is_last_of(command: &str, call: CallKind) -> bool {
    let calls = COMMANDS.iter().find(|(name, _)| *name == command).map_or(&[][..], |(_, calls)| *calls);
    calls.len() > 1 && calls.last() == Some(&call)
}

/// Whether a question is answered otherwise after somebody acted.
fn answers_otherwise(call: CallKind, before: &World, after: &World) -> bool {
    let (was, is) = (before.daemon(), after.daemon());
    let containers = || was.store.containers != is.store.containers || was.networks != is.networks;
    let differs = match call {
        CallKind::Info => was.identity != is.identity,
        CallKind::ListContainers | CallKind::InspectContainer | CallKind::Changes => containers(),
        CallKind::ListVolumes | CallKind::InspectVolume | CallKind::Measure => was.volumes != is.volumes,
        CallKind::InspectImage => was.store.images != is.store.images,
        CallKind::ListNetworks => was.networks != is.networks,
        CallKind::ArchiveRead => containers() || was.volumes != is.volumes,
        CallKind::Health | CallKind::Sandboxes | CallKind::Logs | CallKind::File => true,
        CallKind::Change | CallKind::ArchiveWrite => true,
    };
    differs || was.up != is.up || before.at_address != after.at_address
}

/// Whether it is one of the acts that the mission names: the host or a daemon stops or starts, somebody stops or starts
/// the gateway, the image drifts.
pub(super) fn is_of_the_mission(act: &Act) -> bool {
    let of_the_gateway = |which: &Which| which.container.is_none();
    matches!(act, Act::Stop(which) | Act::Kill(which) | Act::Start(which) if of_the_gateway(which))
        || matches!(act, Act::CutPower | Act::Boot | Act::KillDaemon | Act::StartDaemon | Act::RestartDaemon)
        || matches!(act, Act::Publish { .. } | Act::Unpublish | Act::Retag | Act::RemoveImage { .. })
}
