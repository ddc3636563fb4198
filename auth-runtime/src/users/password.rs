//! Passwords as hashes, and the pool in which hashes are computed: each is made to cost memory and time, so they run
//! beside the async executor, a few at once, and callers who would wait too long are sent away.

use std::{fmt, sync::Arc, thread};

use argon2::{
    Argon2,
    password_hash::{Error, PasswordHasher, PasswordVerifier},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::UserError;
use crate::authenticate::Unavailable;

/// The longest password that is hashed, in bytes: a longer one would only cost time.
pub const MAX_PASSWORD_LEN: usize = 1024;
/// The shortest password that is accepted for a user, in characters (ASVS 6.2.1).
pub const MIN_PASSWORD_LEN: usize = 8;

/// How many callers may wait for each that is served.
const WAITING_PER_PERMIT: usize = 64;
/// With the parameters of [`hash_password`], of no password: the hash itself is random.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$8Qy4Wm5nZ0b1Vd7rKp3tXw$k1Zr7yQ4mV9sXc2bL0dTgPq8wEjR5uYnHf3oAi6vKzM";

/// Hashes a password with argon2id and the parameters that OWASP recommends (19 MiB, two passes, one lane), as a PHC
/// string. Takes tens of milliseconds: for a start or a command; a request goes through a [`PasswordPool`].
///
/// ```
/// use auth_runtime::users::hash_password;
///
/// let hash = hash_password("correct horse battery staple")?;
/// assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// # Errors
/// [`UserError`] if the password has fewer than [`MIN_PASSWORD_LEN`] characters or more than [`MAX_PASSWORD_LEN`]
/// bytes, or if the system has no randomness.
pub fn hash_password(password: &str) -> Result<String, UserError> {
    if password.chars().count() < MIN_PASSWORD_LEN {
        return Err(UserError::ShortPassword);
    }
    if password.len() > MAX_PASSWORD_LEN {
        return Err(UserError::LongPassword);
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| UserError::Hashing(error.to_string()))
}

/// Computes password hashes, so many at once; clones share it.
///
/// A hash takes 19 MiB and a core: without a bound, a burst of sign-ins would take them all. As many run as there are
/// cores, and 64 times as many may wait; those beyond are answered 503 at once.
///
/// ```
/// use auth_runtime::users::{Basic, MemoryUsers, PasswordPool};
///
/// let pool = PasswordPool::new(4, 100);
/// let basic = Basic::new(MemoryUsers::new()).pool(pool);
/// ```
#[derive(Clone)]
pub struct PasswordPool {
    /// A place is held from the question to the answer, a turn while the hash is computed.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl PasswordPool {
    /// A pool that computes up to `at_once` hashes (at least one), and lets up to `waiting` callers wait.
    #[must_use]
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        let places = at_once.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Result<Turn, Unavailable> {
        let full = |_| Unavailable::new("too many passwords wait to be verified");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Unavailable::new)?;
        Ok(Turn { _permits: (place, turn) })
    }
}

impl Default for PasswordPool {
    /// As many at once as there are cores.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores, cores.saturating_mul(WAITING_PER_PERMIT))
    }
}

impl fmt::Debug for PasswordPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPool").field("free", &self.turns.available_permits()).finish_non_exhaustive()
    }
}

