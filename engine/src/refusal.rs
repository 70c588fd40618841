//! Why a run changed nothing destructive: each refusal with all that it saw, and how that is said.

use std::fmt;

use serde::Serialize;

use crate::container::Exit;
use crate::event::{Failure, LockHolder, MeasuredVolume, Signal};
use crate::evidence::NotProved;
use crate::known::Why;
use crate::names::{ContainerName, ImageRef, PresetName, VolumeName};
use crate::observation::{DaemonIdentity, PortHolder};
use crate::reason::Reason;
use crate::record::RecordProblem;
use crate::spec::PortSpec;

/// A refusal, with what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Refusal {
    /// Docker could not be asked.
    DockerUnknown {
        /// Why not.
        why: Why,
    },
    /// The record cannot be used.
    RecordUnusable {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: RecordProblem,
    },
    /// The state directory cannot be used.
    StateUnusable {
        /// What went wrong.
        failure: Failure,
    },
    /// Another run holds the lock.
    Locked {
        /// Who.
        holder: LockHolder,
    },
    /// The daemon is not the recorded one.
    OtherDaemon {
        /// The one that the record names.
        recorded: DaemonIdentity,
        /// The one that answered.
        found: DaemonIdentity,
    },
    /// The gateway belongs to another preset.
    OtherPreset {
        /// What says so: `the record`, a container's or a volume's label.
        what: String,
        /// The preset it belongs to.
        preset: PresetName,
        /// The preset that was asked for.
        asked: PresetName,
    },
    /// The name belongs to a stranger.
    ForeignContainer {
        /// What bears the name.
        what: String,
        /// The name.
        name: String,
        /// Why it is not taken for the gateway's.
        because: String,
    },
    /// Another container has the gateway's volume.
    VolumeHeld {
        /// The container.
        container: ContainerName,
        /// Its status, in Docker's word.
        status: String,
        /// The volume.
        volume: VolumeName,
        /// How it has it: by mount, or by a bind of its folder.
        by_folder: Option<String>,
        /// The name to give it back, where label or image say that it is the gateway's own container, renamed.
        rename_to: Option<ContainerName>,
        /// Whether it might be writing.
        writing: bool,
    },
    /// The gateway does not mount its volume.
    WrongVolume {
        /// The container.
        container: ContainerName,
        /// The volume that it should mount.
        expected: VolumeName,
        /// Where it should see it.
        path: String,
        /// The volumes that it mounts.
        found: Vec<VolumeName>,
    },
    /// A reset was asked, but the container exists.
    ResetContainerExists {
        /// The container.
        container: ContainerName,
    },
    /// The image cannot be had.
    ImageUnavailable {
        /// The image.
        image: ImageRef,
        /// What went wrong.
        failure: Failure,
    },
    /// The image is packed from this executable, which cannot run at this daemon.
    ImageUnfit {
        /// The image.
        image: ImageRef,
        /// Why not.
        because: String,
    },
    /// Another program owns the container.
    ManagedElsewhere {
        /// The container.
        container: ContainerName,
        /// The program.
        manager: String,
        /// Its command that replaces the container.
        command: String,
    },
    /// Docker removes the container as soon as it stops.
    AutoRemove {
        /// The container.
        container: ContainerName,
    },
    /// The container's own layer holds files that would be lost.
    LayerHoldsData {
        /// The container.
        container: ContainerName,
        /// The files: up to ten of them.
        paths: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// Somebody else holds the port.
    PortHeld {
        /// The port.
        port: PortSpec,
        /// Who holds it.
        holder: PortHolder,
        /// Whether the gateway's container exists, so that another port would mean another container.
        container_exists: bool,
    },
    /// The gateway does not become ready.
    NotRecovered {
        /// The container.
        container: ContainerName,
        /// Why not.
        trouble: Trouble,
        /// How its process ended last.
        exit: Exit,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// The gateway could not be stopped.
    NotStopped {
        /// The container.
        container: ContainerName,
        /// What went wrong.
        failure: Failure,
    },
    /// A part of the gateway could not be made.
    NotCreated {
        /// What.
        what: String,
        /// What went wrong.
        failure: Failure,
    },
    /// The gateway's health cannot be asked from here.
    ReadinessUnknown {
        /// The container.
        container: ContainerName,
        /// Why not.
        why: Why,
    },
    /// The daemon denies a container whose files are there.
    ContainerHidden {
        /// The daemon's data root.
        data_root: String,
        /// The container's ID.
        container: crate::names::ContainerId,
    },
    /// Several volumes could be the gateway's.
    VolumesAmbiguous {
        /// The path at which the gateway would see it.
        path: String,
        /// Each of them.
        candidates: Vec<MeasuredVolume>,
    },
    /// Nothing says by which node name the data on the volume is keyed.
    NodeNameUnknown {
        /// The volume.
        volume: Option<VolumeName>,
        /// The node name that such a gateway usually has.
        usual: String,
    },
    /// Such a gateway cannot be made from nothing.
    PresetLegacy {
        /// The preset.
        preset: PresetName,
        /// Whether a record says that the gateway is of that preset, so that it cannot be of another.
        recorded: bool,
    },
    /// Several presets could be meant.
    PresetAmbiguous {
        /// Those of which something is there.
        presets: Vec<PresetName>,
    },
    /// There is no container to start or to stop.
    NoContainer {
        /// Its name.
        container: ContainerName,
    },
    /// The chosen volume is not there.
    NoSuchVolume {
        /// Its name.
        volume: VolumeName,
    },
    /// The gateway's data, or a part of it, is gone.
    DataGone {
        /// The volumes that are gone.
        gone: Vec<VolumeName>,
        /// The volumes that are still there.
        left: Vec<VolumeName>,
    },
    /// It is not proved that the volume has no container.
    NotProved {
        /// The volume.
        volume: VolumeName,
        /// What is not proved.
        lacks: NotProved,
    },
    /// This version does not do that yet.
    NotYet {
        /// What.
        what: String,
    },
    /// Somebody asked the run to end.
    Interrupted {
        /// By which signal.
        signal: Signal,
    },
}

/// Why a gateway does not become ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Trouble {
    /// Docker did not carry out what it was asked.
    Act {
        /// What it was asked, as a person reads it.
        what: String,
        /// What went wrong.
        failure: Failure,
    },
    /// Its process ended after it was started.
    Ended,
    /// Its process keeps ending, and Docker keeps starting it.
    CrashLoop,
    /// It runs, but is not ready within its warm-up.
    NotReady {
        /// Whether it was restarted once.
        restarted: bool,
    },
    /// It lacks its network or its published port.
    Disconnected {
        /// Whether there was one attempt to give them back.
        repaired: bool,
    },
    /// Somebody paused it again.
    PausedAgain,
    /// Whatever this run does, others undo.
    Undone,
    /// The disk is full, so that starting again cannot help.
    DiskFull,
    /// It is not ready, and is not restarted because Docker would remove it.
    AutoRemoved,
    /// The run's own time limit came first.
    OutOfTime,
}

