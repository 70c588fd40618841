//! What others do to a host: a person with a docker CLI, the machine, the daemon, the image's publisher, the older tool,
//! another run. Each is data, and one that cannot be done in a world does nothing there.

mod earlier;
mod perform;
mod replace;

use serde::{Deserialize, Serialize};

pub use self::earlier::RestoreReached;
use crate::world::call::PrunedVolumes;
use crate::world::effect::Actor;
use crate::world::program::Does;

/// One act. Containers, volumes and networks are the gateway's own unless they are named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "act", deny_unknown_fields)]
pub enum Act {
    /// `docker stop`.
    Stop(Which),
    /// `docker kill`.
    Kill(Which),
    /// `docker start`.
    Start(Which),
    /// `docker pause`.
    Pause(Which),
    /// `docker unpause`.
    Unpause(Which),
    /// `docker rm`.
    Remove {
        /// Which container.
        #[serde(default)]
        container: Option<String>,
        /// `-f`.
        #[serde(default)]
        force: bool,
        /// `-v`.
        #[serde(default)]
        volumes: bool,
    },
    /// `docker rename`.
    Rename {
        /// Which container.
        #[serde(default)]
        container: Option<String>,
        /// To what.
        to: String,
    },
    /// `docker volume rm`.
    RemoveVolume {
        /// Which; `restored` and `set-aside` as for a stranger's.
        #[serde(default)]
        volume: Option<String>,
    },
    /// `docker volume create`.
    CreateVolume {
        /// Its name.
        volume: String,
        /// The gateway that its label names.
        #[serde(default)]
        labelled: Option<String>,
        /// Files on it.
        #[serde(default)]
        files: u64,
    },
    /// `docker network rm`, of a container that does not run.
    RemoveNetwork,
    /// `docker network create`.
    CreateNetwork,
    /// `docker network disconnect -f`.
    Disconnect,
    /// `docker rmi`.
    RemoveImage {
        /// `-f`.
        #[serde(default)]
        force: bool,
    },
    /// `docker system prune`.
    Prune {
        /// What becomes of volumes.
        volumes: PrunedVolumes,
    },
    /// `docker run` of something that is nobody's gateway.
    RunStranger {
        /// Its name; the gateway's own is possible.
        #[serde(default)]
        name: Option<String>,
        /// A volume that it mounts; `own` is the gateway's, `restored` the one that a restore made last, `set-aside` one
        /// that a restore has set aside.
        #[serde(default)]
        volume: Option<String>,
        /// Whether it binds the volume's folder instead of mounting the volume.
        #[serde(default)]
        by_folder: bool,
        /// A port of the host that it publishes; 0 is the gateway's.
        #[serde(default)]
        port: Option<u16>,
        /// Its restart policy is `always`.
        #[serde(default)]
        always: bool,
    },
    /// The gateway's container is removed and made again by hand: by `docker run` with what it had, but for what is said
    /// here, and without our labels.
    Remake {
        /// `--rm`.
        #[serde(default)]
        auto_remove: bool,
        /// `-v /scratch`: with a volume that Docker names, and work on it.
        #[serde(default)]
        anonymous: bool,
        /// By compose, which labels it with this project.
        #[serde(default)]
        compose: Option<String>,
        /// On this volume instead of its own.
        #[serde(default)]
        volume: Option<String>,
        /// Under this node name instead of its own.
        #[serde(default)]
        node_name: Option<String>,
    },
    /// A run that replaces the gateway's container is killed half-way: the next one is made, and not more.
    BeginReplacement {
        /// It came further: the next one has the gateway's name and runs.
        #[serde(default)]
        swapped: bool,
    },
    /// A run that replaces the gateway's container is killed when it had come as far as that.
    CutReplacement {
        /// How far.
        reached: Reached,
    },
    /// A run that reads the gateway's volumes through a helper is killed, and the helper is left over.
    LeaveHelper {
        /// It had stopped the gateway for that.
        #[serde(default)]
        stopped: bool,
    },
    /// The daemon has another word for the status of the gateway's container than Docker has, or none any more.
    ShowStatus {
        /// The word.
        #[serde(default)]
        word: Option<String>,
    },
    /// The gateway's health cannot be asked from here: a remote host's loopback, a certificate, a proxy.
    HideHealth {
        /// Why not.
        why: String,
    },
    /// The host gets another name.
    RenameHost {
        /// Which.
        name: String,
    },
    /// Another run of nemoclaw, from the same state directory, is under way and does not end.
    HoldLock,
    /// A process of the host takes the gateway's port.
    TakePort {
        /// The status that it answers with, where it speaks HTTP.
        #[serde(default)]
        answers: Option<u16>,
    },
    /// It leaves the port.
    LeavePort,
    /// The gateway's program stops answering, while its process runs on.
    Hang,
    /// What the image's program does from now on, as after a bad configuration was written into the volume.
    Behave {
        /// What it does.
        does: Does,
        /// How long it warms up, in milliseconds; as before where it is not said.
        #[serde(default)]
        warm_up_ms: Option<u64>,
    },
    /// The registry gives another image for a reference from now on.
    Publish {
        /// Which reference; the gateway's own where none is said.
        #[serde(default)]
        image: Option<String>,
        /// What its program does.
        does: Does,
        /// It keeps its data in a newer form: the program that is there now does not start on it any more.
        #[serde(default)]
        migrates: bool,
        /// Paths that it declares as volumes, besides those that the present one does.
        #[serde(default)]
        volumes: Vec<String>,
    },
    /// The registry does not give the gateway's image any more.
    Unpublish,
    /// `docker pull` or `docker tag`: the reference stands for the published image.
    Retag,
    /// Somebody works: a file is on the volume.
    Work {
        /// Its name.
        file: String,
    },
    /// The gateway makes a sandbox.
    MakeSandbox {
        /// Its name.
        name: String,
    },
    /// The gateway loses a sandbox.
    LoseSandbox {
        /// Its name.
        name: String,
    },
    /// The gateway, which runs, writes into its container's own layer.
    WriteLayer {
        /// Where.
        path: String,
    },
    /// Power is cut; nothing runs afterwards.
    CutPower,
    /// Power is back, and the daemons start.
    Boot,
    /// The daemon at the address ends, killed: its containers end with it.
    KillDaemon,
    /// It starts.
    StartDaemon,
    /// It is stopped and started again.
    RestartDaemon,
    /// It comes back without its containers' ports, as with live-restore (moby #38883).
    LosePorts,
    /// It forgets which containers refer to which volumes (moby #41686).
    ForgetReferences,
    /// It uses another storage driver.
    SwitchStore {
        /// Which.
        driver: String,
    },
    /// The configuration of the gateway's container is lost: the daemon denies it.
    LoseContainer,
    /// Its data root is emptied.
    EmptyDataRoot,
    /// Another daemon is at the address.
    OtherDaemon,
    /// The first one is at the address again.
    FirstDaemon,
    /// The disk fills up, or has room again.
    Disk {
        /// Whether it is full.
        full: bool,
    },
    /// nemoclaw's state directory cannot be written to, or can again.
    StateReadOnly {
        /// Whether it cannot.
        read_only: bool,
    },
    /// The gateway's record is lost.
    LoseRecord,
    /// The gateway's record is damaged.
    CorruptRecord,
    /// It was written by a newer version.
    NewerRecord,
    /// The sandboxes that the record names change: it is stale.
    StaleRecord,
    /// Time passes.
    Wait {
        /// How much, in milliseconds.
        ms: u64,
    },
    /// Another `nemoclaw onboard` runs to its end, from a state directory of its own.
    OtherRun,
    /// `nemoclaw backup` runs to its end.
    BackUp,
    /// The gateway's latest backup is damaged.
    DamageBackup,
    /// `nemoclaw restore` of the latest backup runs to its end.
    RestoreBackup,
    /// The same is killed when it had come as far as that.
    CutRestore {
        /// How far.
        reached: RestoreReached,
    },
    /// `nemoclaw destroy` runs to its end.
    Destroy {
        /// `--volumes --confirm` with the gateway's name.
        #[serde(default)]
        volumes: bool,
    },
}

