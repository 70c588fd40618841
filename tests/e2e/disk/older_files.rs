//! The older tool's files on a bad disk: told by name, neither waited on nor written, and the container decides.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{At, make_fifo, make_huge};
use crate::presets::{Kind, World};
use crate::support::{Cli, Suite};

/// What is in a file's place.
type Damage = fn(&Path);

const DAMAGES: &[(&str, Damage)] = &[
    ("empty", |path| fs::write(path, "").unwrap()),
    ("garbage", |path| fs::write(path, b"\xff\x00{\"").unwrap()),
    ("deep", |path| fs::write(path, "[".repeat(200_000)).unwrap()),
    ("huge", |path| make_huge(path)),
    ("a folder", |path| fs::create_dir(path).unwrap()),
    ("a fifo", |path| make_fifo(path)),
    ("a link to nowhere", |path| symlink("not mounted", path).unwrap()),
    ("a link to itself", |path| symlink(path, path).unwrap()),
];

/// Each of its files in each way, and then a folder above it that a link hides.
pub fn each_damage(suite: &Suite) {
    let world = World::new(suite, Kind::Cluster, "olddisk");
    let _theirs = world.by_hand().start(suite);
    world.await_ready();
    let work = world.put_work();
    let registry = world.user().join(".nemoclaw/sandboxes.json");
    let metadata = world.user().join(format!(".config/openshell/gateways/{}/metadata.json", world.gateway()));
    for file in [&registry, &metadata] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        for (damage, do_it) in DAMAGES {
            let _at = At(damage);
            do_it(file);
            let run = look(&world).run();
            run.ended(0, "ready", "ready").warns_of(&file.display().to_string());
            let there = fs::symlink_metadata(file).unwrap();
            if there.is_dir() { fs::remove_dir(file).unwrap() } else { fs::remove_file(file).unwrap() }
        }
    }
    let hidden = world.user().join(".nemoclaw");
    fs::remove_dir_all(&hidden).unwrap();
    symlink(world.file("not mounted"), &hidden).unwrap();
    look(&world).run().ended(0, "ready", "ready").warns_of("leads to no folder");

    let run = world.onboard_preset().run();
    run.ended(0, "reused", "ready").warns_of("leads to no folder");
    world.assert_kept(&work);
}

fn look(world: &World<'_>) -> Cli {
    world.status().args(&["--preset", Kind::Cluster.preset()])
}
