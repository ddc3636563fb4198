//! Signing keys in a store that several processes share. A key is published, then signs, and is then replaced.
//!
//! [`KeyRing`] administers the records of a [`SigningKeyStore`] (`store.rs`), whose states follow from their times
//! (`state.rs`). Private keys are sealed (`seal.rs`). `live.rs` keeps the keys of a running process up to date.

mod error;
pub(super) mod live;
mod memory;
mod seal;
mod state;
mod store;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use zeroize::Zeroizing;

pub use self::{
    error::KeyRingError,
    memory::MemorySigningKeys,
    state::{KeyState, states},
    store::{SigningKeyRecord, SigningKeyStore},
};
use self::{seal::SealingKey, state::KEPT};
use super::key::signing::SigningKey;

/// How long a new key is published before it signs. It covers the time until each process has read it
/// ([`live::FRESHNESS`]), and clocks that differ by up to five minutes.
const PUBLISHED_FOR: Duration = Duration::from_mins(10);

/// The keys that sign the tokens of an application, in a store that several processes share. Clones share the store.
///
/// [`TokenIssuer::key_ring`](super::TokenIssuer::key_ring) signs with it, and its verifier accepts the tokens of all
/// its keys. The first start makes the first key. All keys are Ed25519 (`EdDSA`).
///
/// ```
/// use auth_runtime::jwt::{KeyRing, MemorySigningKeys, TokenIssuer};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from the environment, and not in the source
/// let ring = KeyRing::new(MemorySigningKeys::new(), secret)?;
/// let issuer = TokenIssuer::key_ring(ring.clone()).await?.issuer("https://issuer.example").audience("entries");
/// let token = issuer.token("alice").client_id("web").sign()?;
///
/// // The new key signs in ten minutes, when all processes verify by it.
/// ring.rotate().await?;
/// assert_eq!(ring.list().await?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Rotation
///
/// | state | signs | verifies | until |
/// |---|---|---|---|
/// | published | no | yes | ten minutes after [`rotate`](Self::rotate) |
/// | signing | yes | yes | the next key signs |
/// | verifying | no | yes | the last of its tokens has expired: 24 hours and 5 minutes later |
/// | expired | no | no | the next rotation deletes it |
/// | retired | no | no | a rotation at least 24 hours and 5 minutes later deletes it, unless no newer key exists |
///
/// A store that reports changes makes all processes read them within a second: `SqlUsers` on PostgreSQL, and
/// `RedisStore`. All processes also read the store every 24 seconds. A process that cannot read it uses the keys for a
/// minute, and then answers 503.
///
/// # What it does not protect against
///
/// A private key is sealed with the secret (`XChaCha20-Poly1305`), together with its name and times. A reader of the
/// store without the secret cannot sign. A writer without the secret adds no key, but can delete or retire keys, and
/// revive a deleted one from a backup. A process that has the secret has the keys.
pub struct KeyRing<S> {
    store: Arc<S>,
    keys: Arc<[SealingKey]>,
}

impl<S: SigningKeyStore> KeyRing<S> {
    /// Returns the ring of this store, with the secret that seals its private keys.
    ///
    /// # Errors
    /// [`KeyRingError::Secret`] if the secret is shorter than 32 bytes, or can be guessed.
    pub fn new(store: S, secret: impl AsRef<[u8]>) -> Result<Self, KeyRingError> {
        Ok(Self { store: Arc::new(store), keys: [SealingKey::new(secret.as_ref())?].into() })
    }

