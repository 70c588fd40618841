//! Which request does what, and what is answered.
//!
//! Every request gets an answer: what is asked wrongly a 4xx that says why, what the disk does not do a 5xx, both as
//! `{"error": "…"}` and as one line in the log. Bodies are streamed in pieces, so that memory does not grow with files.
//! Absent on purpose: what the store and the paths know, and any limit that concerns a connection rather than a request.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Body, Frame, Incoming, SizeHint},
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, ReadBuf},
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    log,
    path::{DataPath, PathError},
    places::Busy,
    settings::{Limits, Settings},
    store::{Failure, Kept, Store},
};

/// What marks an answer of `/healthz` as ours; the preset `reference` looks for it.
const MARK: &str = "nemoclaw-reference-gateway";
/// Bytes of a file that are in memory at once while it is sent.
const PIECE: usize = 64 << 10;
/// Characters of a path that the log repeats.
const LOGGED_PATH: usize = 200;

/// Answers requests from one store.
pub struct Requests {
    store: Arc<Store>,
    settings: Settings,
    started: Instant,
}

/// An answer: a short text, or a file as it is read.
pub type Answer = Response<Either<Full<Bytes>, FileBody>>;

impl Requests {
    /// Answers from `store`; the warm-up begins now.
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store: Arc::new(store), settings, started: Instant::now() }
    }

    /// Answers one request to the health port.
    pub async fn answer_health(&self, request: &Request<Incoming>) -> Answer {
        match (request.uri().path(), request.method()) {
            ("/readyz", &Method::GET | &Method::HEAD) => {
                let (status, word) = self.health("healthy").await;
                json_answer(status, &json!({ "status": word }))
            }
            ("/readyz", _) => Problem::method("GET, HEAD").answer(),
            (_, _) => Problem::no_such_path().answer(),
        }
    }

    /// Answers one request, which is under way until a file has gone out whole.
    pub async fn answer(&self, request: Request<Incoming>, busy: Busy) -> Answer {
        let (head, mut body) = request.into_parts();
        let mut answer = match self.perform(&head, &mut body).await {
            Ok(answer) => answer,
            Err(problem) => {
                let path: String = head.uri.path().escape_debug().take(LOGGED_PATH).collect();
                log(&format!("{} {path}: {}, {}", head.method, problem.status.as_u16(), problem.message));
                if !body.is_end_stream() {
                    // A connection closed on unread bytes is reset, and the client would not see why.
                    tokio::spawn(discard(body, self.settings.limits.clone()));
                }
                problem.answer()
            }
        };
        if let Either::Right(file) = answer.body_mut() {
            file.busy = Some(busy);
        }
        answer
    }

    async fn perform(&self, head: &Parts, body: &mut Incoming) -> Result<Answer, Problem> {
        match (Route::of(&head.uri)?, &head.method) {
            (Route::Health, &Method::GET | &Method::HEAD) => {
                let (status, word) = self.health("ready").await;
                Ok(json_answer(status, &json!({ "service": MARK, "status": word })))
            }
            (Route::Sandboxes, &Method::GET | &Method::HEAD) => self.sandboxes().await,
            (Route::File(path), &Method::GET | &Method::HEAD) => self.read(path).await,
            (Route::File(path), &Method::PUT) => self.write(path, body).await,
            (Route::File(path), &Method::DELETE) => self.remove(path).await,
            (Route::Health | Route::Sandboxes, _) => Err(Problem::method("GET, HEAD")),
            (Route::File(_), _) => Err(Problem::method("GET, HEAD, PUT, DELETE")),
        }
    }

    /// How it stands; `ready` is the word for that it is.
    async fn health(&self, ready: &'static str) -> (StatusCode, &'static str) {
        sleep(self.settings.health_delay).await;
        let warming = self.started.elapsed() < self.settings.warm_up;
        if warming { (StatusCode::SERVICE_UNAVAILABLE, "warming") } else { (StatusCode::OK, ready) }
    }

    async fn sandboxes(&self) -> Result<Answer, Problem> {
        let store = Arc::clone(&self.store);
        let names = blocking(move || store.sandboxes()).await?;
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        Ok(json_answer(StatusCode::OK, &json!(names)))
    }

    async fn read(&self, path: DataPath) -> Result<Answer, Problem> {
        let store = Arc::clone(&self.store);
        let body = blocking(move || {
            let file = store.read(&path)?;
            let left = file.metadata()?.len();
            Ok(FileBody { file: tokio::fs::File::from_std(file), left, busy: None })
        })
        .await?;
        let mut answer = Response::new(Either::Right(body));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        Ok(answer)
    }

    async fn write(&self, path: DataPath, body: &mut Incoming) -> Result<Answer, Problem> {
        let limits = &self.settings.limits;
        let mut left = limits.body_bytes;
        if body.size_hint().lower() > left {
            return Err(Problem::too_large(limits));
        }
        let store = Arc::clone(&self.store);
        let mut receiving = blocking(move || store.receive(path)).await?;
        loop {
            let frame = match timeout(limits.body_idle, body.frame()).await {
                Err(_) => return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not go on arriving")),
                Ok(Some(Err(_))) => return Err(Problem::new(StatusCode::BAD_REQUEST, "the body broke off")),
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
            };
            // What is no data is a trailer, which means nothing here.
            let Ok(bytes) = frame.into_data() else { continue };
            left = left.checked_sub(bytes.len() as u64).ok_or_else(|| Problem::too_large(limits))?;
            receiving = blocking(move || receiving.write(&bytes).map(|()| receiving)).await?;
        }
        let status = match blocking(move || receiving.keep()).await? {
            Kept::Created => StatusCode::CREATED,
            Kept::Replaced => StatusCode::OK,
        };
        Ok(empty_answer(status))
    }

    async fn remove(&self, path: DataPath) -> Result<Answer, Problem> {
        let store = Arc::clone(&self.store);
        blocking(move || store.remove(&path)).await?;
        Ok(empty_answer(StatusCode::NO_CONTENT))
    }
}

