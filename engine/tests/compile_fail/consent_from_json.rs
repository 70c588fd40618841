//! Consent out of a file.

use serde::Deserialize;

fn main() {
    let _ = engine::Consent::deserialize(serde_json::Value::Null);
}
