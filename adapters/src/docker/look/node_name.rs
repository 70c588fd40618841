//! The node name that a gateway has written on its own volume, read from the volume's folder where this machine shows it.
//! The file also holds a password: nothing but the one field is kept.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use engine::{Known, Why};

/// The most that is read; a line has some hundred bytes.
const FILE_MAX_BYTES: u64 = 64 * 1024;

/// The node name in the file at this path below the folder: the second field of its first line
/// (k3s-io/k3s `pkg/passwd/passwd.go`: `password,node,user,groups`).
pub fn read(folder: &Path, file: &str) -> Known<String> {
    let path = folder.join(file);
    let not_visible = |what: String| Known::Unknown(Why::NotVisible { what });
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(FILE_MAX_BYTES).read_to_string(&mut text));
    if let Err(error) = read {
        return not_visible(format!("`{}` cannot be read: {}", path.display(), error.kind()));
    }
    let field = text.lines().next().and_then(|line| line.split(',').nth(1)).map(str::trim);
    match field {
        Some(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) => {
            Known::Known(name.to_owned())
        }
        Some(_) | None => not_visible(format!("`{}` names no node", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_field_is_the_node_and_nothing_else_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node-passwd");
        std::fs::write(&path, "s3cret,openshell-old,openshell-old,\nx,y,z,\n").unwrap();
        assert_eq!(read(folder.path(), "node-passwd"), Known::Known("openshell-old".to_owned()));
        for text in ["", "s3cret", "s3cret,", "s3cret,a b,c,", "s3cret,../x,c"] {
            std::fs::write(&path, text).unwrap();
            let Known::Unknown(why) = read(folder.path(), "node-passwd") else { panic!("{text}") };
            assert!(!why.to_string().contains("s3cret"), "{why}");
        }
        assert!(read(folder.path(), "absent").known().is_none());
    }
}
