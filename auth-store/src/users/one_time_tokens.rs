//! Tokens of links in mails.
//!
//! A user has one row for each purpose, and a new token replaces it. So the table has at most two rows for each user,
//! however often strangers ask for links. An expired token stays in its row, and is rejected, until a new one replaces it
//! or the user is deleted.

use sqlx::{Row, any::AnyRow};

use crate::{
    SqlUsers,
    error::DriverResult,
    time::{seconds, time},
};
use auth_runtime::{
    account::{OneTimeTokenHash, OneTimeTokenRecord, OneTimeTokenStore, Purpose},
    authenticate::Unavailable,
};

/// Deletes the row of a token.
pub(super) const CONSUME: &str = "DELETE FROM auth_one_time_token WHERE sha256 = ?";

impl OneTimeTokenStore for SqlUsers {
    async fn put_token(&self, record: OneTimeTokenRecord) -> Result<(), Unavailable> {
        let database = &self.0.database;
        let columns = ["sha256", "address", "credential_epoch", "expires_at"];
        let upsert = database.dialect.or_replace(&["user_id", "purpose"], &columns);
        // A user who was deleted meanwhile gets no token.
        let sql = format!(
            "INSERT INTO auth_one_time_token (user_id, purpose, {}) \
             SELECT id, ?, ?, ?, ?, ? FROM auth_user WHERE subject = ? {upsert}",
            columns.join(", ")
        );
        let put = || {
            let epoch = i64::try_from(record.credential_epoch).unwrap_or(i64::MAX);
            let query = database.query(&sql).bind(record.purpose.as_str()).bind(record.hash.as_bytes().to_vec());
            let query = query.bind(record.address.clone()).bind(epoch).bind(seconds(record.expires_at));
            query.bind(record.subject.clone()).execute(database.pool())
        };
        database.retry(put).await.store_error()?;
        Ok(())
    }

    async fn find_token(&self, hash: &OneTimeTokenHash) -> Result<Option<OneTimeTokenRecord>, Unavailable> {
        let database = &self.0.database;
        let sql = "SELECT t.purpose AS purpose, t.address AS address, t.credential_epoch AS credential_epoch, \
                   t.expires_at AS expires_at, u.subject AS subject \
                   FROM auth_one_time_token t JOIN auth_user u ON u.id = t.user_id WHERE t.sha256 = ?";
        let find = || database.query(sql).bind(hash.as_bytes().to_vec()).fetch_optional(database.pool());
        let row = database.retry(find).await.store_error()?;
        Ok(row.map(|row| record(*hash, &row)).transpose().store_error()?.flatten())
    }

    async fn consume_token(&self, hash: &OneTimeTokenHash) -> Result<bool, Unavailable> {
        let database = &self.0.database;
        let consume = || database.query(CONSUME).bind(hash.as_bytes().to_vec()).execute(database.pool());
        Ok(database.retry(consume).await.store_error()?.rows_affected() > 0)
    }
}

/// Returns the token of a row. None if its purpose is that of a later version.
fn record(hash: OneTimeTokenHash, row: &AnyRow) -> Result<Option<OneTimeTokenRecord>, sqlx::Error> {
    let Some(purpose) = Purpose::from_name(&row.try_get::<String, _>("purpose")?) else { return Ok(None) };
    let epoch = u64::try_from(row.try_get::<i64, _>("credential_epoch")?).unwrap_or(u64::MAX);
    let record = OneTimeTokenRecord::new(hash, purpose, row.try_get("subject")?, time(row.try_get("expires_at")?));
    Ok(Some(record.address(row.try_get::<String, _>("address")?).credential_epoch(epoch)))
}
