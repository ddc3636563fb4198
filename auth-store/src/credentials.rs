//! The reads of authenticators: the user of a name or subject, the record of a key.

use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    SqlUsers, StoreError,
    database::Database,
    error::DriverResult,
    normalize_name,
    time::{now, time},
};
use auth_runtime::{
    api_key::{ApiKeyRecord, ApiKeyStore},
    authenticate::Unavailable,
    throttle::Throttle,
    users::{Passwords, SignIn, User, UserStore},
};

/// The primary key of no user. An unknown name costs the same statements as a known one.
const NO_ID: i64 = -1;
/// Whether sign-ins of a user need a second factor, as 1 or 0.
pub(crate) const HAS_SECOND_FACTOR: &str = "CASE WHEN EXISTS (SELECT 1 FROM auth_second_factor f \
     WHERE f.user_id = auth_user.id AND f.secret IS NOT NULL) THEN 1 ELSE 0 END AS has_second_factor";
/// Reads roles and permissions in one round trip.
const NAMES: &str = "SELECT 'r' AS kind, role AS name FROM auth_user_role WHERE user_id = ? \
                     UNION ALL SELECT 'p', permission FROM auth_user_permission WHERE user_id = ?";

impl UserStore for SqlUsers {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let Ok(name) = normalize_name(username) else { return Ok(None) };
        let generation = self.generation().await?;
        if let Some(user) = self.0.cache.users.get(&name, generation) {
            return Ok(Some(user));
        }
        let user = self.read_user(&name).await?;
        if let Some(user) = &user {
            self.0.cache.insert_user(generation, user);
        }
        Ok(user)
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        if subject.contains('\0') {
            return Ok(None);
        }
        let generation = self.generation().await?;
        if let Some(user) = self.0.cache.users_by_subject.get(subject, generation) {
            return Ok(Some(user));
        }
        let user = self.read_user_by("subject", subject).await?;
        if let Some(user) = &user {
            self.0.cache.insert_user(generation, user);
        }
        Ok(user)
    }

    async fn find_at_sign_in(&self, username: &str) -> Result<Option<User>, Unavailable> {
        Ok(self.read_user(username).await?)
    }

    async fn signed_in(&self, user: &User, sign_in: SignIn) -> Result<(), Unavailable> {
        let database = &self.0.database;
        let seen = || {
            let sql = "UPDATE auth_user SET last_sign_in_at = ? WHERE subject = ?";
            database.query(sql).bind(now()).bind(user.subject().to_owned()).execute(database.pool())
        };
        database.retry(seen).await.store_error()?;
        if let Some(hash) = sign_in.rehashed {
            // The password is the same, so tokens stay valid.
            let rehash = || {
                let sql = "UPDATE auth_user SET password_hash = ? WHERE subject = ? AND password_hash = ?";
                let query = database.query(sql).bind(hash.clone()).bind(user.subject().to_owned());
                query.bind(sign_in.verified.clone()).execute(database.pool())
            };
            database.retry(rehash).await.store_error()?;
        }
        // This or another process may have replaced the hash: the cached user is outdated.
        self.0.cache.remove_user(user);
        Ok(())
    }

    fn passwords(&self) -> Passwords {
        self.0.passwords.clone()
    }

    fn throttle(&self) -> Throttle {
        self.0.throttle.clone()
    }
}

impl ApiKeyStore for SqlUsers {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
        if id.contains('\0') {
            return Ok(None);
        }
        let generation = self.generation().await?;
        if let Some(record) = self.0.cache.keys.get(id, generation) {
            return Ok(Some(record));
        }
        let record = self.read_key(id).await?;
        if let Some(record) = &record {
            self.0.cache.keys.insert(id, generation, record.clone());
        }
        Ok(record)
    }

    fn used(&self, record: &ApiKeyRecord) {
        self.note_use(record.id());
    }

    fn throttle(&self) -> Throttle {
        self.0.throttle.clone()
    }
}

impl SqlUsers {
    async fn generation(&self) -> Result<u64, Unavailable> {
        let database = &self.0.database;
        let epoch = async {
            #[cfg(feature = "postgres")]
            self.listen();
            let read = || database.query("SELECT epoch FROM auth_epoch WHERE id = 1").fetch_one(database.epoch_pool());
            let row = database.retry(read).await.store_error()?;
            row.try_get::<i64, _>(0).store_error()
        };
        self.0.cache.generation(epoch).await
    }

