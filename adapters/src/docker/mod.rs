//! Docker: where it is, how it is asked, what its answers mean, and the acts that a run carries out on it.

mod acts;
mod address;
mod archive;
mod carry;
mod client;
mod context;
mod credentials;
mod images;
mod logs;
mod look;
mod measure;
mod next;
mod no_result;
mod pull;
mod put;
mod replace;
mod sandboxes;
mod streamed;
mod transport;

pub use address::{Address, BadAddress};
pub(crate) use archive::Archive;
pub(crate) use carry::Place;
pub use client::Daemon;
pub use credentials::Credentials;
pub use logs::logs;
pub use look::PortContainer;
pub use no_result::NoResult;
pub use pull::PullProgress;
