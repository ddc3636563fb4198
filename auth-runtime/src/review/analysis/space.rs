//! The facts that a requirement leaves open, and its truth table over them.

use std::collections::BTreeSet;

use super::TruthTable;
use crate::review::{CheckText, ClaimContent, Clause};

/// Maximum number of facts that are enumerated.
pub(in crate::review) const MAX_ATOMS: usize = 20;

/// One fact about a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::review) enum Atom<'a> {
    Role(&'a str),
    /// A permission that is held beside the roles.
    Permission(&'a str),
    Scope(&'a str),
    Scheme(&'a str),
    Fresh(u64),
    Claim(&'a str, &'a ClaimContent),
    /// The authentication context class of the sign-in.
    Acr(&'a str),
    Check(&'a CheckText),
    /// An override took the permissions of the roles away.
    Overridden,
    /// The credential is limited to some permissions.
    Limited,
    /// A limited credential lacks this permission.
    Without(&'a str),
}

impl<'a> Atom<'a> {
    /// Returns the facts that a clause without clauses below it asks for: it is met if one of them holds.
    pub(in crate::review) fn each(leaf: &'a Clause) -> Vec<Self> {
        match leaf {
            Clause::HasRole(name) => vec![Self::Role(name)],
            Clause::HasPermission(name) => vec![Self::Permission(name)],
            Clause::HasScope(name) => vec![Self::Scope(name)],
            Clause::UsesScheme(name) => vec![Self::Scheme(name)],
            Clause::Fresh(seconds) => vec![Self::Fresh(*seconds)],
            Clause::Claim { name, value } => vec![Self::Claim(name, value)],
            Clause::Acr(values) => values.iter().map(|value| Self::Acr(value)).collect(),
            Clause::Checked(text) => vec![Self::Check(text)],
            Clause::Authenticated | Clause::Named { .. } | Clause::All(_) | Clause::Any(_) | Clause::Not(_) => {
                Vec::new()
            }
        }
    }

    /// Returns the clause that asks for the fact.
    pub(in crate::review) fn clause(self) -> Clause {
        match self {
            Self::Role(name) => Clause::role(name),
            Self::Permission(name) => Clause::permission(name),
            Self::Scope(name) => Clause::scope(name),
            Self::Scheme(name) => Clause::scheme(name),
            Self::Fresh(seconds) => Clause::Fresh(seconds),
            Self::Claim(name, value) => Clause::Claim { name: name.to_owned(), value: value.clone() },
            Self::Acr(value) => Clause::Acr(vec![value.to_owned()]),
            Self::Check(text) => Clause::Checked(text.clone()),
            Self::Overridden | Self::Limited | Self::Without(_) => Clause::Authenticated,
        }
    }
}

/// The facts that are enumerated, at most [`MAX_ATOMS`].
#[derive(Clone, Debug)]
pub(in crate::review) struct Space<'a> {
    atoms: Vec<Atom<'a>>,
}

impl<'a> Space<'a> {
    /// Returns the space of these facts, or their number if there are too many.
    pub(in crate::review) fn new(atoms: impl IntoIterator<Item = Atom<'a>>) -> Result<Self, usize> {
        let mut atoms: Vec<Atom<'a>> = atoms.into_iter().collect();
        atoms.sort_unstable();
        atoms.dedup();
        if atoms.len() > MAX_ATOMS { Err(atoms.len()) } else { Ok(Self { atoms }) }
    }

    pub(in crate::review) fn atoms(&self) -> &[Atom<'a>] {
        &self.atoms
    }

    pub(in crate::review) fn constant(&self, value: bool) -> TruthTable {
        TruthTable::constant(value, self.atoms.len())
    }

    /// Returns the table of a fact; it is false if the space does not have it.
    pub(in crate::review) fn table(&self, atom: Atom<'_>) -> TruthTable {
        match self.atoms.binary_search(&atom) {
            Ok(index) => TruthTable::atom(index, self.atoms.len()),
            Err(_) => self.constant(false),
        }
    }

    /// Returns the table of a clause without clauses below it.
    pub(in crate::review) fn leaf(&self, leaf: &Clause) -> TruthTable {
        let is_met = self.constant(*leaf == Clause::Authenticated);
        Atom::each(leaf).into_iter().fold(is_met, |table, atom| table.or(&self.table(atom)))
    }

    /// Returns the table of a requirement; `leaf` returns that of a clause without clauses below it.
    pub(in crate::review) fn evaluate(&self, clause: &Clause, leaf: &impl Fn(&Clause) -> TruthTable) -> TruthTable {
        match clause {
            Clause::All(clauses) => {
                clauses.iter().fold(self.constant(true), |table, clause| table.and(&self.evaluate(clause, leaf)))
            }
            Clause::Any(clauses) => {
                clauses.iter().fold(self.constant(false), |table, clause| table.or(&self.evaluate(clause, leaf)))
            }
            Clause::Not(clause) => self.evaluate(clause, leaf).not(),
            Clause::Named { clause, .. } => self.evaluate(clause, leaf),
            _ => leaf(clause),
        }
    }

    /// Returns the combinations that a caller can have. It has one scheme, or one of the sets in `several`. A sign-in
    /// within 5 minutes is also one within an hour. `schemes` are all that exist.
    pub(in crate::review) fn possible(&self, schemes: &[&str], several: &[BTreeSet<&str>]) -> TruthTable {
        let together = several.iter().fold(self.one_scheme(schemes), |table, set| table.or(&self.exactly(set)));
        together.and(&self.ages_in_order()).and(&self.one_value())
    }

    /// Returns the result of a requirement for callers that have several credentials: of those, they send the ones that
    /// the requirement needs. `table` is its result for the schemes that were sent, and `several` the sets that it
    /// needs.
    pub(in crate::review) fn sent(&self, table: TruthTable, several: &[BTreeSet<&str>]) -> TruthTable {
        let one: Vec<BTreeSet<&str>> = self.schemes().map(|name| BTreeSet::from([name])).collect();
        if one.len() < 2 {
            return table;
        }
        let choices = if several.is_empty() { &one[..] } else { several };
        let none = one.iter().fold(self.constant(true), |none, set| none.without(&self.has(set)));
        choices.iter().fold(table.clone().and(&none), |result, set| {
            result.or(&self.with_schemes(&table, set).and(&self.has(set)))
        })
    }

    /// Returns a function if these schemes are sent, and no others.
    pub(in crate::review) fn with_schemes(&self, table: &TruthTable, schemes: &BTreeSet<&str>) -> TruthTable {
        self.atoms.iter().enumerate().fold(table.clone(), |table, (index, atom)| match atom {
            Atom::Scheme(name) => table.with(index, schemes.contains(name)),
            _ => table,
        })
    }

    fn schemes(&self) -> impl Iterator<Item = &'a str> {
        self.atoms.iter().filter_map(|atom| if let Atom::Scheme(name) = atom { Some(*name) } else { None })
    }

    /// Returns the combinations with all of these schemes.
    fn has(&self, schemes: &BTreeSet<&str>) -> TruthTable {
        schemes.iter().fold(self.constant(true), |table, name| table.and(&self.table(Atom::Scheme(name))))
    }

    /// Returns the combinations with these schemes, and no others.
    fn exactly(&self, schemes: &BTreeSet<&str>) -> TruthTable {
        let others = self.schemes().filter(|name| !schemes.contains(name));
        others.fold(self.has(schemes), |table, name| table.without(&self.table(Atom::Scheme(name))))
    }

    /// A caller has one authentication context class, and one value of a claim, unless it is a list of texts.
    fn one_value(&self) -> TruthTable {
        let excludes = |pair: (&Atom<'_>, &Atom<'_>)| match pair {
            (Atom::Acr(_), Atom::Acr(_)) => true,
            (Atom::Claim(name, value), Atom::Claim(other_name, other)) => {
                let are_texts = matches!((value, other), (ClaimContent::Text(_), ClaimContent::Text(_)));
                name == other_name && !are_texts
            }
            _ => false,
        };
        let pairs = self.atoms.iter().enumerate();
        let pairs = pairs.flat_map(|(index, atom)| self.atoms[index + 1..].iter().map(move |other| (atom, other)));
        pairs.filter(|pair| excludes(*pair)).fold(self.constant(true), |table, (atom, other)| {
            table.without(&self.table(*atom).and(&self.table(*other)))
        })
    }

    fn one_scheme(&self, schemes: &[&str]) -> TruthTable {
        let (mut none, mut at_most_one) = (self.constant(true), self.constant(true));
        for scheme in self.atoms.iter().filter(|atom| matches!(atom, Atom::Scheme(_))) {
            let used = self.table(*scheme);
            at_most_one = at_most_one.without(&used.clone().without(&none));
            none = none.without(&used);
        }
        let has_other = schemes.is_empty() || schemes.iter().any(|name| !self.atoms.contains(&Atom::Scheme(name)));
        if has_other { at_most_one } else { at_most_one.without(&none) }
    }

    fn ages_in_order(&self) -> TruthTable {
        let ages: Vec<_> = self.atoms.iter().filter(|atom| matches!(atom, Atom::Fresh(_))).collect();
        ages.windows(2).fold(self.constant(true), |table, pair| {
            table.without(&self.table(*pair[0]).without(&self.table(*pair[1])))
        })
    }
}
