//! A command that a trace gives: a replay compares commands, and reads none.

use serde::Deserialize;

fn main() {
    let _ = engine::Command::deserialize(serde_json::Value::Null);
}
