//! A difference as JSON.

use serde_json::{Value, json};

use super::{Change, Difference};

impl Difference {
    /// Returns the difference as JSON. The schema is in `docs/src/reference/access-difference.schema.json`.
    ///
    /// ```
    /// # use auth_runtime::review::{AccessPolicy, Difference};
    /// let policy: AccessPolicy = "access-lock 1".parse()?;
    /// assert_eq!(Difference::between(&policy, &policy).to_json()["class"], "same");
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Value {
        let changes: Vec<_> = self.changes.iter().map(change).collect();
        json!({ "version": 1, "class": self.class().id(), "summary": self.summary(), "changes": changes })
    }
}

fn change(change: &Change) -> Value {
    json!({
        "kind": change.kind.id(),
        "class": change.class().id(),
        "subject": change.subject.to_string(),
        "persona": change.persona.as_ref().map(ToString::to_string),
        "roles": change.roles,
        "before": change.before,
        "after": change.after,
    })
}