enum Route {
    Health,
    Sandboxes,
    File(DataPath),
}

impl Route {
    fn of(uri: &Uri) -> Result<Self, Problem> {
        let route = match uri.path() {
            "/healthz" => return Ok(Self::Health),
            "/sandboxes" => Self::Sandboxes,
            path => match (path.strip_prefix("/workspace/"), path.strip_prefix("/sandboxes/")) {
                (Some(rest), _) => Self::File(DataPath::workspace(rest)?),
                (None, Some(rest)) => Self::File(DataPath::sandbox(rest)?),
                (None, None) => return Err(Problem::no_such_path()),
            },
        };
        match uri.query() {
            None => Ok(route),
            Some(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "a `?` in a name is written `%3F`")),
        }
    }
}

/// Why a request was not done: a status and a fragment for people.
struct Problem {
    status: StatusCode,
    message: String,
    allow: Option<&'static str>,
}

impl Problem {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), allow: None }
    }

    fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "this gateway has no such path")
    }

    fn method(allow: &'static str) -> Self {
        let message = format!("this path takes only {allow}");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message, allow: Some(allow) }
    }

    fn too_large(limits: &Limits) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {} bytes", limits.body_bytes))
    }

    fn answer(self) -> Answer {
        let mut answer = json_answer(self.status, &json!({ "error": self.message }));
        if let Some(allow) = self.allow {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
        answer
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => Self::new(StatusCode::NOT_FOUND, "no file is kept under this path"),
            Failure::InTheWay(name) => {
                Self::new(StatusCode::CONFLICT, format!("`{name}` is there already and is of another kind"))
            }
            Failure::DiskFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "the disk of the volume is full"),
            Failure::TooManySandboxes => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "there are as many sandboxes as there may be")
            }
            Failure::Io(error) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the volume says: {error}")),
        }
    }
}

/// Runs disk work where it does not hold up other requests. Given up midway, it runs to its end all the same.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Problem> {
    match spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("disk work ended early: {error}"))),
    }
}

/// Reads what is left of a body that is not wanted, as far as it is worth the trouble.
async fn discard(mut body: Incoming, limits: Limits) {
    let mut left = limits.body_bytes;
    while let Ok(Some(Ok(frame))) = timeout(limits.body_idle, body.frame()).await {
        let read = frame.data_ref().map_or(0, Bytes::len) as u64;
        match left.checked_sub(read) {
            Some(rest) => left = rest,
            None => break,
        }
    }
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Answer {
    let mut answer = Response::new(Either::Left(Full::from(format!("{value}\n"))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn empty_answer(status: StatusCode) -> Answer {
    let mut answer = Response::new(Either::Left(Full::default()));
    *answer.status_mut() = status;
    answer
}

/// A file that is read as the client takes it.
pub struct FileBody {
    file: tokio::fs::File,
    left: u64,
    /// The request that it answers.
    busy: Option<Busy>,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE))];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.file).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        if read == 0 {
            // The length was promised already; only breaking off tells the client that it is not all.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        piece.truncate(read);
        self.left -= read as u64;
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
