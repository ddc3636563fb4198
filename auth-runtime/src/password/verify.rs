//! The comparison of a password with a stored hash, and the replacement of weak hashes.

use super::{
    block_buffer::BlockBuffer,
    error::Reason,
    hasher::{Failure, PasswordHasher},
    legacy::LegacyHash,
    normalize::normalize,
    secret::SecretKey,
    stored::StoredHash,
};

/// The result of a comparison.
pub(crate) enum Verified {
    /// The password is wrong, or there is no hash.
    Wrong,
    /// The hash cannot be read, so every password is wrong.
    Unreadable(Reason),
    /// The password is right.
    Right {
        /// The hash to store from now on, if the stored one is weaker than a new one.
        rehashed: Option<String>,
    },
}

/// The hash to compare with.
enum Target<'a> {
    Stored(StoredHash, Option<&'a SecretKey>),
    Legacy(&'a dyn LegacyHash, &'a str),
    /// The dummy: every password is wrong. With the reason why the stored hash cannot be read, if there is one.
    Dummy(StoredHash, Option<&'a SecretKey>, Option<Reason>),
}

impl Target<'_> {
    /// Returns the result for a password that does not match.
    const fn rejects(&self) -> Verified {
        match self {
            Self::Dummy(_, _, Some(reason)) => Verified::Unreadable(reason),
            _ => Verified::Wrong,
        }
    }

    fn matches(&self, password: &str, memory: &mut BlockBuffer) -> Result<bool, Failure> {
        match self {
            Self::Stored(hash, key) => hash.matches(password, *key, memory),
            Self::Legacy(verifier, hash) => Ok(verifier.verify(password, hash)),
            Self::Dummy(hash, key, _) => hash.matches(password, *key, memory).map(|_| false),
        }
    }
}

impl PasswordHasher {
    /// Compares a password with a stored hash. The work is the same without a hash.
    ///
    /// The password is normalized. If that changes it and it does not match, the original is compared too, because old
    /// hashes may have been made of it. So the number of hashes for a wrong password does not depend on the user.
    pub(super) fn verify(
        &self,
        password: &str,
        hash: Option<&str>,
        memory: &mut BlockBuffer,
    ) -> Result<Verified, Failure> {
        let target = self.target(hash)?;
        let normalized = normalize(password);
        let is_normalized = target.matches(&normalized, memory)?;
        let is_unchanged = *normalized == password;
        if !is_normalized && (is_unchanged || !target.matches(password, memory)?) {
            return Ok(target.rejects());
        }
        let is_kept = is_normalized && matches!(&target, Target::Stored(stored, _) if !self.is_weaker(stored));
        let rehashed = if is_kept { None } else { self.rehash(&normalized, memory) };
        Ok(Verified::Right { rehashed })
    }

    /// Returns the stored hash, or the dummy for as much work.
    fn target<'a>(&'a self, hash: Option<&'a str>) -> Result<Target<'a>, Failure> {
        let hash = hash.filter(|hash| !hash.is_empty());
        let unreadable = match hash.map(|hash| (hash, self.read(hash))) {
            Some((_, Ok((stored, key)))) => return Ok(Target::Stored(stored, key)),
            Some((hash, Err(reason))) => match self.legacy.find(hash) {
                Some((verifier, _)) => return Ok(Target::Legacy(verifier, hash)),
                None => Some(reason),
            },
            None => None,
        };
        Ok(Target::Dummy(self.dummy()?, self.keys.current.as_ref(), unreadable))
    }

