//! Sentences for clauses that say little to a reader of the document.

use crate::{
    guard::AuthConfig,
    policy::{Node, Requirement},
};

/// Units from the largest to the smallest, in seconds.
const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

/// Returns a sentence for each bound on the age of a sign-in, and one for checks without a name.
pub(super) fn explain<A: AuthConfig>(requirement: &Requirement<A>) -> Vec<String> {
    let mut sentences = Vec::new();
    collect(requirement, &mut sentences);
    sentences
}

fn collect<A: AuthConfig>(requirement: &Requirement<A>, sentences: &mut Vec<String>) {
    let sentence = match requirement.node() {
        Node::Fresh { seconds } => {
            format!("`fresh = \"{seconds}s\"` means a sign-in at most {} ago.", words(seconds))
        }
        Node::Check { .. } if requirement.name().is_none() => {
            "`check` is a condition in the code of the operation.".to_owned()
        }
        Node::All(clauses) | Node::Any(clauses) => {
            return clauses.iter().for_each(|clause| collect(clause, sentences));
        }
        Node::Not(clause) => return collect(clause, sentences),
        _ => return,
    };
    if !sentences.contains(&sentence) {
        sentences.push(sentence);
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
