//! `explore`: drawn scenarios, many at once, until one breaks an invariant or enough were run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde::Serialize;
use sim::explore::{Found, Totals, explore as look};
use sim::oracle::Breach;
use sim::scenario::{Bases, Scenario};
use sim::shrink::{breaks, shrink};

use super::find::bases;
use super::{Bad, Output, Verdict, print_json};

/// How many runs are looked at in one go; what was found is the same whatever the number of jobs.
const BATCH: u64 = 256;

/// How many runs there are where nothing else is said.
const RUNS: u64 = 10_000;

/// How an exploration goes.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// How many scenarios are drawn.
    #[arg(long, conflicts_with = "for")]
    runs: Option<u64>,
    /// For how long they are drawn (`30s`, `10m`).
    #[arg(long, value_name = "DUR")]
    r#for: Option<String>,
    /// How many are run at once.
    #[arg(long, default_value_t = 1)]
    jobs: u16,
    /// What they are drawn from; one is drawn and told where none is given.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    seed: u64,
    #[serde(flatten)]
    totals: &'a Totals,
    found: Option<FoundReport>,
    elapsed_ms: u128,
    runs_per_second: u64,
}

#[derive(Serialize)]
struct FoundReport {
    run: u64,
    breaches: Vec<Breach>,
    scenario: Scenario,
    replay: String,
}

/// What the jobs share.
struct Shared {
    next: AtomicU64,
    first: Mutex<Option<Found>>,
    totals: Mutex<Vec<(u64, Totals)>>,
}

pub fn explore(args: &ExploreArgs, output: Output) -> Result<Verdict, Bad> {
    let bases = bases()?;
    let limit = args.r#for.as_deref().map(humantime::parse_duration).transpose();
    let limit = limit.map_err(|error| Bad::Value(format!("`--for`: {error}")))?;
    let runs = match (args.runs, limit) {
        (Some(runs), _) => runs,
        (None, Some(_)) => u64::MAX,
        (None, None) => RUNS,
    };
    let seed = args.seed.unwrap_or_else(drawn_seed);
    eprintln!("seed {seed}");
    let began = Instant::now();
    let shared = Shared { next: AtomicU64::new(0), first: Mutex::new(None), totals: Mutex::new(Vec::new()) };
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.max(1) {
            scope.spawn(|| job(&bases, seed, runs, began, limit, &shared));
        }
    });
    let found = shared.first.into_inner().unwrap_or_default();
    // What came after the first find was drawn by chance of timing.
    let last = found.as_ref().map_or(u64::MAX, |found| found.run);
    let mut totals = Totals::default();
    let mut batches = shared.totals.into_inner().unwrap_or_default();
    batches.sort_by_key(|(from, _)| *from);
    batches.iter().filter(|(from, _)| *from <= last).for_each(|(_, part)| totals.add(part));
    let elapsed = began.elapsed();
    let verdict = if found.is_some() { Verdict::Broken } else { Verdict::Holds };
    let found = found.map(|found| smallest(found, seed, &bases));
    let runs_per_second = (totals.runs as f64 / elapsed.as_secs_f64().max(f64::EPSILON)) as u64;
    let report = Report { schema: 1, seed, totals: &totals, found, elapsed_ms: elapsed.as_millis(), runs_per_second };
    match output {
        Output::Json => print_json(&report),
        Output::Text => print(&report),
    }
    Ok(verdict)
}

/// One thread: batch after batch, until something was found before it, or enough is done.
fn job(bases: &Bases, seed: u64, runs: u64, began: Instant, limit: Option<Duration>, shared: &Shared) {
    loop {
        let from = shared.next.fetch_add(BATCH, Ordering::Relaxed);
        let over = limit.is_some_and(|limit| began.elapsed() >= limit);
        let found_before = shared.first.lock().is_ok_and(|first| first.as_ref().is_some_and(|found| found.run < from));
        if from >= runs || over || found_before {
            return;
        }
        let mut totals = Totals::default();
        let found = look(bases, seed, from..(from + BATCH).min(runs), &mut totals);
        if let Ok(mut all) = shared.totals.lock() {
            all.push((from, totals));
        }
        let Some(found) = found else { continue };
        if let Ok(mut first) = shared.first.lock()
            && first.as_ref().is_none_or(|earlier| found.run < earlier.run)
        {
            *first = Some(found);
        }
    }
}

fn smallest(found: Found, seed: u64, bases: &Bases) -> FoundReport {
    let small = match found.breaches.first() {
        Some(breach) => shrink(&found.scenario, |scenario| breaks(scenario, bases, breach.invariant)),
        None => found.scenario,
    };
    let replay = format!("nemoclaw-sim explore --seed {seed} --runs {}", found.run + 1);
    FoundReport { run: found.run, breaches: found.breaches, scenario: small, replay }
}

/// A seed that nobody chose.
fn drawn_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos() & u128::from(u32::MAX)).unwrap_or_default()
}

fn print(report: &Report<'_>) {
    let Totals { runs, commands, faults, rows, reasons } = report.totals;
    println!("{runs} runs, {commands} commands, {} a second", report.runs_per_second);
    let list = |what: &str, all: Vec<(String, u64)>| {
        let all: Vec<_> = all.iter().map(|(name, count)| format!("{name} {count}")).collect();
        println!("{what}: {}", all.join(", "));
    };
    list("faults", faults.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect());
    list("rows", rows.iter().map(|(name, count)| (name.clone(), *count)).collect());
    list("ends", reasons.iter().map(|(name, count)| (name.clone(), *count)).collect());
    match &report.found {
        None => println!("✓ Every invariant held."),
        Some(found) => {
            for Breach { invariant, what } in &found.breaches {
                println!("✗ run {}: {invariant}: {}\n  {what}", found.run, invariant.sentence());
            }
            println!("\n# {}\n{}", found.replay, found.scenario.to_toml());
        }
    }
}
