//! Errors of API keys.

/// An API key that is not accepted or cannot be generated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The key is too short, so it may be guessed.
    #[error("an API key needs at least 22 characters, this one has {length}; make one with `openssl rand -hex 32`")]
    Short {
        /// Number of characters.
        length: usize,
    },
    /// The key has characters other than visible ASCII, which cannot be sent.
    #[error("an API key is made of visible ASCII characters only, without spaces")]
    Characters,
    /// The prefix for generated keys is not accepted.
    #[error("the prefix of an API key must have 1 to 16 letters and digits (ASCII)")]
    Prefix,
    /// The store has a record with this id.
    #[error("there is an API key of id {id:?} already")]
    Taken {
        /// The id of the record. It is no secret.
        id: String,
    },
    /// The system has no randomness.
    #[error("no API key can be made: {0}")]
    Randomness(String),
}
