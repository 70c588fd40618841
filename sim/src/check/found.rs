//! What did not hold: each kind of it once, with the first scenario in order that shows it; and the exceptions that are
//! known, by name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::act::Act;
use crate::fault::Verdict;
use crate::oracle::{Breach, Invariant};
use crate::scenario::Scenario;

/// One way in which an invariant did not hold.
#[derive(Clone, Debug, Serialize)]
pub struct Violation {
    /// What did not hold.
    pub breach: Breach,
    /// In how many states.
    pub states: u64,
    /// The first scenario, in the order of cases and faults, that shows it.
    pub scenario: Scenario,
    #[serde(skip)]
    order: (usize, u32, String),
}

/// What is known not to hold, is no loss, and is told in docs/model.md: counted, and never silent.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// Its name.
    pub name: &'static str,
    /// The invariant.
    pub invariant: Invariant,
    /// Why it is let pass.
    pub why: &'static str,
    says: &'static str,
    with: fn(&Verdict) -> bool,
}

/// The exceptions.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        name: "late-removal",
        invariant: Invariant::VolumesKept,
        why: "a removal whose answer was lost comes once more when the volume was made anew: Docker refuses what is in use",
        says: "was to be removed; containers: [",
        with: |what| matches!(what, Verdict::EffectLate { .. }),
    },
    Exception {
        name: "put-back-refused",
        invariant: Invariant::DriftKeepsData,
        why: "a daemon that refuses to rename the previous one back: a new one is made beside it, and both have a policy",
        says: "after a power cut",
        with: |what| matches!(what, Verdict::Refused { .. } | Verdict::Act { .. }),
    },
    Exception {
        name: "late-policy",
        invariant: Invariant::CrashOnly,
        why: "the policy of the old one is taken after its replacement was undone: told as drift by the next run",
        says: "its restart policy is",
        with: |what| matches!(what, Verdict::EffectLate { .. }),
    },
    Exception {
        name: "upgraded-and-remade",
        invariant: Invariant::HonestEnds,
        why: "a person makes the container anew between the last look and its removal: it is still called upgraded",
        says: "no next container is in its place",
        with: is_act,
    },
    Exception {
        name: "another-ones-warm-up",
        invariant: Invariant::NoNeedlessActs,
        why: "a person makes the container anew while another's warm-up is waited for: the new one is restarted early",
        says: "of its warm-up",
        with: is_act,
    },
    Exception {
        name: "start-after-a-backup",
        invariant: Invariant::NoNeedlessActs,
        why: "somebody takes the port of a gateway that stands still for its backup: its start is tried, and fails",
        says: "a start, and another held port",
        with: is_act,
    },
    Exception {
        name: "two-replacements",
        invariant: Invariant::NoNeedlessActs,
        why: "another run, from another state directory, replaces the container too: a rename to a taken name is tried",
        says: "met a conflict",
        with: is_act,
    },
    Exception {
        name: "late-rename",
        invariant: Invariant::NoNeedlessActs,
        why: "a request of this run's own takes effect between two looks: a rename to a name that is taken by then is tried",
        says: "`rename-container` met a conflict",
        with: |what| matches!(what, Verdict::EffectLate { .. }),
    },
    Exception {
        name: "stale-policy",
        invariant: Invariant::CrashOnly,
        why: "a stale answer shows the policy of when the run began: the gateway is left without one, told as drift",
        says: "its restart policy is",
        with: |what| matches!(what, Verdict::Stale),
    },
    Exception {
        name: "others-within-a-replacement",
        invariant: Invariant::DriftKeepsData,
        why: "the old one is lost, renamed or replaced by others while it is replaced: what it had is not compared any more",
        says: "the next container",
        with: is_act,
    },
    Exception {
        name: "written-while-carried",
        invariant: Invariant::DriftKeepsData,
        why: "the old one is made anew, lost, or writes into its layer after that was looked at: what is removed held it",
        says: "was removed with files of its own",
        with: is_act,
    },
    Exception {
        name: "renamed-within-a-replacement",
        invariant: Invariant::CrashOnly,
        why: "a person renames the old one while it is replaced: it is left, under the name that the person chose",
        says: "is left over",
        with: |what| matches!(what, Verdict::Act { act: Act::Rename { .. } }),
    },
    Exception {
        name: "rolled-back-and-lost",
        invariant: Invariant::HonestEnds,
        why: "the daemon loses the old one between the last look and the end: it is still said that it runs again",
        says: "it says that it was rolled back",
        with: is_act,
    },
    Exception {
        name: "late-next-at-the-end",
        invariant: Invariant::HonestEnds,
        why: "a next one that was asked for twice is made once more while sandboxes are listed: the gateway runs, it is beside",
        says: "it says `upgraded`, and was not ready",
        with: |what| matches!(what, Verdict::EffectLate { .. }),
    },
    Exception {
        name: "unlabelled-previous-and-remade",
        invariant: Invariant::NoStrangersHarmed,
        why: "a person makes the next one anew before the unlabelled old one is removed: nothing says any more whose it was",
        says: "is not this gateway's",
        with: is_act,
    },
    Exception {
        name: "disconnected-and-replaced",
        invariant: Invariant::NoStrangersHarmed,
        why: "another run replaces a gateway that was disconnected: its next one gets Docker's own network",
        says: "it was connected to `bridge`",
        with: is_act,
    },
    Exception {
        name: "pruned-meanwhile",
        invariant: Invariant::NoStrangersHarmed,
        why: "a person prunes a volume of another name between the look and what mounts it: Docker makes an empty one",
        says: "",
        with: |what| matches!(what, Verdict::Act { act: Act::Prune { .. } }),
    },
];

