//! The records of an extended header: what a plain tar header has no room for.
//! Absent on purpose: times of access, names of users, comments, which a restore has no use for. They stay in the
//! archive.

use std::collections::BTreeMap;

/// What stands before the name of an extended attribute (libarchive, star, Go).
const XATTR: &[u8] = b"SCHILY.xattr.";

/// What all records of sparse files begin with. Neither Docker nor Podman sends any.
const SPARSE: &[u8] = b"GNU.sparse.";

/// What was said of the entry that comes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Its name.
    pub path: Option<Vec<u8>>,
    /// What it leads to.
    pub link: Option<Vec<u8>>,
    /// The same from GNU's own form, which the records outrank.
    pub long_path: Option<Vec<u8>>,
    /// The same from GNU's own form.
    pub long_link: Option<Vec<u8>>,
    /// The size of its data.
    pub size: Option<u64>,
    /// Its owner.
    pub uid: Option<u64>,
    /// Its group.
    pub gid: Option<u64>,
    /// Its time, in whole seconds.
    pub mtime: Option<i64>,
    /// Its extended attributes.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Records {
    /// Adds those of one extended header. A later record outranks an earlier one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add(&mut self, mut text: &[u8]) -> Result<(), &'static str> {
        while !text.is_empty() {
            let (key, value, rest) = record(text).ok_or("an extended header is not made of records")?;
            self.note(key, value).ok_or("an extended header says what it cannot")?;
            text = rest;
        }
        Ok(())
    }

    /// A value that is left out takes the record back: the plain header counts again.
    fn note(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let given = (!value.is_empty()).then_some(value);
        match key {
            b"path" => self.path = given.map(<[u8]>::to_vec),
            b"linkpath" => self.link = given.map(<[u8]>::to_vec),
            b"size" => self.size = read(given, unsigned)?,
            b"uid" => self.uid = read(given, unsigned)?,
            b"gid" => self.gid = read(given, unsigned)?,
            b"mtime" => self.mtime = read(given, seconds)?,
            _ if key.starts_with(SPARSE) => return None,
            _ => {
                if let Some(name) = key.strip_prefix(XATTR) {
                    self.xattrs.insert(name.to_vec(), value.to_vec());
                }
            }
        }
        Some(())
    }
}

/// What a value says, where there is one; none of all where it cannot be read.
fn read<T>(given: Option<&[u8]>, parse: impl Fn(&[u8]) -> Option<T>) -> Option<Option<T>> {
    given.map_or(Some(None), |value| parse(value).map(Some))
}

/// The first record, as `length key=value` and a line feed, the length being that of all of it; and what follows.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(unsigned(&text[..space])?).ok()?;
    let said = text.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = said.iter().position(|byte| *byte == b'=')?;
    Some((&said[..equals], &said[equals + 1..], &text[length..]))
}

fn unsigned(digits: &[u8]) -> Option<u64> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| all)?.parse().ok()
}

/// The whole seconds of a time, which may have a sign and a fraction, rounded down.
fn seconds(value: &[u8]) -> Option<i64> {
    let (negative, value) = value.strip_prefix(b"-").map_or((false, value), |value| (true, value));
    let mut parts = value.splitn(2, |byte| *byte == b'.');
    let whole = i64::try_from(unsigned(parts.next()?)?).ok()?;
    let fraction = parts.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let below = negative && fraction.iter().any(|digit| *digit != b'0');
    if negative { whole.checked_neg()?.checked_sub(i64::from(below)) } else { Some(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &[u8]) -> Result<Records, &'static str> {
        let mut records = Records::default();
        records.add(text).map(|()| records)
    }

    #[test]
    fn records_hold_any_bytes_and_the_last_of_a_kind_counts() {
        let text = b"9 path=a\n12 path=\xff\n=\n\
            31 SCHILY.xattr.user.x=a\0=\nb c\n11 size=12\n15 mtime=-1.50\n";
        let records = read_all(text);
        let expected = Records {
            path: Some(b"\xff\n=".to_vec()),
            size: Some(12),
            mtime: Some(-2),
            xattrs: BTreeMap::from([(b"user.x".to_vec(), b"a\0=\nb c".to_vec())]),
            ..Records::default()
        };
        assert_eq!(records, Ok(expected));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in [
            b"".as_slice(),
            b"x",
            b"5 a=b",
            b"6 a=bc",
            b"99 a=b\n",
            b"0 \n",
            b"2 \n",
            b" a=b\n",
            b"-6 a=b\n",
            b"99999999999999999999 a=b\n",
            b"10 size=-1\n",
            b"11 mtime=x\n",
            b"22 GNU.sparse.major=1\n",
        ] {
            assert_eq!(read_all(text).is_ok(), text.is_empty(), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn times_are_rounded_down() {
        for (text, value) in
            [("5", Some(5)), ("5.9", Some(5)), ("-5", Some(-5)), ("-5.0", Some(-5)), ("-5.1", Some(-6))]
        {
            assert_eq!(seconds(text.as_bytes()), value, "{text}");
        }
        for text in ["", "-", "+5", "5.x", "5.1.2", " 5", "99999999999999999999"] {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}
