//! How a request reaches Docker, and what counts as Docker's answer to it.
//! Connections are kept and reused; none is made before the first request. Every answer bears Docker's `Api-Version`
//! header and every "no" is Docker's own JSON; anything else ends as [`NotDocker`]. Absent on purpose: proxies,
//! redirects, retries of a request that may have reached Docker, and API versions: bollard's requests name none (its
//! URLs lose the prefix), which Docker and Podman take as their own newest version, so that no negotiation is needed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use bollard::BollardRequest;
use bollard::errors::Error;
use futures_util::future::{BoxFuture, FutureExt};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use hyperlocal::UnixConnector;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use thiserror::Error as ThisError;

use super::address::{Address, BadAddress, authority};

/// Sends one request and checks that Docker answered it.
pub(super) type Transport =
    Arc<dyn Fn(BollardRequest) -> BoxFuture<'static, Result<Response<Incoming>, Error>> + Send + Sync>;

/// The longest "no" that is read: Docker's own are lines, a proxy's page may be anything.
const NO_MAX_BYTES: usize = 64 * 1024;

/// How much of a stranger's answer is shown to a person.
const SHOWN_MAX_CHARS: usize = 200;

/// An answer that is not Docker's, or not in Docker's form.
#[derive(Debug, ThisError)]
#[error("status {status} from what is not Docker: {said}")]
pub(super) struct NotDocker {
    /// Its HTTP status.
    pub(super) status: u16,
    /// What it said, or what it lacks.
    pub(super) said: String,
}

impl From<NotDocker> for Error {
    fn from(answer: NotDocker) -> Self {
        Self::IOError { err: io::Error::other(answer) }
    }
}

/// The way to an address.
///
/// # Errors
/// Certificates that cannot be read.
pub(super) fn to(address: &Address) -> Result<Transport, BadAddress> {
    match address {
        Address::Unix { .. } => Ok(over(UnixConnector)),
        Address::Tcp { .. } => Ok(over(HttpConnector::new())),
        Address::Tls { certs, .. } => {
            let mut tcp = HttpConnector::new();
            tcp.enforce_http(false);
            Ok(over(HttpsConnector::from((tcp, tls(certs)?))))
        }
    }
}

/// The address as it begins every URL; a socket's path is written in hexadecimal, as `hyperlocal` expects it.
pub(super) fn base_url(address: &Address) -> String {
    match address {
        Address::Unix { path } => {
            let path = path.to_string_lossy();
            let hex: Vec<_> = path.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("unix://{}", hex.concat())
        }
        Address::Tcp { host, port } => format!("http://{}", authority(host, *port)),
        Address::Tls { host, port, .. } => format!("https://{}", authority(host, *port)),
    }
}

fn over(connector: impl Connect + Clone + Send + Sync + 'static) -> Transport {
    let client = Client::builder(TokioExecutor::new()).build(connector);
    Arc::new(move |request: BollardRequest| {
        let answer = client.request(request);
        async move { check(answer.await?).await }.boxed()
    })
}

/// Lets Docker's answers through, and turns its "no" and whatever is not Docker's into errors of their own types.
async fn check(answer: Response<Incoming>) -> Result<Response<Incoming>, Error> {
    let status = answer.status();
    // moby sends it on every answer of a route (`daemon/server/middleware/version.go`), and so does Podman.
    let is_docker = answer.headers().contains_key("api-version");
    let is_json = is_json(answer.headers());
    if status.is_success() || matches!(status, StatusCode::NOT_MODIFIED | StatusCode::SWITCHING_PROTOCOLS) {
        let said = "it bears no `Api-Version` header, as Docker's answers do".to_owned();
        return if is_docker { Ok(answer) } else { Err(NotDocker { status: status.as_u16(), said }.into()) };
    }
    let status = status.as_u16();
    let body = match Limited::new(answer.into_body(), NO_MAX_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            return Err(match error.downcast::<hyper::Error>() {
                Ok(broken) => (*broken).into(),
                Err(too_long) => NotDocker { status, said: too_long.to_string() }.into(),
            });
        }
    };
    match serde_json::from_slice(&body) {
        Ok(No { message }) if is_docker && is_json => {
            Err(Error::DockerResponseServerError { status_code: status, message })
        }
        Ok(_) | Err(_) => Err(NotDocker { status, said: first_line(&body) }.into()),
    }
}

/// What Docker says with every status that is not a success.
#[derive(Deserialize)]
struct No {
    message: String,
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .chars()
        .take(SHOWN_MAX_CHARS)
        .collect()
}

/// Trusts the folder's `ca.pem` alone, as the one who made the certificates meant it, and shows the client's own
/// certificate where there is one.
fn tls(certs: &Path) -> Result<ClientConfig, BadAddress> {
    let bad =
        |path: &Path, problem: String| BadAddress::new(path.display().to_string(), "certificates of Docker", problem);
    let (ca, cert, key) = (certs.join("ca.pem"), certs.join("cert.pem"), certs.join("key.pem"));
    let mut roots = RootCertStore::empty();
    for root in read_certificates(&ca).map_err(|problem| bad(&ca, problem))? {
        roots.add(root).map_err(|error| bad(&ca, error.to_string()))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(certs, error.to_string()))?
        .with_root_certificates(roots);
    if !cert.exists() && !key.exists() {
        return Ok(builder.with_no_client_auth());
    }
    let chain = read_certificates(&cert).map_err(|problem| bad(&cert, problem))?;
    let key_der = PrivateKeyDer::from_pem_file(&key).map_err(|error| bad(&key, error.to_string()))?;
    builder.with_client_auth_cert(chain, key_der).map_err(|error| bad(&cert, error.to_string()))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err("it holds no certificate".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(error.to_string()),
    }
}
