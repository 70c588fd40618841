//! Whatever list of choices is drawn, the scenario that it makes holds: all invariants at each step of the run that meets
//! its faults; then, undisturbed, it converges; then it changes nothing ([`sim::judge`]).

use proptest::collection::vec;
use proptest::prelude::*;
use sim::act::Act;
use sim::draw::{Choices, Listed, RULES_MAX, Swarm, act, scenario};
use sim::fault::{CallKind, Point, Rule, Trigger, Verdict};
use sim::scenario::{BadScenario, Bases, Scenario};

use super::config;

fn choices() -> impl Strategy<Value = Vec<u32>> {
    vec(any::<u32>(), 0..300)
}

fn holds(scenario: &Scenario, hurried: bool) -> Result<(), TestCaseError> {
    let bad = |bad: BadScenario| TestCaseError::fail(bad.to_string());
    let bases = Bases::new().map_err(bad)?;
    let case = scenario.case(&bases).map_err(bad)?;
    let judged = if hurried { case.judge_hurried() } else { case.judge() };
    prop_assert!(judged.breaches.is_empty(), "{:?}\n{}", judged.breaches, scenario.to_toml());
    Ok(())
}

/// The scenario of a list, with as many rules as there can be.
fn with_every_rule(list: &[u32], rule: impl Fn(&mut Listed<'_>) -> Rule) -> Scenario {
    let mut choices = Listed::new(list);
    let mut scenario = scenario(&mut choices, Swarm::ALL);
    scenario.rules = (0..RULES_MAX).map(|_| rule(&mut choices)).collect();
    scenario
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_list_of_choices_breaks_an_invariant(list in choices()) {
        holds(&scenario(&mut Listed::new(&list), Swarm::ALL), false)?;
    }

    #[test]
    fn none_does_where_it_is_run_again_at_once(list in choices()) {
        let mut scenario = scenario(&mut Listed::new(&list), Swarm::ALL);
        // Who acts between the two runs is not the first run's late effect.
        scenario.rules.retain(|rule| !matches!(rule.what, Verdict::Act { .. } | Verdict::Stale));
        holds(&scenario, true)?;
    }

    #[test]
    fn none_does_under_thirty_answers_that_are_not_observed(list in choices()) {
        let scenario = with_every_rule(&list, |choices| Rule {
            when: Trigger {
                command: None,
                nth: 1 + u32::try_from(choices.below(30)).unwrap_or_default(),
                call: None,
                at: Point::Before,
            },
            what: choices.one_of(&[
                Verdict::AnswerLost,
                Verdict::Hangs,
                Verdict::BadBody,
                Verdict::EffectLate { in_ms: 100 },
                Verdict::EffectLate { in_ms: 5_000 },
            ]),
        });
        holds(&scenario, false)?;
    }

    #[test]
    fn none_does_where_lists_are_stale_while_others_act(list in choices()) {
        let scenario = with_every_rule(&list, |choices| {
            let nth = 1 + u32::try_from(choices.below(20)).unwrap_or_default();
            let stale = choices.once_in(2);
            let call = stale.then(|| choices.one_of(&[CallKind::ListContainers, CallKind::ListVolumes]));
            let what = if stale { Verdict::Stale } else { Verdict::Act { act: act(choices) } };
            Rule { when: Trigger { command: None, nth, call, at: Point::Before }, what }
        });
        holds(&scenario, false)?;
    }

    #[test]
    fn the_same_list_makes_the_same_history(list in choices()) {
        let bases = Bases::new().expect("the built-in presets resolve");
        let case = scenario(&mut Listed::new(&list), Swarm::ALL).case(&bases).expect("it can be run");
        let (once, again) = (case.judge(), case.judge());
        prop_assert_eq!(once.history, again.history);
        prop_assert_eq!(once.world, again.world);
        prop_assert_eq!(once.first, again.first);
    }

    #[test]
    fn no_act_keeps_a_world_from_being_onboarded_to_an_end(list in choices()) {
        let mut choices = Listed::new(&list);
        let mut scenario = scenario(&mut choices, Swarm::ALL);
        scenario.rules.clear();
        scenario.world.acts = (0..RULES_MAX).map(|_| act(&mut choices)).chain([Act::FirstDaemon]).collect();
        holds(&scenario, false)?;
    }
}
