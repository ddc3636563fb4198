//! The errors of a [`Throttle`](super::Throttle) that cannot be configured.

/// A limit or a secret that a throttle does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThrottleError {
    /// The number is too small to be of use, or too large to protect.
    #[error("{given} attempts {per} are out of range: set {least} to {most}")]
    Range {
        /// The name of the limit.
        per: &'static str,
        /// The number that was given.
        given: u32,
        /// The lowest number.
        least: u32,
        /// The highest number.
        most: u32,
    },
    /// The secret is short enough to be guessed.
    #[error("the secret of a throttle needs at least 32 bytes, this one has {length}")]
    ShortSecret {
        /// The length of the secret in bytes.
        length: usize,
    },
}
