//! `graph`: the states of a run, as the page about the model shows them.

use sim::graph::diagram;

use super::find::bases;
use super::{Bad, Verdict};

pub fn graph() -> Result<Verdict, Bad> {
    print!("{}", diagram(&bases()?).map_err(Bad::Value)?);
    Ok(Verdict::Holds)
}
