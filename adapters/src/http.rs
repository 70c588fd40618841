//! Asks a gateway over HTTP whether it is ready, and which sandboxes it has.
//! Every question is one connection of its own, straight to the gateway: a connection kept from before could still
//! reach a container that is gone. Only what shows that nobody answers counts as unreachable; what keeps us from
//! asking (a remote loopback, a certificate) is unknown. Absent on purpose: proxies, redirects, retries.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::{Ask, Endpoint, Known, Mark, Probe, Readiness, ReadinessSpec, SandboxName, Scheme, Why};
use reqwest::{Client, ClientBuilder, Response};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, CertificateError};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The most that is read of a health answer; real ones have some hundred bytes.
const HEALTH_BODY_MAX_BYTES: usize = 64 * 1024;

/// How long a connection must stay open to count as accepted.
const KEPT_OPEN: Duration = Duration::from_millis(300);

/// The most that is read of a list of sandboxes: some ten thousand names.
const SANDBOXES_BODY_MAX_BYTES: usize = 1024 * 1024;

/// Asks gateways over HTTP. Making one costs nothing; its clients are built when they are first needed.
pub struct Prober {
    remote_host: Option<String>,
    http: OnceLock<Result<Client, String>>,
    https: OnceLock<Result<Client, String>>,
    identified: OnceLock<Result<Client, String>>,
}

impl Prober {
    /// Where Docker runs on another machine, `remote_host` is the name under which its published ports are reached.
    pub fn new(remote_host: Option<String>) -> Self {
        Self { remote_host, http: OnceLock::new(), https: OnceLock::new(), identified: OnceLock::new() }
    }

    /// Whether the gateway is ready; the answer takes `limit` at most.
    pub async fn readiness(&self, probe: &Probe, limit: Duration) -> Known<Readiness> {
        let answer = async {
            match probe {
                Probe::Http { endpoint, readiness } => self.ask_readiness(endpoint, readiness).await,
                Probe::Accepts { endpoint } => self.connect(endpoint).await,
            }
        };
        match within(limit, answer).await {
            Ok(readiness) => Known::Known(readiness),
            Err(Fault::NotVisible { what }) => Known::Unknown(Why::NotVisible { what }),
            // Between here and a remote host a firewall may drop what we send, and the gateway be well.
            Err(Fault::TimedOut) if self.remote_host.is_some() => {
                Known::Unknown(Why::TimedOut { call: format!("GET {}", probe.endpoint().url()) })
            }
            Err(Fault::Refused | Fault::Broken | Fault::TimedOut) => Known::Known(Readiness::Unreachable),
        }
    }

    /// The names of the gateway's sandboxes, as `GET path` lists them; the answer takes `limit` at most. Anything but a
    /// whole list is unknown.
    pub async fn sandboxes(&self, endpoint: &Endpoint, path: &str, limit: Duration) -> Known<BTreeSet<SandboxName>> {
        let call = format!("GET {path}");
        let unknown = match within(limit, self.ask_sandboxes(endpoint, path)).await {
            Ok(Ok(names)) => return Known::Known(names),
            Ok(Err(NotAList::Status(status))) => Why::BadStatus { call, status, message: String::new() },
            Ok(Err(NotAList::Body(what))) => Why::Malformed { call, what: what.to_owned() },
            Err(Fault::Refused) => Why::NotListening { address: endpoint.url() },
            Err(Fault::Broken) => Why::ConnectionLost { call },
            Err(Fault::TimedOut) => Why::TimedOut { call },
            Err(Fault::NotVisible { what }) => Why::NotVisible { what },
        };
        Known::Unknown(unknown)
    }

    /// Asks one question after the other, until one answer says ready; else the first answer is the one told.
    async fn ask_readiness(&self, endpoint: &Endpoint, spec: &ReadinessSpec) -> Result<Readiness, Fault> {
        let mut first = None;
        for ask in &spec.asks {
            let answer = self.ask_once(endpoint, ask, spec).await?;
            if let Readiness::Ready { .. } = answer {
                return Ok(answer);
            }
            first.get_or_insert(answer);
        }
        first.ok_or(Fault::NotVisible { what: "nothing says how to ask for its health".to_owned() })
    }

    async fn ask_once(&self, endpoint: &Endpoint, ask: &Ask, spec: &ReadinessSpec) -> Result<Readiness, Fault> {
        let response = self.get_with(endpoint, &ask.path, spec.client_certificate.as_deref()).await?;
        let status = response.status().as_u16();
        if !ask.statuses.contains(&status) {
            return Ok(Readiness::NotReady { status });
        }
        let Some(mark) = &spec.mark else { return Ok(Readiness::Ready { marked: false }) };
        let body = body(response, HEALTH_BODY_MAX_BYTES).await?;
        if body.is_some_and(|body| bears(&body, mark)) {
            Ok(Readiness::Ready { marked: true })
        } else {
            Ok(Readiness::NotReady { status })
        }
    }

