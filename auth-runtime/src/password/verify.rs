//! Whether a password is that of a stored hash, and the hash to store instead of one that is weaker than those of now.

use std::error::Error;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

use super::{
    Inner, Passwords, UserError,
    making::Making,
    pool::Permit,
    secret::SecretKey,
    stored::{Reason, Stored, parse},
};
use crate::authenticate::Unavailable;

/// What a password is to a stored hash.
pub(in crate::users) enum Verified {
    /// It is another one, or there is no hash that can be read.
    Wrong,
    /// It is the one.
    Right {
        /// What to store from now on, if the stored hash is weaker than what is made now.
        rehashed: Option<String>,
    },
}

/// The right to compute one hash, or two if the first is to be replaced.
pub(in crate::users) struct Turn {
    passwords: Passwords,
    permit: Permit,
}

impl Turn {
    pub(super) fn new(passwords: Passwords, permit: Permit) -> Self {
        Self { passwords, permit }
    }

    /// What the password is to this hash; without a hash it is wrong, after as much work.
    pub(in crate::users) async fn verify(
        self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<Verified, Unavailable> {
        self.compute(move |inner| inner.making.verify(password.expose_secret(), hash.as_deref()))
            .await?
            .map_err(Unavailable::new)
    }

    /// A hash of this password, which was judged before.
    pub(super) async fn hash(self, password: SecretString) -> Result<String, UserError> {
        self.compute(move |inner| inner.making.hash(password.expose_secret())).await?
    }

    async fn compute<T: Send + 'static>(
        self,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let work = move || {
            let done = work(&self.passwords.0);
            // Given back here: a caller who goes away does not end the work.
            drop(self.permit);
            done
        };
        spawn_blocking(work).await.map_err(Unavailable::new)
    }
}

/// Why nothing can be computed now.
type Failure = Box<dyn Error + Send + Sync>;

/// What a password is compared with.
struct Target<'a> {
    stored: Stored,
    key: Option<&'a SecretKey>,
    /// Nobody's, of whom no password is right.
    is_dummy: bool,
}

impl Making {
    /// One hash is computed, whether there is one to compare with or not.
    fn verify(&self, password: &str, hash: Option<&str>) -> Result<Verified, Failure> {
        let Target { stored, key, is_dummy } = self.target(hash)?;
        let matches = stored.matches(password, key)?;
        if is_dummy || !matches {
            return Ok(Verified::Wrong);
        }
        let rehashed = self.is_weaker(&stored).then(|| self.rehash(password)).flatten();
        Ok(Verified::Right { rehashed })
    }

