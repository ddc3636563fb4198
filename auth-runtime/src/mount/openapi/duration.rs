//! How recent a sign-in must be, in words.

use crate::{
    guard::AuthConfig,
    policy::{Node, Requirement},
};

/// Units from the largest to the smallest, in seconds.
const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

/// Returns a sentence for each bound on the age of a sign-in that the requirement mentions.
pub(super) fn explain<A: AuthConfig>(requirement: &Requirement<A>) -> Vec<String> {
    let mut bounds = Vec::new();
    collect(requirement, &mut bounds);
    let sentence = |seconds: u64| format!("`fresh = \"{seconds}s\"` means a sign-in at most {} ago.", words(seconds));
    bounds.into_iter().map(sentence).collect()
}

fn collect<A: AuthConfig>(requirement: &Requirement<A>, bounds: &mut Vec<u64>) {
    match requirement.node() {
        Node::Fresh { seconds } if !bounds.contains(&seconds) => bounds.push(seconds),
        Node::All(clauses) | Node::Any(clauses) => clauses.iter().for_each(|clause| collect(clause, bounds)),
        Node::Not(clause) => collect(clause, bounds),
        _ => {}
    }
}

/// Returns a time in the largest unit that divides it: `5 minutes`.
fn words(seconds: u64) -> String {
    let unit = UNITS.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (count, name) = unit.map_or((seconds, "second"), |(unit, name)| (seconds / unit, name));
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_time_is_written_in_its_largest_unit() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (300, "5 minutes"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (604_800, "7 days"),
        ] {
            assert_eq!(words(seconds), text);
        }
    }
}
