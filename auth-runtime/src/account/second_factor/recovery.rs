//! Recovery codes, for users who have lost their authenticator app.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{authenticate::Unavailable, users::random_text};

const CODES: usize = 10;
/// 120 bits, so that a plain hash suffices (ASVS 6.5.2).
const LEN: usize = 24;
const GROUP: usize = 4;

/// Ten new recovery codes. They are shown once; the store has their hashes.
pub struct RecoveryCodes([SecretString; CODES]);

impl RecoveryCodes {
    pub(in super::super) fn generate() -> Result<Self, Unavailable> {
        let mut codes = [(); CODES].map(|()| SecretString::default());
        for code in &mut codes {
            let text = random_text::<LEN>().map_err(Unavailable::new)?;
            *code = grouped(text.expose_secret()).into();
        }
        Ok(Self(codes))
    }

    /// Returns the codes. Show them to the user once.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(ExposeSecret::expose_secret)
    }

    pub(in super::super) fn hashes(&self) -> Vec<RecoveryCodeHash> {
        self.iter().filter_map(RecoveryCodeHash::of).collect()
    }
}

fn grouped(text: &str) -> String {
    let groups: Vec<&str> = text.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("-")
}

/// Redacted.
impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[recovery codes]")
    }
}

/// The SHA-256 of a recovery code, as a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecoveryCodeHash([u8; 32]);

impl RecoveryCodeHash {
    /// Returns the hash of a typed code, if the text has the form of one. Case, spaces and hyphens are ignored.
    pub(in super::super) fn of(code: &str) -> Option<Self> {
        let is_separator = |c: &char| c.is_whitespace() || *c == '-';
        let typed = code.chars().filter(|c| !is_separator(c)).map(|c| c.to_ascii_lowercase());
        // One more than a code has, so that a longer text is not cut to a code.
        let code: Zeroizing<String> = Zeroizing::new(typed.take(LEN + 1).collect());
        (code.len() == LEN).then(|| Self(Sha256::digest(code.as_bytes()).into()))
    }

    /// Returns the bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{RecoveryCodeHash, RecoveryCodes};

    #[test]
    fn ten_codes_are_random_and_readable() {
        let codes = RecoveryCodes::generate().unwrap();
        let texts: HashSet<&str> = codes.iter().collect();
        assert_eq!(texts.len(), 10);
        assert!(
            texts.iter().all(|code| code.len() == 29 && code.split('-').all(|group| group.len() == 4)),
            "{texts:?}"
        );
        assert_eq!(codes.hashes().len(), 10);
        assert_eq!(format!("{codes:?}"), "[recovery codes]");
    }

    #[test]
    fn a_code_may_be_typed_in_several_ways() {
        let hash = RecoveryCodeHash::of("0123-4567-89ab-cdef-ghjk-mnpq").unwrap();
        for same in ["0123456789abcdefghjkmnpq", " 0123 4567 89AB CDEF GHJK MNPQ\n", "0123-456789ab-cdef-ghjk-mnpq-"] {
            assert_eq!(RecoveryCodeHash::of(same), Some(hash), "{same:?}");
        }
        for other in
            ["", "123456", "0123-4567-89ab-cdef-ghjk-mnp", "0123-4567-89ab-cdef-ghjk-mnpqq", &"0".repeat(100_000)]
        {
            assert_eq!(RecoveryCodeHash::of(other), None, "{other:?}");
        }
    }
}
