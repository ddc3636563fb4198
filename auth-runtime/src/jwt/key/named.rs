//! A key and its name.

use super::verifying::VerifyingKey;

/// A key and its `kid`, the name that tokens give (RFC 7517, section 4.5).
#[derive(Clone, Debug, PartialEq)]
pub(in crate::jwt) struct NamedKey {
    pub(in crate::jwt) kid: Option<String>,
    pub(in crate::jwt) key: VerifyingKey,
    /// The member `issuer` of a published key, which Microsoft Entra writes.
    pub(in crate::jwt) issuer: Option<String>,
}

impl NamedKey {
    /// Logs a new RSA key of fewer than 3072 bits: it is accepted, and below 128 bits of security (ASVS 11.2.3).
    pub(in crate::jwt) fn warn_if_weak(&self, issuer: &str) {
        if let Some(bits) = self.key.too_few_bits() {
            let kid = self.kid.as_deref().unwrap_or_default();
            tracing::warn!(?issuer, ?kid, bits, "weak RSA key accepted");
        }
    }
}
