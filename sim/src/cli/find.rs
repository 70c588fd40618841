//! Finds the scenario that was meant: a shipped one by its name, or a file.

use std::path::Path;

use sim::scenario::{Bases, Scenario};
use sim::shipped::SHIPPED;

use super::Bad;

/// A scenario, and where it was found.
pub struct Found {
    /// Its name, or its file.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What it says.
    pub scenario: Scenario,
}

/// A shipped scenario by its name, else a file.
pub fn scenario(typed: &str) -> Result<Found, Bad> {
    let shipped = SHIPPED.iter().find(|(name, _)| *name == typed);
    let text = match shipped {
        Some((_, text)) => (*text).to_owned(),
        None if Path::new(typed).exists() => read(Path::new(typed))?,
        None => return Err(Bad::NoScenario { name: typed.to_owned(), near: near(typed) }),
    };
    let scenario = Scenario::parse(&text).map_err(|bad| Bad::Text {
        path: typed.to_owned(),
        line: bad.line,
        problem: bad.problem,
    })?;
    Ok(Found { name: typed.to_owned(), text, scenario })
}

/// A file's text.
pub fn read(path: &Path) -> Result<String, Bad> {
    std::fs::read_to_string(path).map_err(|error| Bad::Unreadable { path: path.display().to_string(), error })
}

/// The worlds that scenarios begin with.
pub fn bases() -> Result<Bases, Bad> {
    Bases::new().map_err(|error| Bad::Scenario { path: "the built-in presets".to_owned(), error })
}

/// The shipped name that differs least.
fn near(typed: &str) -> Option<String> {
    let score = |name: &&str| strsim::jaro_winkler(name, typed);
    let names = SHIPPED.iter().map(|(name, _)| *name);
    names.max_by(|a, b| score(a).total_cmp(&score(b))).filter(|name| score(name) > 0.7).map(str::to_owned)
}
