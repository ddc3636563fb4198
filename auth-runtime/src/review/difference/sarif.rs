//! A difference for code scanning: SARIF 2.1.0 (OASIS, 2020).

use serde_json::{Value, json};

use super::{Change, ChangeKind, Difference, DifferenceClass};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

impl Difference {
    /// Returns the difference as a SARIF 2.1.0 log, with locations in the file of the new policy.
    ///
    /// `uri` is the path of that file in the repository, such as `access.lock`. A change without a line there is
    /// reported at line 1.
    ///
    /// ```
    /// # use auth_runtime::review::{AccessPolicy, Difference};
    /// # let before: AccessPolicy = "access-lock 1".parse()?;
    /// # let after: AccessPolicy = "access-lock 1\nGET /health public \"probe\"\n  operation \"app::health\"".parse()?;
    /// let log = Difference::between(&before, &after).to_sarif("access.lock");
    /// assert_eq!(log["runs"][0]["results"][0]["ruleId"], "access/new-public");
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn to_sarif(&self, uri: &str) -> Value {
        let rules: Vec<_> = ChangeKind::ALL.into_iter().map(rule).collect();
        let results: Vec<_> = self.changes.iter().map(|change| self.result(change, uri)).collect();
        let driver = json!({
            "name": "auth-runtime",
            "version": env!("CARGO_PKG_VERSION"),
            "informationUri": "https://docs.rs/auth-runtime",
            "rules": rules,
        });
        json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [{ "tool": { "driver": driver }, "results": results }] })
    }

    fn result(&self, change: &Change, uri: &str) -> Value {
        let line = self.lines.get(&change.subject.to_string()).copied().unwrap_or(1);
        json!({
            "ruleId": id(change.kind),
            "ruleIndex": ChangeKind::ALL.iter().position(|kind| *kind == change.kind),
            "level": level(change.class()),
            "message": { "text": change.to_string().trim_end() },
            "locations": [{
                "physicalLocation": { "artifactLocation": { "uri": uri }, "region": { "startLine": line } }
            }],
        })
    }
}

fn id(kind: ChangeKind) -> String {
    format!("access/{}", kind.id())
}

fn rule(kind: ChangeKind) -> Value {
    json!({ "id": id(kind), "shortDescription": { "text": kind.as_str() } })
}

const fn level(class: DifferenceClass) -> &'static str {
    match class {
        DifferenceClass::NewPublic | DifferenceClass::Widened => "error",
        DifferenceClass::Review | DifferenceClass::New => "warning",
        DifferenceClass::Narrowed | DifferenceClass::Reworded | DifferenceClass::Same => "note",
    }
}
