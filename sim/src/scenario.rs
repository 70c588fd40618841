//! A scenario: what happened to whom, as a file that a person can write from a bug report. A world, what was asked for,
//! what went wrong, and what must hold.

mod ask;
mod text;

use std::collections::BTreeSet;

use engine::{BadPreset, End, GatewayName, Outcome};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::act::Act;
use crate::base::Names;
use crate::fault::Rule;
use crate::judge::{Case, Judged};
use crate::world::World;
use crate::world::effect::History;

pub use ask::{Ask, Verb};
pub use text::BadText;

/// The gateway of a scenario that names none.
const GATEWAY: &str = "prod";

/// One scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// The form of its text; 1 where it says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// What happened to whom, and what used to go wrong.
    pub story: String,
    /// Where that is written down: an issue, a page of documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The world before the run.
    #[serde(default)]
    pub world: Before,
    /// What was asked for.
    #[serde(default)]
    pub ask: Ask,
    /// What went wrong meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Where somebody runs it again at once, while effects of the first run may still be to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// What must hold besides the invariants.
    #[serde(default)]
    pub holds: Holds,
}

/// Another run at once, as an owner asks for it to whom the first one came to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Again {
    /// What goes wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// The world before the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Before {
    /// What kind of gateway.
    #[serde(default)]
    pub preset: Kind,
    /// How far it had come.
    #[serde(default)]
    pub base: Base,
    /// What happened since then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Act>,
}

/// The built-in presets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The small one for demos and tests.
    #[default]
    Reference,
    /// Today's.
    OpenshellGateway,
    /// The older kind, k3s in Docker.
    OpenshellCluster,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reference, Self::OpenshellGateway, Self::OpenshellCluster];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::OpenshellGateway => "openshell-gateway",
            Self::OpenshellCluster => "openshell-cluster",
        }
    }
}

/// How far a gateway had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// It was made by an onboarding; somebody worked with it (`work/notes`), and it made a sandbox (`agent`).
    #[default]
    Made,
    /// Nothing of it is there.
    Fresh,
    /// The older tool made it: no label, no record of ours; with work and a sandbox.
    Older,
    /// As made, but its container was made anew by hand, with an anonymous volume besides, and is recorded.
    ByHand,
}

/// What must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Holds {
    /// How the run ends: `reused`, `recovered`, …, `stopped`, `backed-up`, `destroyed`, `refused`, `looked` or `killed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason of the undisturbed run after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub converges: Option<String>,
    /// Files that are on the gateway's first volume in the end, or on the one that a restore has put into its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// Sandboxes that the gateway lists in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sandboxes: Vec<String>,
    /// Sandboxes that the run says were not found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Volumes that are there in the end, on whichever daemon.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Volumes that are not there in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Whether the run made, removed, started and ended nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untouched: Option<bool>,
    /// Whether the container is the one that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_container: Option<bool>,
}

/// The worlds that scenarios begin with, made once.
#[derive(Clone, Debug)]
pub struct Bases(Vec<((Kind, Base), (Names, World))>);

impl Bases {
    /// Makes them.
    ///
    /// # Errors
    /// A built-in preset that cannot be resolved.
    pub fn new() -> Result<Self, BadScenario> {
        let bad = |error: engine::BadInput| BadScenario::Value { key: "gateway", problem: error.to_string() };
        let gateway = GatewayName::parse(GATEWAY).map_err(bad)?;
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let names = Names::of(gateway.clone(), kind.as_str())?;
            for base in [Base::Fresh, Base::Made, Base::Older, Base::ByHand] {
                let world = match base {
                    Base::Made => names.made_world(),
                    Base::Fresh => names.fresh_world(),
                    Base::Older => names.older_world(),
                    Base::ByHand => names.world_by_hand(),
                };
                all.push(((kind, base), (names.clone(), world)));
            }
        }
        Ok(Self(all))
    }

    /// What a gateway of this kind is called, and the world with it.
    ///
    /// # Panics
    /// Never: each is made.
    pub fn get(&self, kind: Kind, base: Base) -> &(Names, World) {
        let found = self.0.iter().find(|(key, _)| *key == (kind, base));
        let Some((_, made)) = found else { panic!("no world of {kind:?} that is {base:?}") };
        made
    }
}

