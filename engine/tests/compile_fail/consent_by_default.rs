//! Consent unless somebody objects.

fn main() {
    let _ = engine::Consent::default();
}
