//! A proof for one volume, bent to another.

use engine::{Absence, VolumeName};

fn bend(absence: Absence, volume: VolumeName) -> Absence {
    Absence { volume, ..absence }
}

fn main() {}
