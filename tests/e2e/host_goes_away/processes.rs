//! The processes of one private daemon: the daemon, its containerd, its shims and mounts, and what runs in its
//! containers. They are found by the daemon's folders in a command line, and by descent; never by a program's name.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::until;

/// Kills all of them, as a power cut does: none sees another go.
pub fn kill_all(folders: &[PathBuf]) {
    let mut frozen = BTreeSet::new();
    loop {
        let found = of(folders);
        if found.is_subset(&frozen) {
            break;
        }
        found.difference(&frozen).for_each(|pid| send(*pid, Signal::STOP));
        frozen.extend(found);
    }
    frozen.iter().for_each(|pid| send(*pid, Signal::KILL));
    until("the killed processes have ended", || alive().iter().all(|process| !frozen.contains(&process.pid)));
}

/// Sends a signal; to whoever has ended already it is none.
pub fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether a process is stopped by a signal.
pub fn is_frozen(pid: i32) -> bool {
    seen(pid).is_some_and(|process| process.state == "T")
}

fn of(folders: &[PathBuf]) -> BTreeSet<i32> {
    let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let all = alive();
    let names_one = |process: &&Process| folders.iter().any(|folder| process.line.contains(folder));
    let mut found: BTreeSet<i32> = all.iter().filter(names_one).map(|process| process.pid).collect();
    loop {
        let children = all.iter().filter(|process| found.contains(&process.parent)).map(|process| process.pid);
        let more: BTreeSet<i32> = children.filter(|pid| !found.contains(pid)).collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// A process, as `/proc` shows it.
struct Process {
    pid: i32,
    parent: i32,
    state: String,
    line: String,
}

/// Every process that has not ended.
fn alive() -> Vec<Process> {
    let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    let processes = entries.filter_map(|name| seen(name.to_str()?.parse().ok()?));
    // One that has ended, and that nobody has collected yet, is a zombie.
    processes.filter(|process| process.state != "Z" && process.state != "X").collect()
}

fn seen(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    // The program's name is in parentheses, and may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut rest = rest.split(' ');
    let (state, parent) = (rest.next()?.to_owned(), rest.next()?.parse().ok()?);
    Some(Process { pid, parent, state, line: String::from_utf8_lossy(&line).into_owned() })
}
