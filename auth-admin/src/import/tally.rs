//! Counts the records of an import.

/// The number of records so far, by outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) imported: u64,
    /// Users who existed before the import.
    pub(super) existing: u64,
    /// Rejected lines. A record may have several lines.
    pub(super) rejected: u64,
    /// The last line that was processed.
    pub(super) line: u64,
}

impl Tally {
    pub(super) fn sentence(&self) -> String {
        let Self { imported, existing, rejected, .. } = self;
        let users = if *imported == 1 { "user was" } else { "users were" };
        let mut sentence = format!("{imported} {users} imported");
        let lines = if *rejected == 1 { "line rejected" } else { "lines rejected" };
        let others = [(existing, "already there"), (rejected, lines)];
        for (count, outcome) in others.into_iter().filter(|(count, _)| **count > 0) {
            sentence.extend([", ", &count.to_string(), " ", outcome]);
        }
        sentence
    }
}
