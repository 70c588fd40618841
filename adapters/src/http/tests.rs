//! Each class of answer, from a small server of its own that answers once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

const PLENTY: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

/// A server on a free port that treats its first connection as told, and then ends.
fn server(scheme: Scheme, treat: impl FnOnce(TcpStream) + Send + 'static) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || treat(listener.accept().unwrap().0));
    Endpoint { scheme, host_ip: "127.0.0.1".to_owned(), port }
}

/// Reads the request and answers with these bytes.
fn answering(answer: impl Into<Vec<u8>>) -> Endpoint {
    let answer = answer.into();
    server(Scheme::Http, move |mut stream| {
        read_request(&mut stream);
        // A client that has seen enough closes before all is written.
        let _ = stream.write_all(&answer);
    })
}

/// Reads the request, sends a part of an answer, and then nothing until the client goes away.
fn hanging_after(part: &'static str) -> Endpoint {
    server(Scheme::Http, move |mut stream| {
        read_request(&mut stream);
        stream.write_all(part.as_bytes()).unwrap();
        let _ = stream.read(&mut [0; 1]);
    })
}

/// A port where nobody listens, nor will while the connection that uses it is held.
fn refusing() -> ([TcpStream; 2], Endpoint) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = client.local_addr().unwrap().port();
    let endpoint = Endpoint { scheme: Scheme::Http, host_ip: "0.0.0.0".to_owned(), port };
    ([client, listener.accept().unwrap().0], endpoint)
}

fn read_request(stream: &mut impl Read) -> String {
    let (mut request, mut byte) = (Vec::new(), [0; 1]);
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        request.extend_from_slice(&byte);
    }
    String::from_utf8(request).unwrap()
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn spec(mark: Option<(&str, &str)>) -> ReadinessSpec {
    let mark = mark.map(|(field, value)| Mark { field: field.to_owned(), value: value.to_owned() });
    ReadinessSpec {
        scheme: Scheme::Http,
        asks: vec![Ask { path: "/healthz".to_owned(), statuses: vec![200, 204] }],
        mark,
        client_certificate: None,
    }
}

const MARK: Option<(&str, &str)> = Some(("service", "ours"));

fn probe(endpoint: &Endpoint, mark: Option<(&str, &str)>) -> Probe {
    Probe::Http { endpoint: endpoint.clone(), readiness: spec(mark) }
}

async fn readiness(endpoint: &Endpoint, mark: Option<(&str, &str)>, limit: Duration) -> Known<Readiness> {
    Prober::new(None).readiness(&probe(endpoint, mark), limit).await
}

