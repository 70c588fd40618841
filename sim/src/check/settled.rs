//! What everything comes to: two undisturbed runs once what broke is over. Many ways lead to the same world, and from
//! there on all is the same; each world is seen to its end once.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use engine::Intent;
use rustc_hash::FxHasher;

use super::cases::Start;
use super::coverage::Coverage;
use crate::judge::After;
use crate::seam::Seam;
use crate::world::World;
use crate::world::effect::History;

/// How many parts what is known lies in, so that threads seldom wait for each other.
const PARTS: usize = 64;

/// What worlds came to.
#[derive(Debug)]
pub(super) struct Settled(Vec<RwLock<HashMap<u64, Arc<After>>>>);

impl Default for Settled {
    fn default() -> Self {
        Self((0..PARTS).map(|_| RwLock::default()).collect())
    }
}

impl Settled {
    /// What a world comes to when it is left alone and what was asked for is asked for again.
    pub fn after<S: Seam>(
        &self,
        start: &Start,
        world: &World,
        seam: &impl Fn(&Intent) -> S,
        coverage: &Coverage,
    ) -> Arc<After> {
        let mut hasher = FxHasher::default();
        (&start.plain, &start.names.container, world).hash(&mut hasher);
        let print = hasher.finish();
        let part = &self.0[(print >> 58) as usize % PARTS];
        if let Some(known) = part.read().unwrap_or_else(PoisonError::into_inner).get(&print) {
            return known.clone();
        }
        let mut world = world.clone();
        let (after, _) = start.case.settle(seam, &start.plain, &mut world, &mut History::default());
        coverage.settled();
        let after = Arc::new(after);
        part.write().unwrap_or_else(PoisonError::into_inner).insert(print, after.clone());
        after
    }
}
