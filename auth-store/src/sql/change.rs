//! A change in one transaction: it raises the epoch, so that other processes read again.

use sqlx::{Any, AnyConnection, any::AnyArguments, query::Query};

use crate::{
    SqlUsers, StoreError, cache::ClearAtEnd, error::DriverResult, normalize_name, sql::connection::Transaction,
};

/// A transaction that raises the epoch. The cache of this process is cleared when it ends.
///
/// The epoch is raised first. Its row lock keeps other changes waiting until the end of this one. So epochs and changes
/// become visible in the same order, and a process that has read an epoch has missed no earlier change.
pub(crate) struct Change<'a> {
    store: &'a SqlUsers,
    transaction: Transaction,
    /// Below the transaction, because fields are dropped in their order.
    _clear: ClearAtEnd<'a>,
}

impl SqlUsers {
    pub(crate) async fn begin_change(&self) -> Result<Change<'_>, StoreError> {
        let clear = self.0.cache.clear_at_end();
        let transaction = self.0.database.begin().await.store_error()?;
        let mut change = Change { store: self, transaction, _clear: clear };
        let epoch = change.query("UPDATE auth_epoch SET epoch = epoch + 1 WHERE id = 1");
        match change.execute(epoch).await.store_error()? {
            1 => Ok(change),
            _ => Err(StoreError::Schema("the row of `auth_epoch` is missing".to_owned())),
        }
    }

    /// Begins a change of one user, and returns the primary key of the user.
    pub(crate) async fn begin_change_of(&self, name: &str) -> Result<(Change<'_>, i64), StoreError> {
        let not_found = || StoreError::NoUser(name.to_owned());
        let normalized = normalize_name(name).map_err(|_| not_found())?;
        let mut change = self.begin_change().await?;
        // A sign-in writes to the row as well, and does not raise the epoch.
        let dialect = self.0.database.dialect;
        let sql = format!("SELECT id FROM auth_user WHERE name = ?{}", dialect.for_update());
        let id = sqlx::query_scalar(dialect.sql(&sql));
        let id: Option<i64> = id.bind(normalized).fetch_optional(change.connection()).await.store_error()?;
        Ok((change, id.ok_or_else(not_found)?))
    }
}

impl Change<'_> {
    pub(crate) fn query(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        self.store.0.database.query(sql)
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.transaction.connection()
    }

    /// Runs a statement and returns the number of its rows.
    pub(crate) async fn execute(&mut self, query: Query<'static, Any, AnyArguments>) -> Result<u64, sqlx::Error> {
        query.execute(self.transaction.connection()).await.map(|done| done.rows_affected())
    }

    /// Commits, and tells other processes.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.store.0.database.notify(self.transaction.connection()).await.store_error()?;
        self.transaction.commit().await.store_error()
    }

    #[cfg(feature = "account")]
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        self.transaction.rollback().await.store_error()
    }
}
