//! What a request to Docker asks, in the simulator's words: the command that it belongs to and the kind of call.
//! Told by method and path alone; what nothing here knows passes as it is.

use hyper::Method;

use crate::fault::CallKind;

/// What a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The command that makes such requests, as a trace names it.
    pub command: &'static str,
    /// The kind of call.
    pub call: CallKind,
}

/// The command that looks.
pub const OBSERVE: &str = "observe";

impl Asked {
    /// What a request asks; none where it is nothing that a rule can name.
    pub fn of(method: &Method, path: &str, query: Option<&str>) -> Option<Self> {
        let parts: Vec<_> = unversioned(path).trim_start_matches('/').split('/').collect();
        let look = |call| Some(Self { command: OBSERVE, call });
        let act = |command| Some(Self { command, call: CallKind::Change });
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["info"]) => look(CallKind::Info),
            ("GET", ["containers", "json"]) => look(CallKind::ListContainers),
            ("GET", ["containers", _, "json"]) => look(CallKind::InspectContainer),
            ("GET", ["containers", _, "changes"]) => look(CallKind::Changes),
            ("GET", ["volumes"]) => look(CallKind::ListVolumes),
            ("GET", ["volumes", _]) => look(CallKind::InspectVolume),
            ("GET", ["images", .., "json"]) if parts.len() > 2 => look(CallKind::InspectImage),
            ("GET", ["networks"] | ["networks", _]) => look(CallKind::ListNetworks),
            ("GET", ["containers", _, "logs"]) => Some(Self { command: "read-logs", call: CallKind::Logs }),
            ("GET", ["system", "df"]) => Some(Self { command: "measure-volumes", call: CallKind::Measure }),
            ("GET", ["containers", _, "archive"]) => Some(Self { command: "back-up", call: CallKind::ArchiveRead }),
            ("PUT", ["containers", _, "archive"]) => Some(Self { command: "carry-over", call: CallKind::ArchiveWrite }),
            ("POST", ["images", "create" | "load"]) => act("provide-image"),
            ("POST", ["networks", "create"]) => act("create-network"),
            ("POST", ["networks", _, "connect"]) => act("connect-network"),
            ("DELETE", ["networks", _]) => act("remove-network"),
            ("POST", ["volumes", "create"]) => act("create-volume"),
            ("DELETE", ["volumes", _]) => act("remove-volume"),
            ("POST", ["containers", "create"]) => act(created_as(query)),
            ("POST", ["containers", _, "start"]) => act("start-container"),
            ("POST", ["containers", _, "unpause"]) => act("unpause-container"),
            ("POST", ["containers", _, "stop"]) => act("stop-container"),
            ("POST", ["containers", _, "restart"]) => act("restart-container"),
            ("POST", ["containers", _, "rename"]) => act("rename-container"),
            ("POST", ["containers", _, "update"]) => act("set-restart-policy"),
            ("DELETE", ["containers", _]) => act("remove-container"),
            (_, _) => None,
        }
    }
}

/// Whether a proxy takes requests of this kind for ones of that command: what changes something is told by its path, and what
/// several commands ask alike is one command's.
pub fn is_told(command: &str, call: CallKind) -> bool {
    match call {
        CallKind::Change => true,
        CallKind::Logs => command == "read-logs",
        CallKind::Measure => command == "measure-volumes",
        CallKind::ArchiveRead => command == "back-up",
        CallKind::ArchiveWrite => command == "carry-over",
        CallKind::Info
        | CallKind::ListVolumes
        | CallKind::InspectVolume
        | CallKind::ListContainers
        | CallKind::InspectContainer
        | CallKind::InspectImage
        | CallKind::ListNetworks
        | CallKind::Changes => command == OBSERVE,
        // They are no requests to Docker.
        CallKind::File | CallKind::Health | CallKind::Sandboxes => false,
    }
}

/// Which create it is: nemoclaw's names tell.
fn created_as(query: Option<&str>) -> &'static str {
    let name = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("name=")).unwrap_or_default();
    if name.ends_with("-nemoclaw-helper") {
        "create-helper"
    } else if name.ends_with("-next") {
        "create-next"
    } else {
        "create-container"
    }
}

/// A path without the version of the API.
fn unversioned(path: &str) -> &str {
    let rest = path.strip_prefix("/v").filter(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    rest.and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(path)
}
