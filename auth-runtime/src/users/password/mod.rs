//! Passwords themselves: which are accepted, how they are hashed, and whether one is that of a stored hash. Knows of no
//! user and of no store.

mod breach;
mod common;
mod making;
mod policy;
mod pool;
mod secret;
mod stored;
mod verify;

use std::{fmt, sync::Arc};

pub(super) use self::verify::{Turn, Verified};
pub use self::{breach::BreachCheck, pool::PasswordPool};
use self::{breach::Breaches, making::Making, policy::Policy, secret::SecretKey};
use super::UserError;
use crate::authenticate::Unavailable;

/// The longest password that is hashed, in bytes: a longer one would only cost time.
pub const MAX_PASSWORD_LEN: usize = 1024;
/// The shortest password that is accepted for a user, in characters (ASVS 6.2.1).
pub const MIN_PASSWORD_LEN: usize = 8;

/// Hashes a password as [`Passwords::new`] does, of a user whose name is not known. Takes tens of milliseconds: for a
/// start or a command; a request goes through [`Passwords::hash`].
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
/// As [`Passwords::hash_now`].
pub fn hash_password(password: &str) -> Result<String, UserError> {
    Passwords::new().hash_now(password, "")
}

/// How passwords are judged, hashed and verified. Cheap to clone.
///
/// ```
/// use auth_runtime::users::{Passwords, UserError};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let key = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from the environment, and not in the source
/// let passwords = Passwords::new().secret_key(key)?.min_len(15);
///
/// assert!(passwords.hash("correct horse battery staple", "alice").await?.starts_with("$argon2id$"));
/// assert_eq!(passwords.hash("abcd1234", "alice").await, Err(UserError::ShortPassword { required: 15 }));
/// # Ok::<(), UserError>(())
/// # }).unwrap();
/// ```
///
/// # Which are accepted
///
/// Those of [`MIN_PASSWORD_LEN`] characters to [`MAX_PASSWORD_LEN`] bytes that are not tried first: not among some 8 300
/// common ones, and not the user's name, be it in small letters or capitals. What they are composed of is up to the user
/// (ASVS 6.2.5), but for control characters, which cannot be sent (RFC 7617, section 2). Each is taken as it is sent: not cut, trimmed, folded or normalised (ASVS 6.2.8).
///
/// # How they are stored
///
/// With argon2id in 19 MiB and two passes, as OWASP recommends, as PHC strings. What other software made is verified,
/// and replaced at the next sign-in: see [`check_hash`](Self::check_hash).
///
/// # What it does not protect against
///
/// - Guessing at the door: a [`Throttle`](crate::throttle::Throttle) stands before it where [`Basic`](super::Basic) and the
///   store verify; who calls these methods has to ask one first.
/// - Telling by time that a user has a hash of other software, which is faster or slower: until their first sign-in
///   replaces it. One of argon2id that is stronger than those made here stays: give them its [`cost`](Self::cost).
#[derive(Clone, Default)]
pub struct Passwords(Arc<Inner>);

#[derive(Clone, Default)]
struct Inner {
    policy: Policy,
    breaches: Option<Breaches>,
    making: Making,
    pool: PasswordPool,
}

impl Passwords {
    /// Accepts passwords from 8 characters on, and hashes them without a secret key, in a pool of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds hashes to a key that is not in the database (a "pepper"): whoever has a copy of the database alone cannot
    /// try passwords on it. Argon2 takes it as what it calls the secret; a hash says by `keyid` which key it needs.
    ///
    /// It is a secret like the passwords themselves, and **without it nobody signs in**: keep a copy where the backups
    /// of the database are not. Hashes that were made before there was a key are verified without one, and replaced at
    /// the next sign-in. To change it, see [`former_secret_key`](Self::former_secret_key).
    ///
    /// # Errors
    /// [`UserError::SecretKey`] if it is shorter than 32 bytes, or can be guessed.
    pub fn secret_key(self, key: impl AsRef<[u8]>) -> Result<Self, UserError> {
        let key = SecretKey::new(key.as_ref())?;
        Ok(self.with(|inner| inner.making.keys.current = Some(key)))
    }