#[tokio::test]
async fn an_accepted_status_is_ready_and_its_mark_is_looked_for() {
    let marked = http("200 OK", r#"{"service":"ours","more":[1]}"#);
    let cases = [
        (marked.clone(), MARK, Readiness::Ready { marked: true }),
        (marked.clone(), None, Readiness::Ready { marked: false }),
        (http("204 No Content", ""), None, Readiness::Ready { marked: false }),
        (http("200 OK", r#"{"service":"theirs"}"#), MARK, Readiness::NotReady { status: 200 }),
        (http("200 OK", r#"{"inner":{"service":"ours"}}"#), MARK, Readiness::NotReady { status: 200 }),
        (http("200 OK", r#"["service","ours"]"#), MARK, Readiness::NotReady { status: 200 }),
        (http("200 OK", r#"{"service":"ours""#), MARK, Readiness::NotReady { status: 200 }),
        (http("200 OK", ""), MARK, Readiness::NotReady { status: 200 }),
        (http("503 Service Unavailable", r#"{"service":"ours"}"#), MARK, Readiness::NotReady { status: 503 }),
        (http("404 Not Found", ""), MARK, Readiness::NotReady { status: 404 }),
        (
            "HTTP/1.1 302 Found\r\nLocation: /ready\r\nContent-Length: 0\r\n\r\n".to_owned(),
            None,
            Readiness::NotReady { status: 302 },
        ),
    ];
    for (answer, mark, expected) in cases {
        assert_eq!(readiness(&answering(answer.clone()), mark, PLENTY).await, Known::Known(expected), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_ready() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{{\"service\":\"ours\",\"x\":\"{}\"}}", "x".repeat(1 << 20));
    let seen = readiness(&answering(endless), MARK, PLENTY).await;
    assert_eq!(seen, Known::Known(Readiness::NotReady { status: 200 }));
}

#[tokio::test]
async fn nobody_and_nothing_of_use_is_unreachable() {
    let closed = server(Scheme::Http, |mut stream| {
        read_request(&mut stream);
    });
    let reset = server(Scheme::Http, drop);
    let (_held, refused) = refusing();
    for (what, endpoint) in [
        ("refused", refused),
        ("closed", closed),
        ("reset", reset),
        ("garbage", answering("SSH-2.0-OpenSSH_9.9\r\n")),
        ("binary garbage", answering(vec![0x15, 0x03, 0x01, 0xff, 0x00, 0x0a])),
        ("endless head", answering(format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20)))),
        ("half a body", answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"service\":")),
        ("half a chunk", answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"serv")),
        ("bad chunk", answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
    ] {
        assert_eq!(readiness(&endpoint, MARK, PLENTY).await, Known::Known(Readiness::Unreachable), "{what}");
    }
    for part in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"service\":"] {
        let seen = readiness(&hanging_after(part), MARK, SHORT).await;
        assert_eq!(seen, Known::Known(Readiness::Unreachable), "{part}");
    }
}

#[tokio::test]
async fn what_is_asked_is_the_path_at_the_port() {
    let (tell, told) = std::sync::mpsc::channel();
    let endpoint = server(Scheme::Http, move |mut stream| {
        tell.send(read_request(&mut stream)).unwrap();
    });
    readiness(&endpoint, None, PLENTY).await;
    let request = told.recv().unwrap();
    assert!(request.starts_with("GET /healthz HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("127.0.0.1:{}", endpoint.port)), "{request}");
}

/// A server that speaks TLS with one of the certificates made for these tests.
fn https(certificate: &'static str, wants_client_certificate: bool) -> Endpoint {
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/key.pem")).unwrap();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = if wants_client_certificate {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    server(Scheme::Https, move |mut stream| {
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        // Ends with the error that the test is about.
        while connection.complete_io(&mut stream).is_ok_and(|(read, _)| read > 0) {}
    })
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_here_makes_readiness_unknown() {
    for (certificate, says) in [
        (include_str!("fixtures/expired.pem"), "does not hold at this machine's date"),
        (include_str!("fixtures/early.pem"), "does not hold at this machine's date"),
        (include_str!("fixtures/untrusted.pem"), "not trusted here"),
    ] {
        let what = not_visible(readiness(&https(certificate, false), None, PLENTY).await);
        assert!(what.contains(says), "{what}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_unreachable_over_https() {
    let endpoint = Endpoint { scheme: Scheme::Https, ..answering(http("400 Bad Request", "")) };
    assert_eq!(readiness(&endpoint, None, SHORT).await, Known::Known(Readiness::Unreachable));
}

#[tokio::test]
async fn a_server_that_refuses_us_for_want_of_a_client_certificate_is_unknown() {
    let certificate = include_str!("fixtures/untrusted.pem");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let prober = Prober::new(None);
    prober.https.set(build(Client::builder().tls_backend_preconfigured(tls))).unwrap();
    let seen = prober.readiness(&probe(&https(certificate, true), None), PLENTY).await;
    assert_eq!(not_visible(seen), "it asks for a client certificate");
}

#[tokio::test]
async fn a_remote_port_is_asked_where_it_can_be_reached() {
    let prober = Prober::new(Some("127.0.0.1".to_owned()));
    for loopback in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let endpoint = Endpoint { scheme: Scheme::Http, host_ip: loopback.to_owned(), port: 1 };
        let what = not_visible(prober.readiness(&probe(&endpoint, None), PLENTY).await);
        assert!(what.contains("remote host"), "{what}");
        assert_eq!(not_visible(prober.sandboxes(&endpoint, "/sandboxes", PLENTY).await), what);
    }
    for any in ["0.0.0.0", "::", ""] {
        let endpoint = Endpoint { host_ip: any.to_owned(), ..answering(http("200 OK", "")) };
        let seen = prober.readiness(&probe(&endpoint, None), PLENTY).await;
        assert_eq!(seen, Known::Known(Readiness::Ready { marked: false }), "{any}");
    }
    let silent = Endpoint { host_ip: "0.0.0.0".to_owned(), ..hanging_after("") };
    assert!(matches!(prober.readiness(&probe(&silent, None), SHORT).await, Known::Unknown(Why::TimedOut { .. })));
}

#[test]
fn only_a_remote_port_bound_to_any_address_is_reached_under_the_hosts_name() {
    let at = |host_ip: &str| Endpoint { scheme: Scheme::Http, host_ip: host_ip.to_owned(), port: 1 };
    for any in ["0.0.0.0", "::", ""] {
        assert_eq!(reached(Some("far"), at(any)), at("far"), "{any}");
        assert_eq!(reached(None, at(any)), at(any), "{any}");
    }
    for one in ["127.0.0.1", "10.0.0.1"] {
        assert_eq!(reached(Some("far"), at(one)), at(one), "{one}");
    }
}

fn not_visible<T: std::fmt::Debug>(seen: Known<T>) -> String {
    let Known::Unknown(Why::NotVisible { what }) = seen else { panic!("{seen:?}") };
    what
}

async fn sandboxes(endpoint: &Endpoint, limit: Duration) -> Known<BTreeSet<SandboxName>> {
    Prober::new(None).sandboxes(endpoint, "/sandboxes", limit).await
}

#[tokio::test]
async fn a_whole_list_of_sandboxes_is_known() {
    let names = |names: &[&str]| Known::Known(names.iter().map(|name| SandboxName::new(*name)).collect());
    assert_eq!(sandboxes(&answering(http("200 OK", r#"["b","a","b"]"#)), PLENTY).await, names(&["a", "b"]));
    assert_eq!(sandboxes(&answering(http("200 OK", "[]")), PLENTY).await, names(&[]));
}

#[tokio::test]
async fn anything_else_is_unknown_and_never_an_empty_list() {
    let too_long = http("200 OK", &format!("[{}\"a\"]", " ".repeat(SANDBOXES_BODY_MAX_BYTES)));
    for answer in [
        http("200 OK", ""),
        http("200 OK", "null"),
        http("200 OK", "{}"),
        http("200 OK", "[1]"),
        http("200 OK", r#"[""]"#),
        http("200 OK", r#"["a"] ["b"]"#),
        too_long,
    ] {
        let seen = sandboxes(&answering(answer.clone()), PLENTY).await;
        assert!(matches!(seen, Known::Unknown(Why::Malformed { .. })), "{answer:.80}: {seen:?}");
    }
    for (status, expected) in [("503 Service Unavailable", 503), ("204 No Content", 204), ("301 Moved", 301)] {
        let seen = sandboxes(&answering(http(status, "")), PLENTY).await;
        assert!(matches!(seen, Known::Unknown(Why::BadStatus { status, .. }) if status == expected), "{seen:?}");
    }
    let cut_off = answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[\"a\"]");
    assert!(matches!(sandboxes(&cut_off, PLENTY).await, Known::Unknown(Why::ConnectionLost { .. })));
    assert!(matches!(sandboxes(&hanging_after(""), SHORT).await, Known::Unknown(Why::TimedOut { .. })));
    let (_held, refused) = refusing();
    assert!(matches!(sandboxes(&refused, PLENTY).await, Known::Unknown(Why::NotListening { .. })));
}
