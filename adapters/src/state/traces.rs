//! The trace of a run as a file: one JSON line for each step, so that anybody's run can be looked at and replayed.
//!
//! Lines are written whole and at once: a killed run leaves every step that was answered. What goes wrong here is told at
//! the end and never ends a run. Absent on purpose: secrets, which [`Tracer`] replaces, and any waiting for the disk.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use engine::{Command, Event, Intent, Tracer};

use super::{StateDir, make_folder};

/// How many traces of one gateway are kept.
const KEPT_MAX: usize = 50;

/// How the name of a trace ends. A run that was killed keeps this ending, since it may have changed something.
const ENDING: &str = ".jsonl";

/// How it ends once it is known that its run changed nothing.
const UNCHANGED_ENDING: &str = "-unchanged.jsonl";

/// The trace of one run that may change something. A run that only looks has none. It knows secrets, and has no `Debug`.
pub struct TraceFile {
    folder: PathBuf,
    intent: Intent,
    tracer: Tracer,
    /// The first line as it is so long as no record was read.
    head: String,
    /// The steps before the record was read: the first line of the file needs it.
    held_back: Vec<String>,
    open: Option<Open>,
    problem: Option<io::Error>,
}

/// What became of a trace.
#[derive(Debug)]
pub struct TraceKept {
    /// Its file; none where there was no step or the file could not be made.
    pub path: Option<PathBuf>,
    /// What went wrong with it.
    pub problem: Option<io::Error>,
}

/// A trace's file.
struct Open {
    path: PathBuf,
    file: File,
    /// The length of all whole lines, in bytes.
    whole_bytes: u64,
}

impl TraceFile {
    /// The trace of the run that begins. Nothing is written yet.
    pub fn new(state: &StateDir, intent: &Intent) -> Self {
        let mut tracer = Tracer::default();
        // Made first of all, so that the intent's secrets are known before any step is put down.
        let (head, problem) = match tracer.head(intent, None) {
            Ok(head) => (head, None),
            Err(error) => (String::new(), Some(error.into())),
        };
        let folder = state.path().join("traces").join(intent.gateway.as_str());
        Self { folder, intent: intent.clone(), tracer, head, held_back: Vec::new(), open: None, problem }
    }

    /// Puts one answered step down. After the first that fails, none is.
    pub fn note(&mut self, state: &'static str, command: &Command, event: &Event) {
        if self.problem.is_none() {
            self.problem = self.put_down(state, command, event).err();
        }
    }

    /// Ends the trace. `changed` is whether the run changed anything: those that did not are the first to go when there
    /// are too many.
    pub fn finish(mut self, changed: bool) -> TraceKept {
        if self.problem.is_none() {
            self.problem = self.end(changed).err();
        }
        TraceKept { path: self.open.map(|open| open.path), problem: self.problem }
    }

    fn put_down(&mut self, state: &'static str, command: &Command, event: &Event) -> io::Result<()> {
        if let (None, Event::RecordRead { record, .. }) = (&self.open, event) {
            self.head = self.tracer.head(&self.intent, Some(record))?;
        }
        let line = self.tracer.step(state, command, event)?;
        if let Some(open) = &mut self.open {
            return open.append(&line);
        }
        self.held_back.push(line);
        if matches!(event, Event::RecordRead { .. }) { self.begin() } else { Ok(()) }
    }

