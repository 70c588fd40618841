//! The image that is packed from the running executable, without any registry or compiler.
//! It is offered to a daemon only where it can run there. Absent on purpose: looking whether the image is there already,
//! and removing it: importing the same bytes again makes another image of them.

mod elf;
mod pack;

use std::io;

use engine::{Failure, ImageRef};

use crate::docker::Daemon;
use pack::{Running, Unfit};

pub use elf::{Elf, NotElf};
pub use pack::path_of_code;

/// Packs the running executable and imports it under this reference.
///
/// # Errors
/// [`Failure::NotForThisDaemon`] where it could not run there, and nothing was sent; else what the daemon said, or that
/// it gave no answer to rely on.
pub async fn provide(daemon: &Daemon, reference: &ImageRef) -> Result<(), Failure> {
    let running = Running::look().map_err(not_packed)?;
    let (os, architecture) = daemon.platform().await?;
    if os != "linux" || architecture != running.architecture {
        let ours = &running.architecture;
        let message =
            format!("that is a program for linux/{ours}, while the daemon runs containers for {os}/{architecture}");
        return Err(Failure::NotForThisDaemon { message });
    }
    let tar = tokio::task::spawn_blocking(move || running.pack()).await;
    let tar = tar.unwrap_or_else(|error| Err(Unfit::Unreadable("the executable".into(), io::Error::other(error))));
    daemon.import(reference, tar.map_err(not_packed)?.into()).await
}

fn not_packed(unfit: Unfit) -> Failure {
    match unfit {
        Unfit::NotLinux(what) => Failure::NotForThisDaemon { message: format!("that {what}") },
        Unfit::Unreadable(path, error) => {
            Failure::Rejected { status: None, message: format!("`{}` cannot be read: {error}", path.display()) }
        }
    }
}

#[cfg(test)]
mod tests;
