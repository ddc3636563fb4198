//! Finds names that stand twice in a file.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use auth_store::normalize_name;

/// The line of each name in the file.
///
/// It keeps a keyed 64-bit hash of each name, so that a million names take about 36 MB. Two names among a million have
/// the same hash with a probability of 1 in 30 million. The second one is rejected, and another run has another key.
#[derive(Default)]
pub(super) struct FileNames {
    lines: HashMap<u64, u64>,
    hasher: RandomState,
}

impl FileNames {
    /// Returns the earlier line with the same name, if there is one. An invalid name has none: the store rejects it.
    pub(super) fn earlier(&mut self, name: &str, line: u64) -> Option<u64> {
        let hash = self.hasher.hash_one(normalize_name(name).ok()?);
        let first = *self.lines.entry(hash).or_insert(line);
        (first != line).then_some(first)
    }
}
