//! The real host: performs the engine's commands on Docker, over HTTP and on files, and turns what they answer into the
//! engine's plain values. No decisions, no retries, no defaults for what is absent.

mod docker;
mod state;

pub use docker::{Address, BadAddress, Daemon, NoResult};
pub use state::{BadStateDir, LockFailed, LockGuard, Locks, Registry, StateDir, TraceFile, TraceKept};
