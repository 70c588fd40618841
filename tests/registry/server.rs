//! A registry with one image, on a port of the loopback (the API: distribution `docs/content/spec/api.md`), that can
//! fail in the middle of the layer that nobody has. Absent on purpose: pushes, lists, tokens, TLS.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::image::{Image, MANIFEST_TYPE};

/// The one repository.
pub const REPOSITORY: &str = "acme/gateway";

/// The one tag.
pub const TAG: &str = "1.2.3";

/// What becomes of the layer that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It comes whole.
    None,
    /// Half of it comes, and then nothing.
    Stalled,
    /// It comes with one byte changed.
    Broken,
    /// The connection ends in the middle of what was asked for: this often.
    Cut(usize),
    /// It comes in ten parts, with a pause before each.
    Slow(Duration),
}

/// One registry; it ends with this value.
pub struct Registry {
    shared: Arc<Shared>,
    port: u16,
    accepting: JoinHandle<()>,
}

struct Shared {
    image: Image,
    /// The `Authorization` that it asks for.
    wanted: Option<String>,
    fault: Mutex<Fault>,
    requests: Mutex<Vec<String>>,
}

type Body = StreamBody<Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send>>>;

impl Registry {
    /// Begins to serve an image, to anyone or to those who show this name and password.
    pub fn start(runtime: &Handle, image: Image, account: Option<(&str, &str)>, fault: Fault) -> Self {
        let basic = |(name, word): (&str, &str)| format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{word}")));
        let (fault, requests) = (Mutex::new(fault), Mutex::new(Vec::new()));
        let shared = Arc::new(Shared { image, wanted: account.map(basic), fault, requests });
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = runtime.spawn(accept(listener, Arc::clone(&shared)));
        Self { shared, port, accepting }
    }

    /// Its host and port, as a reference begins with them and as its credentials are kept.
    pub fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its image.
    pub fn image(&self) -> &Image {
        &self.shared.image
    }

    /// Fails in another way from now on.
    pub fn fail(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// Every request so far, as `GET /path`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Whether the layer that nobody has was asked for.
    pub fn gave_own_layer(&self) -> bool {
        self.requests().iter().any(|request| request.ends_with(&self.shared.image.own_layer))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = shared.answer(&request);
                async move { Ok::<_, Infallible>(answer) }
            });
            // Docker tries TLS first, and goes away when a pull ends.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Shared {
    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        self.requests.lock().unwrap().push(format!("{} {path}", request.method()));
        let shown = request.headers().get(AUTHORIZATION).and_then(|shown| shown.to_str().ok());
        if self.wanted.as_deref().is_some_and(|wanted| shown != Some(wanted)) {
            let mut no = error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required");
            no.headers_mut().insert(WWW_AUTHENTICATE, "Basic realm=\"registry\"".parse().unwrap());
            return no;
        }
        let is_head = request.method() == Method::HEAD;
        let Some(rest) = path.strip_prefix(&format!("/v2/{REPOSITORY}/")) else {
            return whole("application/json", b"{}".as_slice().into(), false);
        };
        match rest.split_once('/') {
            Some(("manifests", reference)) if reference == TAG || reference == self.image.digest() => {
                let mut answer = whole(MANIFEST_TYPE, self.image.manifest.clone(), is_head);
                answer.headers_mut().insert("docker-content-digest", self.image.digest().parse().unwrap());
                answer
            }
            Some(("blobs", digest)) if self.image.blobs.contains_key(digest) => {
                self.blob(digest, from(request), is_head)
            }
            Some(("manifests", _)) => error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown"),
            _ => error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry"),
        }
    }

    fn blob(&self, digest: &str, from: usize, is_head: bool) -> Response<Body> {
        let blob = &self.image.blobs[digest];
        let rest = blob.slice(from.min(blob.len())..);
        let fault = if digest == self.image.own_layer && !is_head { self.next_fault() } else { Fault::None };
        let length = rest.len();
        let mut answer = Response::new(body(if is_head { Bytes::new() } else { rest }, fault));
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
        if from > 0 {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {from}-{}/{}", blob.len() - 1, blob.len());
            answer.headers_mut().insert(CONTENT_RANGE, range.parse().unwrap());
        }
        answer
    }

    fn next_fault(&self) -> Fault {
        let mut fault = self.fault.lock().unwrap();
        let now = *fault;
        if let Fault::Cut(times) = now {
            *fault = if times > 1 { Fault::Cut(times - 1) } else { Fault::None };
        }
        now
    }
}

/// Where a request for a part begins.
fn from(request: &Request<Incoming>) -> usize {
    let range = request.headers().get(RANGE).and_then(|range| range.to_str().ok());
    range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()).unwrap_or(0)
}

fn body(bytes: Bytes, fault: Fault) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    let frame = |bytes: Bytes| Ok(Frame::data(bytes));
    StreamBody::new(match fault {
        Fault::None => stream::iter([frame(bytes)]).boxed(),
        Fault::Stalled => stream::iter([frame(half)]).chain(stream::pending()).boxed(),
        Fault::Cut(_) => stream::iter([frame(half), Err(io::Error::other("cut"))]).boxed(),
        Fault::Broken => {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            stream::iter([frame(bytes.into())]).boxed()
        }
        Fault::Slow(pause) => {
            let size = bytes.len().div_ceil(10);
            let parts: Vec<_> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
            stream::iter(parts)
                .then(move |part| async move {
                    tokio::time::sleep(pause).await;
                    Ok(Frame::data(part))
                })
                .boxed()
        }
    })
}

fn whole(kind: &'static str, bytes: Bytes, is_head: bool) -> Response<Body> {
    let length = bytes.len();
    let mut answer = Response::new(body(if is_head { Bytes::new() } else { bytes }, Fault::None));
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    answer
}

fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let text = serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string();
    let mut answer = whole("application/json", text.into(), false);
    *answer.status_mut() = status;
    answer
}
