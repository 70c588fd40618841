//! A run as JSON lines: the first holds schema, version, intent and the record as read, each further one a state, the
//! command it named and the event that answered. Secrets are replaced, the same value by the same number everywhere, so
//! that comparisons replay.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::command::Command;
use crate::event::Event;
use crate::intent::Intent;
use crate::record::RecordSeen;

/// The version of the trace's form.
pub const SCHEMA: u32 = 1;

/// Secrets shorter than this are replaced only where an environment value stands: as a part of other text they would be
/// found in everything.
const SHORTEST_IN_TEXT_BYTES: usize = 8;

#[derive(Serialize)]
struct Head<'a> {
    schema: u32,
    version: &'static str,
    intent: &'a Intent,
    record: Option<&'a RecordSeen>,
}

#[derive(Serialize)]
struct Step<'a> {
    state: &'static str,
    command: &'a Command,
    event: &'a Event,
}

/// Makes the lines of one trace.
#[derive(Debug, Default)]
pub struct Tracer {
    secrets: BTreeMap<String, usize>,
}

impl Tracer {
    /// The first line. `record` is none where the run ended before the record was read.
    ///
    /// # Errors
    /// What serde_json says of a value that has no JSON form; none of ours is one.
    pub fn head(&mut self, intent: &Intent, record: Option<&RecordSeen>) -> Result<String, serde_json::Error> {
        self.line(&Head { schema: SCHEMA, version: env!("CARGO_PKG_VERSION"), intent, record })
    }

    /// The line of one step.
    ///
    /// # Errors
    /// As [`Tracer::head`].
    pub fn step(&mut self, state: &'static str, command: &Command, event: &Event) -> Result<String, serde_json::Error> {
        self.line(&Step { state, command, event })
    }

    fn line(&mut self, what: &impl Serialize) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(what)?;
        self.learn(&value);
        self.redact(&mut value, false);
        serde_json::to_string(&value)
    }

    /// Notes every environment value: every string under a key `env`.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    match (key.as_str(), field) {
                        ("env", Value::Object(env)) => {
                            for secret in env.values().filter_map(Value::as_str) {
                                let number = self.secrets.len() + 1;
                                self.secrets.entry(secret.to_owned()).or_insert(number);
                            }
                        }
                        (_, field) => self.learn(field),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn redact(&self, value: &mut Value, is_env: bool) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields.iter_mut() {
                    self.redact(field, is_env || (key == "env" && field.is_object()));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact(item, is_env)),
            Value::String(text) if is_env => {
                if let Some(number) = self.secrets.get(text.as_str()) {
                    *text = format!("<redacted:{number}>");
                }
            }
            Value::String(text) => {
                for (secret, number) in &self.secrets {
                    if secret.len() >= SHORTEST_IN_TEXT_BYTES && text.contains(secret.as_str()) {
                        *text = text.replace(secret.as_str(), &format!("<redacted:{number}>"));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
