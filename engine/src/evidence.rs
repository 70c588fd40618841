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
use crate::observation::{DaemonIdentity, Observation, Remains};
use crate::spec::GatewaySpec;

/// Proof that no container in any state bears the gateway's names or has the volume, seen at this daemon, with its
/// owner's consent to the removal.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Absence {
    volume: VolumeName,
    gateway: GatewayName,
    names: Vec<ContainerName>,
    recorded: Option<ContainerId>,
    daemon: DaemonIdentity,
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
        let daemon = seen.host.daemon.as_ref().ok_or(NotProved::DaemonNotAsked)?;
        let daemon = known(daemon)?;
        let recorded = match &seen.record {
            crate::record::RecordSeen::Absent => None,
            crate::record::RecordSeen::Present { record } => Some(record),
            crate::record::RecordSeen::Unusable { .. } => return Err(NotProved::Record),
        };
        if recorded.is_some_and(|record| !record.daemon.is_same_as(daemon)) {
            return Err(NotProved::OtherDaemon);
        }
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
        let volumes = known(&seen.host.volumes)?;
        let Some(found) = volumes.iter().find(|found| found.name == *volume) else {
            return Err(NotProved::NotItsVolume);
        };
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
            volume: volume.clone(),
            gateway: gateway.clone(),
            names: std::iter::once(spec.container.clone()).chain(own_names(&spec.container)).collect(),
            recorded: recorded.map(|record| record.container.clone()),
            daemon: daemon.clone(),
        })
    }

    /// The volume.
    pub fn volume(&self) -> &VolumeName {
        &self.volume
    }

    /// The gateway whose volume it is.
    pub fn gateway(&self) -> &GatewayName {
        &self.gateway
    }

    /// The names that no container bears: the gateway's, and those that we give beside it.
    pub fn names(&self) -> &[ContainerName] {
        &self.names
    }

    /// The container that the record names, and that the daemon denies.
    pub fn recorded(&self) -> Option<&ContainerId> {
        self.recorded.as_ref()
    }

    /// The daemon at which it was seen.
    pub fn daemon(&self) -> &DaemonIdentity {
        &self.daemon
    }
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
