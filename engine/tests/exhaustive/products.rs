//! The ten products: which parts are crossed with which, because they bear on the same rows. Whatever a product does
//! not cross is as on a fresh machine, known. One picture more or less fails a test, so that none can shrink unseen.

use engine::{Act, Row};

use crate::histories::{purpose, tried};
use crate::parts::*;
use crate::product::Product;

/// A product with what it must be found to hold.
pub struct Crossing {
    /// The product.
    pub product: fn() -> Product,
    /// How many pictures it has.
    pub pictures: usize,
    /// The rows that decide some of them.
    pub rows: &'static [Row],
    /// The acts that some of them lead to.
    pub acts: &'static [Act],
}

/// Missing or unknown: who else is there, which volumes, which record, which daemon, what the owner wants of it.
pub const MISSING: Crossing = Crossing {
    product: || {
        product([
            own().only(&["unknown", "none"]),
            other().only(&[
                "none",
                "writer",
                "by folder",
                "reader",
                "two mounts",
                "on the chosen",
                "renamed",
                "helper",
                "next",
            ]),
            other_status(),
            registry().only(&["unknown: unusable", "absent", "this container", "another container", "never ready"]),
            wish().only(&["plain", "reset", "adopt", "adopt and reset", "accept daemon", "accept daemon and reset"]),
            volumes(),
            remains(),
            identity(),
            tried().only(&["nothing", "all looks"]),
        ])
    },
    pictures: 414_720,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::VolumeHeldByWriter,
        Row::HalfDoneReplacement,
        Row::VolumeHeldByName,
        Row::ContainerHidden,
        Row::VolumesAmbiguous,
        Row::DataGone,
        Row::VolumesLeft,
        Row::Reset,
        Row::Nothing,
    ],
    acts: &[Act::MakeVolume, Act::Adopt, Act::TakePlace, Act::MakeHelper],
};

/// Missing, step by step: image, network, volume, port, after every act that led here.
pub const MAKING: Crossing = Crossing {
    product: || {
        product([
            own().only(&["unknown", "none"]),
            registry().only(&["unknown: unusable", "absent", "another container", "never ready"]),
            wish().only(&["plain", "image", "port", "spec", "reset"]),
            volumes().only(&["unknown", "none", "exact", "neighbour"]),
            tried().only(&[
                "nothing",
                "all looks",
                "all acts",
                "image rejected",
                "volume made",
                "volume lost",
                "volume made and all looks",
                "created",
                "create taken",
                "began elsewhere",
            ]),
            image(),
            networks(),
            port(),
        ])
    },
    pictures: 115_200,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::ImageUnavailable,
        Row::PortHeld,
        Row::DataGone,
        Row::VolumesLeft,
        Row::Reset,
        Row::Nothing,
    ],
    acts: &[Act::ProvideImage, Act::MakeNetwork, Act::MakeVolume, Act::Create, Act::Adopt, Act::MakeHelper],
};

/// There: whose it is, who else has its volume, which record, which daemon.
pub const PRESENT: Crossing = Crossing {
    product: || {
        product([
            own().only(&[
                "unknown",
                "none",
                "own",
                "made by others",
                "another ID",
                "another gateway's",
                "a stranger",
                "another preset's",
                "managed",
                "auto-removed",
                "wrong volume",
                "by folder",
            ]),
            status().only(&["unknown", "running", "paused", "exited"]),
            other().only(&["none", "writer", "two mounts", "next"]),
            other_status(),
            registry().only(&["unknown: unusable", "absent", "this container", "another container", "never ready"]),
            wish().only(&["plain", "reset", "recreate"]),
            volumes().only(&["unknown", "exact", "another gateway's"]),
            identity().only(&["unknown: not asked", "recorded", "another"]),
            readiness().only(&["unknown", "ready", "unreachable"]),
        ])
    },
    pictures: 233_280,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::VolumeHeldByWriter,
        Row::HalfDoneReplacement,
        Row::WrongVolume,
        Row::ResetContainerExists,
        Row::NotReplaceable,
        Row::LayerHoldsData,
        Row::Stopped,
        Row::NotReady,
        Row::ReadinessUnknown,
        Row::ReadyWithNotes,
        Row::Ready,
        Row::VolumeHeldByName,
        Row::VolumesLeft,
        Row::Reset,
    ],
    acts: &[Act::Adopt, Act::Start, Act::Unpause, Act::Await, Act::TakePlace, Act::MakeHelper],
};

/// There and ours: what it is doing, what it lacks, what it answers, after every act that led here.
pub const ACTING: Crossing = Crossing {
    product: || {
        product([
            own().only(&["unknown", "own", "auto-removed"]),
            status(),
            attached(),
            published(),
            tried().only(&[
                "nothing",
                "all looks",
                "waited",
                "was ready",
                "ended",
                "out of time",
                "started and waited",
                "restarted and waited",
                "unpaused",
                "stopped to repair",
                "start rejected",
                "start lost",
                "restart lost",
            ]),
            networks(),
            disk(),
            port().only(&["unknown", "free", "gateway", "container"]),
            readiness().only(&["unknown", "cannot be seen", "ready", "not ready", "unreachable"]),
        ])
    },
    pictures: 393_120,
    rows: &[
        Row::DockerUnknown,
        Row::PortHeld,
        Row::Stopped,
        Row::NotRecovered,
        Row::Disconnected,
        Row::NotReady,
        Row::ReadinessUnknown,
        Row::ReadyWithNotes,
        Row::Ready,
    ],
    acts: &[Act::MakeNetwork, Act::Connect, Act::Start, Act::Unpause, Act::Await, Act::StopToRepair, Act::Restart],
};

