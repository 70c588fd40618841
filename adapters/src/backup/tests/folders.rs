//! The folders of backups: whose they are, what is left in them, and how they are listed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use engine::{Failure, VolumeName};

use super::super::testing::{Ends, Tarred, back_up, daemon, name, order, state};
use super::super::{Backups, BadBackup, make};

#[tokio::test]
async fn backup_is_for_its_owner_only_and_named_after_its_time() {
    let made = back_up(Tarred::volume().whole(), Ends::Well).await;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for folder in [made.path().as_path(), &made.state.path().join("backups/prod"), &made.state.path().join("backups")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(made.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600);
        files.push(entry.file_name().into_string().unwrap());
    }
    files.sort();
    assert_eq!(files, ["manifest.json", "vol.listing.jsonl.zst", "vol.tar.zst"]);
    let path = made.path();
    let (time, random) = path.file_name().unwrap().to_str().unwrap().split_once('-').unwrap();
    assert_eq!((time.len(), random.len()), ("20261124T213000Z".len(), 6));
}

#[tokio::test]
async fn backup_takes_with_it_what_killed_runs_of_its_gateway_left_and_nothing_else() {
    let volumes = BTreeMap::from([("vol".to_owned(), Tarred::volume().whole())]);
    let order = order(volumes.keys());
    let (_socket, daemon) = daemon(volumes, Ends::Well);
    let (folder, state) = state();
    let backups = state.path().join("backups");
    let left = backups.join("prod/.20200101T000000Z-abcdef-unfinished");
    let stays = [
        backups.join("prod/20200101T000000Z-abcdef"),
        backups.join("prod/.notes"),
        backups.join("prod-eu/.20200101T000000Z-abcdef-unfinished"),
    ];
    for path in stays.iter().chain([&left]) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("file"), "").unwrap();
    }
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let link = backups.join("prod/.link-unfinished");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    make(&daemon, &state, &order, &|_| {}).await.unwrap();
    make(&daemon, &state, &order, &|_| {}).await.unwrap();
    assert!(!left.exists());
    assert!(stays.iter().all(|path| path.join("file").exists()));
    assert!(link.exists());
    assert_eq!(Backups::new(&state).list(Some(&name("prod"))).unwrap().len(), 2 + 3);
}

#[tokio::test]
async fn backup_that_cannot_be_written_is_told_with_the_path() {
    let volumes = BTreeMap::from([("vol".to_owned(), Tarred::volume().whole())]);
    let order = order(volumes.keys());
    let (_socket, daemon) = daemon(volumes, Ends::Well);
    let (_folder, state) = state();
    fs::create_dir_all(state.path()).unwrap();
    fs::write(state.path().join("backups"), "").unwrap();
    let Err(Failure::Rejected { status: None, message }) = make(&daemon, &state, &order, &|_| {}).await else {
        panic!("it was made")
    };
    assert!(message.contains(&state.path().join("backups/prod").display().to_string()), "{message}");
    assert!(message.contains("is not a folder"), "{message}");
}

#[tokio::test]
async fn backup_of_a_volume_that_the_helper_does_not_mount_is_none() {
    let volumes = BTreeMap::from([("vol".to_owned(), Tarred::volume().whole())]);
    let (_socket, daemon) = daemon(volumes.clone(), Ends::Well);
    let (_folder, state) = state();
    let mut other = order(volumes.keys());
    other.volumes[0].volume = VolumeName::new("other");
    let mut elsewhere = order(volumes.keys());
    elsewhere.volumes[0].at = "/v1".to_owned();
    for order in [other, elsewhere] {
        let made = make(&daemon, &state, &order, &|_| {}).await;
        let Err(Failure::Rejected { status: None, message }) = made else { panic!("{made:?}") };
        assert!(message.contains("does not mount"), "{message}");
    }
    assert!(!state.path().exists());
}

#[tokio::test]
async fn backup_that_nobody_waits_for_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let (_folder, state) = state();
    let order = order(&["vol".to_owned()]);
    let daemon = crate::docker::Daemon::new(crate::docker::Address::Unix { path: socket }).unwrap();
    let serving = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        let body = r#"{"Mounts":[{"Type":"volume","Name":"vol","Destination":"/v0"}]}"#;
        let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n";
        stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
        let _ = stream.read(&mut request).await.unwrap();
        let tar = Tarred::volume().0;
        let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}{:x}\r\n", tar.len()).as_bytes()).await.unwrap();
        stream.write_all(&tar).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        stream
    };
    let came = std::cell::Cell::new(false);
    let tell = |_| came.set(true);
    let making = make(&daemon, &state, &order, &tell);
    let some_came = async {
        let _stream = serving.await;
        while !came.get() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        made = making => panic!("{made:?}"),
        () = some_came => {}
    }
    // The thread that writes ends by itself.
    let backups = state.path().join("backups/prod");
    while fs::read_dir(&backups).unwrap().next().is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn backups_are_listed_with_all_that_lies_among_them() {
    let made = back_up(Tarred::volume().file("v0/hello", b"hello").whole(), Ends::Well).await;
    let backups = made.state.path().join("backups");
    fs::create_dir_all(backups.join("prod/.20200101T000000Z-abcdef-unfinished")).unwrap();
    fs::create_dir_all(backups.join("prod/0-empty")).unwrap();
    fs::write(backups.join("prod/1-file"), "").unwrap();
    fs::create_dir_all(backups.join("prod-eu/2-moved")).unwrap();
    fs::copy(made.path().join("manifest.json"), backups.join("prod-eu/2-moved/manifest.json")).unwrap();
    fs::create_dir_all(backups.join(".stray")).unwrap();
    let listed = Backups::new(&made.state).list(None).unwrap();
    let bad = |at: usize| listed[at].backup.as_ref().expect_err("usable");
    assert_eq!(listed.len(), 6);
    assert!(matches!(bad(0), BadBackup::NotOurs { .. }));
    assert_eq!(listed[0].gateway, None);
    assert!(matches!(bad(1), BadBackup::Unfinished { .. }));
    assert!(matches!(bad(2), BadBackup::NoManifest { .. }));
    assert!(matches!(bad(3), BadBackup::NotOurs { .. }));
    assert_eq!((&listed[4].path, listed[4].gateway.as_ref()), (&made.path(), Some(&name("prod"))));
    let summary = listed[4].backup.as_ref().unwrap();
    assert_eq!((summary.bytes, summary.volumes.as_slice()), (5, [VolumeName::new("vol")].as_slice()));
    assert!(summary.made.ends_with('Z') && summary.stored_bytes > 0);
    assert!(matches!(bad(5), BadBackup::CorruptManifest { .. }));
    assert_eq!(Backups::new(&made.state).list(Some(&name("prod-eu"))).unwrap().len(), 1);
    assert_eq!(Backups::new(&made.state).list(Some(&name("none"))).unwrap().len(), 0);
    assert_eq!(Backups::new(&state().1).list(None).unwrap().len(), 0);
    fs::remove_dir_all(&backups).unwrap();
    fs::write(&backups, "").unwrap();
    assert!(Backups::new(&made.state).list(None).is_err());
}
