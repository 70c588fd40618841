//! Whole runs on a small host: the gateways that people run, made by us and by others, and what is there when nobody
//! says which is meant. What one decision says of one picture is in `table.rs`.

#![expect(clippy::unwrap_used, reason = "a mistake of the test itself may panic")]

#[path = "gateways/companions.rs"]
mod companions;
#[path = "gateways/documented.rs"]
mod documented;
#[path = "gateways/gpu.rs"]
mod gpu;
#[path = "support/host.rs"]
mod host;
#[path = "gateways/node_names.rs"]
mod node_names;
#[path = "gateways/older.rs"]
mod older;
#[path = "gateways/ports.rs"]
mod ports;
#[path = "gateways/preset_choice.rs"]
mod preset_choice;
#[path = "gateways/rebuilt.rs"]
mod rebuilt;
#[path = "gateways/records.rs"]
mod records;
#[path = "gateways/replaced.rs"]
mod replaced;
#[path = "gateways/stop_and_start.rs"]
mod stop_and_start;
mod support;

use engine::{
    BUILT_IN, ContainerSeen, End, GatewayName, GatewayRecord, GatewaySpec, How, ImageRef, Intent, MountSource, Note,
    Onboarding, Outcome, Place, Preset, Purpose, RecordSeen, Then, Told, Typed, VolumeName,
};

use crate::host::SmallHost;

/// Today's kind.
pub const GATEWAY: &str = "openshell-gateway";
/// The older kind.
pub const CLUSTER: &str = "openshell-cluster";
/// The one that only we make.
pub const REFERENCE: &str = "reference";

/// The gateway that is meant where none is named.
pub fn name() -> GatewayName {
    GatewayName::parse("nemoclaw").unwrap()
}

/// A machine with Docker's socket and without certificates of the older tool.
pub fn place() -> Place {
    Place { files: "/state/files".to_owned(), docker_socket: Some("/run/docker.sock".to_owned()), certificates: None }
}

/// A built-in preset.
pub fn preset(name_of: &str) -> GatewaySpec {
    let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == name_of).unwrap();
    Preset::parse(text).unwrap().resolve(&name(), &place()).unwrap()
}

/// `onboard`: nobody said which kind is meant.
pub fn onboard() -> Intent {
    Intent {
        gateway: name(),
        spec: preset(GATEWAY),
        alternatives: vec![preset(REFERENCE), preset(CLUSTER)],
        ..support::intent()
    }
}

/// `onboard --preset`.
pub fn onboard_as(preset_name: &str) -> Intent {
    let typed = Typed { preset: true, ..Typed::default() };
    Intent { spec: preset(preset_name), alternatives: Vec::new(), typed, ..onboard() }
}

/// The same for another purpose.
pub fn to(purpose: Purpose, intent: Intent) -> Intent {
    Intent { purpose, ..intent }
}

/// With `--port`.
pub fn with_port(mut intent: Intent, port: u16) -> Intent {
    intent.spec.port = intent.spec.port.on(port);
    intent.typed.port = true;
    intent
}

/// With `--image`.
pub fn with_image(mut intent: Intent, image: &str) -> Intent {
    intent.spec.image = ImageRef::new(image);
    intent.typed.image = true;
    intent
}

/// A host on which a gateway of this kind was made by us and is ready.
pub fn made(preset_name: &str) -> SmallHost {
    let mut host = host::host();
    let intent = Intent { spec: GatewaySpec { from_nothing: true, ..preset(preset_name) }, ..onboard_as(preset_name) };
    let outcome = host.run(intent);
    assert_eq!(how(&outcome), Some(How::Created), "{outcome:#?}");
    host
}

/// A gateway of this kind as somebody else would have made it: without label and record.
pub fn made_by_others(preset_name: &str) -> SmallHost {
    let mut host = made(preset_name);
    host.record = RecordSeen::Absent;
    host.containers.iter_mut().for_each(|container| container.labels.clear());
    host.volumes.iter_mut().for_each(|volume| volume.labels.clear());
    host
}

/// How a ready gateway came to be.
pub fn how(outcome: &Outcome) -> Option<How> {
    match outcome.end {
        End::Ready { how, .. } => Some(how),
        End::Stopped | End::BackedUp | End::Destroyed { .. } | End::Refused { .. } | End::Looked { .. } => None,
    }
}

/// The preset that an outcome names.
pub fn preset_of(outcome: &Outcome) -> &str {
    outcome.seen.preset.as_ref().map_or("none", |preset| preset.as_str())
}

/// The record that is there.
pub fn record(host: &SmallHost) -> &GatewayRecord {
    host.record.record().unwrap()
}

/// What the decision had to tell.
pub fn notes(outcome: &Outcome) -> Vec<&Note> {
    let notes = outcome.notes.iter().filter_map(|told| if let Told::Note { said } = told { Some(said) } else { None });
    notes.collect()
}

/// The volumes among what a container was created with.
pub fn volumes_of(new: &engine::NewContainer) -> Vec<VolumeName> {
    let volumes = new.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Volume { name } => Some(name.clone()),
        MountSource::Bind { .. } | MountSource::File { .. } | MountSource::Folder { .. } => None,
    });
    volumes.collect()
}

/// The only container that is there.
pub fn only(host: &SmallHost) -> &ContainerSeen {
    let [only] = host.containers.as_slice() else { panic!("{:#?}", host.containers) };
    only
}

/// A run that is killed after so many of its acts took effect; whether it was.
pub fn kill_after(host: &mut SmallHost, intent: Intent, mut acts: i32) -> bool {
    let (mut machine, mut command) = Onboarding::new(intent);
    loop {
        let event = host.answer_to(&command);
        acts -= i32::from(command.changes_something());
        if acts < 0 {
            return true;
        }
        match machine.handle(&event) {
            Then::Perform(next) => command = next,
            Then::Finish(_) => return false,
        }
    }
}
