//! The decision: a requirement and a caller to allow, deny, or a check to run.
//!
//! The tree is evaluated with three truth values (Kleene). A `check` is unknown until the arguments are extracted.
//! Evaluation stops at the first clause that decides.

use std::fmt;

use crate::policy::{CheckAnswers, ClaimValue, Node, Requirement};

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
    /// A claim of the caller is absent, or has another value.
    MissingClaim,
    /// The caller signed in under another authentication context class, or an unknown one.
    InsufficientAcr {
        /// The classes that are enough.
        acr_values: &'static [&'static str],
    },
    /// A `check` returned false.
    CheckFailed,
    /// The caller meets the clause of a `not`.
    Excluded,
}

/// Facts about a caller.
pub(crate) trait Facts<A> {
    fn role(&self, index: u16) -> bool;
    fn permission(&self, index: u16) -> bool;
    fn scope(&self, index: u16) -> bool;
    fn scheme(&self, index: u16) -> bool;
    fn fresh(&self, seconds: u64) -> bool;
    fn claim(&self, name: &str, value: &ClaimValue) -> bool;
    fn acr(&self, values: &[&str]) -> bool;
}

/// One of three truth values. `False` has the clause that failed; `Unknown` names a check to run next.
#[derive(Debug)]
pub(crate) enum Ternary<A: 'static> {
    True,
    False(Denial<A>),
    Unknown(u16),
}

impl<A> From<Ternary<A>> for Decision<A> {
    fn from(truth: Ternary<A>) -> Self {
        match truth {
            Ternary::True => Self::Allow,
            Ternary::False(denial) => Self::Deny(denial),
            Ternary::Unknown(check) => Self::NeedsCheck(check),
        }
    }
}

impl<A> Requirement<A> {
    /// Decides from the facts about a caller, and the checks that ran.
    pub(crate) fn decide(&self, facts: &impl Facts<A>, answers: CheckAnswers) -> Decision<A> {
        self.truth(facts, answers).into()
    }

    /// Returns whether the requirement is met; nothing if a check decides.
    pub(crate) fn is_met(&self, facts: &impl Facts<A>) -> Option<bool> {
        match self.truth(facts, CheckAnswers::NONE) {
            Ternary::True => Some(true),
            Ternary::False(_) => Some(false),
            Ternary::Unknown(_) => None,
        }
    }

    /// Evaluates the requirement. A rule with a name is the clause that failed, for the reason of the clause inside.
    fn truth(&self, facts: &impl Facts<A>, answers: CheckAnswers) -> Ternary<A> {
        match self.truth_of_node(facts, answers) {
            Ternary::False(denial) if self.name.is_some() => Ternary::False(Denial { clause: *self, ..denial }),
            truth => truth,
        }
    }

    fn truth_of_node(&self, facts: &impl Facts<A>, answers: CheckAnswers) -> Ternary<A> {
        match self.node {
            Node::Authenticated => Ternary::True,
            Node::Role { index, .. } => self.leaf(facts.role(index)),
            Node::Permission { index, .. } => self.leaf(facts.permission(index)),
            Node::Scope { index, .. } => self.leaf(facts.scope(index)),
            Node::Scheme { index, .. } => self.leaf(facts.scheme(index)),
            Node::Fresh { seconds } => self.leaf(facts.fresh(seconds)),
            Node::Claim { name, value } => self.leaf(facts.claim(name, &value)),
            Node::Acr { values } => self.leaf(facts.acr(values)),
            Node::Check { index, .. } => self.answered(index, answers),
            Node::All(clauses) => all(clauses.iter().map(|clause| clause.truth(facts, answers))),
            Node::Any(clauses) => any(self, clauses.iter().map(|clause| clause.truth(facts, answers))),
            Node::Not(clause) => self.negated(clause.truth(facts, answers)),
        }
    }

    fn leaf(&self, is_met: bool) -> Ternary<A> {
        if is_met { Ternary::True } else { Ternary::False(self.denial()) }
    }

    /// Returns the truth of this check.
    pub(super) fn answered(&self, index: u16, answers: CheckAnswers) -> Ternary<A> {
        answers.get(index).map_or(Ternary::Unknown(index), |is_met| self.leaf(is_met))
    }

    /// Returns the truth of this `not`.
    pub(super) fn negated(&self, truth: Ternary<A>) -> Ternary<A> {
        match truth {
            Ternary::True => Ternary::False(self.denial()),
            Ternary::False(_) => Ternary::True,
            unknown @ Ternary::Unknown(_) => unknown,
        }
    }

    fn denial(&self) -> Denial<A> {
        Denial { reason: self.reason(), clause: *self }
    }

    /// Returns the reason when this clause is not met. A list gives the reason of its first clause.
    fn reason(&self) -> Reason {
        match self.node {
            Node::Role { .. } => Reason::MissingRole,
            Node::Permission { .. } => Reason::MissingPermission,
            Node::Scope { .. } => Reason::MissingScope,
            Node::Scheme { .. } => Reason::WrongScheme,
            Node::Fresh { seconds } => Reason::NotFresh { max_age: seconds },
            Node::Claim { .. } => Reason::MissingClaim,
            Node::Acr { values } => Reason::InsufficientAcr { acr_values: values },
            Node::Authenticated | Node::Check { .. } => Reason::CheckFailed,
            Node::Not(_) => Reason::Excluded,
            Node::All(clauses) | Node::Any(clauses) => clauses.first().map_or(Reason::CheckFailed, Self::reason),
        }
    }
}

/// True if every clause is. One false clause decides, even beside unknown ones.
pub(super) fn all<A>(truths: impl IntoIterator<Item = Ternary<A>>) -> Ternary<A> {
    let mut outcome = Ternary::True;
    for truth in truths {
        match (truth, &outcome) {
            (Ternary::False(denial), _) => return Ternary::False(denial),
            (Ternary::Unknown(check), Ternary::True) => outcome = Ternary::Unknown(check),
            _ => {}
        }
    }
    outcome
}

/// True if one clause is. A false `any` gives itself as the clause that failed, or its only clause.
pub(super) fn any<A>(whole: &Requirement<A>, truths: impl IntoIterator<Item = Ternary<A>>) -> Ternary<A> {
    let (mut denials, mut unknown, mut last) = (0, None, None);
    for truth in truths {
        match truth {
            Ternary::True => return Ternary::True,
            Ternary::Unknown(check) => unknown = unknown.or(Some(check)),
            Ternary::False(denial) => {
                denials += 1;
                last = Some(denial);
            }
        }
    }
    match (unknown, last) {
        (Some(check), _) => Ternary::Unknown(check),
        (None, Some(denial)) if denials == 1 => Ternary::False(denial),
        (None, _) => Ternary::False(whole.denial()),
    }
}
