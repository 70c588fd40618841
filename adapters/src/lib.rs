//! The real host: performs the engine's commands on Docker, over HTTP and on files, and turns what they answer into the
//! engine's plain values. No decisions, no retries, no defaults for what is absent.

mod backup;
mod disk;
mod docker;
mod executable;
#[cfg(test)]
mod fake_daemon;
mod host;
mod http;
mod known;
mod older;
mod own_files;
mod pipe;
mod ports;
mod state;
mod tars;

pub use backup::{BackupListed, BackupOf, BackupSummary, Backups, BadBackup, Verified};
pub use docker::logs;
pub use docker::{Address, BadAddress, Credentials, PullProgress};
pub use executable::{Elf, NotElf, path_of_code};
pub use host::{RealHost, Settings};
pub use http::reached;
pub use known::gateways_by_label;
pub use older::OlderTool;
pub use state::{BadStateDir, DemoFile, StateDir, TraceFile, TraceKept};
