//! The worlds of a suite of generated cases: each is used by one case after another, because making one takes longer
//! than most cases.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use bollard::query_parameters::ListImagesOptions;

use super::situation::{Situation, World};
use super::suite::Suite;

/// The worlds that no case is in, by the kinds of their situations.
pub struct Worlds {
    suite: &'static Suite,
    free: Mutex<BTreeMap<Situation, Vec<World>>>,
}

impl Worlds {
    /// None yet.
    pub fn new(suite: &'static Suite) -> Self {
        Self { suite, free: Mutex::default() }
    }

    /// Lends a world to a case. Where the case panics, its world goes with it.
    pub fn with<T>(&self, situation: Situation, case: impl FnOnce(&mut World) -> T) -> T {
        let free = self.free.lock().unwrap().get_mut(&situation.kind()).and_then(Vec::pop);
        let mut world = free.unwrap_or_else(|| World::new(self.suite, situation));
        world.situation = situation;
        let became = case(&mut world);
        self.free.lock().unwrap().entry(situation.kind()).or_default().push(world);
        became
    }

    /// Those of other situations that come before this one go: cases come in the order of their situations, and Docker
    /// has some thirty networks to give to everybody.
    pub fn clear_before(&self, situation: Situation) {
        let over = {
            let mut worlds = self.free.lock().unwrap();
            let still = worlds.split_off(&situation.kind());
            std::mem::replace(&mut *worlds, still)
        };
        drop(over);
    }

    /// All of them go.
    pub fn clear(&self) {
        self.free.lock().unwrap().clear();
    }
}

/// Removes the images that runs packed anew because they were told that there was none, and that bear no name by now.
pub fn sweep_repacked(suite: &Suite) {
    let (daemon, docker) = (suite.daemon(), suite.daemon().docker());
    let layers = |image: &str| daemon.run(docker.inspect_image(image)).ok()?.root_fs?.layers;
    let ours = layers(suite.image());
    let filters = HashMap::from([("dangling".to_owned(), vec!["true".to_owned()])]);
    let options = ListImagesOptions { filters: Some(filters), ..Default::default() };
    let nameless = daemon.run(docker.list_images(Some(options))).unwrap_or_default();
    for image in nameless.iter().filter(|image| layers(&image.id) == ours) {
        daemon.sweep_image(&image.id);
    }
}
