//! What can go wrong with one answer: which faults there are, which requests can meet them, how they are played, and
//! what they tell a client that judges well.

use std::fmt;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING};
use hyper::{Request, Response, StatusCode};
use serde_json::Value;

use crate::server::Wire;
use crate::support::{Body, is_mutating};

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A status that is no success, with nothing done.
    Status(u16, Form),
    /// A success with something in it that is not the answer.
    Lies(Lie),
    /// The connection fails.
    Breaks(Break),
    /// From here on the daemon bears another ID.
    OtherEngine,
}

/// What an answer that is no success looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Docker's own: JSON with a message, and the `Api-Version` header.
    Docker,
    /// The same JSON without the header: a daemon never showed itself.
    NoHeader,
    /// The header, and a page for people.
    Page,
    /// Neither.
    Stranger,
    /// Docker's own, to a client that speaks a version of the API which it does not know yet.
    TooNew,
    /// Docker's own, to a client whose version of the API it does not know any more.
    TooOld,
}

/// A success that is none. Where the answer is changed on its way, what was asked for is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// No byte, and nothing done.
    Empty,
    /// `{}`, and nothing done.
    EmptyObject,
    /// `null`, and nothing done.
    Null,
    /// The true answer with other types in it.
    WrongTypes,
    /// The true answer with a status of a container that nobody knows.
    UnknownStatus,
    /// The first half of the true answer, as if it were all.
    Truncated,
    /// The true answer with a byte in it that is no UTF-8.
    InvalidUtf8,
    /// The body never comes, and nothing is done.
    HeadersOnly,
    /// 100 MB of whitespace, and nothing done.
    Whitespace,
    /// The true answer, a byte a second.
    OneByteASecond,
    /// The true answer, under a version of the API that nobody speaks yet.
    FutureVersion,
    /// The true answer, under the first version of the API.
    FirstVersion,
}

/// How a connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// From here on nothing listens.
    NobodyListens,
    /// From here on this user may not connect.
    Forbids,
    /// From here on connections are closed before anything was read.
    ClosesBefore,
    /// It ends with the request read and nothing done.
    ClosesAfter,
    /// It is done, and the connection ends in the middle of the answer.
    ClosesMidAnswer,
    /// Nothing is done, and no answer comes.
    NeverAnswers,
    /// It is done, and the connection ends without an answer.
    LosesAnswer,
    /// The connection ends without an answer, and it is done seconds later.
    LosesAnswerLate,
}

/// What a fault tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Nothing that can be relied on.
    Nothing,
    /// That it is not so, or was not done: Docker's own word.
    No,
    /// That it was done, which may not be so.
    Done,
    /// The truth, but for the daemon's ID or for what nobody asked.
    Truth,
}

/// All of them.
pub const FAULTS: &[Fault] = &[
    Fault::Status(404, Form::Docker),
    Fault::Status(404, Form::NoHeader),
    Fault::Status(404, Form::Page),
    Fault::Status(404, Form::Stranger),
    Fault::Status(400, Form::Docker),
    Fault::Status(400, Form::TooNew),
    Fault::Status(400, Form::TooOld),
    Fault::Status(403, Form::Docker),
    Fault::Status(409, Form::Docker),
    Fault::Status(429, Form::Docker),
    Fault::Status(500, Form::Docker),
    Fault::Status(500, Form::Page),
    Fault::Status(502, Form::Stranger),
    Fault::Status(301, Form::Stranger),
    Fault::Lies(Lie::Empty),
    Fault::Lies(Lie::EmptyObject),
    Fault::Lies(Lie::Null),
    Fault::Lies(Lie::WrongTypes),
    Fault::Lies(Lie::UnknownStatus),
    Fault::Lies(Lie::Truncated),
    Fault::Lies(Lie::InvalidUtf8),
    Fault::Lies(Lie::HeadersOnly),
    Fault::Lies(Lie::Whitespace),
    Fault::Lies(Lie::OneByteASecond),
    Fault::Lies(Lie::FutureVersion),
    Fault::Lies(Lie::FirstVersion),
    Fault::Breaks(Break::NobodyListens),
    Fault::Breaks(Break::Forbids),
    Fault::Breaks(Break::ClosesBefore),
    Fault::Breaks(Break::ClosesAfter),
    Fault::Breaks(Break::ClosesMidAnswer),
    Fault::Breaks(Break::NeverAnswers),
    Fault::Breaks(Break::LosesAnswer),
    Fault::Breaks(Break::LosesAnswerLate),
    Fault::OtherEngine,
];

