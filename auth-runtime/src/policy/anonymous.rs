//! The decision on an anonymous caller of an operation with `#[optional_auth(..)]`.
//!
//! Clauses about the caller apply to callers who sign in. A check applies to all callers. A group applies if one of its
//! clauses does. The guard admits an anonymous caller if no clause applies.

use super::{
    CheckAnswers, Decision, Node, Requirement,
    decision::{Ternary, all, any},
};

impl<A> Requirement<A> {
    /// Decides on an anonymous caller from the checks that ran.
    pub(crate) fn decide_anonymous(&self, answers: CheckAnswers) -> Decision<A> {
        self.truth_of_checks(answers).map_or(Decision::Allow, Decision::from)
    }

    /// Returns the truth of the checks alone; none if there are no checks.
    fn truth_of_checks(&self, answers: CheckAnswers) -> Option<Ternary<A>> {
        let applying = |clauses: &'static [Self]| {
            clauses.iter().filter_map(|clause| clause.truth_of_checks(answers)).collect::<Vec<_>>()
        };
        match self.node {
            Node::Check { index, .. } => Some(self.answered(index, answers)),
            Node::All(clauses) => Some(applying(clauses)).filter(|truths| !truths.is_empty()).map(all),
            Node::Any(clauses) => {
                Some(applying(clauses)).filter(|truths| !truths.is_empty()).map(|truths| any(self, truths))
            }
            Node::Not(clause) => clause.truth_of_checks(answers).map(|truth| self.negated(truth)),
            Node::Authenticated
            | Node::Role { .. }
            | Node::Permission { .. }
            | Node::Scope { .. }
            | Node::Scheme { .. }
            | Node::Fresh { .. }
            | Node::Claim { .. }
            | Node::Acr { .. } => None,
        }
    }
}
