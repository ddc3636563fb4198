//! The entry point: which passwords are accepted, how they are hashed, and whether a stored hash is supported.

use std::{fmt, sync::Arc};

use super::{
    BreachCheck, LegacyHash, MIN_PASSWORD_LEN, PasswordError, PasswordPool, breach::Breaches, hash_permit::HashPermit,
    hasher::PasswordHasher, normalize::normalize, policy::Policy, secret::SecretKey, verify::Verified,
};
use crate::authenticate::Unavailable;

/// Hashes a password with the default settings, without the name of a user.
///
/// It takes tens of milliseconds and uses no breach check, so use it at start or in a command. A request uses
/// [`Passwords::hash`].
///
/// ```
/// use auth_runtime::password::hash_password;
///
/// let hash = hash_password("correct horse battery staple")?;
/// assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// # Ok::<(), auth_runtime::password::PasswordError>(())
/// ```
///
/// # Errors
/// As [`Passwords::hash_now`].
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    Passwords::new().hash_now(password, "")
}

/// The rules, the hashing and the verification of passwords. Cheap to clone.
///
/// ```
/// use auth_runtime::password::{Passwords, PasswordError};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let key = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from the environment, and not in the source
/// let passwords = Passwords::new().secret_key(key)?.min_len(15);
///
/// assert!(passwords.hash("correct horse battery staple", "alice").await?.starts_with("$argon2id$"));
/// assert_eq!(passwords.hash("abcd1234", "alice").await, Err(PasswordError::TooShort { required: 15 }));
/// # Ok::<(), PasswordError>(())
/// # }).unwrap();
/// ```
///
/// # Accepted passwords
///
/// A new password has [`MIN_PASSWORD_LEN`] characters to [`MAX_PASSWORD_LEN`](super::MAX_PASSWORD_LEN) bytes. It is
/// neither one of 8 300 common ones nor the name of the user, in any letter case. All characters are allowed but
/// control characters, which Basic credentials cannot carry (ASVS 6.2.5; RFC 7617, section 2).
///
/// # Normalization
///
/// A password is normalized as the `OpaqueString` of RFC 8265: spaces of other scripts become ASCII spaces, and letters
/// are composed (NFC). So it does not matter whether a keyboard sends a letter and its accent as one character or two.
/// A password is never cut, trimmed or folded (ASVS 6.2.8). Existing hashes of a password before normalization are
/// verified too, and replaced.
///
/// # Stored hashes
///
/// New hashes are Argon2id with 19 MiB and two passes, as OWASP recommends, in PHC form. Hashes of other software are
/// verified, and replaced at the next sign-in: see [`check_hash`](Self::check_hash) and
/// [`legacy_hash`](Self::legacy_hash).
///
/// # Cost
///
/// A hash takes tens of milliseconds. In a debug build, set `opt-level = 3` for the package `argon2`
/// (`[profile.dev.package.argon2]`); without it, a sign-in takes 1.3 to 1.9 seconds.
///
/// # What it does not protect against
///
/// - Online guessing, when these methods are called directly. [`Basic`](crate::users::Basic) and the stores ask a
///   [`Throttle`](crate::throttle::Throttle) first.
/// - User enumeration by time, for users with an imported hash. Their sign-in is slower or faster than that of an
///   unknown user until the hash is replaced. Argon2id hashes with a higher cost are not replaced: set the same
///   [`cost`](Self::cost).
#[derive(Clone, Default)]
pub struct Passwords(Arc<Configuration>);

#[derive(Clone, Default)]
struct Configuration {
    policy: Policy,
    breaches: Option<Breaches>,
    hasher: Arc<PasswordHasher>,
    pool: PasswordPool,
}

impl Configuration {
    fn hasher_mut(&mut self) -> &mut PasswordHasher {
        Arc::make_mut(&mut self.hasher)
    }
}