impl Refusal {
    /// Its stable ID, exit code and meaning.
    pub fn reason(&self) -> Reason {
        match self {
            Self::DockerUnknown { .. } => Reason::DockerUnknown,
            Self::RecordUnusable { .. } => Reason::RecordUnusable,
            Self::StateUnusable { .. } => Reason::StateUnusable,
            Self::Locked { .. } => Reason::Locked,
            Self::OtherDaemon { .. } => Reason::OtherDaemon,
            Self::OtherPreset { .. } => Reason::OtherPreset,
            Self::ForeignContainer { .. } => Reason::ForeignContainer,
            Self::VolumeHeld { .. } => Reason::VolumeHeld,
            Self::WrongVolume { .. } => Reason::WrongVolume,
            Self::ResetContainerExists { .. } => Reason::ResetContainerExists,
            Self::ImageUnavailable { .. } => Reason::ImageUnavailable,
            Self::ImageUnfit { .. } => Reason::ImageUnfit,
            Self::ManagedElsewhere { .. } => Reason::ManagedElsewhere,
            Self::AutoRemove { .. } => Reason::AutoRemove,
            Self::LayerHoldsData { .. } => Reason::LayerHoldsData,
            Self::PortHeld { .. } => Reason::PortHeld,
            Self::NotRecovered { .. } => Reason::NotRecovered,
            Self::NotStopped { .. } => Reason::NotStopped,
            Self::NotCreated { .. } => Reason::NotCreated,
            Self::ReadinessUnknown { .. } => Reason::ReadinessUnknown,
            Self::ContainerHidden { .. } => Reason::ContainerHidden,
            Self::VolumesAmbiguous { .. } => Reason::VolumesAmbiguous,
            Self::NodeNameUnknown { .. } => Reason::NodeNameUnknown,
            Self::PresetLegacy { .. } => Reason::PresetLegacy,
            Self::PresetAmbiguous { .. } => Reason::PresetAmbiguous,
            Self::NoContainer { .. } => Reason::Missing,
            Self::NoSuchVolume { .. } => Reason::NoSuchVolume,
            Self::DataGone { .. } => Reason::DataGone,
            Self::NotProved { .. } => Reason::NotProved,
            Self::NotYet { .. } => Reason::NotYet,
            Self::Interrupted { signal: Signal::Interrupt } => Reason::Interrupted,
            Self::Interrupted { signal: Signal::Terminate } => Reason::Terminated,
        }
    }
}

