//! What an ELF file says of itself: for which architecture it is, which loader it names, how much of it is loaded, and
//! under which name others ask for it. Any bytes may be given: what lies outside of them is an error, never a panic.
//! Absent on purpose: sections, symbols, anything that is not needed to pack an executable.

use std::ops::Range;

/// `e_machine` of the architectures that Docker runs on (System V ABI supplements), whether they are of 64 bits and
/// whether their low byte comes first, with Go's name for each, which is the daemon's.
const ARCHITECTURES: [(u64, bool, bool, &str); 8] = [
    (62, true, true, "amd64"),
    (183, true, true, "arm64"),
    (40, false, true, "arm"),
    (3, false, true, "386"),
    (21, true, true, "ppc64le"),
    (22, true, false, "s390x"),
    (243, true, true, "riscv64"),
    (258, true, true, "loong64"),
];

/// Kinds of segments (`p_type`).
const LOAD: u64 = 1;
const DYNAMIC: u64 = 2;
const INTERPRETER: u64 = 3;

/// Entries of the dynamic segment (`d_tag`).
const END: u64 = 0;
const STRING_TABLE: u64 = 5;
const SONAME: u64 = 14;

/// An ELF file, or the first part of one.
pub struct Elf<'a> {
    bytes: &'a [u8],
    /// 64-bit, as against 32-bit.
    wide: bool,
    /// The low byte first.
    little: bool,
    segments: Vec<Segment>,
}

struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    file_bytes: u64,
}

/// What is wrong with bytes that should be an ELF file, as a fragment of a sentence.
pub type NotElf = &'static str;

const CUT_OFF: NotElf = "is an ELF file that is cut off";

impl<'a> Elf<'a> {
    /// Reads the header and the table of segments. `bytes` may be the file's first part, as long as both are in it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotElf> {
        if !bytes.starts_with(b"\x7fELF") {
            return Err("is not an ELF file");
        }
        let (wide, little) = match (bytes.get(4), bytes.get(5)) {
            (Some(1), Some(1)) => (false, true),
            (Some(1), Some(2)) => (false, false),
            (Some(2), Some(1)) => (true, true),
            (Some(2), Some(2)) => (true, false),
            (Some(_), Some(_)) => return Err("is an ELF file of a class that nobody knows"),
            (_, None) | (None, _) => return Err(CUT_OFF),
        };
        let mut elf = Self { bytes, wide, little, segments: Vec::new() };
        elf.segments = elf.segments().ok_or(CUT_OFF)?;
        Ok(elf)
    }

    /// Go's name for its architecture; for one that Docker does not run on, its number.
    pub fn architecture(&self) -> Result<String, NotElf> {
        let machine = self.number(18, 2).ok_or(CUT_OFF)?;
        let known = ARCHITECTURES
            .iter()
            .find(|(number, wide, little, _)| *number == machine && *wide == self.wide && *little == self.little);
        Ok(known.map_or_else(|| format!("ELF machine {machine}"), |(_, _, _, name)| (*name).to_owned()))
    }

    /// The absolute path of the loader that it names; none where it loads itself (static).
    pub fn interpreter(&self) -> Result<Option<&'a str>, NotElf> {
        let Some(segment) = self.segments.iter().find(|segment| segment.kind == INTERPRETER) else { return Ok(None) };
        let path = self.slice(segment.offset, segment.file_bytes).ok_or(CUT_OFF)?;
        let path = text(path).filter(|path| path.starts_with('/'));
        path.map(Some).ok_or("is an ELF file whose loader has no absolute path")
    }

    /// How many of the file's first bytes hold all that is ever loaded; the rest is for debuggers.
    pub fn loaded_bytes(&self) -> u64 {
        let loaded = self.segments.iter().filter(|segment| segment.kind == LOAD);
        loaded.map(|segment| segment.offset.saturating_add(segment.file_bytes)).max().unwrap_or(0)
    }

    /// Where its header points to the table of sections: the address, and the two numbers next to each other that say
    /// how many there are and which one holds their names.
    pub(super) fn section_fields(&self) -> [Range<usize>; 2] {
        if self.wide { [40..48, 60..64] } else { [32..36, 48..52] }
    }

    /// The name under which others ask for it; none where it has none or that cannot be read.
    pub fn soname(&self) -> Option<&'a str> {
        let dynamic = self.segments.iter().find(|segment| segment.kind == DYNAMIC)?;
        let entries = self.slice(dynamic.offset, dynamic.file_bytes)?.chunks_exact(2 * self.word());
        let (mut table, mut name) = (None, None);
        for entry in entries {
            let (tag, value) = entry.split_at(self.word());
            match self.value(tag) {
                END => break,
                STRING_TABLE => table = Some(self.value(value)),
                SONAME => name = Some(self.value(value)),
                _ => {}
            }
        }
        let start = self.offset_of(table?)?.checked_add(name?)?;
        text(self.bytes.get(usize::try_from(start).ok()?..)?)
    }

    /// Where the file holds what is loaded at an address.
    fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments.iter().filter(|segment| segment.kind == LOAD).find_map(|segment| {
            let into = address.checked_sub(segment.address).filter(|into| *into < segment.file_bytes)?;
            segment.offset.checked_add(into)
        })
    }

    fn segments(&self) -> Option<Vec<Segment>> {
        let word = self.word();
        let (table, size, count) = if self.wide { (32, 54, 56) } else { (28, 42, 44) };
        let (table, size, count) = (self.number(table, word)?, self.number(size, 2)?, self.number(count, 2)?);
        let (offset, address, file_bytes) = if self.wide { (8, 16, 32) } else { (4, 8, 16) };
        let segment = |index: u64| {
            let at = usize::try_from(index.checked_mul(size)?.checked_add(table)?).ok()?;
            Some(Segment {
                kind: self.number(at, 4)?,
                offset: self.number(at.checked_add(offset)?, word)?,
                address: self.number(at.checked_add(address)?, word)?,
                file_bytes: self.number(at.checked_add(file_bytes)?, word)?,
            })
        };
        (0..count).map(segment).collect()
    }

    /// The size of an address, in bytes.
    fn word(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn number(&self, at: usize, bytes: usize) -> Option<u64> {
        Some(self.value(self.bytes.get(at..at.checked_add(bytes)?)?))
    }

    /// The number that these bytes, eight at most, stand for.
    fn value(&self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
    }

    fn slice(&self, offset: u64, len: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(offset).ok()?;
        self.bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)
    }
}