impl Passwords {
    /// Returns the default settings: at least 8 characters, no secret key, and a pool of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds new hashes to a secret key outside of the database (a "pepper"). A copy of the database alone is then
    /// useless for guessing these passwords.
    ///
    /// The key is the secret of Argon2, and `keyid` in a hash names its key. **Without the key, no user can sign in**:
    /// keep a copy apart from the backups of the database. Hashes without a key are verified, and replaced at the next
    /// sign-in. To change the key, see [`former_secret_key`](Self::former_secret_key).
    ///
    /// # Errors
    /// [`PasswordError::SecretKey`] if the key is shorter than 32 bytes, or can be guessed.
    pub fn secret_key(self, key: impl AsRef<[u8]>) -> Result<Self, PasswordError> {
        let key = SecretKey::new(key.as_ref())?;
        Ok(self.with(|config| config.hasher_mut().keys.current = Some(key)))
    }

    /// Derives a key for another purpose from the [`secret_key`](Self::secret_key); `None` without one. A store
    /// protects with it the data that readers of the database must not see.
    #[must_use]
    pub fn derived_key(&self, purpose: &[u8]) -> Option<[u8; 32]> {
        self.0.hasher.keys.current.as_ref().map(|key| key.derive(purpose))
    }

    /// Derives the keys of the [`former_secret_key`](Self::former_secret_key)s in the same way as
    /// [`derived_key`](Self::derived_key).
    #[must_use]
    pub fn former_derived_keys(&self, purpose: &[u8]) -> Vec<[u8; 32]> {
        self.0.hasher.keys.former.iter().map(|key| key.derive(purpose)).collect()
    }

    /// Derives keys like [`derived_key`](Self::derived_key) from the secret key and the former ones, in this order;
    /// none without a secret key.
    #[must_use]
    pub fn derived_keys(&self, purpose: &[u8]) -> Vec<[u8; 32]> {
        let keys = &self.0.hasher.keys;
        let former = keys.former.iter().filter(|_| keys.current.is_some());
        keys.current.iter().chain(former).map(|key| key.derive(purpose)).collect()
    }

    /// Returns how hashes name the configured keys (`keyid=..`). A store finds with it the hashes that no key verifies.
    #[must_use]
    pub fn key_parameters(&self) -> Vec<String> {
        self.0.hasher.keys.parameters()
    }

    /// Adds a former [`secret_key`](Self::secret_key). Its hashes are verified, and replaced at the next sign-in.
    ///
    /// # Errors
    /// As [`secret_key`](Self::secret_key).
    pub fn former_secret_key(self, key: impl AsRef<[u8]>) -> Result<Self, PasswordError> {
        let key = SecretKey::new(key.as_ref())?;
        Ok(self.with(|config| config.hasher_mut().keys.former.push(key)))
    }

    /// Sets the least number of characters of a new password (default and minimum: [`MIN_PASSWORD_LEN`]).
    ///
    /// NIST asks for 15 if there is no second factor (SP 800-63B-4, section 3.1.1.2).
    #[must_use]
    pub fn min_len(self, characters: usize) -> Self {
        self.with(|config| config.policy.min_len = characters.max(MIN_PASSWORD_LEN))
    }

    /// Returns the least number of characters of a new password, for the hint beside a field.
    ///
    /// ```
    /// use auth_runtime::users::{MIN_PASSWORD_LEN, Passwords};
    ///
    /// assert_eq!(Passwords::new().shortest(), MIN_PASSWORD_LEN);
    /// assert_eq!(Passwords::new().min_len(15).shortest(), 15);
    /// ```
    #[must_use]
    pub fn shortest(&self) -> usize {
        self.0.policy.min_len
    }

    /// Sets the cost of a new hash: memory in KiB, and passes (default and minimum: 19 456 and 2).
    ///
    /// The maximum is 256 MiB, and 1 GiB of memory times passes. A value out of range becomes the nearest allowed one.
    #[must_use]
    pub fn cost(self, memory_kib: u32, passes: u32) -> Self {
        self.with(|config| config.hasher_mut().set_cost(memory_kib, passes))
    }

    /// Checks whether a new password is known from a breach.
    #[must_use]
    pub fn breach_check(self, check: impl BreachCheck) -> Self {
        self.with(|config| config.breaches = Some(Breaches::new(check)))
    }

