//! Docker's answers as the JSON that they are, so that what no model knows is kept. A field that is needed and is
//! absent, or of another type than Docker's, is an error, never a default.

use serde_json::{Map, Value};

use crate::docker::look::field::{Unreadable, need};

/// A JSON object.
pub type Object = Map<String, Value>;

/// A part of an answer, and where in the answer it is.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    name: String,
    fields: &'a Object,
}

impl<'a> Part<'a> {
    /// A whole answer, or a piece of one.
    pub fn of(value: &'a Value, name: impl Into<String>) -> Result<Self, Unreadable> {
        let name = name.into();
        match value.as_object() {
            Some(fields) => Ok(Self { name, fields }),
            None => Err(Unreadable::new(format!("`{name}` is not an object"))),
        }
    }

    /// All its fields.
    pub fn fields(&self) -> &'a Object {
        self.fields
    }

    /// Where a field of it is in the answer.
    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// A field of another type than Docker's.
    fn not(&self, key: &str, what: &str) -> Unreadable {
        Unreadable::new(format!("`{}` is not {what}", self.path(key)))
    }

    /// A field that Docker always sends.
    pub fn value(&self, key: &str) -> Result<&'a Value, Unreadable> {
        need(self.fields.get(key), &self.path(key))
    }

    /// A field that Docker leaves out, or null, where there is nothing.
    fn value_if_any(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// A text that Docker always sends.
    pub fn text(&self, key: &str) -> Result<&'a str, Unreadable> {
        self.value(key)?.as_str().ok_or_else(|| self.not(key, "a text"))
    }

    /// A flag that Docker always sends.
    pub fn flag(&self, key: &str) -> Result<bool, Unreadable> {
        self.value(key)?.as_bool().ok_or_else(|| self.not(key, "true or false"))
    }

    /// A part that Docker always sends.
    pub fn part(&self, key: &str) -> Result<Self, Unreadable> {
        Self::of(self.value(key)?, self.path(key))
    }

    /// A part that Docker leaves out, or null, where there is nothing.
    pub fn part_if_any(&self, key: &str) -> Result<Option<Self>, Unreadable> {
        self.value_if_any(key).map(|value| Self::of(value, self.path(key))).transpose()
    }

    /// A part that Docker always sends, null where there is nothing.
    pub fn part_or_null(&self, key: &str) -> Result<Option<Self>, Unreadable> {
        self.value(key)?;
        self.part_if_any(key)
    }

    /// A list that Docker leaves out, or null, where there is nothing.
    pub fn list_if_any(&self, key: &str) -> Result<&'a [Value], Unreadable> {
        match self.value_if_any(key) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) | Value::Null) => {
                Err(self.not(key, "a list"))
            }
        }
    }

    /// A list of objects that Docker leaves out, or null, where there is nothing.
    pub fn parts_if_any(&self, key: &str) -> Result<Vec<Self>, Unreadable> {
        let name = self.path(key);
        self.list_if_any(key)?.iter().map(|value| Self::of(value, format!("{name}[]"))).collect()
    }

    /// A list of objects that Docker always sends.
    pub fn parts(&self, key: &str) -> Result<Vec<Self>, Unreadable> {
        if self.value(key)?.is_null() {
            return Err(self.not(key, "a list"));
        }
        self.parts_if_any(key)
    }

    /// The texts of a list that Docker leaves out, or null, where there is nothing.
    pub fn texts_if_any(&self, key: &str) -> Result<Vec<&'a str>, Unreadable> {
        let text = |value: &'a Value| value.as_str().ok_or_else(|| self.not(key, "a list of texts"));
        self.list_if_any(key)?.iter().map(text).collect()
    }

    /// The texts of a list that Docker always sends, null where there is nothing.
    pub fn texts_or_null(&self, key: &str) -> Result<Vec<&'a str>, Unreadable> {
        self.value(key)?;
        self.texts_if_any(key)
    }
}
