//! Published keys that cannot be used. Each is logged once, when it matters.

use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use crate::jwt::key::unusable_key::UnusableKey;

/// The keys that the last document had and that are not used.
#[derive(Default)]
pub(super) struct UnusableKeys(ArcSwap<Vec<Entry>>);

struct Entry {
    key: UnusableKey,
    is_logged: AtomicBool,
}

impl UnusableKeys {
    /// Takes the keys of a new document, and logs the alarming ones: all of them, if no usable key is left.
    pub(super) fn replace(&self, keys: Vec<UnusableKey>, is_any_usable: bool, issuer: &str) {
        let before = self.0.load();
        let was_logged = |key: &UnusableKey| before.iter().any(|known| known.key == *key && known.is_logged());
        let entries: Vec<Entry> =
            keys.into_iter().map(|key| Entry { is_logged: was_logged(&key).into(), key }).collect();
        entries.iter().filter(|entry| entry.key.is_alarming || !is_any_usable).for_each(|entry| entry.log(issuer));
        self.0.store(entries.into());
    }

    /// Logs the keys of this name, as a token asks for one.
    pub(super) fn asked_for(&self, kid: Option<&str>, issuer: &str) {
        self.0.load().iter().filter(|entry| entry.key.kid.as_deref() == kid).for_each(|entry| entry.log(issuer));
    }

    #[cfg(test)]
    pub(super) fn logged(&self) -> Vec<String> {
        self.0.load().iter().filter(|entry| entry.is_logged()).map(|entry| entry.key.name.clone()).collect()
    }
}

impl Entry {
    fn is_logged(&self) -> bool {
        self.is_logged.load(Ordering::Relaxed)
    }

    fn log(&self, issuer: &str) {
        if !self.is_logged.swap(true, Ordering::Relaxed) {
            let UnusableKey { name, reason, .. } = &self.key;
            tracing::warn!(?issuer, key = name, reason, "published key ignored");
        }
    }
}
