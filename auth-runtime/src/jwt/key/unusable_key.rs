//! A published key that cannot be used.

/// The longest name in the log, in characters.
const SHOWN: usize = 100;

/// A key of a set that is left out, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jwt) struct UnusableKey {
    /// The name for the log: the `kid`, or else the position.
    pub(in crate::jwt) name: String,
    pub(in crate::jwt) kid: Option<String>,
    pub(in crate::jwt) reason: String,
    /// Whether the issuer made a mistake, such as to publish a private key or a weak one.
    pub(in crate::jwt) is_alarming: bool,
}

impl UnusableKey {
    pub(super) fn new(name: &str, kid: Option<String>, reason: &str, is_alarming: bool) -> Self {
        let shown = |text: &str| text.chars().take(SHOWN).collect();
        Self { name: shown(name), kid, reason: shown(reason), is_alarming }
    }
}