    /// The stored hash, or for as much work the dummy.
    fn target(&self, hash: Option<&str>) -> Result<Target<'_>, Failure> {
        let target = hash.filter(|hash| !hash.is_empty()).map(|hash| self.read(hash));
        let log = |reason: &Reason| {
            tracing::error!(reason, "the store holds a password hash that cannot be read; its user cannot sign in");
        };
        match target.and_then(|target| target.inspect_err(log).ok()) {
            Some((stored, key)) => Ok(Target { stored, key, is_dummy: false }),
            None => Ok(Target { stored: self.dummy()?, key: self.keys.current.as_ref(), is_dummy: true }),
        }
    }

    /// A stored hash, if it can be verified, and the key that it was made with.
    pub(super) fn read(&self, hash: &str) -> Result<(Stored, Option<&SecretKey>), Reason> {
        let stored = parse(hash)?;
        let key = self.keys.find(stored.function().key_id())?;
        Ok((stored, key))
    }

    /// The password was right, and stays so if it cannot be hashed again.
    fn rehash(&self, password: &str) -> Option<String> {
        self.hash(password)
            .inspect_err(|error| tracing::warn!(%error, "a password hash stays weaker than those that are made now"))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;

    use super::{super::PasswordPool, Making, Passwords, Verified};
    use crate::users::password::{
        secret::SecretKey,
        stored::{Function, work},
    };

    const PASSWORD: &str = "correct horse";
    const KEY: &[u8] = b"Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";
    const OTHER_KEY: &[u8] = b"Qw3Er7Ty2Ui6Op4As0DfVb8Zc1Xn5Lk9";
    /// Of `correct horse battery stäple` (passlib 1.7.4).
    const PBKDF2: &str = "$pbkdf2-sha256$1000$San1HqNUijGGUAqhFKJ07g$N4fJFfNH1mJ41h3j374XDBY17mqnYMG027FJ16W6WmY";
    const OF_PBKDF2: &str = "correct horse battery stäple";

    fn with_key(key: &[u8]) -> Making {
        let mut making = Making::default();
        making.keys.current = Some(SecretKey::new(key).unwrap());
        making
    }

    fn is_right(making: &Making, password: &str, hash: &str) -> bool {
        matches!(making.verify(password, Some(hash)), Ok(Verified::Right { .. }))
    }

    fn rehashed(making: &Making, password: &str, hash: &str) -> Option<String> {
        match making.verify(password, Some(hash)).unwrap() {
            Verified::Right { rehashed } => rehashed,
            Verified::Wrong => panic!("{password} is wrong for {hash}"),
        }
    }

    #[test]
    fn r70_what_is_made_now_is_verified_and_stays() {
        for making in [Making::default(), with_key(KEY)] {
            let hash = making.hash(PASSWORD).unwrap();
            assert_eq!(rehashed(&making, PASSWORD, &hash), None);
            assert!(!is_right(&making, "correct horse ", &hash));
        }
    }

    #[test]
    fn r70_a_weaker_hash_is_replaced_once() {
        let making = Making::default();
        let hash = rehashed(&making, OF_PBKDF2, PBKDF2).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(rehashed(&making, OF_PBKDF2, &hash), None);
        // A wrong password replaces nothing.
        assert!(matches!(making.verify("wrong horse", Some(PBKDF2)), Ok(Verified::Wrong)));
    }

    #[test]
    fn r70_a_hash_is_weaker_if_it_is_of_another_kind_or_takes_less() {
        let (mut making, salt) = (Making::default(), "$Bvb9ro5ODvF9sAlSHUIXYw");
        let output = "$AnQ1X2pMcqX3aJfxYjCyzP8zuzSSKkFFlBbqgJQdtOg";
        let is_weaker = |making: &Making, head: &str, tail: &str| {
            let (stored, _) = making.read(&format!("{head}{tail}")).unwrap();
            making.is_weaker(&stored)
        };
        let tail = &format!("{salt}{output}");
        for (head, expected) in [
            ("$argon2id$v=19$m=19456,t=2,p=1", false),
            ("$argon2id$v=19$m=19456,t=3,p=1", false),
            ("$argon2id$v=19$m=65536,t=3,p=4", false),
            // More memory for fewer passes, which OWASP recommends too.
            ("$argon2id$v=19$m=47104,t=1,p=1", false),
            ("$argon2id$v=19$m=19456,t=1,p=1", true),
            ("$argon2id$v=19$m=19455,t=9,p=1", true),
            ("$argon2id$v=16$m=19456,t=2,p=1", true),
            ("$argon2id$m=19456,t=2,p=1", true),
            ("$argon2i$v=19$m=65536,t=3,p=1", true),
            ("$argon2d$v=19$m=65536,t=3,p=1", true),
            ("$scrypt$ln=17,r=8,p=1", true),
        ] {
            assert_eq!(is_weaker(&making, head, tail), expected, "{head}");
        }
        let head = "$argon2id$v=19$m=19456,t=2,p=1";
        assert!(is_weaker(&making, head, &format!("$+7mOG4/WtDc{output}")), "a short salt");
        assert!(is_weaker(&making, head, &format!("{salt}$dE7jZCIhwk4CR7VGI7h0SQ")), "a short output");
        making.set_cost(65_536, 3);
        assert!(is_weaker(&making, head, tail) && !is_weaker(&making, "$argon2id$v=19$m=65536,t=3,p=4", tail));
        assert!(is_weaker(&with_key(KEY), "$argon2id$v=19$m=65536,t=3,p=4", tail), "without the key");
    }

    #[test]
    fn r70_the_cost_is_never_below_what_owasp_recommends_nor_beyond_what_is_read() {
        let mut making = Making::default();
        for (cost, expected) in [
            ((0, 0), "m=19456,t=2,p=1"),
            ((65_536, 3), "m=65536,t=3,p=1"),
            ((u32::MAX, u32::MAX), "m=262144,t=4,p=1"),
            ((19_456, u32::MAX), "m=19456,t=53,p=1"),
            ((u32::MAX, 0), "m=262144,t=2,p=1"),
        ] {
            making.set_cost(cost.0, cost.1);
            let Function::Argon2(_, _, params) = making.dummy().unwrap().function().clone() else { panic!() };
            assert_eq!(params.to_string(), expected);
        }
    }

    #[test]
    fn r70_a_hash_is_bound_to_the_secret_key_that_it_names() {
        let (without, with, other) = (Making::default(), with_key(KEY), with_key(OTHER_KEY));
        let hash = with.hash(PASSWORD).unwrap();
        assert!(is_right(&with, PASSWORD, &hash) && !is_right(&with, "wrong horse", &hash));
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{hash}");
        for making in [&without, &other] {
            assert!(making.read(&hash).err().unwrap().contains("secret key"));
            assert!(!is_right(making, PASSWORD, &hash));
        }
        // To take the name away, or to put another there, does not help.
        let id = |hash: &str| hash.split_once("keyid=").unwrap().1[..8].to_owned();
        let nameless = hash.replace(&format!(",keyid={}", id(&hash)), "");
        assert!(without.read(&nameless).is_ok() && !is_right(&without, PASSWORD, &nameless));
        assert!(!is_right(&with, PASSWORD, &nameless));
        let renamed = hash.replace(&id(&hash), &id(&other.hash(PASSWORD).unwrap()));
        assert!(other.read(&renamed).is_ok() && !is_right(&other, PASSWORD, &renamed));
    }

    #[test]
    fn r70_hashes_from_before_a_secret_key_are_bound_to_it() {
        let (before, mut now) = (with_key(KEY), with_key(OTHER_KEY));
        now.keys.former.push(SecretKey::new(KEY).unwrap());
        for making in [Making::default(), before] {
            let hash = rehashed(&now, PASSWORD, &making.hash(PASSWORD).unwrap()).unwrap();
            assert!(is_right(&with_key(OTHER_KEY), PASSWORD, &hash) && !is_right(&making, PASSWORD, &hash));
        }
    }

    #[test]
    fn r73_a_user_without_a_hash_that_can_be_read_costs_as_much_as_any() {
        let unknown_key = with_key(OTHER_KEY).hash(PASSWORD).unwrap();
        let mut costly = with_key(KEY);
        costly.set_cost(65_536, 3);
        for making in [Making::default(), with_key(KEY), costly] {
            let real = making.hash(PASSWORD).unwrap();
            let expected = cost(&making, Some(&real));
            for hash in [None, Some(""), Some("no hash"), Some("$2b$12$abcdefghijklmnopqrstuv"), Some(&unknown_key)] {
                assert_eq!(cost(&making, hash), expected, "{hash:?}");
                assert!(making.target(hash).unwrap().is_dummy, "{hash:?}");
            }
            assert!(!making.target(Some(&real)).unwrap().is_dummy);
        }
    }

    /// What is computed for a hash: the work, the lengths and the length of the key.
    fn cost(making: &Making, hash: Option<&str>) -> (u64, (usize, usize), Option<usize>) {
        let target = making.target(hash).unwrap();
        let Function::Argon2(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params) = target.stored.function()
        else {
            panic!("{hash:?} is of another kind")
        };
        (work(params), target.stored.lengths(), target.key.map(|key| key.bytes().len()))
    }

    #[test]
    fn r73_no_password_is_right_without_a_hash() {
        let making = Making::default();
        for hash in [None, Some(""), Some("no hash"), Some(PBKDF2.trim_start_matches('$'))] {
            for password in ["", "\0", PASSWORD, OF_PBKDF2] {
                assert!(matches!(making.verify(password, hash), Ok(Verified::Wrong)), "{hash:?} {password:?}");
            }
        }
    }

    #[tokio::test]
    async fn r70_a_weaker_hash_is_replaced_in_the_same_turn() {
        let passwords = Passwords::new().pool(PasswordPool::new(1, 0));
        let turn = passwords.turn().await.unwrap();
        let verified = turn.verify(OF_PBKDF2.to_owned().into(), Some(PBKDF2.to_owned())).await.unwrap();
        let Verified::Right { rehashed: Some(hash) } = verified else { panic!("not replaced") };
        assert!(is_right(&Making::default(), OF_PBKDF2, &hash));
    }

    #[test]
    fn r51_a_caller_who_goes_away_does_not_free_the_core() {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            // The one thread for hashes has something else to do, until it is told.
            let (hash_now, until) = std::sync::mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || until.recv());
            let passwords = Passwords::new().pool(PasswordPool::new(1, 0));
            let turn = passwords.turn().await.unwrap();
            let work = turn.verify("wrong horse".to_owned().into(), None);
            assert!(tokio::time::timeout(Duration::ZERO, work).await.is_err());
            assert!(passwords.turn().await.is_err(), "the hash is still being computed");
            drop(hash_now);
            while passwords.turn().await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
}
