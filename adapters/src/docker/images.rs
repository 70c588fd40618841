//! Images: have one at hand, from a registry or from a tar of our own. Absent on purpose: a limit on the whole of a pull,
//! which may take as long as it moves; looking whether the image is there already; removing any.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use bollard::auth::DockerCredentials;
use bollard::body_full;
use bollard::errors::Error;
use bollard::models::{CreateImageInfo, ImageInspect, SystemVersion};
use bytes::Bytes;
use engine::{Failure, ImageRef, Why};
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

use super::client::Daemon;
use super::credentials::Credentials;
use super::pull::{PullProgress, Pulled};
use super::streamed::Lines;

/// How long the daemon may take to say what it is, or that an image is there.
const ASK_LIMIT: Duration = Duration::from_secs(10);

const CREATE: &str = "POST /images/create";

/// The header with the credentials for a registry.
const CREDENTIALS: HeaderName = HeaderName::from_static("x-registry-auth");

impl Daemon {
    /// Pulls an image from the registry that its reference names, with the credentials that are kept for it, and tells
    /// how far that has come.
    ///
    /// # Errors
    /// What the daemon or the registry said, and why there were no credentials if they could not be had; or that
    /// nothing more came.
    pub(crate) async fn pull(
        &self,
        reference: &ImageRef,
        credentials: &Credentials,
        tell: &dyn Fn(PullProgress),
    ) -> Result<(), Failure> {
        // A digest says it all, and without a tag Docker would pull all of them.
        let tag = match (digest_of(reference), tag_of(reference)) {
            (Some(digest), _) => digest,
            (None, Some(tag)) => tag,
            (None, None) => "latest",
        };
        let found = credentials.of(reference).await;
        let from = query(&[("fromImage", reference.repository()), ("tag", tag)]);
        let pulled = self.create_image(reference, &from, Bytes::new(), found.credentials, tell).await;
        pulled.map_err(|failure| match (failure, found.problem) {
            (Failure::Rejected { status, message }, Some(problem)) => {
                let message = format!("{message}; asked without credentials, since {problem}");
                Failure::Rejected { status, message }
            }
            (failure, _) => failure,
        })
    }

    /// Imports a tar as an image of one layer under this reference.
    ///
    /// # Errors
    /// What the daemon said, or that nothing more came. A digest cannot be asked for: the daemon makes it.
    pub(crate) async fn import(&self, reference: &ImageRef, tar: Bytes) -> Result<(), Failure> {
        if digest_of(reference).is_some() {
            let message = format!("`{reference}` names a digest, which an image packed here cannot be given");
            return Err(Failure::Rejected { status: None, message });
        }
        let tag = tag_of(reference).unwrap_or("latest");
        let from = query(&[("fromSrc", "-"), ("repo", reference.repository()), ("tag", tag)]);
        self.create_image(reference, &from, tar, None, &|_| {}).await
    }

    /// The operating system and the architecture that the daemon runs containers for, in Go's words.
    ///
    /// # Errors
    /// That it did not say so.
    pub(crate) async fn platform(&self) -> Result<(String, String), Failure> {
        const CALL: &str = "GET /version";
        let version = self.send::<SystemVersion>(Method::GET, "/version", None);
        let version = self.ask(CALL, ASK_LIMIT, version).await.map_err(Failure::from)?;
        let lacks =
            |what: &str| Failure::Unknown { why: Why::Malformed { call: CALL.to_owned(), what: what.to_owned() } };
        let os = version.os.filter(|os| !os.is_empty()).ok_or_else(|| lacks("Os"))?;
        let architecture = version.arch.filter(|arch| !arch.is_empty()).ok_or_else(|| lacks("Arch"))?;
        Ok((os, architecture))
    }

    async fn create_image(
        &self,
        reference: &ImageRef,
        query: &str,
        body: Bytes,
        credentials: Option<DockerCredentials>,
        tell: &dyn Fn(PullProgress),
    ) -> Result<(), Failure> {
        let mut request = self.request(Method::POST, &format!("/images/create?{query}"));
        if let Some(shown) = credentials.as_ref().and_then(shown) {
            request = request.header(CREDENTIALS, shown);
        }
        let opening = async { Ok(Lines::of(self.open(request.body(body_full(body))?).await?)) };
        self.follow(opening, tell).await?;
        // The stream ends well also where it was cut off between two lines: only the image itself shows that it is there.
        let call = format!("GET /images/{reference}/json");
        let path = format!("/images/{reference}/json");
        match self.ask(&call, ASK_LIMIT, self.send::<ImageInspect>(Method::GET, &path, None)).await {
            Ok(_) => Ok(()),
            Err(super::NoResult::NotFound { .. }) => {
                let what = format!("`{CREATE}` ended well, and there is no image `{reference}`");
                Err(Failure::Unknown { why: Why::Contradiction { what } })
            }
            // A "no" to the question is none to the act, which is done or is not.
            Err(no) => Err(Failure::Unknown { why: no.into_why(&call) }),
        }
    }

