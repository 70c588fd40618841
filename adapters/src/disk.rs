//! Whether the disk that holds Docker's data has room. Absent on purpose: how much; a full disk is the one thing that
//! makes starting a container again pointless.

use engine::Disk;
use rustix::fs::StatVfs;

/// Less than this is no room: a container cannot even be started with it.
const ROOM_MIN_BYTES: u64 = 1024 * 1024;

/// Whether the daemon, which writes as root, has room under its data root. `local` says that the daemon's files are
/// this machine's.
pub fn room(data_root: Option<&str>, local: bool) -> Disk {
    let Some(data_root) = data_root.filter(|_| local) else { return Disk::NotVisible };
    match rustix::fs::statvfs(data_root) {
        Ok(seen) => judge(&seen),
        Err(_) => Disk::NotVisible,
    }
}

fn judge(seen: &StatVfs) -> Disk {
    // Free rather than available: what is kept back for root is the daemon's to use.
    let no_bytes = seen.f_bfree.saturating_mul(seen.f_frsize) < ROOM_MIN_BYTES;
    // File systems without a fixed number of files (btrfs, 9p) report none at all.
    let no_files = seen.f_files > 0 && seen.f_ffree == 0;
    if no_bytes || no_files { Disk::Full } else { Disk::Room }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_local_folder_that_is_there_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str();
        assert_eq!(room(path, true), Disk::Room);
        assert_eq!(room(path, false), Disk::NotVisible);
        assert_eq!(room(None, true), Disk::NotVisible);
        assert_eq!(room(folder.path().join("gone").to_str(), true), Disk::NotVisible);
    }

    #[test]
    fn no_bytes_or_no_files_left_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let seen = rustix::fs::statvfs(folder.path()).unwrap();
        let with = |f_bfree, f_files, f_ffree| StatVfs { f_frsize: 4096, f_bfree, f_files, f_ffree, ..seen };
        assert_eq!(judge(&with(255, 10, 10)), Disk::Full);
        assert_eq!(judge(&with(256, 10, 10)), Disk::Room);
        assert_eq!(judge(&with(1 << 30, 10, 0)), Disk::Full);
        assert_eq!(judge(&with(1 << 30, 0, 0)), Disk::Room);
    }
}