    /// Hashes a right password again. A failure leaves the old hash.
    fn rehash(&self, password: &str, memory: &mut BlockBuffer) -> Option<String> {
        self.hash(password, memory).inspect_err(|error| tracing::warn!(%error, "old password hash not replaced")).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::{
        super::{
            block_buffer::BlockBuffer,
            legacy::LegacyHash,
            secret::SecretKey,
            stored::{Function, work},
        },
        PasswordHasher, Target, Verified,
    };

    const PASSWORD: &str = "correct horse";
    const KEY: &[u8] = b"Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";
    const OTHER_KEY: &[u8] = b"Qw3Er7Ty2Ui6Op4As0DfVb8Zc1Xn5Lk9";
    /// Of `correct horse battery stäple` (passlib 1.7.4).
    const PBKDF2: &str = "$pbkdf2-sha256$1000$San1HqNUijGGUAqhFKJ07g$N4fJFfNH1mJ41h3j374XDBY17mqnYMG027FJ16W6WmY";
    const OF_PBKDF2: &str = "correct horse battery stäple";

    fn with_key(key: &[u8]) -> PasswordHasher {
        let mut hasher = PasswordHasher::default();
        hasher.keys.current = Some(SecretKey::new(key).unwrap());
        hasher
    }

    fn is_right(hasher: &PasswordHasher, password: &str, hash: &str) -> bool {
        matches!(hasher.verify(password, Some(hash), &mut BlockBuffer::unpooled()), Ok(Verified::Right { .. }))
    }

    fn rehashed(hasher: &PasswordHasher, password: &str, hash: &str) -> Option<String> {
        match hasher.verify(password, Some(hash), &mut BlockBuffer::unpooled()).unwrap() {
            Verified::Right { rehashed } => rehashed,
            Verified::Wrong | Verified::Unreadable(_) => panic!("{password} is wrong for {hash}"),
        }
    }

    #[test]
    fn r70_a_new_hash_is_verified_and_kept() {
        for hasher in [PasswordHasher::default(), with_key(KEY)] {
            let hash = hasher.hash(PASSWORD, &mut BlockBuffer::unpooled()).unwrap();
            assert_eq!(rehashed(&hasher, PASSWORD, &hash), None);
            assert!(!is_right(&hasher, "correct horse ", &hash));
        }
    }

    #[test]
    fn r70_a_weaker_hash_is_replaced_once() {
        let hasher = PasswordHasher::default();
        let hash = rehashed(&hasher, OF_PBKDF2, PBKDF2).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(rehashed(&hasher, OF_PBKDF2, &hash), None);
        // A wrong password does not replace the hash.
        assert!(matches!(
            hasher.verify("wrong horse", Some(PBKDF2), &mut BlockBuffer::unpooled()),
            Ok(Verified::Wrong)
        ));
    }

    #[test]
    fn r70_a_hash_is_weaker_if_it_has_another_function_or_costs_less() {
        let (mut hasher, salt) = (PasswordHasher::default(), "$Bvb9ro5ODvF9sAlSHUIXYw");
        let output = "$AnQ1X2pMcqX3aJfxYjCyzP8zuzSSKkFFlBbqgJQdtOg";
        let is_weaker = |hasher: &PasswordHasher, head: &str, tail: &str| {
            let (stored, _) = hasher.read(&format!("{head}{tail}")).unwrap();
            hasher.is_weaker(&stored)
        };
        let tail = &format!("{salt}{output}");
        for (head, expected) in [
            ("$argon2id$v=19$m=19456,t=2,p=1", false),
            ("$argon2id$v=19$m=19456,t=3,p=1", false),
            ("$argon2id$v=19$m=65536,t=3,p=4", false),
            // OWASP also recommends more memory for fewer passes.
            ("$argon2id$v=19$m=47104,t=1,p=1", false),
            ("$argon2id$v=19$m=19456,t=1,p=1", true),
            ("$argon2id$v=19$m=19455,t=9,p=1", true),
            ("$argon2id$v=16$m=19456,t=2,p=1", true),
            ("$argon2id$m=19456,t=2,p=1", true),
            ("$argon2i$v=19$m=65536,t=3,p=1", true),
            ("$argon2d$v=19$m=65536,t=3,p=1", true),
            ("$scrypt$ln=17,r=8,p=1", true),
        ] {
            assert_eq!(is_weaker(&hasher, head, tail), expected, "{head}");
        }
        let head = "$argon2id$v=19$m=19456,t=2,p=1";
        assert!(is_weaker(&hasher, head, &format!("$+7mOG4/WtDc{output}")), "a short salt");
        assert!(is_weaker(&hasher, head, &format!("{salt}$dE7jZCIhwk4CR7VGI7h0SQ")), "a short output");
        hasher.set_cost(65_536, 3);
        assert!(is_weaker(&hasher, head, tail) && !is_weaker(&hasher, "$argon2id$v=19$m=65536,t=3,p=4", tail));
        assert!(is_weaker(&with_key(KEY), "$argon2id$v=19$m=65536,t=3,p=4", tail), "without the key");
    }

    #[test]
    fn r70_the_cost_is_at_least_that_of_owasp_and_at_most_that_of_stored_hashes() {
        let mut hasher = PasswordHasher::default();
        for (cost, expected) in [
            ((0, 0), "m=19456,t=2,p=1"),
            ((65_536, 3), "m=65536,t=3,p=1"),
            ((u32::MAX, u32::MAX), "m=262144,t=4,p=1"),
            ((19_456, u32::MAX), "m=19456,t=53,p=1"),
            ((u32::MAX, 0), "m=262144,t=2,p=1"),
        ] {
            hasher.set_cost(cost.0, cost.1);
            let Function::Argon2(_, _, params) = hasher.dummy().unwrap().function().clone() else { panic!() };
            assert_eq!(params.to_string(), expected);
        }
    }

    #[test]
    fn r70_a_hash_is_bound_to_its_secret_key() {
        let (without, with, other) = (PasswordHasher::default(), with_key(KEY), with_key(OTHER_KEY));
        let hash = with.hash(PASSWORD, &mut BlockBuffer::unpooled()).unwrap();
        assert!(is_right(&with, PASSWORD, &hash) && !is_right(&with, "wrong horse", &hash));
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{hash}");
        for hasher in [&without, &other] {
            assert!(hasher.read(&hash).err().unwrap().contains("secret key"));
            assert!(!is_right(hasher, PASSWORD, &hash));
        }
        // Removing or replacing the identifier does not help.
        let id = |hash: &str| hash.split_once("keyid=").unwrap().1[..8].to_owned();
        let nameless = hash.replace(&format!(",keyid={}", id(&hash)), "");
        assert!(without.read(&nameless).is_ok() && !is_right(&without, PASSWORD, &nameless));
        assert!(!is_right(&with, PASSWORD, &nameless));
        let renamed = hash.replace(&id(&hash), &id(&other.hash(PASSWORD, &mut BlockBuffer::unpooled()).unwrap()));
        assert!(other.read(&renamed).is_ok() && !is_right(&other, PASSWORD, &renamed));
    }

    #[test]
    fn r70_hashes_without_the_current_key_are_replaced() {
        let (before, mut now) = (with_key(KEY), with_key(OTHER_KEY));
        now.keys.former.push(SecretKey::new(KEY).unwrap());
        for hasher in [PasswordHasher::default(), before] {
            let hash = rehashed(&now, PASSWORD, &hasher.hash(PASSWORD, &mut BlockBuffer::unpooled()).unwrap()).unwrap();
            assert!(is_right(&with_key(OTHER_KEY), PASSWORD, &hash) && !is_right(&hasher, PASSWORD, &hash));
        }
    }

    #[test]
    fn r73_a_missing_or_unreadable_hash_costs_as_much_as_a_new_one() {
        let unknown_key = with_key(OTHER_KEY).hash(PASSWORD, &mut BlockBuffer::unpooled()).unwrap();
        let mut costly = with_key(KEY);
        costly.set_cost(65_536, 3);
        for hasher in [PasswordHasher::default(), with_key(KEY), costly] {
            let real = hasher.hash(PASSWORD, &mut BlockBuffer::unpooled()).unwrap();
            let expected = cost(&hasher, Some(&real));
            for hash in [None, Some(""), Some("no hash"), Some("$2b$12$abcdefghijklmnopqrstuv"), Some(&unknown_key)] {
                assert_eq!(cost(&hasher, hash), expected, "{hash:?}");
                assert!(matches!(hasher.target(hash).unwrap(), Target::Dummy(..)), "{hash:?}");
            }
            assert!(matches!(hasher.target(Some(&real)).unwrap(), Target::Stored(..)));
        }
    }

    /// Returns the work for a hash, its lengths and the length of the key.
    fn cost(hasher: &PasswordHasher, hash: Option<&str>) -> (u64, (usize, usize), Option<usize>) {
        let (Target::Stored(stored, key) | Target::Dummy(stored, key, _)) = hasher.target(hash).unwrap() else {
            panic!("{hash:?} has a legacy form")
        };
        let Function::Argon2(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params) = stored.function() else {
            panic!("{hash:?} has another function")
        };
        (work(params), stored.lengths(), key.map(|key| key.bytes().len()))
    }

    #[test]
    fn r73_without_a_hash_every_password_is_wrong() {
        let hasher = PasswordHasher::default();
        let unreadable = PBKDF2.trim_start_matches('$');
        for (hash, is_readable) in [(None, true), (Some(""), true), (Some("no hash"), false), (Some(unreadable), false)]
        {
            for password in ["", "\0", PASSWORD, OF_PBKDF2] {
                let verified = hasher.verify(password, hash, &mut BlockBuffer::unpooled()).unwrap();
                assert!(
                    matches!((verified, is_readable), (Verified::Wrong, true) | (Verified::Unreadable(_), false)),
                    "{hash:?} {password:?}"
                );
            }
        }
    }

    #[test]
    fn r71_a_password_is_right_in_each_of_its_unicode_forms() {
        let hasher = PasswordHasher::default();
        let (composed, decomposed) = (OF_PBKDF2, OF_PBKDF2.replace('ä', "a\u{308}"));
        let hash = hasher.hash(composed, &mut BlockBuffer::unpooled()).unwrap();
        assert_eq!(rehashed(&hasher, &decomposed, &hash), None);
        // The hash of other software, and one of the form before normalization.
        assert!(is_right(&hasher, &decomposed, PBKDF2));
        let before = hasher.hash(&decomposed, &mut BlockBuffer::unpooled()).unwrap();
        assert!(!is_right(&hasher, composed, &before));
        let after = rehashed(&hasher, &decomposed, &before).unwrap();
        assert!(is_right(&hasher, composed, &after) && is_right(&hasher, &decomposed, &after));
        assert!(!is_right(&hasher, &decomposed.replace('a', "A"), &after));
    }

    /// Counts its calls, and knows one password.
    struct Plain(Arc<AtomicUsize>);

    impl LegacyHash for Plain {
        fn form(&self, hash: &str) -> Option<&'static str> {
            hash.starts_with("{plain}").then_some("plain")
        }

        fn verify(&self, password: &str, hash: &str) -> bool {
            self.0.fetch_add(1, Ordering::SeqCst);
            hash.strip_prefix("{plain}") == Some(password)
        }
    }

