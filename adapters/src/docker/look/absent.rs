//! The second proof that no container has a volume and, of one that is in use, that its gateway's is truly missing: the
//! daemon is asked again right before the volume is removed, by the one who removes it, and whatever it says against that
//! is a "no". It goes by the list and by inspect, so that a daemon which hides a container from one of them hides it in
//! vain. Absent on purpose: consent and whose the volume is, which the [`Absence`] holds and no daemon knows.

use std::time::Duration;

use engine::{
    Absence, ContainerName, DaemonIdentity, Failure, Grounds, Known, LABEL_RESTORED, Remains, VolumeName, Why,
    gateway_of,
};
use futures_util::future::join_all;

use super::ask::{Asker, LIST, read};
use super::field::Unreadable;
use super::listed::Listed;
use super::mounts::{self, Folders};
use super::remains;
use super::volumes::ListedVolume;
use crate::docker::Daemon;

impl Daemon {
    /// Proves at the daemon what an absence says. Each call is answered within `limit`.
    ///
    /// # Errors
    /// A rejection that says what was seen, or why nothing is known.
    pub(crate) async fn prove_again(&self, absence: &Absence, limit: Duration) -> Result<(), Failure> {
        let ask = Asker { daemon: self, limit };
        let named = join_all(absence.names().iter().map(|name| ask.container_named(name)));
        let recorded = async {
            match absence.recorded() {
                Some(id) => ask.container_with(id).await,
                None => Ok(None),
            }
        };
        let ((identity, _), listed, volumes, named, recorded) =
            tokio::join!(ask.info(), ask.containers(), ask.volumes(), named, recorded);
        let identity = known(identity)?;
        let (listed, volumes) = (listed.map_err(unknown)?, volumes.map_err(unknown)?);
        same_daemon(&identity, absence)?;
        for inspected in named.into_iter().chain([recorded]) {
            if let Some(found) = inspected.map_err(unknown)? {
                return rejected(format!("the container `{}` exists", found.name));
            }
        }
        nobody_has_it(&listed, &volumes, absence)?;
        is_unfinished(&volumes, absence)?;
        self.nothing_remains(&identity, listed, absence, limit).await
    }

    /// The recorded container, which the daemon denies, has left no folder where that can be seen.
    async fn nothing_remains(
        &self,
        identity: &DaemonIdentity,
        listed: Vec<Listed>,
        absence: &Absence,
        limit: Duration,
    ) -> Result<(), Failure> {
        let Some(recorded) = absence.recorded().filter(|_| self.address().is_local()) else { return Ok(()) };
        let others = listed.into_iter().map(|entry| entry.id).collect();
        let look = tokio::time::timeout(limit, remains::look(&identity.data_root, recorded, others)).await;
        match look.unwrap_or(Remains::NotVisible) {
            Remains::There => {
                rejected(format!("the daemon denies container `{recorded}`, and its folder is still on the disk"))
            }
            Remains::Gone | Remains::NotVisible => Ok(()),
        }
    }
}

fn same_daemon(identity: &DaemonIdentity, absence: &Absence) -> Result<(), Failure> {
    if identity.is_same_as(absence.daemon()) {
        return Ok(());
    }
    rejected(format!("another daemon answers: `{}` at `{}`", identity.name, identity.data_root))
}

/// No container in any state has the volume by mount or by a bind into its folder and, where the gateway's own container is
/// to be missing, none bears one of the gateway's names or its label.
fn nobody_has_it(listed: &[Listed], volumes: &[ListedVolume], absence: &Absence) -> Result<(), Failure> {
    let folders = Folders::of(volumes, &[absence.volume().clone()].into());
    let is_to_be_missing = match absence.grounds() {
        Grounds::ContainerMissing => true,
        Grounds::SetAside | Grounds::Unfinished => false,
    };
    for entry in listed {
        let bears = |name: &ContainerName| entry.is_named(name);
        if absence.names().iter().any(bears) || absence.recorded() == Some(&entry.id) {
            return rejected(format!("the container `{}` exists", name_of(entry)));
        }
        if is_to_be_missing && entry.gateway.as_deref() == Some(absence.gateway().as_str()) {
            return rejected(format!("the container `{}` is labelled as `{}`'s", name_of(entry), absence.gateway()));
        }
        if read(LIST, has_volume(entry, absence.volume(), &folders)).map_err(unknown)? {
            return rejected(format!("the container `{}` has volume `{}`", name_of(entry), absence.volume()));
        }
    }
    Ok(())
}

/// A volume that a restore left unfinished still says so itself. One that is gone has nothing to say.
fn is_unfinished(volumes: &[ListedVolume], absence: &Absence) -> Result<(), Failure> {
    match absence.grounds() {
        Grounds::ContainerMissing | Grounds::SetAside => return Ok(()),
        Grounds::Unfinished => {}
    }
    let Some(found) = volumes.iter().find(|volume| volume.seen.name == *absence.volume()) else { return Ok(()) };
    let labels = &found.seen.labels;
    if gateway_of(labels) == Some(absence.gateway().as_str()) && labels.contains_key(LABEL_RESTORED) {
        return Ok(());
    }
    rejected(format!("volume `{}` does not say that a restore for `{}` made it", absence.volume(), absence.gateway()))
}

fn has_volume(entry: &Listed, volume: &VolumeName, folders: &Folders) -> Result<bool, Unreadable> {
    Ok(mounts::seen(&entry.mounts, folders)?.iter().any(|mount| mount.volume() == Some(volume)))
}

/// Its name, or its ID where the list shows none of its own.
fn name_of(entry: &Listed) -> ContainerName {
    entry.name().unwrap_or_else(|| ContainerName::new(entry.id.as_str()))
}

fn known<T>(part: Known<T>) -> Result<T, Failure> {
    match part {
        Known::Known(fact) => Ok(fact),
        Known::Unknown(why) => Err(unknown(why)),
    }
}

fn unknown(why: Why) -> Failure {
    Failure::Unknown { why }
}

fn rejected<T>(message: String) -> Result<T, Failure> {
    Err(Failure::Rejected { status: None, message })
}
