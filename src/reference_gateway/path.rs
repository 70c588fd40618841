//! Paths as clients send them, made safe for the file system or refused.
//!
//! A `Segment` is one plain file name and a `DataPath` a few of them below one of the two places, so that no text a
//! client can send leads anywhere else. Percent signs are decoded once and each segment by itself: what decodes to a
//! slash is refused, never split. Symbolic links are not looked at here; the store follows none.

use std::fmt;

/// What files that are still being received are called; no client may use such a name.
pub const INCOMING: &str = ".incoming-";

/// Bytes of one name: what Linux file systems take.
const MAX_SEGMENT: usize = 255;
/// Bytes of all names and the slashes between them.
const MAX_PATH: usize = 1024;
/// Names in one path; bounds the folders that one request can make.
const MAX_DEPTH: usize = 16;

/// Where the file that a client names lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPath {
    /// Which of the two folders.
    pub place: Place,
    /// The folders below it; they need not exist.
    pub folders: Vec<Segment>,
    /// The file's own name.
    pub name: Segment,
}

/// The two folders of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Files, in folders as the client likes.
    Workspace,
    /// One file a sandbox, without folders.
    Sandboxes,
}

impl DataPath {
    /// Reads what follows `/workspace/` in a request's path.
    ///
    /// # Errors
    ///
    /// Why the path is refused.
    pub fn workspace(encoded: &str) -> Result<Self, PathError> {
        Self::below(Place::Workspace, encoded, MAX_DEPTH)
    }

    /// Reads what follows `/sandboxes/` in a request's path.
    ///
    /// # Errors
    ///
    /// Why the name is refused.
    pub fn sandbox(encoded: &str) -> Result<Self, PathError> {
        Self::below(Place::Sandboxes, encoded, 1)
    }

    fn below(place: Place, encoded: &str, depth: usize) -> Result<Self, PathError> {
        if encoded.split('/').nth(depth).is_some() {
            return Err(PathError(format!("the path has more than {depth} names")));
        }
        let mut folders = encoded.split('/').map(Segment::decoded).collect::<Result<Vec<_>, _>>()?;
        if folders.iter().map(|segment| segment.0.len() + 1).sum::<usize>() > MAX_PATH + 1 {
            return Err(PathError(format!("the path has more than {MAX_PATH} bytes")));
        }
        match folders.pop() {
            Some(name) => Ok(Self { place, folders, name }),
            None => Err(PathError::empty()),
        }
    }
}

/// One file name: not empty, not `.` or `..`, without slash and control characters, at most 255 bytes of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment(String);

impl Segment {
    /// Takes a name as it is, without decoding.
    ///
    /// # Errors
    ///
    /// Why it is no such name.
    pub fn checked(name: &str) -> Result<Self, PathError> {
        if name.is_empty() {
            return Err(PathError::empty());
        }
        if name == "." || name == ".." {
            return Err(PathError(format!("`{name}` is not a name")));
        }
        if name.contains('/') || name.contains(char::is_control) {
            return Err(PathError(format!("`{}` holds a slash or a control character", name.escape_debug())));
        }
        if name.len() > MAX_SEGMENT {
            return Err(PathError(format!("a name has more than {MAX_SEGMENT} bytes")));
        }
        if name.starts_with(INCOMING) {
            return Err(PathError(format!("names that begin with `{INCOMING}` are the gateway's own")));
        }
        Ok(Self(name.to_owned()))
    }

