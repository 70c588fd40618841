//! The state directory: a gateway's record and the note in its lock.
//!
//! The bytes are the file. It is never read as an absent record and never overwritten unread; one that is read is, byte
//! for byte, what a write of its record gives; and no damaged one is read. The record that the bytes tell of, whatever
//! their checksum, is read back as it was written.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use engine::{Command, Event, Failure, GatewayRecord, RecordProblem, RecordSeen};
use serde_json::Value;

use super::scene::{GATEWAY, SECRET, Scene, gateway, gateway_record};

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::new(Scene::new());
}

pub fn target(bytes: &[u8]) {
    SCENE.with_borrow_mut(|scene| {
        note_in_lock(scene, bytes);
        let file = scene.put(&format!("state/gateways/{GATEWAY}.json"), bytes);
        match read(scene) {
            RecordSeen::Absent => panic!("a file that is there was read as an absent record"),
            RecordSeen::Present { record } => {
                assert_eq!(write(scene, Arc::clone(&record)), Event::Done);
                assert_eq!(fs::read(&file).ok().as_deref(), Some(bytes), "it is not what a write of it gives");
                assert_eq!(record.gateway, gateway());
                is_damaged(scene, &file, bytes);
            }
            RecordSeen::Unusable { problem, .. } => {
                if let RecordProblem::Corrupt { what } = problem {
                    assert!(!what.contains(SECRET), "it quotes a value: {what}");
                }
                assert!(is_rejected(&write(scene, Arc::new(gateway_record()))), "an unusable file was overwritten");
                assert_eq!(fs::read(&file).ok().as_deref(), Some(bytes), "an unusable file was touched");
            }
        }
        fs::remove_file(&file).expect("it was written here");
        if let Some(record) = record_in(bytes).map(Arc::new) {
            assert_eq!(write(scene, Arc::clone(&record)), Event::Done);
            assert_eq!(read(scene), RecordSeen::Present { record });
            fs::remove_file(&file).expect("it was just written");
        }
    });
}

/// One bit that is wrong shows, whichever it is: the input itself says which one is tried.
fn is_damaged(scene: &mut Scene, file: &Path, bytes: &[u8]) {
    let sum: usize = bytes.iter().map(|byte| usize::from(*byte)).sum();
    let mut damaged = bytes.to_vec();
    damaged[sum % bytes.len()] ^= 1 << (sum / bytes.len() % 8);
    fs::write(file, damaged).expect("it was written before");
    assert!(matches!(read(scene), RecordSeen::Unusable { .. }), "a damaged record was read");
}

/// Whoever holds the lock is named by a note that says who, and by none else.
fn note_in_lock(scene: &mut Scene, bytes: &[u8]) {
    let path = scene.put(&format!("state/locks/{GATEWAY}.lock"), bytes);
    let held = File::open(path).expect("it was just written");
    held.try_lock().expect("nobody else knows this folder");
    let Event::LockHeld { holder } = scene.perform(&Command::TakeLock { gateway: gateway(), wait: false }) else {
        panic!("a lock that is held was taken");
    };
    if let (Some(pid), Ok(note)) = (holder.pid, serde_json::from_slice::<Value>(bytes)) {
        assert!(note["pid"] == pid || note[0] == pid, "another holder than the noted one was named");
    }
}

fn read(scene: &mut Scene) -> RecordSeen {
    let Event::RecordRead { record, .. } = scene.perform(&Command::ReadRecord { gateway: gateway() }) else {
        panic!("reading a record is answered by what was read");
    };
    record
}

fn write(scene: &mut Scene, record: Arc<GatewayRecord>) -> Event {
    scene.perform(&Command::WriteRecord { record, keep_old: false })
}

fn is_rejected(event: &Event) -> bool {
    matches!(event, Event::Failed { failure: Failure::Rejected { .. } })
}

/// The record in a file whose checksum may be wrong, as one of this gateway.
fn record_in(bytes: &[u8]) -> Option<GatewayRecord> {
    let mut document: Value = serde_json::from_slice(bytes).ok()?;
    let record = serde_json::from_value(document.get_mut("record")?.take()).ok()?;
    Some(GatewayRecord { gateway: gateway(), ..record })
}
