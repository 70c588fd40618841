//! The node name that a gateway has written on its own volume, read from the volume's folder where this machine shows it.
//! The file also holds a password: nothing but the one field is kept.

use std::io::Read;
use std::path::Path;

use engine::{Known, Why};
use rustix::fs::OFlags;

use crate::state::open_regular;

/// The most that is read; a line has some hundred bytes.
const FILE_MAX_BYTES: u64 = 64 * 1024;

/// The node name in the file at this path below the folder: the second field of its first line
/// (k3s-io/k3s `pkg/passwd/passwd.go`: `password,node,user,groups`). What lies there is the gateway's own doing: a pipe in
/// the file's place is not waited on, and a link is not followed.
pub fn read(folder: &Path, file: &str) -> Known<String> {
    let path = folder.join(file);
    let not_visible = |what: String| Known::Unknown(Why::NotVisible { what });
    let mut text = String::new();
    let read = open_regular(&path, OFlags::RDONLY).and_then(|file| file.take(FILE_MAX_BYTES).read_to_string(&mut text));
    if let Err(error) = read {
        return not_visible(format!("`{}` cannot be read: {error}", path.display()));
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

    #[test]
    fn a_pipe_or_a_link_in_its_place_is_not_visible() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("other"), "s3cret,host,host,\n").unwrap();
        std::os::unix::fs::symlink("other", folder.path().join("link")).unwrap();
        assert!(read(folder.path(), "link").known().is_none());
        let pipe = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
        assert!(pipe.unwrap().success());
        assert!(read(folder.path(), "pipe").known().is_none());
    }
}
