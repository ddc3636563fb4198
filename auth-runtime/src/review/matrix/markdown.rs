//! The matrix as Markdown.

use std::fmt::Write as _;

use super::{Matrix, notes::Notes};
use crate::review::markdown::code;

impl Matrix {
    /// Returns the matrix as Markdown: a table, the conditions and the findings. Names from the policy are in code
    /// spans, so they cannot add markup.
    ///
    /// ```
    /// # use auth_runtime::review::AccessPolicy;
    /// # let policy: AccessPolicy = "access-lock 1\nGET /health public \"probe\"\n  operation \"app::health\"".parse()?;
    /// assert!(policy.matrix().to_markdown().contains("| `GET /health` | yes | yes |"));
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let (rows, notes) = Notes::of(self);
        let heads = self.columns.iter().map(|column| code(&column.to_string()));
        let mut text = format!("| |{}\n|---|{}\n", cells(heads), "---|".repeat(self.columns.len()));
        for (row, texts) in self.rows.iter().zip(rows) {
            let target = code(&row.rule.target.to_string());
            let _ =
                writeln!(text, "| {target} |{}", cells(texts.iter().map(|text| text.to_string().replace('[', "\\["))));
        }
        list(&mut text, notes.iter().map(|(number, note)| format!("\\[{number}] {}", code(note))));
        list(
            &mut text,
            self.findings.iter().map(|finding| {
                format!("{}: {} {}", finding.kind.as_str(), code(&finding.subject.to_string()), code(&finding.message))
            }),
        );
        text
    }
}

fn cells(texts: impl Iterator<Item = String>) -> String {
    texts.fold(String::new(), |line, text| line + " " + &text + " |")
}

fn list(text: &mut String, lines: impl Iterator<Item = String>) {
    for (index, line) in lines.enumerate() {
        let _ = writeln!(text, "{}- {line}", if index == 0 { "\n" } else { "" });
    }
}