    fn with_legacy() -> (PasswordHasher, Arc<AtomicUsize>) {
        let (mut hasher, calls) = (PasswordHasher::default(), Arc::new(AtomicUsize::new(0)));
        hasher.legacy.push(Plain(Arc::clone(&calls)));
        (hasher, calls)
    }

    #[test]
    fn r70_a_hook_verifies_other_forms_and_their_hashes_are_replaced() {
        let (hasher, calls) = with_legacy();
        let hash = rehashed(&hasher, PASSWORD, "{plain}correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$") && is_right(&hasher, PASSWORD, &hash));
        assert!(!is_right(&hasher, "wrong horse", "{plain}correct horse"));
        assert_eq!(calls.load(Ordering::SeqCst), 2, "only hashes of its form");
        assert!(!is_right(&hasher, PASSWORD, "{other}correct horse"));
        assert!(!is_right(&PasswordHasher::default(), PASSWORD, "{plain}correct horse"));
    }

    #[test]
    fn r73_the_number_of_hashes_depends_on_the_password_alone() {
        let (hasher, calls) = with_legacy();
        for (password, expected) in [("wrong horse", 1), ("wrong h\u{f6}rse", 1), ("wrong ho\u{308}rse", 2)] {
            calls.store(0, Ordering::SeqCst);
            assert!(!is_right(&hasher, password, "{plain}correct horse"));
            assert_eq!(calls.load(Ordering::SeqCst), expected, "{password}");
        }
    }
}
