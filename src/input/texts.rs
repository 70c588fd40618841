//! The texts behind single flags: numbers, times, names. Each is taken whole or refused where it is wrong.

use std::ops::Range;
use std::time::Duration;

use humantime::DurationError;

use crate::bad_input::BadInput;

/// The longest time limit: a week. Whoever types more has mistyped it.
const TIMEOUT_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest label of a host name (RFC 1123).
const LABEL_MAX_BYTES: usize = 63;

/// A port of this machine.
pub fn port(text: &str) -> Result<u16, BadInput> {
    let bad = || BadInput::flag("--port", text, whole(text), "a port is a number from 1 to 65535");
    text.parse().ok().filter(|port| *port != 0).ok_or_else(bad)
}

/// A number of lines.
pub fn lines(text: &str) -> Result<u32, BadInput> {
    text.parse().map_err(|_| BadInput::flag("--tail", text, whole(text), "a number of lines is expected"))
}

/// A node name: a label of a host name.
pub fn node_name(text: &str) -> Result<String, BadInput> {
    let bad = |at: Range<usize>, problem: &str| BadInput::flag("--node-name", text, at, problem);
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if let Some((at, _)) = text.char_indices().find(|(_, c)| !is_inner(*c)) {
        return Err(bad(character(text, at), "a node name has letters, digits and dashes only"));
    }
    if text.is_empty() || text.len() > LABEL_MAX_BYTES {
        return Err(bad(whole(text), "a node name has 1 to 63 characters"));
    }
    if text.starts_with('-') {
        return Err(bad(0..1, "a node name begins with a letter or a digit"));
    }
    if text.ends_with('-') {
        return Err(bad(text.len() - 1..text.len(), "a node name ends with a letter or a digit"));
    }
    Ok(text.to_owned())
}

/// A time limit.
pub fn duration(text: &str) -> Result<Duration, BadInput> {
    let bad = |at: Range<usize>, problem: &str| BadInput::flag("--timeout", text, at, problem);
    let time = humantime::parse_duration(text).map_err(|error| match error {
        DurationError::InvalidCharacter(at) => bad(character(text, at), "a time is a number and a unit: `90s`, `5m`"),
        DurationError::NumberExpected(at) => bad(character(text, at), "a number is expected here"),
        DurationError::UnknownUnit { unit, .. } if unit.is_empty() => {
            bad(whole(text), "a time is a number and a unit: `90s`, `5m`")
        }
        DurationError::UnknownUnit { start, end, .. } => bad(start..end, "the units are `ms`, `s`, `m` and `h`"),
        DurationError::NumberOverflow => bad(whole(text), "this is longer than any time"),
        DurationError::Empty => bad(whole(text), "a time is a number and a unit: `90s`, `5m`"),
    })?;
    if time.is_zero() {
        return Err(bad(whole(text), "no time at all is too short to look"));
    }
    if time > TIMEOUT_MAX { Err(bad(whole(text), "the longest time limit is 7 days")) } else { Ok(time) }
}

/// All of a text.
pub fn whole(text: &str) -> Range<usize> {
    0..text.len()
}

/// The character that begins at that byte.
fn character(text: &str, at: usize) -> Range<usize> {
    at..at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}

/// The path of a container's own file system, or one under the home folder of its process.
pub fn carried(text: &str) -> Result<String, BadInput> {
    let below = text.strip_prefix("~/").map_or(text, |_| &text[1..]);
    let is_clean =
        below.starts_with('/') && below.len() > 1 && below[1..].split('/').all(|part| !matches!(part, "" | "." | ".."));
    if is_clean && !text.contains('\0') {
        return Ok(text.to_owned());
    }
    let problem = "it is no path in the container that begins with `/` or `~/`, without empty, `.` or `..` parts";
    Err(BadInput::flag("--carry", text, whole(text), problem))
}
