//! A difference for people.

use std::fmt;

use super::{Change, ChangeKind, Difference};

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        self.changes.iter().try_for_each(|change| write!(f, "\n{change}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.kind.as_str(), self.subject)?;
        if let Some(persona) = &self.persona {
            writeln!(f, "    {:<9} {persona}", self.effect())?;
        }
        if !self.roles.is_empty() {
            writeln!(f, "    {:<9} {}", "roles", self.roles.join(", "))?;
        }
        // A rule can change through the tables alone.
        let texts = match (&self.before, &self.after) {
            (Some(before), Some(after)) if before == after => [("rule", Some(before)), ("", None)],
            (before, after) => [("before", before.as_ref()), ("after", after.as_ref())],
        };
        let mut texts = texts.into_iter().filter_map(|(word, text)| Some((word, text?)));
        texts.try_for_each(|(word, text)| writeln!(f, "    {word:<9} {text}"))
    }
}

impl Change {
    /// Returns what happens to the persona.
    pub(super) fn effect(&self) -> &'static str {
        if self.kind == ChangeKind::Narrowed { "keeps out" } else { "lets in" }
    }
}
