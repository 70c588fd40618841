//! One header block of a tar stream, and the entry that it makes together with what was said before it.
//! Absent on purpose: forms that neither Docker nor Podman sends (V7 without a magic, sparse files, multiple volumes).

use super::pax::Records;
use super::{BLOCK_BYTES, Entry, Kind};

/// What ends a stream, twice.
pub const ZERO: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// The permissions with setuid, setgid and sticky. Docker puts the type of the file above them
/// (moby `pkg/archive/archive.go`, `fillGo18FileTypeBits`).
const MODE_BITS: i64 = 0o7777;

/// The block's field of its checksum, which counts as spaces in it.
pub const CHECKSUM: std::ops::Range<usize> = 148..156;

/// A header whose checksum fits.
pub struct Block<'a> {
    bytes: &'a [u8; BLOCK_BYTES],
    /// The type of the entry.
    pub flag: u8,
    /// The size of the data, unless an extended header says another.
    pub size: u64,
}

impl<'a> Block<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &'a [u8; BLOCK_BYTES]) -> Result<Self, &'static str> {
        if number(&bytes[CHECKSUM]) != Some(sum(bytes)) {
            return Err("the checksum of a header does not fit");
        }
        let block = Self { bytes, flag: bytes[156], size: unsigned(&bytes[124..136])? };
        if !block.is_posix() && &bytes[257..265] != b"ustar  \0" {
            return Err("a header is neither POSIX's nor GNU's");
        }
        Ok(block)
    }

    /// The entry, where this is one, with what the extended headers before it say.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn entry(&self, extended: Records) -> Result<Entry, &'static str> {
        let kind = kind(self.flag)?;
        let path = extended.path.or(extended.long_path).unwrap_or_else(|| self.path());
        let link = extended.link.or(extended.long_link).unwrap_or_else(|| self.text(157..257));
        let size = extended.size.unwrap_or(self.size);
        if kind != Kind::File && size != 0 {
            return Err("what is no file has data");
        }
        if matches!(kind, Kind::Symlink | Kind::HardLink) == link.is_empty() {
            return Err("a link leads nowhere, or what is no link does not");
        }
        let device = match kind {
            Kind::CharDevice | Kind::BlockDevice => {
                (unsigned(&self.bytes[329..337])?, unsigned(&self.bytes[337..345])?)
            }
            Kind::File | Kind::Directory | Kind::Symlink | Kind::HardLink | Kind::Fifo => (0, 0),
        };
        let mode = number(&self.bytes[100..108]).ok_or("a mode is no number")? & MODE_BITS;
        Ok(Entry {
            path: name(path, kind)?,
            kind,
            mode: u32::try_from(mode).unwrap_or_default(),
            uid: extended.uid.map_or_else(|| unsigned(&self.bytes[108..116]), Ok)?,
            gid: extended.gid.map_or_else(|| unsigned(&self.bytes[116..124]), Ok)?,
            mtime: extended.mtime.or_else(|| number(&self.bytes[136..148])).ok_or("a time is no number")?,
            size,
            link,
            device,
            xattrs: extended.xattrs,
        })
    }

    fn is_posix(&self) -> bool {
        &self.bytes[257..263] == b"ustar\0"
    }

    /// The name; GNU's headers have other things where POSIX's have its beginning.
    fn path(&self) -> Vec<u8> {
        let name = self.text(0..100);
        match self.text(345..500) {
            prefix if self.is_posix() && !prefix.is_empty() => [prefix, name].join(&b'/'),
            _ => name,
        }
    }

    fn text(&self, field: std::ops::Range<usize>) -> Vec<u8> {
        self.bytes[field].split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
    }
}

/// The checksum of a header.
pub fn sum(bytes: &[u8; BLOCK_BYTES]) -> i64 {
    let sum_of = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum + i64::from(*byte));
    sum_of(bytes) - sum_of(&bytes[CHECKSUM]) + sum_of(&[b' '; CHECKSUM.end - CHECKSUM.start])
}

fn kind(flag: u8) -> Result<Kind, &'static str> {
    match flag {
        b'0' | 0 => Ok(Kind::File),
        b'1' => Ok(Kind::HardLink),
        b'2' => Ok(Kind::Symlink),
        b'3' => Ok(Kind::CharDevice),
        b'4' => Ok(Kind::BlockDevice),
        b'5' => Ok(Kind::Directory),
        b'6' => Ok(Kind::Fifo),
        _ => Err("an entry is of a type that Docker does not send"),
    }
}

/// A name without the slash that ends a folder's.
fn name(mut path: Vec<u8>, kind: Kind) -> Result<Vec<u8>, &'static str> {
    if path.contains(&0) {
        return Err("a name holds a NUL");
    }
    if path.last() == Some(&b'/') {
        if kind != Kind::Directory {
            return Err("what is no folder ends in a slash");
        }
        path.pop();
    }
    Ok(path)
}

/// A number: octal digits among spaces and NULs, or, with the first bit set, a big-endian one in the rest (GNU).
fn number(field: &[u8]) -> Option<i64> {
    let first = *field.first()?;
    if first & 0x80 == 0 {
        let digits = field.split(|byte| *byte == 0).next()?.trim_ascii();
        return digits.iter().try_fold(0_i64, |value, digit| match digit {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
            _ => None,
        });
    }
    // The sign is the second bit; what lies above 64 bits repeats it.
    let negative = first & 0x40 != 0;
    let start = if negative { i64::from(first) - 0x100 } else { i64::from(first & 0x7f) };
    field[1..].iter().try_fold(start, |value, byte| value.checked_mul(256)?.checked_add(i64::from(*byte)))
}

fn unsigned(field: &[u8]) -> Result<u64, &'static str> {
    number(field).and_then(|value| u64::try_from(value).ok()).ok_or("a number in a header is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_all_their_forms() {
        for (field, value) in [
            (b"0000644\0".as_slice(), Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"00000008", None),
            (b"-0000001", None),
            (b"\x80\0\0\0\0\x01\0\0", Some(65536)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"", None),
        ] {
            assert_eq!(number(field), value, "{field:x?}");
        }
    }
}
