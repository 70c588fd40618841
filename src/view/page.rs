//! Lines for people, as they are put together: a headline, labels with values, and what there is to tell beside them. All
//! that is foreign in them is made harmless on the way.

use super::{Mark, Report, clean};

/// Lines under way to the terminal.
pub struct Page {
    /// What there is so far.
    pub text: String,
    color: bool,
}

impl Page {
    /// An empty one.
    pub fn new(color: bool) -> Self {
        Self { text: String::new(), color }
    }

    /// What happened, after its sign.
    pub fn headline(&mut self, mark: Mark, text: &str) {
        let text = clean(text);
        let text = if self.color { format!("\x1b[1m{text}\x1b[0m") } else { text };
        self.text.push_str(&format!("{} {text}\n", mark.sign(self.color)));
    }

    /// A line, or several.
    pub fn line(&mut self, text: &str) {
        self.text.push_str(&clean(text));
        self.text.push('\n');
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Labels in one column, values in another; a value may have several lines.
    pub fn rows(&mut self, rows: &[(&str, String)]) {
        if rows.is_empty() {
            return;
        }
        self.blank();
        let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        for (label, value) in rows {
            for (index, line) in value.lines().enumerate() {
                let label = if index == 0 { label } else { "" };
                let label = format!("{label:width$}");
                let label = if self.color { format!("\x1b[2m{label}\x1b[0m") } else { label };
                self.line_after(&format!("  {label}  "), line);
            }
        }
    }

    fn line_after(&mut self, ours: &str, foreign: &str) {
        self.text.push_str(ours);
        self.line(foreign);
    }

    /// What a prune would take.
    pub fn exposed(&mut self, report: &Report) {
        if let Some(exposed) = super::text::exposed(report) {
            self.blank();
            self.line(exposed);
        }
    }

    /// What there is to tell beside the result.
    pub fn said(&mut self, report: &Report) {
        let said = report.said();
        if !said.is_empty() {
            self.blank();
        }
        for said in said {
            self.line(&format!("{}: {}", if said.warning { "Warning" } else { "Note" }, said.text));
        }
    }
}
