//! Errors of sessions.

use crate::authenticate::Unavailable;

/// The reason why a session cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The store does not answer, or the system has no randomness.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A plug-in uses the issuer of the user store, so its user could be mistaken for another person.
    #[error("the users of a plug-in have the issuer {0:?} of the user store; give them another one")]
    SameIssuer(String),
}