impl fmt::Display for Refusal {
    /// What was seen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DockerUnknown { why } => write!(f, "Docker could not be asked: {why}"),
            Self::RecordUnusable { path, problem } => write!(f, "the record `{path}` cannot be used: {problem}"),
            Self::StateUnusable { failure } => write!(f, "the state directory cannot be used: {failure}"),
            Self::Locked { holder } => write!(f, "another run on this gateway is under way: {holder}"),
            Self::OtherDaemon { recorded, found } => write!(
                f,
                "the gateway was made on the daemon `{}` ({}, {}), and the one that answers is `{}` ({}, {})",
                recorded.name,
                recorded.data_root,
                recorded.storage_driver,
                found.name,
                found.data_root,
                found.storage_driver
            ),
            Self::OtherPreset { what, preset, asked } => {
                write!(f, "{what} belongs to the preset `{preset}`, not to `{asked}`")
            }
            Self::ForeignContainer { what, name, because } => {
                write!(f, "the {what} `{name}` is not this gateway's: {because}")
            }
            Self::VolumeHeld { container, status, volume, by_folder: Some(folder), .. } => write!(
                f,
                "the container `{container}` ({status}) has the folder `{folder}` of the gateway's volume `{volume}`"
            ),
            Self::VolumeHeld { container, status, volume, by_folder: None, .. } => {
                write!(f, "the container `{container}` ({status}) mounts the gateway's volume `{volume}`")
            }
            Self::WrongVolume { container, expected, path, found } => {
                write!(
                    f,
                    "the container `{container}` does not mount the gateway's volume `{expected}` at `{path}`; it mounts "
                )?;
                if found.is_empty() { f.write_str("no volume") } else { f.write_str(&quoted(found.iter())) }
            }
            Self::ResetContainerExists { container } => {
                write!(f, "the container `{container}` exists, so there is nothing to reset")
            }
            Self::ImageUnavailable { image, failure: Failure::Unknown { why: Why::TimedOut { .. } } } => {
                write!(f, "the image `{image}` cannot be had: not a byte came for a minute")
            }
            Self::ImageUnavailable { image, failure } => write!(f, "the image `{image}` cannot be had: {failure}"),
            Self::ImageUnfit { image, because } => {
                write!(f, "the image `{image}` is packed from this executable, and {because}")
            }
            Self::ManagedElsewhere { container, manager, .. } => {
                write!(f, "the container `{container}` belongs to {manager}")
            }
            Self::AutoRemove { container } => {
                write!(f, "the container `{container}` was started with `--rm`: stopping it removes it")
            }
            Self::LayerHoldsData { container, paths, count } => {
                write!(f, "{count} paths live only in the container `{container}`, among them {}", quoted(paths.iter()))
            }
            Self::PortHeld { port, holder, .. } => {
                write!(f, "port {} of {} is held by ", port.host, port.host_ip)?;
                match holder {
                    PortHolder::Container { name, .. } => write!(f, "the container `{name}`"),
                    PortHolder::Process { pid: Some(pid), command: Some(command) } => {
                        write!(f, "process {pid} (`{command}`)")
                    }
                    PortHolder::Process { pid: Some(pid), command: None } => write!(f, "process {pid}"),
                    PortHolder::Process { pid: None, .. } => f.write_str("a process of another user"),
                    PortHolder::Free | PortHolder::Gateway | PortHolder::NotVisible => f.write_str("somebody else"),
                }
            }
            Self::NotRecovered { container, trouble, exit, .. } => {
                write!(f, "the gateway `{container}` {trouble}")?;
                match trouble {
                    Trouble::Ended | Trouble::CrashLoop => write!(f, ": {exit}"),
                    Trouble::Act { .. }
                    | Trouble::NotReady { .. }
                    | Trouble::Disconnected { .. }
                    | Trouble::PausedAgain
                    | Trouble::Undone
                    | Trouble::DiskFull
                    | Trouble::AutoRemoved
                    | Trouble::OutOfTime => Ok(()),
                }
            }
            Self::NotStopped { container, failure } => {
                write!(f, "the gateway `{container}` was not stopped: {failure}")
            }
            Self::NotCreated { what, failure } => write!(f, "could not {what}: {failure}"),
            Self::ReadinessUnknown { container, why } => {
                write!(f, "the gateway `{container}` runs, but its health cannot be asked from here: {why}")
            }
            Self::ContainerHidden { data_root, container } => write!(
                f,
                "Docker denies the container that the record names, but its files are in `{data_root}/containers/{container}`"
            ),
            Self::VolumesAmbiguous { path, candidates } => {
                write!(f, "{} volumes could be the gateway's `{path}`: ", candidates.len())?;
                for (index, volume) in candidates.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}`{}`", volume.name)?;
                    if let Some(created) = &volume.created {
                        write!(f, " made {created}")?;
                    }
                    if let Some(size) = volume.size_bytes {
                        write!(f, " holding {size} bytes")?;
                    }
                }
                Ok(())
            }
            Self::NodeNameUnknown { volume, .. } => {
                f.write_str("the container is missing, and nothing says by which node name the data ")?;
                match volume {
                    Some(volume) => write!(f, "on the volume `{volume}` is keyed"),
                    None => f.write_str("is keyed"),
                }
            }
            Self::PresetLegacy { preset, .. } => {
                write!(f, "a gateway of the kind `{preset}` gets its first secrets from the older tool only")
            }
            Self::PresetAmbiguous { presets } => {
                write!(f, "there are several gateways of that name: {}", quoted(presets.iter()))
            }
            Self::NoContainer { container } => write!(f, "there is no container `{container}`"),
            Self::NoSuchVolume { volume } => write!(f, "there is no volume `{volume}`"),
            Self::DataGone { gone, left } if left.is_empty() => {
                write!(f, "the container is missing, and so is the data that the record names: {}", quoted(gone.iter()))
            }
            Self::DataGone { gone, left } => write!(
                f,
                "the container is missing, and so is a part of the data: {} (still there: {})",
                quoted(gone.iter()),
                quoted(left.iter())
            ),
            Self::NotProved { volume, lacks } => {
                write!(f, "it is not proved that the volume `{volume}` has no container: {lacks}")
            }
            Self::NotYet { what } => write!(f, "this version cannot {what} yet"),
            Self::Interrupted { signal: Signal::Interrupt } => f.write_str("interrupted"),
            Self::Interrupted { signal: Signal::Terminate } => f.write_str("terminated"),
        }
    }
}

