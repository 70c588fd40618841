//! The rows of the decision table, by what they are about. Their order is in `decide.rs`.

pub mod backup;
pub mod carried;
pub mod destroy;
pub mod missing;
pub mod ownership;
pub mod present;
pub mod replacement;
pub mod restore;
pub mod says;
pub mod stop;
pub mod under_way;