    /// Returns a key for another purpose that is derived from the [`secret_key`](Self::secret_key); `None` without one.
    /// A store keys with it what it must hide from readers of the database.
    #[must_use]
    pub fn derived_key(&self, purpose: &[u8]) -> Option<[u8; 32]> {
        self.0.making.keys.current.as_ref().map(|key| key.derive(purpose))
    }

    /// Returns how hashes name the configured keys (`keyid=..`): a store finds by it the hashes that no key verifies.
    #[must_use]
    pub fn key_parameters(&self) -> Vec<String> {
        self.0.making.keys.parameters()
    }

    /// A key that was the [`secret_key`](Self::secret_key) before: what was made with it is verified, and replaced at the
    /// next sign-in. There may be several.
    ///
    /// # Errors
    /// As [`secret_key`](Self::secret_key).
    pub fn former_secret_key(self, key: impl AsRef<[u8]>) -> Result<Self, UserError> {
        let key = SecretKey::new(key.as_ref())?;
        Ok(self.with(|inner| inner.making.keys.former.push(key)))
    }

    /// How many characters a password has at least: [`MIN_PASSWORD_LEN`] unless set, and never fewer. NIST asks for 15
    /// where a password is all that is asked for (SP 800-63B-4, section 3.1.1.2).
    #[must_use]
    pub fn min_len(self, characters: usize) -> Self {
        self.with(|inner| inner.policy.min_len = characters.max(MIN_PASSWORD_LEN))
    }

    /// What a hash costs: memory in KiB, and passes over it. 19 456 and 2 unless set, and never less; at most 256 MiB,
    /// and 1 GiB of memory times passes.
    #[must_use]
    pub fn cost(self, memory_kib: u32, passes: u32) -> Self {
        self.with(|inner| inner.making.set_cost(memory_kib, passes))
    }

    /// Asks whether a new password is known from a breach.
    #[must_use]
    pub fn breach_check(self, check: impl BreachCheck) -> Self {
        self.with(|inner| inner.breaches = Some(Breaches::new(check)))
    }

