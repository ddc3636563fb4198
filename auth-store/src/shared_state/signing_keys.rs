//! Signing keys, sealed by the secret key for passwords.

use std::time::SystemTime;

use sqlx::{Row, any::AnyRow};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    time::{seconds, time},
};
use auth_runtime::{
    authenticate::Unavailable,
    jwt::{KeyRing, KeyRingError, SigningKeyRecord, SigningKeyStore, StaleHandle},
};

/// What the secret key is derived for.
const PURPOSE: &[u8] = b"auth-runtime: key ring";

impl SigningKeyStore for SqlUsers {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        let database = &self.0.database;
        let read = || {
            let sql = "SELECT id, published_at, signs_from, retired_at, sealed FROM auth_signing_key ORDER BY position";
            database.query(sql).fetch_all(database.epoch_pool())
        };
        let rows = database.retry(read).await.store_error()?;
        Ok(rows.iter().map(record).collect::<Result<_, _>>().store_error()?)
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        let is_added = self.0.database.retry(|| self.insert_signing_key(key, newest)).await?;
        self.0.readers.mark();
        Ok(is_added)
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        let is_retired = self.0.database.retry(|| self.retire_signing_key(id, at, remaining)).await?;
        self.0.readers.mark();
        Ok(is_retired)
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        let database = &self.0.database;
        // MySQL reads the table that it deletes from in a derived table only.
        let sql = "DELETE FROM auth_signing_key WHERE id = ? AND position < \
                   (SELECT newest FROM (SELECT MAX(position) AS newest FROM auth_signing_key) AS newest_key)";
        let remove = || database.query(sql).bind(id.to_owned()).execute(database.pool());
        database.retry(remove).await.store_error()?;
        Ok(())
    }

    fn notify(&self, ring: StaleHandle) {
        #[cfg(feature = "postgres")]
        self.listen();
        self.0.readers.add(ring);
    }
}

/// Signing keys.
impl SqlUsers {
    /// Returns the ring of signing keys in this database. Their private halves are sealed with the
    /// [secret key](auth_runtime::users::Passwords::secret_key) for passwords.
    ///
    /// # Errors
    /// [`KeyRingError::NoSecret`] without a secret key.
    pub fn key_ring(&self) -> Result<KeyRing<Self>, KeyRingError> {
        self.key_ring_in(self.clone())
    }

    /// Returns the ring of signing keys in another store, such as `RedisStore` (feature `redis`). Their private halves
    /// are sealed like those of [`key_ring`](Self::key_ring), so the command of `auth-admin` can rotate them.
    ///
    /// ```
    /// use auth_runtime::{jwt::{MemorySigningKeys, TokenIssuer}, users::Passwords};
    /// use auth_store::SqlUsers;
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from the environment, and not in the source
    /// let passwords = Passwords::new().secret_key(secret)?;
    /// let users = SqlUsers::options().passwords(passwords).connect("sqlite::memory:").await?;
    /// let issuer = TokenIssuer::key_ring(users.key_ring_in(MemorySigningKeys::new())?).await?;
    /// # drop(issuer);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`KeyRingError::NoSecret`] without a secret key.
    pub fn key_ring_in<S: SigningKeyStore>(&self, store: S) -> Result<KeyRing<S>, KeyRingError> {
        let secrets = self.0.passwords.derived_keys(PURPOSE);
        let (current, former) = secrets.split_first().ok_or(KeyRingError::NoSecret)?;
        former.iter().try_fold(KeyRing::new(store, current)?, KeyRing::former_secret)
    }

    async fn insert_signing_key(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, StoreError> {
        // The lock of all changes: of several processes that add a key, one finds the newest one that it knows.
        let mut change = self.begin_change().await?;
        let sql = "SELECT id FROM auth_signing_key ORDER BY position DESC LIMIT 1";
        let last = change.query(sql).fetch_optional(change.connection()).await.store_error()?;
        let last: Option<String> = last.map(|row| row.try_get(0)).transpose().store_error()?;
        if last.as_deref() != newest {
            return Ok(false);
        }
        let sql =
            "INSERT INTO auth_signing_key (id, published_at, signs_from, retired_at, sealed) VALUES (?, ?, ?, ?, ?)";
        let row = change.query(sql).bind(key.id.clone()).bind(seconds(key.published_at)).bind(seconds(key.signs_from));
        change.execute(row.bind(key.retired_at.map(seconds)).bind(key.sealed.clone())).await.store_error()?;
        change.commit().await?;
        Ok(true)
    }

    async fn retire_signing_key(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, StoreError> {
        // The lock of all changes: of two processes that retire the last two keys, one finds the other retired.
        let mut change = self.begin_change().await?;
        if let Some(remaining) = remaining {
            let sql = "SELECT 1 FROM auth_signing_key WHERE id = ? AND retired_at IS NULL";
            let found = change.query(sql).bind(remaining.to_owned());
            if found.fetch_optional(change.connection()).await.store_error()?.is_none() {
                return Ok(false);
            }
        }
        let sql = "UPDATE auth_signing_key SET retired_at = COALESCE(retired_at, ?), sealed = ? WHERE id = ?";
        let key = change.query(sql).bind(seconds(at)).bind(Vec::<u8>::new()).bind(id.to_owned());
        change.execute(key).await.store_error()?;
        change.commit().await?;
        Ok(true)
    }
}

fn record(row: &AnyRow) -> Result<SigningKeyRecord, sqlx::Error> {
    let at = |column| row.try_get::<i64, _>(column).map(time);
    let mut key = SigningKeyRecord::new(row.try_get::<String, _>("id")?, at("published_at")?, at("signs_from")?);
    key.retired_at = row.try_get::<Option<i64>, _>("retired_at")?.map(time);
    key.sealed = row.try_get("sealed")?;
    Ok(key)
}
