//! Revoked tokens, for all processes that share the database.

use std::time::SystemTime;

use sqlx::{Row, any::AnyRow};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    sql::sweep::Sweep,
    time::{seconds, time},
};
use auth_runtime::{
    authenticate::Unavailable,
    jwt::{NewRevocations, Revocation, RevocationKind, RevocationStore, StaleHandle},
};

/// Deletes rows of tokens that have expired.
pub(crate) static SWEEP: Sweep = Sweep::new("auth_revocation", "position", &["forget_at"]);

const MAX_LEN: usize = 1024;

impl RevocationStore for SqlUsers {
    async fn revoke(&self, revocation: &Revocation) -> Result<(), Unavailable> {
        self.revoke_tokens(revocation).await?;
        Ok(())
    }

    async fn since(&self, position: i64) -> Result<NewRevocations, Unavailable> {
        let database = &self.0.database;
        let read = async {
            let sql = "SELECT position, issuer, kind, name, revoked_at FROM auth_revocation WHERE position > ? ORDER BY position";
            let rows = database.query(sql).bind(position).fetch_all(database.epoch_pool()).await?;
            if let Some(last) = rows.last() {
                let entries = rows.iter().map(revocation).collect::<Result<_, _>>()?;
                return Ok(NewRevocations { entries, position: last.try_get("position")? });
            }
            // It is lower than the known one if the database was restored from a backup.
            let sql = "SELECT COALESCE(MAX(position), 0) AS position FROM auth_revocation";
            let last: i64 = database.query(sql).fetch_one(database.epoch_pool()).await?.try_get("position")?;
            // It is higher if a row was added since the first statement. The next call reads that row.
            Ok::<_, sqlx::Error>(NewRevocations { entries: Vec::new(), position: last.min(position) })
        };
        Ok(database.within(read).await.store_error()?)
    }

    fn notify(&self, list: StaleHandle) {
        #[cfg(feature = "postgres")]
        self.listen();
        self.0.readers.add(list);
    }
}

/// Revocations.
impl SqlUsers {
    /// Revokes tokens in all processes that share the database with
    /// [`Revocations::shared`](auth_runtime::jwt::Revocations::shared). In this process, the next token makes the list be
    /// read again, so the revocation counts at once.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] if the issuer or the name has more than 1024 characters; [`StoreError::Database`].
    pub async fn revoke_tokens(&self, revocation: &Revocation) -> Result<(), StoreError> {
        for (what, text) in [("the issuer of a token", &revocation.issuer), ("the name of a token", &revocation.name)] {
            if text.chars().count() > MAX_LEN || text.contains('\0') {
                return Err(StoreError::TooLong { what, max: MAX_LEN });
            }
        }
        self.0.database.retry(|| self.insert_revocation(revocation)).await?;
        self.0.readers.mark();
        self.0.swept_revocations.run(&SWEEP, &self.0.database);
        Ok(())
    }

    async fn insert_revocation(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let database = &self.0.database;
        let mut transaction = database.begin().await.store_error()?;
        // The lock of all changes: rows become visible in the order of their positions. The epoch stays, as no user
        // changes.
        let lock = format!("SELECT epoch FROM auth_epoch WHERE id = 1{}", database.dialect.for_update());
        database.query(&lock).fetch_one(transaction.connection()).await.store_error()?;
        let kind: i16 = match revocation.kind {
            RevocationKind::Token => 0,
            RevocationKind::Session => 1,
            RevocationKind::Subject => 2,
        };
        let sql = "INSERT INTO auth_revocation (issuer, kind, name, revoked_at, forget_at) VALUES (?, ?, ?, ?, ?)";
        let row = database.query(sql).bind(revocation.issuer.clone()).bind(kind).bind(revocation.name.clone());
        let row = row.bind(rounded_up(revocation.time)).bind(rounded_up(revocation.forget_at()));
        row.execute(transaction.connection()).await.store_error()?;
        database.notify(transaction.connection()).await.store_error()?;
        transaction.commit().await.store_error()
    }
}

/// Returns the next whole second, so that no token escapes.
fn rounded_up(time: SystemTime) -> i64 {
    let whole = seconds(time);
    if crate::time::time(whole) < time { whole.saturating_add(1) } else { whole }
}

/// Returns the revocation of a row. An unknown kind, as of a later version, is an error: the row takes a token back.
fn revocation(row: &AnyRow) -> Result<Revocation, sqlx::Error> {
    let kind = match row.try_get::<i64, _>("kind")? {
        0 => RevocationKind::Token,
        1 => RevocationKind::Session,
        2 => RevocationKind::Subject,
        kind => return Err(sqlx::Error::Decode(format!("unknown kind of revocation: {kind}").into())),
    };
    let (issuer, name) = (row.try_get("issuer")?, row.try_get("name")?);
    Ok(Revocation { issuer, kind, name, time: time(row.try_get("revoked_at")?) })
}
