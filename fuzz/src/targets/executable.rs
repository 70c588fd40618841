//! What is packed: ELF files, and the lines of `/proc/self/maps`.

use adapters::{Elf, path_of_code};

pub fn target(bytes: &[u8]) {
    if let Ok(elf) = Elf::parse(bytes) {
        let _ = elf.architecture();
        let _ = elf.loaded_bytes();
        if let Ok(Some(loader)) = elf.interpreter() {
            assert!(loader.starts_with('/') && !loader.contains('\0') && is_in(bytes, loader));
        }
        if let Some(name) = elf.soname() {
            assert!(!name.is_empty() && !name.contains('\0') && is_in(bytes, name));
        }
    }
    for line in std::str::from_utf8(bytes).unwrap_or_default().lines() {
        let path = path_of_code(line);
        assert!(path.is_none_or(|path| path.is_absolute()), "{line}");
    }
}

fn is_in(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}
