//! Why a call to Docker has no result, and what that is worth.
//! Only a "no" that Docker gave in its own form is known; everything else is unknown. Judged by types and statuses,
//! never by text.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use bollard::errors::Error;
use engine::{Failure, Why};
use thiserror::Error as ThisError;

use super::address::Address;
use super::streamed::NotInForm;
use super::transport::NotDocker;

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum NoResult {
    /// Docker itself answered that there is no such thing.
    #[error("{message}")]
    NotFound {
        /// What Docker said.
        message: String,
    },
    /// Docker itself answered that it will not, or cannot.
    #[error("{message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// What Docker said.
        message: String,
    },
    /// There is no answer that can be relied on.
    #[error("{why}")]
    Unknown {
        /// Why not.
        why: Why,
    },
}

impl From<NoResult> for Failure {
    fn from(no: NoResult) -> Self {
        match no {
            NoResult::NotFound { message } => Self::Rejected { status: Some(404), message },
            NoResult::Rejected { status, message } => Self::Rejected { status: Some(status), message },
            NoResult::Unknown { why } => Self::Unknown { why },
        }
    }
}

/// What a 500 in Docker's own form means.
#[derive(Clone, Copy)]
pub(super) enum ServerError {
    /// Nothing: the daemon is in trouble.
    SaysNothing,
    /// That the thing was not done.
    IsAnswer,
}

impl NoResult {
    /// Why something is unknown, where none of Docker's "no" is an answer to the question.
    pub(crate) fn into_why(self, call: &str) -> Why {
        match self {
            Self::NotFound { message } => Why::BadStatus { call: call.to_owned(), status: 404, message },
            Self::Rejected { status, message } => Why::BadStatus { call: call.to_owned(), status, message },
            Self::Unknown { why } => why,
        }
    }

    /// What an error says about the call, made to this address, that it ended.
    pub(super) fn of(error: &Error, call: &str, address: &Address, server_error: ServerError) -> Self {
        // The transport makes this error of Docker's own answers only.
        if let Error::DockerResponseServerError { status_code, message } = error {
            return from_docker(*status_code, message, call, server_error);
        }
        Self::Unknown { why: why(error, call, address) }
    }
}

/// What a "no" in Docker's own form is worth (statuses: moby `daemon/server/httpstatus/status.go`). Credentials
/// wanted, too many requests and a daemon in trouble are no answers to the question.
fn from_docker(status: u16, message: &str, call: &str, server_error: ServerError) -> NoResult {
    let message = message.to_owned();
    match (status, server_error) {
        (404, _) => NoResult::NotFound { message },
        (401 | 407 | 408 | 429, _) => unknown(status, message, call),
        (400..=499, _) | (500, ServerError::IsAnswer) => NoResult::Rejected { status, message },
        (_, ServerError::SaysNothing | ServerError::IsAnswer) => unknown(status, message, call),
    }
}

fn unknown(status: u16, message: String, call: &str) -> NoResult {
    NoResult::Unknown { why: Why::BadStatus { call: call.to_owned(), status, message } }
}

fn why(error: &Error, call: &str, address: &Address) -> Why {
    let call = call.to_owned();
    let address = address.to_string();
    let mut connecting = false;
    let mut broken = false;
    for cause in causes(error) {
        if let Some(NotDocker { status, said }) = cause.downcast_ref() {
            return Why::BadStatus { call, status: *status, message: said.clone() };
        }
        if let Some(NotInForm(what)) = cause.downcast_ref() {
            return Why::Malformed { call, what: (*what).to_owned() };
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return Why::NotVisible { what: format!("no TLS with {address}: {error}") };
        }
        if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting |= error.is_connect();
            broken = true;
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            if error.is_parse() {
                return Why::Malformed { call, what: error.to_string() };
            }
            broken = true;
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            if connecting && error.kind() == ErrorKind::PermissionDenied {
                return Why::PermissionDenied { address };
            }
            broken = true;
        }
    }
    if connecting {
        // No such socket, refused, no route, no such host: whatever it is, nobody took the call.
        return Why::NotListening { address };
    }
    if broken { Why::ConnectionLost { call } } else { Why::Malformed { call, what: error.to_string() } }
}

/// An error and all that caused it. bollard's transparent variants and an I/O error's `source` leave out the error
/// that they wrap.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = if let Error::IOError { err } = error {
        err
    } else if let Error::HyperResponseError { err } = error {
        err
    } else {
        error
    };
    std::iter::successors(Some(first), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    })
}
