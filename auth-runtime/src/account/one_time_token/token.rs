//! The token of a link, its hash, and its purpose.

use std::{fmt, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::authenticate::Unavailable;

/// 256 bits.
const LEN: usize = 32;
/// The length of a token in base64url.
const TEXT_LEN: usize = 43;

/// The purpose of a one-time token. A token of one purpose is not valid for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// To set a new password. Valid for 30 minutes.
    ResetPassword,
    /// To prove that an e-mail address is the user's. Valid for 24 hours.
    VerifyEmail,
}

impl Purpose {
    /// Returns the name under which a store keeps it: `reset` or `verify`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset",
            Self::VerifyEmail => "verify",
        }
    }

    /// Returns the purpose of this name; `None` for another text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ResetPassword, Self::VerifyEmail].into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// Returns the time until a token of this purpose expires.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::ResetPassword => Duration::from_mins(30),
            Self::VerifyEmail => Duration::from_hours(24),
        }
    }
}

/// A token, as it stands in a link: 256 random bits in base64url. It is wiped when it is dropped.
pub(in super::super) struct OneTimeToken(Zeroizing<String>);

impl OneTimeToken {
    /// Returns a new token.
    pub(in super::super) fn generate() -> Result<Self, Unavailable> {
        let mut bytes = Zeroizing::new([0; LEN]);
        getrandom::fill(&mut *bytes).map_err(Unavailable::new)?;
        Ok(Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// Returns the token, if the text has the form of one.
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        let decoded = (text.len() == TEXT_LEN).then(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok())??;
        (decoded.len() == LEN).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the text for the link.
    pub(in super::super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the hash to store. A plain hash suffices for 256 random bits (ASVS 6.5.2).
    pub(in super::super) fn hash(&self) -> OneTimeTokenHash {
        OneTimeTokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// Redacted.
impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// The SHA-256 of a token, as a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OneTimeTokenHash([u8; LEN]);

impl OneTimeTokenHash {
    /// Returns the bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::OneTimeToken;

    #[test]
    fn tokens_are_random_and_read_back() {
        let (one, other) = (OneTimeToken::generate().unwrap(), OneTimeToken::generate().unwrap());
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.as_str().len(), 43);
        assert_eq!(OneTimeToken::parse(one.as_str()).unwrap().hash(), one.hash());
        assert_eq!(format!("{one:?}"), "[token]");
    }

    #[test]
    fn a_text_of_another_form_is_no_token() {
        let good = "A".repeat(43);
        assert!(OneTimeToken::parse(&good).is_some());
        for bad in ["", "A", &good[1..], &format!("{good}A"), &good.replacen('A', "+", 1), &format!("{}B", &good[1..])]
        {
            assert!(OneTimeToken::parse(bad).is_none(), "{bad:?}");
        }
    }
}
