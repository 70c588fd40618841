//! One Docker daemon, and how it is asked: every call has a time limit, and ends in a result or in a [`NoResult`].
//! Absent on purpose: retries, which are the engine's, and defaults.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, body_full};
use bytes::Bytes;
use engine::Why;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Builder;
use hyper::{Method, Request, Response};
use serde::de::DeserializeOwned;

use super::address::{Address, BadAddress};
use super::no_result::{NoResult, ServerError};
use super::transport::{self, Transport};

/// bollard's own limit on an answer, in seconds, so long that ours always comes first.
const BOLLARD_LIMIT_S: u64 = 24 * 60 * 60;

/// The longest answer that is read: a list of some ten thousand containers.
const ANSWER_MAX_BYTES: usize = 64 * 1024 * 1024;

/// One Docker daemon. Cloning it shares its connections.
#[derive(Clone)]
pub struct Daemon {
    docker: Docker,
    transport: Transport,
    address: Arc<Address>,
}

impl Daemon {
    /// The daemon at an address. Nothing is connected yet; the certificates of a TLS address are read.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn new(address: Address) -> Result<Self, BadAddress> {
        let transport = transport::to(&address)?;
        let send = Arc::clone(&transport);
        let url = transport::base_url(&address);
        let send = move |request: BollardRequest| send(request);
        let docker = Docker::connect_with_custom_transport(send, Some(url), BOLLARD_LIMIT_S, API_DEFAULT_VERSION)
            .map_err(|error| BadAddress::new(address.to_string(), "Docker's address", error.to_string()))?;
        Ok(Self { docker, transport, address: Arc::new(address) })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The client whose calls [`Self::ask`] and [`Self::ask_to`] judge.
    pub(crate) fn docker(&self) -> &Docker {
        &self.docker
    }

    /// Waits for the answer to a call that changes nothing, such as `GET /containers/json`.
    pub(crate) async fn ask<T>(
        &self,
        call: &str,
        limit: Duration,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, NoResult> {
        self.judge(call, limit, ServerError::SaysNothing, answer).await
    }

    /// Waits for the answer to a call that changes something, and whose failure Docker reports as a 500 of its own
    /// form: a start with the port taken, the mount gone, the image's program missing. That is a clear "no".
    pub(crate) async fn ask_to<T>(
        &self,
        call: &str,
        limit: Duration,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, NoResult> {
        self.judge(call, limit, ServerError::IsAnswer, answer).await
    }

    /// Sends a request that bollard's models cannot express, and reads the JSON that answers it. `path` includes the
    /// query.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<T, Error> {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let answer = self.open(self.request(method, path).body(body_full(body))?).await?;
        let body = Limited::new(answer.into_body(), ANSWER_MAX_BYTES).collect().await.map_err(|error| {
            // What broke the answer off says more than that it is over.
            error
                .downcast::<hyper::Error>()
                .map_or_else(|error| io::Error::other(error).into(), |error| Error::from(*error))
        })?;
        Ok(serde_json::from_slice(&body.to_bytes())?)
    }

    /// A request to this daemon, with all but its body. `path` includes the query.
    pub(super) fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", transport::base_url(&self.address)))
            .header(CONTENT_TYPE, "application/json")
    }

    /// Sends a request whose answer goes on, and is read as it comes.
    pub(super) async fn open(&self, request: BollardRequest) -> Result<Response<Incoming>, Error> {
        (self.transport)(request).await
    }

    async fn judge<T>(
        &self,
        call: &str,
        limit: Duration,
        server_error: ServerError,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, NoResult> {
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(NoResult::of(&error, call, &self.address, server_error)),
            Err(_) => Err(NoResult::Unknown { why: Why::TimedOut { call: call.to_owned() } }),
        }
    }
}

