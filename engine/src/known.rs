//! What was learnt, or why it was not. Unknown is a value of its own and never a default.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fact as the host told it, or the reason why it could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known<T> {
    /// The one who holds the fact answered, with authority.
    Known(T),
    /// No answer that can be relied on.
    Unknown(Why),
}

impl<T> Known<T> {
    /// The fact, or what a decision that needs it waits on.
    ///
    /// # Errors
    /// The reason why it is unknown.
    pub fn get(&self) -> Result<&T, &Why> {
        match self {
            Self::Known(fact) => Ok(fact),
            Self::Unknown(why) => Err(why),
        }
    }

    /// The fact where it is known.
    pub fn known(&self) -> Option<&T> {
        self.get().ok()
    }
}

/// Why something is unknown. None of these ever counts as "not there".
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Why {
    /// Nothing listens at the address, or there is no such socket.
    NotListening {
        /// Where it was looked for.
        address: String,
    },
    /// The socket or the API said that we may not.
    PermissionDenied {
        /// Where.
        address: String,
    },
    /// No answer within the call's time limit.
    TimedOut {
        /// The call.
        call: String,
    },
    /// The connection broke before the whole answer was there.
    ConnectionLost {
        /// The call.
        call: String,
    },
    /// The server answered with a status that is no answer to the question: a 5xx, a redirect, a 404 that is not
    /// Docker's.
    BadStatus {
        /// The call.
        call: String,
        /// The HTTP status.
        status: u16,
        /// What the server said, as it said it.
        message: String,
    },
    /// The answer is not what Docker sends.
    Malformed {
        /// The call.
        call: String,
        /// What is missing or unreadable.
        what: String,
    },
    /// Two answers contradict each other, as they do while somebody acts between them.
    Contradiction {
        /// What they disagree about.
        what: String,
    },
    /// A container is on its way from one status to another, or in one that we do not know.
    Unsettled {
        /// Docker's word for the status.
        status: String,
    },
    /// It cannot be seen from where we are: a remote host's loopback, an expired certificate.
    NotVisible {
        /// Why not.
        what: String,
    },
    /// The run's own time limit was over before it could be asked.
    OutOfTime,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListening { address } => write!(f, "nothing answers at {address}"),
            Self::PermissionDenied { address } => write!(f, "permission denied at {address}"),
            Self::TimedOut { call } => write!(f, "`{call}` was not answered in time"),
            Self::ConnectionLost { call } => write!(f, "the connection broke during `{call}`"),
            Self::BadStatus { call, status, message } if message.is_empty() => {
                write!(f, "`{call}` was answered with status {status}")
            }
            Self::BadStatus { call, status, message } => {
                write!(f, "`{call}` was answered with status {status}: {message}")
            }
            Self::Malformed { call, what } => write!(f, "the answer to `{call}` is not Docker's: {what}"),
            Self::Contradiction { what } => write!(f, "two answers contradict each other: {what}"),
            Self::Unsettled { status } => write!(f, "the container is `{status}`"),
            Self::NotVisible { what } => f.write_str(what),
            Self::OutOfTime => f.write_str("the time limit was over"),
        }
    }
}
