//! The commands of a replacement, a backup and a reset, given by hand: what the host makes of them, and what the oracle
//! says to those that are given wrongly.

mod hand;
mod judged;
mod made;
