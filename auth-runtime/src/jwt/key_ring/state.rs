//! The states of keys. They follow from the times of all keys, so no process has to write them.

use std::time::{Duration, SystemTime};

use super::store::SigningKeyRecord;
use crate::jwt::registered_claims::{MAX_LEEWAY, MAX_LIFETIME};

/// How long a replaced key verifies: as long as any of its tokens is good.
pub(super) const KEPT: Duration = Duration::from_secs(MAX_LIFETIME.as_secs() + MAX_LEEWAY.as_secs());

/// The state of a key at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It verifies, and does not sign yet.
    Published,
    /// It signs and verifies.
    Signing,
    /// A newer key signs. It still verifies.
    Verifying,
    /// All its tokens have expired. It neither signs nor verifies.
    Expired,
    /// It neither signs nor verifies, and its private half is deleted.
    Retired,
}

impl KeyState {
    /// Returns the name of the state, as the command shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Expired => "expired",
            Self::Retired => "retired",
        }
    }

    /// Returns whether tokens of the key are accepted.
    #[must_use]
    pub const fn verifies(self) -> bool {
        matches!(self, Self::Published | Self::Signing | Self::Verifying)
    }
}

/// Returns keys with their states at a time, in the order in which they sign. Of two keys that sign from the same
/// second on, the one that was added later is the newer one.
#[must_use]
pub fn states(mut keys: Vec<SigningKeyRecord>, now: SystemTime) -> Vec<(SigningKeyRecord, KeyState)> {
    keys.sort_by_key(|key| key.signs_from);
    // From the newest key on: when the next key took over.
    let mut replaced_at = None;
    let mut states: Vec<_> = keys.into_iter().rev().map(|key| (state(&key, now, &mut replaced_at), key)).collect();
    states.reverse();
    states.into_iter().map(|(state, key)| (key, state)).collect()
}

fn state(key: &SigningKeyRecord, now: SystemTime, replaced_at: &mut Option<SystemTime>) -> KeyState {
    if key.retired_at.is_some() {
        return KeyState::Retired;
    }
    if key.signs_from > now {
        return KeyState::Published;
    }
    match replaced_at.replace(key.signs_from) {
        None => KeyState::Signing,
        Some(since) if now < since + KEPT => KeyState::Verifying,
        Some(_) => KeyState::Expired,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{KEPT, KeyState, SigningKeyRecord, states};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn key(id: &str, signs_from: u64, retired_at: Option<u64>) -> SigningKeyRecord {
        SigningKeyRecord { retired_at: retired_at.map(at), ..SigningKeyRecord::new(id, at(0), at(signs_from)) }
    }

    fn named(keys: Vec<SigningKeyRecord>, now: u64) -> Vec<&'static str> {
        states(keys, at(now)).into_iter().map(|(_, state)| state.name()).collect()
    }

    #[test]
    fn a_key_is_published_signs_and_is_replaced() {
        let keys = || vec![key("b", 1000, None), key("a", 0, None)];
        assert_eq!(named(keys(), 999), ["signing", "published"]);
        assert_eq!(named(keys(), 1000), ["verifying", "signing"]);
        let kept = 1000 + KEPT.as_secs();
        assert_eq!(named(keys(), kept - 1), ["verifying", "signing"]);
        assert_eq!(named(keys(), kept), ["expired", "signing"]);
        assert!(!KeyState::Expired.verifies() && !KeyState::Retired.verifies() && KeyState::Published.verifies());
    }

    #[test]
    fn the_key_before_a_retired_one_signs_again() {
        let keys = vec![key("a", 0, None), key("b", 1000, Some(1500))];
        assert_eq!(named(keys, 2000), ["signing", "retired"]);
        assert_eq!(named(vec![key("a", 0, Some(1))], 2000), ["retired"]);
    }

    #[test]
    fn each_key_is_replaced_by_the_next_one() {
        let day = KEPT.as_secs();
        let keys = vec![key("a", 0, None), key("b", 1000, None), key("c", 1000 + 2 * day, None)];
        assert_eq!(named(keys, 1000 + 2 * day + 1), ["expired", "verifying", "signing"]);
    }
}
