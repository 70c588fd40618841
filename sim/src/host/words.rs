//! How the daemon's silence and its refusals read, as the real adapter tells them.

use engine::{Event, Failure, Why};

use crate::fault::CallKind;

/// What every simulated run finds Docker at.
pub(super) const ADDRESS: &str = "unix:///var/run/docker.sock";

pub(super) fn not_listening() -> Why {
    Why::NotListening { address: ADDRESS.to_owned() }
}

pub(super) fn timed_out(kind: CallKind) -> Why {
    Why::TimedOut { call: name(kind) }
}

pub(super) fn bad_status(kind: CallKind, status: u16) -> Why {
    Why::BadStatus { call: name(kind), status, message: String::new() }
}

/// A call as an answer's failure names it.
pub(super) fn name(kind: CallKind) -> String {
    let path = match kind {
        CallKind::Info => "GET /info",
        CallKind::ListContainers => "GET /containers/json?all=1",
        CallKind::InspectContainer => "GET /containers/{id}/json",
        CallKind::ListVolumes => "GET /volumes",
        CallKind::InspectVolume => "GET /volumes/{name}",
        CallKind::InspectImage => "GET /images/{name}/json",
        CallKind::ListNetworks => "GET /networks",
        CallKind::Changes => "GET /containers/{id}/changes",
        CallKind::Health => "GET health",
        CallKind::Sandboxes => "GET sandboxes",
        CallKind::Logs => "GET /containers/{id}/logs",
        CallKind::Measure => "GET /system/df",
        CallKind::ArchiveRead => "GET /containers/{id}/archive",
        CallKind::ArchiveWrite => "PUT /containers/{id}/archive",
        CallKind::Change => "a request",
        CallKind::File => "a file",
    };
    path.to_owned()
}

pub(super) fn cut_short(kind: CallKind) -> Why {
    Why::Malformed { call: name(kind), what: "it ends early".to_owned() }
}

/// Nobody knows whether it was done.
pub(super) fn unknown(why: Why) -> Event {
    Event::Failed { failure: Failure::Unknown { why } }
}

/// It was not done, and it was not Docker that said so.
pub(super) fn rejected(message: impl Into<String>) -> Event {
    Event::Failed { failure: Failure::Rejected { status: None, message: message.into() } }
}

/// Docker's own "no", or that nobody knows.
pub(super) fn failed(status: u16, message: String, server_error_says_no: bool) -> Event {
    let unknown = match status {
        401 | 407 | 408 | 429 => true,
        500 => !server_error_says_no,
        400..=499 => false,
        _ => true,
    };
    let failure = if unknown {
        Failure::Unknown { why: Why::BadStatus { call: name(CallKind::Change), status, message } }
    } else {
        Failure::Rejected { status: Some(status), message }
    };
    Event::Failed { failure }
}