    /// Where hashes are computed; a pool of its own unless set. Share one between all that hash.
    #[must_use]
    pub fn pool(self, pool: PasswordPool) -> Self {
        self.with(|inner| inner.pool = pool)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Hashes a password that is to be this user's from now on.
    ///
    /// # Errors
    /// [`UserError`] if the password is not accepted; [`UserError::Unavailable`] if nobody can tell now whether it was
    /// breached, or too many wait in the [`PasswordPool`]; [`UserError::Hashing`] if the system has no randomness.
    pub async fn hash(&self, password: &str, username: &str) -> Result<String, UserError> {
        self.check(password, username)?;
        if let Some(breaches) = &self.0.breaches {
            breaches.check(password).await?;
        }
        self.turn().await?.hash(password.to_owned().into()).await
    }

    /// The same at once and in this thread, for a start or a command: it takes tens of milliseconds. The
    /// [`breach_check`](Self::breach_check) is **not** asked.
    ///
    /// # Errors
    /// [`UserError`] if the password is not accepted; [`UserError::Hashing`] if the system has no randomness.
    pub fn hash_now(&self, password: &str, username: &str) -> Result<String, UserError> {
        self.check(password, username)?;
        self.0.making.hash(password)
    }

    /// Checks a password without hashing it, and without asking the [`breach_check`](Self::breach_check).
    ///
    /// # Errors
    /// [`UserError`] if the password is not accepted.
    pub fn check(&self, password: &str, username: &str) -> Result<(), UserError> {
        self.0.policy.check(password, username)
    }

    /// Whether a hash can be verified here, for an import: what it is, and that it asks for no more than it may.
    ///
    /// ```
    /// use auth_runtime::users::{HashStrength, Passwords};
    ///
    /// let passwords = Passwords::new();
    /// let hash = "$2b$12$KIXQ4S6jS1mF3f5S9yBq4uV0u0rO0a3Jw1kqk0bq1o1gV4lYq3rXa";
    /// assert_eq!(passwords.check_hash(hash)?, HashStrength::Enough);
    /// assert!(matches!(passwords.check_hash(&hash.replace("$12$", "$08$"))?, HashStrength::Weak(_)));
    ///
    /// let error = passwords.check_hash("5f4dcc3b5aa765d61d8327deb882cf99").unwrap_err();
    /// assert!(error.to_string().contains("no kind that is known"));
    /// # Ok::<(), auth_runtime::users::UserError>(())
    /// ```
    ///
    /// | kind | form | at most |
    /// |---|---|---|
    /// | argon2id, argon2i, argon2d | PHC: `$argon2id$v=19$m=65536,t=3,p=4$..$..`; Django: `argon2$argon2id$..` | 256 MiB; 1 GiB of memory times passes |
    /// | bcrypt | `$2b$12$..`, also `2a` and `2y`; Django: `bcrypt$$2b$..`, `bcrypt_sha256$$2b$..` | cost 15 |
    /// | scrypt | PHC: `$scrypt$ln=17,r=8,p=1$..$..`; Django: `scrypt$16384$salt$8$5$..` | 256 MiB; 1 GiB of memory times `p`; `r · p` = 1024 |
    /// | PBKDF2 with SHA-256 or SHA-512 | PHC: `$pbkdf2-sha256$i=600000$..$..`; passlib: `$pbkdf2-sha256$29000$..$..`; Django: `pbkdf2_sha256$1000000$salt$..` | 1000 to 5 000 000 iterations |
    ///
    /// Each has 16 to 64 bytes of output. A hash that was made with a secret key needs a key that is configured here.
    ///
    /// bcrypt reads 72 bytes of a password, and nothing after them: such a password is right whatever follows, until a
    /// sign-in replaces the hash by one of all that was sent. bcrypt, scrypt and PBKDF2 cannot tell all passwords with NULs
    /// from those without: where they cannot, such a password is wrong.
    ///
    /// # Errors
    /// [`UserError::Hash`] with the reason, if nobody could sign in with it.
    pub fn check_hash(&self, hash: &str) -> Result<HashStrength, UserError> {
        let (stored, _) = self.0.making.read(hash).map_err(UserError::Hash)?;
        Ok(stored.function().weakness().map_or(HashStrength::Enough, HashStrength::Weak))
    }

    /// Whether a password is that of a stored hash: no sign-in, which would count attempts and write down what came of
    /// it.
    ///
    /// # Errors
    /// [`Unavailable`] if too many passwords wait to be verified.
    pub async fn is_right(&self, password: &str, hash: &str) -> Result<bool, Unavailable> {
        let verified = self.turn().await?.verify(password.to_owned().into(), Some(hash.to_owned())).await?;
        Ok(matches!(verified, Verified::Right { .. }))
    }

    /// Waits for a turn to verify or to hash.
    pub(super) async fn turn(&self) -> Result<Turn, Unavailable> {
        Ok(Turn::new(self.clone(), self.0.pool.permit().await?))
    }
}

/// Without the key.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("policy", &self.0.policy).field("pool", &self.0.pool).finish_non_exhaustive()
    }
}

/// How hard it is to find the password of a hash that can be verified: next to the minima of OWASP's Password Storage
/// Cheat Sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashStrength {
    /// As hard as it should be, or harder.
    Enough,
    /// Less, and in what: until the user signs in, a copy of the database gives the password away sooner.
    Weak(&'static str),
}

#[cfg(test)]
mod tests {
    use super::{BreachCheck, HashStrength, MAX_PASSWORD_LEN, PasswordPool, Passwords, UserError, hash_password};
    use crate::authenticate::Unavailable;

    const KEY: &str = "Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";

