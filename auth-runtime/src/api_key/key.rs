//! The text of a key: how one is made, and by what it is looked up.

use std::{borrow::Cow, fmt};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::ApiKeyError;

/// Without `_`, which parts prefix, id and secret.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 95 bits: no two keys have one id.
const ID_LEN: usize = 16;
/// 256 bits.
const SECRET_LEN: usize = 43;
const MAX_PREFIX_LEN: usize = 16;
/// What the id of a key begins with that was not generated here.
const PREFIX_OF_HASH: &str = "sha256-";
/// 128 bits if the characters are those of base64 (ASVS 11.5.1).
const MIN_LEN: usize = 22;

/// The SHA-256 of a key. A hash made for passwords is not needed: there are too many keys to try (ASVS 6.5.2).
#[derive(Clone, Copy)]
pub(super) struct KeyHash(pub(super) [u8; 32]);

impl KeyHash {
    pub(super) fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }
}

/// It lets nobody in, but it is nobody's business either.
impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

/// A new key: prefix, id and secret.
pub(super) fn random(prefix: &str) -> Result<String, ApiKeyError> {
    if prefix.is_empty() || prefix.len() > MAX_PREFIX_LEN || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiKeyError::Prefix);
    }
    Ok(format!("{prefix}_{}_{}", random_text(ID_LEN)?, random_text(SECRET_LEN)?))
}

/// A key that somebody else has chosen.
pub(super) fn check(key: &str) -> Result<(), ApiKeyError> {
    if key.len() < MIN_LEN {
        return Err(ApiKeyError::Short { length: key.len() });
    }
    if key.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(()) } else { Err(ApiKeyError::Characters) }
}

/// By what the record of a key is found: the id in a generated key; of any other, the first half of its hash.
pub(super) fn lookup_id<'a>(key: &'a str, hash: &KeyHash) -> Cow<'a, str> {
    match generated_id(key) {
        Some(id) => Cow::Borrowed(id),
        None => {
            let mut id = String::with_capacity(PREFIX_OF_HASH.len() + 22);
            id.push_str(PREFIX_OF_HASH);
            BASE64_URL_SAFE_NO_PAD.encode_string(&hash.0[..16], &mut id);
            id.into()
        }
    }
}

/// The id in a key that [`generate`](super::generate) has made, which is no secret; `None` if it is none of them.
///
/// ```
/// use auth_runtime::api_key::{generate, generated_id};
///
/// let (key, _) = generate("demo", "alice")?;
/// assert_eq!(generated_id(key.as_str()), key.as_str().split('_').nth(1));
/// assert_eq!(generated_id("alice"), None);
/// # Ok::<(), auth_runtime::api_key::ApiKeyError>(())
/// ```
#[must_use]
pub fn generated_id(key: &str) -> Option<&str> {
    let (prefix, rest) = key.split_once('_')?;
    let (id, secret) = rest.split_once('_')?;
    let is_text = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_text(prefix, prefix.len()) && is_text(id, ID_LEN) && is_text(secret, SECRET_LEN)).then_some(id)
}

/// Characters of the alphabet, each as likely as any other.
fn random_text(len: usize) -> Result<String, ApiKeyError> {
    // The largest multiple of 62 in a byte: what is above would make some characters more likely.
    const FAIR: u8 = 62 * 4;
    let mut text = String::with_capacity(len);
    let mut bytes = [0; 64];
    while text.len() < len {
        getrandom::fill(&mut bytes).map_err(|error| ApiKeyError::Randomness(error.to_string()))?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR).map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(fair.take(len - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{ALPHABET, ApiKeyError, KeyHash, check, random, random_text};

    fn id_of(key: &str) -> String {
        super::lookup_id(key, &KeyHash::of(key)).into_owned()
    }

    #[test]
    fn r52_generated_keys_are_prefix_id_and_a_secret_of_256_bits() {
        let keys: HashSet<String> = (0..100).map(|_| random("demo").unwrap()).collect();
        assert_eq!(keys.len(), 100);
        for key in keys {
            let parts: Vec<&str> = key.split('_').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 16, 43], "{key}");
            assert_eq!(id_of(&key), parts[1]);
            assert!(check(&key).is_ok());
        }
    }

    #[test]
    fn r52_all_characters_are_as_likely() {
        let text = random_text(62_000).unwrap();
        for character in ALPHABET {
            let count = text.bytes().filter(|byte| byte == character).count();
            // Six standard deviations.
            assert!((810..1190).contains(&count), "{}: {count}", char::from(*character));
        }
    }

    #[test]
    fn r52_a_prefix_is_letters_and_digits() {
        assert!(random("Demo2").is_ok());
        for bad in ["", "a_b", "a b", "ä", "a-b", "abcdefghijklmnopq"] {
            assert_eq!(random(bad).unwrap_err(), ApiKeyError::Prefix, "{bad}");
        }
    }

    #[test]
    fn r52_a_weak_key_is_refused() {
        assert_eq!(check("123456789012345678901").unwrap_err(), ApiKeyError::Short { length: 21 });
        assert_eq!(check("").unwrap_err(), ApiKeyError::Short { length: 0 });
        assert!(check("1234567890123456789012").is_ok());
        for bad in ["1234567890 12345678901234", "1234567890123456789012\n", "ääääääääääääääääääääääää"]
        {
            assert_eq!(check(bad).unwrap_err(), ApiKeyError::Characters);
        }
    }

    #[test]
    fn a_chosen_key_is_found_by_its_hash_and_its_id_tells_nothing_of_it() {
        for key in ["0Zr9Pq4cWv1XsT7uKb3Ln6", "a_b_0Zr9Pq4cWv1XsT7uKb3Ln6", "__", "demo_short_short", "a_b_c_d"] {
            let id = id_of(key);
            assert!(id.starts_with("sha256-") && id.len() == 29 && !id.contains(key), "{id}");
            assert_ne!(id, id_of(&format!("{key}x")));
        }
    }
}
