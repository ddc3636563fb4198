//! The signature algorithms, by their names in JOSE (RFC 7518, section 3.1; RFC 8037, section 3.1).

use std::fmt;

/// A signature algorithm. A key has exactly one (RFC 8725, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256, and a salt as long as the hash.
    PS256,
    /// RSASSA-PSS with SHA-384, and a salt as long as the hash.
    PS384,
    /// RSASSA-PSS with SHA-512, and a salt as long as the hash.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519, the only curve that is supported.
    EdDSA,
}

/// The algorithms of RSA keys, the usual one first.
pub(super) const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// As the header parameter `alg` spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// Returns the algorithm of this name, which is case-sensitive. `Ed25519` is the newer name of `EdDSA` with this
    /// curve (RFC 9864, section 2.2).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDSA);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;

    #[test]
    fn r30_a_name_has_one_spelling() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
            assert_eq!(Algorithm::named(&algorithm.name().to_lowercase()), None);
        }
        for bad in ["", "none", "None", "HS1", "ES256K", "ES512", "Ed448", " HS256"] {
            assert_eq!(Algorithm::named(bad), None, "{bad}");
        }
        assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDSA));
    }
}