    /// Whether its port accepts a connection and keeps it: Docker's own proxy accepts one for a container in which nobody
    /// listens, and closes it at once.
    async fn connect(&self, endpoint: &Endpoint) -> Result<Readiness, Fault> {
        let endpoint = self.reachable(endpoint)?;
        let url = endpoint.url();
        let address = url.split_once("://").map_or(url.as_str(), |(_, address)| address);
        let mut stream = TcpStream::connect(address).await.map_err(|error| Fault::of_io(&error))?;
        match tokio::time::timeout(KEPT_OPEN, stream.read(&mut [0; 1])).await {
            Ok(Ok(0)) => Err(Fault::Broken),
            Ok(Err(error)) => Err(Fault::of_io(&error)),
            Ok(Ok(_)) | Err(_) => Ok(Readiness::Ready { marked: false }),
        }
    }

    async fn ask_sandboxes(
        &self,
        endpoint: &Endpoint,
        path: &str,
    ) -> Result<Result<BTreeSet<SandboxName>, NotAList>, Fault> {
        let response = self.get(endpoint, path).await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Ok(Err(NotAList::Status(status)));
        }
        let Some(body) = body(response, SANDBOXES_BODY_MAX_BYTES).await? else {
            return Ok(Err(NotAList::Body("it is longer than any list of sandboxes")));
        };
        let Ok(names) = serde_json::from_slice::<Vec<String>>(&body) else {
            return Ok(Err(NotAList::Body("it is not a JSON array of names")));
        };
        if names.iter().any(String::is_empty) {
            return Ok(Err(NotAList::Body("a name in it is empty")));
        }
        Ok(Ok(names.into_iter().map(SandboxName::new).collect()))
    }

    async fn get(&self, endpoint: &Endpoint, path: &str) -> Result<Response, Fault> {
        self.get_with(endpoint, path, None).await
    }

    async fn get_with(&self, endpoint: &Endpoint, path: &str, certificate: Option<&str>) -> Result<Response, Fault> {
        let url = format!("{}{path}", self.reachable(endpoint)?.url());
        self.client(endpoint.scheme, certificate)?.get(url).send().await.map_err(|error| Fault::of(&error))
    }

    /// The endpoint as it is reached from this machine.
    fn reachable(&self, endpoint: &Endpoint) -> Result<Endpoint, Fault> {
        let Some(remote) = &self.remote_host else { return Ok(endpoint.clone()) };
        let bound = endpoint.host_ip.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        if bound.is_some_and(|ip| ip.is_loopback()) {
            let what = format!(
                "port {} is bound to {} of the remote host `{remote}`, which only that host itself reaches",
                endpoint.port, endpoint.host_ip
            );
            return Err(Fault::NotVisible { what });
        }
        Ok(reached(Some(remote), endpoint.clone()))
    }

    /// A run asks one gateway, so that one client of each kind is enough.
    fn client(&self, scheme: Scheme, certificate: Option<&str>) -> Result<&Client, Fault> {
        let built = match (scheme, certificate) {
            (Scheme::Http, _) => self.http.get_or_init(http_client),
            (Scheme::Https, None) => self.https.get_or_init(https_client),
            (Scheme::Https, Some(folder)) => self.identified.get_or_init(|| identified_client(Path::new(folder))),
        };
        built.as_ref().map_err(|what| Fault::NotVisible { what: what.clone() })
    }
}

/// The endpoint as it is reached from this machine, where Docker runs on `remote_host`: a port that is bound to any of
/// that host's addresses is reached under its name. A loopback there is reached from nowhere else, and stays.
pub fn reached(remote_host: Option<&str>, endpoint: Endpoint) -> Endpoint {
    let bound = endpoint.host_ip.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
    match remote_host {
        Some(remote) if endpoint.host_ip.is_empty() || bound.is_some_and(|ip| ip.is_unspecified()) => {
            Endpoint { host_ip: remote.to_owned(), ..endpoint }
        }
        Some(_) | None => endpoint,
    }
}

/// The answer, if it comes within the limit.
async fn within<T>(limit: Duration, question: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::time::timeout(limit, question).await.unwrap_or(Err(Fault::TimedOut))
}

/// A client for plain HTTP. It has TLS only because reqwest wants a configuration; one that trusts nobody is at hand
/// at once, while reading the system's certificates takes many times longer than the question.
fn http_client() -> Result<Client, String> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS for the HTTP client: {error}"))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    build(Client::builder().tls_backend_preconfigured(tls))
}

/// A client that trusts whom the system trusts.
fn https_client() -> Result<Client, String> {
    // An error means that the process has its provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    build(Client::builder())
}

