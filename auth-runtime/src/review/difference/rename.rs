//! Names that changed and stand for the same: recognised only where that is certain.

use std::collections::BTreeMap;

use super::{Change, ChangeKind, Subject};
use crate::review::{AccessPolicy, Clause, Target};

/// Returns the policy with the new names, and the changes of names.
pub(super) fn rename(before: &AccessPolicy, after: &AccessPolicy) -> (AccessPolicy, Vec<Change>) {
    let mut policy = before.clone();
    let mut changes = Vec::new();
    // Permissions first: roles are compared by their permissions, and routes by their operations.
    for kind in [Kind::Permission, Kind::Role] {
        for (old, new) in pairs(&policy, after, kind) {
            policy = renamed(policy, kind, &old, &new);
            // By default, permissions are scopes too.
            if kind == Kind::Permission
                && !after.scopes.contains(&old)
                && after.scopes.contains(&new)
                && policy.scopes.remove(&old)
            {
                policy.scopes.insert(new.clone());
                each_leaf(&mut policy, |leaf| {
                    if *leaf == Clause::scope(&old) {
                        *leaf = Clause::scope(&new);
                    }
                });
            }
            changes.push(
                Change::new(ChangeKind::Renamed, kind.subject(&new)).texts(kind.subject(&old), kind.subject(&new)),
            );
        }
    }
    for (old, new) in moved(&policy, after) {
        for rule in policy.rules.iter_mut().filter(|rule| rule.target == old) {
            rule.target = new.clone();
        }
        changes.push(Change::new(ChangeKind::Renamed, Subject::RuleOf(new.clone())).texts(old, new));
    }
    policy.rules.sort_by(|a, b| a.target.cmp(&b.target));
    (policy, changes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Permission,
    Role,
}

impl Kind {
    fn subject(self, name: &str) -> Subject {
        match self {
            Self::Permission => Subject::PermissionNamed(name.to_owned()),
            Self::Role => Subject::RoleNamed(name.to_owned()),
        }
    }

    fn names(self, policy: &AccessPolicy) -> Vec<&String> {
        match self {
            Self::Permission => policy.permissions.keys().collect(),
            Self::Role => policy.roles.keys().collect(),
        }
    }

    fn is(self, leaf: &Clause, name: &str) -> bool {
        match (self, leaf) {
            (Self::Permission, Clause::HasPermission(own)) | (Self::Role, Clause::HasRole(own)) => own == name,
            _ => false,
        }
    }

    /// Returns all that a policy says of a name: for a permission the roles that hold it, for a role the permissions
    /// that it holds; and the rules that ask for it.
    fn uses(self, policy: &AccessPolicy, name: &str) -> Uses {
        let beside = match self {
            Self::Permission => {
                let holds = policy.roles.iter().filter(|(_, role)| role.permissions.contains(name));
                holds.map(|(name, _)| name.clone()).collect()
            }
            Self::Role => {
                policy.roles.get(name).into_iter().flat_map(|role| role.permissions.iter().cloned()).collect()
            }
        };
        let rules = policy.rules.iter().filter(|rule| {
            let mut asks = false;
            rule.requirement().into_iter().for_each(|clause| clause.visit(&mut |leaf| asks |= self.is(leaf, name)));
            asks
        });
        Uses { beside, rules: rules.map(|rule| rule.operation.clone()).collect() }
    }
}

#[derive(PartialEq, Eq)]
struct Uses {
    beside: Vec<String>,
    rules: Vec<String>,
}

/// Returns the names that are gone with the new ones that are used in the same places, where there is one of each.
fn pairs(before: &AccessPolicy, after: &AccessPolicy, kind: Kind) -> Vec<(String, String)> {
    let (old, new) = (kind.names(before), kind.names(after));
    let only = |names: &[&String], others: &[&String], policy| -> Vec<(String, Uses)> {
        let names = names.iter().filter(|name| !others.contains(name));
        let with_uses = names.map(|name| ((*name).clone(), kind.uses(policy, name)));
        with_uses.filter(|(_, uses)| !(uses.beside.is_empty() && uses.rules.is_empty())).collect()
    };
    unique_pairs(&only(&old, &new, before), &only(&new, &old, after))
}

/// Returns the pairs whose values are equal, and equal to no other.
fn unique_pairs<K: Clone, V: PartialEq>(old: &[(K, V)], new: &[(K, V)]) -> Vec<(K, K)> {
    let alone = |list: &[(K, V)], value: &V| list.iter().filter(|(_, other)| other == value).count() == 1;
    let certain = old.iter().filter(|(_, value)| alone(old, value) && alone(new, value));
    let pairs = certain.filter_map(|(name, value)| {
        let (new, _) = new.iter().find(|(_, other)| other == value)?;
        Some((name.clone(), new.clone()))
    });
    pairs.collect()
}

/// Returns the targets that changed while their operation stayed.
fn moved(before: &AccessPolicy, after: &AccessPolicy) -> Vec<(Target, Target)> {
    let only = |policy: &AccessPolicy, other: &AccessPolicy| -> Vec<(Target, (String, Option<String>))> {
        let rules = policy.rules.iter().filter(|rule| other.rule(&rule.target).is_none());
        // An operation that several methods of a path share moves with each of them.
        let key = |target: &Target| target.method().map(ToString::to_string);
        rules.map(|rule| (rule.target.clone(), (rule.operation.clone(), key(&rule.target)))).collect()
    };
    unique_pairs(&only(before, after), &only(after, before))
}

fn renamed(mut policy: AccessPolicy, kind: Kind, old: &str, new: &str) -> AccessPolicy {
    match kind {
        Kind::Permission => {
            move_key(&mut policy.permissions, old, new);
            for role in policy.roles.values_mut() {
                if role.permissions.remove(old) {
                    role.permissions.insert(new.to_owned());
                }
            }
        }
        Kind::Role => move_key(&mut policy.roles, old, new),
    }
    each_leaf(&mut policy, |leaf| {
        if kind.is(leaf, old) {
            *leaf = if kind == Kind::Role { Clause::role(new) } else { Clause::permission(new) };
        }
    });
    policy
}

fn each_leaf(policy: &mut AccessPolicy, mut change: impl FnMut(&mut Clause)) {
    for rule in &mut policy.rules {
        if let Some(requirement) = rule.access.requirement_mut() {
            requirement.visit_mut(&mut change);
        }
    }
}

fn move_key<V>(table: &mut BTreeMap<String, V>, old: &str, new: &str) {
    if let Some(value) = table.remove(old) {
        table.insert(new.to_owned(), value);
    }
}
