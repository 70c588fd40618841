//! A proof out of nothing.

fn main() {
    let _ = engine::Absence::default();
}
