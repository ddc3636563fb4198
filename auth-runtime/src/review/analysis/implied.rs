//! A requirement with one clause less, to find clauses that decide nothing.

use super::Space;
use crate::review::{Clause, Clauses};

/// Maximum number of words of truth tables that are computed for one rule.
const MAX_WORDS: usize = 50_000_000;

/// Returns each clause of an `all` or `any`, and the requirement without it; nothing if that is too much to compute.
pub(in crate::review) fn clauses_without_one<'a>(
    requirement: &'a Clause,
    space: &Space<'_>,
) -> Vec<(&'a Clause, Clause)> {
    let mut clauses = 0_usize;
    requirement.visit(&mut |_| clauses += 1);
    let words = (1_usize << space.atoms().len()).div_ceil(64);
    if clauses.saturating_mul(clauses).saturating_mul(words) > MAX_WORDS {
        Vec::new()
    } else {
        without_one(requirement)
    }
}

fn without_one(clause: &Clause) -> Vec<(&Clause, Clause)> {
    match clause {
        Clause::All(clauses) => list(clauses, Clause::All),
        Clause::Any(clauses) => list(clauses, Clause::Any),
        Clause::Not(inner) => {
            without_one(inner).into_iter().map(|(removed, rest)| (removed, Clause::not(rest))).collect()
        }
        Clause::Named { clause, .. } => without_one(clause),
        _ => Vec::new(),
    }
}

fn list(clauses: &Clauses, build: fn(Clauses) -> Clause) -> Vec<(&Clause, Clause)> {
    let mut found = Vec::new();
    for (index, clause) in clauses.iter().enumerate() {
        let others =
            || clauses.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, clause)| clause.clone());
        found.extend(Clauses::new(others().collect()).map(|rest| (clause, build(rest))));
        for (removed, rest) in without_one(clause) {
            let mut whole = clauses.to_vec();
            whole[index] = rest;
            found.extend(Clauses::new(whole).map(|whole| (removed, build(whole))));
        }
    }
    found
}