    /// Makes the file and writes what was held back.
    fn begin(&mut self) -> io::Result<()> {
        make_folder(&self.folder)?;
        let time: String = humantime::format_rfc3339_millis(SystemTime::now())
            .to_string()
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .collect();
        let path = self.folder.join(format!("{time}-{}{ENDING}", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let open = self.open.insert(Open { path, file, whole_bytes: 0 });
        open.append(&self.head)?;
        self.held_back.drain(..).try_for_each(|line| open.append(&line))
    }

    fn end(&mut self, changed: bool) -> io::Result<()> {
        if self.open.is_none() && !self.held_back.is_empty() {
            self.begin()?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        if !changed && let Some(stem) = open.path.to_str().and_then(|path| path.strip_suffix(ENDING)) {
            let unchanged = PathBuf::from(format!("{stem}{UNCHANGED_ENDING}"));
            fs::rename(&open.path, &unchanged)?;
            open.path = unchanged;
        }
        forget_oldest(&self.folder, &open.path)
    }
}

impl Open {
    /// Writes one line. What is left of a line that did not fit is taken back, as far as that goes.
    fn append(&mut self, line: &str) -> io::Result<()> {
        let line = format!("{line}\n");
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            self.file.set_len(self.whole_bytes)?;
            return Err(error);
        }
        self.whole_bytes += line.len() as u64;
        Ok(())
    }
}

/// Removes the oldest traces beyond [`KEPT_MAX`], those that changed nothing first, and never this run's own.
fn forget_oldest(folder: &Path, own: &Path) -> io::Result<()> {
    let mut others = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if let Some(changed) = name.to_str().and_then(changed_something)
            && own.file_name() != Some(&name)
        {
            others.insert((changed, name));
        }
    }
    let surplus = (others.len() + 1).saturating_sub(KEPT_MAX);
    let gone: Vec<OsString> = others.into_iter().take(surplus).map(|(_, name)| name).collect();
    for name in gone {
        match fs::remove_file(folder.join(name)) {
            // Another run that ends just now removed it.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Whether the run whose trace has this name may have changed something; none where it is not a trace's name.
fn changed_something(name: &str) -> Option<bool> {
    let stem = name.strip_suffix(ENDING)?;
    let (stem, changed) = match stem.strip_suffix("-unchanged") {
        Some(stem) => (stem, false),
        None => (stem, true),
    };
    let (time, pid) = stem.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = time.len() == "20261124T213000.123Z".len() && digits(time.get(..8)?) && time.ends_with('Z');
    (is_time && digits(pid)).then_some(changed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use engine::RecordSeen;
    use serde_json::Value;

    use super::super::testing::{SECRET, files, intent, name, record, state};
    use super::*;

    fn take_lock(trace: &mut TraceFile) {
        trace.note("locking", &Command::TakeLock { gateway: name("prod"), wait: false }, &Event::LockTaken);
    }

    fn read_record(trace: &mut TraceFile, record: RecordSeen) {
        trace.note(
            "reading",
            &Command::ReadRecord { gateway: name("prod") },
            &Event::RecordRead { record, older: None },
        );
    }

    fn write_record(trace: &mut TraceFile) {
        let command = Command::WriteRecord { record: Arc::new(record("prod")), keep_old: false };
        trace.note("recording", &command, &Event::Done);
    }

    fn lines(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn the_first_line_holds_the_record_and_each_step_is_there_as_soon_as_it_is_answered() {
        let (_folder, state) = state();
        let folder = state.path().join("traces/prod");
        let mut trace = TraceFile::new(&state, &intent("prod"));
        take_lock(&mut trace);
        assert!(!state.path().exists(), "something was written before the record was read");
        read_record(&mut trace, RecordSeen::Present { record: Arc::new(record("prod")) });
        write_record(&mut trace);

        let written = files(&folder);
        let (file, text) = written.first_key_value().unwrap();
        let steps = lines(text);
        assert_eq!(steps[0]["intent"]["gateway"], "prod");
        assert_eq!(steps[0]["record"]["record"]["gateway"], "prod");
        let states: Vec<_> = steps[1..].iter().map(|step| step["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["locking", "reading", "recording"]);
        assert_eq!(changed_something(file), Some(true), "{file}");

        let kept = trace.finish(true);
        assert!(kept.problem.is_none());
        assert_eq!(kept.path, Some(folder.join(file)));
        assert_eq!(files(&folder), written);
        assert_eq!(folder.join(file).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn no_value_of_the_environment_is_in_it_and_the_same_value_has_the_same_number() {
        let (_folder, state) = state();
        let mut trace = TraceFile::new(&state, &intent("prod"));
        let holder = engine::LockHolder { command: Some(format!("x {SECRET}")), ..Default::default() };
        let command = Command::TakeLock { gateway: name("prod"), wait: true };
        trace.note("locking", &command, &Event::LockHeld { holder });
        read_record(&mut trace, RecordSeen::Present { record: Arc::new(record("prod")) });
        write_record(&mut trace);
        let text = fs::read_to_string(trace.finish(true).path.unwrap()).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        let steps = lines(&text);
        let hidden = steps[0]["intent"]["spec"]["env"]["API_KEY"].as_str().unwrap();
        assert!(hidden.starts_with("<redacted:"), "{hidden}");
        assert_eq!(steps[0]["record"]["record"]["spec"]["env"]["API_KEY"], hidden);
        assert_eq!(steps[1]["event"]["holder"]["command"], format!("x {hidden}"));
        assert_eq!(steps[3]["command"]["record"]["spec"]["env"]["API_KEY"], hidden);
    }

    #[test]
    fn a_run_that_ends_before_its_record_leaves_what_it_did_and_one_without_a_step_leaves_nothing() {
        let (_folder, state) = state();
        let kept = TraceFile::new(&state, &intent("prod")).finish(false);
        assert!(kept.path.is_none() && kept.problem.is_none());
        assert!(!state.path().exists());

        let mut trace = TraceFile::new(&state, &intent("prod"));
        take_lock(&mut trace);
        let kept = trace.finish(false).path.unwrap();
        assert!(kept.to_str().unwrap().ends_with(UNCHANGED_ENDING));
        let steps = lines(&fs::read_to_string(kept).unwrap());
        assert_eq!((steps.len(), &steps[0]["record"]), (2, &Value::Null));
    }

    #[test]
    fn the_oldest_go_and_first_those_that_changed_nothing() {
        let (_folder, state) = state();
        let folder = state.path().join("traces/prod");
        make_folder(&folder).unwrap();
        let changed = |n: usize| format!("20200101T0000{n:02}.000Z-7.jsonl");
        let unchanged = |n: usize| format!("20210101T0000{n:02}.000Z-7-unchanged.jsonl");
        let strangers = ["0-notes.jsonl", "20200101T000000.000Z-7.jsonl.bak", "2020010éT00000.000Z-7.jsonl"];
        let all = (0..49).map(changed).chain((0..3).map(unchanged)).chain(strangers.map(str::to_owned));
        all.for_each(|name| fs::write(folder.join(name), "").unwrap());

        let mut trace = TraceFile::new(&state, &intent("prod"));
        take_lock(&mut trace);
        let own = trace.finish(false).path.unwrap();
        let own = own.file_name().unwrap().to_str().unwrap().to_owned();
        let left: Vec<String> = files(&folder).into_keys().filter(|name| !strangers.contains(&name.as_str())).collect();
        let expected: BTreeSet<String> = (0..49).map(changed).chain([own.clone()]).collect();
        assert_eq!(left, Vec::from_iter(expected), "not the three that changed nothing went");

        let mut trace = TraceFile::new(&state, &intent("prod"));
        fs::write(folder.join(changed(49)), "").unwrap();
        fs::remove_file(folder.join(own)).unwrap();
        take_lock(&mut trace);
        assert!(trace.finish(true).path.unwrap().exists());
        let left = files(&folder);
        assert!(!left.contains_key(&changed(0)) && left.contains_key(&changed(1)));
        assert!(strangers.iter().all(|name| left.contains_key(*name)), "a file that is no trace was removed");
    }

    #[test]
    fn a_trace_that_cannot_be_written_is_told_at_the_end() {
        let (_folder, state) = state();
        fs::write(state.path(), "a file in the place of the directory").unwrap();
        let mut trace = TraceFile::new(&state, &intent("prod"));
        read_record(&mut trace, RecordSeen::Absent);
        write_record(&mut trace);
        let kept = trace.finish(true);
        assert!(kept.path.is_none() && kept.problem.is_some());
    }
}
