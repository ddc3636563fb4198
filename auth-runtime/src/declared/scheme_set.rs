//! A set of security schemes as bits.

use std::fmt;

/// A set of the schemes of one `Auth`, by position.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct SchemeSet(u64);

impl SchemeSet {
    /// No scheme.
    pub const EMPTY: Self = Self(0);

    /// Whether the scheme at this position is in the set.
    #[must_use]
    pub const fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    /// Returns this set and one more scheme.
    #[must_use]
    pub const fn with(self, index: usize) -> Self {
        Self(self.0 | 1 << index)
    }

    /// Returns the schemes that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the schemes that are in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether no scheme is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the schemes at the positions of these flags that are set.
    #[doc(hidden)]
    #[must_use]
    pub fn of(flags: &[bool]) -> Self {
        (0..flags.len()).filter(|index| flags[*index]).collect()
    }

    /// Returns the first `count` schemes.
    pub(crate) const fn first(count: usize) -> Self {
        if count >= u64::BITS as usize { Self(u64::MAX) } else { Self((1 << count) - 1) }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let first = rest.trailing_zeros();
            rest &= rest.checked_sub(1)?;
            Some(first as usize)
        })
    }
}

impl FromIterator<usize> for SchemeSet {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        indices.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for SchemeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::SchemeSet;

    #[test]
    fn a_set_is_printed_as_its_positions() {
        assert_eq!(format!("{:?}", SchemeSet::first(2).with(5)), "{0, 1, 5}");
    }

    #[test]
    fn a_scheme_is_in_a_set_once() {
        assert_eq!(SchemeSet::first(2).with(1), SchemeSet::first(2));
    }
}
