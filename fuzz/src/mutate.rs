//! Mutations that keep JSON whole: bytes changed at random are no JSON most of the time, and show nothing of what comes
//! after the parser. One line of the input, or all of it, is taken as a document and one or two of its values changed;
//! every fourth time, and where nothing is JSON, libFuzzer does what it always does.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

/// Texts that mean something to a parser, to Docker or to a terminal.
const TEXTS: [&str; 43] = [
    "",
    "/",
    "..",
    "../../etc",
    "//",
    "a",
    "-",
    "0",
    "-1",
    "65536",
    "\u{0}",
    "\u{1b}[2J",
    "\u{202e}",
    "ä",
    "\n",
    "null",
    "=",
    "s3cret word",
    "running",
    "paused",
    "exited",
    "dead",
    "created",
    "removing",
    "restarting",
    "bind",
    "volume",
    "tcp",
    "host",
    "bridge",
    "none",
    "default",
    "always",
    "127.0.0.1",
    "::",
    "0.0.0.0",
    "seed",
    "openshell-cluster-seed",
    "io.nemoclaw.gateway",
    "Downloading",
    "look",
    "start",
    "stop",
];

/// Changes the first `size` bytes of `data` and returns their new number.
pub fn json(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed) | 1 << 32);
    let changed = if dice.below(4) == 0 { None } else { in_a_line(&data[..size], &mut dice) };
    match changed.filter(|changed| changed.len() <= max_size) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}

/// The input with one of its documents changed.
fn in_a_line(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    if let Ok(mut whole) = serde_json::from_slice(input) {
        change(&mut whole, dice);
        return serde_json::to_vec_pretty(&whole).ok();
    }
    let mut lines: Vec<_> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let documents: Vec<_> = (0..lines.len()).filter(|at| matches!(lines[*at].first(), Some(b'{' | b'['))).collect();
    let at = *documents.get(dice.below(documents.len().max(1)))?;
    match dice.below(12) {
        // A line goes, or comes again somewhere else.
        0 => drop(lines.remove(at)),
        1 => lines.insert(dice.below(lines.len()), lines[at].clone()),
        _ => {
            let mut document = serde_json::from_slice(&lines[at]).ok()?;
            change(&mut document, dice);
            lines[at] = serde_json::to_vec(&document).ok()?;
        }
    }
    Some(lines.join(&b'\n'))
}

fn change(document: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.below(2) {
        let at = dice.below(count(document));
        let other = nth(document, dice.below(count(document))).map_or(Value::Null, |value| value.clone());
        if let Some(value) = nth(document, at) {
            change_value(value, other, dice);
        }
    }
}

/// How many values there are in a document, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn nth(value: &mut Value, at: usize) -> Option<&mut Value> {
    let mut left = at.checked_sub(1);
    if left.is_none() {
        return Some(value);
    }
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for value in inner {
        let size = count(value);
        match left {
            Some(at) if at < size => return nth(value, at),
            at => left = at.map(|at| at - size),
        }
    }
    None
}

fn change_value(value: &mut Value, other: Value, dice: &mut Dice) {
    match (dice.below(3), value) {
        (0, value) => *value = another(other, dice),
        (_, Value::Array(items)) => change_items(items, other, dice),
        (_, Value::Object(fields)) => {
            let key = fields.keys().nth(dice.below(fields.len().max(1))).cloned().unwrap_or_default();
            match dice.below(3) {
                0 => drop(fields.remove(&key)),
                1 => drop(fields.insert(text(dice), other)),
                _ => {
                    let moved = fields.remove(&key).unwrap_or(other);
                    fields.insert(text(dice), moved);
                }
            }
        }
        (_, Value::String(said)) => change_text(said, dice),
        (_, Value::Bool(flag)) => *flag = !*flag,
        (_, value @ (Value::Number(_) | Value::Null)) => *value = another(other, dice),
    }
}

fn change_items(items: &mut Vec<Value>, other: Value, dice: &mut Dice) {
    let at = dice.below(items.len().max(1));
    match dice.below(3) {
        0 if !items.is_empty() => drop(items.remove(at)),
        1 if !items.is_empty() => {
            let again = items[at].clone();
            items.push(again);
        }
        _ => items.push(other),
    }
}

fn change_text(said: &mut String, dice: &mut Dice) {
    let at = (0..=said.len()).filter(|at| said.is_char_boundary(*at)).nth(dice.below(said.len() + 1)).unwrap_or(0);
    match dice.below(4) {
        0 => said.truncate(at),
        1 => said.insert_str(at, &text(dice)),
        2 => *said = said.repeat(1 + dice.below(8)),
        _ => *said = text(dice),
    }
}

fn another(other: Value, dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!([]),
        3 => json!({}),
        4 => json!(i64::MAX),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(1e300),
        8 => json!([-1, 0, 1, 65_535, 65_536, 4_294_967_296_i64][dice.below(6)]),
        9 => (0..dice.below(200)).fold(Value::Null, |inner, _| json!([inner])),
        10 => Value::String(text(dice)),
        _ => other,
    }
}

fn text(dice: &mut Dice) -> String {
    TEXTS[dice.below(TEXTS.len())].to_owned()
}

/// Numbers that a seed decides (Marsaglia's xorshift64).
struct Dice(u64);

impl Dice {
    /// One of `0..limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
