//! The hook for forms of hashes that the library does not know.

use std::{fmt, sync::Arc};

/// A verifier for the hashes of another system.
///
/// It gets the hashes that [`Passwords`](super::Passwords) cannot read. After a sign-in, the hash is replaced by one of
/// Argon2id. [`verify`](Self::verify) runs outside of the async executor and may block. [`form`](Self::form) must be
/// fast.
///
/// ```
/// use auth_runtime::password::{LegacyHash, Passwords};
///
/// /// Hashes of a system that reversed passwords.
/// struct Reversed;
///
/// impl LegacyHash for Reversed {
///     fn form(&self, hash: &str) -> Option<&'static str> {
///         hash.starts_with("{reversed}").then_some("reversed")
///     }
///
///     fn verify(&self, password: &str, hash: &str) -> bool {
///         // A real verifier compares in constant time.
///         hash.strip_prefix("{reversed}").is_some_and(|hash| hash.chars().rev().eq(password.chars()))
///     }
/// }
///
/// let passwords = Passwords::new().legacy_hash(Reversed);
/// assert_eq!(passwords.check_hash("{reversed}esroh tcerroc")?.form(), "reversed");
/// # Ok::<(), auth_runtime::password::PasswordError>(())
/// ```
///
/// # What it does not protect against
///
/// Its duration differs from that of Argon2id, so it reveals that such a user exists.
pub trait LegacyHash: Send + Sync + 'static {
    /// Returns the name of the form, if this hash has it.
    fn form(&self, hash: &str) -> Option<&'static str>;

    /// Returns whether the password has this hash. Compare in constant time.
    fn verify(&self, password: &str, hash: &str) -> bool;
}

/// The configured verifiers.
#[derive(Clone, Default)]
pub(super) struct LegacyHashes(Vec<Arc<dyn LegacyHash>>);

impl LegacyHashes {
    pub(super) fn push(&mut self, hash: impl LegacyHash) {
        self.0.push(Arc::new(hash));
    }

    /// Returns the first verifier for this hash, with the name of the form.
    pub(super) fn find(&self, hash: &str) -> Option<(&dyn LegacyHash, &'static str)> {
        self.0.iter().find_map(|verifier| Some((&**verifier, verifier.form(hash)?)))
    }
}

impl fmt::Debug for LegacyHashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LegacyHashes").field(&self.0.len()).finish()
    }
}
