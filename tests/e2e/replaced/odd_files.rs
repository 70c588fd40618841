//! What a volume may hold besides plain files: all of it is in a backup, and its listing says what it is.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Value, json};

use super::Before;
use super::before::assert_backed_up;
use super::layer::Files;
use crate::support::{Case, Suite};

/// How large the sparse file is: all but a few bytes of it are holes.
const SPARSE_BYTES: u64 = 64 << 20;

/// Links, owners, modes, a pipe, holes, and a name that is not UTF-8.
pub fn are_in_a_backup(suite: &Suite) {
    let case = Case::new(suite, "odd");
    let before = Before::new(&case);
    let has_sparse = put(&case);

    let run = case.nemoclaw(&["backup", "--gateway", case.gateway()]).run();
    run.ended(0, "backed-up", "as-asked");
    let path = assert_backed_up(&case, &run);
    let listing = listing(path);
    let row = |path: &str| {
        let found = listing.iter().find(|row| row["path"] == path);
        found.unwrap_or_else(|| panic!("{path} is not in {listing:#?}"))
    };
    let is = |path: &str, wanted: Value| {
        let row = row(path);
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(&row[field], value, "{path}: {row}");
        }
    };
    is(
        "odd/one",
        json!({ "type": "file", "uid": 1234, "gid": 1234, "mode": 0o640, "size": 1, "mtime": 1_600_000_000 }),
    );
    // Docker walks by name, and the first is the file.
    is("odd/two", json!({ "type": "hard-link", "link": "odd/one" }));
    is("odd/away", json!({ "type": "symlink", "link": "/nowhere/at all" }));
    is("odd/suid", json!({ "type": "file", "mode": 0o4755 }));
    is("odd/high", json!({ "type": "file", "uid": 2_000_000, "mode": 0, "size": 0 }));
    is("odd/pipe", json!({ "type": "fifo", "mode": 0o600 }));
    is("odd/caf\\xe9\\\\", json!({ "type": "file", "size": 4 }));
    if has_sparse {
        is("odd/sparse", json!({ "type": "file", "size": SPARSE_BYTES }));
        let stored = run.json["backup"]["path"].as_str().map(Path::new).map(bytes_in).unwrap();
        assert!(stored < SPARSE_BYTES / 16, "{stored} bytes are stored");
    }
    before.assert_as_it_was(&run);
}

/// Puts one of each kind into the gateway's volume, and tells whether there is a sparse file among them.
#[track_caller]
pub fn put(case: &Case<'_>) -> bool {
    Files::new()
        .file(b"data/odd/one", b"1", 1234, 0o640)
        .hard_link(b"data/odd/two", b"data/odd/one", 1234, 0o640)
        .symlink(b"data/odd/away", b"/nowhere/at all")
        .file(b"data/odd/suid", b"#!", 0, 0o4755)
        .file(b"data/odd/high", b"", 2_000_000, 0o000)
        .fifo(b"data/odd/pipe")
        .file(b"data/odd/caf\xe9\\", b"menu", 0, 0o644)
        .put(case, &case.name());
    let volume = case.daemon().folder_of_volume(&case.name());
    // Where the daemon's folders cannot be seen from here, there is no other way to make holes.
    let sparse = File::create(Path::new(&volume).join("odd/sparse"));
    sparse.and_then(|file| file.set_len(SPARSE_BYTES)).is_ok()
}

/// The rows of all listings of a backup.
#[track_caller]
pub fn listing(backup: &Path) -> Vec<Value> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(backup.join("manifest.json")).unwrap()).unwrap();
    let volumes = manifest["backup"]["volumes"].as_array().unwrap();
    let files = volumes.iter().map(|volume| backup.join(volume["listing"]["file"].as_str().unwrap()));
    let rows = files.flat_map(|file| {
        let lines = BufReader::new(zstd::Decoder::new(File::open(file).unwrap()).unwrap()).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect::<Vec<Value>>()
    });
    rows.collect()
}

fn bytes_in(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}
