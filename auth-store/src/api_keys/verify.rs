//! The SQL of a request with an API key: the record of the key, and the note of its use.

use sqlx::{Row, any::AnyRow};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    time::{now, time},
    users::sign_in::names,
};
use auth_runtime::{
    api_key::{ApiKeyRecord, ApiKeyStore},
    authenticate::Unavailable,
    throttle::Throttle,
};

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

    fn find_now(&self, id: &str) -> Option<ApiKeyRecord> {
        self.0.cache.keys.get(id, self.0.cache.recent_generation()?)
    }

    fn used(&self, record: &ApiKeyRecord) {
        self.note_use(record.id());
    }

    fn throttle(&self) -> Throttle {
        self.0.throttle.clone()
    }
}

impl SqlUsers {
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
