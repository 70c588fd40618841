//! Images: have one at hand, from a registry or from a tar of our own. Absent on purpose: a limit on the whole of a pull,
//! which may take as long as it moves; looking whether the image is there already; removing any.

use std::time::{Duration, Instant};

use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::{CreateImageInfo, ImageInspect, SystemVersion};
use bollard::query_parameters::{CreateImageOptions, CreateImageOptionsBuilder};
use bytes::Bytes;
use engine::{Failure, ImageRef, Why};
use futures_util::{Stream, StreamExt, stream};
use hyper::Method;

use super::client::Daemon;
use super::credentials::Credentials;
use super::pull::{PullProgress, Pulled};

/// How long the daemon may take to say what it is, or that an image is there.
const ASK_LIMIT: Duration = Duration::from_secs(10);

const CREATE: &str = "POST /images/create";

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
        let options = CreateImageOptionsBuilder::default().from_image(reference.repository()).tag(tag).build();
        let pulled = self.create_image(reference, options, None, found.credentials, tell).await;
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
        let options = CreateImageOptionsBuilder::default().from_src("-").repo(reference.repository()).tag(tag).build();
        self.create_image(reference, options, Some(tar), None, &|_| {}).await
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
        options: CreateImageOptions,
        body: Option<Bytes>,
        credentials: Option<DockerCredentials>,
        tell: &dyn Fn(PullProgress),
    ) -> Result<(), Failure> {
        let body = body.map(|body| bollard::body_stream(stream::once(async { body })));
        self.follow(self.docker().create_image(Some(options), body, credentials), tell).await?;
        // The stream ends well also where it was cut off between two lines: only the image itself shows that it is there.
        let call = format!("GET /images/{reference}/json");
        let path = format!("/images/{reference}/json");
        match self.ask(&call, ASK_LIMIT, self.send::<ImageInspect>(Method::GET, &path, None)).await {
            Ok(_) => Ok(()),
            Err(super::NoResult::NotFound { .. }) => {
                let what = format!("`{CREATE}` ended well, and there is no image `{reference}`");
                Err(Failure::Unknown { why: Why::Contradiction { what } })
            }
            Err(no) => Err(no.into()),
        }
    }

    /// Reads the progress to its end, as long as it moves.
    async fn follow(
        &self,
        progress: impl Stream<Item = Result<CreateImageInfo, Error>>,
        tell: &dyn Fn(PullProgress),
    ) -> Result<(), Failure> {
        let mut progress = std::pin::pin!(progress);
        let mut pulled = Pulled::default();
        let mut moved = Instant::now();
        loop {
            let step = async {
                match progress.next().await.transpose() {
                    // The daemon says in its progress what went wrong after it had begun to answer.
                    Err(Error::DockerStreamError { error }) => Ok(Err((None, error))),
                    // Elsewhere these are no answers; here they are the registry's own, which Docker hands on.
                    Err(Error::DockerResponseServerError { status_code: status @ (401 | 429), message }) => {
                        Ok(Err((Some(status), message)))
                    }
                    step => step.map(Ok),
                }
            };
            let left = pulled.limit().saturating_sub(moved.elapsed());
            match self.ask_to(CREATE, left, step).await.map_err(Failure::from)? {
                Ok(Some(line)) => {
                    if pulled.note(&line) {
                        moved = Instant::now();
                        tell(pulled.progress());
                    }
                }
                Ok(None) => return Ok(()),
                Err((status, message)) => return Err(Failure::Rejected { status, message }),
            }
        }
    }
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
