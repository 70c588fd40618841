//! What is written is read back the same, and no text makes a parser fall over.

use proptest::collection::vec;
use proptest::prelude::*;
use sim::draw::{Listed, Swarm, scenario};
use sim::replay::replay;
use sim::scenario::Scenario;
use sim::shipped::SHIPPED;

use super::config;

/// A shipped scenario of which a part is replaced.
fn nearly_scenarios() -> impl Strategy<Value = String> {
    (0..SHIPPED.len(), any::<prop::sample::Index>(), 0..40_usize, ".{0,12}").prop_map(|(which, at, many, instead)| {
        let chars: Vec<char> = SHIPPED[which].1.chars().collect();
        let from = at.index(chars.len());
        let to = (from + many).min(chars.len());
        chars[..from].iter().chain(instead.chars().collect::<Vec<_>>().iter()).chain(&chars[to..]).collect()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_scenario_is_read_back_as_it_was_written(list in vec(any::<u32>(), 0..300)) {
        let written = scenario(&mut Listed::new(&list), Swarm::ALL);
        prop_assert_eq!(Scenario::parse(&written.to_toml()), Ok(written));
    }

    #[test]
    fn a_text_that_is_nearly_a_scenario_is_read_or_refused_with_its_line(text in nearly_scenarios()) {
        match Scenario::parse(&text) {
            Ok(read) => prop_assert_eq!(Scenario::parse(&read.to_toml()), Ok(read)),
            Err(bad) => prop_assert!(bad.line <= text.lines().count() + 1, "{bad}"),
        }
    }

    #[test]
    fn no_text_makes_the_parser_of_scenarios_fall_over(text in any::<String>()) {
        let _read_or_refused = Scenario::parse(&text);
    }

    #[test]
    fn no_bytes_make_the_reader_of_traces_fall_over(bytes in vec(any::<u8>(), 0..400)) {
        let _replayed_or_refused = replay(bytes.as_slice());
    }
}
