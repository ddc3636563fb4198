//! A requirement as a tree, with the result of each clause for one caller.

use std::{fmt, slice};

use super::{Clause, Facts, Node, Requirement, RuleName};
use crate::declared::AuthSchema;

/// A clause with its result for one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedClause {
    /// The clause.
    pub clause: Clause,
    /// Whether the caller meets it; nothing if that is unknown.
    pub is_met: Option<bool>,
    /// The roles that hold the permission, where the tables are known: those of the caller if it is met, and all if it
    /// is not.
    pub holders: Vec<String>,
    /// The clauses below.
    pub below: Vec<Self>,
}

impl ExplainedClause {
    /// Returns the result of each clause for a caller.
    pub(crate) fn of<A: AuthSchema>(requirement: &Requirement<A>, facts: &impl Facts<A>) -> Self {
        let below = match requirement.node() {
            Node::All(clauses) | Node::Any(clauses) => clauses,
            Node::Not(clause) => slice::from_ref(clause),
            _ => &[],
        };
        Self {
            clause: requirement.into(),
            is_met: requirement.is_met(facts),
            holders: Vec::new(),
            below: below.iter().map(|clause| Self::of(clause, facts)).collect(),
        }
    }
}

/// One line for each clause, indented below its parent.
impl fmt::Display for ExplainedClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl ExplainedClause {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let answer = self.is_met.map_or("?", |met| if met { "yes" } else { "no" });
        write!(f, "{answer:<5}{:1$}", "", 2 * depth)?;
        write_head(&self.clause, f)?;
        match (&self.holders[..], self.is_met) {
            ([], _) => writeln!(f)?,
            ([holder], Some(false)) => writeln!(f, " ({holder} holds it)")?,
            (holders, Some(false)) => writeln!(f, " ({} hold it)", holders.join(", "))?,
            (holders, _) => writeln!(f, " (through {})", holders.join(", "))?,
        }
        self.below.iter().try_for_each(|clause| clause.write(f, depth + 1))
    }
}

/// Writes a clause without the clauses below it.
fn write_head(clause: &Clause, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match clause {
        Clause::All(_) => f.write_str("all"),
        Clause::Any(_) => f.write_str("any"),
        Clause::Not(_) => f.write_str("not"),
        Clause::Named { name, clause } => {
            write!(f, "{} = ", RuleName(name))?;
            write_head(clause, f)
        }
        leaf => write!(f, "{leaf}"),
    }
}