    fn decoded(encoded: &str) -> Result<Self, PathError> {
        // Longer than this it is too long however it decodes; the bound keeps the error's text short, too.
        if encoded.len() > 3 * MAX_SEGMENT {
            return Err(PathError(format!("a name has more than {MAX_SEGMENT} bytes")));
        }
        Self::checked(&percent_decoded(encoded)?)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a path is refused, as a fragment for people.
#[derive(Debug)]
pub struct PathError(String);

impl PathError {
    fn empty() -> Self {
        Self("a name in the path is empty".to_owned())
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn percent_decoded(encoded: &str) -> Result<String, PathError> {
    let mut bytes = encoded.bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        match (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit)) {
            (Some(high), Some(low)) => decoded.push(high << 4 | low),
            _ => return Err(PathError("a `%` is not followed by two hex digits".to_owned())),
        }
    }
    String::from_utf8(decoded).map_err(|_| PathError("a name is not UTF-8".to_owned()))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn names(encoded: &str) -> Vec<String> {
        let path = DataPath::workspace(encoded).unwrap();
        path.folders.iter().chain([&path.name]).map(|segment| segment.as_str().to_owned()).collect()
    }

    #[test]
    fn plain_and_encoded_names_are_read() {
        assert_eq!(names("a/b.txt"), ["a", "b.txt"]);
        assert_eq!(names("caf%C3%A9/%7e%3F"), ["café", "~?"]);
        assert_eq!(names(".hidden/...")[1], "...");
        assert_eq!(names("back\\slash"), ["back\\slash"]);
    }

    #[test]
    fn a_name_is_decoded_once() {
        assert_eq!(names("%252e%252e"), ["%2e%2e"]);
        assert_eq!(names("a%252Fb"), ["a%2Fb"]);
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for encoded in [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            ".",
            "..",
            "a/../b",
            "%2e%2e",
            "%2E.",
            "a/%2e",
            "..%2f",
            "a%2Fb",
            "%2f",
            "a%00b",
            "a%0Ab",
            "%7F",
            "%C2%85",
            "%zz",
            "%4",
            "%",
            "%FF",
            "%+1",
            ".incoming-1",
            "%2Eincoming-1",
        ] {
            assert!(DataPath::workspace(encoded).is_err(), "{encoded:?} was taken");
        }
        assert!(DataPath::sandbox("a/b").is_err());
    }

    #[test]
    fn lengths_and_depth_are_bounded_at_the_byte() {
        let name = "n".repeat(MAX_SEGMENT);
        assert_eq!(names(&name), [name.as_str()]);
        assert!(DataPath::workspace(&format!("{name}n")).is_err());
        assert!(DataPath::workspace(&"é".repeat(128)).is_err());

        let full = [name.as_str(); 4].join("/");
        assert_eq!(full.len(), MAX_PATH - 1);
        assert_eq!(names(&full).len(), 4);
        let three = &full[..3 * 256];
        let exact = format!("{three}{}/b", "a".repeat(MAX_PATH - three.len() - 2));
        assert_eq!(exact.len(), MAX_PATH);
        assert!(DataPath::workspace(&exact).is_ok());
        assert!(DataPath::workspace(&format!("{exact}b")).is_err());

        assert_eq!(names(&["d"; MAX_DEPTH].join("/")).len(), MAX_DEPTH);
        assert!(DataPath::workspace(&["d"; MAX_DEPTH + 1].join("/")).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_a_few_plain_names(
            parts in vec(r"(\.|%2[eE]){1,3}|[a-z\\]{1,3}|(%[0-9a-fA-F]{2}|%25|[a-f]){1,4}|\PC{0,4}|\.incoming-[0-9]", 1..5)
        ) {
            let text = parts.join("/");
            for path in [DataPath::workspace(&text), DataPath::sandbox(&text)].into_iter().flatten() {
                prop_assert!(path.folders.len() < MAX_DEPTH);
                for name in path.folders.iter().chain([&path.name]).map(Segment::as_str) {
                    prop_assert!(!matches!(name, "" | "." | "..") && name.len() <= MAX_SEGMENT, "{name:?}");
                    prop_assert!(!name.contains('/') && !name.contains(char::is_control), "{name:?}");
                    prop_assert!(!name.starts_with(INCOMING), "{name:?}");
                }
            }
        }
    }
}
