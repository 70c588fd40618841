//! A volume in which somebody has put what no client could: links, pipes, devices, folders in the way of files.
//! None of it is followed, opened, replaced or removed, also when it takes a folder's place while that is used.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use rustix::fs::{AtFlags, CWD, FileType, Mode, RenameFlags, linkat, makedev, mknodat, renameat_with};

use super::client::send;
use super::gateway::{command, spawn};
use super::world::Attacked;

/// Links and other kinds, below each of which and as which files are asked for.
pub fn plant(workspace: &Path, outside: &Path) -> Vec<&'static str> {
    let link = |target: &Path, name: &str| symlink(target, workspace.join(name)).unwrap();
    link(outside, "folder-link");
    link(&outside.join("secret"), "file-link");
    link(Path::new("../../../.."), "up-link");
    link(Path::new("/"), "root-link");
    link(Path::new("/etc/passwd"), "passwd-link");
    link(Path::new("/proc/self"), "proc-link");
    link(Path::new("/dev/stderr"), "stderr-link");
    link(&outside.join("made-by-no-one"), "dangling-link");
    link(Path::new("loop-link"), "loop-link");
    link(Path::new("."), "here-link");
    link(Path::new("kept"), "kept-link");
    fs::create_dir(workspace.join("folder")).unwrap();
    for file in 0..100 {
        fs::create_dir(workspace.join(format!("folder/{file}"))).unwrap();
    }
    mknodat(CWD, workspace.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    mknodat(CWD, workspace.join("socket"), FileType::Socket, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut planted = vec![
        "folder-link",
        "file-link",
        "up-link",
        "root-link",
        "passwd-link",
        "proc-link",
        "stderr-link",
        "dangling-link",
        "loop-link",
        "here-link",
        "kept-link",
        "folder",
        "pipe",
        "socket",
    ];
    // Only root can make one: here that is a disk that always has more, and a terminal.
    for (name, major, minor) in [("zeros", 1, 5), ("terminal", 5, 0)] {
        let made = mknodat(CWD, workspace.join(name), FileType::CharacterDevice, Mode::RUSR, makedev(major, minor));
        if made.is_ok() {
            planted.push(name);
        }
    }
    planted
}

/// What was planted is not there for who asks, and in the way of who puts.
pub fn planted_is_not_touched(gateway: &str, planted: &[&str]) {
    for name in planted {
        for below in ["", "/secret", "/folder/deep/secret", "/new/new", "/passwd"] {
            if *name == "folder" && !below.is_empty() {
                continue;
            }
            let path = format!("/workspace/{name}{below}");
            for (method, expected) in [("GET", 404), ("DELETE", 404), ("PUT", 409)] {
                assert_eq!(send(gateway, method, &path, b"lost").status, expected, "{method} {path}");
            }
        }
    }
}

/// Links, pipes, sockets, devices and folders.
pub fn planted() {
    let attacked = Attacked::start();
    let workspace = attacked.folder("workspace");
    let planted = plant(&workspace, &attacked.outside("canary"));
    let before = attacked.names("workspace");
    planted_is_not_touched(attacked.address(), &planted);
    assert_eq!(attacked.names("workspace"), before);

    // Among the sandboxes they are no sandboxes.
    let sandboxes = attacked.folder("sandboxes");
    plant(&sandboxes, &attacked.outside("canary"));
    attacked.serves();
    assert_eq!(attacked.send("GET", "/sandboxes", b"").body, b"[\"good\"]\n");
    attacked.outlived();
}

/// A hard link in the volume is a file of the volume; what else bears its bytes keeps them.
pub fn hard_links() {
    let attacked = Attacked::start();
    for name in ["put", "deleted"] {
        let outside = attacked.outside("canary/secret");
        linkat(CWD, outside, CWD, attacked.folder("workspace").join(name), AtFlags::empty()).unwrap();
    }
    assert_eq!(attacked.send("PUT", "/workspace/put", b"lost").status, 200);
    assert_eq!(attacked.send("DELETE", "/workspace/deleted", b"").status, 204);
    assert_eq!(attacked.send("GET", "/workspace/put", b"").body, b"lost");
    attacked.outlived();
}

/// A folder that becomes a link and a folder again, thousands of times, while files below it are put, read and removed.
pub fn swapped() {
    let attacked = Attacked::start();
    let workspace = attacked.folder("workspace");
    fs::create_dir_all(workspace.join("a/deep")).unwrap();
    symlink(attacked.outside("canary/folder"), workspace.join("b")).unwrap();
    let over = AtomicBool::new(false);
    let mut seen = [0_usize; 2];
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                renameat_with(CWD, workspace.join("a"), CWD, workspace.join("b"), RenameFlags::EXCHANGE).unwrap();
            }
        });
        for round in 0..500 {
            let method = ["PUT", "GET", "DELETE"][round % 3];
            for path in ["/workspace/a/deep/secret", "/workspace/a/new"] {
                let answer = send(attacked.address(), method, path, b"lost");
                assert!(matches!(answer.status, 200 | 201 | 204 | 404 | 409), "{method} {path}: {answer:?}");
                assert!(!answer.body.starts_with(b"the bytes of"), "{path} was read from outside");
                seen[usize::from(answer.status >= 400)] += 1;
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(seen.iter().all(|times| *times > 0), "both were met: {seen:?}");
    attacked.outlived();
}

/// The folders that the gateway opens at its start are taken for its own only where they are folders.
pub fn at_its_start() {
    let attacked = Attacked::start();
    for (nth, link) in ["nodes", "nodes/openshell-test", "nodes/openshell-test/workspace"].into_iter().enumerate() {
        let data = attacked.folder("workspace").join(format!("volume-{nth}"));
        fs::create_dir_all(data.join(link).parent().unwrap()).unwrap();
        symlink(attacked.outside("canary"), data.join(link)).unwrap();
        let output = spawn(command(&data, &[])).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{link}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let file = attacked.folder("workspace").join("a-file");
    File::create(&file).unwrap();
    assert_eq!(spawn(command(&file, &[])).wait_with_output().unwrap().status.code(), Some(1));
    attacked.outlived();
}
