//! A run as JSON lines: the first holds schema, version, intent and the record as read, each further one a state, the
//! command it named and the event that answered. Secrets are replaced, the same value by the same number everywhere, so
//! that comparisons replay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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

/// Words that make an argument's value a secret.
const SECRET_WORDS: [&str; 5] = ["token", "secret", "password", "passwd", "key"];

/// Makes the lines of one trace.
#[derive(Default)]
pub struct Tracer {
    secrets: BTreeMap<String, usize>,
    /// What earlier lines said in plain. It is no secret any more, and a trace that began to replace it half way would not
    /// replay: the node name stands in the intent long before it is a new container's environment value.
    said: BTreeSet<String>,
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tracer({} secrets)", self.secrets.len())
    }
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
        self.remember(&value);
        serde_json::to_string(&value)
    }

    fn remember(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => fields.values().for_each(|field| self.remember(field)),
            Value::Array(items) => items.iter().for_each(|item| self.remember(item)),
            Value::String(text) if !self.said.contains(text) => {
                self.said.insert(text.clone());
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Notes every secret: each environment value, and what a command line gives to an argument that says so.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    match (key.as_str(), field) {
                        ("env", Value::Object(env)) => {
                            env.values().filter_map(Value::as_str).for_each(|secret| self.note(secret));
                        }
                        ("command", Value::Array(arguments)) => {
                            let arguments: Vec<_> = arguments.iter().filter_map(Value::as_str).collect();
                            self.learn_from_command_line(&arguments);
                        }
                        ("command", Value::String(line)) => {
                            let arguments: Vec<_> = line.split(' ').collect();
                            self.learn_from_command_line(&arguments);
                        }
                        (_, field) => self.learn(field),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn learn_from_command_line(&mut self, arguments: &[&str]) {
        let is_secret = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.starts_with('-') && SECRET_WORDS.iter().any(|word| name.contains(word))
        };
        for (index, argument) in arguments.iter().enumerate() {
            match (argument.split_once('='), arguments.get(index + 1)) {
                (Some((name, value)), _) if is_secret(name) => self.note(value),
                (None, Some(value)) if is_secret(argument) => self.note(value),
                (Some(_) | None, _) => {}
            }
        }
    }

    fn note(&mut self, secret: &str) {
        if self.said.contains(secret) {
            return;
        }
        let number = self.secrets.len() + 1;
        self.secrets.entry(secret.to_owned()).or_insert(number);
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
            Value::String(text) => *text = self.redacted(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text with every secret in it replaced: from the left, the longest first, so that no secret leaves a rest.
    fn redacted(&self, text: &str) -> String {
        let mut told = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let found = self
                .secrets
                .iter()
                // Preparing a search costs more than most texts, which are shorter than the secret.
                .filter(|(secret, _)| (SHORTEST_IN_TEXT_BYTES..=rest.len()).contains(&secret.len()))
                .filter_map(|(secret, number)| rest.find(secret.as_str()).map(|at| (at, secret.len(), number)))
                .min_by_key(|(at, length, _)| (*at, usize::MAX - length));
            let Some((at, length, number)) = found else { break };
            told.push_str(&rest[..at]);
            told.push_str(&format!("<redacted:{number}>"));
            rest = &rest[at + length..];
        }
        told.push_str(rest);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: Value) -> String {
        Tracer::default().line(&json).unwrap()
    }

    #[test]
    fn a_secret_that_begins_like_another_leaves_no_rest() {
        let told = line(serde_json::json!({
            "env": { "A": "password", "B": "password-long-tail" },
            "log": "key password-long-tail used, then password",
        }));
        assert!(!told.contains("password") && !told.contains("tail"), "{told}");
    }

    #[test]
    fn what_stood_in_plain_before_stays_so() {
        let mut tracer = Tracer::default();
        tracer.line(&serde_json::json!({ "node_name": "openshell-prod" })).unwrap();
        let told = tracer.line(&serde_json::json!({
            "env": { "NODE": "openshell-prod", "TOKEN": "abcdefgh12" },
            "hostname": "openshell-prod",
        }));
        let told = told.unwrap();
        assert_eq!(told.matches("openshell-prod").count(), 2, "{told}");
        assert!(!told.contains("abcdefgh12"), "{told}");
    }

    #[test]
    fn secrets_on_command_lines_are_replaced_by_the_same_number_everywhere() {
        let told = line(serde_json::json!({
            "command": ["/bin/x", "--api-token=abcdefgh12", "--port", "80"],
            "holder": { "command": "nc --password hunter2hunter2" },
            "log": "used abcdefgh12",
        }));
        assert!(!told.contains("abcdefgh12") && !told.contains("hunter2"), "{told}");
        assert_eq!(told.matches("<redacted:1>").count(), 2, "{told}");
        assert!(told.contains("--port") && told.contains("80"), "{told}");
    }
}
