//! The random token of a session, and its hash.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{authenticate::Unavailable, credential::SessionToken};

/// The SHA-256 of a session token. A password hash is not needed, because tokens cannot be guessed (ASVS 6.5.2).
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &SessionToken) -> Self {
        Self(Sha256::digest(token.as_str()).into())
    }

    /// Returns whether both are the hash of one token, in constant time.
    #[inline]
    pub(super) fn is(&self, other: &Self) -> bool {
        let ([a, b], [c, d]) = (self.halves(), other.halves());
        ((a ^ c) | (b ^ d)).ct_eq(&0).into()
    }

    #[inline]
    fn halves(&self) -> [u128; 2] {
        let (halves, _) = self.0.as_chunks::<16>();
        [0, 1].map(|index| halves.get(index).map_or(0, |half| u128::from_be_bytes(*half)))
    }

    /// Returns the identifier of the session: half of the hash. It identifies the session, and does not open it.
    pub(super) fn session_id(&self) -> String {
        format!("{:032x}", self.halves()[0])
    }
}

/// Redacted. The hash grants no access, but it identifies the session.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("a SHA-256 has 32 bytes"))
    }
}

/// Returns a new token of 256 random bits.
pub(super) fn random() -> Result<SessionToken, Unavailable> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|error| Unavailable::new(error.to_string()))?;
    Ok(SessionToken::of_bits(&bits))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{SessionToken, TokenHash, random};

    #[test]
    fn r61_tokens_are_random_and_stored_hashed() {
        let tokens: HashSet<String> = (0..1000).map(|_| random().unwrap().as_str().to_owned()).collect();
        assert_eq!(tokens.len(), 1000);
        let token = SessionToken::of_bits(&[7; 32]);
        let hash = TokenHash::of(&token);
        let stored = serde_json::to_string(&hash).unwrap();
        assert!(!stored.contains(token.as_str()) && !hash.session_id().contains(token.as_str()));
        let read: TokenHash = serde_json::from_str(&stored).unwrap();
        assert!(read.is(&hash) && !read.is(&TokenHash::of(&SessionToken::of_bits(&[8; 32]))));
        assert_eq!(hash.session_id().len(), 32);
        assert!(serde_json::from_str::<TokenHash>("\"AAAA\"").is_err());
    }
}
