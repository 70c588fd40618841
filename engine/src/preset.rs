//! Presets: what a kind of gateway looks like, as TOML, and how one becomes the spec of a named gateway.
//! The ones compiled in and the files that a person brings have the same form. Absent on purpose: any knowledge of a
//! particular preset.

mod tables;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use thiserror::Error;

use crate::names::{BadInput, ContainerName, GatewayName, ImageRef, NetworkName, PresetName, check_docker_name};
use crate::spec::{Env, GatewaySpec, MountSpec, RestartPolicy, SandboxListing};
use tables::{ImageTable, MountTable, NodeTable, PortTable, ReadinessTable, SandboxTable};

/// The presets that are compiled in, by name.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("reference", include_str!("../presets/reference.toml")),
    ("openshell-gateway", include_str!("../presets/openshell-gateway.toml")),
    ("openshell-cluster", include_str!("../presets/openshell-cluster.toml")),
];

/// The preset taken where neither the person nor a record names one, and nothing of another is found on the host.
pub const DEFAULT: &str = "openshell-gateway";

/// The longest warm-up a preset may ask for: a day, in milliseconds.
const WARM_UP_MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// Where on this host a gateway finds what is not Docker's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The absolute path of the folder for files of ours that the gateway reads.
    pub files: String,
    /// Docker's socket, where it is a file of this host.
    pub docker_socket: Option<String>,
    /// The folder with the certificates that the older tool made for this gateway, where it is there.
    pub certificates: Option<String>,
}

/// A preset as its TOML file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    name: String,
    container: String,
    network: Option<String>,
    command: Option<Vec<String>>,
    arguments: Option<Vec<String>>,
    user: Option<String>,
    #[serde(default)]
    privileged: bool,
    #[serde(default)]
    host_cgroups: bool,
    #[serde(default)]
    extra_hosts: Vec<String>,
    restart: RestartPolicy,
    warm_up: String,
    #[serde(default = "ten_seconds")]
    stop_grace: String,
    #[serde(default = "yes")]
    from_nothing: bool,
    /// What the owner of a gateway that was just made has to know.
    notice: Option<String>,
    image: ImageTable,
    #[serde(default)]
    env: BTreeMap<String, String>,
    node: Option<NodeTable>,
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

fn yes() -> bool {
    true
}

fn ten_seconds() -> String {
    "10s".to_owned()
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

    /// The spec of one gateway at one place: `{gateway}`, `{suffix}`, `{version}`, `{files}` and `{socket}` filled in,
    /// every value checked. `{port}` and `{tag}` stay: see [`GatewaySpec::filled`].
    ///
    /// # Errors
    /// A value that Docker or HTTP would refuse, with the key that holds it.
    pub fn resolve(&self, gateway: &GatewayName, place: &Place) -> Result<GatewaySpec, BadPreset> {
        let filler = Filler { gateway, place };
        let fill = |text: &String| filler.fill(text);
        let named = |key: &str, text: &str| filler.named(key, text);
        let image = |bad: BadInput| BadPreset::field("image.reference", bad);
        let container = named("container", &self.container)?;
        let (command, keeps_entry_point) = match (&self.command, &self.arguments) {
            (Some(command), None) => (command, false),
            (None, Some(arguments)) => (arguments, true),
            (None, None) | (Some(_), Some(_)) => {
                return Err(BadPreset::field("command", "a preset has either `command` or `arguments`"));
            }
        };
        for companion in &self.image.companions {
            let reference = fill(companion)?.replace("{tag}", "latest");
            ImageRef::parse(&reference).map_err(|bad| BadPreset::field("image.companions", bad))?;
        }
        let wanted_node = self.node.as_ref().map_or(Ok(container.clone()), |node| fill(&node.name))?;
        let spec = GatewaySpec {
            preset: PresetName::new(named("name", &self.name)?),
            container: ContainerName::new(container),
            image: ImageRef::parse(&fill(&self.image.reference)?).map_err(image)?,
            image_source: self.image.source,
            companions: self.image.companions.iter().map(fill).collect::<Result<_, _>>()?,
            command: command.iter().map(fill).collect::<Result<_, _>>()?,
            keeps_entry_point,
            env: Env(self.env.iter().map(|(key, value)| Ok((key.clone(), fill(value)?))).collect::<Result<_, _>>()?),
            user: self.user.clone(),
            privileged: self.privileged,
            host_cgroups: self.host_cgroups,
            extra_hosts: self.extra_hosts.clone(),
            gpu: false,
            mounts: self.mounts.iter().map(|mount| mount.resolve(&filler)).collect::<Result<_, _>>()?,
            port: self.port.resolve()?,
            network: match &self.network {
                Some(network) => Some(NetworkName::new(named("network", network)?)),
                None => None,
            },
            node_name: node_name(&wanted_node)?,
            node_name_env: self.node.as_ref().and_then(|node| node.env.clone()),
            node_name_file: self.node.as_ref().and_then(|node| node.on_volume.clone()),
            restart: self.restart,
            readiness: self.readiness.resolve(place)?,
            warm_up_ms: warm_up_ms(&self.warm_up)?,
            // Docker counts whole seconds: less than one would be none at all.
            stop_grace_s: u32::try_from(duration_ms("stop_grace", &self.stop_grace, 3_600_000)?.div_ceil(1000))
                .unwrap_or(u32::MAX),
            sandboxes: self.sandboxes.as_ref().map_or(Ok(SandboxListing::None), SandboxTable::resolve)?,
            from_nothing: self.from_nothing,
            notice: self.notice.clone(),
            carry: self.carry.iter().map(|path| carried(path)).collect::<Result<_, _>>()?,
            noise: self.noise.iter().map(|path| rooted("noise", path)).collect::<Result<_, _>>()?,
        };
        check_mounts(&spec.mounts)?;
        check_env(&spec)?;
        Ok(spec)
    }
}