    /// Reads the progress to its end, as long as it moves.
    async fn follow(
        &self,
        opening: impl Future<Output = Result<Lines, Error>>,
        tell: &dyn Fn(PullProgress),
    ) -> Result<(), Failure> {
        let mut pulled = Pulled::default();
        let mut moved = Instant::now();
        let opening = async {
            match opening.await {
                // Elsewhere these are no answers; here they are the registry's own, which Docker hands on.
                Err(Error::DockerResponseServerError { status_code: status @ (401 | 429), message }) => {
                    Ok(Err(Failure::Rejected { status: Some(status), message }))
                }
                opened => opened.map(Ok),
            }
        };
        let mut lines = self.ask_to(CREATE, pulled.limit(), opening).await??;
        loop {
            let left = pulled.limit().saturating_sub(moved.elapsed());
            let Some(line) = self.ask_to(CREATE, left, lines.next::<CreateImageInfo>()).await? else { return Ok(()) };
            // The daemon says in its progress what went wrong after it had begun to answer.
            if let Some(message) = line.error_detail.as_ref().and_then(|error| error.message.clone()) {
                return Err(Failure::Rejected { status: None, message });
            }
            if pulled.note(&line) {
                moved = Instant::now();
                tell(pulled.progress());
            }
        }
    }
}

/// A query of these parts, which may hold any character.
pub(super) fn query(parts: &[(&str, &str)]) -> String {
    let encoded = |value: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let one = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        value.bytes().map(one).collect()
    };
    parts.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

/// Credentials as Docker reads them: in the alphabet of URLs, all else being none to it
/// (moby `daemon/server/router/image/image_routes.go`). Whatever prints headers leaves them out.
fn shown(credentials: &DockerCredentials) -> Option<HeaderValue> {
    let text = serde_json::to_vec(credentials).ok()?;
    let mut shown = HeaderValue::try_from(BASE64_URL_SAFE.encode(text)).ok()?;
    shown.set_sensitive(true);
    Some(shown)
}

/// The digest in a reference.
fn digest_of(reference: &ImageRef) -> Option<&str> {
    reference.as_str().split_once('@').map(|(_, digest)| digest)
}

/// The tag in a reference, also where a digest follows it.
fn tag_of(reference: &ImageRef) -> Option<&str> {
    let rest = reference.as_str()[reference.repository().len()..].strip_prefix(':')?;
    rest.split('@').next()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    use crate::docker::Address;

    use super::*;

    /// A pull from a daemon that gives this answer and ends.
    async fn pull(status: u16, body: &str) -> Result<(), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
        let answer = format!("{head}Api-Version: 1.41\r\nContent-Type: application/json\r\n\r\n{body}");
        let serving = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let daemon = Daemon::new(Address::Unix { path }).unwrap();
        let pulled = daemon.pull(&ImageRef::new("one.example/a"), &Credentials::default(), &|_| {}).await;
        serving.join().unwrap();
        pulled
    }

    #[tokio::test]
    async fn what_the_registry_said_is_an_answer_before_and_after_the_stream_began() {
        let rejected = |status| Err(Failure::Rejected { status, message: "no".to_owned() });
        for status in [401, 403, 404, 429, 500] {
            assert_eq!(pull(status, r#"{"message":"no"}"#).await, rejected(Some(status)));
        }
        let stream =
            "{\"status\":\"Downloading\",\"id\":\"a\"}\n{\"errorDetail\":{\"message\":\"no\"},\"error\":\"no\"}\n";
        assert_eq!(pull(200, stream).await, rejected(None));
        assert!(matches!(pull(503, r#"{"message":"no"}"#).await, Err(Failure::Unknown { .. })));
    }

    #[test]
    fn credentials_are_written_in_the_alphabet_of_urls_and_not_printed() {
        let password = Some("\u{ff}\u{ff}?>~".repeat(8));
        let header = shown(&DockerCredentials { password, ..Default::default() }).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.contains('-') && text.contains('_'), "{text}");
        assert!(!text.contains(['+', '/']), "{text}");
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn a_query_holds_any_character() {
        assert_eq!(query(&[("repo", "h:1/ä b"), ("tag", "1&x")]), "repo=h%3A1%2F%C3%A4%20b&tag=1%26x");
    }

    #[test]
    fn tag_and_digest_are_the_references_own() {
        for (reference, tag, digest) in [
            ("a:1", Some("1"), None),
            ("a", None, None),
            ("localhost:5000/a", None, None),
            ("h:1/a/b:2", Some("2"), None),
            ("h:1/a@sha256:00", None, Some("sha256:00")),
            ("a:1@sha256:00", Some("1"), Some("sha256:00")),
        ] {
            let reference = ImageRef::new(reference);
            assert_eq!((tag_of(&reference), digest_of(&reference)), (tag, digest), "{reference}");
        }
    }
}
