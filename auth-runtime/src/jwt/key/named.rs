//! A key and its name.

use super::verifying::VerifyingKey;

/// A key and its `kid`, the name that tokens give (RFC 7517, section 4.5).
#[derive(Clone, Debug)]
pub(in crate::jwt) struct NamedKey {
    pub(in crate::jwt) kid: Option<String>,
    pub(in crate::jwt) key: VerifyingKey,
}

impl NamedKey {
    /// Says that a key which is new here is weak, though good enough.
    pub(in crate::jwt) fn warn_if_weak(&self, issuer: &str) {
        if let Some(bits) = self.key.too_few_bits() {
            let kid = self.kid.as_deref().unwrap_or_default();
            tracing::warn!(?issuer, ?kid, bits, "an RSA key of less than 3072 bits is below 128 bits of security");
        }
    }
}
