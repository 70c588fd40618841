//! Presets: what a kind of gateway looks like, as TOML, and how one becomes the spec of a named gateway.
//! The ones compiled in and the files that a person brings have the same form. Absent on purpose: any knowledge of a
//! particular preset.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use thiserror::Error;

use crate::names::{
    BadInput, ContainerName, GatewayName, ImageRef, NetworkName, PresetName, VolumeName, check_docker_name,
};
use crate::spec::{
    Env, GatewaySpec, ImageSource, Mark, MountSource, MountSpec, PortSpec, ReadinessSpec, RestartPolicy,
    SandboxListing, Scheme,
};

/// The presets that are compiled in, by name.
pub const BUILT_IN: [(&str, &str); 1] = [("reference", include_str!("../presets/reference.toml"))];

/// The preset taken where neither the person nor a record names one.
pub const DEFAULT: &str = "reference";

/// The longest warm-up a preset may ask for: a day, in milliseconds.
const WARM_UP_MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// A preset as its TOML file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    name: String,
    container: String,
    network: Option<String>,
    command: Vec<String>,
    restart: RestartPolicy,
    warm_up: String,
    #[serde(default = "ten_seconds")]
    stop_grace: String,
    image: ImageTable,
    #[serde(default)]
    env: BTreeMap<String, String>,
    node: NodeTable,
    #[serde(default)]
    mounts: Vec<MountTable>,
    port: PortTable,
    readiness: ReadinessTable,
    sandboxes: Option<SandboxTable>,
    #[serde(default)]
    carry: Vec<String>,
    #[serde(default)]
    noise: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageTable {
    reference: String,
    #[serde(default = "registry")]
    source: ImageSource,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeTable {
    name: String,
    env: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MountTable {
    volume: Option<String>,
    bind: Option<String>,
    path: String,
    #[serde(default)]
    read_only: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PortTable {
    #[serde(default = "loopback")]
    host_ip: String,
    host: u16,
    container: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadinessTable {
    #[serde(default = "http")]
    scheme: Scheme,
    path: String,
    statuses: Vec<u16>,
    mark: Option<Mark>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxTable {
    http: String,
}

fn ten_seconds() -> String {
    "10s".to_owned()
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

/// Why a preset or spec file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct BadPreset {
    /// Where in the file, in bytes, where that is known.
    pub at: Option<Range<usize>>,
    /// What is wrong.
    pub problem: String,
}

impl BadPreset {
    fn field(name: &str, problem: impl std::fmt::Display) -> Self {
        Self { at: None, problem: format!("`{name}`: {problem}") }
    }
}

impl Preset {
    /// Reads a preset from TOML.
    ///
    /// # Errors
    /// Text that is no TOML, an unknown or missing key, a value of the wrong type.
    pub fn parse(text: &str) -> Result<Self, BadPreset> {
        toml::from_str(text).map_err(|error| BadPreset { at: error.span(), problem: error.message().to_owned() })
    }

    /// The preset's name.
    pub fn name(&self) -> PresetName {
        PresetName::new(self.name.as_str())
    }

    /// The spec of one gateway: every `{gateway}` and `{version}` filled in, every value checked.
    ///
    /// # Errors
    /// A value that Docker or HTTP would refuse, with the key that holds it.
    pub fn resolve(&self, gateway: &GatewayName) -> Result<GatewaySpec, BadPreset> {
        let fill =
            |text: &str| text.replace("{gateway}", gateway.as_str()).replace("{version}", env!("CARGO_PKG_VERSION"));
        let named = |key: &str, text: &str| -> Result<String, BadPreset> {
            let name = fill(text);
            check_docker_name(&name).map_err(|bad| BadPreset::field(key, bad))?;
            Ok(name)
        };
        let image = |bad: BadInput| BadPreset::field("image.reference", bad);
        let spec = GatewaySpec {
            preset: PresetName::new(named("name", &self.name)?),
            container: ContainerName::new(named("container", &self.container)?),
            image: ImageRef::parse(&fill(&self.image.reference)).map_err(image)?,
            image_source: self.image.source,
            command: self.command.iter().map(|arg| fill(arg)).collect(),
            env: Env(self.env.iter().map(|(key, value)| (key.clone(), fill(value))).collect()),
            mounts: self.mounts.iter().map(|mount| mount.resolve(&named, &fill)).collect::<Result<_, _>>()?,
            port: self.port.resolve()?,
            network: match &self.network {
                Some(network) => Some(NetworkName::new(named("network", network)?)),
                None => None,
            },
            node_name: node_name(&fill(&self.node.name))?,
            node_name_env: self.node.env.clone(),
            restart: self.restart,
            readiness: self.readiness.resolve()?,
            warm_up_ms: warm_up_ms(&self.warm_up)?,
            // Docker counts whole seconds: less than one would be none at all.
            stop_grace_s: u32::try_from(duration_ms("stop_grace", &self.stop_grace, 3_600_000)?.div_ceil(1000))
                .unwrap_or(u32::MAX),
            sandboxes: match &self.sandboxes {
                Some(table) => SandboxListing::Http { path: rooted("sandboxes.http", &table.http)? },
                None => SandboxListing::None,
            },
            carry: self.carry.iter().map(|path| rooted("carry", path)).collect::<Result<_, _>>()?,
            noise: self.noise.iter().map(|path| rooted("noise", path)).collect::<Result<_, _>>()?,
        };
        check_mounts(&spec.mounts)?;
        check_env(&spec)?;
        Ok(spec)
    }
}

impl MountTable {
    fn resolve(
        &self,
        named: &impl Fn(&str, &str) -> Result<String, BadPreset>,
        fill: &impl Fn(&str) -> String,
    ) -> Result<MountSpec, BadPreset> {
        let source = match (&self.volume, &self.bind) {
            (Some(volume), None) => MountSource::Volume { name: VolumeName::new(named("mounts.volume", volume)?) },
            (None, Some(folder)) => MountSource::Bind { folder: clean("mounts.bind", &fill(folder))? },
            (None, None) | (Some(_), Some(_)) => {
                return Err(BadPreset::field("mounts", "a mount has either `volume` or `bind`"));
            }
        };
        Ok(MountSpec { source, path: clean("mounts.path", &self.path)?, read_only: self.read_only })
    }
}

impl PortTable {
    fn resolve(&self) -> Result<PortSpec, BadPreset> {
        if self.host == 0 || self.container == 0 {
            return Err(BadPreset::field("port", "a port lies between 1 and 65535"));
        }
        if self.host_ip.parse::<std::net::IpAddr>().is_err() {
            return Err(BadPreset::field("port.host_ip", format!("`{}` is no IP address", self.host_ip)));
        }
        Ok(PortSpec { host_ip: self.host_ip.clone(), host: self.host, container: self.container })
    }
}

impl ReadinessTable {
    fn resolve(&self) -> Result<ReadinessSpec, BadPreset> {
        if self.statuses.is_empty() || self.statuses.iter().any(|status| !(100..600).contains(status)) {
            return Err(BadPreset::field("readiness.statuses", "one or more HTTP statuses, each from 100 to 599"));
        }
        Ok(ReadinessSpec {
            scheme: self.scheme,
            path: rooted("readiness.path", &self.path)?,
            statuses: self.statuses.clone(),
            mark: self.mark.clone(),
        })
    }
}

fn rooted(key: &str, path: &str) -> Result<String, BadPreset> {
    if path.starts_with('/') && !path.contains('\0') {
        Ok(path.to_owned())
    } else {
        Err(BadPreset::field(key, format!("`{path}` does not start with `/`")))
    }
}

/// A path as Docker would tell it again: one that it wrote in another way would look like another mount.
fn clean(key: &str, path: &str) -> Result<String, BadPreset> {
    let path = rooted(key, path)?;
    let is_clean = path.split('/').skip(1).all(|name| !matches!(name, "" | "." | ".."));
    if is_clean { Ok(path) } else { Err(BadPreset::field(key, format!("`{path}` has an empty, `.` or `..` part"))) }
}

/// Docker mounts one thing at a path.
fn check_mounts(mounts: &[MountSpec]) -> Result<(), BadPreset> {
    let twice =
        mounts.iter().enumerate().find(|(at, mount)| mounts[..*at].iter().any(|other| other.path == mount.path));
    match twice {
        Some((_, mount)) => Err(BadPreset::field("mounts.path", format!("`{}` is there twice", mount.path))),
        None => Ok(()),
    }
}

/// Docker keeps variables as `NAME=value`.
fn check_env(spec: &GatewaySpec) -> Result<(), BadPreset> {
    let names = spec.env.0.keys().map(|name| ("env", name));
    for (key, name) in names.chain(spec.node_name_env.iter().map(|name| ("node.env", name))) {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(BadPreset::field(key, format!("`{}` is no name of a variable", name.escape_debug())));
        }
    }
    match &spec.node_name_env {
        Some(name) if spec.env.0.contains_key(name) => {
            Err(BadPreset::field("env", format!("`{name}` is set to the node name already, by `node.env`")))
        }
        Some(_) | None => Ok(()),
    }
}

fn warm_up_ms(text: &str) -> Result<u64, BadPreset> {
    match duration_ms("warm_up", text, WARM_UP_MAX_MS)? {
        0 => Err(BadPreset::field("warm_up", "nothing is ready in no time at all")),
        ms => Ok(ms),
    }
}

fn duration_ms(key: &str, text: &str, most_ms: u64) -> Result<u64, BadPreset> {
    let rule = || BadPreset::field(key, format!("`{text}` is no time such as `500ms`, `90s` or `5m`"));
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(rule)?;
    let number: u64 = text[..split].parse().map_err(|_| rule())?;
    let factor = match &text[split..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(rule()),
    };
    number
        .checked_mul(factor)
        .filter(|ms| *ms <= most_ms)
        .ok_or_else(|| BadPreset::field(key, format!("`{text}` is longer than {} s", most_ms / 1000)))
}

/// Without one Docker would make up another host name for each container, and the data be kept under that.
fn node_name(text: &str) -> Result<String, BadPreset> {
    let name = dns_label(text);
    if name.is_empty() { Err(BadPreset::field("node.name", "it has no letter and no digit")) } else { Ok(name) }
}

/// A host name: letters, digits and dashes, 63 characters at most (RFC 1123).
fn dns_label(text: &str) -> String {
    let mut label: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    label.truncate(63);
    label.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> GatewayName {
        GatewayName::parse("My_gw").unwrap()
    }

    #[test]
    fn every_built_in_preset_resolves_under_its_own_name() {
        for (name, text) in BUILT_IN {
            let preset = Preset::parse(text).unwrap();
            assert_eq!(preset.name().as_str(), name);
            let spec = preset.resolve(&gateway()).unwrap();
            assert!(spec.volumes().count() > 0, "{name} keeps nothing");
            assert_eq!(spec.port.host_ip, "127.0.0.1", "{name} is published beyond this machine");
        }
    }

    #[test]
    fn node_names_are_made_safe_for_dns() {
        let spec = Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway()).unwrap();
        assert_eq!(spec.node_name, "openshell-my-gw");
    }

    #[test]
    fn a_grace_of_less_than_a_second_is_not_none() {
        let text = BUILT_IN[0].1.replace("stop_grace = \"10s\"", "stop_grace = \"500ms\"");
        assert_eq!(Preset::parse(&text).unwrap().resolve(&gateway()).unwrap().stop_grace_s, 1);
    }

    #[test]
    fn an_unknown_key_is_refused_where_it_stands() {
        let text = format!("volumes = 1\n{}", BUILT_IN[0].1);
        let bad = Preset::parse(&text).unwrap_err();
        assert!(bad.problem.contains("volumes"), "{bad}");
        assert_eq!(bad.at, Some(0..7));
    }

    #[test]
    fn values_that_docker_would_refuse_are_refused_here() {
        let good = BUILT_IN[0].1;
        for (from, to, key) in [
            ("path = \"/data\"", "path = \"data\"", "mounts.path"),
            ("host = 8080", "host = 0", "port"),
            ("path = \"/data\"", "path = \"/data/\"", "mounts.path"),
            ("path = \"/data\"", "path = \"/\"", "mounts.path"),
            ("path = \"/data\"", "path = \"/x/../data\"", "mounts.path"),
            ("path = \"/data\"", "path = \"/data\"\n[[mounts]]\nbind = \"/x\"\npath = \"/data\"", "mounts.path"),
            ("path = \"/data\"", "path = \"/data\"\n[[mounts]]\nbind = \"/x//y\"\npath = \"/x\"", "mounts.bind"),
            ("NEMOCLAW_REFERENCE_WARM_UP =", "\"A=B\" =", "env"),
            ("NEMOCLAW_REFERENCE_WARM_UP =", "OPENSHELL_NODE_NAME =", "env"),
            ("env = \"OPENSHELL_NODE_NAME\"", "env = \"\"", "node.env"),
            ("name = \"openshell-{gateway}\"", "name = \"--\"", "node.name"),
            ("warm_up = \"10s\"", "warm_up = \"0s\"", "warm_up"),
            ("warm_up = \"10s\"", "warm_up = \"soon\"", "warm_up"),
            ("warm_up = \"10s\"", "warm_up = \"99999999999h\"", "warm_up"),
            ("statuses = [200]", "statuses = []", "readiness.statuses"),
            ("nemoclaw-reference:{version}", "Nemoclaw:", "image.reference"),
            ("volume = \"openshell-cluster-{gateway}\"", "volume = \"../{gateway}\"", "mounts.volume"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from} is not in the preset");
            let bad = Preset::parse(&text).and_then(|preset| preset.resolve(&gateway())).unwrap_err();
            assert!(bad.problem.contains(key), "{to}: {bad}");
        }
    }
}
