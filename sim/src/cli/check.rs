//! `check`: every case, every fault, up to a bound. What does not hold is written as scenario files.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sim::check::{
    Faults, Held, Kinds, Report, Round, Tally, Violation, acts, cases, check as check_all, mission_cases, shipped,
};
use sim::seam::Open;

use super::find::bases;
use super::{Bad, Output, Verdict, print_json};

/// How far a check goes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// How many faults of all kinds may come, in every case.
    #[arg(long, default_value_t = 1)]
    faults: u8,
    /// How many of the mission's kinds may come, in the mission's cases, in a round of its own.
    #[arg(long, default_value_t = 2)]
    mission: u8,
    /// How many threads look.
    #[arg(long, default_value_t = 2)]
    jobs: u16,
    /// Only every so-manieth case, for a quick look; nothing is proved by that.
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// The folder that scenarios of what does not hold are written to.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    to: PathBuf,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a Report,
    holds: bool,
    /// The command that runs the scenario of each violation.
    replay: Vec<String>,
}

pub fn check(args: &CheckArgs, output: Output) -> Result<Verdict, Bad> {
    let bases = bases()?;
    let scenarios = shipped().map_err(Bad::Value)?;
    let acts = acts(&scenarios);
    let bad = |error| Bad::Scenario { path: "the shipped scenarios".to_owned(), error };
    let mut rounds = Vec::new();
    let all = [
        (cases(&scenarios, &bases).map_err(bad)?, Kinds::All, args.faults),
        (mission_cases(&scenarios, &bases).map_err(bad)?, Kinds::Mission, args.mission),
    ];
    for (starts, kinds, most) in all {
        if kinds == Kinds::All || most > 0 {
            let starts = starts.into_iter().step_by(args.every.max(1)).collect();
            rounds.push(Round { starts, faults: Faults::new(kinds, most, &acts) });
        }
    }
    let report = check_all(rounds, &Tally::new(&acts), usize::from(args.jobs.max(1)), |_| Open);
    let written = report.violations.iter().enumerate().map(|(nth, violation)| write(&args.to, nth, violation));
    let replay = written.collect::<Result<Vec<_>, _>>()?;
    let holds = report.holds();
    match output {
        Output::Json => print_json(&Document { report: &report, holds, replay }),
        Output::Text => print(&report, &replay),
    }
    Ok(if holds { Verdict::Holds } else { Verdict::Broken })
}

/// Writes a violation's scenario, and tells the command that runs it.
fn write(folder: &Path, nth: usize, violation: &Violation) -> Result<String, Bad> {
    let path = folder.join(format!("check-{nth}-{}.toml", violation.breach.invariant));
    let bad = |error| Bad::Unwritable { path: path.display().to_string(), error };
    std::fs::write(&path, violation.scenario.to_toml()).map_err(bad)?;
    Ok(format!("nemoclaw-sim run {}", path.display()))
}

fn print(report: &Report, replay: &[String]) {
    for round in &report.rounds {
        let kinds = match round.kinds {
            Kinds::All => "of all kinds",
            Kinds::Mission => "of the mission's kinds",
        };
        println!(
            "{} cases, up to {} faults {kinds}: {} states, {} different, in {} ms",
            round.cases, round.faults, round.generated, round.unique, round.elapsed_ms
        );
    }
    let Report { generated, unique, depth, per_second, most_commands, settlements, .. } = report;
    println!("{generated} states, {unique} different, depth {depth}, {per_second} a second");
    println!("at most {most_commands} commands in all runs of a case; {settlements} worlds were onboarded twice more");
    for (name, held) in &report.properties {
        let (mark, held) = match held {
            Held::Always => ("✓", "always"),
            Held::Seen => ("✓", "seen"),
            Held::Broken => ("✗", "broken"),
            Held::NeverSeen => ("✗", "never seen"),
        };
        println!("{mark} {name}: {held}");
    }
    let reached = &report.reached;
    for (what, (hit, all)) in [
        ("states of the machine", reached.states),
        ("rows of the table", reached.rows),
        ("kinds of fault at calls", reached.pairs),
        ("acts of others", reached.acts),
    ] {
        println!("{} {what}: {hit} of {all} reached", if hit == all { "✓" } else { "✗" });
    }
    reached.missed.iter().for_each(|name| println!("✗ not reached: {name}"));
    println!("{} ends with a loss that nothing can prevent", report.unpreventable);
    for exception in &report.exceptions {
        println!("! {}, {} states: {}", exception.name, exception.states, exception.why);
    }
    for (violation, replay) in report.violations.iter().zip(replay) {
        let Violation { breach, states, .. } = violation;
        println!(
            "✗ {}: {}\n  {}, in {states} states\n  {replay}",
            breach.invariant,
            breach.invariant.sentence(),
            breach.what
        );
    }
}
