//! A backup that was changed after it was made is refused, by the name of the file that is to blame.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::manifest::{self, FileKept, Manifest};
use super::super::testing::{Ends, Made, Tarred, back_up};
use super::super::{Backups, BadBackup};

async fn made() -> Made {
    let mut tar = Tarred::volume();
    tar.folder("v0/a/").file("v0/a/b", b"hello").file("v0/c", &[9; 2000]).link(b'1', "v0/d", "v0/c");
    back_up(tar.whole(), Ends::Well).await
}

fn refused(path: &Path) -> BadBackup {
    Backups::verify(path).expect_err("it was verified")
}

/// Writes a file of the backup anew, and makes the manifest fit.
fn replace(path: &Path, file: &str, packed: Vec<u8>) {
    let mut manifest = manifest::read(path).unwrap();
    let sha256 = Sha256::digest(&packed).iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = FileKept { file: file.to_owned(), bytes: packed.len() as u64, sha256 };
    let volume = &mut manifest.volumes[0];
    *(if file.contains("listing") { &mut volume.listing } else { &mut volume.archive }) = kept;
    fs::write(path.join(file), packed).unwrap();
    write(path, &manifest);
}

fn write(path: &Path, manifest: &Manifest) {
    fs::write(path.join("manifest.json"), manifest::render(manifest).unwrap()).unwrap();
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

#[tokio::test]
async fn backup_with_any_byte_changed_is_refused() {
    let made = made().await;
    for entry in fs::read_dir(made.path()).unwrap() {
        let file = entry.unwrap().path();
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&file, &flipped).unwrap();
            let bad = refused(&made.path());
            let is_told = match file.ends_with("manifest.json") {
                true => matches!(bad, BadBackup::CorruptManifest { .. } | BadBackup::NewerSchema { .. }),
                false => matches!(bad, BadBackup::ChecksumDiffers { .. }),
            };
            assert!(is_told && bad.file() == file, "{} at {at}: {bad}", file.display());
        }
        fs::write(&file, whole).unwrap();
    }
    assert!(Backups::verify(&made.path()).is_ok());
}

#[tokio::test]
async fn backup_with_any_file_cut_or_gone_is_refused() {
    let made = made().await;
    for entry in fs::read_dir(made.path()).unwrap() {
        let file = entry.unwrap().path();
        let is_manifest = file.ends_with("manifest.json");
        let whole = fs::read(&file).unwrap();
        for length in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&file, &whole[..length]).unwrap();
            let bad = refused(&made.path());
            let is_told = match is_manifest {
                true => matches!(bad, BadBackup::CorruptManifest { .. }),
                false => matches!(bad, BadBackup::Truncated { .. }),
            };
            assert!(is_told && bad.file() == file, "{} of {length} bytes: {bad}", file.display());
        }
        fs::write(&file, [&whole[..], b"\n"].concat()).unwrap();
        assert!(matches!(refused(&made.path()), BadBackup::ChecksumDiffers { .. } | BadBackup::CorruptManifest { .. }));
        fs::remove_file(&file).unwrap();
        let bad = refused(&made.path());
        let is_told = match is_manifest {
            true => matches!(bad, BadBackup::NoManifest { .. }),
            false => matches!(bad, BadBackup::Unreadable { .. }),
        };
        assert!(is_told && bad.file() == file, "{} gone: {bad}", file.display());
        std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
        assert!(matches!(refused(&made.path()), BadBackup::Unreadable { .. }), "a link was followed");
        fs::remove_file(&file).unwrap();
        fs::write(&file, whole).unwrap();
    }
}

#[tokio::test]
async fn backup_with_another_archive_than_it_lists_is_refused() {
    let mut tar = Tarred::volume();
    tar.folder("v0/a/").file("v0/a/b", b"hello").file("v0/c", &[9; 2000]);
    let whole = tar.clone().link(b'1', "v0/d", "v0/c").whole();
    let more = tar.clone().link(b'1', "v0/d", "v0/c").file("v0/e", b"").whole();
    let mut other = whole.clone();
    let at = other.windows(5).position(|part| part == b"hello").unwrap();
    other[at] = b'j';
    for (archive, differs) in [(tar.whole(), "d"), (more, "e"), (other, "a/b")] {
        let made = made().await;
        replace(&made.path(), "vol.tar.zst", packed(&archive));
        let BadBackup::ListingDiffers { file, path } = refused(&made.path()) else { panic!("{differs}") };
        assert_eq!((file, path.as_str()), (made.path().join("vol.listing.jsonl.zst"), differs));
    }
}

#[tokio::test]
async fn backup_with_a_forged_archive_is_refused() {
    let volume = Tarred::volume;
    let made = made().await;
    let forge = |archive: &[u8]| {
        replace(&made.path(), "vol.tar.zst", archive.to_vec());
        refused(&made.path())
    };
    let through = volume().link(b'2', "v0/n", "/etc").file("v0/n/a", b"").whole();
    let leaves = volume().file("v0/../a", b"").whole();
    // The listing is as it would be, so that only the paths are wrong.
    let listed = packed(
        br#"{"path":".","type":"dir","mode":493,"uid":0,"gid":0,"mtime":1700000000}
{"path":"n","type":"symlink","mode":420,"uid":0,"gid":0,"mtime":1700000000,"link":"/etc"}
"#,
    );
    replace(&made.path(), "vol.listing.jsonl.zst", listed);
    let BadBackup::LeavesRoot { file, path } = forge(&packed(&leaves)) else { panic!("it was followed") };
    assert_eq!((file, path.as_slice()), (made.path().join("vol.tar.zst"), b"v0/../a".as_slice()));
    let BadBackup::ThroughLink { file, path } = forge(&packed(&through)) else { panic!("it was followed") };
    assert_eq!((file, path.as_slice()), (made.path().join("vol.tar.zst"), b"n/a".as_slice()));
    let mut linked = volume();
    linked.link(b'2', "v0/n", "/etc");
    assert!(matches!(forge(&packed(&linked.0)), BadBackup::Truncated { .. }), "no end blocks");
    let whole = packed(&linked.whole());
    assert!(matches!(forge(&whole[..whole.len() - 1]), BadBackup::Truncated { .. }), "a frame without its end");
    assert!(matches!(forge(&[&whole[..], &whole[..]].concat()), BadBackup::Malformed { .. }), "two frames");
    assert!(matches!(forge(&[&whole[..], b"x"].concat()), BadBackup::Malformed { .. }), "a frame and more");
    assert!(matches!(forge(b"no frame at all"), BadBackup::Malformed { .. }));
}

#[tokio::test]
async fn backup_whose_manifest_leads_elsewhere_or_miscounts_is_refused() {
    let made = made().await;
    let good = manifest::read(&made.path()).unwrap();
    for name in ["../vol.tar.zst", "/etc/passwd", "..", ""] {
        let mut forged = good.clone();
        forged.volumes[0].archive.file = name.to_owned();
        write(&made.path(), &forged);
        assert!(matches!(refused(&made.path()), BadBackup::CorruptManifest { .. }), "{name}");
    }
    let mut forged = good.clone();
    forged.volumes[0].entries += 1;
    write(&made.path(), &forged);
    assert!(matches!(refused(&made.path()), BadBackup::CorruptManifest { .. }));
    let newer = manifest::render(&good).unwrap().replace("\"schema\": 1", "\"schema\": 2");
    fs::write(made.path().join("manifest.json"), newer).unwrap();
    assert!(matches!(refused(&made.path()), BadBackup::NewerSchema { schema: 2, .. }));
}
