//! The smallest sets of facts that make a function true (its prime implicants).

use super::TruthTable;

/// Maximum number of sets.
const MAX_SETS: usize = 64;

/// A set of facts that must hold, and of facts that must not, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::review) struct Implicant {
    pub(in crate::review) holds: u32,
    pub(in crate::review) lacks: u32,
}

impl Implicant {
    /// Whether everything that fits the other fits this one.
    const fn contains(self, other: Self) -> bool {
        self.holds & !other.holds == 0 && self.lacks & !other.lacks == 0
    }

    const fn len(self) -> u32 {
        self.holds.count_ones() + self.lacks.count_ones()
    }

    fn table(self, atoms: usize) -> TruthTable {
        (0..atoms).fold(TruthTable::constant(true, atoms), |table, index| {
            let fact = TruthTable::atom(index, atoms);
            match (self.holds >> index & 1, self.lacks >> index & 1) {
                (1, _) => table.and(&fact),
                (_, 1) => table.without(&fact),
                _ => table,
            }
        })
    }
}

/// Sets of facts, and whether they are all.
#[derive(Clone, Debug, Default)]
pub(in crate::review) struct Implicants {
    pub(in crate::review) sets: Vec<Implicant>,
    pub(in crate::review) is_complete: bool,
}

/// Returns the smallest sets of facts that make `function` true, among the `possible` combinations.
pub(in crate::review) fn implicants(function: &TruthTable, possible: &TruthTable, atoms: usize) -> Implicants {
    let mut search = Search { budget: BUDGET };
    // Impossible combinations may be true or false: this makes the sets smaller.
    let relaxed = function.clone().or(&possible.clone().not());
    let found = search.primes(&relaxed, 0, atoms);
    let is_complete = search.budget > 0;
    let mut sets = necessary(found, possible, atoms);
    let is_complete = is_complete && sets.len() <= MAX_SETS;
    sets.truncate(MAX_SETS);
    Implicants { sets, is_complete }
}

/// Maximum number of steps of the search.
const BUDGET: usize = 20_000;

struct Search {
    budget: usize,
}

impl Search {
    /// Finds the sets by the value of one fact after the other: those that do not need it, and then those that do.
    fn primes(&mut self, function: &TruthTable, index: usize, atoms: usize) -> Vec<Implicant> {
        self.budget = self.budget.saturating_sub(1);
        if function.is_false() || self.budget == 0 {
            return Vec::new();
        }
        if function.is_true() || index == atoms {
            return vec![Implicant { holds: 0, lacks: 0 }];
        }
        let (without, with) = (function.with(index, false), function.with(index, true));
        let mut sets = self.primes(&without.clone().and(&with), index + 1, atoms);
        for (half, other, bit) in [(&without, &with, (0, 1)), (&with, &without, (1, 0))] {
            if !half.implies(other) {
                let of_half = self.primes(half, index + 1, atoms);
                let new = of_half.into_iter().filter(|set| !sets.iter().any(|known| known.contains(*set)));
                let with_fact =
                    |set: Implicant| Implicant { holds: set.holds | bit.0 << index, lacks: set.lacks | bit.1 << index };
                let new: Vec<_> = new.map(with_fact).collect();
                sets.extend(new);
            }
        }
        sets
    }
}

/// Removes the sets that no caller can have, and those whose callers all have a smaller set, or one with fewer `not`.
fn necessary(mut sets: Vec<Implicant>, possible: &TruthTable, atoms: usize) -> Vec<Implicant> {
    sets.sort_by_key(|set| (set.len(), set.lacks.count_ones(), set.holds));
    let mut kept: Vec<(Implicant, TruthTable)> = Vec::new();
    for set in sets {
        let callers = set.table(atoms).and(possible);
        if !callers.is_false() && !kept.iter().any(|(_, known)| callers.implies(known)) {
            kept.push((set, callers));
        }
    }
    kept.into_iter().map(|(set, _)| set).collect()
}
