//! The lock of a gateway: one run at a time within one state directory.
//!
//! The lock is the operating system's and dies with its holder, however that ends; what the file says only explains who
//! it is. The file itself stays: were it removed, one run could lock the old file while another locks a new one. Absent
//! on purpose: breaking a lock.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use engine::{Failure, GatewayName, LockHolder};
use rustix::fs::OFlags;
use thiserror::Error;

use super::{StateDir, make_folder, open_regular};

/// The longest note of a holder that is read: a command line may be long, and more explains nothing.
const NOTE_MAX_BYTES: u64 = 64 * 1024;

/// The locks of all gateways.
#[derive(Clone, Debug)]
pub struct Locks {
    folder: PathBuf,
}

/// The lock, held. It is free again when this is dropped or the process ends.
#[derive(Debug)]
pub struct LockGuard(File);

/// The lock was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LockFailed {
    /// Another run holds it.
    #[error("the lock is held by {0}")]
    Held(LockHolder),
    /// There can be no lock there.
    #[error("{0}")]
    Unusable(Failure),
}

impl Locks {
    /// The locks in this state directory.
    pub fn new(state: &StateDir) -> Self {
        Self { folder: state.path().join("locks") }
    }

    /// Takes a gateway's lock; with `wait`, waits for whoever holds it for `limit` at most.
    ///
    /// # Errors
    /// Who holds it, or why there can be no lock. The one who holds it is anonymous where it has left no note, or does
    /// not live in this process namespace.
    pub async fn take(&self, gateway: &GatewayName, wait: bool, limit: Duration) -> Result<LockGuard, LockFailed> {
        let path = self.folder.join(format!("{gateway}.lock"));
        let unusable = |error: io::Error| {
            let message = format!("the lock file `{}` cannot be used: {error}", path.display());
            LockFailed::Unusable(Failure::Rejected { status: None, message })
        };
        make_folder(&self.folder).map_err(unusable)?;
        let file = open_regular(&path, OFlags::RDWR | OFlags::CREATE).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => return Ok(LockGuard::new(file)),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if wait => {}
            Err(TryLockError::WouldBlock) => return Err(LockFailed::Held(holder(&path))),
        }
        match tokio::time::timeout(limit, locked(file)).await {
            Ok(locked) => locked.map(LockGuard::new).map_err(unusable),
            Err(_) => Err(LockFailed::Held(holder(&path))),
        }
    }
}

/// Waits for the lock in the operating system's own queue, so that it is ours the moment it is free.
///
/// The wait has a thread of its own, which is left to itself when nobody waits for it any more: it ends with the process,
/// or lets the lock go as soon as it has it. (The runtime's blocking pool would keep the process until then.)
async fn locked(file: File) -> io::Result<File> {
    let (tell, told) = tokio::sync::oneshot::channel();
    thread::Builder::new().name("lock".to_owned()).spawn(move || {
        let locked = loop {
            match file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                ended => break ended.map(|()| file),
            }
        };
        // Where nobody listens, what was to be told is dropped, and with it the lock.
        drop(tell.send(locked));
    })?;
    told.await.map_err(io::Error::other)?
}

impl LockGuard {
    /// Leaves a note of who we are. The lock holds without one, so that it cannot be written is no failure.
    fn new(mut file: File) -> Self {
        let command: Vec<_> = std::env::args_os().map(|part| part.to_string_lossy().into_owned()).collect();
        let note = LockHolder {
            pid: Some(std::process::id()),
            command: Some(command.join(" ")),
            since: Some(humantime::format_rfc3339_seconds(SystemTime::now()).to_string()),
        };
        if let Err(error) = file.set_len(0).and_then(|()| file.write_all(&serde_json::to_vec(&note)?)) {
            tracing::debug!(%error, "the note in the lock file was not written");
        }
        Self(file)
    }
}

impl Drop for LockGuard {
    /// Closing the file is not enough: a child process that is just being started may have it open for a moment more.
    fn drop(&mut self) {
        for result in [self.0.set_len(0), self.0.unlock()] {
            if let Err(error) = result {
                tracing::debug!(%error, "a lock was not left as it should be");
            }
        }
    }
}

/// Who holds the lock, by the note in its file. A killed holder leaves its note, and the next one needs a moment to
/// write its own: a note of a process that is gone names nobody.
fn holder(path: &Path) -> LockHolder {
    let mut note = Vec::new();
    let read = open_regular(path, OFlags::RDONLY).and_then(|file| file.take(NOTE_MAX_BYTES).read_to_end(&mut note));
    let holder = read.ok().and_then(|_| serde_json::from_slice::<LockHolder>(&note).ok());
    holder.filter(|holder| holder.pid.is_some_and(is_alive)).unwrap_or_default()
}

fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Child, Command, Stdio};

    use super::super::testing::{name, state};
    use super::*;

    /// Longer than any test runs: a wait that gets this far is a failure.
    const LONG: Duration = Duration::from_secs(300);
    const CHILD_HOME: &str = "NEMOCLAW_TEST_LOCK_HOME";

    fn held(taken: Result<LockGuard, LockFailed>) -> LockHolder {
        match taken {
            Err(LockFailed::Held(holder)) => holder,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_second_taker_is_told_who_holds_it_and_gets_it_when_it_is_free() {
        let (_folder, state) = state();
        let locks = Locks::new(&state);
        let guard = locks.take(&name("prod"), false, LONG).await.unwrap();
        let holder = held(locks.take(&name("prod"), false, LONG).await);
        assert_eq!(holder.pid, Some(std::process::id()));
        assert!(holder.command.is_some_and(|command| command.starts_with(&std::env::args().next().unwrap())));
        assert!(holder.since.is_some_and(|since| since.ends_with('Z')));

        assert!(locks.take(&name("prod-eu"), false, LONG).await.is_ok(), "another gateway has a lock of its own");
        drop(guard);
        assert!(locks.take(&name("prod"), false, LONG).await.is_ok());
        let file = state.path().join("locks/prod.lock");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(state.path().join("locks").metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_to_string(file).unwrap(), "", "a note outlived its run");
    }

    #[tokio::test]
    async fn a_waiter_gets_the_lock_when_it_is_dropped_and_gives_up_at_its_limit() {
        let (_folder, state) = state();
        let locks = Locks::new(&state);
        let guard = locks.take(&name("prod"), true, LONG).await.unwrap();
        assert_eq!(held(locks.take(&name("prod"), true, Duration::ZERO).await).pid, Some(std::process::id()));
        let gateway = name("prod");
        let waits = locks.take(&gateway, true, LONG);
        let frees = async { drop(guard) };
        // `join!` polls in turn: the waiter has found the lock held before it is let go.
        let (taken, ()) = tokio::join!(biased; waits, frees);
        assert!(taken.is_ok());
    }

    #[tokio::test]
    async fn a_note_of_a_process_that_is_gone_names_nobody() {
        let (_folder, state) = state();
        let locks = Locks::new(&state);
        let guard = locks.take(&name("prod"), false, LONG).await.unwrap();
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let note = format!(r#"{{"pid":{},"command":"old","since":"long ago"}}"#, ended.id());
        std::fs::write(state.path().join("locks/prod.lock"), note).unwrap();
        assert_eq!(held(locks.take(&name("prod"), false, LONG).await), LockHolder::default());
        drop(guard);
    }

    #[tokio::test]
    async fn what_is_no_regular_file_is_refused() {
        let (folder, state) = state();
        std::fs::create_dir_all(state.path().join("locks/dir.lock")).unwrap();
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, state.path().join("locks/link.lock")).unwrap();
        for gateway in ["dir", "link"] {
            let taken = Locks::new(&state).take(&name(gateway), true, LONG).await;
            assert!(matches!(taken, Err(LockFailed::Unusable(Failure::Rejected { status: None, .. }))), "{taken:?}");
        }
        assert!(!target.exists());
    }

    #[tokio::test]
    async fn a_state_directory_that_is_hidden_or_no_folder_is_told_by_its_name() {
        let (folder, state) = state();
        let told = async || match Locks::new(&state).take(&name("prod"), true, LONG).await {
            Err(LockFailed::Unusable(Failure::Rejected { status: None, message })) => message,
            other => panic!("{other:?}"),
        };
        std::os::unix::fs::symlink(folder.path().join("a disk that is not mounted"), state.path()).unwrap();
        assert!(told().await.contains("home` is a link that leads to no folder"), "{}", told().await);
        std::fs::remove_file(state.path()).unwrap();
        std::fs::write(state.path(), "").unwrap();
        assert!(told().await.contains("home` is not a folder"), "{}", told().await);
    }

    #[tokio::test]
    async fn a_killed_holder_frees_the_lock() {
        struct Killed(Child);
        impl Drop for Killed {
            fn drop(&mut self) {
                drop(self.0.kill());
                drop(self.0.wait());
            }
        }
        let (_folder, state) = state();
        let locks = Locks::new(&state);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "state::lock::tests::child_that_holds_the_lock"])
            .env(CHILD_HOME, state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = Killed(child.unwrap());
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("held")), "the child did not take the lock");

        let holder = held(locks.take(&name("prod"), false, LONG).await);
        assert_eq!(holder.pid, Some(child.0.id()));
        assert!(holder.command.is_some_and(|command| command.contains("--nocapture")));
        drop(child);
        assert!(locks.take(&name("prod"), false, LONG).await.is_ok());
    }

    #[tokio::test]
    #[ignore = "runs as the child of another test"]
    async fn child_that_holds_the_lock() {
        let home = std::env::var(CHILD_HOME).unwrap();
        let state = StateDir::find(&|_| Some(home.clone())).unwrap();
        let _guard = Locks::new(&state).take(&name("prod"), false, LONG).await.unwrap();
        println!("held");
        // Until it is killed, or its parent is gone.
        drop(io::stdin().read_to_end(&mut Vec::new()));
    }
}
