//! The personas that tell a rule from a rule that was weakened: for tests of a running service.

use std::collections::BTreeSet;

use super::{
    AccessPolicy, AccessRule, Clause, Clauses, Persona,
    analysis::{Atom, Implicants, Space, implicants, several},
    policy::rank,
};

/// Maximum number of smallest sets of facts that are tried for one rule.
const MAX_SETS: usize = 16;

impl AccessPolicy {
    /// Returns the rules that a call of this target meets: those of the subtrees above it, and its own.
    pub(crate) fn rules_above<'a>(&'a self, rule: &'a AccessRule) -> Vec<&'a AccessRule> {
        let is_above = |other: &&AccessRule| {
            other.target.method().is_none()
                && other.target != rule.target
                && matches!((other.target.path(), rule.target.path()), (Some(pattern), Some(path)) if rank(pattern, path).is_some())
        };
        self.rules.iter().filter(is_above).chain([rule]).collect()
    }

    /// Returns callers that these rules let in or deny without an unknown fact. Returns nothing if the rules ask for
    /// too many facts.
    ///
    /// - each role alone, without the other facts, with all of them, and with the smallest set that is enough
    /// - the smallest callers that the rules let in, and callers that differ from them in one fact
    /// - one caller of each scheme, and one with a limited credential
    pub(crate) fn boundary(&self, rules: &[&AccessRule]) -> Option<Vec<Persona>> {
        let requirement = together(rules);
        let mut personas = BTreeSet::new();
        self.add_roles(&requirement, &mut personas)?;
        self.add_facts(&requirement, &mut personas)?;
        Some(personas.into_iter().collect())
    }

    /// Returns anonymous callers, one for each result of the checks.
    pub(crate) fn anonymous_boundary(rule: &AccessRule) -> Vec<Persona> {
        let mut checks = Vec::new();
        let requirement = rule.anonymous();
        if let Some(requirement) = &requirement {
            requirement.visit(&mut |leaf| checks.extend(Atom::each(leaf)));
        }
        checks.retain(|atom| matches!(atom, Atom::Check(_)));
        let with = |passes: bool| {
            checks.iter().fold(Persona::anonymous(), |persona, atom| match atom {
                Atom::Check(text) => persona.check(text.as_str(), passes),
                _ => persona,
            })
        };
        if checks.is_empty() { vec![Persona::anonymous()] } else { vec![with(true), with(false)] }
    }

    /// Adds callers with one role or none, and with none, all, or the smallest sufficient set of the other facts.
    fn add_roles(&self, requirement: &Clause, personas: &mut BTreeSet<Persona>) -> Option<()> {
        let together = several(self, requirement);
        let roles = self.roles.keys().map(|role| Persona::caller().role(role));
        for base in [Persona::caller()].into_iter().chain(roles) {
            let facts = base.facts(self);
            let mut open = Vec::new();
            requirement.visit(&mut |leaf| {
                if facts.decides(leaf).is_none() {
                    open.extend(Atom::each(leaf));
                }
            });
            let space = Space::new(open).ok()?;
            let known = |leaf: &Clause| facts.decides(leaf).map(|is_met| space.constant(is_met));
            let table = space.evaluate(requirement, &|leaf| known(leaf).unwrap_or_else(|| space.leaf(leaf)));
            let possible = space.possible(&self.scheme_names(), &together);
            let smallest = implicants(&table, &possible, space.atoms().len());
            let smallest = smallest.sets.iter().take(MAX_SETS).map(|set| set.holds);
            let points = [0, u32::MAX].into_iter().chain(smallest);
            personas.extend(points.filter_map(|point| self.at(&base, &space, &together, point)));
        }
        Some(())
    }

    /// Adds the smallest callers that are let in, and those next to them.
    fn add_facts(&self, requirement: &Clause, personas: &mut BTreeSet<Persona>) -> Option<()> {
        let mut atoms = Vec::new();
        requirement.visit(&mut |leaf| atoms.extend(Atom::each(leaf)));
        let space = Space::new(atoms).ok()?;
        let table = space.evaluate(requirement, &|leaf| space.leaf(leaf));
        let together = several(self, requirement);
        let possible = space.possible(&self.scheme_names(), &together);
        let Implicants { sets, .. } = implicants(&table, &possible, space.atoms().len());
        let caller = Persona::caller();
        for set in sets.iter().take(MAX_SETS) {
            let next =
                (0..space.atoms().len()).map(|index| 1 << index).filter(|bit| (set.holds | set.lacks) & bit != 0);
            let points = std::iter::once(set.holds).chain(next.map(|bit| set.holds ^ bit));
            personas.extend(points.filter_map(|point| self.at(&caller, &space, &together, point)));
        }
        if let Some(smallest) = sets.first().and_then(|set| self.at(&caller, &space, &together, set.holds)) {
            let mut alone = smallest.clone();
            alone.schemes.clear();
            personas.extend(self.schemes.keys().map(|scheme| alone.clone().scheme(scheme)));
            if !smallest.roles.is_empty() || !smallest.permissions.is_empty() {
                personas.insert(smallest.limited_to([]));
            }
        }
        Some(())
    }

