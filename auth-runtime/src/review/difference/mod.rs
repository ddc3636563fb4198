//! The difference of two policies: callers that are newly admitted or no longer admitted, and changes that need a
//! review.

mod change;
mod json;
mod markdown;
mod rename;
mod rules;
mod sarif;
mod tables;
mod text;

use std::collections::BTreeMap;

pub use self::change::{Change, ChangeKind, DifferenceClass, Subject};
use super::AccessPolicy;

/// The changes from one policy to another, the most important ones first.
///
/// [`Display`](std::fmt::Display) writes them as text. Like [`AccessPolicy::cell`], the analysis is exact for up to 20
/// facts: a rule is [`Widened`](ChangeKind::Widened) or [`NewPublic`](ChangeKind::NewPublic) if and only if it admits a
/// caller that it did not admit before. A check whose text changed counts as the same check.
///
/// ```
/// use auth_runtime::review::{AccessPolicy, Difference, DifferenceClass};
///
/// let text = r#"
/// access-lock 1
/// permission "delete"
/// role "Administrator" holds "delete"
/// role "Viewer" holds
/// DELETE /entries requires permission("delete")
///     operation "app::Entries::clear"
/// "#;
/// let before: AccessPolicy = text.parse()?;
/// let after = text.replace(r#""Viewer" holds"#, r#""Viewer" holds "delete""#).parse()?;
///
/// let difference = Difference::between(&before, &after);
/// assert_eq!(difference.class(), DifferenceClass::Widened);
/// let change = &difference.changes()[0];
/// assert_eq!(change.subject.to_string(), "DELETE /entries");
/// assert_eq!(change.persona.as_ref().unwrap().to_string(), r#"role("Viewer")"#);
/// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    changes: Vec<Change>,
    /// The line of each subject in the text of the new policy, from 1.
    lines: BTreeMap<String, usize>,
}

impl Difference {
    /// Compares two policies.
    #[must_use]
    pub fn between(before: &AccessPolicy, after: &AccessPolicy) -> Self {
        let (renamed, mut changes) = rename::rename(before, after);
        changes.extend(rules::changes(&renamed, after));
        changes.extend(tables::changes(&renamed, after));
        changes.sort_by(|a, b| b.class().cmp(&a.class()).then_with(|| a.subject.cmp(&b.subject)));
        let lines = if changes.is_empty() { BTreeMap::new() } else { lines(after) };
        Self { changes, lines }
    }

    /// Returns the changes, the most important ones first.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the class of the most important change.
    #[must_use]
    pub fn class(&self) -> DifferenceClass {
        self.changes.iter().map(Change::class).max().unwrap_or_default()
    }

    /// Returns how many changes there are of each kind, the most important ones first.
    fn counts(&self) -> Vec<(ChangeKind, usize)> {
        let mut counts: Vec<(ChangeKind, usize)> = Vec::new();
        for change in &self.changes {
            match counts.iter_mut().find(|(kind, _)| *kind == change.kind) {
                Some((_, count)) => *count += 1,
                None => counts.push((change.kind, 1)),
            }
        }
        counts
    }

    /// Returns one line that counts the changes: `1 widened, 2 new`.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts: Vec<_> = self.counts().iter().map(|(kind, count)| format!("{count} {}", kind.as_str())).collect();
        if counts.is_empty() { "no difference".to_owned() } else { counts.join(", ") }
    }
}

/// Returns the line of each subject in the text of a policy.
fn lines(policy: &AccessPolicy) -> BTreeMap<String, usize> {
    let text = policy.to_string();
    let mut numbered =
        text.lines().zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with([' ', '#'])).skip(1);
    let tables = [
        policy.permissions.keys().map(|name| Subject::PermissionNamed(name.clone())).collect::<Vec<_>>(),
        policy.roles.keys().map(|name| Subject::RoleNamed(name.clone())).collect(),
        policy.schemes.keys().map(|name| Subject::SchemeNamed(name.clone())).collect(),
        policy.scopes.iter().map(|name| Subject::ScopeNamed(name.clone())).collect(),
        policy.rules.iter().map(|rule| Subject::RuleOf(rule.target.clone())).collect(),
    ];
    let subjects = tables.into_iter().flatten();
    subjects.filter_map(|subject| numbered.next().map(|(_, line)| (subject.to_string(), line))).collect()
}
