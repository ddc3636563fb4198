//! The changes of rules.

use super::{Change, ChangeKind, Subject};
use crate::review::{
    AccessPolicy, AccessRule, CheckText, Clause, MatrixCell, Persona, RuleAccess,
    analysis::{Comparison, Side},
};

/// Returns the changes of the rules. The names are those of `after`.
pub(super) fn changes(before: &AccessPolicy, after: &AccessPolicy) -> Vec<Change> {
    let gone = before.rules.iter().filter(|rule| after.rule(&rule.target).is_none()).map(gone);
    let changed = after.rules.iter().flat_map(|rule| match before.rule(&rule.target) {
        Some(old) => changed(before, old, after, rule),
        None => vec![new(after, rule)],
    });
    changed.chain(gone).collect()
}

fn subject(rule: &AccessRule) -> Subject {
    Subject::RuleOf(rule.target.clone())
}

/// A plain handler that is still mounted is public without its rule.
fn gone(rule: &AccessRule) -> Change {
    let kind = if matches!(rule.access, RuleAccess::Public { .. }) { ChangeKind::Gone } else { ChangeKind::RuleGone };
    Change { before: Some(rule.access.to_string()), ..Change::new(kind, subject(rule)) }
}

fn new(policy: &AccessPolicy, rule: &AccessRule) -> Change {
    let is_let_in = |role: &&String| policy.cell(rule, &Persona::caller().role(*role)) != MatrixCell::Deny;
    let kind = if rule.admits_anonymous() { ChangeKind::NewPublic } else { ChangeKind::New };
    let roles =
        if rule.admits_anonymous() { Vec::new() } else { policy.roles.keys().filter(is_let_in).cloned().collect() };
    Change { after: Some(rule.access.to_string()), roles, ..Change::new(kind, subject(rule)) }
}

fn changed(before: &AccessPolicy, old: &AccessRule, after: &AccessPolicy, new: &AccessRule) -> Vec<Change> {
    let change = |kind| Change::new(kind, subject(new)).texts(&old.access, &new.access);
    let (with_new_checks, is_check_changed) = with_checks_of(old, new);
    let sides = [Side { policy: before, rule: &with_new_checks }, Side { policy: after, rule: new }];
    let mut changes = Vec::new();
    for (comparison, kind) in [
        (Comparison::new(sides[0], sides[1]), ChangeKind::Widened),
        (Comparison::new(sides[1], sides[0]), ChangeKind::Narrowed),
    ] {
        match comparison {
            Comparison::Nothing => {}
            Comparison::Unknown { .. } if changes.iter().any(|known: &Change| known.kind == ChangeKind::Undecided) => {}
            Comparison::Unknown { .. } => changes.push(change(ChangeKind::Undecided)),
            Comparison::Gain { persona, .. } if persona.is_anonymous() && kind == ChangeKind::Widened => {
                changes.push(Change { persona: Some(*persona), ..change(ChangeKind::NewPublic) });
            }
            Comparison::Gain { persona, roles } => {
                changes.push(Change { persona: Some(*persona), roles, ..change(kind) });
            }
        }
    }
    if is_check_changed {
        changes.push(change(ChangeKind::CheckChanged));
    }
    if old.hides() != new.hides() && old.requirement().is_some() && new.requirement().is_some() {
        changes.push(change(ChangeKind::HideChanged));
    }
    if changes.is_empty() {
        changes.extend(reworded(old, new));
    }
    changes
}

fn reworded(old: &AccessRule, new: &AccessRule) -> Option<Change> {
    let change = Change::new(ChangeKind::Reworded, subject(new));
    if old.access != new.access {
        return Some(change.texts(&old.access, &new.access));
    }
    let operation = |rule: &AccessRule| format!("operation {:?}", rule.operation);
    (old.operation != new.operation).then(|| change.texts(operation(old), operation(new)))
}

/// Returns the old rule with the new text of each check that changed, and whether one changed.
///
/// Checks are paired in their order if as many are gone as are new. Otherwise each is a check of its own.
fn with_checks_of(old: &AccessRule, new: &AccessRule) -> (AccessRule, bool) {
    let (old_checks, new_checks) = (checks(old), checks(new));
    let gone: Vec<_> = old_checks.iter().filter(|check| !new_checks.contains(check)).cloned().collect();
    let added: Vec<_> = new_checks.iter().filter(|check| !old_checks.contains(check)).cloned().collect();
    let mut rule = old.clone();
    if gone.len() != added.len() || gone.is_empty() {
        return (rule, false);
    }
    if let Some(requirement) = rule.access.requirement_mut() {
        requirement.visit_mut(&mut |leaf| {
            if let Clause::Checked(text) = leaf
                && let Some(index) = gone.iter().position(|check| check == text)
            {
                *text = added[index].clone();
            }
        });
    }
    (rule, true)
}

/// Returns the checks of a rule, each once, from left to right.
fn checks(rule: &AccessRule) -> Vec<CheckText> {
    let mut checks = Vec::new();
    rule.requirement().into_iter().for_each(|clause| {
        clause.visit(&mut |leaf| {
            if let Clause::Checked(text) = leaf
                && !checks.contains(text)
            {
                checks.push(text.clone());
            }
        });
    });
    checks
}
