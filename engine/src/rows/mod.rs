//! The rows of the decision table, by what they are about. Their order is in `decide.rs`.

pub mod missing;
pub mod ownership;
pub mod present;
pub mod replacement;
pub mod stop;
