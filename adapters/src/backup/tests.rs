//! Backups are made from tars as a daemon sends them, looked at, and restored.

mod damaged;
mod folders;
mod incomplete;
mod kept;
mod properties;
mod restored;