impl fmt::Display for RecordProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { what } => write!(f, "it is corrupt ({what})"),
            Self::Newer { schema } => write!(f, "it was written by a newer version (schema {schema})"),
            Self::Unreadable { why } => write!(f, "it cannot be read ({why})"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act { what, failure } => write!(f, "did not come up: could not {what}: {failure}"),
            Self::Ended => f.write_str("ended after it was started"),
            Self::CrashLoop => f.write_str("keeps ending and being started again"),
            Self::NotReady { restarted: true } => f.write_str("runs, but is not ready, also after one restart"),
            Self::NotReady { restarted: false } => f.write_str("runs, but did not become ready"),
            Self::Disconnected { repaired: true } => {
                f.write_str("runs without its network or its published port, also after one attempt to give them back")
            }
            Self::Disconnected { repaired: false } => f.write_str("runs without its network or its published port"),
            Self::PausedAgain => f.write_str("was unpaused, and somebody paused it again"),
            Self::Undone => f.write_str("does not stay up: others keep undoing what this run does"),
            Self::DiskFull => f.write_str("is not ready, and the disk that holds Docker's data is full"),
            Self::AutoRemoved => {
                f.write_str("runs, but is not ready; it is not restarted because Docker would remove it")
            }
            Self::OutOfTime => f.write_str("is not ready, and the time limit is over"),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.code)?;
        if self.oom {
            f.write_str(", killed for want of memory")?;
        }
        if self.restarts > 0 {
            write!(f, ", restarted {} times", self.restarts)?;
        }
        if !self.error.is_empty() {
            write!(f, ", {}", self.error)?;
        }
        Ok(())
    }
}

/// Names in backticks, with commas.
fn quoted<T: fmt::Display>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