/// The right to compute one hash.
pub(super) struct Turn {
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Turn {
    /// Whether the password is that of the hash; without a hash it is not, after as much work.
    pub(super) async fn verify(self, password: SecretString, hash: Option<String>) -> Result<bool, Unavailable> {
        let work = move || {
            let verified = verify(password.expose_secret(), hash.as_deref());
            // Given back here: a caller who goes away does not end the work.
            drop(self);
            verified
        };
        spawn_blocking(work).await.map_err(Unavailable::new)
    }
}

fn verify(password: &str, hash: Option<&str>) -> bool {
    verify_with(hash, |hash| Argon2::default().verify_password(password.as_bytes(), hash))
}

/// Computes one hash of full cost, whether there is one to compare with or not.
fn verify_with(hash: Option<&str>, matches: impl Fn(&str) -> Result<(), Error>) -> bool {
    match hash.map(&matches) {
        Some(Ok(())) => true,
        Some(Err(Error::PasswordInvalid)) => false,
        None => {
            let _ = matches(DUMMY);
            false
        }
        Some(Err(error)) => {
            tracing::error!(%error, "the store holds a password hash that cannot be read; its user cannot sign in");
            let _ = matches(DUMMY);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use argon2::{
        Argon2,
        password_hash::{Error, PasswordVerifier, phc::PasswordHash},
    };

    use super::{DUMMY, MAX_PASSWORD_LEN, PasswordPool, UserError, hash_password, verify, verify_with};

    #[test]
    fn r70_hashes_are_argon2id_with_the_parameters_of_owasp() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse").unwrap());
        assert!(verify("correct horse", Some(&hash)));
        assert!(!verify("correct horse ", Some(&hash)));
    }

    #[test]
    fn r71_passwords_that_are_too_short_or_too_long_are_not_hashed() {
        assert_eq!(hash_password("seven77").unwrap_err(), UserError::ShortPassword);
        // Characters count, and not bytes.
        assert_eq!(hash_password("äöüßäöü").unwrap_err(), UserError::ShortPassword);
        assert!(hash_password(&"x".repeat(MAX_PASSWORD_LEN)).is_ok());
        assert_eq!(hash_password(&"x".repeat(MAX_PASSWORD_LEN + 1)).unwrap_err(), UserError::LongPassword);
    }

    #[test]
    fn r73_the_dummy_is_a_hash_like_any_other_and_of_no_password() {
        let (dummy, real) = (PasswordHash::new(DUMMY).unwrap(), hash_password("correct horse").unwrap());
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!((dummy.algorithm, dummy.version, &dummy.params), (real.algorithm, real.version, &real.params));
        assert_eq!(dummy.hash.unwrap().len(), real.hash.unwrap().len());
        assert_eq!(dummy.salt.unwrap().len(), real.salt.unwrap().len());
        assert_eq!(Argon2::default().verify_password(b"", DUMMY), Err(Error::PasswordInvalid));
    }

    #[test]
    fn r73_a_user_without_a_hash_that_can_be_read_costs_as_much_as_any() {
        let real = hash_password("correct horse").unwrap();
        for hash in [None, Some(""), Some("$2b$12$abcdefghijklmnopqrstuv"), Some(real.as_str())] {
            let full = Cell::new(0);
            let verified = verify_with(hash, |hash| {
                let outcome = Argon2::default().verify_password(b"wrong horse", hash);
                full.set(full.get() + usize::from(outcome == Err(Error::PasswordInvalid)));
                outcome
            });
            assert_eq!((verified, full.get()), (false, 1), "{hash:?}");
        }
    }

    #[tokio::test]
    async fn r51_who_would_wait_too_long_is_sent_away() {
        let pool = PasswordPool::new(1, 1);
        let first = pool.turn().await.unwrap();
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.turn().await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(pool.turn().await.is_err(), "one is served and one waits");
        drop(first);
        assert!(waiting.await.unwrap());
        assert!(pool.turn().await.is_ok());
    }

    #[tokio::test]
    async fn r51_a_caller_who_goes_away_does_not_free_the_core() {
        let pool = PasswordPool::new(1, 0);
        let turn = pool.turn().await.unwrap();
        let work = turn.verify("wrong horse".to_owned().into(), None);
        assert!(tokio::time::timeout(Duration::ZERO, work).await.is_err());
        assert!(pool.turn().await.is_err(), "the hash is still being computed");
        while pool.turn().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[test]
    fn a_pool_of_any_size_can_be_made() {
        for (at_once, waiting) in [(0, 0), (usize::MAX, usize::MAX), (1, usize::MAX)] {
            assert!(PasswordPool::new(at_once, waiting).turns.available_permits() >= 1);
        }
    }
}

/// SHIM
#[derive(Clone, Default)]
pub struct Passwords;
impl Passwords {
    pub(crate) async fn hash(&self, password: &SecretString, _: &str) -> Result<String, UserError> {
        hash_password(password.expose_secret())
    }
    pub(crate) async fn is_good(&self, password: &SecretString, hash: &str) -> Result<bool, Unavailable> {
        Ok(verify(password.expose_secret(), Some(hash)))
    }
}
/// SHIM
pub fn check_hash(_: &str) -> Result<(), UserError> {
    Ok(())
}
