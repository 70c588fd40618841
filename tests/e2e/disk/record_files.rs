//! A record's file that cannot be used, whatever is in its place: refused by name, kept to the byte, told by `list` and
//! `status`; and after the very command that the refusal names, the gateway is found again.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::{At, Nobody, give_away, make_fifo, make_huge};
use crate::support::{Case, Run, Suite, follow};

/// What becomes of a good record.
type Damage = fn(&Path, &[u8]);

const DAMAGES: &[(&str, Damage)] = &[
    ("empty", |path, _| fs::write(path, "").unwrap()),
    ("cut off", |path, good| fs::write(path, &good[..good.len() / 2]).unwrap()),
    ("without its last byte", |path, good| fs::write(path, &good[..good.len() - 1]).unwrap()),
    ("zeros", |path, good| fs::write(path, vec![0; good.len()]).unwrap()),
    ("one bit", |path, good| fs::write(path, flipped(good, good.len() / 3, 2)).unwrap()),
    ("of a newer version", |path, _| fs::write(path, "{ \"schema\": 999, \"records\": {} }").unwrap()),
    ("of another gateway", |path, good| {
        let own = path.file_stem().unwrap().to_str().unwrap();
        fs::write(path, String::from_utf8_lossy(good).replace(own, &format!("{own}2"))).unwrap();
    }),
    ("not JSON", |path, _| fs::write(path, "[".repeat(100_000)).unwrap()),
    ("huge", |path, _| make_huge(path)),
    ("a folder", |path, _| fs::create_dir(path).unwrap()),
    ("a folder with something in it", |path, good| {
        fs::create_dir(path).unwrap();
        fs::write(path.join("prod.json"), good).unwrap();
    }),
    ("a fifo", |path, _| make_fifo(path)),
    ("a link to a good record", |path, good| {
        let elsewhere = path.with_file_name("elsewhere");
        fs::write(&elsewhere, good).unwrap();
        symlink(elsewhere, path).unwrap();
    }),
    ("a link to nowhere", |path, _| symlink("not mounted", path).unwrap()),
    ("a link to itself", |path, _| symlink(path, path).unwrap()),
];

fn flipped(good: &[u8], at: usize, bit: usize) -> Vec<u8> {
    let mut bad = good.to_vec();
    bad[at] ^= 1 << bit;
    bad
}

/// Each of them, one after the other, on a gateway that runs: none overwrites what an earlier one set aside.
pub fn each_damage(suite: &Suite) {
    let case = Case::new(suite, "damage");
    let (made, work) = case.created();
    let mut set_aside: Vec<(PathBuf, Seen)> = Vec::new();
    for (damage, do_it) in DAMAGES {
        let _at = At(damage);
        let good = fs::read(case.record()).unwrap();
        fs::remove_file(case.record()).unwrap();
        do_it(&case.record(), &good);
        let damaged = Seen::of(&case.record());

        let run = case.refused(case.onboard(), 3, "record");
        run.names_in_message(&case.record().display().to_string());
        let status = case.status().run();
        status.ended(3, "refused", "record");
        assert_eq!(status.text("advice"), run.text("advice"), "{}", status.dump());
        assert_eq!(Seen::of(&case.record()), damaged, "{damage}: it was touched\n{}", run.dump());

        follow(&case, &run);
        let aside = PathBuf::from(run.text("advice").rsplit(' ').next().unwrap());
        assert_eq!(Seen::of(&aside), damaged, "{damage}: it is not set aside\n{}", run.dump());
        set_aside.push((aside, damaged));
        let next = case.onboard().run();
        next.ended(0, "reused", "ready");
        assert_eq!(next.container_id(), made.container_id(), "{damage}\n{}", next.dump());
        for (aside, seen) in &set_aside {
            assert_eq!(Seen::of(aside), *seen, "{damage}: one that was set aside was lost\n{}", next.dump());
        }
    }
    case.assert_kept(&work);
}

