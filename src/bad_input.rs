//! Input that cannot be used: what was typed, where in it the problem lies, and what to type instead. It is told before
//! Docker is asked anything.

use std::io;
use std::ops::Range;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan};
use thiserror::Error;

/// Input that cannot be used.
#[derive(Debug)]
pub struct BadInput(Box<Pointed>);

/// What is told of it, in miette's terms.
#[derive(Debug, Error, Diagnostic)]
#[error("{what}")]
struct Pointed {
    what: String,
    #[source_code]
    text: Option<NamedSource<String>>,
    #[label("{problem}")]
    at: Option<SourceSpan>,
    problem: String,
    #[help]
    help: Option<String>,
}

impl BadInput {
    /// The value of a flag, with the problem at `at` (in bytes of the value).
    pub fn flag(flag: &str, value: &str, at: Range<usize>, problem: impl Into<String>) -> Self {
        let start = flag.len() + 1;
        // An empty value is shown as a shell takes it, so that there is something to point at.
        let (value, at) = if value.is_empty() { ("''", 0..2) } else { (value, at) };
        Self(Box::new(Pointed {
            what: format!("`{flag} {value}` cannot be used"),
            text: Some(NamedSource::new("command line", format!("{flag} {value}"))),
            at: Some((start + at.start..start + at.end).into()),
            problem: problem.into(),
            help: None,
        }))
    }

    /// The text of a file, with the problem at `at` (in bytes) where that is known.
    pub fn file(name: &str, text: &str, at: Option<Range<usize>>, problem: &str) -> Self {
        // Where there is no text there is nothing to point at, and the problem would not be told.
        let at = at.filter(|at| at.start < text.len());
        let what = match at {
            Some(_) => format!("the spec file `{name}` cannot be used"),
            None => format!("the spec file `{name}` cannot be used: {problem}"),
        };
        Self(Box::new(Pointed {
            what,
            text: at.is_some().then(|| NamedSource::new(name, text.to_owned())),
            at: at.map(SourceSpan::from),
            problem: problem.to_owned(),
            help: None,
        }))
    }

    /// A problem with no text to point at.
    pub fn plain(what: impl Into<String>) -> Self {
        Self(Box::new(Pointed { what: what.into(), text: None, at: None, problem: String::new(), help: None }))
    }

    /// The same with what to type instead.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// As a person reads it on stderr.
    pub fn render(&self) -> String {
        let color = crate::view::color(&io::stderr());
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let mut text = String::new();
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
        let handler = handler.with_footer("Nothing was asked of Docker.".to_owned());
        match handler.render_report(&mut text, self.0.as_ref()) {
            Ok(()) => text,
            Err(_) => format!("{}: {}\n", self.0.what, self.0.problem),
        }
    }
}
