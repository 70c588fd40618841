//! Gateways that are replaced, backed up and reset: whatever that comes to, every byte and every sandbox is there
//! afterwards, in one container with its restart policy, and nothing else is left.

mod image;

pub mod backups;
pub mod before;
pub mod carried;
pub mod cut_off;
pub mod disk_full;
pub mod kinds;
pub mod layer;
pub mod not_ours;
pub mod odd_files;
pub mod reset;
pub mod undone;
pub mod upgrade;

pub use before::Before;
pub use image::OtherImage;