/// How late an effect comes.
const LATE: Duration = Duration::from_secs(2);

/// How much whitespace there is, in megabytes.
const WHITESPACE_MB: usize = 100;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, form) => write!(f, "{status}-{form:?}"),
            Self::Lies(lie) => write!(f, "{lie:?}"),
            Self::Breaks(how) => write!(f, "{how:?}"),
            Self::OtherEngine => f.write_str("OtherEngine"),
        }
    }
}

impl Fault {
    /// Whether a request can meet it: as a single event, or from then on.
    pub fn can_meet(self, shape: &str, lasting: bool) -> bool {
        match self {
            Self::OtherEngine => lasting && shape == "GET /info",
            Self::Lies(Lie::UnknownStatus) => shape.starts_with("GET /containers/"),
            Self::Breaks(Break::NobodyListens | Break::Forbids | Break::ClosesBefore) => lasting,
            Self::Breaks(Break::LosesAnswer | Break::LosesAnswerLate) => is_mutating(shape),
            Self::Status(..) | Self::Lies(_) | Self::Breaks(_) => true,
        }
    }

    /// Whether, where it lasts, every request meets it from then on and not only its own.
    pub fn is_of_the_daemon(self) -> bool {
        let breaks = [Break::NobodyListens, Break::Forbids, Break::ClosesBefore, Break::NeverAnswers];
        breaks.into_iter().any(|how| self == Self::Breaks(how))
    }

    /// Whether it makes a run wait for as long as it waits for any answer.
    pub fn takes_time(self) -> bool {
        let slow = [Self::Lies(Lie::HeadersOnly), Self::Lies(Lie::OneByteASecond), Self::Breaks(Break::NeverAnswers)];
        slow.contains(&self)
    }

    /// What it tells in answer to a request.
    pub fn says(self, shape: &str) -> Says {
        // Docker also says 500 when a killed process has not ended yet.
        let may_end_later = shape.ends_with("/stop") || shape.ends_with("/restart");
        match self {
            Self::Status(404, Form::Docker) => Says::No,
            Self::Status(400 | 403 | 409, Form::Docker | Form::TooNew | Form::TooOld) if is_mutating(shape) => Says::No,
            Self::Status(500, Form::Docker) if is_mutating(shape) && !may_end_later => Says::No,
            Self::Lies(Lie::FutureVersion | Lie::FirstVersion) => Says::Truth,
            Self::Lies(_) if is_mutating(shape) => Says::Done,
            // What a container does is asked of its own inspect.
            Self::Lies(Lie::UnknownStatus) if shape == "GET /containers/json" => Says::Truth,
            Self::Status(..) | Self::Lies(_) | Self::Breaks(_) => Says::Nothing,
            Self::OtherEngine => Says::Truth,
        }
    }

    /// Answers with it. An error is a connection that ends.
    pub async fn play(self, wire: &Arc<Wire>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        match self {
            Self::Status(status, form) => Ok(refusal(status, form)),
            Self::Lies(lie) => lie.play(wire, request).await,
            Self::Breaks(how) => how.play(wire, request).await,
            Self::OtherEngine => {
                let (head, body) = whole(wire.forward(request).await?).await?;
                let mut info: Value = serde_json::from_slice(&body)?;
                info["ID"] = "another daemon".into();
                Ok(with_body(head, full(info.to_string())))
            }
        }
    }
}

impl Lie {
    async fn play(self, wire: &Arc<Wire>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        match self {
            Self::Empty => return Ok(success(full(""))),
            Self::EmptyObject => return Ok(success(full("{}"))),
            Self::Null => return Ok(success(full("null"))),
            Self::HeadersOnly => return Ok(success(streamed(stream::pending()))),
            Self::Whitespace => {
                let megabyte = Bytes::from(vec![b' '; 1 << 20]);
                return Ok(success(streamed(stream::iter((0..WHITESPACE_MB).map(move |_| Ok(megabyte.clone()))))));
            }
            Self::FutureVersion | Self::FirstVersion => {
                let version = if self == Self::FutureVersion { "9.99" } else { "1.0" };
                let mut answer = wire.forward(request).await?;
                answer.headers_mut().insert("api-version", version.parse().unwrap());
                return Ok(answer);
            }
            Self::WrongTypes | Self::UnknownStatus | Self::Truncated | Self::InvalidUtf8 | Self::OneByteASecond => {}
        }
        let (head, body) = whole(wire.forward(request).await?).await?;
        if body.is_empty() {
            return Ok(with_body(head, full("")));
        }
        let changed = match self {
            Self::WrongTypes => full(changed(&body, &with_wrong_types)?),
            Self::UnknownStatus => full(changed(&body, &with_unknown_status)?),
            Self::Truncated => full(body.slice(..body.len() / 2)),
            Self::InvalidUtf8 => {
                let mut bytes = body.to_vec();
                // Within the first text, where a lenient reader would replace it.
                let at = bytes.iter().position(|byte| *byte == b'"').map_or(0, |quote| quote + 1);
                bytes.insert(at, 0xff);
                full(bytes)
            }
            Self::OneByteASecond => streamed(stream::iter(body).then(|byte| async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(Bytes::from(vec![byte]))
            })),
            Self::Empty
            | Self::EmptyObject
            | Self::Null
            | Self::HeadersOnly
            | Self::Whitespace
            | Self::FutureVersion
            | Self::FirstVersion => {
                unreachable!("above")
            }
        };
        Ok(with_body(head, changed))
    }
}

