//! Exhaustive checking: every initial situation, everything that is asked for, every fault at every call, up to a bound.
//! Shows the absence of what exploration looks for, within that bound, on the very machine that ships.
//!
//! Absent on purpose: a second model of anything. What is not covered is said in docs/model.md.

mod cases;
mod coverage;
mod faults;
mod found;
mod model;
mod properties;
mod report;
mod settled;
mod sights;
mod state;
mod step;

pub use cases::{Start, acts, cases, mission_cases, own_cases, shipped};
pub use coverage::{Coverage, KINDS, Reached};
pub use faults::{Faults, Kinds};
pub use found::{EXCEPTIONS, Exception, Violation};
pub use model::Check;
pub use properties::{Sight, TWINS};
pub use report::{Counted, Excepted, Held, Report, Round, Tally, check, found_after};
