//! Images: have one at hand, from a registry or from a tar of our own. Absent on purpose: a limit on the whole of a pull,
//! which may take as long as it moves; looking whether the image is there already; removing any.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::{CreateImageOptions, CreateImageOptionsBuilder};
use bytes::Bytes;
use engine::{Failure, ImageRef, Why};
use futures_util::{Stream, StreamExt, stream};

use super::client::Daemon;

/// How long a pull or an import may stand still.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// How long the daemon may take to say what it is, or that an image is there.
const ASK_LIMIT: Duration = Duration::from_secs(10);

const CREATE: &str = "POST /images/create";

impl Daemon {
    /// Pulls an image from the registry that its reference names.
    ///
    /// # Errors
    /// What the daemon or the registry said, or that nothing more came.
    pub(crate) async fn pull(&self, reference: &ImageRef) -> Result<(), Failure> {
        // Without a tag Docker would pull all of them.
        let tag = if tag_of(reference).is_empty() { "latest" } else { "" };
        let options = CreateImageOptionsBuilder::default().from_image(reference.as_str()).tag(tag).build();
        self.create_image(reference, options, None).await
    }

    /// Imports a tar as an image of one layer under this reference.
    ///
    /// # Errors
    /// What the daemon said, or that nothing more came. A digest cannot be asked for: the daemon makes it.
    pub(crate) async fn import(&self, reference: &ImageRef, tar: Bytes) -> Result<(), Failure> {
        let tag = match tag_of(reference) {
            "" => "latest",
            tag if tag.starts_with('@') || tag.contains("@sha256:") => {
                let message = format!("`{reference}` names a digest, which an image packed here cannot be given");
                return Err(Failure::Rejected { status: None, message });
            }
            tag => tag,
        };
        let options = CreateImageOptionsBuilder::default().from_src("-").repo(reference.repository()).tag(tag).build();
        self.create_image(reference, options, Some(tar)).await
    }

    /// The operating system and the architecture that the daemon runs containers for, in Go's words.
    ///
    /// # Errors
    /// That it did not say so.
    pub(crate) async fn platform(&self) -> Result<(String, String), Failure> {
        const CALL: &str = "GET /version";
        let version = self.ask(CALL, ASK_LIMIT, self.docker().version()).await.map_err(Failure::from)?;
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
    ) -> Result<(), Failure> {
        let body = body.map(|body| bollard::body_stream(stream::once(async { body })));
        self.follow(self.docker().create_image(Some(options), body, None)).await?;
        // The stream ends well also where it was cut off between two lines: only the image itself shows that it is there.
        let call = format!("GET /images/{reference}/json");
        match self.ask(&call, ASK_LIMIT, self.docker().inspect_image(reference.as_str())).await {
            Ok(_) => Ok(()),
            Err(super::NoResult::NotFound { .. }) => {
                let what = format!("`{CREATE}` ended well, and there is no image `{reference}`");
                Err(Failure::Unknown { why: Why::Contradiction { what } })
            }
            Err(no) => Err(no.into()),
        }
    }

    /// Reads the progress to its end.
    async fn follow(&self, progress: impl Stream<Item = Result<CreateImageInfo, Error>>) -> Result<(), Failure> {
        let mut progress = std::pin::pin!(progress);
        loop {
            let step = async { progress.next().await.transpose() };
            let step = async {
                match step.await {
                    // The daemon says in its progress what went wrong after it had begun to answer.
                    Err(Error::DockerStreamError { error: message }) => Ok(Err(message)),
                    step => step.map(Ok),
                }
            };
            match self.ask_to(CREATE, IDLE_LIMIT, step).await.map_err(Failure::from)? {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(message) => return Err(Failure::Rejected { status: None, message }),
            }
        }
    }
}

/// What follows an image's name: a tag, a digest (with its `@`), or nothing.
fn tag_of(reference: &ImageRef) -> &str {
    let rest = &reference.as_str()[reference.repository().len()..];
    rest.strip_prefix(':').unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_the_references_own() {
        for (reference, expected) in [("a:1", "1"), ("a", ""), ("localhost:5000/a", ""), ("h:1/a/b:2", "2")] {
            assert_eq!(tag_of(&ImageRef::new(reference)), expected, "{reference}");
        }
    }
}
