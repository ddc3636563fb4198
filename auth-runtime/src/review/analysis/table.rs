//! A truth table: one bit for each combination of facts.

/// For each of the first six facts, the combinations of 64 that have it.
const PATTERNS: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

/// A function of facts. Combination `i` has the facts whose bits are set in `i`. A function of less than six facts is
/// repeated to fill a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::review) struct TruthTable {
    words: Vec<u64>,
    atoms: usize,
}

impl TruthTable {
    /// Returns the function of this many facts that is always `value`.
    pub(in crate::review) fn constant(value: bool, atoms: usize) -> Self {
        let words = vec![if value { u64::MAX } else { 0 }; 1 << atoms.saturating_sub(PATTERNS.len())];
        Self { words, atoms }
    }

    /// Returns the function that is the fact with this number.
    pub(in crate::review) fn atom(index: usize, atoms: usize) -> Self {
        let mut table = Self::constant(false, atoms);
        for (position, word) in table.words.iter_mut().enumerate() {
            *word = match PATTERNS.get(index) {
                Some(pattern) => *pattern,
                None if position >> (index - PATTERNS.len()) & 1 == 1 => u64::MAX,
                None => 0,
            };
        }
        table
    }

    pub(in crate::review) fn and(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }

    pub(in crate::review) fn or(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
        self
    }

    pub(in crate::review) fn not(mut self) -> Self {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self
    }

    /// Returns this and not the other.
    pub(in crate::review) fn without(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
        self
    }

    pub(in crate::review) fn is_false(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(in crate::review) fn is_true(&self) -> bool {
        self.words.iter().all(|word| *word == u64::MAX)
    }

    /// Whether the other is true wherever this is.
    pub(in crate::review) fn implies(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(mine, theirs)| mine & !theirs == 0)
    }

    /// Returns the function if a fact is known.
    pub(super) fn with(&self, index: usize, value: bool) -> Self {
        let mut table = self.clone();
        match PATTERNS.get(index) {
            Some(pattern) => table.words.iter_mut().for_each(|word| {
                let shift = 1 << index;
                *word = if value {
                    *word & pattern | (*word & pattern) >> shift
                } else {
                    *word & !pattern | (*word & !pattern) << shift
                };
            }),
            None => {
                let bit = 1 << (index - PATTERNS.len());
                for position in 0..table.words.len() {
                    table.words[position] = self.words[if value { position | bit } else { position & !bit }];
                }
            }
        }
        table
    }

    /// Returns the combinations that make the function true.
    pub(super) fn points(&self) -> impl Iterator<Item = u32> {
        let count = 1_u32 << self.atoms;
        self.words.iter().zip((0_u32..).step_by(64)).filter(|(word, _)| **word != 0).flat_map(move |(word, first)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit);
            bits.filter(move |point| *point < count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::TruthTable;

    #[test]
    fn a_fact_is_true_in_the_combinations_that_have_it() {
        for atoms in [1, 5, 6, 7, 9] {
            for index in 0..atoms {
                let table = TruthTable::atom(index, atoms);
                let expected: Vec<u32> = (0..1 << atoms).filter(|point| point >> index & 1 == 1).collect();
                assert_eq!(table.points().collect::<Vec<_>>(), expected);
                assert!(table.with(index, true).is_true() && table.with(index, false).is_false());
                assert!(table.clone().or(&table.clone().not()).is_true());
            }
        }
    }
}
