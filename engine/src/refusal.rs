//! Why a run changed nothing destructive: each refusal with all that it saw, and how that is said.

mod said;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::act::Act;
use crate::container::Exit;
use crate::event::{Failure, LockHolder, MeasuredVolume, Signal};
use crate::evidence::NotProved;
use crate::known::Why;
use crate::names::{ContainerName, ImageRef, PresetName, VolumeName};
use crate::observation::{DaemonIdentity, PortHolder};
use crate::plan::Because;
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
    /// Docker could not be asked any more after this run had changed something.
    DockerLost {
        /// The acts that were done.
        done: BTreeSet<Act>,
        /// The acts that were asked for and not answered.
        unsure: BTreeSet<Act>,
        /// Why not.
        why: Why,
    },
    /// The record cannot be used.
    RecordUnusable {
        /// The file.
        path: String,
        /// The name under which it can be set aside; none where the fault is in a folder above it.
        aside: Option<String>,
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
    /// Another daemon answers than the one that this run has seen first.
    DaemonChanged {
        /// The first one.
        first: DaemonIdentity,
        /// The one that answered last.
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
        /// Its command that does what was asked.
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
        /// Whether the gateway's container has that port, so that another one would mean another container.
        container_has_it: bool,
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
    /// A replacement was undone: the gateway is as it was.
    RolledBack {
        /// The gateway's container.
        container: ContainerName,
        /// Why.
        because: Because,
        /// The last lines that the next container wrote.
        log: Vec<String>,
    },
    /// A replacement was undone, and the gateway does not become ready again. Both containers are kept.
    NotPutBack {
        /// The gateway's container.
        container: ContainerName,
        /// Why it does not become ready.
        trouble: Trouble,
        /// How its process ended last.
        exit: Exit,
        /// The last lines that it wrote.
        log: Vec<String>,
        /// Why the replacement was undone.
        because: Because,
        /// The last lines that the next container wrote.
        next_log: Vec<String>,
    },
    /// A replacement was begun and not ended, and that comes first.
    HalfDone {
        /// The next container.
        next: ContainerName,
        /// The one that it replaces.
        old: ContainerName,
    },
    /// No backup could be made.
    NotBackedUp {
        /// What went wrong.
        failure: Failure,
        /// Whether it was to come before a reset.
        reset: bool,
    },
    /// The backup cannot be used.
    BackupUnusable {
        /// Its folder.
        backup: String,
        /// What is wrong.
        failure: Failure,
    },
    /// The backup could not be written into new volumes.
    NotRestored {
        /// The backup's folder.
        backup: String,
        /// What went wrong.
        failure: Failure,
    },
    /// Volumes that a restore has set aside come first.
    SetAsideLeft {
        /// Which.
        volumes: Vec<VolumeName>,
    },
    /// There is nothing of which a backup could be made.
    NothingToBackUp {
        /// The gateway's container's name.
        container: ContainerName,
    },
    /// Something that was to go could not be removed.
    NotRemoved {
        /// What was tried, as a person reads it.
        what: String,
        /// What went wrong.
        failure: Failure,
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
    /// It was not started, because somebody else holds its port.
    PortHeld {
        /// The port.
        port: PortSpec,
        /// Whoever holds it.
        holder: PortHolder,
    },
}

impl Refusal {
    /// Its stable ID, exit code and meaning.
    pub fn reason(&self) -> Reason {
        match self {
            Self::DockerUnknown { .. } => Reason::DockerUnknown,
            Self::DockerLost { .. } => Reason::DockerLost,
            Self::RecordUnusable { .. } => Reason::RecordUnusable,
            Self::StateUnusable { .. } => Reason::StateUnusable,
            Self::Locked { .. } => Reason::Locked,
            Self::OtherDaemon { .. } | Self::DaemonChanged { .. } => Reason::OtherDaemon,
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
            Self::RolledBack { because: Because::Interrupted { signal: Signal::Interrupt }, .. } => Reason::Interrupted,
            Self::RolledBack { because: Because::Interrupted { signal: Signal::Terminate }, .. } => Reason::Terminated,
            Self::RolledBack { .. } => Reason::RolledBack,
            Self::NotPutBack { .. } => Reason::NotPutBack,
            Self::HalfDone { .. } => Reason::HalfDone,
            Self::NotBackedUp { .. } => Reason::NotBackedUp,
            Self::BackupUnusable { .. } => Reason::BackupUnusable,
            Self::NotRestored { .. } => Reason::NotRestored,
            Self::SetAsideLeft { .. } => Reason::SetAsideLeft,
            Self::NothingToBackUp { .. } => Reason::NothingToBackUp,
            Self::NotRemoved { .. } => Reason::NotRemoved,
            Self::Interrupted { signal: Signal::Interrupt } => Reason::Interrupted,
            Self::Interrupted { signal: Signal::Terminate } => Reason::Terminated,
        }
    }
}
