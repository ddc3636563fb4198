//! A set of names of one table, as bits.

use std::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    ops::{BitAnd, BitOr, Sub},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::declared::{Entry, Table, TableSet};

const WORD: usize = u64::BITS as usize;

/// A set of permissions or roles: `N` words of 64 bits, a bit for each name of the table `T`.
///
/// `permissions!` and `roles!` name it (`PermissionSet`, `RoleSet`) and build it. No operation on sets allocates or
/// hashes.
///
/// ```
/// # auth_runtime::permissions! { pub enum Permission { View = "view", Edit = "edit", Delete = "delete" } }
/// const MINE: PermissionSet = Permission::set(&[Permission::View, Permission::Edit]);
/// const ALL: PermissionSet = Permission::set(Permission::ALL);
/// assert!(ALL.contains_all(MINE) && !MINE.contains_all(ALL));
/// assert!(MINE.contains(Permission::Edit));
/// assert_eq!(ALL.difference(MINE).iter().collect::<Vec<_>>(), [Permission::Delete]);
/// assert_eq!(format!("{MINE:?}"), "{view, edit}");
/// ```
pub struct Set<T, const N: usize> {
    words: [u64; N],
    table: PhantomData<fn() -> T>,
}

impl<T, const N: usize> Set<T, N> {
    /// The empty set.
    pub const EMPTY: Self = Self { words: [0; N], table: PhantomData };

    /// Returns this set and one more name.
    #[must_use]
    pub const fn with(mut self, entry: Entry<T>) -> Self {
        self.words[entry.index() as usize / WORD] |= 1 << (entry.index() as usize % WORD);
        self
    }

    /// Returns the names in either set.
    #[must_use]
    pub const fn union(mut self, other: Self) -> Self {
        let mut i = 0;
        while i < N {
            self.words[i] |= other.words[i];
            i += 1;
        }
        self
    }

    /// Returns the names in both sets.
    #[must_use]
    pub const fn intersection(mut self, other: Self) -> Self {
        let mut i = 0;
        while i < N {
            self.words[i] &= other.words[i];
            i += 1;
        }
        self
    }

    /// Returns the names in this set and not in the other.
    #[must_use]
    pub const fn difference(mut self, other: Self) -> Self {
        let mut i = 0;
        while i < N {
            self.words[i] &= !other.words[i];
            i += 1;
        }
        self
    }

    /// Whether all names of `other` are in this set.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        other.difference(self).is_empty()
    }

    /// Whether at least one name of `other` is in this set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        let mut i = 0;
        while i < N {
            if self.words[i] != 0 {
                return false;
            }
            i += 1;
        }
        true
    }

    /// Returns the number of names.
    #[must_use]
    pub const fn len(self) -> usize {
        let (mut i, mut count) = (0, 0);
        while i < N {
            count += self.words[i].count_ones() as usize;
            i += 1;
        }
        count
    }

    /// Returns the bits, lowest first.
    #[must_use]
    pub const fn as_words(&self) -> &[u64; N] {
        &self.words
    }
}

impl<T: Table, const N: usize> Set<T, N> {
    /// Whether `value` is in the set.
    #[must_use]
    pub fn contains(self, value: T) -> bool {
        self.words[value.index() / WORD] >> (value.index() % WORD) & 1 == 1
    }

    /// Returns the values, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::ALL.iter().copied().filter(move |value| self.contains(*value))
    }
}

impl<T: Table, const N: usize> TableSet<T> for Set<T, N> {
    fn from_words(words: &[u64]) -> Self {
        let mut set = Self::EMPTY;
        for (mine, given) in set.words.iter_mut().zip(words) {
            *mine = *given;
        }
        set
    }

    fn as_slice(&self) -> &[u64] {
        &self.words
    }

    fn has(&self, value: T) -> bool {
        self.contains(value)
    }
}

impl<T: Table, const N: usize> FromIterator<T> for Set<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut set = Self::EMPTY;
        for value in values {
            set.words[value.index() / WORD] |= 1 << (value.index() % WORD);
        }
        set
    }
}

// Implemented by hand: a derive would add bounds on the marker `T`.

impl<T, const N: usize> Clone for Set<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const N: usize> Copy for Set<T, N> {}

impl<T, const N: usize> PartialEq for Set<T, N> {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl<T, const N: usize> Eq for Set<T, N> {}

impl<T, const N: usize> Hash for Set<T, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.words.hash(state);
    }
}

impl<T, const N: usize> Default for Set<T, N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T, const N: usize> BitOr for Set<T, N> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl<T, const N: usize> BitAnd for Set<T, N> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.intersection(other)
    }
}

impl<T, const N: usize> Sub for Set<T, N> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.difference(other)
    }
}

impl<T: Table, const N: usize> fmt::Debug for Set<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|value| plain_name(value.index(), T::NAMES))).finish()
    }
}

/// Prints a name without quotes.
fn plain_name(index: usize, names: &'static [&'static str]) -> impl fmt::Debug {
    struct Plain(&'static str);
    impl fmt::Debug for Plain {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    Plain(names[index])
}

/// Writes a list of names.
impl<T: Table, const N: usize> Serialize for Set<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|value| T::NAMES[value.index()]))
    }
}

/// Reads a list of names. An unknown name is an error.
impl<'de, T: Table, const N: usize> Deserialize<'de> for Set<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse::<T>().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::Set;
    use crate::declared::Entry;

    #[test]
    fn sets_with_other_names_have_other_hashes() {
        let hasher = RandomState::new();
        let empty = Set::<(), 1>::EMPTY;
        let one = empty.with(Entry::new(0, "one"));
        assert_eq!(hasher.hash_one(one), hasher.hash_one(empty.with(Entry::new(0, "one"))));
        assert_ne!(hasher.hash_one(one), hasher.hash_one(empty));
    }
}
