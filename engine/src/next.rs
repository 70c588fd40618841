//! What the container that is to take a gateway's place is made of: the old one's configuration, and what is on top.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::names::{ContainerId, ContainerName, ImageRef};
use crate::spec::{Env, MountSpec, PortSpec};

/// A container that is to take another's place. It is made as that one is: its host configuration, and of its own
/// configuration what it does not have from its image, with what is said here on top. Every mount goes along: volumes by
/// name, anonymous ones too, without copying the image's files into them; binds as they are. So do networks' aliases and
/// addresses of the first network; further networks are connected afterwards. Docker does not start it by itself: its
/// restart policy is `no` until it has taken its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NextContainer {
    /// The container whose place it takes.
    pub replaces: ContainerId,
    /// Its name.
    pub name: ContainerName,
    /// Its image.
    pub image: ImageRef,
    /// Its whole command line, or what its image's entry point is given; none leaves that as the other one has it.
    pub command: Option<Vec<String>>,
    /// Whether the image's entry point is kept.
    pub keeps_entry_point: bool,
    /// Environment on top of the other one's own.
    pub env: Env,
    /// Labels on top of the other one's own.
    pub labels: BTreeMap<String, String>,
    /// Mounts that it has besides the other one's, or in their place where the path is the same. Volumes exist already.
    pub mounts: Vec<MountSpec>,
    /// Another port than the other one's.
    pub port: Option<PortChange>,
    /// Its host name: the other one's.
    pub hostname: String,
}

/// A port in the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PortChange {
    /// As the old container has it.
    pub from: PortSpec,
    /// As the next one is to have it.
    pub to: PortSpec,
}

/// A path of one container's own file system, and where it is to be in another's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CarriedPath {
    /// Where it is.
    pub from: String,
    /// Where it is to be.
    pub to: String,
}
