//! Errors of users and their passwords.

use super::quote::{NAME_RULE, quote_name};
use crate::{authenticate::Unavailable, password::PasswordError};

/// A user that cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// The name is empty, or has a colon or control characters in it, which cannot be sent (RFC 7617, section 2), or the
    /// store does not accept it.
    #[error("{} cannot be a user name: {NAME_RULE}", quote_name(.0))]
    Name(String),
    /// There is a user of this name.
    #[error("there is a user {} already", quote_name(.0))]
    Taken(String),
    /// Another user has this subject.
    #[error("there is a user of the subject {} already", quote_name(.0))]
    SubjectTaken(String),
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password is the one that was to be replaced.
    #[error("the new password is the current one")]
    SamePassword,
}

impl From<Unavailable> for UserError {
    fn from(error: Unavailable) -> Self {
        Self::Password(error.into())
    }
}
