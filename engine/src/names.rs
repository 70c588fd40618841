//! The names and identifiers of everything a run talks about, each its own type so that none is taken for another.
//! What a person types is parsed here and refused here; what Docker reports is taken as it is. Absent on purpose: any
//! matching by prefix or substring.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it was reported.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A container's name, without the slash that the API puts before it.
    ContainerName
);
name!(
    /// A container's 64-digit ID. Mutating commands name containers by nothing else.
    ContainerId
);
name!(
    /// A volume's name.
    VolumeName
);
name!(
    /// A network's name. Names of networks are not unique on a daemon.
    NetworkName
);
name!(
    /// A network's 64-digit ID.
    NetworkId
);
name!(
    /// An image's ID (`sha256:…`).
    ImageId
);
name!(
    /// A sandbox's name, as the gateway lists it.
    SandboxName
);
name!(
    /// A preset's name.
    PresetName
);
name!(
    /// One uninterrupted running of a container: opaque, and another one after every start. Docker's is its
    /// `State.StartedAt`.
    Instance
);

/// What is wrong with a text that a person typed as a name or a reference.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct BadInput {
    /// The offending text.
    pub text: String,
    /// Where in the text the problem lies, in bytes.
    pub at: std::ops::Range<usize>,
    /// What is wrong with it.
    pub problem: String,
}

impl BadInput {
    fn whole(text: &str, problem: impl Into<String>) -> Self {
        Self { text: text.to_owned(), at: 0..text.len(), problem: problem.into() }
    }

    fn character(text: &str, at: usize, problem: impl Into<String>) -> Self {
        let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        Self { text: text.to_owned(), at: at..end, problem: problem.into() }
    }
}

/// The ending of the name of a container that is to take a gateway's place.
pub const NEXT_ENDING: &str = "-next";

/// The ending of the name of the container that a next one replaces.
pub const PREVIOUS_ENDING: &str = "-previous";

/// The ending of the name of a container through which volumes are read.
pub const HELPER_ENDING: &str = "-nemoclaw-helper";

/// Endings that we give to containers; a gateway may not end in one, so that `prod` and the gateway `prod-next` can never be
/// taken for each other.
pub const RESERVED_ENDINGS: [&str; 3] = [NEXT_ENDING, PREVIOUS_ENDING, HELPER_ENDING];

/// The longest gateway name: with the longest preset prefix it still makes a host name of at most 63 characters.
pub const GATEWAY_NAME_MAX_BYTES: usize = 40;

/// The gateway that is meant where none is named.
pub const DEFAULT_GATEWAY: &str = "nemoclaw";

/// The gateway's name, as its owner types it: a letter or digit, then letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GatewayName(Arc<str>);