    /// Adds a former secret. It opens the keys that it has sealed, and seals none.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn former_secret(self, secret: impl AsRef<[u8]>) -> Result<Self, KeyRingError> {
        let former = SealingKey::new(secret.as_ref())?;
        let keys = self.keys.iter().cloned().chain([former]).collect();
        Ok(Self { keys, ..self })
    }

    /// Returns the keys with their states, in the order in which they sign.
    ///
    /// # Errors
    /// [`KeyRingError::Store`] if the store does not answer.
    pub async fn list(&self) -> Result<Vec<(SigningKeyRecord, KeyState)>, KeyRingError> {
        Ok(states(self.store.keys().await?, SystemTime::now()))
    }

    /// Returns whether a secret of this ring opens the private key of a record. If you rotate with a secret that the
    /// application does not have, its processes cannot sign with the new key, and the application stops issuing tokens.
    #[must_use]
    pub fn opens(&self, record: &SigningKeyRecord) -> bool {
        self.open(record).is_ok()
    }

    /// Adds a key, and returns its record. It is published now, and signs in ten minutes. Keys that are no longer
    /// needed are deleted.
    ///
    /// # Errors
    /// [`KeyRingError::Store`]; [`KeyRingError::Raced`] if another process has added a key meanwhile;
    /// [`KeyRingError::Key`] if the system has no randomness.
    pub async fn rotate(&self) -> Result<SigningKeyRecord, KeyRingError> {
        self.add(PUBLISHED_FOR).await
    }

    /// Adds a key that signs at once, for when the current one must not be used any more. [Retire](Self::retire) the
    /// old key then. Until another process has read the new key, it may refuse its tokens: for up to a second if the
    /// store reports changes, and for up to 30 seconds otherwise.
    ///
    /// # Errors
    /// As [`rotate`](Self::rotate).
    pub async fn rotate_now(&self) -> Result<SigningKeyRecord, KeyRingError> {
        self.add(Duration::ZERO).await
    }

    /// Retires a key, and returns whether it was not retired before. Its private half is deleted. Its tokens are
    /// rejected within a second if the store reports changes, within 24 seconds if it does not, and within a minute if
    /// it cannot be read. Verifiers of the published JWKS accept them until they fetch it again.
    ///
    /// # Errors
    /// - [`KeyRingError::NoKey`]: there is no such key.
    /// - [`KeyRingError::LastKey`]: no other key could sign.
    /// - [`KeyRingError::Raced`]: another process has retired the other key meanwhile.
    /// - [`KeyRingError::Store`]: the store does not answer.
    pub async fn retire(&self, id: &str) -> Result<bool, KeyRingError> {
        let keys = self.list().await?;
        let (_, state) = keys.iter().find(|(key, _)| key.id == id).ok_or_else(|| KeyRingError::NoKey(id.to_owned()))?;
        if *state == KeyState::Retired {
            return Ok(false);
        }
        let can_sign = |state: KeyState| matches!(state, KeyState::Signing | KeyState::Verifying);
        let other = keys.iter().rfind(|(key, state)| key.id != id && can_sign(*state));
        if can_sign(*state) && other.is_none() {
            return Err(KeyRingError::LastKey(id.to_owned()));
        }
        let remaining = other.map(|(key, _)| &*key.id);
        if self.store.retire(id, SystemTime::now(), remaining).await? { Ok(true) } else { Err(KeyRingError::Raced) }
    }

    /// Adds the first key, unless there is one that signs. Several processes may do so at once.
    async fn add_first(&self) -> Result<(), KeyRingError> {
        let (all, now) = (self.store.keys().await?, SystemTime::now());
        if states(all.clone(), now).iter().any(|(_, state)| *state == KeyState::Signing) {
            return Ok(());
        }
        match self.add_to(all, now, Duration::ZERO).await {
            Ok(_) | Err(KeyRingError::Raced) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn add(&self, published_for: Duration) -> Result<SigningKeyRecord, KeyRingError> {
        self.add_to(self.store.keys().await?, SystemTime::now(), published_for).await
    }

    /// Adds a key, unless another process has added one since these keys were read.
    async fn add_to(
        &self,
        all: Vec<SigningKeyRecord>,
        now: SystemTime,
        published_for: Duration,
    ) -> Result<SigningKeyRecord, KeyRingError> {
        let newest = all.last().map(|key| key.id.clone());
        self.delete_old(all, now).await?;
        let (key, private) = SigningKey::generate()?;
        let mut record = SigningKeyRecord::new(key.kid().unwrap_or_default(), now, now + published_for);
        record.sealed = self.keys[0].seal(&record, &private)?;
        if self.store.add(&record, newest.as_deref()).await? { Ok(record) } else { Err(KeyRingError::Raced) }
    }

    async fn delete_old(&self, all: Vec<SigningKeyRecord>, now: SystemTime) -> Result<(), KeyRingError> {
        for (key, state) in states(all, now) {
            let is_old =
                key.retired_at.is_some_and(|retired| now.duration_since(retired).is_ok_and(|since| since > KEPT));
            if state == KeyState::Expired || is_old {
                self.store.remove(&key.id).await?;
            }
        }
        Ok(())
    }

    /// Opens a key with the secret that sealed it.
    fn open(&self, record: &SigningKeyRecord) -> Result<SigningKey, KeyRingError> {
        let opened: Option<Zeroizing<Vec<u8>>> = self.keys.iter().find_map(|key| key.open(record));
        let key = SigningKey::der(&opened.ok_or_else(|| KeyRingError::Sealed(record.id.clone()))?)?;
        // The name is authenticated, so this is a defect of the writer.
        if key.kid() == Some(&record.id) { Ok(key) } else { Err(KeyRingError::Sealed(record.id.clone())) }
    }
}

impl<S> Clone for KeyRing<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), keys: Arc::clone(&self.keys) }
    }
}

/// Without the secrets.
impl<S> fmt::Debug for KeyRing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}
