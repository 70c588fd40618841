//! A proof that somebody wrote down.

use serde::Deserialize;

fn main() {
    let _ = engine::Absence::deserialize(serde_json::Value::Null);
}