fn is_act(what: &Verdict) -> bool {
    matches!(what, Verdict::Act { .. })
}

impl Exception {
    /// The exception that a breach in this scenario is, if it is one.
    pub fn of(breach: &Breach, scenario: &Scenario) -> Option<usize> {
        let again = scenario.again.iter().flat_map(|again| &again.rules);
        let rules: Vec<_> = scenario.rules.iter().chain(again).collect();
        EXCEPTIONS.iter().position(|exception| {
            exception.invariant == breach.invariant
                && breach.what.contains(exception.says)
                && rules.iter().any(|rule| (exception.with)(&rule.what))
        })
    }
}

/// Everything that was found, by several threads.
#[derive(Debug, Default)]
pub struct Finds {
    all: Mutex<BTreeMap<(Invariant, String), Violation>>,
    excepted: Mutex<BTreeMap<&'static str, u64>>,
}

impl Finds {
    pub(super) fn add(&self, breach: &Breach, rules: usize, start: u32, scenario: impl FnOnce() -> Scenario) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = (breach.invariant, kind_of(&breach.what));
        if let Some(known) = all.get_mut(&kind) {
            known.states += 1;
            if (known.order.0, known.order.1) < (rules, start) {
                return;
            }
        }
        let scenario = scenario();
        let order = (rules, start, scenario.to_toml());
        match all.get_mut(&kind) {
            Some(known) if known.order <= order => {}
            Some(known) => {
                *known = Violation { breach: breach.clone(), states: known.states, scenario, order };
            }
            None => {
                all.insert(kind, Violation { breach: breach.clone(), states: 1, scenario, order });
            }
        }
    }

    pub(super) fn except(&self, nth: usize) {
        let mut excepted = self.excepted.lock().unwrap_or_else(PoisonError::into_inner);
        *excepted.entry(EXCEPTIONS[nth].name).or_default() += 1;
    }

    /// How often each exception was met.
    pub fn excepted(&self) -> BTreeMap<&'static str, u64> {
        self.excepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<Violation> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().cloned().collect()
    }
}

/// What happened, without names and numbers, so that the same at two places is the same.
fn kind_of(what: &str) -> String {
    what.split(' ')
        .filter(|word| !word.contains(|letter: char| letter.is_ascii_digit() || letter == '`'))
        .collect::<Vec<_>>()
        .join(" ")
}
