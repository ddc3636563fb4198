//! The callers that one rule admits and another does not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Atom, Space, TruthTable, credentials::several, example::example};
use crate::review::{AccessPolicy, AccessRule, Clause, Persona};

/// A rule under the tables of its policy.
#[derive(Clone, Copy, Debug)]
pub(in crate::review) struct Side<'a> {
    pub(in crate::review) policy: &'a AccessPolicy,
    pub(in crate::review) rule: &'a AccessRule,
}

/// The callers that newly get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::review) enum Comparison {
    /// There are none.
    Nothing,
    /// One of them with as few facts as possible, and the roles that newly get in without other roles.
    Gain { persona: Box<Persona>, roles: Vec<String> },
    /// The rules ask for too many facts.
    Unknown { atoms: usize },
}

impl Comparison {
    /// Compares who is let in `before` and `after`.
    pub(in crate::review) fn new(before: Side<'_>, after: Side<'_>) -> Self {
        if let Some(persona) = anonymous(before.rule, after.rule) {
            return Self::Gain { persona: Box::new(persona), roles: Vec::new() };
        }
        let (old, new) = (before.rule.signed_in(), after.rule.signed_in());
        let pair = Pair { before: before.policy, old, after: after.policy, new };
        if pair.is_same() { Self::Nothing } else { pair.compare() }
    }
}

/// Looks for an anonymous caller that newly gets in.
fn anonymous(before: &AccessRule, after: &AccessRule) -> Option<Persona> {
    let new = after.anonymous()?;
    let old = before.anonymous();
    let mut atoms = Vec::new();
    for clause in [Some(&new), old.as_ref()].into_iter().flatten() {
        clause.visit(&mut |leaf| atoms.extend(Atom::each(leaf)));
    }
    // With more checks than are enumerated, an anonymous caller may get in.
    let Ok(space) = Space::new(atoms) else { return (Some(&new) != old.as_ref()).then(Persona::anonymous) };
    let table = |clause: &Clause| space.evaluate(clause, &|leaf| space.leaf(leaf));
    let was_let_in = old.as_ref().map_or_else(|| space.constant(false), table);
    let possible = space.possible(&[], &[]);
    example(&space, &table(&new).without(&was_let_in), &possible, &[], &Persona::anonymous())
        .map(|(_, persona)| persona)
}

/// Two requirements, each under the tables of its policy.
struct Pair<'a> {
    before: &'a AccessPolicy,
    old: &'a Clause,
    after: &'a AccessPolicy,
    new: &'a Clause,
}

impl<'a> Pair<'a> {
    fn compare(&self) -> Comparison {
        let gaining = self.gaining();
        let roles = gaining.iter().map(|(_, role, _)| role.clone()).collect();
        if let Ok(Some((_, persona))) = self.known(&Persona::caller()) {
            return Comparison::Gain { persona: Box::new(persona), roles };
        }
        if let Some((_, _, persona)) =
            gaining.into_iter().min_by_key(|(cost, role, _)| (*cost, self.size(role), role.clone()))
        {
            return Comparison::Gain { persona: Box::new(persona), roles };
        }
        match self.any() {
            Ok(Some(persona)) => Comparison::Gain { persona: Box::new(persona), roles },
            Ok(None) => Comparison::Nothing,
            Err(atoms) => Comparison::Unknown { atoms },
        }
    }

    /// Whether nothing that decides differs: neither the rule, nor what the roles hold of the permissions that it asks
    /// for.
    fn is_same(&self) -> bool {
        self.old == self.new && (self.before.roles == self.after.roles || self.are_held_alike())
    }

    /// Whether each role holds the same of the permissions that the rules ask for.
    fn are_held_alike(&self) -> bool {
        let (roles, leaves) = (self.roles(), self.leaves());
        let mut asked =
            leaves.iter().filter_map(|leaf| if let Clause::HasPermission(name) = leaf { Some(name) } else { None });
        asked.all(|name| {
            let holds = |policy: &AccessPolicy, role: &str| {
                policy.role(role).is_some_and(|role| role.permissions.contains(name))
            };
            roles.iter().all(|role| holds(self.before, role) == holds(self.after, role))
        })
    }

    /// Returns the roles that newly get in by themselves, each with an example and its cost.
    fn gaining(&self) -> Vec<(u32, String, Persona)> {
        let gains = self.roles().into_iter().filter_map(|role| {
            let (cost, persona) = self.known(&Persona::caller().role(role)).ok()??;
            Some((cost, role.clone(), persona))
        });
        gains.collect()
    }

    /// Returns how many permissions a role holds.
    fn size(&self, role: &str) -> usize {
        self.after.role(role).map_or(0, |role| role.permissions.len())
    }

