//! The running executable with all that it needs to run, as one tar of a root file system.
//! The same executable on the same system gives the same bytes. Taken are the loader that it names and the libraries
//! that are mapped into this very process, each under the name by which the loader looks for it. Absent on purpose: a
//! shell, users, certificates, what only debuggers read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::elf::{Elf, NotElf};

/// The running executable: this path is right also after its file was replaced, by an update for example.
const RUNNING: &str = "/proc/self/exe";

/// The header and the table of segments are in a file's first kilobytes.
const HEAD_BYTES: u64 = 64 * 1024;

/// Where the executable is in the image.
const EXECUTABLE: &str = "/nemoclaw";

/// Folders besides those that hold the files, with their modes: the gateway's data, and what every program expects.
const FOLDERS: [(&str, u32); 2] = [("/data", 0o755), ("/tmp", 0o1777)];

/// The running executable, as far as it is known without reading it whole.
pub(super) struct Running {
    /// Go's name for the architecture that it is for.
    pub(super) architecture: String,
    interpreter: Option<PathBuf>,
    loaded_bytes: u64,
    /// The head of the file, less its pointers to what only debuggers read.
    head: Vec<u8>,
}

/// Why the running executable cannot be packed.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It is no program for Linux.
    NotLinux(NotElf),
    /// Something could not be read.
    Unreadable(PathBuf, io::Error),
}

impl Running {
    /// Looks at the running executable.
    pub(super) fn look() -> Result<Self, Unfit> {
        if !cfg!(target_os = "linux") {
            return Err(Unfit::NotLinux("is not a program for Linux"));
        }
        let mut head = Vec::new();
        let file = File::open(RUNNING).map_err(at(RUNNING))?;
        file.take(HEAD_BYTES).read_to_end(&mut head).map_err(at(RUNNING))?;
        let elf = Elf::parse(&head).map_err(Unfit::NotLinux)?;
        let architecture = elf.architecture().map_err(Unfit::NotLinux)?;
        let interpreter = elf.interpreter().map_err(Unfit::NotLinux)?.map(PathBuf::from);
        let (loaded_bytes, section_fields) = (elf.loaded_bytes(), elf.section_fields());
        for field in section_fields {
            head.get_mut(field).ok_or(Unfit::NotLinux("is cut off"))?.fill(0);
        }
        Ok(Self { architecture, interpreter, loaded_bytes, head })
    }

    /// Packs it, in memory: some 10 MB, as debug information is left behind.
    pub(super) fn pack(&self) -> Result<Vec<u8>, Unfit> {
        let mut entries = BTreeMap::from([(PathBuf::from(EXECUTABLE), Entry::Executable(self.contents()?))]);
        entries.extend(FOLDERS.map(|(path, mode)| (PathBuf::from(path), Entry::Folder { mode })));
        if let Some(interpreter) = &self.interpreter {
            let loader = interpreter.canonicalize().map_err(at(interpreter))?;
            let searched = loader.parent().unwrap_or(Path::new("/"));
            for library in mapped_libraries()? {
                if library != loader {
                    add_library(&mut entries, &library, searched)?;
                }
            }
            entries.insert(interpreter.clone(), Entry::Executable(read(interpreter)?));
        }
        for path in entries.keys().cloned().collect::<Vec<_>>() {
            for folder in path.ancestors().skip(1).filter(|folder| folder.parent().is_some()) {
                entries.entry(folder.to_owned()).or_insert(Entry::Folder { mode: 0o755 });
            }
        }
        tar_of(&entries).map_err(at("the tar"))
    }

    /// The part of the file that is ever loaded.
    fn contents(&self) -> Result<Vec<u8>, Unfit> {
        let mut file = File::open(RUNNING).map_err(at(RUNNING))?;
        file.seek(SeekFrom::Start(self.head.len() as u64)).map_err(at(RUNNING))?;
        let mut contents = Vec::new();
        Cursor::new(&self.head).chain(file).take(self.loaded_bytes).read_to_end(&mut contents).map_err(at(RUNNING))?;
        Ok(contents)
    }
}

/// One entry of the image's file system.
enum Entry {
    Folder { mode: u32 },
    Executable(Vec<u8>),
    Link { to: PathBuf },
}

/// Adds a library in the folder in which the loader itself lies: every loader searches that one without being told
/// (glibc's system folders, musl's built-in path). Where the library comes from another folder, which the executable
/// may name (`RUNPATH`), a link stands there.
fn add_library(entries: &mut BTreeMap<PathBuf, Entry>, library: &Path, searched: &Path) -> Result<(), Unfit> {
    let contents = read(library)?;
    // A file without a name of its own is asked for by its file name.
    let soname = Elf::parse(&contents).ok().and_then(|elf| elf.soname()).map(PathBuf::from);
    let Some(name) = soname.as_deref().unwrap_or(library).file_name().map(PathBuf::from) else { return Ok(()) };
    let place = searched.join(&name);
    if let Some(folder) = library.parent().filter(|folder| *folder != searched) {
        entries.insert(folder.join(&name), Entry::Link { to: place.clone() });
    }
    entries.insert(place, Entry::Executable(contents));
    Ok(())
}

