//! A difference for a pull request.

use std::fmt::Write as _;

use super::{Change, Difference, DifferenceClass};
use crate::review::markdown::code;

impl Difference {
    /// Returns the difference as Markdown, for a comment on a pull request. Names from the policy are in code spans, so
    /// they cannot add markup.
    ///
    /// ```
    /// # use auth_runtime::review::{AccessPolicy, Difference};
    /// # let before: AccessPolicy = "access-lock 1".parse()?;
    /// # let after: AccessPolicy = "access-lock 1\nGET /health public \"probe\"\n  operation \"app::health\"".parse()?;
    /// let markdown = Difference::between(&before, &after).to_markdown();
    /// assert!(markdown.contains("| **new public** | `GET /health` |"));
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("### Access: {}\n", self.summary());
        if !self.is_empty() {
            text.push_str("\n| change | what | who | before | after |\n|---|---|---|---|---|\n");
        }
        for change in &self.changes {
            let _ = writeln!(text, "{}", row(change));
        }
        text
    }
}

fn row(change: &Change) -> String {
    let kind = change.kind.as_str();
    let kind = if change.class() >= DifferenceClass::Review { format!("**{kind}**") } else { kind.to_owned() };
    let side = |text: &Option<String>| text.as_deref().map(code).unwrap_or_default();
    format!(
        "| {kind} | {} | {} | {} | {} |",
        code(&change.subject.to_string()),
        who(change),
        side(&change.before),
        side(&change.after)
    )
}

fn who(change: &Change) -> String {
    let persona = change.persona.as_ref().map(|persona| format!("{} {}", change.effect(), code(&persona.to_string())));
    let roles: Vec<_> = change.roles.iter().map(|role| code(role)).collect();
    let roles = (!roles.is_empty()).then(|| format!("roles {}", roles.join(", ")));
    persona.into_iter().chain(roles).collect::<Vec<_>>().join("; ")
}