/// Why a scenario cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadScenario {
    /// A preset that cannot be used.
    #[error("{0}")]
    Preset(#[from] BadPreset),
    /// A value that cannot be used.
    #[error("`{key}`: {problem}")]
    Value {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Scenario {
    /// The case that it describes.
    ///
    /// # Errors
    /// What in it cannot be used.
    pub fn case(&self, bases: &Bases) -> Result<Case, BadScenario> {
        let (names, mut world) = bases.get(self.world.preset, self.world.base).clone();
        let mut before = History::default();
        for act in &self.world.acts {
            act.perform(&mut world, &names, &mut before);
        }
        let mut intent = self.ask.intent(&names, bases)?;
        if self.ask.command == Verb::Restore {
            intent.restore = Some(self.ask.backup_in(&world, &names));
        }
        let again = self.again.as_ref().map(|again| again.rules.clone());
        Ok(Case { world, names, intent, rules: self.rules.clone(), again })
    }

    /// What was to hold and did not, besides the invariants.
    pub fn unfulfilled(&self, case: &Case, judged: &Judged) -> Vec<String> {
        let mut wrong = Vec::new();
        let holds = &self.holds;
        let mut expect = |what: &str, wanted: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug, same: bool| {
            if !same {
                wrong.push(format!("{what}: {wanted:?} was to be, and it is {found:?}"));
            }
        };
        let outcome = end_of(judged.first.outcome.as_ref());
        if let Some(wanted) = &holds.outcome {
            expect("outcome", wanted, &outcome, *wanted == outcome);
        }
        if let Some(wanted) = &holds.reason {
            let found = judged.first.outcome.as_ref().map(|outcome| outcome.reason().id());
            expect("reason", wanted, &found, Some(wanted.as_str()) == found);
        }
        if let Some(wanted) = &holds.converges {
            let found = judged.converged.as_ref().map(|outcome| outcome.reason().id());
            expect("converges", wanted, &found, Some(wanted.as_str()) == found);
        }
        let files = files_of(&judged.world, &case.names);
        for path in &holds.kept {
            expect("kept", path, &files, files.contains(path));
        }
        let listed = judged.converged.as_ref().and_then(|outcome| outcome.seen.sandboxes.as_ref());
        for name in &holds.sandboxes {
            let there = listed.is_some_and(|all| all.keys().any(|one| one.as_str() == name));
            expect("sandboxes", name, &listed, there);
        }
        let missing = judged.first.outcome.as_ref().map(|outcome| &outcome.seen.missing);
        for name in &holds.missing {
            let told = missing.is_some_and(|all| all.iter().any(|one| one.as_str() == name));
            expect("missing", name, &missing, told);
        }
        let volumes: Vec<_> = judged.world.daemons.iter().flat_map(|daemon| daemon.volumes.keys()).collect();
        for name in &holds.volumes {
            expect("volumes", name, &volumes, volumes.iter().any(|volume| volume.as_str() == name));
        }
        for name in &holds.gone {
            expect("gone", name, &volumes, volumes.iter().all(|volume| volume.as_str() != name));
        }
        if let Some(wanted) = holds.untouched {
            expect("untouched", &wanted, &judged.acts, wanted == (judged.acts.sum() == 0));
        }
        if let Some(wanted) = holds.same_container {
            let of = |world: &World| world.daemon().named(&case.names.container).map(|one| one.id.clone());
            let (before, after) = (of(&case.world), of(&judged.world));
            expect("same-container", &wanted, &after, wanted == (before.is_some() && before == after));
        }
        wrong
    }
}

/// How a run ended, as one word.
pub fn end_of(outcome: Option<&Outcome>) -> String {
    match outcome.map(|outcome| &outcome.end) {
        None => "killed",
        Some(End::Ready { how, .. }) => how.as_str(),
        Some(End::Stopped) => "stopped",
        Some(End::BackedUp) => "backed-up",
        Some(End::Destroyed { .. }) => "destroyed",
        Some(End::Refused { .. }) => "refused",
        Some(End::Looked { .. }) => "looked",
    }
    .to_owned()
}

fn files_of(world: &World, names: &Names) -> BTreeSet<String> {
    let name = names.data_volume(world);
    let volumes = world.daemons.iter().filter_map(|daemon| daemon.volumes.get(&name));
    volumes.flat_map(|volume| volume.files.keys().cloned()).collect()
}
