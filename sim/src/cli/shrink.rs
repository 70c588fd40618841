//! `shrink`: the smallest scenario that breaks the same invariant.

use std::path::Path;

use sim::shrink::{breaks, shrink as smaller};

use super::find::{bases, scenario};
use super::{Bad, Output, Verdict, print_json};

pub fn shrink(file: &Path, output: Output) -> Result<Verdict, Bad> {
    let path = file.display().to_string();
    let found = scenario(&path)?;
    let bases = bases()?;
    let case = found.scenario.case(&bases).map_err(|error| Bad::Scenario { path, error })?;
    let Some(breach) = case.judge().breaches.into_iter().next() else {
        eprintln!("it breaks no invariant; there is nothing to shrink");
        return Ok(Verdict::Holds);
    };
    let small = smaller(&found.scenario, |scenario| breaks(scenario, &bases, breach.invariant));
    eprintln!("{}: {}", breach.invariant, breach.invariant.sentence());
    match output {
        Output::Json => print_json(&small),
        Output::Text => print!("{}", small.to_toml()),
    }
    Ok(Verdict::Broken)
}