/// A text that ends with a zero byte.
fn text(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&bytes[..end]).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Asks everything of it that there is to ask.
    fn read(bytes: &[u8]) -> Result<(), NotElf> {
        let elf = Elf::parse(bytes)?;
        elf.architecture()?;
        elf.interpreter()?;
        elf.loaded_bytes();
        elf.soname();
        Ok(())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_running_executable_tells_what_it_is() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let elf = Elf::parse(&bytes).unwrap();
        let expected = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        assert_eq!(elf.architecture().unwrap(), expected);
        assert!((1..=bytes.len() as u64).contains(&elf.loaded_bytes()));
        if let Some(loader) = elf.interpreter().unwrap() {
            let loader = std::fs::read(loader).unwrap();
            assert!(Elf::parse(&loader).unwrap().soname().is_some());
        }
    }

    #[test]
    fn what_is_no_elf_file_is_told_apart_from_one_that_is_cut_off() {
        assert_eq!(Elf::parse(b"#!/bin/sh\n").err(), Some("is not an ELF file"));
        assert_eq!(Elf::parse(b"").err(), Some("is not an ELF file"));
        assert_eq!(Elf::parse(b"\x7fELF\x02\x01").err(), Some(CUT_OFF));
    }

    #[test]
    fn a_header_of_every_class_and_byte_order_is_read() {
        for (class, order, machine, expected) in
            [(2, 1, 183u16, "arm64"), (1, 1, 40, "arm"), (2, 2, 22, "s390x"), (2, 1, 8, "ELF machine 8")]
        {
            let mut bytes = vec![0; 64];
            bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order]);
            let machine = if order == 1 { machine.to_le_bytes() } else { machine.to_be_bytes() };
            bytes[18..20].copy_from_slice(&machine);
            let elf = Elf::parse(&bytes).unwrap();
            assert_eq!(elf.architecture().unwrap(), expected);
            assert_eq!(elf.interpreter(), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..400), class in 0..4u8, order in 0..4u8) {
            let mut bytes = vec![0x7f, b'E', b'L', b'F', class, order];
            bytes.extend(tail);
            let _ = read(&bytes);
        }

        #[test]
        #[cfg(target_os = "linux")]
        fn neither_does_a_real_file_with_a_part_cut_off_or_a_byte_changed(
            keep in 0..4096usize, at in 0..1024usize, byte in any::<u8>()
        ) {
            let mut head = Vec::new();
            let file = std::fs::File::open("/proc/self/exe").unwrap();
            std::io::Read::read_to_end(&mut std::io::Read::take(file, 4096), &mut head).unwrap();
            let _ = read(&head[..keep]);
            head[at] = byte;
            let _ = read(&head);
        }
    }
}
