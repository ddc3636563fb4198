//! The decision: a requirement and a caller to allow, deny, or a check to run.
//!
//! The tree is evaluated with three truth values (Kleene). A `check` is unknown until the arguments are extracted.
//! Evaluation stops at the first clause that decides.

use std::fmt;

use crate::policy::{Node, Requirement};

/// Result of evaluating a requirement for a caller.
#[derive(Debug)]
#[must_use]
pub enum Decision<A: 'static> {
    /// The caller is admitted.
    Allow,
    /// The caller is denied.
    Deny(Denial<A>),
    /// The result depends on the `check` with this number. It did not run yet.
    NeedsCheck(u16),
}

/// Why a caller is denied: for the log, never for the caller.
pub struct Denial<A: 'static> {
    /// Kind of the clause that failed.
    pub reason: Reason,
    /// The clause that failed.
    pub clause: Requirement<A>,
}

impl<A> fmt::Debug for Denial<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.reason, self.clause)
    }
}

/// The kind of clause that a caller did not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The caller lacks a role.
    MissingRole,
    /// The caller lacks a permission.
    MissingPermission,
    /// The token lacks a scope.
    MissingScope,
    /// The caller used a scheme that is not accepted here.
    WrongScheme,
    /// The sign-in is too old, or its time is unknown.
    NotFresh {
        /// Maximum age in seconds.
        max_age: u64,
    },
    /// A `check` returned false.
    CheckFailed,
    /// The caller meets the clause of a `not`.
    Excluded,
}

/// Facts about a caller. `None` means unknown so far.
pub(crate) trait Facts<A> {
    fn role(&self, _index: u16) -> Option<bool> {
        None
    }
    fn permission(&self, _index: u16) -> Option<bool> {
        None
    }
    fn scope(&self, _index: u16) -> Option<bool> {
        None
    }
    fn scheme(&self, _index: u16) -> Option<bool> {
        None
    }
    fn fresh(&self, _seconds: u64) -> Option<bool> {
        None
    }
    fn check(&self, _index: u16) -> Option<bool> {
        None
    }
}

/// One of three truth values. `False` names the clause that failed; `Unknown` names a check to run next.
#[derive(Debug)]
pub(crate) enum Ternary<A: 'static> {
    True,
    False(Requirement<A>),
    Unknown(Option<u16>),
}

impl<A> Requirement<A> {
    /// Decides from the known facts.
    pub(crate) fn decide(&self, facts: &impl Facts<A>) -> Decision<A> {
        match self.truth(facts) {
            Ternary::True => Decision::Allow,
            Ternary::False(clause) => Decision::Deny(Denial { reason: clause.reason(), clause }),
            Ternary::Unknown(Some(check)) => Decision::NeedsCheck(check),
            // The facts of a caller are never unknown. If they were, the caller would stay out.
            Ternary::Unknown(None) => Decision::Deny(Denial { reason: Reason::CheckFailed, clause: *self }),
        }
    }

    /// Returns whether the requirement is met; nothing if a check did not run yet.
    pub(crate) fn is_met(&self, facts: &impl Facts<A>) -> Option<bool> {
        match self.truth(facts) {
            Ternary::True => Some(true),
            Ternary::False(_) => Some(false),
            Ternary::Unknown(_) => None,
        }
    }

    pub(crate) fn truth(&self, facts: &impl Facts<A>) -> Ternary<A> {
        match self.node {
            Node::Authenticated => Ternary::True,
            Node::Role { index, .. } => self.leaf(facts.role(index)),
            Node::Permission { index, .. } => self.leaf(facts.permission(index)),
            Node::Scope { index, .. } => self.leaf(facts.scope(index)),
            Node::Scheme { index, .. } => self.leaf(facts.scheme(index)),
            Node::Fresh { seconds } => self.leaf(facts.fresh(seconds)),
            Node::Check { index, .. } => match facts.check(index) {
                None => Ternary::Unknown(Some(index)),
                known => self.leaf(known),
            },
            Node::All(clauses) => all(clauses, facts),
            Node::Any(clauses) => self.any_of(clauses, facts),
            Node::Not(clause) => match clause.truth(facts) {
                Ternary::True => Ternary::False(*self),
                Ternary::False(_) => Ternary::True,
                unknown @ Ternary::Unknown(_) => unknown,
            },
        }
    }

    fn leaf(&self, known: Option<bool>) -> Ternary<A> {
        match known {
            Some(true) => Ternary::True,
            Some(false) => Ternary::False(*self),
            None => Ternary::Unknown(None),
        }
    }

    /// True if one clause is. A false `any` names itself, or its only clause.
    fn any_of(&self, clauses: &[Self], facts: &impl Facts<A>) -> Ternary<A> {
        let mut outcome = Ternary::False(*self);
        for clause in clauses {
            match (clause.truth(facts), &outcome) {
                (Ternary::True, _) => return Ternary::True,
                (Ternary::Unknown(check), Ternary::False(_) | Ternary::Unknown(None)) => {
                    outcome = Ternary::Unknown(check);
                }
                (clause @ Ternary::False(_), Ternary::False(_)) if clauses.len() == 1 => outcome = clause,
                _ => {}
            }
        }
        outcome
    }

    /// Returns the reason when this clause is not met. A list gives the reason of its first clause.
    fn reason(&self) -> Reason {
        match self.node {
            Node::Role { .. } => Reason::MissingRole,
            Node::Permission { .. } => Reason::MissingPermission,
            Node::Scope { .. } => Reason::MissingScope,
            Node::Scheme { .. } => Reason::WrongScheme,
            Node::Fresh { seconds } => Reason::NotFresh { max_age: seconds },
            Node::Authenticated | Node::Check { .. } => Reason::CheckFailed,
            Node::Not(_) => Reason::Excluded,
            Node::All(clauses) | Node::Any(clauses) => clauses.first().map_or(Reason::CheckFailed, Self::reason),
        }
    }
}

/// True if every clause is. One false clause decides, even beside unknown ones.
fn all<A>(clauses: &[Requirement<A>], facts: &impl Facts<A>) -> Ternary<A> {
    let mut outcome = Ternary::True;
    for clause in clauses {
        match (clause.truth(facts), &outcome) {
            (Ternary::False(clause), _) => return Ternary::False(clause),
            (Ternary::Unknown(check), Ternary::True | Ternary::Unknown(None)) => outcome = Ternary::Unknown(check),
            _ => {}
        }
    }
    outcome
}