/// A replacement is asked for, in every way.
pub const REPLACING: Crossing = Crossing {
    product: || {
        product([
            own().only(&["unknown", "own", "managed", "auto-removed", "by folder", "next long ago"]),
            status().only(&["unknown", "running", "paused", "exited"]),
            other().only(&["none", "writer"]),
            other_status(),
            registry().only(&["unknown: unusable", "absent", "this container"]),
            wish().only(&["image", "port", "spec", "upgrade", "recreate", "recreate, leave behind"]),
            identity().only(&["unknown: not asked", "unasked", "recorded"]),
            image(),
            layer(),
            readiness().only(&["unknown", "ready", "unreachable"]),
        ])
    },
    pictures: 373_248,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::VolumeHeldByWriter,
        Row::NotReplaceable,
        Row::LayerHoldsData,
        Row::Replacement,
    ],
    acts: &[Act::ProvideImage, Act::ListBefore, Act::CreateNext],
};

/// A replacement was begun: how far it got, and who is left.
pub const HALF_DONE: Crossing = Crossing {
    product: || {
        product([
            own().only(&["unknown", "none", "own", "next in place"]),
            status().only(&["unknown", "created", "running", "exited"]),
            other().only(&["none", "next", "previous", "writer"]),
            other_status(),
            registry().only(&["unknown: unusable", "absent", "this container", "the next container"]),
            wish().only(&["plain", "recreate"]),
            volumes().only(&["unknown", "exact"]),
            identity().only(&["unknown: not asked", "unasked", "recorded"]),
            readiness().only(&["unknown", "ready", "unreachable"]),
        ])
    },
    pictures: 27_648,
    rows: &[
        Row::DockerUnknown,
        Row::RecordUnusable,
        Row::OtherDaemon,
        Row::NotOurs,
        Row::VolumeHeldByWriter,
        Row::HalfDoneReplacement,
        Row::WrongVolume,
        Row::NotReplaceable,
        Row::LayerHoldsData,
        Row::Stopped,
        Row::Disconnected,
        Row::NotReady,
        Row::ReadinessUnknown,
        Row::ReadyWithNotes,
        Row::Ready,
        Row::VolumeHeldByName,
        Row::VolumesLeft,
    ],
    acts: &[
        Act::Adopt,
        Act::Start,
        Act::Await,
        Act::StopToRepair,
        Act::StopOld,
        Act::TakePlace,
        Act::RemoveOld,
        Act::PutBack,
    ],
};

/// A replacement that this run has begun, or undoes: who is there, what both do, what was done so far.
pub const GOING_ON: Crossing = Crossing {
    product: || {
        product([
            own().only(&["unknown", "none", "own", "next in place"]),
            status().only(&["unknown", "created", "running", "paused", "exited"]),
            other().only(&["none", "next", "previous", "our helper"]),
            other_status(),
            registry().only(&["absent", "this container", "the next container"]),
            wish().only(&["plain", "recreate, leave behind"]),
            volumes().only(&["exact"]),
            identity().only(&["unknown: not asked", "recorded"]),
            layer().only(&["unlisted", "empty"]),
            readiness().only(&["unknown", "cannot be seen", "ready", "unreachable"]),
            tried().only(&[
                "nothing",
                "next made",
                "next made and carried",
                "next started",
                "rolling back",
                "rolling back, started",
            ]),
        ])
    },
    pictures: 138_240,
    rows: &[
        Row::DockerUnknown,
        Row::OtherDaemon,
        Row::VolumeHeldByWriter,
        Row::LeftOverHelper,
        Row::HalfDoneReplacement,
        Row::NotReplaceable,
        Row::Replacement,
        Row::Stopped,
        Row::NotRecovered,
        Row::Disconnected,
        Row::NotReady,
        Row::ReadinessUnknown,
        Row::ReadyWithNotes,
        Row::Ready,
        Row::VolumesLeft,
    ],
    acts: &[
        Act::Adopt,
        Act::Start,
        Act::Unpause,
        Act::Await,
        Act::StopToRepair,
        Act::ListBefore,
        Act::CreateNext,
        Act::Disarm,
        Act::StopOld,
        Act::TakePlace,
        Act::RemoveOld,
        Act::StopNext,
        Act::StepBack,
        Act::PutBack,
        Act::RemoveNext,
        Act::RemoveHelper,
    ],
};

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
    pictures: 326_592,
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
    pictures: 113_400,
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

/// A small one, of which the planted faults must break something.
pub fn for_mutants() -> Product {
    product([
        own().only(&["unknown", "none", "own"]),
        status().only(&["unknown", "created", "running", "paused", "exited", "dead"]),
        other().only(&["none", "writer", "by folder"]),
        other_status(),
        registry().only(&["unknown: unusable", "absent", "this container", "another container"]),
        wish().only(&["plain", "reset, no backup"]),
        volumes().only(&["unknown", "none", "exact", "another gateway's", "neighbour"]),
        readiness().only(&["unknown", "ready", "unreachable"]),
        tried().only(&["nothing", "waited"]),
    ])
}

/// All of them.
pub const ALL: [Crossing; 10] =
    [MISSING, MAKING, PRESENT, ACTING, REPLACING, HALF_DONE, GOING_ON, BACKING_UP, STOPPING, STARTING];

fn product<const N: usize>(dimensions: [crate::product::Dimension; N]) -> Product {
    Product { dimensions: dimensions.into() }
}
