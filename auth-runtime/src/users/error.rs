//! Errors of users and their passwords.

use super::quote::{NAME_RULE, quote_name};
use crate::{authenticate::Unavailable, password::PasswordError};

/// A user or a password that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// The name is empty, has a colon or control characters, which cannot be sent (RFC 7617, section 2), or is not
    /// accepted by the store.
    #[error("{} cannot be a user name: {NAME_RULE}", quote_name(.0))]
    Name(String),
    /// The name belongs to another user.
    #[error("there is a user {} already", quote_name(.0))]
    Taken(String),
    /// The subject belongs to another user.
    #[error("there is a user with the subject {} already", quote_name(.0))]
    SubjectTaken(String),
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The new password is the current one.
    #[error("the new password is the current one")]
    SamePassword,
}

impl From<Unavailable> for UserError {
    fn from(error: Unavailable) -> Self {
        Self::Password(error.into())
    }
}
