//! Fourth step: requirement and caller to decision.
//!
//! The tree is read with three truth values (Kleene): what is not known yet, a `check` before the arguments are
//! there, is unknown, and only a clause that cannot change the outcome is left unread.

use std::fmt;

use crate::policy::{Node, Requirement};

/// What a requirement says of a caller.
#[derive(Debug)]
#[must_use]
pub enum Decision<A: 'static> {
    /// Let in.
    Allow,
    /// Kept out.
    Deny(Denial<A>),
    /// It depends on the `check` of this number, which has no answer yet.
    NeedsCheck(u16),
}

/// Why a caller is kept out: for the log, never for the caller.
pub struct Denial<A: 'static> {
    /// What kind of clause failed.
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
    /// A role that the caller does not have.
    MissingRole,
    /// A permission that the caller does not have.
    MissingPermission,
    /// A scope that the token does not carry.
    MissingScope,
    /// The caller came by a scheme that does not count here.
    WrongScheme,
    /// The sign-in is older than this many seconds, or its time is not known.
    NotFresh {
        /// The greatest age that is accepted.
        max_age: u64,
    },
    /// A `check` said no.
    CheckFailed,
    /// The caller meets what must not be met.
    Excluded,
}

/// What is known when a requirement is read; `None` where it is not known yet.
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

/// One of three truth values; false with the clause that made it so, unknown with a check that would tell more.
#[derive(Debug)]
pub(crate) enum Ternary<A: 'static> {
    True,
    False(Requirement<A>),
    Unknown(Option<u16>),
}

impl<A> Requirement<A> {
    /// Decides from what is known.
    pub(crate) fn decide(&self, facts: &impl Facts<A>) -> Decision<A> {
        match self.truth(facts) {
            Ternary::True => Decision::Allow,
            Ternary::False(clause) => Decision::Deny(Denial { reason: clause.reason(), clause }),
            Ternary::Unknown(Some(check)) => Decision::NeedsCheck(check),
            // Nothing that a caller's facts leave unknown; were it so, the caller stays out.
            Ternary::Unknown(None) => Decision::Deny(Denial { reason: Reason::CheckFailed, clause: *self }),
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

    /// True if one is; the clause of a false `any` is the whole of it, or its only member.
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

    /// What kind of clause this is when it is not met; of several, the first one speaks.
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

/// True if every one is; one that is false decides, whatever is unknown beside it.
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
