//! Our own death at every point, enumerated: each run of each situation is killed before each call and after it; each
//! change is also killed where its effect comes later, and carried on where its answer is lost or late. Run again, at once
//! or after a while, it ends where the uninterrupted run ends.

use std::collections::BTreeSet;

use sim::act::{Act, Which};
use sim::fault::{CallKind, Point, Rule, Trigger, Verdict};
use sim::host::{Happening, Moment, Witness};
use sim::judge::Judged;
use sim::scenario::{Ask, Base, Bases, Before, Kind, Scenario, Verb, end_of};

/// How much later an effect comes, in milliseconds: within the run that asked for it, during the next one, after both.
const LATE_MS: [u64; 4] = [3, 60, 2_000, 45_000];

/// The calls of a run, each with the how-manieth command it belongs to, and that command's name.
#[derive(Default)]
struct Calls {
    nth: u32,
    all: BTreeSet<(u32, &'static str, CallKind)>,
}

impl Witness for Calls {
    fn saw(&mut self, moment: &Moment) {
        if let Happening::Called(kind) = moment.what {
            self.all.insert((self.nth, moment.command, kind));
        }
    }

    fn commanded(&mut self, _: &engine::Command, _: &sim::world::World, _: &sim::world::effect::History) {
        self.nth += 1;
    }
}

fn own() -> Which {
    Which::default()
}

fn removed() -> Act {
    Act::Remove { container: None, force: true, volumes: false }
}

/// What had happened before the run, and what it was asked.
fn situations() -> Vec<(&'static str, Base, Vec<Act>, Ask)> {
    use Base::{ByHand, Fresh, Made, Older};
    let onboard = Ask::default;
    let asked = |command| Ask { command, ..Ask::default() };
    vec![
        ("fresh", Fresh, vec![], onboard()),
        ("fresh, preset not typed", Fresh, vec![], Ask { preset_not_typed: true, ..onboard() }),
        ("healthy", Made, vec![], onboard()),
        ("stopped", Made, vec![Act::Stop(own())], onboard()),
        ("paused", Made, vec![Act::Pause(own())], onboard()),
        ("after a power cut", Made, vec![Act::CutPower, Act::Boot], onboard()),
        ("hangs", Made, vec![Act::Hang], onboard()),
        ("without its ports", Made, vec![Act::LosePorts], onboard()),
        ("disconnected", Made, vec![Act::Disconnect], onboard()),
        ("its network made anew", Made, vec![Act::Stop(own()), Act::RemoveNetwork, Act::CreateNetwork], onboard()),
        ("its network gone", Made, vec![Act::Stop(own()), Act::RemoveNetwork], onboard()),
        ("its container removed", Made, vec![removed()], onboard()),
        ("container and network removed", Made, vec![removed(), Act::RemoveNetwork], onboard()),
        ("container and image removed", Made, vec![removed(), Act::RemoveImage { force: true }], onboard()),
        ("stopped, its record lost", Made, vec![Act::Stop(own()), Act::LoseRecord], onboard()),
        ("removed, its record lost", Made, vec![removed(), Act::LoseRecord], onboard()),
        ("made by hand", ByHand, vec![], onboard()),
        ("made by hand, removed", ByHand, vec![removed()], onboard()),
        (
            "all gone, reset",
            Made,
            vec![removed(), Act::RemoveVolume { volume: None }],
            Ask { reset: true, ..onboard() },
        ),
        ("another daemon accepted", Made, vec![Act::OtherDaemon], Ask { accept_daemon: true, ..onboard() }),
        ("to be stopped", Made, vec![], asked(Verb::Stop)),
        ("to be started", Made, vec![Act::Stop(own())], asked(Verb::Start)),
        ("the older tool's", Older, vec![], onboard()),
        ("the older tool's, stopped", Older, vec![Act::Stop(own())], onboard()),
        ("the older tool's, removed", Older, vec![removed()], onboard()),
    ]
}

/// Every way in which a run can be cut at one call, or its answer be lost.
fn cuts(nth: u32, command: &str, call: CallKind) -> Vec<Vec<Rule>> {
    let rule = |at, what| Rule { when: Trigger { command: None, nth, call: Some(call), at }, what };
    let killed = || rule(Point::After, Verdict::Killed);
    let mut all = vec![vec![rule(Point::Before, Verdict::Killed)], vec![killed()]];
    let changes = matches!(call, CallKind::Change | CallKind::ArchiveWrite) || command == "write-record";
    if changes {
        all.push(vec![rule(Point::Before, Verdict::AnswerLost)]);
        all.push(vec![rule(Point::Before, Verdict::AnswerLost), killed()]);
        for in_ms in LATE_MS {
            all.push(vec![rule(Point::Before, Verdict::EffectLate { in_ms })]);
            all.push(vec![rule(Point::Before, Verdict::EffectLate { in_ms }), killed()]);
        }
    }
    all
}

#[test]
fn a_run_that_is_cut_anywhere_ends_where_the_uninterrupted_one_ends() {
    let bases = Bases::new().expect("the built-in presets resolve");
    let (mut wrong, mut plans, mut commands, mut killed) = (Vec::new(), 0, BTreeSet::new(), 0);
    for (name, base, acts, ask) in situations() {
        for preset in Kind::ALL {
            let world = Before { preset, base, acts: acts.clone() };
            let whole = Scenario { story: name.to_owned(), world, ask: ask.clone(), ..Scenario::default() };
            let mut calls = Calls::default();
            let judged = whole.case(&bases).expect("it can be run").judge_watched(&mut calls);
            assert!(judged.breaches.is_empty(), "{name}, undisturbed: {:?}", judged.breaches);
            let end = end_of(judged.converged.as_ref());
            for (nth, command, call) in calls.all {
                commands.insert(command);
                for rules in cuts(nth, command, call) {
                    let cut = Scenario { rules, ..whole.clone() };
                    let case = cut.case(&bases).expect("it can be run");
                    for (when, judged) in [("later", case.judge()), ("at once", case.judge_hurried())] {
                        plans += 1;
                        killed += u32::from(judged.first.outcome.is_none());
                        wrong.extend(
                            differs(&judged, &end, ask.reset).map(|what| {
                                format!("{name} ({preset:?}), run again {when}: {what}\n{}", cut.to_toml())
                            }),
                        );
                    }
                }
            }
        }
    }
    println!("{plans} cut runs, {killed} of them killed, at these commands: {commands:?}");
    assert!(wrong.is_empty(), "{} of {plans}, such as\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n\n"));
    // Each command that changes something was under way.
    for command in [
        "provide-image",
        "create-network",
        "create-volume",
        "create-container",
        "connect-network",
        "start-container",
        "unpause-container",
        "stop-container",
        "restart-container",
        "write-record",
    ] {
        assert!(commands.contains(command), "`{command}` was never cut");
    }
}

/// What breaks, or ends otherwise than an uninterrupted run and one after it.
fn differs(judged: &Judged, whole: &str, resets: bool) -> Option<String> {
    if let Some(breach) = judged.breaches.first() {
        return Some(format!("{}: {}", breach.invariant, breach.what));
    }
    // A reset that was cut before it was done is asked for again by its owner, and not by these runs.
    if resets && judged.first.outcome.is_none() {
        return None;
    }
    let end = end_of(judged.converged.as_ref());
    let is_ready = |end: &str| !["killed", "stopped", "refused", "looked"].contains(&end);
    let same = end == whole || (is_ready(&end) && is_ready(whole));
    (!same).then(|| format!("it ends as {end}, and uninterrupted as {whole}"))
}