/// How far a replacement had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// The next container was made.
    Created,
    /// Docker does not start the old one of itself any more.
    Disarmed,
    /// The old one was stopped.
    Stopped,
    /// It has the name of a previous one.
    SetAside,
    /// The next one has the gateway's name.
    InPlace,
    /// It was started.
    Started,
    /// The record names it.
    Committed,
    /// It has the old one's restart policy.
    Armed,
}

impl Reached {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Disarmed,
        Self::Stopped,
        Self::SetAside,
        Self::InPlace,
        Self::Started,
        Self::Committed,
        Self::Armed,
    ];
}

/// A container by name; the gateway's own where there is none. `next`, `previous` and `helper` are those beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

impl Act {
    /// Whose act it is.
    pub fn actor(&self) -> Actor {
        match self {
            Self::CutPower
            | Self::Boot
            | Self::Disk { .. }
            | Self::StateReadOnly { .. }
            | Self::Wait { .. }
            | Self::TakePort { .. }
            | Self::LeavePort
            | Self::HideHealth { .. }
            | Self::RenameHost { .. }
            | Self::LoseRecord
            | Self::CorruptRecord
            | Self::NewerRecord
            | Self::StaleRecord
            | Self::DamageBackup => Actor::Machine,
            Self::KillDaemon
            | Self::StartDaemon
            | Self::RestartDaemon
            | Self::LosePorts
            | Self::ForgetReferences
            | Self::SwitchStore { .. }
            | Self::LoseContainer
            | Self::EmptyDataRoot
            | Self::OtherDaemon
            | Self::FirstDaemon
            | Self::ShowStatus { .. } => Actor::Daemon,
            Self::OtherRun
            | Self::BackUp
            | Self::RestoreBackup
            | Self::CutRestore { .. }
            | Self::Destroy { .. }
            | Self::BeginReplacement { .. }
            | Self::CutReplacement { .. }
            | Self::LeaveHelper { .. }
            | Self::HoldLock => Actor::OtherRun,
            Self::Stop(_)
            | Self::Kill(_)
            | Self::Start(_)
            | Self::Pause(_)
            | Self::Unpause(_)
            | Self::Remove { .. }
            | Self::Rename { .. }
            | Self::RemoveVolume { .. }
            | Self::CreateVolume { .. }
            | Self::RemoveNetwork
            | Self::CreateNetwork
            | Self::Disconnect
            | Self::RemoveImage { .. }
            | Self::Prune { .. }
            | Self::RunStranger { .. }
            | Self::Remake { .. }
            | Self::Hang
            | Self::Behave { .. }
            | Self::Publish { .. }
            | Self::Unpublish
            | Self::Retag
            | Self::Work { .. }
            | Self::MakeSandbox { .. }
            | Self::LoseSandbox { .. }
            | Self::WriteLayer { .. } => Actor::Person,
        }
    }
}
