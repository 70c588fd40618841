//! Backups are made from tars as a daemon sends them, and looked at.

mod damaged;
mod folders;
mod incomplete;
mod kept;
mod properties;