    /// Adds a verifier for hashes of a form that the library does not know. They are replaced at sign-in.
    #[must_use]
    pub fn legacy_hash(self, verifier: impl LegacyHash) -> Self {
        self.with(|config| config.hasher_mut().legacy.push(verifier))
    }

    /// Sets the pool of hashes (default: a pool of its own). Share one pool in a process.
    #[must_use]
    pub fn pool(self, pool: PasswordPool) -> Self {
        self.with(|config| config.pool = pool)
    }

    fn with(mut self, change: impl FnOnce(&mut Configuration)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Checks and hashes a new password of this user.
    ///
    /// # Errors
    /// [`PasswordError`] if the password is not accepted; [`PasswordError::Unavailable`] if the breach check fails, or
    /// the [`PasswordPool`] is full; [`PasswordError::Hashing`] if the system has no randomness or no memory.
    pub async fn hash(&self, password: &str, username: &str) -> Result<String, PasswordError> {
        self.check(password, username)?;
        let password = normalize(password);
        if let Some(breaches) = &self.0.breaches {
            breaches.check(&password).await?;
        }
        self.permit().await?.hash(password.as_str().into()).await
    }

    /// Checks and hashes a new password in this thread, which takes tens of milliseconds. Use it at start or in a
    /// command.
    ///
    /// It does **not** use the [`breach_check`](Self::breach_check).
    ///
    /// # Errors
    /// [`PasswordError`] if the password is not accepted; [`PasswordError::Hashing`] if the system has no randomness or
    /// no memory.
    pub fn hash_now(&self, password: &str, username: &str) -> Result<String, PasswordError> {
        self.check(password, username)?;
        self.0.hasher.hash(&normalize(password), &mut self.0.pool.buffer(self.0.hasher.blocks()))
    }

    /// Checks a new password without hashing it, and without the [`breach_check`](Self::breach_check).
    ///
    /// # Errors
    /// [`PasswordError`] if the password is not accepted.
    pub fn check(&self, password: &str, username: &str) -> Result<(), PasswordError> {
        self.0.policy.check(password, &normalize(password), username)
    }

    /// Returns the form and the strength of a hash, if it is supported. Use it for an import.
    ///
    /// ```
    /// use auth_runtime::password::{HashStrength, Passwords};
    ///
    /// let passwords = Passwords::new();
    /// let hash = "$2b$12$KIXQ4S6jS1mF3f5S9yBq4uV0u0rO0a3Jw1kqk0bq1o1gV4lYq3rXa";
    /// assert_eq!(passwords.check_hash(hash)?.form(), "bcrypt");
    /// assert_eq!(passwords.check_hash(hash)?.strength(), HashStrength::Enough);
    /// let weak = passwords.check_hash(&hash.replace("$12$", "$08$"))?;
    /// assert!(matches!(weak.strength(), HashStrength::Weak(_)));
    ///
    /// let error = passwords.check_hash("5f4dcc3b5aa765d61d8327deb882cf99").unwrap_err();
    /// assert!(error.to_string().contains("no supported form"));
    /// # Ok::<(), auth_runtime::password::PasswordError>(())
    /// ```
    ///
    /// | function | forms | limits |
    /// |---|---|---|
    /// | argon2id, argon2i, argon2d | PHC: `$argon2id$v=19$m=65536,t=3,p=4$..$..`; Django: `argon2$argon2id$..` | 256 MiB; 1 GiB of memory times passes |
    /// | bcrypt | `$2b$12$..`, `2a` and `2y`; Django: `bcrypt$$2b$..`, `bcrypt_sha256$$2b$..`; passlib: `$bcrypt-sha256$v=2,t=2b,r=12$..`; `WordPress`: `$wp$2y$..`; Spring Security: `{bcrypt}$2a$..` | cost 15 |
    /// | scrypt | PHC: `$scrypt$ln=17,r=8,p=1$..$..`; Django: `scrypt$16384$salt$8$5$..`; Werkzeug: `scrypt:32768:8:1$salt$..` | 256 MiB; 1 GiB of memory times `p`; `r · p` = 1024 |
    /// | PBKDF2 with SHA-256 or SHA-512 | PHC: `$pbkdf2-sha256$i=600000$..$..`; passlib: `$pbkdf2-sha256$29000$..$..`; Django: `pbkdf2_sha256$1000000$salt$..`; Werkzeug: `pbkdf2:sha256:1000000$salt$..`; ASP.NET Core Identity 3: `AQAAAA..` | 1000 to 5 000 000 iterations |
    /// | SHA-crypt | glibc: `$6$salt$..`, `$5$rounds=10000$salt$..` | 1000 to 1 000 000 rounds |
    /// | phpass | `WordPress`: `$P$B..`; `phpBB`: `$H$9..` | 2^7 to 2^20 rounds |
    ///
    /// The output has 16 to 64 bytes. A hash with a secret key needs that key to be configured.
    ///
    /// Plain bcrypt reads only the first 72 bytes of a password. If a longer one was set, any password with these 72
    /// bytes is right, until a sign-in replaces the hash. Some functions give some passwords with NUL bytes the hash of
    /// another password: such a password is wrong.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] with the reason, if the hash is not supported.
    pub fn check_hash(&self, hash: &str) -> Result<HashInfo, PasswordError> {
        match self.0.hasher.read(hash) {
            Ok((stored, _)) => {
                let strength = stored.function().weakness().map_or(HashStrength::Enough, HashStrength::Weak);
                Ok(HashInfo { form: stored.form(), strength })
            }
            Err(reason) => {
                let (_, form) = self.0.hasher.legacy.find(hash).ok_or(PasswordError::Hash(reason))?;
                Ok(HashInfo { form, strength: HashStrength::Weak("a form that only the application knows") })
            }
        }
    }

    /// Returns whether the password has this hash. It neither counts an attempt nor records a sign-in.
    ///
    /// # Errors
    /// [`Unavailable`] if the [`PasswordPool`] is full, or the system has no memory or no thread left.
    pub async fn is_right(&self, password: &str, hash: &str) -> Result<bool, Unavailable> {
        let verified = self.permit().await?.verify(password.to_owned().into(), Some(hash.to_owned())).await?;
        if let Verified::Unreadable(reason) = verified {
            tracing::error!(reason, "password hash not readable; its user cannot sign in");
        }
        Ok(matches!(verified, Verified::Right { .. }))
    }

    /// Waits for a permit to verify or to hash one password.
    pub(crate) async fn permit(&self) -> Result<HashPermit, Unavailable> {
        Ok(HashPermit::new(Arc::clone(&self.0.hasher), self.0.pool.permit().await?))
    }
}

/// Without the keys.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("policy", &self.0.policy).field("pool", &self.0.pool).finish_non_exhaustive()
    }
}

