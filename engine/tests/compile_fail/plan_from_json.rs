//! A plan that somebody wrote down.

use serde::Deserialize;

fn main() {
    let _ = engine::Plan::deserialize(serde_json::Value::Null);
}
