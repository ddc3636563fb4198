//! Errors of sessions.

use crate::authenticate::Unavailable;

/// A session that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The store does not answer, or the system has no randomness.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The user of a plug-in has the issuer of the user store, and could be taken for another person.
    #[error("the users of a plug-in have the issuer {0:?} of the user store; give them another one")]
    SameIssuer(String),
}
