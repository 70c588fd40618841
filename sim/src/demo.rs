//! A simulated host that outlives its runs: what `nemoclaw onboard --demo` has where no Docker answers. It breaks by
//! nothing but what was done to it. Absent on purpose: files; whoever runs it keeps its text.

use engine::{GatewayName, GatewaySpec, Intent, Outcome, Watch, drive};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::Names;
use crate::host::{Nobody, SimHost};
use crate::world::World;
use crate::world::effect::{Actor, History};

/// The version of the text's form.
const SCHEMA: u32 = 1;

/// The longest that passes between two runs, in milliseconds: whatever was to come has come by then.
const BETWEEN_MAX_MS: u64 = 10 * 60 * 1_000;

/// A simulated host with one gateway, or none yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    names: Names,
    world: World,
}

/// Why a text is no simulated host.
#[derive(Debug, Error)]
pub enum BadDemo {
    /// It is not the text of one.
    #[error("it is not what a simulated host was written as: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error("its schema is {0}, and this version reads {SCHEMA}")]
    OtherSchema(u32),
}

#[derive(Deserialize)]
struct Head {
    schema: u32,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// When it was written, in milliseconds since the Unix epoch.
    written_ms: u64,
    world: World,
}

impl Demo {
    /// A host on which Docker answers and nothing of the gateway is there.
    pub fn new(gateway: GatewayName, spec: GatewaySpec) -> Self {
        let names = Names::of_spec(gateway, spec);
        Self { world: names.fresh_world(), names }
    }

    /// The host as it was written, and as long after that as it is now, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// A text that [`Demo::text`] of this version did not write.
    pub fn read(gateway: GatewayName, spec: GatewaySpec, text: &str, now_ms: u64) -> Result<Self, BadDemo> {
        let Head { schema } = serde_json::from_str(text)?;
        if schema != SCHEMA {
            return Err(BadDemo::OtherSchema(schema));
        }
        let Document { written_ms, mut world, .. } = serde_json::from_str(text)?;
        world.pass(now_ms.saturating_sub(written_ms).min(BETWEEN_MAX_MS), &mut History::default());
        Ok(Self { names: Names::of_spec(gateway, spec), world })
    }

    /// The host as a text, written now, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// What serde_json says of a value that has no JSON form; none of a world is one.
    pub fn text(&self, now_ms: u64) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Document { schema: SCHEMA, written_ms: now_ms, world: self.world.clone() })
    }

    /// Runs the engine on it.
    pub async fn run(&mut self, watch: &mut impl Watch, intent: Intent) -> Outcome {
        let mut history = History::default();
        let mut nobody = Nobody;
        let mut host = SimHost::new(&mut self.world, &mut history, &self.names, Actor::Run, &[], &mut nobody);
        let outcome = drive(&mut host, watch, intent).await;
        host.end();
        outcome
    }
}
