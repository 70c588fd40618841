//! How a refusal says what was seen: lower-case fragments, objects in backticks.

use std::fmt;

use super::{Refusal, Trouble};
use crate::container::Exit;
use crate::event::{Failure, Signal};
use crate::known::Why;
use crate::observation::PortHolder;
use crate::record::RecordProblem;
use crate::spec::PortSpec;

impl fmt::Display for Refusal {
    /// What was seen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DockerUnknown { why } => write!(f, "Docker could not be asked: {why}"),
            Self::DockerLost { done, unsure, why } => {
                write!(f, "Docker could not be asked any more: {why}")?;
                for (what, acts) in [("done before", done), ("asked for and not answered", unsure)] {
                    if !acts.is_empty() {
                        write!(f, "; {what}: {}", quoted(acts.iter().map(|act| act.as_str())))?;
                    }
                }
                Ok(())
            }
            Self::RecordUnusable { path, problem, .. } => write!(f, "the record `{path}` cannot be used: {problem}"),
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
            Self::DaemonChanged { first, found } => write!(
                f,
                "this run began on the daemon `{}` ({}, {}, ID {}), and by now another one answers: `{}` ({}, {}, ID {})",
                first.name,
                first.data_root,
                first.storage_driver,
                first.id,
                found.name,
                found.data_root,
                found.storage_driver,
                found.id
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
            Self::PortHeld { port, holder, .. } => write!(f, "{}", held(port, holder)),
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
                    | Trouble::OutOfTime
                    | Trouble::PortHeld { .. } => Ok(()),
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
            Self::RolledBack { container, because, .. } => {
                write!(f, "the replacement of `{container}` was undone: {because}")
            }
            Self::NotPutBack { container, trouble, because, .. } => {
                write!(f, "the replacement of `{container}` was undone ({because}), and now the gateway {trouble}")
            }
            Self::HalfDone { next, old } => {
                write!(f, "a replacement was begun and not ended: `{next}` is to take the place of `{old}`")
            }
            Self::NotBackedUp { failure, .. } => write!(f, "no complete backup could be made: {failure}"),
            Self::BackupUnusable { backup, failure } => write!(f, "the backup `{backup}` cannot be used: {failure}"),
            Self::NotRestored { backup, failure } => {
                write!(f, "the backup `{backup}` could not be restored: {failure}")
            }
            Self::SetAsideLeft { volumes } => {
                write!(f, "volumes that a restore has set aside are still there: {}", quoted(volumes.iter()))
            }
            Self::NothingToBackUp { container } => write!(f, "the gateway `{container}` has no volumes"),
            Self::NotRemoved { what, failure } => write!(f, "could not {what}: {failure}"),
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
            Self::PortHeld { port, holder } => write!(f, "is not started: {}", held(port, holder)),
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

/// Who holds a port.
fn held(port: &PortSpec, holder: &PortHolder) -> String {
    let who = match holder {
        PortHolder::Container { name, .. } => format!("the container `{name}`"),
        PortHolder::Process { pid: Some(pid), command: Some(command) } => format!("process {pid} (`{command}`)"),
        PortHolder::Process { pid: Some(pid), command: None } => format!("process {pid}"),
        PortHolder::Process { pid: None, .. } => "a process of another user".to_owned(),
        PortHolder::Free | PortHolder::Gateway | PortHolder::NotVisible => "somebody else".to_owned(),
    };
    format!("port {} of {} is held by {who}", port.host, port.host_ip)
}

/// Names in backticks, with commas.
fn quoted<T: fmt::Display>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
