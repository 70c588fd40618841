//! The next command to type after a refusal, and whether it leads out by itself. No advice leads in a circle: a test
//! follows each that is marked as leading out.

use std::path::Path;

use serde::Serialize;

use crate::known::Why;
use crate::names::{GATEWAY_NAME_MAX_BYTES, GatewayName, PresetName};
use crate::observation::PortHolder;
use crate::plan::Because;
use crate::preset::BUILT_IN;
use crate::refusal::{Refusal, Trouble};
use crate::spec::PortSpec;

/// The next command to type, and whether it leads out by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Advice {
    /// The command.
    pub command: String,
    /// What following it does.
    pub effect: Effect,
}

/// What following an advice does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It leads out of the state. A test follows it.
    LeadsOut,
    /// It acts on the machine itself: start Docker, end a process, look for the cause.
    OnTheMachine,
}

impl Refusal {
    /// The next command to type.
    pub fn advice(&self, gateway: &GatewayName) -> Advice {
        let onboard = format!("nemoclaw onboard --gateway {gateway}");
        let leads_out = |command: String| Advice { command, effect: Effect::LeadsOut };
        let on_the_machine = |command: String| Advice { command, effect: Effect::OnTheMachine };
        match self {
            Self::DockerUnknown { why: Why::PermissionDenied { .. } }
            | Self::DockerLost { why: Why::PermissionDenied { .. }, .. } => {
                on_the_machine("sudo usermod -aG docker $USER   # then log in again".to_owned())
            }
            Self::DockerUnknown { why: Why::NotListening { .. } }
            | Self::DockerLost { why: Why::NotListening { .. }, .. } => {
                on_the_machine("sudo systemctl start docker".to_owned())
            }
            Self::DockerUnknown { .. } | Self::DockerLost { .. } | Self::DaemonChanged { .. } => {
                on_the_machine("docker info".to_owned())
            }
            Self::RecordUnusable { path, aside: Some(aside), .. } => {
                leads_out(format!("mv {} {}", shell_word(path), shell_word(aside)))
            }
            Self::RecordUnusable { path, aside: None, .. } => on_the_machine(look_above(path)),
            Self::StateUnusable { .. } => {
                let state = "${NEMOCLAW_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/nemoclaw}";
                on_the_machine(format!("ls -la \"{state}\""))
            }
            Self::Locked { .. } => leads_out(onboard),
            // Another store of the same daemon: the container is in the one that was used before.
            Self::OtherDaemon { recorded, found }
                if recorded.id == found.id && recorded.data_root == found.data_root =>
            {
                on_the_machine("docker info --format '{{.Driver}}'".to_owned())
            }
            Self::OtherDaemon { .. } => leads_out(format!("{onboard} --accept-daemon")),
            Self::OtherPreset { preset, .. } if BUILT_IN.iter().any(|(name, _)| *name == preset.as_str()) => {
                leads_out(format!("{onboard} --preset {preset}"))
            }
            // Only its owner knows where its file is.
            Self::OtherPreset { preset, .. } => on_the_machine(format!("{onboard} --spec {preset}.toml")),
            Self::ForeignContainer { what, name, .. } if what == "container" => {
                leads_out(format!("docker rename {name} {name}-set-aside"))
            }
            Self::ForeignContainer { .. } => leads_out(format!("nemoclaw onboard --gateway {}", another_name(gateway))),
            Self::VolumeHeld { container, rename_to: Some(name), .. } => {
                leads_out(format!("docker rename {container} {name}"))
            }
            Self::VolumeHeld { container, writing: true, .. } => leads_out(format!("docker stop {container}")),
            Self::VolumeHeld { volume, writing: false, .. } => leads_out(format!("{onboard} --adopt {volume}")),
            Self::WrongVolume { .. } => leads_out(format!("{onboard} --recreate")),
            Self::ResetContainerExists { .. } => {
                leads_out(format!("nemoclaw destroy --gateway {gateway} --volumes --confirm {gateway}"))
            }
            Self::ImageUnavailable { image, .. } => on_the_machine(format!("docker pull {image}")),
            Self::ImageUnfit { .. } => on_the_machine("docker version".to_owned()),
            Self::ManagedElsewhere { command, .. } => on_the_machine(command.clone()),
            Self::AutoRemove { container } => on_the_machine(format!("docker stop {container}")),
            Self::LayerHoldsData { container, .. } => on_the_machine(format!("docker diff {container}")),
            // A gateway that is to be made gives way: whoever holds the port may be somebody's running gateway.
            Self::PortHeld { container_has_it: false, port, .. } => {
                leads_out(format!("{onboard} --port {}", other_port(port)))
            }
            Self::PortHeld { holder, port, .. }
            | Self::NotPutBack { trouble: Trouble::PortHeld { port, holder }, .. } => match holder {
                PortHolder::Container { name, .. } => leads_out(format!("docker stop {name}")),
                PortHolder::Process { pid: Some(pid), .. } => on_the_machine(format!("kill {pid}")),
                PortHolder::Process { pid: None, .. }
                | PortHolder::Free
                | PortHolder::Gateway
                | PortHolder::NotVisible => on_the_machine(format!("sudo ss -ltnp 'sport = :{}'", port.host)),
            },
            Self::NotRecovered { container, .. } => on_the_machine(format!("docker logs --tail 50 {container}")),
            Self::NotStopped { container, .. } => on_the_machine(format!("docker stop {container}")),
            Self::NotCreated { .. } => on_the_machine(onboard),
            Self::ReadinessUnknown { .. } => on_the_machine("docker context show".to_owned()),
            Self::ContainerHidden { .. } => on_the_machine("sudo systemctl restart docker".to_owned()),
            Self::VolumesAmbiguous { candidates, .. } => {
                let first = candidates.first().map_or("VOLUME", |volume| volume.name.as_str());
                leads_out(format!("{onboard} --adopt {first}"))
            }
            Self::NodeNameUnknown { usual, .. } => leads_out(format!("{onboard} --node-name {usual}")),
            Self::PresetLegacy { recorded: true, .. } => leads_out(format!(
                "nemoclaw onboard --gateway {} --preset {}",
                another_name(gateway),
                crate::preset::DEFAULT
            )),
            Self::PresetLegacy { recorded: false, .. } => {
                leads_out(format!("{onboard} --preset {}", crate::preset::DEFAULT))
            }
            Self::PresetAmbiguous { presets } => {
                let first = presets.first().map_or(crate::preset::DEFAULT, PresetName::as_str);
                leads_out(format!("{onboard} --preset {first}"))
            }
            Self::NoContainer { .. } => leads_out(onboard),
            Self::NoSuchVolume { .. } => on_the_machine("docker volume ls".to_owned()),
            Self::DataGone { .. } => leads_out(format!("{onboard} --reset --confirm {gateway}")),
            Self::NotProved { .. } => on_the_machine("docker ps --all".to_owned()),
            Self::RolledBack { because: Because::Interrupted { .. }, .. } | Self::HalfDone { .. } => leads_out(onboard),
            Self::RolledBack { .. } => leads_out(format!("nemoclaw status --gateway {gateway}")),
            Self::NotPutBack { container, .. } => on_the_machine(format!("docker logs --tail 50 {container}")),
            Self::NotBackedUp { .. } => on_the_machine("df -h".to_owned()),
            Self::BackupUnusable { .. } => leads_out(format!("nemoclaw backups --gateway {gateway} --verify")),
            Self::NotRestored { .. } => on_the_machine("df -h".to_owned()),
            Self::SetAsideLeft { .. } => {
                leads_out(format!("nemoclaw destroy --gateway {gateway} --set-aside --confirm {gateway}"))
            }
            Self::NothingToBackUp { .. } => leads_out(onboard),
            Self::NotRemoved { .. } => on_the_machine("docker ps --all".to_owned()),
            Self::Interrupted { .. } => leads_out(onboard),
        }
    }
}

/// A look at the two folders above a record: the state directory and the one of all records.
fn look_above(record: &str) -> String {
    let mut folders: Vec<_> = Path::new(record).ancestors().skip(1).take(2).filter_map(Path::to_str).collect();
    folders.reverse();
    format!("ls -ld {}", folders.into_iter().map(shell_word).collect::<Vec<_>>().join(" "))
}

/// A word as a shell takes it.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Another gateway's name to offer.
fn another_name(gateway: &GatewayName) -> String {
    let most = GATEWAY_NAME_MAX_BYTES - 2;
    format!("{}-2", gateway.as_str().get(..most).unwrap_or(gateway.as_str()))
}

/// Another port to offer: the next one up that can be.
fn other_port(held: &PortSpec) -> u16 {
    let mut others = (held.host..=u16::MAX).chain((1..held.host).rev());
    others.find(|port| *port != held.host && held.on(*port).check().is_ok()).unwrap_or(held.host)
}