impl fmt::Debug for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daemon").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use engine::{ContainerId, Event, Failure, NetworkId};
    use tempfile::TempDir;

    use super::*;
    use crate::fake_daemon::{listen, read_request};

    const LIMIT: Duration = Duration::from_secs(60);
    const CALL: &str = "GET /version";

    /// A daemon that lies, on a socket of its own: each connection is handed to `serve`.
    struct Server {
        _folder: TempDir,
        address: Address,
        connections: Arc<AtomicUsize>,
    }

    impl Server {
        fn new(serve: impl Fn(UnixStream) + Send + 'static) -> Self {
            let connections = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&connections);
            let (folder, address) = listen(move |stream| {
                counter.fetch_add(1, Ordering::SeqCst);
                serve(stream);
            });
            Self { _folder: folder, address, connections }
        }

        /// Answers every request with these bytes, then closes the connection.
        fn saying(answer: impl Into<Vec<u8>>) -> Self {
            let answer = answer.into();
            Self::new(move |mut stream| {
                read_request(&mut stream);
                // A client that has heard enough may be gone.
                let _ = stream.write_all(&answer);
            })
        }

        fn daemon(&self) -> Daemon {
            Daemon::new(self.address.clone()).unwrap()
        }

        async fn ask(&self) -> NoResult {
            let daemon = self.daemon();
            daemon.ask(CALL, LIMIT, daemon.docker().version()).await.unwrap_err()
        }

        async fn ask_to(&self) -> NoResult {
            let daemon = self.daemon();
            daemon.ask_to(CALL, LIMIT, daemon.docker().version()).await.unwrap_err()
        }
    }

    fn answer(status: u16, headers: &str, body: &str) -> String {
        format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
    }

    fn from_docker(status: u16, body: &str) -> String {
        answer(status, "Api-Version: 1.41\r\nContent-Type: application/json\r\n", body)
    }

    fn bad_status(status: u16, message: &str) -> NoResult {
        NoResult::Unknown { why: Why::BadStatus { call: CALL.to_owned(), status, message: message.to_owned() } }
    }

    fn lost() -> NoResult {
        NoResult::Unknown { why: Why::ConnectionLost { call: CALL.to_owned() } }
    }

    #[tokio::test]
    async fn a_no_in_dockers_own_form_is_an_answer() {
        let no = r#"{"message":"no"}"#;
        let message = || "no".to_owned();
        assert_eq!(Server::saying(from_docker(404, no)).ask().await, NoResult::NotFound { message: message() });
        for status in [400, 403, 406, 409, 410] {
            let rejected = NoResult::Rejected { status, message: message() };
            assert_eq!(Server::saying(from_docker(status, no)).ask().await, rejected);
        }
        for status in [301, 401, 407, 408, 429, 500, 501, 502, 503, 504] {
            assert_eq!(Server::saying(from_docker(status, no)).ask().await, bad_status(status, "no"));
        }
        let rejected = NoResult::Rejected { status: 500, message: message() };
        assert_eq!(Server::saying(from_docker(500, no)).ask_to().await, rejected);
        for status in [301, 401, 503] {
            assert_eq!(Server::saying(from_docker(status, no)).ask_to().await, bad_status(status, "no"));
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_not_dockers_is_unknown() {
        let json = "Content-Type: application/json\r\n";
        let version = "Api-Version: 1.41\r\n";
        let no = r#"{"message":"no"}"#;
        for (status, headers, body, said) in [
            (404, json.to_owned(), no, no),
            (404, version.to_owned(), no, no),
            (404, format!("{version}{json}"), r#"{"error":"no"}"#, r#"{"error":"no"}"#),
            (404, format!("{version}{json}"), "", ""),
            (404, String::new(), "\n <html>\n</html>", "<html>"),
            (409, format!("{version}Content-Type: text/plain\r\n"), "no", "no"),
            (500, json.to_owned(), no, no),
            (301, format!("Location: http://elsewhere/\r\n{version}"), "", ""),
            (200, json.to_owned(), "{}", "it bears no `Api-Version` header, as Docker's answers do"),
            (304, String::new(), "", "it bears no `Api-Version` header, as Docker's answers do"),
        ] {
            let server = Server::saying(answer(status, &headers, body));
            assert_eq!(server.ask().await, bad_status(status, said), "{status} {headers}{body}");
            assert_eq!(server.ask_to().await, bad_status(status, said), "{status} {headers}{body}");
        }
        let endless = Server::saying(answer(404, version, &"x".repeat(100_000)));
        assert!(matches!(endless.ask().await, NoResult::Unknown { why: Why::BadStatus { status: 404, .. } }));
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_malformed() {
        for answer in
            [from_docker(200, ""), from_docker(200, "{\"Version\":"), from_docker(200, "[1]"), "hello\r\n\r\n".into()]
        {
            let result = Server::saying(answer.clone()).ask().await;
            assert!(matches!(result, NoResult::Unknown { why: Why::Malformed { .. } }), "{answer}: {result:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_lost() {
        assert_eq!(Server::new(drop).ask().await, lost());
        assert_eq!(Server::saying("").ask().await, lost());
        assert_eq!(Server::saying("HTTP/1.1 200 OK\r\nApi-Ver").ask().await, lost());
        let whole = from_docker(200, r#"{"Version":"1"}"#);
        assert_eq!(Server::saying(&whole[..whole.len() - 1]).ask().await, lost());
        let whole = from_docker(404, r#"{"message":"no"}"#);
        assert_eq!(Server::saying(&whole[..whole.len() - 1]).ask().await, lost());
    }

    #[tokio::test]
    async fn no_answer_is_a_time_out() {
        // Holds the connection until the client leaves.
        let server = Server::new(|mut stream| while read_request(&mut stream).is_some() {});
        let daemon = server.daemon();
        let limit = Duration::from_millis(50);
        let result = daemon.ask(CALL, limit, daemon.docker().version()).await;
        assert_eq!(result, Err(NoResult::Unknown { why: Why::TimedOut { call: CALL.to_owned() } }));
    }

    #[tokio::test]
    async fn where_nobody_listens_the_address_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let not_listening =
            NoResult::Unknown { why: Why::NotListening { address: format!("unix://{}", path.display()) } };
        let daemon = Daemon::new(Address::Unix { path: path.clone() }).unwrap();
        let absent = daemon.ask(CALL, LIMIT, daemon.docker().version()).await;
        assert_eq!(absent.err(), Some(not_listening.clone()));
        // A socket whose daemon has gone.
        drop(UnixListener::bind(&path).unwrap());
        let stale = daemon.ask(CALL, LIMIT, daemon.docker().version()).await;
        assert_eq!(stale.err(), Some(not_listening));

        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let daemon = Daemon::new(Address::Tcp { host: free.ip().to_string(), port: free.port() }).unwrap();
        let refused = daemon.ask(CALL, LIMIT, daemon.docker().version()).await.err();
        assert_eq!(refused, Some(NoResult::Unknown { why: Why::NotListening { address: format!("tcp://{free}") } }));
    }

    #[tokio::test]
    async fn connections_are_kept_and_paths_bear_no_version() {
        let (line, lines) = std::sync::mpsc::channel();
        let server = Server::new(move |mut stream| {
            while let Some(request) = read_request(&mut stream) {
                line.send(request).unwrap();
                stream.write_all(from_docker(200, r#"{"Version":"1"}"#).as_bytes()).unwrap();
            }
        });
        let daemon = server.daemon();
        for _ in 0..3 {
            assert!(daemon.clone().ask(CALL, LIMIT, daemon.docker().version()).await.is_ok());
            assert_eq!(lines.recv().unwrap(), "GET /version HTTP/1.1");
        }
        let raw: serde_json::Value = daemon.send(Method::GET, "/version?a=b", None).await.unwrap();
        assert_eq!(raw, serde_json::json!({ "Version": "1" }));
        assert_eq!(lines.recv().unwrap(), "GET /version?a=b HTTP/1.1");
        assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_network_that_is_not_there_is_not_connected_to() {
        let (line, lines) = std::sync::mpsc::channel();
        let server = Server::new(move |mut stream| {
            while let Some(request) = read_request(&mut stream) {
                line.send(request).unwrap();
                stream.write_all(from_docker(404, r#"{"message":"no"}"#).as_bytes()).unwrap();
            }
        });
        let (container, network) = (ContainerId::new("0".repeat(64)), NetworkId::new("1".repeat(64)));
        let event = server.daemon().connect_network(&container, &network, &[], None, LIMIT).await;
        let failure = Failure::Rejected { status: Some(404), message: "no".to_owned() };
        assert_eq!(event, Event::Failed { failure });
        assert_eq!(lines.try_iter().collect::<Vec<_>>(), [format!("GET /networks/{network} HTTP/1.1")]);
    }

    #[tokio::test]
    async fn an_answer_about_no_such_network_is_no_proof_of_one() {
        for said in ["{}", "null", r#"{"Id":7}"#, r#"{"Id":"1"}"#] {
            let server = Server::saying(from_docker(200, said));
            let (container, network) = (ContainerId::new("0".repeat(64)), NetworkId::new("1".repeat(64)));
            let event = server.daemon().connect_network(&container, &network, &[], None, LIMIT).await;
            let unknown = matches!(event, Event::Failed { failure: Failure::Unknown { why: Why::Malformed { .. } } });
            assert!(unknown, "{said}: {event:?}");
        }
    }

    #[tokio::test]
    async fn what_is_so_already_is_done() {
        let server = Server::saying("HTTP/1.1 304 Not Modified\r\nApi-Version: 1.41\r\n\r\n");
        let id = ContainerId::new("0".repeat(64));
        assert_eq!(server.daemon().start(&id, LIMIT).await, Event::Done);
        assert_eq!(server.daemon().stop(&id, 1, LIMIT).await, Event::Done);
    }
}