/// A supported hash, as [`Passwords::check_hash`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashInfo {
    form: &'static str,
    strength: HashStrength,
}

impl HashInfo {
    /// Returns the name of the form, such as `bcrypt (Django)`.
    #[must_use]
    pub const fn form(&self) -> &'static str {
        self.form
    }

    /// Returns the strength of the hash.
    #[must_use]
    pub const fn strength(&self) -> HashStrength {
        self.strength
    }
}

/// The strength of a hash, compared with the minima of OWASP's Password Storage Cheat Sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashStrength {
    /// The hash reaches the minimum.
    Enough,
    /// The hash is below the minimum, for this reason. A copy of the database reveals the password sooner, until the
    /// user signs in.
    Weak(&'static str),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;

    use super::{
        super::{BreachCheck, MAX_PASSWORD_LEN},
        HashStrength, PasswordError, PasswordPool, Passwords, Verified, hash_password,
    };
    use crate::authenticate::Unavailable;

    /// Of `correct horse battery stäple` (passlib 1.7.4).
    const PBKDF2: &str = "$pbkdf2-sha256$1000$San1HqNUijGGUAqhFKJ07g$N4fJFfNH1mJ41h3j374XDBY17mqnYMG027FJ16W6WmY";
    const OF_PBKDF2: &str = "correct horse battery stäple";

    const KEY: &str = "Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";

    /// A check with a fixed answer.
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
        assert_eq!(Passwords::new().check_hash(&hash).unwrap().strength(), HashStrength::Enough);
    }

    #[tokio::test]
    async fn r71_every_way_to_hash_checks_the_password() {
        let passwords = Passwords::new();
        for (password, error) in [
            ("seven77", PasswordError::TooShort { required: 8 }),
            (&*"x".repeat(MAX_PASSWORD_LEN + 1), PasswordError::TooLong),
            ("PassWord", PasswordError::Common),
            ("Alice.Liddell", PasswordError::SameAsName),
        ] {
            assert_eq!(passwords.hash(password, "alice.liddell").await.unwrap_err(), error);
            assert_eq!(passwords.hash_now(password, "alice.liddell").unwrap_err(), error);
            assert!(!error.to_string().contains(password), "{error}");
        }
        assert_eq!(hash_password("password").unwrap_err(), PasswordError::Common);
        assert!(passwords.hash("correct horse", "alice.liddell").await.is_ok());
    }

    #[test]
    fn r71_the_minimum_is_never_below_eight() {
        for min_len in [0, 1, 7, 8] {
            let passwords = Passwords::new().min_len(min_len);
            assert_eq!(passwords.hash_now("seven77", ""), Err(PasswordError::TooShort { required: 8 }));
        }
    }

    #[tokio::test]
    async fn r71_the_breach_check_runs_before_the_hash() {
        let passwords = Passwords::new().pool(PasswordPool::new(1, 0));
        let _permit = passwords.permit().await.unwrap();
        let hash = async |answer| passwords.clone().breach_check(Knows(answer)).hash("correct horse", "alice").await;
        assert_eq!(hash(Ok(true)).await, Err(PasswordError::Breached));
        let is_down = |said: Result<String, PasswordError>| said.unwrap_err().to_string().contains("refused");
        assert!(is_down(hash(Err("connection refused")).await));
        // The password is accepted, and the pool is full.
        assert!(matches!(hash(Ok(false)).await, Err(PasswordError::Unavailable(_))));
    }

    #[test]
    fn r70_an_unsupported_hash_is_rejected_with_the_reason() {
        let passwords = Passwords::new();
        let bound = passwords.clone().secret_key(KEY).unwrap().hash_now("correct horse", "alice").unwrap();
        for (hash, reason) in [
            ("", "it is empty"),
            ("5f4dcc3b5aa765d61d8327deb882cf99", "no supported form"),
            ("$2b$31$OV5zY2YQPeJsOiWmed6Nn.QHr393JD9LVfa8QuEmyEniIB583T.au", "a cost above 15"),
            (&bound, "a secret key that is not configured"),
        ] {
            let error = passwords.check_hash(hash).unwrap_err().to_string();
            assert!(error.contains(reason) && (hash.is_empty() || !error.contains(hash)), "{error}");
        }
        for passwords in
            [passwords.clone().secret_key(KEY), Passwords::new().former_secret_key(KEY)].map(Result::unwrap)
        {
            assert_eq!(passwords.check_hash(&bound).unwrap().strength(), HashStrength::Enough);
        }
    }

    #[tokio::test]
    async fn r70_a_weaker_hash_is_replaced_in_the_same_permit() {
        let passwords = Passwords::new().pool(PasswordPool::new(1, 0));
        let permit = passwords.permit().await.unwrap();
        let verified = permit.verify(OF_PBKDF2.to_owned().into(), Some(PBKDF2.to_owned())).await.unwrap();
        let Verified::Right { rehashed: Some(hash) } = verified else { panic!("not replaced") };
        assert!(hash.starts_with("$argon2id$"));
    }

    #[test]
    fn r51_a_dropped_request_keeps_its_permit_until_the_hash_is_done() {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            // The only thread for hashes is busy until the sender is dropped.
            let (hash_now, until) = std::sync::mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || until.recv());
            let passwords = Passwords::new().pool(PasswordPool::new(1, 0));
            let permit = passwords.permit().await.unwrap();
            let work = permit.verify("wrong horse".to_owned().into(), None);
            assert!(tokio::time::timeout(Duration::ZERO, work).await.is_err());
            assert!(passwords.permit().await.is_err(), "the hash is still being computed");
            drop(hash_now);
            while passwords.permit().await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
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
