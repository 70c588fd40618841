//! Reading one field of an answer. bollard's models make every field optional; here a field that Docker always sends
//! and that is not there, or is empty where Docker never sends it empty, is an error, never a default.

use engine::Why;

/// A field of an answer that is missing or cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl Unreadable {
    /// What is wrong, for a person who knows Docker's API: `State.Status is missing`.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Why nothing is known, where the field was part of the answer to this call.
    pub fn in_answer_to(self, call: &str) -> Why {
        Why::Malformed { call: call.to_owned(), what: self.0 }
    }
}

/// A field that Docker always sends.
pub fn need<T>(field: Option<T>, name: &str) -> Result<T, Unreadable> {
    field.ok_or_else(|| Unreadable::new(format!("`{name}` is missing")))
}

/// A text that Docker always sends and that is never empty.
pub fn need_text(field: Option<String>, name: &str) -> Result<String, Unreadable> {
    let text = need(field, name)?;
    if text.is_empty() { Err(Unreadable::new(format!("`{name}` is empty"))) } else { Ok(text) }
}

/// A text that Docker sends empty where there is none.
pub fn text_or_none(field: Option<String>) -> Option<String> {
    field.filter(|text| !text.is_empty())
}
