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
use crate::names::ImageRef;
use crate::record::RecordSeen;
use crate::rows::carried::HOME;

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

/// What stands in an environment value for what the spec says elsewhere, in plain.
const PLACEHOLDERS: [&str; 2] = ["{port}", "{tag}"];

/// The fields that list what is mounted, each item with its path.
const MOUNTED: [&str; 2] = ["mounts", "volumes"];

/// Makes the lines of one trace.
#[derive(Default)]
pub struct Tracer {
    secrets: BTreeMap<String, usize>,
    /// Environment values with placeholders. A replay fills in those of a replaced value, so that what stands between
    /// them is replaced, and they and what fills them stay.
    templates: BTreeSet<String>,
    /// The tags of all images so far.
    tags: BTreeSet<String>,
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
        self.learn_tags(&value);
        self.learn_places(&value);
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

    fn learn_tags(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(image)) = fields.get("image") {
                    self.tags.insert(ImageRef::new(image.as_str()).tag().to_owned());
                }
                fields.values().for_each(|field| self.learn_tags(field));
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_tags(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Notes the places in a container by which its own layer is told from what is mounted, and from what goes along: where
    /// something is mounted, and the home of its processes. They are no secrets, and replaced they would be the beginning
    /// of no path any more, so that the trace would not replay.
    fn learn_places(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    match (key.as_str(), field) {
                        ("env", Value::Object(env)) => self.said.extend(env.get(HOME).and_then(text)),
                        (key, Value::Array(items)) if MOUNTED.contains(&key) => {
                            self.said.extend(items.iter().filter_map(|item| text(item.get("path")?)));
                        }
                        (_, _) => {}
                    }
                    self.learn_places(field);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_places(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
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
        if PLACEHOLDERS.iter().any(|placeholder| secret.contains(placeholder)) {
            self.templates.insert(secret.to_owned());
            pieces(secret).filter(|piece| !piece.is_placeholder).for_each(|piece| self.note(piece.text));
            return;
        }
        if self.of_template(secret).is_some() {
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
            Value::String(text) if is_env => *text = self.redacted_value(text),
            Value::String(text) => *text = self.redacted(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// An environment value: replaced whole, or as its template is.
    fn redacted_value(&self, value: &str) -> String {
        let whole = |text: &str| match self.secrets.get(text) {
            Some(number) => format!("<redacted:{number}>"),
            None => text.to_owned(),
        };
        let by_pieces = |template| -> String {
            let piece = |piece: Piece<'_>| if piece.is_placeholder { piece.text.to_owned() } else { whole(piece.text) };
            pieces(template).map(piece).collect()
        };
        match self.of_template(value) {
            _ if self.templates.contains(value) => by_pieces(value),
            Some((template, port, tag)) => by_pieces(template).replace("{port}", port).replace("{tag}", tag),
            None => whole(value),
        }
    }

    /// The template that an environment value is made of, with the port and the tag in it.
    fn of_template<'a>(&'a self, value: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
        let of = |template: &'a str, tag: &'a str| {
            let tagged = template.replace("{tag}", tag);
            let port = match tagged.split_once("{port}") {
                Some((before, _)) => leading_digits(value.strip_prefix(before)?),
                None => "",
            };
            (tagged.replace("{port}", port) == value).then_some((template, port, tag))
        };
        // A template without a tag is tried with any.
        let tags = || self.tags.iter().map(String::as_str).chain([""]);
        self.templates.iter().find_map(|template| tags().find_map(|tag| of(template, tag)))
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

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A part of an environment value.
struct Piece<'a> {
    text: &'a str,
    is_placeholder: bool,
}

/// The value, cut where its placeholders begin and end.
fn pieces(value: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let next =
            PLACEHOLDERS.iter().filter_map(|placeholder| Some((rest.find(placeholder)?, placeholder.len()))).min();
        let (end, is_placeholder) = match next {
            Some((0, length)) => (length, true),
            Some((at, _)) => (at, false),
            None => (rest.len(), false),
        };
        let (text, after) = rest.split_at(end);
        rest = after;
        (!text.is_empty()).then_some(Piece { text, is_placeholder })
    })
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
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
    fn places_in_a_container_stay_in_plain_and_what_names_them_with_more_does_not() {
        let told = line(serde_json::json!({
            "env": { "HOME": "/home/somebody", "DATA": "/var/openshell", "DB": "sqlite:/var/openshell/the.db" },
            "mounts": [{ "path": "/var/openshell" }],
            "layer": ["/home", "/home/somebody/key", "/var"],
        }));
        assert!(told.contains("/home/somebody/key") && !told.contains("sqlite"), "{told}");
        assert_eq!(told.matches("/var/openshell").count(), 2, "{told}");
    }

    #[test]
    fn a_value_with_placeholders_is_told_as_the_same_once_they_are_filled() {
        let mut tracer = Tracer::default();
        let told = tracer.line(&serde_json::json!({
            "image": "gateway:1.2", "port": 8080,
            "env": { "LISTEN": "https://user:hunter2@host:{port}/", "VERSION": "{tag}", "BOTH": "{tag} at {port}" },
        }));
        let told = told.unwrap();
        assert!(!told.contains("hunter2"), "{told}");
        let filled = tracer.line(&serde_json::json!({
            "env": { "LISTEN": "https://user:hunter2@host:8080/", "VERSION": "1.2", "BOTH": "1.2 at 8080", "OTHER": "abc" },
        }));
        let env = |told: &str| serde_json::from_str::<Value>(told).unwrap()["env"].clone();
        let (template, filled) = (env(&told), env(&filled.unwrap()));
        for name in ["LISTEN", "VERSION", "BOTH"] {
            let template = template[name].as_str().unwrap().replace("{port}", "8080").replace("{tag}", "1.2");
            assert_eq!(filled[name], template);
        }
        assert_ne!(filled["OTHER"], "abc");
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
