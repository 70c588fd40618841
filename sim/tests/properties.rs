//! Whatever list of choices is drawn, every invariant holds of the scenario that it makes.

use proptest::prelude::*;
use sim::draw::{Listed, Swarm, scenario};
use sim::scenario::Bases;

proptest! {
    #[test]
    fn no_list_of_choices_breaks_an_invariant(choices in prop::collection::vec(any::<u32>(), 0..200)) {
        let bases = Bases::new().expect("the built-in presets resolve");
        let scenario = scenario(&mut Listed::new(&choices), Swarm::ALL);
        let judged = scenario.case(&bases).expect("every drawn scenario can be run").judge();
        prop_assert!(judged.breaches.is_empty(), "{:?}\n{}", judged.breaches, scenario.to_toml());
    }
}