/// The files with code, other than the executable itself, that are mapped into this process: its libraries and its
/// loader. The kernel gives their true paths, links resolved, and marks those of files that were replaced since, so
/// that reading a replaced library fails (proc(5), `/proc/pid/maps`).
fn mapped_libraries() -> Result<Vec<PathBuf>, Unfit> {
    const MAPS: &str = "/proc/self/maps";
    let running = std::fs::read_link(RUNNING).map_err(at(RUNNING))?;
    let mut libraries = Vec::new();
    for line in std::fs::read_to_string(MAPS).map_err(at(MAPS))?.lines() {
        let Some(path) = path_of_code(line) else { continue };
        if path != running && !libraries.iter().any(|known| known == path) {
            libraries.push(path.to_owned());
        }
    }
    Ok(libraries)
}

/// The file that a line of `maps` shows, where it is mapped to be run.
pub fn path_of_code(line: &str) -> Option<&Path> {
    let (fields, path) = line.split_at(line.find('/')?);
    let permissions = fields.split(' ').nth(1)?;
    permissions.contains('x').then(|| Path::new(path))
}

/// Folders come before what is in them: a path is less than any that starts with it.
fn tar_of(entries: &BTreeMap<PathBuf, Entry>) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, entry) in entries {
        let path = path.strip_prefix("/").map_err(io::Error::other)?;
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o755);
        header.set_size(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        match entry {
            Entry::Folder { mode } => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(*mode);
                tar.append_data(&mut header, path, io::empty())?;
            }
            Entry::Executable(contents) => {
                header.set_size(contents.len() as u64);
                tar.append_data(&mut header, path, contents.as_slice())?;
            }
            Entry::Link { to } => {
                header.set_entry_type(tar::EntryType::Symlink);
                tar.append_link(&mut header, path, to)?;
            }
        }
    }
    tar.into_inner()
}

fn read(path: &Path) -> Result<Vec<u8>, Unfit> {
    std::fs::read(path).map_err(at(path))
}

fn at(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Unfit {
    move |error| Unfit::Unreadable(path.as_ref().to_owned(), error)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_same_executable_gives_the_same_bytes() {
        let pack = || Running::look().unwrap().pack().unwrap();
        assert!(pack() == pack());
    }

    #[test]
    fn what_is_packed_runs_from_its_own_files() {
        let root = tempfile::tempdir().unwrap();
        let running = Running::look().unwrap();
        tar::Archive::new(running.pack().unwrap().as_slice()).unpack(root.path()).unwrap();
        let inside = |path: &Path| root.path().join(path.strip_prefix("/").unwrap());
        let executable = inside(Path::new(EXECUTABLE));

        // The packed loader, told of no other folder than its own, tells which libraries it would take.
        #[cfg(target_env = "gnu")]
        if let Some(interpreter) = &running.interpreter {
            let searched = inside(interpreter.canonicalize().unwrap().parent().unwrap());
            let mut loader = Command::new(inside(interpreter));
            loader.args(["--inhibit-cache", "--library-path"]).arg(&searched).arg("--list").arg(&executable);
            let told = String::from_utf8(loader.output().unwrap().stdout).unwrap();
            let libraries: Vec<_> = told.lines().filter_map(|line| line.split(" => ").nth(1)).collect();
            assert!(!libraries.is_empty(), "{told}");
            assert!(libraries.iter().all(|library| Path::new(library).starts_with(root.path())), "{told}");
        }
        let ran = Command::new(&executable).arg("--list").output().unwrap();
        assert!(String::from_utf8(ran.stdout).unwrap().contains("what_is_packed_runs_from_its_own_files"));
    }

    #[test]
    fn a_replaced_executable_is_packed_as_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        std::fs::copy(RUNNING, &copy).unwrap();
        let this = "executable::pack::tests::the_same_executable_gives_the_same_bytes";
        let script = r#"exec 9<"$0" && rm "$0" && exec /proc/self/fd/9 --exact "$1""#;
        let ran = Command::new("sh").args(["-c", script]).arg(&copy).arg(this).output().unwrap();
        let told = String::from_utf8(ran.stdout).unwrap();
        assert!(told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    }

    #[test]
    fn every_entry_belongs_to_root_at_no_time_after_its_folder() {
        let tar = Running::look().unwrap().pack().unwrap();
        let mut seen = vec![PathBuf::new()];
        for entry in tar::Archive::new(tar.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            let (path, header) = (entry.path().unwrap().into_owned(), entry.header());
            assert!(seen.iter().any(|folder| Some(folder.as_path()) == path.parent()), "{path:?} has no folder");
            let owner = (header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap());
            assert_eq!(owner, (0, 0, 0), "{path:?}");
            let mode = if path == Path::new("tmp") { 0o1777 } else { 0o755 };
            assert_eq!(header.mode().unwrap(), mode, "{path:?}");
            seen.push(path);
        }
        for path in ["nemoclaw", "data", "tmp"] {
            assert!(seen.iter().any(|seen| seen == Path::new(path)), "{path}");
        }
    }

    #[test]
    fn only_files_that_are_mapped_to_be_run_are_libraries() {
        let libc = "7f0000000000-7f0000001000 r-xp 00026000 08:01 42                 /usr/lib/my libs/libc.so.6";
        assert_eq!(path_of_code(libc), Some(Path::new("/usr/lib/my libs/libc.so.6")));
        assert_eq!(path_of_code(&libc.replace("r-xp", "r--p")), None);
        assert_eq!(path_of_code("7ffe0000-7ffe1000 r-xp 00000000 00:00 0   [vdso]"), None);
        assert_eq!(path_of_code("7ffe0000-7ffe1000 r-xp 00000000 00:00 0 "), None);
    }
}
