//! Writes a policy.

use std::{collections::BTreeMap, fmt};

use super::super::{AccessPolicy, AccessRule};

const COMMENT: &str = "\
# Who may call what. A test writes this file from the code; review its changes as code.
# To accept a change: ACCESS_LOCK=accept cargo test
";

impl fmt::Display for AccessPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{COMMENT}access-lock 1")?;
        blocks(f, &self.permissions, |f, name, description| {
            writeln!(f, "permission {name:?}{}", Described(description))
        })?;
        blocks(f, &self.roles, |f, name, role| {
            write!(f, "role {name:?}{} holds", Described(&role.description))?;
            role.permissions.iter().try_for_each(|permission| write!(f, " {permission:?}"))?;
            writeln!(f)
        })?;
        blocks(f, &self.schemes, |f, name, kind| writeln!(f, "scheme {name:?} {kind}"))?;
        let scopes = self.scopes.iter().map(|scope| (scope, ())).collect();
        blocks(f, &scopes, |f, name, ()| writeln!(f, "scope {name:?}"))?;
        f.write_str(if self.rules.is_empty() { "" } else { "\n" })?;
        self.rules.iter().try_for_each(|rule| write_rule(f, rule))
    }
}

/// Writes one line for each entry, after an empty line.
fn blocks<'a, K, V: 'a>(
    f: &mut fmt::Formatter<'_>,
    entries: &'a BTreeMap<K, V>,
    write: impl Fn(&mut fmt::Formatter<'_>, &K, &'a V) -> fmt::Result,
) -> fmt::Result {
    f.write_str(if entries.is_empty() { "" } else { "\n" })?;
    entries.iter().try_for_each(|(name, value)| write(f, name, value))
}

fn write_rule(f: &mut fmt::Formatter<'_>, rule: &AccessRule) -> fmt::Result {
    writeln!(f, "{} {}\n    operation {:?}", rule.target, rule.access, rule.operation)
}

/// A description in quotation marks; nothing if it is empty.
struct Described<'a>(&'a str);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " {:?}", self.0) }
    }
}