    fn leaves(&self) -> Vec<&'a Clause> {
        let mut leaves = Vec::new();
        self.old.visit(&mut |leaf| leaves.push(leaf));
        self.new.visit(&mut |leaf| leaves.push(leaf));
        leaves
    }

    fn schemes(&self) -> Vec<&'a str> {
        self.before.schemes.keys().chain(self.after.schemes.keys()).map(String::as_str).collect()
    }

    /// Looks for an example with the roles and permissions of `base`. Fails with the number of facts, if they are too
    /// many.
    fn known(&self, base: &Persona) -> Result<Option<(u32, Persona)>, usize> {
        let (old, new) = (base.facts(self.before), base.facts(self.after));
        let open = self.leaves().into_iter().filter(|leaf| old.decides(leaf).is_none());
        let space = Space::new(open.flat_map(Atom::each))?;
        let leaf =
            |known: Option<bool>, leaf: &Clause| known.map_or_else(|| space.leaf(leaf), |known| space.constant(known));
        let is_let_in = space.evaluate(self.new, &|clause| leaf(new.decides(clause), clause));
        let was_let_in = space.evaluate(self.old, &|clause| leaf(old.decides(clause), clause));
        Ok(self.example(&space, is_let_in, was_let_in, base))
    }

    /// Looks for an example among all callers.
    fn any(&self) -> Result<Option<Persona>, usize> {
        let space = Space::new(self.atoms())?;
        let is_let_in = requirement_table(&space, self.after, self.new);
        let was_let_in = requirement_table(&space, self.before, self.old);
        let found = self.example(&space, is_let_in, was_let_in, &Persona::caller());
        Ok(found.map(|(_, persona)| persona))
    }

    /// Looks for a caller with the smallest cost. The tables are the results for the schemes that are sent.
    fn example(
        &self,
        space: &Space<'_>,
        is_let_in: TruthTable,
        was_let_in: TruthTable,
        base: &Persona,
    ) -> Option<(u32, Persona)> {
        let (old, new) = (several(self.before, self.old), several(self.after, self.new));
        let gains = space.sent(is_let_in, &new).without(&space.sent(was_let_in, &old));
        let possible = space.possible(&self.schemes(), &[old, new].concat());
        example(space, &gains, &possible, &self.schemes(), base)
    }

    /// Returns the facts of both rules.
    fn asked(&self) -> BTreeSet<Atom<'a>> {
        self.leaves().into_iter().flat_map(Atom::each).collect()
    }

    /// Returns the facts of both rules, and those of the tables.
    fn atoms(&self) -> BTreeSet<Atom<'a>> {
        let mut atoms = self.asked();
        let changed = self.changed_roles(&atoms);
        // A limit matters where a role holds other permissions than before.
        if !changed.is_empty() {
            let lost = changed.values().flat_map(|(before, after)| before.union(after));
            atoms.extend(lost.map(|name| Atom::Without(name)).chain([Atom::Limited]));
        }
        // An override matters where a rule asks for a role and for a permission that the role holds.
        let is_asked = |role: &String| atoms.contains(&Atom::Role(role));
        if self.roles().into_iter().any(|role| is_asked(role) && self.held(role, &atoms) != Held::default()) {
            atoms.insert(Atom::Overridden);
        }
        // A permission of an unchanged role acts like a direct one. Of roles that changed alike, one is enough, but not
        // one that the rules ask for: it does more than hold permissions.
        let mut seen = BTreeSet::new();
        let others = changed.into_iter().map(|(role, held)| (Atom::Role(role), held));
        let others: Vec<_> = others.filter(|(role, held)| !atoms.contains(role) && seen.insert(held.clone())).collect();
        atoms.extend(others.into_iter().map(|(role, _)| role));
        atoms
    }

    /// Returns the roles that hold other permissions than before, of those that the rules ask for.
    fn changed_roles(&self, atoms: &BTreeSet<Atom<'a>>) -> BTreeMap<&'a str, Held<'a>> {
        let held = self.roles().into_iter().map(|role| (role.as_str(), self.held(role, atoms)));
        held.filter(|(_, (before, after))| before != after).collect()
    }

    fn held(&self, role: &str, asked: &BTreeSet<Atom<'a>>) -> Held<'a> {
        let held = |policy: &'a AccessPolicy| {
            let permissions = policy.role(role).into_iter().flat_map(|role| &role.permissions).map(String::as_str);
            permissions.filter(|name| asked.contains(&Atom::Permission(name))).collect()
        };
        (held(self.before), held(self.after))
    }

    fn roles(&self) -> BTreeSet<&'a String> {
        self.before.roles.keys().chain(self.after.roles.keys()).collect()
    }
}

/// The permissions that a role holds before and after.
type Held<'a> = (BTreeSet<&'a str>, BTreeSet<&'a str>);

/// Returns the callers that meet a requirement under the tables of a policy.
pub(in crate::review) fn requirement_table(space: &Space<'_>, policy: &AccessPolicy, clause: &Clause) -> TruthTable {
    space.evaluate(clause, &|leaf| match leaf {
        Clause::HasPermission(name) => permission(space, policy, name),
        // A limited credential has no roles.
        Clause::HasRole(_) => space.leaf(leaf).without(&space.table(Atom::Limited)),
        _ => space.leaf(leaf),
    })
}

/// A permission is held beside the roles, or through one of them unless an override took it away, and the credential is
/// not limited to others.
fn permission(space: &Space<'_>, policy: &AccessPolicy, name: &str) -> TruthTable {
    let holding = space.atoms().iter().filter(|atom| {
        matches!(atom, Atom::Role(role) if policy.role(role).is_some_and(|role| role.permissions.contains(name)))
    });
    let through_roles = holding.fold(space.constant(false), |table, role| table.or(&space.table(*role)));
    let held = through_roles.without(&space.table(Atom::Overridden)).or(&space.table(Atom::Permission(name)));
    held.without(&space.table(Atom::Limited).and(&space.table(Atom::Without(name))))
}
