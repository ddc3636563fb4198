//! Errors of API keys.

/// A key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Too short to be hard to guess.
    #[error("an API key needs at least 22 characters, this one has {length}; make one with `openssl rand -hex 32`")]
    Short {
        /// How many it has.
        length: usize,
    },
    /// Other characters than visible ASCII, which cannot be sent.
    #[error("an API key is made of visible ASCII characters only, without spaces")]
    Characters,
    /// Not a prefix for generated keys.
    #[error("the prefix of an API key has 1 to 16 letters and digits (ASCII)")]
    Prefix,
    /// There is a record of this id.
    #[error("there is an API key of id {id:?} already")]
    Taken {
        /// By what records are found; no secret.
        id: String,
    },
    /// The system has no randomness.
    #[error("no API key can be made: {0}")]
    Randomness(String),
}