    /// Reads a user from the database.
    pub(crate) async fn read_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        // An invalid name costs the same statements as a valid one.
        self.read_user_by("name", &normalize_name(name).unwrap_or_default()).await
    }

    /// Reads the user whose column has this value. The value has no NUL, which PostgreSQL would refuse.
    pub(crate) async fn read_user_by(&self, column: &str, value: &str) -> Result<Option<User>, StoreError> {
        let database = &self.0.database;
        let read = async {
            let mut connection = database.pool().acquire().await?;
            let row = database
                .query(&format!(
                    "SELECT id, subject, name, display_name, email, verified_email, password_hash, \
                     password_expires_at, disabled, credential_epoch, {HAS_SECOND_FACTOR} FROM auth_user \
                     WHERE {column} = ?"
                ))
                .bind(value.to_owned())
                .fetch_optional(&mut *connection)
                .await?;
            let id = row.as_ref().map_or(Ok(NO_ID), |row| row.try_get("id"))?;
            let (roles, permissions) = names(database, &mut connection, id).await?;
            let user = row.map(|row| user(&row)).transpose()?;
            Ok::<_, sqlx::Error>(user.map(|user| user.roles(roles).permissions(permissions)))
        };
        database.within(read).await.store_error()
    }

    async fn read_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
        let database = &self.0.database;
        let read = async {
            let mut connection = database.pool().acquire().await?;
            let row = database
                .query(
                    "SELECT k.id AS id, k.sha256 AS sha256, k.unlimited AS unlimited, k.expires_at AS expires_at, \
                     CASE WHEN k.revoked_at IS NULL THEN 0 ELSE 1 END AS revoked, u.id AS owner_id, u.subject AS subject, u.name AS owner, \
                     u.display_name AS display_name, u.disabled AS disabled \
                     FROM auth_api_key k JOIN auth_user u ON u.id = k.owner_id WHERE k.id = ?",
                )
                .bind(id.to_owned())
                .fetch_optional(&mut *connection)
                .await?;
            let Some(row) = row else { return Ok(None) };
            let (roles, permissions) = names(database, &mut connection, row.try_get("owner_id")?).await?;
            let Some(mut record) = key(&row)? else { return Ok(None) };
            record = record.roles(roles).permissions(permissions);
            if row.try_get::<i64, _>("unlimited")? == 0 {
                let limits = database.query("SELECT permission FROM auth_api_key_permission WHERE key_id = ?");
                let limits = limits.bind(id.to_owned()).fetch_all(&mut *connection).await?;
                let limits = limits.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
                record = record.limited_to(limits);
            }
            Ok::<_, sqlx::Error>(Some(record))
        };
        database.within(read).await.store_error()
    }
}

impl SqlUsers {
    /// Writes the time of a key's use, in a task of its own. A failure is logged and refuses no request.
    fn note_use(&self, id: &str) {
        let now = now();
        if !self.0.last_used.is_due(id, now) {
            return;
        }
        let (store, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = store.write_use(&id, now).await {
                tracing::warn!(%error, id, "could not write the last use of an API key");
            }
        });
    }

    async fn write_use(&self, id: &str, now: i64) -> Result<(), StoreError> {
        let database = &self.0.database;
        // Another process may have written a later time.
        let sql =
            "UPDATE auth_api_key SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)";
        let write = || database.query(sql).bind(now).bind(id.to_owned()).bind(now).execute(database.pool());
        database.retry(write).await.store_error()?;
        Ok(())
    }
}

/// Reads the roles and permissions of a user.
async fn names(
    database: &Database,
    connection: &mut AnyConnection,
    id: i64,
) -> Result<(Vec<String>, Vec<String>), sqlx::Error> {
    let (mut roles, mut permissions) = (Vec::new(), Vec::new());
    for row in database.query(NAMES).bind(id).bind(id).fetch_all(connection).await? {
        let of_kind = if row.try_get::<String, _>(0)? == "r" { &mut roles } else { &mut permissions };
        of_kind.push(row.try_get(1)?);
    }
    Ok((roles, permissions))
}

/// Returns the user of a row, without roles and permissions.
fn user(row: &AnyRow) -> Result<User, sqlx::Error> {
    let hash = row.try_get::<Option<String>, _>("password_hash")?.unwrap_or_default();
    let epoch = u64::try_from(row.try_get::<i64, _>("credential_epoch")?).unwrap_or_default();
    let mut user = User::new(row.try_get::<String, _>("name")?, hash)
        .with_subject(row.try_get::<String, _>("subject")?)
        .disabled(row.try_get::<i64, _>("disabled")? != 0)
        .with_second_factor(row.try_get::<i64, _>("has_second_factor")? != 0)
        .credential_epoch(epoch);
    if let Some(name) = row.try_get::<Option<String>, _>("display_name")? {
        user = user.display_name(name);
    }
    if let Some(email) = row.try_get::<Option<String>, _>("email")? {
        let is_verified = row.try_get::<Option<String>, _>("verified_email")?.is_some();
        user = if is_verified { user.with_verified_email(email) } else { user.with_email(email) };
    }
    if let Some(end) = row.try_get::<Option<i64>, _>("password_expires_at")? {
        user = user.password_expires_at(time(end));
    }
    Ok(user)
}

/// Returns the key of a row, without roles and permissions. None if the hash has another length.
fn key(row: &AnyRow) -> Result<Option<ApiKeyRecord>, sqlx::Error> {
    let Ok(sha256) = <[u8; 32]>::try_from(row.try_get::<Vec<u8>, _>("sha256")?) else { return Ok(None) };
    let mut record = ApiKeyRecord::new(row.try_get::<String, _>("id")?, sha256, row.try_get::<String, _>("subject")?)
        .with_username(row.try_get::<String, _>("owner")?)
        .revoked(row.try_get::<i64, _>("revoked")? != 0)
        .disabled(row.try_get::<i64, _>("disabled")? != 0);
    if let Some(name) = row.try_get::<Option<String>, _>("display_name")? {
        record = record.display_name(name);
    }
    if let Some(end) = row.try_get::<Option<i64>, _>("expires_at")? {
        record = record.expires_at(time(end));
    }
    Ok(Some(record))
}
