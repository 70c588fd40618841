//! The onboarding state machine of nemoclaw: which gateway a host has, and the one thing to do next.
//!
//! Pure: no I/O, no clock, no randomness, no async runtime. Data flows one way: observation → decision → command →
//! event. The decision table is [`decide()`], the states are [`Onboarding`], and a volume's removal needs an
//! [`Absence`].

mod act;
mod advice;
mod as_seen;
mod candidates;
mod case;
mod command;
mod container;
mod decide;
mod drift;
mod drive;
mod event;
mod evidence;
mod helper;
mod intent;
mod known;
mod labels;
mod machine;
mod make;
mod names;
mod next;
mod observation;
mod older;
mod outcome;
mod own_files;
mod plan;
mod preset;
mod preset_choice;
mod reason;
mod record;
mod recording;
mod refusal;
mod rows;
mod run;
mod shared;
mod spec;
mod trace;
mod tried;

pub use act::Act;
pub use advice::{Advice, Effect, shell_word};
pub use command::{Command, Endpoint, NewContainer, Probe, Target};
pub use container::{Attachment, ContainerSeen, Exit, MountSeen, MountedSource, PortBinding, Status};
pub use decide::{decide, rows};
pub use drive::{Host, Watch, drive};
pub use event::{BackupMade, Event, Failure, LockHolder, MeasuredVolume, Signal, WaitEnd};
pub use evidence::{Absence, Grounds, NotProved};
pub use helper::{
    BackedUpVolume, BackupContents, BackupOrder, HelperContainer, HelperMount, RestoreOrder, RestoredVolume,
};
pub use intent::{Consent, ConsentRefused, Discard, Intent, Purpose, Replace, Typed};
pub use known::{Known, Why};
pub use labels::{
    GATEWAY as LABEL_GATEWAY, PRESET as LABEL_PRESET, REPLACES as LABEL_REPLACES, RESTART as LABEL_RESTART,
    RESTORED as LABEL_RESTORED, RESTORED_AS as LABEL_RESTORED_AS, ROLE as LABEL_ROLE, ROLE_HELPER, ROLE_NEXT,
    STOPPED as LABEL_STOPPED, gateway_of,
};
pub use machine::{Onboarding, Then};
pub use names::{
    BadInput, ContainerId, ContainerName, DEFAULT_GATEWAY, GatewayName, ImageId, ImageRef, Instance, NetworkId,
    NetworkName, PresetName, SandboxName, VolumeName, check_docker_name,
};
pub use next::{CarriedPath, NextContainer, PortChange};
pub use observation::{
    Asked, DaemonIdentity, Disk, Gpu, HostSeen, ImageSeen, NetworkSeen, Observation, PortHolder, Readiness, Remains,
    VolumeSeen,
};
pub use older::Older;
pub use outcome::{End, GatewaySeen, How, NodeNameFrom, Outcome, Told};
pub use plan::{Because, Decision, Difference, EndReplacement, Look, Note, Plan, Row, Verdict};
pub use preset::{BUILT_IN, BadPreset, DEFAULT as DEFAULT_PRESET, Place, Preset};
pub use preset_choice::{Named, NamedThing};
pub use reason::{REASONS, Reason, ReasonRow};
pub use record::{GatewayRecord, RecordProblem, RecordSeen, RecordedVolume};
pub use refusal::{Refusal, Trouble};
pub use shared::Shared;
pub use spec::{
    Ask, Env, GatewaySpec, ImageSource, Mark, MountSource, MountSpec, PortSpec, ReadinessSpec, RestartPolicy,
    SandboxListing, Scheme,
};
pub use trace::{SCHEMA as TRACE_SCHEMA, Tracer};
pub use tried::{Failed, LOOKS_MAX, RollingBack, Tried};
