//! Names that need not be UTF-8, as text for people and for listings.

/// Bytes as text: what is UTF-8 as it is, any other byte as `\xNN`, and a backslash as two. No two give the same text.
pub fn escaped(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\\')
    {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                text.push('\\');
            }
            text.push(c);
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes that a text stands for.
    fn unescaped(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('\\') {
                bytes.push(b'\\');
                rest = after;
            } else {
                bytes.push(u8::from_str_radix(&rest[1..3], 16).unwrap());
                rest = &rest[3..];
            }
        }
        bytes.extend_from_slice(rest.as_bytes());
        bytes
    }

    proptest! {
        #[test]
        fn every_name_survives(name: Vec<u8>) {
            prop_assert_eq!(unescaped(&escaped(&name)), name);
        }
    }

    #[test]
    fn a_name_that_is_utf8_reads_as_it_is() {
        assert_eq!(escaped("ä b\n\\".as_bytes()), "ä b\n\\\\");
        assert_eq!(escaped(b"caf\xe9\\xe9"), "caf\\xe9\\\\xe9");
    }
}
