//! The products: which parts are crossed with which, because they bear on the same rows. Whatever a product does
//! not cross is as on a fresh machine, known. One picture more or less fails a test, so that none can shrink unseen.

use engine::{Act, Row};

use crate::asked_for::{BACKING_UP, DESTROYING, RESTORING, STARTING, STOPPING};
use crate::histories::tried;
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
    pictures: 570_240,
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
    pictures: 153_600,
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
    pictures: 524_160,
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
pub const ALL: [Crossing; 12] = [
    MISSING, MAKING, PRESENT, ACTING, REPLACING, HALF_DONE, GOING_ON, BACKING_UP, STOPPING, STARTING, RESTORING,
    DESTROYING,
];

/// The product of these dimensions.
pub fn product<const N: usize>(dimensions: [crate::product::Dimension; N]) -> Product {
    Product { dimensions: dimensions.into() }
}
