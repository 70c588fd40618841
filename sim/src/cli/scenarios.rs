//! `scenarios`: which there are, and what each is about.

use serde::Serialize;
use sim::scenario::Scenario;
use sim::shipped::SHIPPED;

use super::find::scenario;
use super::{Bad, Output, Verdict, print_json};

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    source: Option<String>,
    story: String,
}

pub fn scenarios(name: Option<&str>, output: Output) -> Result<Verdict, Bad> {
    if let Some(name) = name {
        let found = scenario(name)?;
        match output {
            Output::Json => print_json(&found.scenario),
            Output::Text => explain(&found.name, &found.scenario),
        }
        return Ok(Verdict::Holds);
    }
    let mut all = Vec::new();
    for (name, _) in SHIPPED {
        let Scenario { source, story, .. } = scenario(name)?.scenario;
        all.push(Listed { name, source, story });
    }
    match output {
        Output::Json => print_json(&all),
        Output::Text => {
            for Listed { name, source, story } in &all {
                let first = story.trim().lines().next().unwrap_or_default();
                let source = source.as_ref().map(|source| format!(" [{source}]")).unwrap_or_default();
                println!("{name:<44} {first}{source}");
            }
        }
    }
    Ok(Verdict::Holds)
}

fn explain(name: &str, scenario: &Scenario) {
    println!("{name}");
    if let Some(source) = &scenario.source {
        println!("{source}");
    }
    println!("\n{}", scenario.story.trim());
}