    /// Knows every password, or cannot tell.
    struct Knows(Result<bool, &'static str>);

    impl BreachCheck for Knows {
        async fn is_breached(&self, _: &str) -> Result<bool, Unavailable> {
            self.0.map_err(Unavailable::new)
        }
    }

    #[test]
    fn r70_hashes_are_argon2id_with_the_parameters_of_owasp() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse").unwrap());
        assert_eq!(Passwords::new().check_hash(&hash), Ok(HashStrength::Enough));
    }

    #[tokio::test]
    async fn r71_a_password_is_judged_wherever_it_is_hashed() {
        let passwords = Passwords::new();
        for (password, error) in [
            ("seven77", UserError::ShortPassword { required: 8 }),
            (&*"x".repeat(MAX_PASSWORD_LEN + 1), UserError::LongPassword),
            ("PassWord", UserError::CommonPassword),
            ("Alice.Liddell", UserError::NameAsPassword),
        ] {
            assert_eq!(passwords.hash(password, "alice.liddell").await.unwrap_err(), error);
            assert_eq!(passwords.hash_now(password, "alice.liddell").unwrap_err(), error);
            assert!(!error.to_string().contains(password), "{error}");
        }
        assert_eq!(hash_password("password").unwrap_err(), UserError::CommonPassword);
        assert!(passwords.hash("correct horse", "alice.liddell").await.is_ok());
    }

    #[test]
    fn r71_the_minimum_is_never_below_eight() {
        for min_len in [0, 1, 7, 8] {
            let passwords = Passwords::new().min_len(min_len);
            assert_eq!(passwords.hash_now("seven77", ""), Err(UserError::ShortPassword { required: 8 }));
        }
    }

    #[tokio::test]
    async fn r71_a_new_password_is_looked_up_before_it_is_hashed() {
        let passwords = Passwords::new().pool(PasswordPool::new(1, 0));
        let _turn = passwords.turn().await.unwrap();
        let hash = async |answer| passwords.clone().breach_check(Knows(answer)).hash("correct horse", "alice").await;
        assert_eq!(hash(Ok(true)).await, Err(UserError::BreachedPassword));
        let is_down = |said: Result<String, UserError>| said.unwrap_err().to_string().contains("refused");
        assert!(is_down(hash(Err("connection refused")).await));
        // It is good, and nobody can hash it now.
        assert!(matches!(hash(Ok(false)).await, Err(UserError::Unavailable(_))));
    }

    #[test]
    fn r70_a_hash_that_nobody_could_sign_in_with_is_told_by_its_reason() {
        let passwords = Passwords::new();
        let bound = passwords.clone().secret_key(KEY).unwrap().hash_now("correct horse", "alice").unwrap();
        for (hash, reason) in [
            ("", "it is empty"),
            ("5f4dcc3b5aa765d61d8327deb882cf99", "no kind that is known"),
            ("$2b$31$OV5zY2YQPeJsOiWmed6Nn.QHr393JD9LVfa8QuEmyEniIB583T.au", "a cost above 15"),
            (&bound, "a secret key that is not configured"),
        ] {
            let error = passwords.check_hash(hash).unwrap_err().to_string();
            assert!(error.contains(reason) && (hash.is_empty() || !error.contains(hash)), "{error}");
        }
        for passwords in
            [passwords.clone().secret_key(KEY), Passwords::new().former_secret_key(KEY)].map(Result::unwrap)
        {
            assert_eq!(passwords.check_hash(&bound), Ok(HashStrength::Enough));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let passwords = Passwords::new().secret_key(KEY).unwrap().breach_check(Knows(Ok(false)));
        let shown = format!("{passwords:?}");
        assert!(shown.contains("min_len: 8") && !shown.contains(KEY) && !shown.contains("86, 98"), "{shown}");
        let error = Passwords::new().secret_key(&KEY[..31]).unwrap_err();
        assert!(!error.to_string().contains(&KEY[..4]) && !format!("{error:?}").contains(&KEY[..4]), "{error}");
    }
}
