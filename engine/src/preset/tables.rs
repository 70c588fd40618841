//! The tables of a preset's TOML that become a part of a spec, each with every value checked.

use serde::Deserialize;

use super::{BadPreset, Filler, Place, rooted};
use crate::names::VolumeName;
use crate::spec::{Ask, ImageSource, Mark, MountSource, MountSpec, PortSpec, ReadinessSpec, SandboxListing, Scheme};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageTable {
    pub(super) reference: String,
    #[serde(default = "registry")]
    pub(super) source: ImageSource,
    #[serde(default)]
    pub(super) companions: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeTable {
    pub(super) name: String,
    pub(super) env: Option<String>,
    /// The file on the first volume whose second field, in CSV, is the node name of the data.
    pub(super) on_volume: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MountTable {
    volume: Option<String>,
    bind: Option<String>,
    file: Option<String>,
    content: Option<String>,
    folder: Option<String>,
    path: String,
    #[serde(default)]
    read_only: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortTable {
    #[serde(default = "loopback")]
    host_ip: String,
    host: u16,
    /// None where it is the host's.
    container: Option<u16>,
    health: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadinessTable {
    #[serde(default = "http")]
    scheme: Scheme,
    path: String,
    statuses: Vec<u16>,
    #[serde(default)]
    also: Vec<Ask>,
    mark: Option<Mark>,
    /// Whether the older tool's certificates are used, and with them https, where they are there.
    #[serde(default)]
    certificates: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SandboxTable {
    http: Option<String>,
    label: Option<String>,
    name_label: Option<String>,
    exec: Option<Vec<String>>,
}

impl MountTable {
    pub(super) fn resolve(&self, filler: &Filler<'_>) -> Result<MountSpec, BadPreset> {
        let source = match (&self.volume, &self.bind, &self.file, &self.content, &self.folder) {
            (Some(volume), None, None, None, None) => {
                MountSource::Volume { name: VolumeName::new(filler.named("mounts.volume", volume)?) }
            }
            (None, Some(bind), None, None, None) => MountSource::Bind { folder: filler.clean("mounts.bind", bind)? },
            (None, None, Some(file), Some(content), None) => {
                MountSource::File { file: filler.clean("mounts.file", file)?, content: filler.fill(content)? }
            }
            (None, None, None, None, Some(folder)) => {
                MountSource::Folder { folder: filler.clean("mounts.folder", folder)? }
            }
            _ => {
                let rule = "a mount has one of `volume`, `bind`, `folder`, or `file` with its `content`";
                return Err(BadPreset::field("mounts", rule));
            }
        };
        Ok(MountSpec { source, path: filler.clean("mounts.path", &self.path)?, read_only: self.read_only })
    }
}

impl PortTable {
    pub(super) fn resolve(&self) -> Result<PortSpec, BadPreset> {
        if self.host_ip.parse::<std::net::IpAddr>().is_err() {
            return Err(BadPreset::field("port.host_ip", format!("`{}` is no IP address", self.host_ip)));
        }
        let port = PortSpec {
            host_ip: self.host_ip.clone(),
            host: self.host,
            container: self.container.unwrap_or(self.host),
            same_inside: self.container.is_none(),
            health: self.health,
        };
        port.check().map_err(|problem| BadPreset::field("port", problem))?;
        Ok(port)
    }
}

impl ReadinessTable {
    pub(super) fn resolve(&self, place: &Place) -> Result<ReadinessSpec, BadPreset> {
        let first = Ask { path: self.path.clone(), statuses: self.statuses.clone() };
        let asks: Vec<_> = std::iter::once(first).chain(self.also.iter().cloned()).collect();
        for ask in &asks {
            rooted("readiness.path", &ask.path)?;
            if ask.statuses.is_empty() || ask.statuses.iter().any(|status| !(100..600).contains(status)) {
                return Err(BadPreset::field("readiness.statuses", "one or more HTTP statuses, each from 100 to 599"));
            }
        }
        let client_certificate = place.certificates.clone().filter(|_| self.certificates);
        let scheme = if client_certificate.is_some() { Scheme::Https } else { self.scheme };
        Ok(ReadinessSpec { scheme, asks, mark: self.mark.clone(), client_certificate })
    }
}

impl SandboxTable {
    pub(super) fn resolve(&self) -> Result<SandboxListing, BadPreset> {
        match (&self.http, &self.label, &self.name_label, &self.exec) {
            (Some(path), None, None, None) => Ok(SandboxListing::Http { path: rooted("sandboxes.http", path)? }),
            (None, Some(label), Some(name_label), None) if label.contains('=') => {
                Ok(SandboxListing::Siblings { label: label.clone(), name_label: name_label.clone() })
            }
            (None, None, None, Some(command)) if !command.is_empty() => {
                Ok(SandboxListing::Exec { command: command.clone() })
            }
            _ => {
                let rule = "sandboxes are listed by `http`, by `exec`, or by `label` (`key=value`) and `name_label`";
                Err(BadPreset::field("sandboxes", rule))
            }
        }
    }
}

fn registry() -> ImageSource {
    ImageSource::Registry
}

fn loopback() -> String {
    "127.0.0.1".to_owned()
}

fn http() -> Scheme {
    Scheme::Http
}
