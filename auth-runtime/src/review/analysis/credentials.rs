//! The credentials that a requirement needs, as [`crate::policy`] decides at compile time: one, or several where no
//! scheme meets it alone.

use std::collections::BTreeSet;

use crate::review::{AccessPolicy, Clause, scheme_text};

/// Maximum number of credentials of a rule.
const MAX: usize = 4;

/// The schemes of the credentials that a request can have together: nothing if one credential is enough.
pub(in crate::review) type SchemeSets<'a> = Vec<BTreeSet<&'a str>>;

/// Returns the sets of several schemes that meet a requirement together. They are empty if one scheme is enough.
pub(in crate::review) fn several<'a>(policy: &'a AccessPolicy, requirement: &'a Clause) -> SchemeSets<'a> {
    let mut sets = vec![BTreeSet::new()];
    for schemes in needed(policy, requirement) {
        sets = sets.iter().flat_map(|set| schemes.iter().filter_map(|scheme| beside(policy, set, scheme))).collect();
    }
    sets.retain(|set| set.len() > 1 && met_by(requirement, set) != Some(false));
    sets
}

/// Returns the sets of schemes that a caller can send who has all of these: one, or a set that the rule needs.
pub(in crate::review) fn choices<'a>(held: &BTreeSet<&'a str>, several: &[BTreeSet<&'a str>]) -> SchemeSets<'a> {
    if several.is_empty() {
        held.iter().map(|scheme| BTreeSet::from([*scheme])).collect()
    } else {
        several.iter().filter(|set| set.is_subset(held)).cloned().collect()
    }
}

/// Returns the schemes of each credential that a requirement needs. They are empty if one scheme is enough.
pub(in crate::review) fn needed<'a>(policy: &'a AccessPolicy, requirement: &'a Clause) -> SchemeSets<'a> {
    let mut schemes = 0;
    requirement.visit(&mut |leaf| schemes += usize::from(matches!(leaf, Clause::UsesScheme(_))));
    if schemes < 2 {
        return Vec::new();
    }
    let alone = |scheme: &String| met_by(requirement, &BTreeSet::from([scheme.as_str()])) != Some(false);
    let mut needed = Vec::new();
    if !policy.schemes.is_empty() && !policy.schemes.keys().any(alone) {
        gather(requirement, &mut needed);
    }
    if (2..=MAX).contains(&needed.len()) { needed } else { Vec::new() }
}

/// Returns the set with one more scheme, if a request can have the credential of the scheme too.
fn beside<'a>(policy: &AccessPolicy, set: &BTreeSet<&'a str>, scheme: &'a str) -> Option<BTreeSet<&'a str>> {
    let location = |name: &str| policy.schemes.get(name).map(|written| scheme_text::location(written));
    let is_free = !set.iter().any(|other| location(other) == location(scheme));
    is_free.then(|| set.iter().copied().chain([scheme]).collect())
}

/// Collects the clauses of schemes alone from the outermost `all`. Each narrows the first credential with which it
/// shares a scheme, or else needs one more.
fn gather<'a>(clause: &'a Clause, needed: &mut SchemeSets<'a>) {
    if let Clause::All(_) | Clause::Named { .. } = clause {
        clause.children().iter().for_each(|clause| gather(clause, needed));
    } else if let Some(schemes) = schemes_alone(clause) {
        match needed.iter_mut().find(|known| !known.is_disjoint(&schemes)) {
            Some(known) => known.retain(|scheme| schemes.contains(scheme)),
            None => needed.push(schemes),
        }
    }
}

/// Returns the schemes of a clause that is a scheme, or an `any` of schemes.
fn schemes_alone(clause: &Clause) -> Option<BTreeSet<&str>> {
    match clause {
        Clause::UsesScheme(name) => Some(BTreeSet::from([name.as_str()])),
        Clause::Any(clauses) => clauses.iter().try_fold(BTreeSet::new(), |mut all, clause| {
            all.extend(schemes_alone(clause)?);
            Some(all)
        }),
        Clause::Named { clause, .. } => schemes_alone(clause),
        _ => None,
    }
}

/// Evaluates a requirement when only the schemes of the credentials are known.
fn met_by(clause: &Clause, schemes: &BTreeSet<&str>) -> Option<bool> {
    let first_of = |clauses: &[Clause], deciding: bool| {
        let results: Vec<_> = clauses.iter().map(|clause| met_by(clause, schemes)).collect();
        if results.contains(&Some(deciding)) { Some(deciding) } else { (!results.contains(&None)).then_some(!deciding) }
    };
    match clause {
        Clause::Authenticated => Some(true),
        Clause::UsesScheme(name) => Some(schemes.contains(name.as_str())),
        Clause::All(clauses) => first_of(clauses, false),
        Clause::Any(clauses) => first_of(clauses, true),
        Clause::Not(clause) => met_by(clause, schemes).map(|met| !met),
        Clause::Named { clause, .. } => met_by(clause, schemes),
        _ => None,
    }
}
