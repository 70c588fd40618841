//! Reads a scenario's text, and says of what cannot be used in which line it is and which word was probably meant.

use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Scenario;
use crate::act::Act;
use crate::fault::{Rule, Verdict, no_such_word};
use crate::world::program::Does;

/// The newest form of a scenario's text that is understood; a text that says none has it.
const SCHEMA: u32 = 1;

/// Why a scenario's text is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct BadText {
    /// In which line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Text that is no TOML, is of a newer form, or says what no scenario says, or what can never come to hold.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let document = DeTable::parse(text).map_err(|error| told(text, &error))?;
        if let Some(newer) = newer_schema(document.get_ref()) {
            let problem = format!("schema {} is newer than this version, which knows {SCHEMA}", newer.get_ref());
            return Err(BadText { line: line_of(text, newer.span().start), problem });
        }
        let scenario: Self = toml::from_str(text).map_err(|error| told(text, &error))?;
        let whole = DeValue::Table(document.get_ref().clone());
        if let Some((key, at)) = stray_key(&whole) {
            return Err(BadText { line: line_of(text, at), problem: format!("there is no key `{key}` here") });
        }
        for (at, rule) in scenario.rules.iter().enumerate() {
            if let Some(problem) = rule.never() {
                return Err(BadText { line: Self::line_of_rule(text, at), problem });
            }
        }
        // In which line a rule of the run after it stands is not looked for.
        let again = scenario.again.iter().flat_map(|again| &again.rules);
        if let Some(problem) = again.filter_map(Rule::never).next() {
            return Err(BadText { line: 1, problem: format!("`[again]`: {problem}") });
        }
        Ok(scenario)
    }

    /// In which line of its text a rule begins.
    pub fn line_of_rule(text: &str, at: usize) -> usize {
        let Ok(document) = DeTable::parse(text) else { return 1 };
        let rules = document.get_ref().get("rules").and_then(|rules| rules.get_ref().as_array());
        let rule = rules.and_then(|rules| rules.get(at));
        rule.map_or(1, |rule| line_of(text, rule.span().start))
    }

    /// Its text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1
}

/// What is wrong, with the nearest word where a word is.
fn told(text: &str, error: &toml::de::Error) -> BadText {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let message = error.message();
    // As serde says it: unknown variant `stopp`, expected one of `stop`, `kill`.
    let what = match message {
        _ if message.starts_with("unknown variant `") => Some("word"),
        _ if message.starts_with("unknown field `") => Some("key"),
        _ => None,
    };
    let mut quoted = message.split('`').skip(1).step_by(2);
    let problem = match (what, quoted.next()) {
        (Some(what), Some(typed)) => no_such_word(what, typed, quoted),
        (Some(_), None) | (None, _) => message.to_owned(),
    };
    BadText { line, problem }
}

fn newer_schema(document: &DeTable<'_>) -> Option<Spanned<u32>> {
    let schema = document.get("schema")?;
    let DeValue::Integer(number) = schema.get_ref() else { return None };
    let number = number.as_str().parse().ok().filter(|number| *number > SCHEMA)?;
    Some(Spanned::new(schema.span(), number))
}

/// A key beside a word that takes none. serde overlooks it there.
fn stray_key(value: &DeValue<'_>) -> Option<(String, usize)> {
    match value {
        DeValue::Array(all) => all.iter().find_map(|one| stray_key(one.get_ref())),
        DeValue::Table(table) => {
            let alone = ["act", "kind"].into_iter().find(|tag| {
                let word = table.get(*tag).and_then(|word| word.get_ref().as_str());
                word.is_some_and(|word| match *tag {
                    "act" => takes_any_key::<Act>("act", word),
                    _ => takes_any_key::<Verdict>("kind", word) || takes_any_key::<Does>("kind", word),
                })
            });
            let stray = alone.and_then(|tag| table.iter().find(|(key, _)| *key.get_ref() != tag));
            match stray {
                Some((key, _)) => Some((key.get_ref().to_string(), key.span().start)),
                None => table.iter().find_map(|(_, inner)| stray_key(inner.get_ref())),
            }
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            None
        }
    }
}

/// Whether serde takes whatever key beside this word: the word stands for a variant that has no fields.
fn takes_any_key<T: DeserializeOwned>(tag: &str, word: &str) -> bool {
    let probe = toml::Table::from_iter([
        (tag.to_owned(), toml::Value::from(word)),
        ("no such key".to_owned(), toml::Value::from(true)),
    ]);
    probe.try_into::<T>().is_ok()
}