/// A client that shows a certificate of its own and trusts the gateway's own authority.
fn identified_client(folder: &Path) -> Result<Client, String> {
    let unreadable = |name: &str, error: &dyn std::fmt::Display| {
        format!("`{}` cannot be used: {error}", folder.join(name).display())
    };
    let certificates = |name: &str| -> Result<Vec<CertificateDer<'static>>, String> {
        let read = CertificateDer::pem_file_iter(folder.join(name)).and_then(Iterator::collect);
        read.map_err(|error| unreadable(name, &error))
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(certificates("ca.crt")?);
    let key = PrivateKeyDer::from_pem_file(folder.join("tls.key")).map_err(|error| unreadable("tls.key", &error))?;
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS for the HTTP client: {error}"))?
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates("tls.crt")?, key)
        .map_err(|error| unreadable("tls.crt", &error))?;
    build(Client::builder().tls_backend_preconfigured(tls))
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .build()
        .map_err(|error| format!("the HTTP client cannot be made: {}", innermost(&error)))
}

/// The whole body, or none where it is longer than `max_bytes`. Whatever ends it early is the server's doing: the way to
/// it was there.
async fn body(mut response: Response, max_bytes: usize) -> Result<Option<Vec<u8>>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Fault::Broken)? {
        if body.len() + chunk.len() > max_bytes {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn bears(body: &[u8], mark: &Mark) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return false };
    fields.get(&mark.field).and_then(Value::as_str) == Some(mark.value.as_str())
}

/// Why an answer with a status is no list of sandboxes.
enum NotAList {
    Status(u16),
    Body(&'static str),
}

/// Why there is no answer.
enum Fault {
    /// Nothing listens.
    Refused,
    /// The connection broke, or what came is not HTTP.
    Broken,
    /// Not all of it came in time.
    TimedOut,
    /// We could not ask: what goes on in the gateway does not show.
    NotVisible { what: String },
}

/// How the system says that the other end has gone away.
const BROKEN: [io::ErrorKind; 4] = [
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::UnexpectedEof,
];

impl Fault {
    fn of_io(error: &io::Error) -> Self {
        Self::of_kind(error.kind())
            .unwrap_or_else(|| Self::NotVisible { what: format!("the connection failed: {error}") })
    }

    /// What a kind of I/O error says of the gateway, if anything.
    fn of_kind(kind: io::ErrorKind) -> Option<Self> {
        if kind == io::ErrorKind::ConnectionRefused {
            Some(Self::Refused)
        } else if kind == io::ErrorKind::TimedOut {
            Some(Self::TimedOut)
        } else {
            BROKEN.contains(&kind).then_some(Self::Broken)
        }
    }

    /// By the types in the error's chain. What is not known to be the gateway's doing is not visible.
    fn of(error: &reqwest::Error) -> Self {
        for cause in chain(error) {
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls);
            }
        }
        for cause in chain(error) {
            if let Some(fault) = cause.downcast_ref::<io::Error>().and_then(|io| Self::of_kind(io.kind())) {
                return fault;
            }
            if let Some(http) = cause.downcast_ref::<hyper::Error>()
                && (http.is_parse() || http.is_incomplete_message() || http.is_closed() || http.is_canceled())
            {
                return Self::Broken;
            }
        }
        Self::NotVisible { what: format!("the connection failed: {}", innermost(error)) }
    }

    /// A server that speaks TLS and is refused, or refuses us, may be well: only what is no TLS counts as no answer.
    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::Error as Tls;
        let is_no_tls = matches!(
            error,
            Tls::InvalidMessage(_)
                | Tls::InappropriateMessage { .. }
                | Tls::InappropriateHandshakeMessage { .. }
                | Tls::DecryptError
                | Tls::PeerMisbehaved(_)
                | Tls::PeerSentOversizedRecord
        );
        if is_no_tls {
            return Self::Broken;
        }
        let is_about_dates = matches!(
            error,
            Tls::InvalidCertificate(
                CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. }
            )
        );
        let what = if is_about_dates {
            format!("its certificate does not hold at this machine's date ({error})")
        } else if matches!(error, Tls::InvalidCertificate(_)) {
            format!("its certificate is not trusted here ({error})")
        } else if matches!(error, Tls::AlertReceived(AlertDescription::CertificateRequired)) {
            "it asks for a client certificate".to_owned()
        } else {
            format!("TLS does not come about with it ({error})")
        };
        Self::NotVisible { what }
    }
}

/// The error and its causes. An `io::Error` that wraps another error shows that one's causes and hides itself, so what
/// it wraps comes in its place.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| {
        let cause: &'a (dyn Error + 'static) = *cause;
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| cause.source())
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

#[cfg(test)]
mod tests;
