//! One proof for two removals.

use engine::Absence;

fn twice(absence: &Absence) -> Absence {
    Absence::clone(absence)
}

fn main() {}
