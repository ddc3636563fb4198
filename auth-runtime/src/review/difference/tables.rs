//! The changes of the tables. A permission of a role counts also without a rule, because handlers can ask for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, ChangeKind, Subject};
use crate::review::{AccessPolicy, RoleDefinition};

/// Returns the changes of roles, permissions, schemes and scopes. The names are those of `after`.
pub(super) fn changes(before: &AccessPolicy, after: &AccessPolicy) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&before.roles, &after.roles, Subject::RoleNamed, &mut changes, role);
    compare(&before.permissions, &after.permissions, Subject::PermissionNamed, &mut changes, |subject, old, new| {
        vec![Change::new(ChangeKind::Reworded, subject).texts(quoted(old), quoted(new))]
    });
    compare(&before.schemes, &after.schemes, Subject::SchemeNamed, &mut changes, |subject, old, new| {
        vec![Change::new(ChangeKind::KindChanged, subject).texts(old, new)]
    });
    let scopes = |policy: &AccessPolicy| policy.scopes.iter().map(|scope| (scope.clone(), ())).collect();
    compare(&scopes(before), &scopes(after), Subject::ScopeNamed, &mut changes, |_, (), ()| Vec::new());
    changes
}

fn compare<V: PartialEq>(
    before: &BTreeMap<String, V>,
    after: &BTreeMap<String, V>,
    subject: fn(String) -> Subject,
    changes: &mut Vec<Change>,
    describe: impl Fn(Subject, &V, &V) -> Vec<Change>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old != new => changes.extend(describe(subject(name.clone()), old, new)),
            (Some(_), None) => changes.push(Change::new(ChangeKind::Gone, subject(name.clone()))),
            (None, Some(_)) => changes.push(Change::new(ChangeKind::New, subject(name.clone()))),
            _ => {}
        }
    }
}

fn role(subject: Subject, old: &RoleDefinition, new: &RoleDefinition) -> Vec<Change> {
    let change = |kind| Change::new(kind, subject.clone()).texts(holds(old), holds(new));
    let mut changes = Vec::new();
    if !new.permissions.is_subset(&old.permissions) {
        changes.push(change(ChangeKind::Widened));
    }
    if !old.permissions.is_subset(&new.permissions) {
        changes.push(change(ChangeKind::Narrowed));
    }
    if changes.is_empty() {
        changes
            .push(Change::new(ChangeKind::Reworded, subject).texts(quoted(&old.description), quoted(&new.description)));
    }
    changes
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn holds(role: &RoleDefinition) -> String {
    role.permissions.iter().fold("holds".to_owned(), |text, name| format!("{text} {name:?}"))
}
