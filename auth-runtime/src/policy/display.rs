//! A requirement as text, in the grammar of the attributes.

use std::{fmt, slice};

use super::{ClaimValue, Node, Requirement};

/// As an attribute writes it. A rule with a name is `NAME = clauses`. `{:#}` leaves out the code of checks, which does
/// not belong in a document.
impl<A> fmt::Display for Requirement<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.node, self.name) {
            (Node::Check { .. }, Some(name)) => return write!(f, "check({name:?})"),
            (_, Some(name)) => write!(f, "{name} = ")?,
            _ => {}
        }
        match self.node {
            Node::Authenticated => f.write_str("authenticated"),
            Node::Role { name, .. } => write!(f, "role({name:?})"),
            Node::Permission { name, .. } => write!(f, "permission({name:?})"),
            Node::Scope { name, .. } => write!(f, "scopes({name:?})"),
            Node::Scheme { name, .. } => write!(f, "schemes({name:?})"),
            Node::Fresh { seconds } => write!(f, "fresh = \"{seconds}s\""),
            Node::Claim { name, value } => write!(f, "claim({name:?} = {value})"),
            Node::Acr { values } => list(f, "acr", values, |value, f| write!(f, "{value:?}")),
            Node::Check { .. } if f.alternate() => f.write_str("check"),
            Node::Check { source, .. } => write!(f, "check = {source}"),
            Node::All(clauses) => list(f, "all", clauses, fmt::Display::fmt),
            Node::Any(clauses) => list(f, "any", clauses, fmt::Display::fmt),
            Node::Not(clause) => list(f, "not", slice::from_ref(clause), fmt::Display::fmt),
        }
    }
}

/// Writes `word(item, item)`.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    word: &str,
    items: &[T],
    write_item: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{word}(")?;
    for (i, item) in items.iter().enumerate() {
        f.write_str(if i > 0 { ", " } else { "" })?;
        write_item(item, f)?;
    }
    f.write_str(")")
}

impl<A> fmt::Debug for Requirement<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(number) => write!(f, "{number}"),
        }
    }
}
