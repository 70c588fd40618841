//! The proof that a volume's container is truly missing, without which nothing can ask for the volume's removal.
//!
//! # Flow
//! An [`Observation`] and an owner's [`Consent`] go in; an [`Absence`] for one volume comes out, or what is not proved.
//! # Guarantees
//! There is no other way to make one: its fields are private to this file, and it has neither `Clone`, `Default`,
//! `Deserialize` nor `From`.
//! # Assumptions
//! The picture is the latest one. Whoever removes on the strength of it proves it again at the daemon first.

use std::fmt;

use serde::Serialize;

use crate::case::own_names;
use crate::intent::Consent;
use crate::known::{Known, Why};
use crate::labels;
use crate::names::{ContainerId, ContainerName, GatewayName, VolumeName};
use crate::observation::{DaemonIdentity, Observation, Remains, VolumeSeen};
use crate::record::{GatewayRecord, RecordSeen};
use crate::spec::GatewaySpec;

/// Proof that no container in any state has the volume, and, of one that is in use, that none bears the gateway's names
/// either, seen at this daemon, with its owner's consent to the removal.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Absence {
    grounds: Grounds,
    volume: VolumeName,
    gateway: GatewayName,
    names: Vec<ContainerName>,
    recorded: Option<ContainerId>,
    daemon: DaemonIdentity,
}

/// What makes a volume one that may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grounds {
    /// Its container is truly missing, and its owner gave it up.
    ContainerMissing,
    /// A restore has set it aside, and its owner gave it up.
    SetAside,
    /// A restore has begun to write it, and nothing was ever made on it. Whoever asks for a restore again gives it up.
    Unfinished,
}

/// Why the absence of a volume's container is not proved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NotProved {
    /// The consent is for another gateway.
    NoConsent,
    /// Something that bears on it is unknown.
    Unknown {
        /// What.
        why: Why,
    },
    /// The daemon was not asked who it is.
    DaemonNotAsked,
    /// The daemon is not the one that the record names.
    OtherDaemon,
    /// A container bears one of the gateway's names or has the volume.
    Container {
        /// Its name.
        name: ContainerName,
    },
    /// The daemon denies the recorded container, but its folder is there, or nobody looked for it.
    Remains,
    /// The volume is not there, or is not this gateway's by label, record or exact name.
    NotItsVolume,
    /// The record cannot be used.
    Record,
    /// This run has itself removed a container of the gateway.
    Bereaved,
}

impl Absence {
    /// Proves that `volume` of the consenting owner's gateway, which is wanted to look like `spec`, has no container.
    ///
    /// # Errors
    /// The first thing that is not proved.
    pub fn prove(
        seen: &Observation,
        consent: &Consent,
        gateway: &GatewayName,
        spec: &GatewaySpec,
        volume: &VolumeName,
    ) -> Result<Self, NotProved> {
        if consent.gateway() != gateway {
            return Err(NotProved::NoConsent);
        }
        let (daemon, recorded) = daemon_and_record(seen)?;
        // A look shows only containers that bear one of the gateway's names or labels or have one of its volumes:
        // each of them, whatever its state, speaks against the removal.
        if let Some(container) = known(&seen.host.containers)?.first() {
            return Err(NotProved::Container { name: container.name.clone() });
        }
        match seen.host.remains {
            Some(Remains::There) => return Err(NotProved::Remains),
            None if recorded.is_some() => return Err(NotProved::Remains),
            Some(Remains::Gone | Remains::NotVisible) | None => {}
        }
        let found = found(seen, volume)?;
        let is_its_own = match labels::gateway_of(&found.labels) {
            Some(owner) => owner == gateway.as_str(),
            None => {
                spec.volumes().any(|(name, _)| name == volume)
                    || recorded.is_some_and(|record| record.volumes.iter().any(|recorded| recorded.name == *volume))
            }
        };
        if !is_its_own {
            return Err(NotProved::NotItsVolume);
        }
        Ok(Self {
            grounds: Grounds::ContainerMissing,
            volume: volume.clone(),
            gateway: gateway.clone(),
            names: std::iter::once(spec.container.clone()).chain(own_names(&spec.container)).collect(),
            recorded: recorded.map(|record| record.container.clone()),
            daemon: daemon.clone(),
        })
    }

    /// Proves that a restore has set `volume` aside, and that no container has it.
    ///
    /// # Errors
    /// The first thing that is not proved.
    pub fn prove_set_aside(
        seen: &Observation,
        consent: &Consent,
        gateway: &GatewayName,
        volume: &VolumeName,
    ) -> Result<Self, NotProved> {
        if consent.gateway() != gateway {
            return Err(NotProved::NoConsent);
        }
        let (daemon, recorded) = daemon_and_record(seen)?;
        let is_set_aside =
            recorded.is_some_and(|record| record.set_aside.contains(volume) && !record.volume_names().contains(volume));
        if !is_set_aside {
            return Err(NotProved::NotItsVolume);
        }
        Self::of_unmounted(Grounds::SetAside, seen, gateway, volume, daemon)
    }