impl Break {
    async fn play(self, wire: &Arc<Wire>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        match self {
            Self::NobodyListens => wire.leave(),
            Self::Forbids => wire.forbid(),
            Self::ClosesBefore | Self::ClosesAfter => {}
            Self::NeverAnswers => pending().await,
            Self::LosesAnswer => {
                whole(wire.forward(request).await?).await?;
            }
            Self::LosesAnswerLate => wire.forward_late(request, LATE).await?,
            Self::ClosesMidAnswer => {
                let (head, body) = whole(wire.forward(request).await?).await?;
                if body.len() > 1 {
                    let half = body.slice(..body.len() / 2);
                    let mut answer = with_body(head, streamed(stream::iter([Ok(half), Err(closed())])));
                    answer.headers_mut().insert(CONTENT_LENGTH, body.len().into());
                    return Ok(answer);
                }
            }
        }
        Err(closed())
    }
}

fn refusal(status: u16, form: Form) -> Response<Body> {
    let (kind, text) = match form {
        Form::Docker | Form::NoHeader => ("application/json", r#"{"message":"no such thing: injected"}"#),
        Form::Page | Form::Stranger => ("text/html", "<html><body>injected</body></html>"),
        Form::TooNew => (
            "application/json",
            r#"{"message":"client version 9.99 is too new. Maximum supported API version is 1.41"}"#,
        ),
        Form::TooOld => (
            "application/json",
            r#"{"message":"client version 1.0 is too old. Minimum supported API version is 1.12"}"#,
        ),
    };
    let mut answer = Response::new(full(text));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer.headers_mut().insert(CONTENT_TYPE, kind.parse().unwrap());
    if let Form::Docker | Form::Page | Form::TooNew | Form::TooOld = form {
        answer.headers_mut().insert("api-version", "1.41".parse().unwrap());
    }
    if answer.status().is_redirection() {
        answer.headers_mut().insert(LOCATION, "http://127.0.0.1:9/".parse().unwrap());
    }
    answer
}

fn success(body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    answer.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
    answer.headers_mut().insert("api-version", "1.41".parse().unwrap());
    answer
}

async fn whole(answer: Response<Body>) -> io::Result<(hyper::http::response::Parts, Bytes)> {
    let (head, body) = answer.into_parts();
    Ok((head, body.collect().await?.to_bytes()))
}

fn with_body(mut head: hyper::http::response::Parts, body: Body) -> Response<Body> {
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(TRANSFER_ENCODING);
    Response::from_parts(head, body)
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

fn streamed(chunks: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + Sync + 'static) -> Body {
    BodyExt::boxed(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))))
}

fn closed() -> io::Error {
    io::Error::other("the fault that was asked for")
}

/// The JSON with each of its values changed; what is no JSON is left as it is.
fn changed(body: &Bytes, change: &impl Fn(&str, &mut Value)) -> io::Result<String> {
    let mut value: Value = serde_json::from_slice(body)?;
    change_all("", &mut value, change);
    Ok(value.to_string())
}

fn change_all(name: &str, value: &mut Value, change: &impl Fn(&str, &mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change_all(name, item, change)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| change_all(name, field, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => change(name, value),
    }
}

fn with_wrong_types(_name: &str, value: &mut Value) {
    *value = match value {
        Value::String(_) => 7.into(),
        Value::Bool(_) | Value::Number(_) => "seven".into(),
        Value::Null | Value::Array(_) | Value::Object(_) => return,
    };
}

/// Inspect has it as `Status`, the list as `State`.
fn with_unknown_status(name: &str, value: &mut Value) {
    if matches!(name, "Status" | "State") && value.is_string() {
        *value = "hibernating".into();
    }
}