/// Fills in what stands for one gateway and one place.
struct Filler<'a> {
    gateway: &'a GatewayName,
    place: &'a Place,
}

impl Filler<'_> {
    fn fill(&self, text: &str) -> Result<String, BadPreset> {
        let suffix = if self.gateway.is_default() { String::new() } else { format!("-{}", self.gateway) };
        let filled = text
            .replace("{gateway}", self.gateway.as_str())
            .replace("{suffix}", &suffix)
            .replace("{version}", env!("CARGO_PKG_VERSION"))
            .replace("{files}", &self.place.files);
        match &self.place.docker_socket {
            Some(socket) => Ok(filled.replace("{socket}", socket)),
            None if filled.contains("{socket}") => {
                Err(BadPreset::field("mounts", "this kind of gateway needs Docker's socket as a file of this machine"))
            }
            None => Ok(filled),
        }
    }

    fn named(&self, key: &str, text: &str) -> Result<String, BadPreset> {
        let name = self.fill(text)?;
        check_docker_name(&name).map_err(|bad| BadPreset::field(key, bad))?;
        Ok(name)
    }

    fn clean(&self, key: &str, text: &str) -> Result<String, BadPreset> {
        clean(key, &self.fill(text)?)
    }
}

fn rooted(key: &str, path: &str) -> Result<String, BadPreset> {
    if path.starts_with('/') && !path.contains('\0') {
        Ok(path.to_owned())
    } else {
        Err(BadPreset::field(key, format!("`{path}` does not start with `/`")))
    }
}

/// A path of the container, or one under the home folder of its process, which begins with `~/`.
fn carried(path: &str) -> Result<String, BadPreset> {
    match path.strip_prefix("~/") {
        Some(rest) => rooted("carry", &format!("/{rest}")).map(|_| path.to_owned()),
        None => rooted("carry", path),
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

    fn place() -> Place {
        Place {
            files: "/state/files/My_gw".to_owned(),
            docker_socket: Some("/run/docker.sock".to_owned()),
            certificates: None,
        }
    }

    #[test]
    fn every_built_in_preset_resolves_under_its_own_name() {
        for (name, text) in BUILT_IN {
            let preset = Preset::parse(text).unwrap();
            assert_eq!(preset.name().as_str(), name);
            let spec = preset.resolve(&gateway(), &place()).unwrap();
            assert!(spec.volumes().count() > 0, "{name} keeps nothing");
            assert_eq!(spec.port.host_ip, "127.0.0.1", "{name} is published beyond this machine");
        }
    }

    #[test]
    fn node_names_are_made_safe_for_dns() {
        let spec = Preset::parse(BUILT_IN[0].1).unwrap().resolve(&gateway(), &place()).unwrap();
        assert_eq!(spec.node_name, "openshell-my-gw");
    }

    #[test]
    fn a_grace_of_less_than_a_second_is_not_none() {
        let text = BUILT_IN[0].1.replace("stop_grace = \"10s\"", "stop_grace = \"500ms\"");
        assert_eq!(Preset::parse(&text).unwrap().resolve(&gateway(), &place()).unwrap().stop_grace_s, 1);
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
            let bad = Preset::parse(&text).and_then(|preset| preset.resolve(&gateway(), &place())).unwrap_err();
            assert!(bad.problem.contains(key), "{to}: {bad}");
        }
    }
}