impl GatewayName {
    /// Checks a name that somebody typed.
    ///
    /// # Errors
    /// A name that Docker would refuse, that is too long, or that ends as the containers of a replacement do.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        check_docker_name(text)?;
        if text.len() > GATEWAY_NAME_MAX_BYTES {
            return Err(BadInput::whole(
                text,
                format!("a gateway's name has at most {GATEWAY_NAME_MAX_BYTES} characters"),
            ));
        }
        for ending in RESERVED_ENDINGS {
            if text.ends_with(ending) {
                return Err(BadInput {
                    text: text.to_owned(),
                    at: text.len() - ending.len()..text.len(),
                    problem: format!("`{ending}` is kept for containers of nemoclaw's own"),
                });
            }
        }
        Ok(Self(text.into()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the one that is meant where none is named.
    pub fn is_default(&self) -> bool {
        self.as_str() == DEFAULT_GATEWAY
    }
}

impl TryFrom<String> for GatewayName {
    type Error = BadInput;

    fn try_from(text: String) -> Result<Self, BadInput> {
        Self::parse(&text)
    }
}

impl From<GatewayName> for String {
    fn from(name: GatewayName) -> Self {
        name.0.to_string()
    }
}

impl fmt::Display for GatewayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Docker's rule for names of containers and volumes: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`
/// (moby `daemon/names/names.go`).
///
/// # Errors
/// The first character that breaks the rule, or a name of fewer than two characters.
pub fn check_docker_name(text: &str) -> Result<(), BadInput> {
    for (at, c) in text.char_indices() {
        let allowed = c.is_ascii_alphanumeric() || (at > 0 && matches!(c, '_' | '.' | '-'));
        if !allowed {
            let rule = "a name starts with a letter or digit and goes on with letters, digits, `-`, `_` and `.`";
            return Err(BadInput::character(text, at, rule));
        }
    }
    if text.len() < 2 {
        return Err(BadInput::whole(text, "a name has at least two characters"));
    }
    Ok(())
}

/// An image reference, such as `ghcr.io/nvidia/openshell/gateway:0.0.111`, `name@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageRef(Arc<str>);

impl ImageRef {
    /// Takes a reference as Docker reported it.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Checks a reference that somebody typed, by the grammar of `distribution/reference`.
    ///
    /// # Errors
    /// The first part that does not follow the grammar.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest {
            let hex = digest.strip_prefix("sha256:").unwrap_or("");
            if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                return Err(BadInput {
                    text: text.to_owned(),
                    at: rest.len()..text.len(),
                    problem: "a digest is `@sha256:` and 64 lower-case hexadecimal digits".to_owned(),
                });
            }
        }
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match rest[slash..].find(':') {
            Some(colon) => (&rest[..slash + colon], Some(slash + colon + 1)),
            None => (rest, None),
        };
        if let Some(at) = tag {
            check_tag(text, at, &rest[at..])?;
        }
        check_path(text, path)?;
        Ok(Self(text.into()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its tag; where it has none, the one that Docker takes for it.
    pub fn tag(&self) -> &str {
        let named = self.0.split('@').next().unwrap_or(&self.0);
        named[self.repository().len()..].strip_prefix(':').unwrap_or("latest")
    }

    /// The reference less its tag and digest: what a stranger's image does not share with a gateway's.
    pub fn repository(&self) -> &str {
        let rest = self.0.split('@').next().unwrap_or(&self.0);
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        match rest[slash..].find(':') {
            Some(colon) => &rest[..slash + colon],
            None => rest,
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_tag(text: &str, start: usize, tag: &str) -> Result<(), BadInput> {
    if tag.is_empty() || tag.len() > 128 {
        return Err(BadInput {
            text: text.to_owned(),
            at: start.saturating_sub(1)..start + tag.len(),
            problem: "a tag has 1 to 128 characters".to_owned(),
        });
    }
    for (at, c) in tag.char_indices() {
        if !(c.is_ascii_alphanumeric() || c == '_' || (at > 0 && matches!(c, '.' | '-'))) {
            let rule = "a tag is made of letters, digits, `_`, `.` and `-`";
            return Err(BadInput::character(text, start + at, rule));
        }
    }
    Ok(())
}

fn check_path(text: &str, path: &str) -> Result<(), BadInput> {
    if path.is_empty() {
        return Err(BadInput::whole(text, "an image reference starts with the image's name"));
    }
    let mut start = 0;
    for (index, part) in path.split('/').enumerate() {
        let is_host = index == 0 && path.contains('/') && (part.contains(['.', ':']) || part == "localhost");
        let allowed = |c: char| {
            c.is_ascii_lowercase()
                || c.is_ascii_digit()
                || matches!(c, '.' | '_' | '-')
                || (is_host && (c == ':' || c.is_ascii_uppercase()))
        };
        if part.is_empty() {
            return Err(BadInput {
                text: text.to_owned(),
                at: start..(start + 1).min(text.len()),
                problem: "a part of the image's name is empty".to_owned(),
            });
        }
        if let Some((at, _)) = part.char_indices().find(|(_, c)| !allowed(*c)) {
            let rule = "an image's name is made of lower-case letters, digits, `.`, `_`, `-` and `/`";
            return Err(BadInput::character(text, start + at, rule));
        }
        let edges = [part.chars().next(), part.chars().next_back()];
        if !is_host && edges.into_iter().flatten().any(|c| !c.is_ascii_alphanumeric()) {
            return Err(BadInput {
                text: text.to_owned(),
                at: start..start + part.len(),
                problem: "each part of an image's name starts and ends with a letter or digit".to_owned(),
            });
        }
        start += part.len() + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_gateways_that_could_be_mistaken_for_a_replacement_are_refused() {
        for good in ["nemoclaw", "prod-eu", "a.b_c", "next", "my-nextgen"] {
            assert_eq!(GatewayName::parse(good).map(|n| n.to_string()), Ok(good.to_owned()));
        }
        for bad in ["prod-next", "prod-previous", "", "a", "../etc", "a/b", "-a", "a b", "ä1", &"x".repeat(41)] {
            assert!(GatewayName::parse(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn the_offending_character_is_pointed_at() {
        assert_eq!(GatewayName::parse("my/gw").map_err(|bad| bad.at), Err(2..3));
        assert_eq!(ImageRef::parse("ghcr.io/Acme/x:1").map_err(|bad| bad.at), Err(8..9));
        assert_eq!(ImageRef::parse("x:a b").map_err(|bad| bad.at), Err(3..4));
    }

    #[test]
    fn image_references_follow_the_grammar() {
        let digest = format!("x@sha256:{}", "a".repeat(64));
        for good in ["x", "x:1", "a/b", "localhost:5000/a/b:t", "ghcr.io/nvidia/openshell/gateway:0.0.111", &digest] {
            assert!(ImageRef::parse(good).is_ok(), "{good} was refused");
        }
        for bad in ["", "x:", "/x", "x//y", "X", "x@sha256:1", "x:-a", "-x", "x y", "host:5000/"] {
            assert!(ImageRef::parse(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn the_repository_is_the_reference_less_tag_and_digest() {
        assert_eq!(ImageRef::new("localhost:5000/a/b:t").repository(), "localhost:5000/a/b");
        assert_eq!(ImageRef::new("localhost:5000/a/b").repository(), "localhost:5000/a/b");
        assert_eq!(ImageRef::new("x:1@sha256:00").repository(), "x");
        for (reference, tag) in [("localhost:5000/a/b:t", "t"), ("x:1@sha256:00", "1"), ("localhost:5000/a", "latest")]
        {
            assert_eq!(ImageRef::new(reference).tag(), tag);
        }
    }
}
