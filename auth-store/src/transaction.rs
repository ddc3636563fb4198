//! A change that other processes get to know of, as a whole or not at all.

use sqlx::{Any, AnyConnection, Transaction, any::AnyArguments, query::Query};

use crate::{SqlUsers, StoreError, cache::ForgetAtEnd, error::DriverResult, normalize_name};

/// A transaction in which the epoch goes up; what is remembered in this process is forgotten when it ends.
///
/// The epoch goes up first: no other change is made until this one ends, so epochs are in the order in which changes
/// become visible, and whoever has read an epoch has not missed an earlier one.
pub(crate) struct Change<'a> {
    store: &'a SqlUsers,
    transaction: Transaction<'static, Any>,
    /// After the transaction: fields are dropped in their order.
    _forget: ForgetAtEnd<'a>,
}

impl SqlUsers {
    pub(crate) async fn begin_change(&self) -> Result<Change<'_>, StoreError> {
        let forget = self.0.cache.forget_at_end();
        let mut change =
            Change { store: self, transaction: self.0.database.begin().await.store_error()?, _forget: forget };
        let epoch = change.query("UPDATE auth_epoch SET epoch = epoch + 1 WHERE id = 1");
        match change.execute(epoch).await.store_error()? {
            1 => Ok(change),
            _ => Err(StoreError::Schema("the row of `auth_epoch` is missing".to_owned())),
        }
    }

    /// A change of one user, and the user's number.
    pub(crate) async fn begin_change_of(&self, name: &str) -> Result<(Change<'_>, i64), StoreError> {
        let nobody = || StoreError::NoUser(name.to_owned());
        let normalized = normalize_name(name).map_err(|_| nobody())?;
        let mut change = self.begin_change().await?;
        // Signing in writes to the user as well, and is no change.
        let dialect = self.0.database.dialect;
        let sql = format!("SELECT id FROM auth_user WHERE name = ?{}", dialect.for_update());
        let id = sqlx::query_scalar(dialect.sql(&sql));
        let id: Option<i64> = id.bind(normalized).fetch_optional(change.connection()).await.store_error()?;
        Ok((change, id.ok_or_else(nobody)?))
    }
}

impl Change<'_> {
    pub(crate) fn query(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        self.store.0.database.query(sql)
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// How many rows it was about.
    pub(crate) async fn execute(&mut self, query: Query<'static, Any, AnyArguments>) -> Result<u64, sqlx::Error> {
        query.execute(&mut *self.transaction).await.map(|done| done.rows_affected())
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.store_error()
    }
}