/// Cut off at some byte, or with some bit flipped: never read as another record, nor as none.
pub fn any_byte(suite: &Suite) {
    const SAMPLES: usize = 12;
    let case = Case::new(suite, "bytes");
    let (_, work) = case.created();
    let good = fs::read(case.record()).unwrap();
    let places = (0..SAMPLES).map(|n| n * good.len() / SAMPLES);
    for (n, at) in places.enumerate() {
        for bad in [good[..at].to_vec(), flipped(&good, at, n % 8)] {
            fs::write(case.record(), &bad).unwrap();
            let status = case.status().run();
            status.ended(3, "refused", "record");
            assert!(fs::read(case.record()).unwrap() == bad, "byte {at}\n{}", status.dump());
        }
    }
    for act in ["onboard", "start", "stop"] {
        case.refused(case.nemoclaw(&[act, "--gateway", case.gateway()]), 3, "record");
    }
    fs::write(case.record(), &good).unwrap();
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// The container is gone, too: set aside as advised, the volume is adopted.
pub fn beside_a_missing_container(suite: &Suite) {
    let case = Case::new(suite, "damgone");
    let (_, work) = case.created();
    case.daemon().remove(&case.name());
    fs::write(case.record(), "").unwrap();
    for flags in [&[][..], &["--reset", "--confirm", case.gateway()]] {
        let run = case.refused(case.onboard().args(flags), 3, "record");
        assert_eq!(fs::read(case.record()).unwrap(), b"", "{}", run.dump());
    }
    follow(&case, &case.refused(case.onboard(), 3, "record"));
    case.onboard().run().ended(0, "adopted", "ready");
    case.assert_kept(&work);
}

/// The state directory's name needs quotes in a shell.
pub fn with_a_strange_path(suite: &Suite) {
    let case = Case::new(suite, "quotes");
    let (_, work) = case.created();
    let home = case.file("it's a $HOME; \\");
    fs::rename(case.home(), &home).unwrap();
    let record = home.join(format!("gateways/{}.json", case.gateway()));
    fs::write(&record, "").unwrap();
    let onboard = || case.onboard().env("NEMOCLAW_HOME", home.to_str().unwrap());
    let run = case.refused(onboard(), 3, "record");
    follow(&case, &run);
    assert!(!record.exists(), "{}", run.dump());
    onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// `list` tells it with its remedy, and goes on with the others.
pub fn beside_a_good_one(suite: &Suite) {
    let case = Case::new(suite, "listed");
    let (_, work) = case.created();
    let (other, spec) = (case.other_name("good"), case.file("other.toml"));
    crate::support::Spec::of(suite.image(), case.port() + 1).write(&spec);
    let other_made = case.nemoclaw(&["onboard", "--gateway", &other, "--spec", &spec.display().to_string()]).run();
    other_made.ended(0, "created", "ready");
    fs::write(case.record(), "{").unwrap();

    let list = case.nemoclaw(&["list"]).run();
    assert_eq!(list.code(), Some(0), "{}", list.dump());
    let entry = |gateway: &str| {
        let gateways = list.json["gateways"].as_array().unwrap();
        gateways.iter().find(|entry| entry["gateway"] == gateway).unwrap_or_else(|| panic!("{}", list.dump())).clone()
    };
    assert_eq!(entry(case.gateway())["reason"], "record", "{}", list.dump());
    assert_eq!(entry(&other)["outcome"], "ready", "{}", list.dump());
    let advice = entry(case.gateway())["advice"].as_str().unwrap().to_owned();
    assert!(advice.starts_with("mv "), "{}", list.dump());
    list.warns_of(&advice);
    let told = case.list_in_words();
    assert!(told.stdout.contains(&advice) && told.stdout.contains(&other), "{}", told.dump());

    follow(&case, &case.refused(case.onboard(), 3, "record"));
    case.onboard().run().ended(0, "reused", "ready");
    case.assert_kept(&work);
}

/// A file that whoever types may not read, as one of root's in their own folder.
pub fn unreadable(suite: &Suite) {
    let case = Case::new(suite, "unread");
    let (made, work) = case.created();
    let nobody = Nobody::new(&case);
    give_away(&case.home());
    nobody.onboard().run().ended(0, "reused", "ready");
    std::os::unix::fs::chown(case.record(), Some(0), Some(0)).unwrap();
    let damaged = Seen::of(&case.record());

    let run = case.refused(nobody.onboard(), 3, "record");
    run.names_in_message("Permission denied").names_in_message(&case.record().display().to_string());
    assert_eq!(Seen::of(&case.record()), damaged, "{}", run.dump());
    follow(&case, &run);
    let next: Run = nobody.onboard().run();
    next.ended(0, "reused", "ready");
    assert_eq!(next.container_id(), made.container_id(), "{}", next.dump());
    case.assert_kept(&work);
}

/// What killed runs left beside the record goes with the next write, and nothing else does.
pub fn unfinished(suite: &Suite) {
    let world = crate::presets::World::new(suite, crate::presets::Kind::Today, "unfinished");
    let folders = ["gateways".to_owned(), format!("files/{}", world.gateway())].map(|name| world.home().join(name));
    let names = [format!("{}.json", world.gateway()), "gateway.toml".to_owned()];
    for (folder, name) in folders.iter().zip(&names) {
        fs::create_dir_all(folder).unwrap();
        for random in ["aB3xYz", "000000", "zzzzzz"] {
            fs::write(folder.join(format!(".{name}.{random}-new")), "half of i").unwrap();
        }
        fs::write(folder.join("notes"), "the owner's own").unwrap();
    }
    let (_, work) = world.made();
    for folder in &folders {
        let left = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let hidden: Vec<_> = left.filter(|name| name.starts_with('.')).collect();
        assert!(hidden.is_empty(), "{hidden:?} is left in {}", folder.display());
        assert!(folder.join("notes").exists());
    }
    world.assert_kept(&work);
}

/// A file as it lies there, not followed and not waited on.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    inode: u64,
    mode: u32,
    length: u64,
    modified: (i64, i64),
    link: Option<PathBuf>,
    /// Of a file that is small enough to be one.
    bytes: Option<Vec<u8>>,
}

impl Seen {
    #[track_caller]
    fn of(path: &Path) -> Self {
        let seen = fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let small = seen.is_file() && seen.len() < 1 << 20;
        Self {
            inode: seen.ino(),
            mode: seen.mode(),
            length: seen.len(),
            modified: (seen.mtime(), seen.mtime_nsec()),
            link: fs::read_link(path).ok(),
            bytes: small.then(|| fs::read(path).unwrap()),
        }
    }
}
