//! The products about what is asked for besides a gateway that is ready: backups, stops and starts, restores, destruction.

use engine::{Act, Row};

use crate::histories::{purpose, tried};
use crate::parts::*;
use crate::products::{Crossing, product};

/// A backup was asked: whose it is, what it is doing, which helper is there, what was done so far.
pub const BACKING_UP: Crossing = Crossing {
    product: || {
        product([
            purpose().only(&["back up"]),
            own().only(&["unknown", "none", "own", "another gateway's", "auto-removed", "next in place"]),
            status(),
            other().only(&["none", "writer", "our helper", "previous"]),
            other_status(),
            registry().only(&["unknown: unusable", "absent", "this container"]),
            volumes().only(&["unknown", "none", "exact"]),
            identity().only(&["unknown: not asked", "unasked", "recorded", "another"]),
            layer().only(&["unlisted", "empty"]),
            readiness().only(&["unknown", "ready", "unreachable"]),
            tried().only(&[
                "nothing",
                "all looks",
                "helper made",
                "helper lacks its image",
                "backed up",
                "backup failed",
            ]),
        ])
    },
    pictures: 653_184,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::HalfDoneReplacement,
        Row::BackUp,
    ],
    acts: &[
        Act::Start,
        Act::Unpause,
        Act::ProvideEmptyImage,
        Act::MakeHelper,
        Act::StopToBackUp,
        Act::BackUp,
        Act::RemoveHelper,
    ],
};

/// A stop was asked: whose it is, what it is doing, who else has its volume, what the stop has done so far.
pub const STOPPING: Crossing = Crossing {
    product: || {
        product([
            purpose().only(&["stop"]),
            own().only(&[
                "unknown",
                "none",
                "own",
                "made by others",
                "another gateway's",
                "a stranger",
                "another preset's",
                "auto-removed",
                "next in place",
            ]),
            status(),
            other().only(&["none", "writer", "previous"]),
            other_status(),
            registry().only(&["unknown: unusable", "absent", "this container"]),
            volumes().only(&["unknown", "exact"]),
            identity().only(&["unknown: not asked", "recorded", "another"]),
            readiness().only(&["unknown", "ready", "unreachable"]),
            tried().only(&[
                "nothing",
                "all looks",
                "all acts",
                "stop lost",
                "stop lost twice",
                "unpause rejected",
                "began elsewhere",
            ]),
        ])
    },
    pictures: 214_326,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::HalfDoneReplacement,
        Row::Stop,
    ],
    acts: &[Act::Unpause, Act::Stop],
};

/// A start was asked: missing or there, what it lacks, what it answers, what the start has done so far.
pub const STARTING: Crossing = Crossing {
    product: || {
        product([
            purpose().only(&["start"]),
            own().only(&["unknown", "none", "own", "another gateway's", "auto-removed"]),
            status(),
            attached().only(&["fine", "gone"]),
            other().only(&["none", "writer"]),
            other_status(),
            registry().only(&["absent", "this container"]),
            volumes().only(&["unknown", "none", "exact"]),
            networks(),
            readiness().only(&["unknown", "ready", "unreachable"]),
            tried().only(&["nothing", "all looks", "waited", "started and waited", "start lost"]),
        ])
    },
    pictures: 151_200,
    rows: &[
        Row::DockerUnknown,
        Row::NotOurs,
        Row::VolumeHeldByWriter,
        Row::WrongVolume,
        Row::Stopped,
        Row::NotRecovered,
        Row::Disconnected,
        Row::NotReady,
        Row::ReadinessUnknown,
        Row::ReadyWithNotes,
        Row::Ready,
        Row::VolumeHeldByName,
        Row::DataGone,
        Row::VolumesLeft,
        Row::Nothing,
    ],
    acts: &[Act::MakeNetwork, Act::Connect, Act::Start, Act::Unpause, Act::Await],
};

/// A restore was asked: whose the container is, what it is doing, which helper is there, what may be in the way, how far the
/// restore is.
pub const RESTORING: Crossing = Crossing {
    product: || {
        product([
            wish().only(&["restore"]),
            own().only(&["unknown", "none", "own", "another gateway's", "auto-removed", "next in place"]),
            status().only(&["unknown", "running", "exited"]),
            layer().only(&["unknown: not asked", "empty"]),
            other().only(&["none", "writer", "our helper", "restoring helper", "previous"]),
            other_status(),
            registry().only(&[
                "unknown: unusable",
                "absent",
                "this container",
                "another container",
                "with one set aside",
            ]),
            volumes().only(&["unknown", "none", "exact", "and one to restore into", "only one to restore into"]),
            identity().only(&["unknown: not asked", "recorded", "another"]),
            tried().only(&[
                "nothing",
                "all looks",
                "verified",
                "backup refused",
                "made to restore into",
                "restored",
                "restore failed",
            ]),
        ])
    },
    pictures: 283_500,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::VolumeHeldByWriter,
        Row::HalfDoneReplacement,
        Row::NotReplaceable,
        Row::LayerHoldsData,
        Row::Replacement,
        Row::VolumeHeldByName,
        Row::LeftOverHelper,
        Row::Restore,
        Row::RestoreMissing,
    ],
    acts: &[
        Act::MakeVolume,
        Act::Adopt,
        Act::CreateNext,
        Act::PutBack,
        Act::MakeHelper,
        Act::RemoveHelper,
        Act::VerifyBackup,
        Act::RemoveUnfinished,
        Act::MakeRestored,
        Act::Restore,
    ],
};

/// A destruction was asked, of what, and whether its owner consents: whose the container is, what it is doing, who else has
/// a volume, which volumes there are, what has been done so far.
pub const DESTROYING: Crossing = Crossing {
    product: || {
        product([
            purpose().only(&[
                "destroy",
                "destroy with its volumes",
                "destroy with its volumes, no consent",
                "destroy what is set aside",
                "destroy what is set aside, no consent",
            ]),
            own().only(&["unknown", "none", "own", "auto-removed", "next in place"]),
            status().only(&["unknown", "running", "exited"]),
            other().only(&["none", "writer", "our helper"]),
            other_status().only(&["unknown", "exited"]),
            registry().only(&["absent", "this container", "with one set aside"]),
            volumes().only(&["unknown", "none", "exact", "and one set aside"]),
            networks().only(&["unknown", "none", "ours"]),
            layer().only(&["unlisted", "empty", "a file"]),
            identity().only(&["unknown: not asked", "recorded", "another"]),
            tried().only(&["nothing", "all looks", "backed up", "backup failed", "written down"]),
        ])
    },
    pictures: 729_000,
    rows: &[Row::DockerUnknown, Row::OtherDaemon, Row::NotOurs, Row::Destroy, Row::SetAside],
    acts: &[
        Act::Start,
        Act::Stop,
        Act::MakeHelper,
        Act::StopToBackUp,
        Act::BackUp,
        Act::RemoveHelper,
        Act::RemoveVolume,
        Act::RemoveOwn,
        Act::RemoveNetwork,
        Act::SetRecordAside,
        Act::Record,
    ],
};
