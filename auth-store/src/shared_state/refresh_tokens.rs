//! Refresh tokens: one row for each sign-in.

use sqlx::{Row, any::AnyRow};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    sql::sweep::Sweep,
    time::{seconds, time},
};
use auth_runtime::{
    authenticate::Unavailable,
    token_service::{RefreshFamily, RefreshTokenStore},
};

/// Deletes expired rows.
pub(crate) static SWEEP: Sweep = Sweep::new("auth_refresh_family", "id", &["expires_at"]);

impl RefreshTokenStore for SqlUsers {
    async fn add(&self, family: &RefreshFamily) -> Result<(), Unavailable> {
        let database = &self.0.database;
        let sql = "INSERT INTO auth_refresh_family (id, sha256, issuer, subject, credential_epoch, client_id, scope, \
                   signed_in_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let add = || {
            let epoch = i64::try_from(family.credential_epoch).unwrap_or(i64::MAX);
            let row = database.query(sql).bind(family.id.clone()).bind(family.sha256.to_vec());
            let row =
                row.bind(family.issuer.clone()).bind(family.subject.clone()).bind(epoch).bind(family.client_id.clone());
            let row =
                row.bind(family.scope.clone()).bind(seconds(family.signed_in_at)).bind(seconds(family.expires_at));
            row.execute(database.pool())
        };
        database.retry(add).await.store_error()?;
        self.0.swept.run(&SWEEP, database);
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshFamily>, Unavailable> {
        Ok(self.refresh_family(id).await?)
    }

    async fn rotate(&self, id: &str, current: [u8; 32], next: [u8; 32]) -> Result<bool, Unavailable> {
        let database = &self.0.database;
        let rotate = || {
            let sql = "UPDATE auth_refresh_family SET sha256 = ? WHERE id = ? AND sha256 = ?";
            let row = database.query(sql).bind(next.to_vec()).bind(id.to_owned()).bind(current.to_vec());
            row.execute(database.pool())
        };
        Ok(database.retry(rotate).await.store_error()?.rows_affected() == 1)
    }

    async fn end(&self, id: &str) -> Result<(), Unavailable> {
        Ok(self.end_refresh_family(id).await.map(drop)?)
    }
}

/// Refresh tokens.
impl SqlUsers {
    /// Returns the refresh tokens of a sign-in by their id; `None` if there are none, or they have ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn refresh_family(&self, id: &str) -> Result<Option<RefreshFamily>, StoreError> {
        if id.contains('\0') {
            return Ok(None);
        }
        let database = &self.0.database;
        let find = || {
            let sql = "SELECT id, sha256, issuer, subject, credential_epoch, client_id, scope, signed_in_at, \
                       expires_at \
                       FROM auth_refresh_family WHERE id = ?";
            database.query(sql).bind(id.to_owned()).fetch_optional(database.pool())
        };
        let row = database.retry(find).await.store_error()?;
        Ok(row.map(|row| family(&row)).transpose().store_error()?.flatten())
    }

    /// Ends the refresh tokens of a sign-in, and returns whether there were any. Access tokens are revoked apart:
    /// see [`Revocation::session`](auth_runtime::jwt::Revocation::session).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_refresh_family(&self, id: &str) -> Result<bool, StoreError> {
        let database = &self.0.database;
        let end = || {
            database.query("DELETE FROM auth_refresh_family WHERE id = ?").bind(id.to_owned()).execute(database.pool())
        };
        Ok(database.retry(end).await.store_error()?.rows_affected() > 0)
    }
}

/// Returns the family of a row. None if the hash has another length.
fn family(row: &AnyRow) -> Result<Option<RefreshFamily>, sqlx::Error> {
    let Ok(sha256) = <[u8; 32]>::try_from(row.try_get::<Vec<u8>, _>("sha256")?) else { return Ok(None) };
    Ok(Some(RefreshFamily {
        id: row.try_get("id")?,
        sha256,
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        credential_epoch: u64::try_from(row.try_get::<i64, _>("credential_epoch")?).unwrap_or(u64::MAX),
        client_id: row.try_get("client_id")?,
        scope: row.try_get("scope")?,
        signed_in_at: time(row.try_get("signed_in_at")?),
        expires_at: time(row.try_get("expires_at")?),
    }))
}