    /// Returns a caller that has the facts of this point, and none of the others; nothing if no caller has.
    fn at(&self, base: &Persona, space: &Space<'_>, together: &[BTreeSet<&str>], point: u32) -> Option<Persona> {
        let facts = || space.atoms().iter().enumerate().map(|(index, atom)| (*atom, point >> index & 1 == 1));
        let mut persona = base.clone();
        if facts().any(|(atom, _)| matches!(atom, Atom::Scheme(_))) {
            persona = self.schemes_at(facts, together)?.into_iter().fold(persona, Persona::scheme);
        }
        if facts().any(|(atom, _)| matches!(atom, Atom::Scope(_))) {
            persona = persona.scopes(held(facts, |atom| if let Atom::Scope(name) = atom { Some(name) } else { None }));
        }
        if facts().any(|(atom, _)| matches!(atom, Atom::Acr(_))) {
            let classes = held(facts, |atom| if let Atom::Acr(class) = atom { Some(class) } else { None });
            persona = persona.acr(classes.first().copied().unwrap_or_default());
        }
        if let Some(oldest) = facts().filter_map(|(atom, _)| age(atom)).max() {
            let youngest = facts().filter(|(_, holds)| *holds).filter_map(|(atom, _)| age(atom)).min();
            persona = persona.signed_in(youngest.unwrap_or(oldest.saturating_add(1)));
        }
        Some(facts().fold(persona, |persona, (atom, holds)| match atom {
            Atom::Role(name) if holds => persona.role(name),
            Atom::Permission(name) if holds => persona.permission(name),
            Atom::Check(text) => persona.check(text.as_str(), holds),
            Atom::Claim(name, value) => persona.claim(name, value.clone(), holds),
            _ => persona,
        }))
    }

    /// Returns the schemes at a point: several that the rule needs, or the first that holds, or one that no clause
    /// names.
    fn schemes_at<'a, F: Iterator<Item = (Atom<'a>, bool)>>(
        &self,
        facts: impl Fn() -> F,
        together: &[BTreeSet<&str>],
    ) -> Option<Vec<String>> {
        let held = held(&facts, |atom| if let Atom::Scheme(name) = atom { Some(name) } else { None });
        if let Some(set) = together.iter().find(|set| set.iter().all(|scheme| held.contains(scheme))) {
            return Some(set.iter().map(|scheme| (*scheme).to_owned()).collect());
        }
        let is_named = |scheme: &str| facts().any(|(atom, _)| matches!(atom, Atom::Scheme(name) if name == scheme));
        let other = || self.schemes.keys().find(|scheme| !is_named(scheme)).cloned();
        held.first().map(|scheme| (*scheme).to_owned()).or_else(other).map(|scheme| vec![scheme])
    }
}

/// Returns the names of the facts of one kind that hold.
fn held<'a, F: Iterator<Item = (Atom<'a>, bool)>>(
    facts: impl Fn() -> F,
    name: impl Fn(Atom<'a>) -> Option<&'a str>,
) -> Vec<&'a str> {
    facts().filter(|(_, holds)| *holds).filter_map(|(atom, _)| name(atom)).collect()
}

const fn age(atom: Atom<'_>) -> Option<u64> {
    if let Atom::Fresh(seconds) = atom { Some(seconds) } else { None }
}

/// Returns what a caller who signs in needs to meet all of these rules.
fn together(rules: &[&AccessRule]) -> Clause {
    let clauses: Vec<_> = rules.iter().map(|rule| rule.signed_in().clone()).collect();
    match clauses.as_slice() {
        [clause] => clause.clone(),
        _ => Clauses::new(clauses).map_or(Clause::Authenticated, Clause::All),
    }
}
