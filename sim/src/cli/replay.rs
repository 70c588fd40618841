//! `replay`: a run's trace, from a real host or a simulated one.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use sim::replay::{Difference, replay as feed};

use super::{Bad, Output, Verdict, print_json};

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    steps: usize,
    cut: bool,
    differs: Option<Differs<'a>>,
}

#[derive(Serialize)]
struct Differs<'a> {
    line: usize,
    traced: &'a Value,
    named: Option<&'a Value>,
}

pub fn replay(trace: &Path, output: Output) -> Result<Verdict, Bad> {
    let path = trace.display().to_string();
    let file = File::open(trace).map_err(|error| Bad::Unreadable { path: path.clone(), error })?;
    let replayed = feed(BufReader::new(file)).map_err(|error| Bad::Trace { path: path.clone(), error })?;
    let differs = replayed.differs.as_ref();
    match output {
        Output::Json => {
            let differs = differs.map(|it| Differs { line: it.line, traced: &it.traced, named: it.named.as_ref() });
            print_json(&Report { schema: 1, steps: replayed.steps, cut: replayed.cut, differs });
        }
        Output::Text => match differs {
            Some(Difference { line, traced, named }) => {
                println!("✗ {path}:{line}: another command");
                println!("  traced  {traced}");
                println!("  named   {}", named.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string));
            }
            None => println!("✓ {} steps replay clean.", replayed.steps),
        },
    }
    if replayed.cut {
        eprintln!("the last line is cut short: the run was killed, and all whole lines were replayed");
    }
    Ok(match (&replayed.differs, replayed.cut) {
        (Some(_), _) => Verdict::Broken,
        (None, true) => Verdict::Cut,
        (None, false) => Verdict::Holds,
    })
}
