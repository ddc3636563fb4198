//! The value of a claim in a clause.

use std::fmt;

use super::ClaimValue;

/// A [`ClaimValue`] with owned text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimContent {
    /// A string, or an array that holds it.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
}

impl From<ClaimValue> for ClaimContent {
    fn from(value: ClaimValue) -> Self {
        match value {
            ClaimValue::Text(text) => Self::Text(text.to_owned()),
            ClaimValue::Bool(value) => Self::Bool(value),
            ClaimValue::Integer(number) => Self::Integer(number),
        }
    }
}

impl fmt::Display for ClaimContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(number) => write!(f, "{number}"),
        }
    }
}
