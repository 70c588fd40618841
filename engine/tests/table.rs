//! The decision table of DESIGN section 4, row by row: a picture, the row that decides it and what that row says. Each
//! case is one named test. What holds for all pictures alike is in `exhaustive.rs`.

#[path = "support/says.rs"]
mod says;
mod support;

#[path = "table/missing.rs"]
mod missing;
#[path = "table/ownership.rs"]
mod ownership;
#[path = "table/present.rs"]
mod present;
#[path = "table/rebuilt.rs"]
mod rebuilt;
#[path = "table/replacement.rs"]
mod replacement;
#[path = "table/stop.rs"]
mod stop;