    /// Proves that a restore has begun to write `volume` and not ended: it was born to be restored into, the gateway's
    /// record, which names whatever was used, does not name it, and no container has it.
    ///
    /// # Errors
    /// The first thing that is not proved.
    pub fn prove_unfinished(seen: &Observation, gateway: &GatewayName, volume: &VolumeName) -> Result<Self, NotProved> {
        let (daemon, recorded) = daemon_and_record(seen)?;
        let born = &found(seen, volume)?.labels;
        let is_ours = labels::gateway_of(born) == Some(gateway.as_str()) && born.contains_key(labels::RESTORED);
        let is_named = |record: &GatewayRecord| {
            record.set_aside.contains(volume) || record.volumes.iter().any(|recorded| recorded.name == *volume)
        };
        match recorded {
            Some(record) if is_ours && !is_named(record) => {}
            Some(_) | None => return Err(NotProved::NotItsVolume),
        }
        Self::of_unmounted(Grounds::Unfinished, seen, gateway, volume, daemon)
    }

    fn of_unmounted(
        grounds: Grounds,
        seen: &Observation,
        gateway: &GatewayName,
        volume: &VolumeName,
        daemon: &DaemonIdentity,
    ) -> Result<Self, NotProved> {
        let mut containers = known(&seen.host.containers)?.iter();
        if let Some(container) = containers.find(|container| container.mount_of(volume).is_some()) {
            return Err(NotProved::Container { name: container.name.clone() });
        }
        found(seen, volume)?;
        let (volume, gateway, daemon) = (volume.clone(), gateway.clone(), daemon.clone());
        Ok(Self { grounds, volume, gateway, names: Vec::new(), recorded: None, daemon })
    }

    /// What makes it one that may go.
    pub fn grounds(&self) -> Grounds {
        self.grounds
    }

    /// The volume.
    pub fn volume(&self) -> &VolumeName {
        &self.volume
    }

    /// The gateway whose volume it is.
    pub fn gateway(&self) -> &GatewayName {
        &self.gateway
    }

    /// The names that no container bears: the gateway's, and those that we give beside it; none where the gateway is there
    /// and the volume is not in use.
    pub fn names(&self) -> &[ContainerName] {
        &self.names
    }

    /// The container that the record names, and that the daemon denies; none where the gateway is there.
    pub fn recorded(&self) -> Option<&ContainerId> {
        self.recorded.as_ref()
    }

    /// The daemon at which it was seen.
    pub fn daemon(&self) -> &DaemonIdentity {
        &self.daemon
    }
}

/// Who the daemon is, and what the record says, if it speaks of that one.
fn daemon_and_record(seen: &Observation) -> Result<(&DaemonIdentity, Option<&GatewayRecord>), NotProved> {
    let daemon = known(seen.host.daemon.as_ref().ok_or(NotProved::DaemonNotAsked)?)?;
    let recorded = match &seen.record {
        RecordSeen::Absent => None,
        RecordSeen::Present { record } => Some(&**record),
        RecordSeen::Unusable { .. } => return Err(NotProved::Record),
    };
    if recorded.is_some_and(|record| !record.daemon.is_same_as(daemon)) {
        return Err(NotProved::OtherDaemon);
    }
    Ok((daemon, recorded))
}

fn found<'a>(seen: &'a Observation, volume: &VolumeName) -> Result<&'a VolumeSeen, NotProved> {
    known(&seen.host.volumes)?.iter().find(|found| found.name == *volume).ok_or(NotProved::NotItsVolume)
}

fn known<T>(part: &Known<T>) -> Result<&T, NotProved> {
    part.get().map_err(|why| NotProved::Unknown { why: why.clone() })
}

impl fmt::Display for NotProved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConsent => f.write_str("its owner's consent is for another gateway"),
            Self::Unknown { why } => write!(f, "{why}"),
            Self::DaemonNotAsked => f.write_str("the daemon was not asked who it is"),
            Self::OtherDaemon => f.write_str("the daemon is not the one that the record names"),
            Self::Container { name } => write!(f, "the container `{name}` exists"),
            Self::Remains => f.write_str("the recorded container's files are on the disk, or were not looked for"),
            Self::NotItsVolume => f.write_str("the volume is not this gateway's"),
            Self::Record => f.write_str("the record cannot be used"),
            Self::Bereaved => f.write_str("this run removed a container of the gateway itself"),
        }
    }
}
